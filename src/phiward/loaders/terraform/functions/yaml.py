"""yamldecode and yamlencode, with the schema and the layout of Terraform's own YAML library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phiward.loaders.terraform.functions.conversion import nfc, number_text, parse_number
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.model.value import Value

_DEEPEST = 100
_MOST_NODES = 100_000
_WIDTH = 80
_LONGEST_KEY = 120
_LAST_OF_BASIC_PLANE = 0xFFFF
_CONSTANTS: dict[str, Value] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0x[0-9a-fA-F]{1,100}|0o[0-7]{1,100}")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*", re.DOTALL)
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_ESCAPES = {
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\xa0": "\\_",
    "\u2028": "\\L",
    "\u2029": "\\P",
}


def decode(text: str) -> Value:
    """The value of the one document in the text. Raises `FunctionError`."""
    import yaml

    # Events, not nodes: libyaml composes nodes by recursion and overflows the stack on deep nesting.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Reader(yaml.parse(text, Loader=loader)).document()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FunctionError(f"invalid YAML: {error}") from error


class _Reader:
    """Events to one value. Aliases may multiply values without bound, so that what they stand for is counted."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.count = 0

    def next(self) -> tuple[str, Any]:
        event = next(self.events)
        return type(event).__name__, event

    def document(self) -> Value:
        self.next()
        name, _ = self.next()
        if name == "StreamEndEvent":
            raise FunctionError("on line 1, column 1: missing start of document")
        value = self.value(*self.next(), 0)
        self.next()
        if self.next()[0] != "StreamEndEvent":
            raise FunctionError("unexpected extra content after value")
        return value

    def value(self, name: str, event: Any, depth: int) -> Value:
        before = self.count
        self.count += 1
        if name == "AliasEvent":
            if event.anchor not in self.anchors:
                raise FunctionError(f"reference to undefined anchor {event.anchor!r}")
            value, size = self.anchors[event.anchor]
            self.count += size
        elif depth > _DEEPEST:
            raise CannotTell("the YAML document is nested too deeply")
        else:
            value = self._node(name, event, depth)
        if self.count > _MOST_NODES:
            raise CannotTell("the YAML document is too large")
        if name != "AliasEvent" and event.anchor is not None:
            self.anchors[event.anchor] = (value, self.count - before)
        return value

    def _node(self, name: str, event: Any, depth: int) -> Value:
        if name == "ScalarEvent":
            return _scalar(event)
        if event.tag not in {None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}:
            raise FunctionError(f"unsupported tag {event.tag!r}")
        return self._sequence(depth) if name == "SequenceStartEvent" else self._mapping(depth)

    def _sequence(self, depth: int) -> list[Value]:
        result: list[Value] = []
        while True:
            name, event = self.next()
            if name == "SequenceEndEvent":
                return result
            result.append(self.value(name, event, depth + 1))

    def _mapping(self, depth: int) -> dict[str, Value]:
        result: dict[str, Value] = {}
        while True:
            name, event = self.next()
            if name == "MappingEndEvent":
                return result
            if name == "ScalarEvent" and event.implicit[0] and event.value == "<<":
                result.update(self._merged(depth))
                continue
            key = _key(self.value(name, event, depth + 1))
            result[key] = self.value(*self.next(), depth + 1)

    def _merged(self, depth: int) -> dict[str, Value]:
        value = self.value(*self.next(), depth + 1)
        if not isinstance(value, dict):
            raise FunctionError("cannot merge a value that is not one mapping")
        return value


def _key(value: Value) -> str:
    if value is None or isinstance(value, (list, dict)):
        raise FunctionError("mapping key cannot be null" if value is None else "mapping key must be a string")
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else number_text(value)


def _scalar(event: Any) -> Value:
    text = nfc(event.value)
    if event.tag in {"tag:yaml.org,2002:str", "!"} or (event.tag is None and not event.implicit[0]):
        return text
    if event.tag is not None:
        raise FunctionError(f"unsupported tag {event.tag!r}")
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _DECIMAL.fullmatch(text):
        return parse_number(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _INFINITE.fullmatch(text):
        raise CannotTell("infinity and NaN are not supported")
    if _DATE.fullmatch(text):
        raise CannotTell(f"the unquoted timestamp {text!r} is not supported here; quote it")
    return text


def encode(value: Value) -> str:
    """The YAML text of a plain value, as Terraform lays it out. Raises `FunctionError`."""
    writer = _Writer()
    writer.node(value, -1, 0)
    # A document that is one plain scalar is closed, so that nothing can follow it.
    plain_scalar = not isinstance(value, (str, list, dict))
    return "".join(writer.pieces) + ("\n...\n" if plain_scalar else "" if writer.ended else "\n")


class _Writer:
    """`indent` is that of the collection in which a node stands, -1 for none."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.column = 0
        self.ended = False

    def put(self, text: str) -> None:
        self.pieces.append(text)
        self.column += len(text)
        self.ended = False

    def line(self, indent: int) -> None:
        """Starts a new line, unless one was just started."""
        if self.column or not self.pieces:
            self.pieces.append("\n" if self.pieces else "")
        self.pieces.append(" " * indent)
        self.column = indent

    def node(self, value: Value, indent: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise CannotTell("the value is nested too deeply")
        if isinstance(value, dict) and value:
            self._mapping(value, max(indent + 2, 0) if indent >= 0 else 0, depth)
        elif isinstance(value, list) and value:
            self._sequence(value, max(indent + 2, 0) if indent >= 0 else 0, depth)
        else:
            self._scalar(value, indent + 2 if indent >= 0 else 2)

    def _mapping(self, value: dict[str, Value], indent: int, depth: int) -> None:
        for index, key in enumerate(sorted(value)):
            if index:
                self.line(indent)
            if len(key) > _LONGEST_KEY or not key.isprintable():
                raise CannotTell("a mapping key is too long or not printable")
            self.put(f"{_quoted(key)}:")
            item = value[key]
            if isinstance(item, dict) and item:
                self.line(indent + 2)
                self._mapping(item, indent + 2, depth + 1)
            elif isinstance(item, list) and item:
                self.line(indent)
                self._sequence(item, indent, depth + 1)
            else:
                self.put(" ")
                self._scalar(item, indent + 2)

    def _sequence(self, value: list[Value], indent: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise CannotTell("the value is nested too deeply")
        for index, item in enumerate(value):
            if index:
                self.line(indent)
            self.put("- ")
            self.node(item, indent, depth + 1)

    def _scalar(self, value: Value, indent: int) -> None:
        if isinstance(value, str):
            self._text(value, indent)
        elif isinstance(value, dict):
            self.put("{}")
        elif isinstance(value, list):
            self.put("[]")
        elif value is None or isinstance(value, bool):
            self.put("null" if value is None else str(value).lower())
        else:
            self.put(number_text(value))

    def _text(self, text: str, indent: int) -> None:
        if any(ord(char) > _LAST_OF_BASIC_PLANE for char in text):
            raise CannotTell("characters beyond Unicode's basic plane are not supported here")
        if "\n" in text and " \n" not in text and not text.endswith(" ") and not _special(text):
            self._literal(text, indent)
        else:
            self._double_quoted(text, indent)

    def _literal(self, text: str, indent: int) -> None:
        hint = "2" if text[0] in " \n" else ""
        chomping = "-" if not text.endswith("\n") else "+" if text == "\n" or text.endswith("\n\n") else ""
        self.put(f"|{hint}{chomping}\n")
        body = text.removesuffix("\n")
        lines = [" " * indent + line if line else "" for line in body.split("\n")]
        self.pieces.append("\n".join(lines) + "\n")
        self.column = 0
        self.ended = True

    def _double_quoted(self, text: str, indent: int) -> None:
        self.put('"')
        after_space = False
        for index, char in enumerate(text):
            if char == " ":
                inside = 0 < index < len(text) - 1
                if inside and not after_space and self.column > _WIDTH:
                    self.line(indent)
                    self.put("\\" if text[index + 1] == " " else "")
                else:
                    self.put(" ")
                after_space = True
            else:
                self.put(_escaped(char))
                after_space = False
        self.put('"')


def _special(text: str) -> bool:
    return any(char != "\n" and _escaped(char) not in {char, '\\"', "\\\\"} for char in text)


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if code < ord(" ") or ord("\x7f") <= code < ord("\xa0"):
        return f"\\x{code:02X}"
    return "\\uFEFF" if char == "\ufeff" else char


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'
