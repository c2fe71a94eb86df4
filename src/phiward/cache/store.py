"""Entries of the cache: files of the user's own, each with a digest over all of it, in a directory of bounded size.

An entry that is not ours alone, or not whole, is as good as none. Nothing here raises for what the system refuses: a
scan without a cache is only slower.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import time

from phiward.digest import SIZE, keyed

MAX_BYTES = 256 * 1024 * 1024
_SUFFIX = ".scan"
_ITSELF = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""How entries are opened: not through a link, and byte for byte."""
_ABANDONED = 3600.0
"""Seconds after which an entry that was never finished is taken away."""


def cache_directory(environment: dict[str, str]) -> Path | None:
    """Where the user's platform keeps caches; None where there is no such place, or none is wanted."""
    if environment.get("PHIWARD_NO_CACHE"):
        return None
    if named := environment.get("PHIWARD_CACHE_DIR"):
        return Path(named).absolute()
    home = environment.get("HOME") or "."
    if sys.platform == "win32":
        top = environment.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        top = f"{home}/Library/Caches"
    else:
        top = environment.get("XDG_CACHE_HOME", "")
        top = top if os.path.isabs(top) else f"{home}/.cache"  # noqa: PTH117 - the specification ignores relative ones
    return Path(top, "phiward") if os.path.isabs(top) else None  # noqa: PTH117


class Store:
    """The entries of one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def lines(self, key: str) -> list[bytes] | None:
        """The lines of an entry that is whole and nobody else's; None where there is none."""
        with suppress(OSError):
            if not _private(self.directory.stat(), 0o022):
                return None
            path = self.directory / f"{key}{_SUFFIX}"
            descriptor = os.open(path, os.O_RDONLY | _ITSELF | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait
            with open(descriptor, "rb") as file:  # noqa: PTH123 - it is open already
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or not _private(status, 0o077) or status.st_size > MAX_BYTES:
                    return None
                content = file.read()
            body, told = content[:-SIZE], content[-SIZE:]
            seen = keyed(key)
            seen.update(body)
            if seen.digest() != told:
                return None
            with suppress(OSError):
                os.utime(path)  # the oldest entries go first
            return body.splitlines()
        return None

    def write(self, key: str, lines: Iterable[str]) -> None:
        """Write an entry, whole or not at all, and make room for it."""
        with suppress(OSError):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(self.directory.stat(), 0o022):
                return
            draft = self.directory / f"{key}.{os.getpid()}.draft"
            try:
                if self._write(draft, key, lines):
                    draft.replace(self.directory / f"{key}{_SUFFIX}")
            finally:
                draft.unlink(missing_ok=True)
            self._make_room()

    def _write(self, draft: Path, key: str, lines: Iterable[str]) -> bool:
        """Write to a file that is not yet an entry; whether it is small enough to be one."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ITSELF
        digest = keyed(key)
        size = 0
        with open(os.open(draft, flags, 0o600), "wb") as file:  # noqa: PTH123 - created with its mode
            for line in lines:
                data = line.encode("ascii") + b"\n"
                size += len(data)
                if size > MAX_BYTES // 2:
                    return False
                digest.update(data)
                file.write(data)
            file.write(digest.digest())
        return True

    def _make_room(self) -> None:
        """Remove the entries that were used the longest ago, past the size that all may have together."""
        found = sorted(self._entries(), reverse=True)
        now, room = time(), MAX_BYTES
        for used, size, path in found:
            room -= size
            if room < 0 or (path.endswith(".draft") and now - used > _ABANDONED):
                with suppress(OSError):
                    os.unlink(path)  # noqa: PTH108 - there may be thousands

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        with os.scandir(self.directory) as entries:
            for entry in entries:
                if entry.name.endswith((_SUFFIX, ".draft")):
                    status = entry.stat(follow_symlinks=False)
                    yield status.st_mtime, status.st_size, entry.path


def _private(status: os.stat_result, others: int) -> bool:
    """Whether something belongs to this user, and its mode gives others none of these rights."""
    if not hasattr(os, "geteuid"):
        return True  # Windows: the user's own folder is held by its access list
    return status.st_uid == os.geteuid() and not status.st_mode & others
