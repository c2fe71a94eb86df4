"""JSON text of which pieces are not known: `{"Principal": "*", "Resource": "${aws_s3_bucket.a.arn}/*"}`.

An undecided piece outside of quotes stands for one whole JSON value; inside of quotes, for a piece of that
string. (Text that a person wrote may let one piece stand for several elements, `[${join(",", var.arns)}]`:
the list then holds one undecided element for all of them.)
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NoReturn

from phiward.model.value import Partial, Reference, Unknown, Value, join

DEEPEST = 100
_LARGEST_EXPONENT = 400
_FIRST_MARK = 0xE000
_LAST_MARK = 0xF8FF
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """The text is not JSON, or nested too deeply; the message says where."""


def parse(text: str | Partial) -> Value:
    """The value that the text spells, with undecided pieces in their places.

    Objects of which a key is not known become `Unknown` as a whole. Raises `JsonError`.
    """
    if isinstance(text, str):
        value = _load(text)
        brackets = text.count("[") + text.count("{")
        return _Filled("", ()).fill(value) if brackets > DEEPEST or _SURROGATE.search(text) else value
    mark = _unused_mark("".join(part for part in text.parts if isinstance(part, str)))
    marked, holes = _marked(text, mark)
    return _Filled(mark, holes).fill(_load(marked))


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
    for part in text.parts:
        if isinstance(part, str):
            quoted, escaped = _state_after(part, quoted, escaped)
            result.append(part)
            continue
        if escaped:
            raise JsonError("invalid JSON: an unknown piece follows a backslash")
        result.append(f"{mark}p{len(holes)}{mark}" if quoted else f'"{mark}v{len(holes)}{mark}"')
        holes.append(part)
    return "".join(result), tuple(holes)


_QUOTE_OR_ESCAPE = re.compile(r'"|\\')


def _state_after(text: str, quoted: bool, escaped: bool) -> tuple[bool, bool]:
    position = 1 if escaped and text else 0
    while (match := _QUOTE_OR_ESCAPE.search(text, position)) is not None:
        if match[0] == '"':
            quoted, position = not quoted, match.end()
        elif match.end() == len(text):
            return quoted, True
        else:
            position = match.end() + 1
    return quoted, False


class _Filled:
    """Puts the holes back, checks the depth, and replaces what is no Unicode."""

    def __init__(self, mark: str, holes: tuple[Unknown | Reference, ...]) -> None:
        self.mark = mark
        self.holes = holes

    def fill(self, value: Any, depth: int = 0) -> Value:
        if depth > DEEPEST:
            raise JsonError(f"the JSON text is nested more than {DEEPEST} levels deep")
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.fill(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return self._object(value, depth)
        return value

    def _object(self, members: dict[str, Any], depth: int) -> Value:
        filled: dict[str, Value] = {}
        for key, value in members.items():
            name = self._text(key)
            if not isinstance(name, str):
                return Unknown(f"one of its keys, {name}, is not known")
            filled[name] = self.fill(value, depth + 1)
        return filled

    def _text(self, text: str) -> Value:
        if not text.isascii():
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if not self.mark or self.mark not in text:
            return text
        pieces = text.split(self.mark)
        return join(
            [self.holes[int(piece[1:])] if index % 2 else piece for index, piece in enumerate(pieces)]
        )
