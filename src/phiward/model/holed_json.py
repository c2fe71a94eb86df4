"""JSON text of which pieces are not known: `{"Principal": "*", "Resource": "${aws_s3_bucket.a.arn}/*"}`.

An undecided piece inside of quotes stands for a piece of that string; outside of quotes, for one whole JSON value.
In a list, an `Unknown` stands for any number of elements with their commas, as in `[${join(",", var.arns)}]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

from phiward.model.value import OpenMap, Partial, Reference, Unknown, Value, join

DEEPEST = 100
_LARGEST_EXPONENT = 400
_FIRST_MARK = 0xE000
_LAST_MARK = 0xF8FF
Pieces = tuple[str | Unknown | Reference, ...]
_SURROGATE = r"\\u[dD][89a-fA-F]"


class JsonError(ValueError):
    """The text is not JSON, or nested too deeply; the message says where."""


def parse(text: str | Partial, *, open_list: Callable[[list[Value]], list[Value]] = list) -> Value:
    """The value that the text spells, with undecided pieces in their places.

    Objects of which a key is not known become an `OpenMap`. `open_list` makes the lists in which an `Unknown`
    may stand for several elements. Raises `JsonError`.
    """
    if isinstance(text, str):
        value = _load(text)
        brackets = text.count("[") + text.count("{")
        checked = brackets > DEEPEST or re.search(_SURROGATE, text)
        return _Filled("", (), open_list).fill(value) if checked else value
    mark = _unused_mark("".join(part for part in text.parts if isinstance(part, str)))
    marked, holes = _marked(text, mark)
    return _Filled(mark, holes, open_list).fill(_load(marked))


def _load(text: str) -> Value:
    import json

    try:
        return json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_refuse)
    except RecursionError:
        raise JsonError("the JSON text is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"invalid JSON: {error}") from None


def _number(digits: str) -> int | float:
    number = Decimal(digits)
    if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise JsonError("invalid JSON: a number is too large or too small")
    return int(number) if number == number.to_integral_value() else float(number)


def _integer(digits: str) -> int:
    if len(digits) > _LARGEST_EXPONENT:
        raise JsonError("invalid JSON: a number is too large")
    return int(digits)


def _refuse(constant: str) -> NoReturn:
    raise JsonError(f"invalid JSON: {constant} is not a JSON value")


def _unused_mark(text: str) -> str:
    lowered = text.lower()
    for code in range(_FIRST_MARK, _LAST_MARK):
        if chr(code) not in text and f"\\u{code:04x}" not in lowered:
            return chr(code)
    raise JsonError("the text uses every private character of Unicode")


def _marked(text: Partial, mark: str) -> tuple[str, tuple[Unknown | Reference, ...]]:
    """The text with each hole replaced by `<mark><kind><number><mark>`, in quotes where it is a value."""
    result: list[str] = []
    holes: list[Unknown | Reference] = []
    quoted = escaped = False
    for index, part in enumerate(text.parts):
        if isinstance(part, str):
            quoted, escaped = _state_after(part, quoted, escaped)
            result.append(part)
            continue
        if escaped:
            raise JsonError("invalid JSON: an unknown piece follows a backslash")
        hole = f"{mark}{'p' if quoted else 'v'}{len(holes)}{mark}"
        if not quoted:
            hole = _with_commas(f'"{hole}"', part, text.parts[index - 1 : index], text.parts[index + 1 : index + 2])
        result.append(hole)
        holes.append(part)
    return "".join(result), tuple(holes)


def _with_commas(hole: str, part: Unknown | Reference, before: Pieces, after: Pieces) -> str:
    """A hole in a list may stand for its commas, too: they are put where a string, list or object touches it."""
    neighbours = [piece for piece in (*before, *after) if not isinstance(piece, str)]
    if neighbours and any(isinstance(piece, Reference) for piece in (part, *neighbours)):
        raise JsonError("invalid JSON: two unknown pieces touch each other")
    if isinstance(part, Reference):
        return hole
    touched = before and (not isinstance(before[0], str) or before[0].rstrip()[-1:] in {'"', "]", "}"})
    touching = after and isinstance(after[0], str) and after[0].lstrip()[:1] in {'"', "[", "{"}
    return f"{',' if touched else ''}{hole}{',' if touching else ''}"


_QUOTE_OR_ESCAPE = r'"|\\'


def _state_after(text: str, quoted: bool, escaped: bool) -> tuple[bool, bool]:
    position = 1 if escaped and text else 0
    while (match := re.compile(_QUOTE_OR_ESCAPE).search(text, position)) is not None:
        if match[0] == '"':
            quoted, position = not quoted, match.end()
        elif match.end() == len(text):
            return quoted, True
        else:
            position = match.end() + 1
    return quoted, False


class _Filled:
    """Puts the holes back, checks the depth, and replaces what is no Unicode."""

    def __init__(
        self,
        mark: str,
        holes: tuple[Unknown | Reference, ...],
        open_list: Callable[[list[Value]], list[Value]],
    ) -> None:
        self.mark = mark
        self.holes = holes
        self.open_list = open_list

    def fill(self, value: Any, depth: int = 0) -> Value:
        if depth > DEEPEST:
            raise JsonError(f"the JSON text is nested more than {DEEPEST} levels deep")
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            filled = [self.fill(item, depth + 1) for item in value]
            return self.open_list(filled) if any(map(self._may_be_several, value, filled)) else filled
        if isinstance(value, dict):
            return self._object(value, depth)
        return value

    def _may_be_several(self, item: Any, filled: Value) -> bool:
        bare = bool(self.mark) and isinstance(item, str) and item.startswith(f"{self.mark}v")
        return bare and isinstance(filled, Unknown)

    def _object(self, members: dict[str, Any], depth: int) -> Value:
        entries = [(self._text(key), self.fill(value, depth + 1)) for key, value in members.items()]
        for name, _ in entries:
            if not isinstance(name, str):
                return OpenMap(f"one of its keys, {name}, is not known", entries=tuple(entries))
        return dict(entries)

    def _text(self, text: str) -> Value:
        if not text.isascii():
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if not self.mark or self.mark not in text:
            return text
        pieces = text.split(self.mark)
        return join([self.holes[int(piece[1:])] if index % 2 else piece for index, piece in enumerate(pieces)])
