"""What a scan may learn from outside of the program: nothing else in it looks at the file system or the date.

Each question is asked once, so that one scan sees one state of every file. The questions with their answers are the
scan's *trace*: where asking again gives the same answers, scanning again would give the same report.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from phiward.digest import digest

Question: TypeAlias = tuple[str, str, str]
"""What is asked, of which path, and what else belongs to the question."""
Answer: TypeAlias = Any
"""A string, a list of strings, or `{"error": number}` where the system refused; what JSON can hold."""
MAX_BYTES = 1024 * 1024 * 1024
_LONGEST = 4096
"""Characters of a path; systems refuse longer ones."""
_SKIPPED = ("node_modules", "__pycache__")


class Outside:
    """`trace` holds every question with its answer. It is not `complete` where an answer cannot be asked for again."""

    def __init__(self) -> None:
        self.trace: dict[Question, Answer] = {}
        self.complete = True
        self._contents: dict[str, bytes] = {}
        self._resolved = {os.sep: os.sep}

    def kind(self, path: Path) -> str:
        """`file`, `directory`, `other`, or nothing where there is none; links are followed. Raises OSError."""
        return str(self._ask("kind", str(path)))

    def is_file(self, path: Path) -> bool:
        """Whether there is such a regular file. Raises OSError."""
        return self.kind(path) == "file"

    def is_directory(self, path: Path) -> bool:
        """Whether there is such a directory; False for a name that no directory can have."""
        try:
            return self.kind(path) == "directory"
        except OSError:
            return False

    def resolve(self, path: Path) -> Path:
        """The path without symbolic links. A circle of them, or an impossible name, leads to nothing that exists."""
        return Path(self._ask("resolve", str(path)))

    def names(self, directory: Path, endings: tuple[str, ...]) -> list[str]:
        """The names in a directory, sorted: real directories, each with a `/` behind it, and what has such an ending.

        Hidden directories, and those that hold what was downloaded or compiled, are left out. Raises OSError.
        """
        return list(self._ask("names", str(directory), ",".join(endings)))

    def glob(self, directory: Path, pattern: str) -> list[str]:
        """The files below a directory that match, relative to it. Raises OSError, and ValueError for the pattern."""
        return list(self._ask("glob", str(directory), pattern))

    def begins(self, path: Path, start: bytes) -> bool:
        """Whether a file begins with some bytes. Raises OSError."""
        return bool(self._ask("begins", str(path), start.hex()) == "yes")

    def program(self, name: str) -> Path | None:
        """The program of a name that a shell would start; never one by a relative entry of the PATH."""
        return Path(found.split(" ", 2)[2]) if (found := self._ask("program", name)) else None

    def read(self, path: Path, limit: int = MAX_BYTES, *, keep: bool = True) -> bytes:
        """The content of a file; `keep` it at hand for the next who asks. Raises OSError: EFBIG past the limit."""
        content = self._contents.get(str(path))
        if content is None:
            content = self._read(str(path), limit)
            if keep:
                self._contents[str(path)] = content
        elif len(content) > limit:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return content

    def give(self, path: Path, content: bytes) -> None:
        """Have a content stand at a path where nothing can be asked for again."""
        self.complete = False
        self.trace[("kind", str(path), "")] = "file"
        self.trace[("resolve", str(path), "")] = str(path)
        self._contents[str(path)] = content

    def reread(self, path: Path, limit: int = MAX_BYTES) -> bytes:
        """The content that a file had when it was read before; nothing where it has another one by now."""
        known = self.trace.get(("read", str(path), str(limit)))
        with suppress(OSError):
            content: bytes = _content(str(path), limit)
            if digest(content) == known:
                return content
        self.complete = False
        return b""

    def today(self, today: date) -> date:
        """Today, of which the report depends from now on."""
        self._note(("date", "", ""), today.isoformat())
        return today

    def again(self, question: Question, today: date) -> Answer:
        """The answer that a question gets now."""
        what, path, more = question
        with suppress(OSError):
            if what == "read":
                self._read(path, int(more))
            elif what == "date":
                self.today(today)
            else:
                self._ask(what, path, more)
        return self.trace[question]

    def _read(self, path: str, limit: int) -> bytes:
        try:
            content = _content(path, limit)
        except OSError as error:
            self._note(("read", path, str(limit)), _refusal(error))
            raise
        self._note(("read", path, str(limit)), digest(content))
        return content

    def _ask(self, what: str, path: str, more: str = "") -> Answer:
        question = (what, path, more)
        answer = self.trace.get(question)
        if answer is None:
            try:
                answer = self._resolve(path) if what == "resolve" else _QUESTIONS[what](path, more)
            except OSError as error:
                answer = _refusal(error)
            self.trace[question] = answer
        if type(answer) is dict:
            raise OSError(answer["error"], os.strerror(answer["error"]))
        return answer

    def _note(self, question: Question, answer: Answer) -> None:
        if self.trace.setdefault(question, answer) != answer:
            self.complete = False  # it changed under the scan's eyes

    def _resolve(self, path: str) -> str:
        """As `realpath`, which looks at every directory above again for each path."""
        path = path.replace("\0", "\N{REPLACEMENT CHARACTER}")
        if os.sep != "/" or len(path) > _LONGEST or not path.startswith("/") or os.path.normpath(path) != path:
            return os.path.realpath(path)
        return self._resolve_clean(path)

    def _resolve_clean(self, path: str) -> str:
        found = self._resolved.get(path)
        if found is None:
            above, _, name = path.rpartition("/")
            found = f"{self._resolve_clean(above or '/').rstrip('/')}/{name}"
            if os.path.islink(found):  # noqa: PTH114 - pathlib takes half as long again
                found = os.path.realpath(path)
            self._resolved[path] = found
        return found


def _refusal(error: OSError) -> Answer:
    return {"error": error.errno or 0}


def _content(path: str, limit: int) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib takes half as long again
        content = file.read(limit + 1) if os.fstat(file.fileno()).st_size > limit else file.readall()
    if len(content) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def _kind(path: str, _: str) -> str:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError as error:
        if error.errno == errno.ELOOP:
            return ""
        raise
    return "file" if stat.S_ISREG(mode) else "directory" if stat.S_ISDIR(mode) else "other"


def _names(directory: str, endings: str) -> list[str]:
    wanted = tuple(endings.split(","))
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if not name.startswith(".") and name not in _SKIPPED:
                    found.append(f"{name}/")
            elif name.endswith(wanted):
                found.append(name)
    return sorted(found)


def _program(name: str, _: str) -> str:
    """Size, time and path: what it prints of the same files is the same as long as these are."""
    suffix = ".exe" if os.name == "nt" else ""
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(directory, name + suffix)  # noqa: PTH118 - as above
        if os.path.isabs(directory) and os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113, PTH117
            status = os.stat(path)  # noqa: PTH116
            return f"{status.st_size} {status.st_mtime_ns} {path}"
    return ""


def _glob(directory: str, pattern: str) -> list[str]:
    top = Path(directory)
    try:
        return sorted(path.relative_to(top).as_posix() for path in top.glob(pattern) if path.is_file())
    except RuntimeError as error:  # a circle of links
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def _begins(path: str, start: str) -> str:
    expected = bytes.fromhex(start)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
        return "yes" if file.read(len(expected)) == expected else "no"


_QUESTIONS: dict[str, Callable[[str, str], Answer]] = {
    "kind": _kind,
    "names": _names,
    "glob": _glob,
    "begins": _begins,
    "program": _program,
}
