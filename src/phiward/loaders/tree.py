"""The files that a scan may read: what was asked for, inside its repository, and nothing else."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from phiward.model.finding import Diagnostic, Level
from phiward.outside import Outside

MAX_FILE_BYTES = 50 * 1024 * 1024
ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json")
"""Of the files that are looked for in directories; others are read where they are named."""

MANIFESTS = (".yaml", ".yml", ".json", ".template", "Kustomization")
"""What Kubernetes' objects and CloudFormation's templates are looked for in, asked for together."""


def text_of(data: bytes) -> str:
    """The text of a file's content. Raises UnicodeDecodeError."""
    return data.decode("utf-8-sig")


def text_again(outside: Outside, path: Path) -> str:
    """The text that a file had when it was read before; nothing where it has another one by now."""
    return outside.reread(path, MAX_FILE_BYTES).decode("utf-8-sig", "replace")


class Tree:
    """Reads inside its boundary only, and only through `outside`. `base` is what reported paths are relative to."""

    def __init__(self, base: Path, boundary: tuple[Path, ...], outside: Outside) -> None:
        self.base = base
        self.boundary = boundary
        self._beginnings = tuple(f"{str(root).rstrip(os.sep)}{os.sep}" for root in boundary)
        self.outside = outside
        self.diagnostics: list[Diagnostic] = []
        self.given: Path | None = None
        """Standard input as a file, which is named by itself wherever it was given."""
        self._texts: dict[Path, str | None] = {}

    @classmethod
    def around(cls, paths: tuple[Path, ...], outside: Outside | None = None) -> Tree:
        """The tree for some existing paths: their repository where there is one, else just what was named."""
        outside = outside or Outside()
        directories = [p if outside.is_directory(p) else p.parent for p in map(outside.resolve, paths)]
        boundary = tuple(dict.fromkeys(_repository(directory, outside) or directory for directory in directories))
        return cls(boundary[0] if len(boundary) == 1 else Path(os.path.commonpath(boundary)), boundary, outside)

    def relative(self, path: Path) -> str:
        """The path as reports show it: relative to `base`, forward slashes."""
        if path == self.given:
            return path.name
        try:
            return path.relative_to(self.base).as_posix()
        except ValueError:
            return path.as_posix()

    def inside(self, path: Path) -> bool:
        """Whether the path, symbolic links resolved, lies inside the boundary."""
        return f"{self.outside.resolve(path)}{os.sep}".startswith(self._beginnings)

    def nearest(self, name: str, directory: Path) -> Path | None:
        """The nearest file of a name upwards from a directory, which need not exist, inside of the tree."""
        for place in (directory, *directory.parents):
            if not self.inside(place):
                break
            if self.outside.is_file(place / name):
                return place / name
        return None

    def hole(self, code: str, path: Path, message: str, *, hint: str = "", line: int = 0, column: int = 0) -> None:
        """Note something that could not be read: the scan is incomplete."""
        self.diagnostics.append(self.problem(code, path, message, hint=hint, line=line, column=column))

    def problem(
        self, code: str, path: Path, message: str, *, hint: str = "", line: int = 0, column: int = 0
    ) -> Diagnostic:
        """A hole that is not noted yet: whether it matters depends on who asked."""
        where = self.relative(path)
        return Diagnostic(Level.ERROR, code, message, where, line=line, column=column, hint=hint, incomplete=True)

    def peek(self, path: Path) -> bytes | None:
        """The bytes of a file that may or may not concern us; None where it cannot be read."""
        data = self.content(path, keep=False)
        return data if isinstance(data, bytes) else None

    def read(self, path: Path) -> str | None:
        """The text of a file, read once; None, with a diagnostic, where it cannot be read as UTF-8 text."""
        if path not in self._texts:
            data = self.content(path)
            text = self.decode(path, data) if isinstance(data, bytes) else data
            if isinstance(text, Diagnostic):
                self.diagnostics.append(text)
            self._texts[path] = text if isinstance(text, str) else None
        return self._texts[path]

    def content(self, path: Path, *, keep: bool = True) -> bytes | Diagnostic:
        """The bytes of a file, or why they cannot be read."""
        if not self.inside(path):
            return self.problem("outside", path, "the file is a link to outside of the scanned tree and was not read")
        try:
            if self.outside.kind(path) in ("directory", "other"):
                return self.problem("unreadable", path, "not a regular file")
            return self.outside.read(path, MAX_FILE_BYTES, keep=keep)
        except OSError as error:
            if error.errno == errno.EFBIG:
                return self.problem("too-large", path, f"larger than {MAX_FILE_BYTES // 2**20} MB and was not read")
            why = f"cannot be read: {error.strerror}"
            return self.problem("unreadable", path, why, hint="check the file's permissions")

    def decode(self, path: Path, data: bytes) -> str | Diagnostic:
        """The text of a file, or why it has none."""
        if data.startswith(b"\0GITCRYPT\0"):
            why = "encrypted by git-crypt"
            return self.problem("encoding", path, why, hint="run `git-crypt unlock` before the scan")
        try:
            text = text_of(data)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return self.problem("encoding", path, "not UTF-8 text", line=line, hint="save the file as UTF-8")
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            return self.problem("encoding", path, "binary content", line=line)
        return text

    def directories(self, top: Path, endings: tuple[str, ...] = ENDINGS) -> Iterator[tuple[Path, list[str]]]:
        """Every directory under `top` with the names of such files, sorted; hidden ones and links are not entered."""
        left = [top]
        while left:
            directory = left.pop()
            try:
                names = self.outside.names(directory, endings)
            except OSError:
                continue
            yield directory, [name for name in names if not name.endswith("/")]
            left += [directory / name for name in reversed(names) if name.endswith("/")]

    def files(self, directory: Path) -> list[str]:
        """The names in a directory that have one of `ENDINGS`, whatever stands behind them. Raises OSError."""
        names = [name.removesuffix("/") for name in self.outside.names(directory, ENDINGS)]
        return [name for name in names if name.endswith(ENDINGS)]


def _repository(path: Path, outside: Outside) -> Path | None:
    """The nearest directory upwards that holds `.git`, or None."""
    for directory in (path, *path.parents):
        if outside.kind(directory / ".git"):
            return directory
    return None
