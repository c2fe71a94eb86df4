"""YAML (and JSON, which is YAML) as plain values with the place of every key and element.

Values are built from libyaml's nodes, not by PyYAML's constructors: duplicate keys are errors, aliases stay shared, and
scalars mean what Kubernetes' own reader (sigs.k8s.io/yaml over go-yaml v2) takes them for: timestamps and sexagesimal
numbers are text, keys are strings. Nothing is executed, whatever the tags say.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from phiward.model.location import Span
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value
from phiward.record import dataclass

MAX_VALUES = 2_000_000
"""Values of one document with its aliases written out; past that it is taken for a bomb."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_float = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_WIDTH = 5
"""Numbers by slot of `Spans`: line, column, end line, end column, where the inner slots begin."""


class YamlError(Exception):
    """Why a text could not be read, and where: line and column count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class Spans:
    """Where every key and element of a document stands.

    The entries of one mapping or list are neighbours, and each knows where the entries of its own value begin, so that
    a path is followed without looking at anything beside it. Five machine words an entry, not an object each.
    """

    __slots__ = ("_slots", "_whole")

    def __init__(self, whole: Span) -> None:
        self._slots = array("I")
        self._whole = whole

    def reserve(self, entries: int) -> int:
        """Room for the entries of one mapping or list; the number of the first one."""
        first = len(self._slots) // _WIDTH
        self._slots.extend((0,) * (entries * _WIDTH))
        return first

    def set(self, slot: int, start: Any, end: Any, inner: int) -> None:
        """Place one entry between two marks of the parser."""
        at = slot * _WIDTH
        slots = self._slots
        slots[at], slots[at + 1] = start.line + 1, start.column + 1
        slots[at + 2], slots[at + 3], slots[at + 4] = end.line + 1, end.column + 1, inner

    def whole(self) -> Span:
        return self._whole

    def find(self, value: Value, path: AttributePath) -> Span | None:
        """The span of the entry at a path into the document's value; of the last entry on the way that is written."""
        first, found = 0, None
        for key in path:
            place = _place(value, key)
            if place is None:
                return found
            at = (first + place) * _WIDTH
            line, column, end_line, end_column, first = self._slots[at : at + _WIDTH]
            found = Span(line, column, end_line, end_column)
            value = value[key]
        return found


def _place(value: Value, key: str | int) -> int | None:
    """The number of an entry among its neighbours."""
    if isinstance(value, dict) and isinstance(key, str):
        return next((number for number, name in enumerate(value) if name == key), None)
    if isinstance(value, list) and isinstance(key, int):
        return key if key < len(value) else None
    return None


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, and where everything in it stands."""

    value: Value
    spans: Spans


def documents(text: str, scalar: Callable[[str], Value] = str) -> Iterator[Document | YamlError]:
    """Every document of a text that is not empty, lazily; ends with the problem of one that cannot be read.

    `scalar` makes the value of a text scalar. A document that is well formed but refused (a duplicate key, a bomb) is a
    problem, and the documents after it still come.
    """
    loader = _LOADER(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            try:
                yield _Builder(node, scalar).document()
            except YamlError as problem:
                yield problem
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ", ".join(part for part in (error.problem, error.context) if part)
        yield YamlError(message, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        yield YamlError(f"a character that YAML does not allow: {error.reason}", line, 1)
    except RecursionError:
        yield YamlError("nested too deeply", 1, 1)
    finally:
        loader.dispose()


class _Builder:
    """One document's nodes -> its value and spans."""

    def __init__(self, node: Any, scalar: Callable[[str], Value]) -> None:
        self._node = node
        self._scalar = scalar
        start, end = node.start_mark, node.end_mark
        self._spans = Spans(Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1))
        self._made: dict[int, tuple[Value, int, int]] = {}
        """Containers by node: value, first slot, number of values inside. An alias is its anchor's node again."""
        self._open: set[int] = set()

    def document(self) -> Document:
        value, _, _ = self._build(self._node)
        return Document(value, self._spans)

    def _build(self, node: Any) -> tuple[Value, int, int]:
        """A node's value, the first slot of its entries and how many values it holds."""
        if isinstance(node, yaml.ScalarNode):
            return self._plain(node), 0, 1
        made = self._made.get(id(node))
        if made is not None:
            return made
        if id(node) in self._open:
            raise _problem("an anchor stands inside of itself", node)
        self._open.add(id(node))
        made = self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)
        if made[2] > MAX_VALUES:
            raise _problem(f"its aliases make more than {MAX_VALUES:,} values", node)
        self._open.discard(id(node))
        self._made[id(node)] = made
        return made

    def _sequence(self, node: Any) -> tuple[Value, int, int]:
        first = self._spans.reserve(len(node.value))
        items: list[Value] = []
        total = 1
        for number, item in enumerate(node.value):
            value, inner, size = self._build(item)
            items.append(value)
            total += size
            self._spans.set(first + number, item.start_mark, _end(item, item), inner)
        return items, first, total

    def _mapping(self, node: Any) -> tuple[Value, int, int]:
        entries = _merged(node) if any(key.tag == f"{_TAG}merge" for key, _ in node.value) else node.value
        first = self._spans.reserve(len(entries))
        found: dict[str, Value] = {}
        total = 1
        for number, (key_node, value_node) in enumerate(entries):
            key = self._key(key_node)
            if key in found:
                raise _problem(f"the key {key!r} stands here for the second time", key_node)
            found[key], inner, size = self._build(value_node)
            total += size
            self._spans.set(first + number, key_node.start_mark, _end(value_node, key_node), inner)
        return found, first, total

    @staticmethod
    def _key(node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _problem("a key must be a word", node)
        if node.tag == f"{_TAG}bool":
            return "true" if node.value in _TRUE else "false"
        return str(node.value)

    def _plain(self, node: Any) -> Value:
        tag = node.tag
        text: str = node.value
        if tag == f"{_TAG}str":
            if not node.style and text[:1] in "0123456789-+." and _float.fullmatch(text):
                return float(text)  # `1e3`: YAML 1.1 wants a point in it, Kubernetes' reader does not
            return self._scalar(text)
        if tag == f"{_TAG}null":
            return None
        if tag == f"{_TAG}bool":
            return text in _TRUE
        if tag == f"{_TAG}int":
            return _whole(text)
        if tag == f"{_TAG}float":
            return _fraction(text)
        if tag in (f"{_TAG}timestamp", f"{_TAG}value", f"{_TAG}binary"):
            return text
        return Unknown(f"the tag {tag.removeprefix(_TAG)} is not one of YAML's own")


def _merged(node: Any) -> list[tuple[Any, Any]]:
    """The entries of a mapping with those that `<<` brings in; its own come first and win."""
    own = [(key, value) for key, value in node.value if key.tag != f"{_TAG}merge"]
    names = {key.value for key, _ in own if isinstance(key, yaml.ScalarNode)}
    pending = [value for key, value in node.value if key.tag == f"{_TAG}merge"]
    seen: set[int] = {id(node)}
    while pending:
        source = pending.pop(0)
        if id(source) in seen:
            continue
        seen.add(id(source))
        if isinstance(source, yaml.SequenceNode):
            pending = [*source.value, *pending]
            continue
        if not isinstance(source, yaml.MappingNode):
            raise _problem("only mappings can be merged", source)
        for key, value in source.value:
            if key.tag == f"{_TAG}merge":
                pending.append(value)
            elif isinstance(key, yaml.ScalarNode) and key.value not in names:
                names.add(key.value)
                own.append((key, value))
    return own


def _end(value: Any, key: Any) -> Any:
    """Where an entry ends: of a text over several lines its key, of a block its last entry, whose own mark is too far.

    An alias carries the marks of its anchor, which stands before its key.
    """
    end = value.end_mark
    if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
        return key.end_mark if key is not value else value.start_mark
    if isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        return _end(last[1], last[0]) if isinstance(last, tuple) else _end(last, last)
    return end if (end.line, end.column) > (key.start_mark.line, key.start_mark.column) else key.end_mark


def _whole(text: str) -> Value:
    digits = text.replace("_", "")
    if ":" in digits:
        return text
    try:
        if re.fullmatch(r"[-+]?0[0-7]+", digits):
            return int(digits, 8)
        return int(digits, 0)
    except ValueError:
        return text


def _fraction(text: str) -> Value:
    if ":" in text:
        return text
    try:
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text


def _problem(message: str, node: Any) -> YamlError:
    return YamlError(message, node.start_mark.line + 1, node.start_mark.column + 1)
