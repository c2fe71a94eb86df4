"""Values as JSON, so that undecided ones stay what they are, and JSON that every strict reader takes."""

from __future__ import annotations

import json
import re
from typing import Any

from phiward.model.location import Location
from phiward.model.value import Partial, Reference, Sensitive, Unknown, Value
from phiward.pattern import pattern

_RESERVED = frozenset({"unknown", "reference", "partial", "sensitive", "map"})
_DEEPEST = 64
_WIDEST_INTEGER = 4096
_PLAIN = frozenset({str, bool, type(None)})
_SURROGATES = pattern(r"\\(?:[^u]|u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|u....)")
_ENCODE = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def plain(value: Value, depth: int = 0) -> Any:
    """Return a value as JSON can hold it.

    `{"unknown": reason, "hint": ...}`, `{"reference": ...}`, `{"partial": ...}`, `{"sensitive": true}`, and
    `{"map": {...}}` around a mapping whose own keys could be taken for one of these.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Sensitive):
        return {"sensitive": True}
    if isinstance(value, (int, float)):
        return _number(value)
    if depth > _DEEPEST:
        return {"unknown": "nested too deeply to print", "hint": ""}
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        entries = {str(key): plain(item, depth + 1) for key, item in value.items()}
        return entries if _RESERVED.isdisjoint(entries) else {"map": entries}
    return _undecided(value)


def _number(value: float) -> Any:
    """JSON has no infinities, and Python refuses to print integers of more than 4,300 digits."""
    if isinstance(value, int):
        return value if value.bit_length() <= _WIDEST_INTEGER else hex(value)
    finite = value - value == 0
    return value if finite else str(value)


def _undecided(value: Value) -> Any:
    if isinstance(value, Unknown):
        return {"unknown": value.reason, "hint": value.hint}
    if isinstance(value, Reference):
        return {"reference": str(value)}
    if isinstance(value, Partial):
        return {"partial": f"{value}"}
    return f"{value}"


def place(location: Location) -> dict[str, Any]:
    """Return a location as the JSON report holds it."""
    span = location.span
    return {
        "path": location.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        **({"call": location.call._asdict()} if location.call is not None else {}),
    }


def dumps(value: Any) -> str:
    """Compact ASCII JSON. Lone surrogates, which strict readers refuse, become visible as text."""
    text = _ENCODE(value)
    return _SURROGATES.sub(_paired, text) if "\\ud" in text else text


def _paired(match: re.Match[str]) -> str:
    escape = match.group()
    lone = len(escape) == len("\\udc80") and escape[2] in "dD" and escape[3] not in "01234567"
    return "\\" + escape if lone else escape
