"""YAML (and JSON, which is YAML) as plain values with the place of every key and element.

Values are built from libyaml's events, not by PyYAML's constructors: duplicate keys are errors, aliases stay shared,
and scalars mean what the program takes them for that the text is written for (see `Language`). Nothing is executed,
whatever the tags say. Each document is parsed on its own, so that one that cannot be read hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from phiward.loaders.yaml_builder import Builder, Language, YamlError
from phiward.loaders.yaml_spans import Spans
from phiward.model.value import Value
from phiward.record import dataclass

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_separator = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
"""Ends a document wherever it stands, even inside of a text or a bracket (YAML 1.2.2, 9.1.2)."""
_hollow = re.compile(r"(?:[ \t]*(?:[#%].*)?(?:\r?\n|\Z))*")
"""Blank lines, comments and directives, which only pure syntax would care for."""
_odd = re.compile("[\x7f\x85\u2028\u2029]|\r(?!\n)|" + r"\\u[dD][89a-fA-F]")
"""Line ends that libyaml counts and editors do not; what JSON allows in a text and YAML does not."""


KUBERNETES = Language()
Marks = Callable[[Any], Any]
"""A mark of the parser -> one with the line and column of an editor."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, where everything in it stands, and its lines with the comments around it."""

    value: Value
    spans: Spans
    first: int
    last: int


def documents(text: str, language: Language = KUBERNETES) -> Iterator[Document | YamlError]:
    """Every document of a text that is not empty, lazily, and the problem of each that cannot be read."""
    line, start, first = 1, 0, 1
    separators = [found.span() for found in _separator.finditer(text)]
    for begin, end in (*separators, (len(text), len(text))):
        section = text[start:begin]
        after = line + section.count("\n")
        if not _hollow.fullmatch(section, 3 if section.startswith("---") else 0):
            yield from _section(section, line, first, language)
            first = after
        line = after
        start = end if text.startswith("...", begin) else begin


def _section(text: str, line: int, first: int, language: Language) -> Iterator[Document | YamlError]:
    """What stands between two separators: mostly one document. `first` is where the comments above it begin."""
    last = line + text.rstrip("\n").count("\n")
    readable = text
    correct: Marks = _as_it_is
    if _odd.search(text):
        from phiward.loaders.yaml_odd import ready

        readable, correct = ready(text)
    loader = _LOADER(readable)
    get = loader.get_event if correct is _as_it_is else lambda: _corrected(loader.get_event(), correct)
    builder = Builder(get, line, language)
    try:
        while (made := builder.document()) is not None:
            value, spans = made
            yield Document(value, spans, first, last)
    except YamlError as problem:
        yield problem
    except yaml.MarkedYAMLError as error:
        message = ", ".join(part for part in (error.problem, error.context) if part)
        yield _error(message, text, line, correct(error.problem_mark or error.context_mark))
    except yaml.reader.ReaderError as error:
        at = text.count("\n", 0, error.position) + line
        yield YamlError(f"a character that YAML does not allow: {error.reason}", at, 1)
    finally:
        loader.dispose()


def _error(message: str, text: str, line: int, mark: Any) -> YamlError:
    """What libyaml says, at a place inside of the text: libyaml sees its end a line too far."""
    lines = text.rstrip().split("\n")
    if mark.line >= len(lines):
        return YamlError(message, line + len(lines) - 1, len(lines[-1]) + 1)
    return YamlError(message, line + mark.line, min(mark.column, len(lines[mark.line])) + 1)


def _as_it_is(mark: Any) -> Any:
    return mark


def _corrected(event: Any, correct: Marks) -> Any:
    event.start_mark, event.end_mark = correct(event.start_mark), correct(event.end_mark)
    return event
