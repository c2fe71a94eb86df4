"""Values and hostile names as text that is safe to print.

Names and values come from whoever wrote the scanned files. Nothing of them may move the cursor, colour the
terminal, reverse the reading direction or break a line: whatever is not printable is shown as its escape.
"""

from __future__ import annotations

import re
import unicodedata

from phiward.model.finding import Evidence
from phiward.model.value import Sensitive, Unknown, Value

SENSITIVE = "(sensitive)"
_WORD = re.compile(r"[\w.*/-][\w.:/@*+-]*")
_LONGEST = 160
_LONGEST_MESSAGE = 600
_LONGEST_NAME = 400
_MOST_ITEMS = 12
_DEEPEST = 4
_WIDEST_INTEGER = 256
"""Bits. Python refuses to print integers of more than 4,300 digits, and nobody reads them."""


def clean(text: str) -> str:
    """`text` with control characters, bidi overrides and their like shown as escapes."""
    if text.isprintable():
        return str(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def prose(text: str) -> str:
    """Return a paragraph of the pack on one line."""
    return clean(" ".join(text.split()))


def named(text: str) -> str:
    """Return an address or another name that the input chose, of bounded length."""
    return cut(clean(text[: 2 * _LONGEST_NAME]), _LONGEST_NAME)


def headline(text: str) -> str:
    """Return a message on one line of bounded length: it may quote a value of any size."""
    return cut(prose(text[: 2 * _LONGEST_MESSAGE]), _LONGEST_MESSAGE)


def cells(text: str) -> int:
    """How many terminal columns cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(c) for c in text)


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def cut(text: str, width: int) -> str:
    """Return the beginning of cleaned text, at most `width` columns, with `...` where something was cut."""
    if len(text) <= width and cells(text) <= width:
        return text
    room = width - 3
    used = 0
    for index, character in enumerate(text):
        used += _cells_of(character)
        if used > room:
            return text[:index] + "..."
    return text


def show(value: Value) -> str:
    """Return a value as a person would write it, on one line of bounded length, with secrets left out."""
    return cut(_show(value, 0), _LONGEST)


def _show(value: Value, depth: int) -> str:
    if isinstance(value, str):
        return SENSITIVE if isinstance(value, Sensitive) else quoted(value)
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _WIDEST_INTEGER:
        return f"(an integer of {value.bit_length()} bits)"
    if isinstance(value, (list, dict)):
        return _show_many(value, depth)
    return clean(f"{value}")


def _show_many(value: list[Value] | dict[str, Value], depth: int) -> str:
    opening, closing = "[]" if isinstance(value, list) else "{}"
    if not value:
        return opening + closing
    if depth == _DEEPEST:
        return f"{opening}...{closing}"
    if isinstance(value, list):
        shown = [_show(item, depth + 1) for item in value[:_MOST_ITEMS]]
    else:
        pairs = list(value.items())[:_MOST_ITEMS]
        shown = [f"{quoted(str(key))}: {_show(item, depth + 1)}" for key, item in pairs]
    more = [f"... {len(value) - _MOST_ITEMS} more"] if len(value) > _MOST_ITEMS else []
    return opening + ", ".join(shown + more) + closing


def quoted(text: str) -> str:
    """Return a text in quotes unless it is a plain word: it cannot pass for a command of the log that it stands in."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "..."
    return text if _WORD.fullmatch(text) else '"' + clean(text).replace('"', '\\"') + '"'


def secret(value: Value) -> bool:
    """Whether a sensitive string stands anywhere inside the value."""
    if isinstance(value, list):
        return any(map(secret, value))
    if isinstance(value, dict):
        return any(map(secret, value.values()))
    return isinstance(value, Sensitive) or value == SENSITIVE


def statement(evidence: Evidence) -> str:
    """Return what was read and what the rule asks, if anything: `encryption.at_rest is false, expected true`."""
    expected = evidence.expected
    words = cut(clean(expected), _LONGEST) if type(expected) is str else show(expected)
    asked = f" expected {words}" if words else ""
    name, observed = clean(evidence.property), evidence.observed
    if isinstance(observed, Unknown):
        return f"{name} is unknown: {clean(observed.reason)}" + (f";{asked}" if asked else "")
    by_default = " by default" if evidence.by_default else ""
    return f"{name} is {show(observed)}{by_default}" + (f",{asked}" if asked else "")


def plural(number: int, noun: str) -> str:
    """`1 resource`, `2 resources`, `1,000 resources`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(items: list[str], most: int, between: str = ", ") -> str:
    """Return `a, b and 12 more`: at most `most` of them."""
    rest = len(items) - most
    return between.join(items[:most]) + (f" and {rest:,} more" if rest > 0 else "")
