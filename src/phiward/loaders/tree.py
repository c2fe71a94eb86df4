"""The files that a scan may read: what was asked for, inside its repository, and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from phiward.model.finding import Diagnostic, Level

MAX_FILE_BYTES = 50 * 1024 * 1024
_SKIPPED = {"node_modules", "__pycache__"}


def repository_root(path: Path) -> Path | None:
    """The nearest directory upwards that holds `.git`, or None."""
    for directory in (path, *path.parents):
        if (directory / ".git").exists():
            return directory
    return None


def resolved(path: Path) -> Path:
    """The path without symbolic links. A circle of them, or a name that no file can have, leads to nothing that exists.

    `Path.resolve` raises for both, and configuration may write either.
    """
    return Path(os.path.realpath(str(path).replace("\0", "\N{REPLACEMENT CHARACTER}")))


def is_directory(path: Path) -> bool:
    """Whether there is such a directory; False, where `Path.is_dir` raises, for a name that no directory can have."""
    try:
        return path.is_dir()
    except OSError:
        return False


class Tree:
    """Reads inside its boundary only. `base` is what reported paths are relative to."""

    def __init__(self, base: Path, boundary: tuple[Path, ...]) -> None:
        self.base = base
        self.boundary = boundary
        self.diagnostics: list[Diagnostic] = []
        self._texts: dict[Path, str | None] = {}

    @classmethod
    def around(cls, paths: tuple[Path, ...]) -> Tree:
        """The tree for some existing paths: their repository where there is one, else just what was named."""
        directories = [path if path.is_dir() else path.parent for path in map(resolved, paths)]
        repositories = {root for directory in directories if (root := repository_root(directory))}
        boundary = tuple(dict.fromkeys(repository_root(directory) or directory for directory in directories))
        if len(repositories) == 1 and len(boundary) == 1:
            return cls(boundary[0], boundary)
        return cls(Path(os.path.commonpath(boundary)), boundary)

    def relative(self, path: Path) -> str:
        """The path as reports show it: relative to `base`, forward slashes."""
        try:
            return path.relative_to(self.base).as_posix()
        except ValueError:
            return path.as_posix()

    def inside(self, path: Path) -> bool:
        """Whether the path, symbolic links resolved, lies inside the boundary."""
        target = resolved(path)
        return any(target == root or root in target.parents for root in self.boundary)

    def hole(self, code: str, path: Path, message: str, *, hint: str = "", line: int = 0, column: int = 0) -> None:
        """Note something that could not be read: the scan is incomplete."""
        self.diagnostics.append(
            Diagnostic(
                Level.ERROR, code, message, self.relative(path), line=line, column=column, hint=hint, incomplete=True
            )
        )

    def read(self, path: Path) -> str | None:
        """The text of a file, read once; None, with a diagnostic, where it cannot be read as UTF-8 text."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: Path) -> str | None:
        if not self.inside(path):
            self.hole("outside", path, "the file is a link to outside of the scanned tree and was not read")
            return None
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                self.hole("unreadable", path, "not a regular file")
                return None
            if status.st_size > MAX_FILE_BYTES:
                self.hole("too-large", path, f"larger than {MAX_FILE_BYTES // 2**20} MB and was not read")
                return None
            data = path.read_bytes()
        except OSError as error:
            self.hole("unreadable", path, f"cannot be read: {error.strerror}", hint="check the file's permissions")
            return None
        return self._decode(path, data)

    def _decode(self, path: Path, data: bytes) -> str | None:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self.hole("encoding", path, "not UTF-8 text", line=line, hint="save the file as UTF-8")
            return None
        if "\0" in text:
            self.hole("encoding", path, "binary content", line=text.count("\n", 0, text.index("\0")) + 1)
            return None
        return text

    def directories(self, top: Path) -> Iterator[tuple[Path, list[str]]]:
        """Every directory under `top` with its file names, sorted; hidden ones and links are not entered."""
        for directory, subdirectories, files in os.walk(top):
            subdirectories[:] = sorted(d for d in subdirectories if not d.startswith(".") and d not in _SKIPPED)
            yield Path(directory), sorted(files)
