"""Files that people write beside the configuration: lists of entries, each value checked, each problem with its place.

YAML 1.2's words and numbers, so that a date is the text that was written; a key twice is an error, and so is one that
nobody knows. Nothing is executed, whatever the tags say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.finding import Diagnostic, Level
from phiward.model.location import Location
from phiward.model.resource import AttributePath
from phiward.pattern import pattern
from phiward.record import dataclass

_MOST_BYTES = 4 * 1024 * 1024
_day = pattern(r"\d{4}-\d\d-\d\d")


class EntryError(Exception):
    """What is wrong with an entry, and at which key of it."""

    def __init__(self, message: str, key: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.key, self.hint = message, key, hint


class Entry:
    """One mapping of a list, whose keys are known. Every method raises EntryError."""

    def __init__(self, value: Any, known: tuple[str, ...], what: str) -> None:
        if not isinstance(value, dict):
            raise EntryError(f"{what} is a mapping")
        for key in value:
            if key not in known:
                raise EntryError(f"unknown key {key!r} in {what}", key, f"known here: {', '.join(known)}")
        self._values: dict[str, Any] = dict(value)  # a mapping that may have more entries says so of each
        self._what = what

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def get(self, key: str) -> Any:
        return self._values.get(key)

    def needed(self, *keys: str) -> None:
        missing = [key for key in keys if key not in self]
        if missing:
            raise EntryError(f"{self._what} has no {' and no '.join(missing)}")

    def text(self, key: str, least: int = 1) -> str:
        """A text of so many characters; empty where it is not written."""
        if key not in self:
            return ""
        value = self._values[key]
        if not isinstance(value, str):
            raise EntryError(f"{key} is a text, not {value!r}"[:200], key, "write it in quotes")
        text = value.strip()
        if len(text) < least:
            raise EntryError(f"{key} has fewer than {least} characters" if least > 1 else f"{key} is empty", key)
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.get(key) or []
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise EntryError(f"{key} is a list of texts", key)
        return tuple(one.strip() for one in value)

    def day(self, key: str) -> date | None:
        if key not in self:
            return None
        return day_of(self._values[key], key)

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise EntryError(f"{key} is true or false, not {value!r}"[:200], key)
        return value

    def word(self, key: str, words: tuple[str, ...]) -> str:
        """One of some words; the first of them where none is written."""
        value = self._values.get(key, words[0])
        if value not in words:
            raise EntryError(f"{key} is one of {', '.join(words)}, not {value!r}"[:200], key)
        return str(value)


def day_of(value: Any, key: str) -> date:
    """The day that a text names. Raises EntryError."""
    try:
        if isinstance(value, str) and _day.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise EntryError(f"{key} is not a date: {value!r}"[:200], key, "write it as YYYY-MM-DD")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of entries under one `heading`. `directory` is repository-relative, as `path` is."""

    path: str
    directory: str
    heading: str
    document: Document

    def entries(self) -> Iterator[tuple[int, Any]]:
        """Each entry with its number. Raises EntryError for anything but a list of them."""
        value = self.document.value
        document = Entry({} if value is None else value, (self.heading,), "the file")
        found = document.get(self.heading)
        if found is not None and not isinstance(found, list):
            raise EntryError(f"{self.heading} is a list", self.heading)
        yield from enumerate(found or [])

    def location(self, path: AttributePath) -> Location:
        spans = self.document.spans
        return Location(self.path, spans.find(self.document.value, path) or spans.whole)

    def problem(self, code: str, error: EntryError, number: int | None = None) -> Diagnostic:
        path: AttributePath = () if number is None else (self.heading, number)
        at = self.location((*path, error.key) if error.key else path).span
        return wrong(code, error.message, self.path, at.line, at.column, error.hint)


def wrong(code: str, message: str, path: str, line: int, column: int, hint: str = "") -> Diagnostic:
    """An input of ours that cannot be taken as it is: the scan ends with status 2."""
    return Diagnostic(Level.ERROR, code, message, path, line, column, hint=hint, invalid=True)


def read_sheet(file: Path, heading: str, tree: Tree, code: str) -> Sheet | Diagnostic:
    """The only document of a file, or what keeps it from being read."""
    path = tree.relative(file)
    data = tree.content(file)
    text = tree.decode(file, data) if isinstance(data, bytes) else data
    if isinstance(text, Diagnostic):
        return wrong(code, text.message, path, text.line or 1, 1, text.hint)
    if len(text) > _MOST_BYTES:
        return wrong(code, f"larger than {_MOST_BYTES // 2**20} MB", path, 1, 1)
    found = list(documents(text))
    problem = next((one for one in found if isinstance(one, YamlError)), None)
    if problem is not None:
        return wrong(code, f"not valid YAML: {problem.message}", path, problem.line, problem.column, problem.hint)
    if len(found) > 1:
        return wrong(code, "the file is a single document", path, _line(found[1]), 1)
    directory = tree.relative(file.parent)
    [document] = found or documents(f"{heading}: []")
    assert isinstance(document, Document)
    return Sheet(path, "" if directory == "." else directory, heading, document)


def _line(document: Document | YamlError) -> int:
    return document.line if isinstance(document, YamlError) else document.first
