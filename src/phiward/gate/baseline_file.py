"""A baseline as a file that is committed: JSON, a line for each failure on record, so that it diffs well."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from phiward.durable import write_file
from phiward.errors import SettingsError
from phiward.model.baseline import Recorded
from phiward.outside import Outside
from phiward.record import dataclass

BASELINE_FILE = "phiward.baseline.json"
SCHEMA = "phiward/baseline/v1"
_MOST_BYTES = 256 * 1024 * 1024
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_TEXTS = ("rule", "address", "scope", "path")


@dataclass(frozen=True, slots=True)
class Baseline:
    """`target` names the scan that it was taken of."""

    target: str
    pack: str
    """The digest of the pack that judged."""
    taken: date
    findings: tuple[Recorded, ...]


def read_baseline(path: Path, outside: Outside) -> Baseline:
    """Raises SettingsError for a file that cannot be read or is none, with the place as far as it is known."""
    try:
        document = json.loads(outside.read(path, _MOST_BYTES))
    except OSError as error:
        raise SettingsError(f"the baseline cannot be read: {error.strerror}", where=str(path)) from error
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}:{error.colno}"
        raise SettingsError(f"the baseline is not valid JSON: {error.msg}", where=where) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError("the baseline is not valid JSON", where=str(path)) from error
    return _baseline(document, str(path))


def _baseline(document: Any, where: str) -> Baseline:
    hint = "`phiward baseline create` writes one"
    schema = document.get("schema") if isinstance(document, dict) else None
    if isinstance(schema, str) and schema != SCHEMA and schema.startswith("phiward/baseline/"):
        raise SettingsError(f"the baseline is of another version, {schema!r}"[:200], where=where)
    if schema != SCHEMA:
        raise SettingsError("the file is no baseline", hint=hint, where=where)
    rows = document.get("findings")
    if not isinstance(rows, list):
        raise SettingsError("the baseline has no list of findings", hint=hint, where=where)
    found = tuple(_recorded(row, number, where) for number, row in enumerate(rows, 1))
    if len({one.fingerprint for one in found}) < len(found):
        raise SettingsError("the baseline has a fingerprint twice", hint="put the counts together", where=where)
    target, pack = document.get("target"), document.get("pack")
    if not isinstance(target, str) or not isinstance(pack, str):
        raise SettingsError("the baseline does not say what it was taken of", hint=hint, where=where)
    return Baseline(target, pack, _day(document.get("taken"), "taken", where), found)


def _recorded(row: Any, number: int, where: str) -> Recorded:
    here = f"findings[{number}]"
    if not isinstance(row, dict):
        raise SettingsError(f"{here} is a mapping", where=where)
    fingerprint, count = row.get("fingerprint"), row.get("count")
    if not isinstance(fingerprint, str) or not _FINGERPRINT.fullmatch(fingerprint):
        raise SettingsError(f"{here}.fingerprint is 32 hexadecimal digits", where=where)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise SettingsError(f"{here}.count is a number of findings", where=where)
    for name in _TEXTS:
        if not isinstance(row.get(name), str):
            raise SettingsError(f"{here}.{name} is a text", where=where)
    texts = {name: row[name] for name in _TEXTS}
    return Recorded(fingerprint=fingerprint, count=count, since=_day(row.get("since"), f"{here}.since", where), **texts)


def _day(value: Any, name: str, where: str) -> date:
    with suppress(ValueError, TypeError):
        return date.fromisoformat(value)
    raise SettingsError(f"{name} is not a date", where=where)


def as_text(baseline: Baseline) -> str:
    """The file's content; equal baselines give equal bytes."""
    head = {"schema": SCHEMA, "target": baseline.target, "pack": baseline.pack, "taken": baseline.taken.isoformat()}
    lines = [f'"{name}": {json.dumps(value)}' for name, value in head.items()]
    return "{\n" + ",\n".join([*lines, f'"findings": {_rows(baseline.findings)}']) + "\n}\n"


def _rows(findings: Iterable[Recorded]) -> str:
    rows = [
        json.dumps({name: getattr(one, name) for name in Recorded.__match_args__} | {"since": one.since.isoformat()})
        for one in findings
    ]
    return "[\n" + ",\n".join(rows) + "\n]" if rows else "[]"


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Nobody ever sees half of it. Raises UsageError."""
    write_file(path, as_text(baseline).encode())
