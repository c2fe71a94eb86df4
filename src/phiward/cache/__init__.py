"""A scan of what has not changed, answered from the last one: a verifying trace, as build systems call it.

An entry holds every question that a scan asked the outside, with its answer, and the report. A later scan with the same
settings, by the same program, asks the same questions again; where all answers are the same, it would find the same.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path

from phiward.cache.codec import NotStorableError, decode, encode
from phiward.cache.store import Store, cache_directory
from phiward.digest import digest
from phiward.loaders.loaded import Texts
from phiward.loaders.tree import MAX_FILE_BYTES, Tree, text_again, text_of
from phiward.model.finding import Report
from phiward.outside import Outside
from phiward.pack import pack_source
from phiward.record import replace
from phiward.settings import Settings

_PACKAGE = Path(__file__).resolve().parent.parent
_NOT_RUN = ("__pycache__", "_pack")
"""In the package: what Python compiled from the rest, and a wheel's pack, of which one file is read."""
_OTHER_MAKE = (ValueError, TypeError, LookupError, AttributeError, StopIteration, OSError)
"""What reading an entry raises that is whole and still not of our making."""


def scan(settings: Settings, progress: Callable[[str], None], *, use: bool = True) -> Report:
    """Scan the paths of the settings, or remember the last scan of the same. Raises as `pipeline.scan` does."""
    store = _store(settings) if use and settings.standard_input is None else None
    if store is None:
        from phiward.pipeline import scan as afresh

        return afresh(settings, progress)
    key = key_of(settings)
    remembered = _recall(store, key, settings)
    if remembered is not None:
        return remembered
    from phiward.pipeline import scan as afresh

    outside = Outside()
    report = afresh(settings, progress, outside)
    if outside.complete:
        with suppress(NotStorableError, RecursionError):  # a value that is nested too deeply
            store.write(key, _entry(report, outside))
    return report


def _store(settings: Settings) -> Store | None:
    """The user's cache; None where there is none, or what is scanned may have written it."""
    try:
        directory = cache_directory(dict(os.environ))
        if directory is None or Tree.around(settings.paths).inside(directory):
            return None
        os.getcwd()  # noqa: PTH109 - paths may be relative to it
    except OSError:
        return None
    return Store(directory)


def key_of(settings: Settings) -> str:
    """What a report depends on before anything is read: all settings but the date, the program, where it runs."""
    asked = {name: getattr(settings, name) for name in Settings.__match_args__ if name != "today"}
    known = [asked, os.getcwd(), _program(), sys.version]  # noqa: PTH109 - Path adds nothing
    return digest(json.dumps(known, default=str, sort_keys=True).encode())


def _program() -> list[tuple[str, int, int]]:
    """Name, size and time of each file of the program, its pack and the YAML library.

    Python itself goes by the size and time of a module's file when it decides which code to run.
    """
    yaml = PathFinder.find_spec("yaml")
    left = [str(_PACKAGE), str(pack_source()), *([yaml.origin] if yaml and yaml.origin else [])]
    found = []
    while left:
        path = left.pop()
        status = os.stat(path)  # noqa: PTH116 - there are hundreds
        if stat.S_ISDIR(status.st_mode):
            left += [f"{path}/{name}" for name in os.listdir(path) if name not in _NOT_RUN]  # noqa: PTH208
        else:
            found.append((path, status.st_size, status.st_mtime_ns))
    return sorted(found)


def _recall(store: Store, key: str, settings: Settings) -> Report | None:
    """The report of the last scan, if everything that it looked at is still as it was."""
    lines = store.lines(key)
    if lines is None:
        return None
    outside = Outside()
    try:
        seen = json.loads(lines[0])
        for what, path, more, answer in seen["trace"]:
            if outside.again((what, path, more), settings.today) != answer:
                return None
        texts = Texts()
        for name, path in seen["sources"]:
            texts.later(name, partial(text_again, outside, Path(path)))
        return replace(decode(lines[1:], texts), scanned_on=settings.today)
    except _OTHER_MAKE:
        return None


def _entry(report: Report, outside: Outside) -> Iterator[str]:
    """The lines of an entry: what was looked at, then the report. Raises NotStorableError."""
    places = [(name, os.path.join(report.base, name)) for name in report.sources]  # noqa: PTH118 - may be absolute
    for name, path in places:
        if text_of(outside.read(Path(path), MAX_FILE_BYTES, keep=False)) != report.sources[name]:
            raise NotStorableError(name)
    trace = [(*question, answer) for question, answer in outside.trace.items()]
    yield json.dumps({"trace": trace, "sources": places}, separators=(",", ":"))
    yield from encode(report)
