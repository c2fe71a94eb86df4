"""Following a compiled path into attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from phiward.graph.truth import why
from phiward.model.resource import AttributePath
from phiward.model.value import Partial, Reference, Unknown, Value, undecided

Step = str | int
Resolve = Callable[[Reference], Value]


class _Missing:
    """Nothing is written there: neither a value nor an unknown."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


def read_path(
    value: Any, path: Sequence[Step], resolve: Resolve, at: AttributePath = ()
) -> tuple[Value, AttributePath]:
    """The value at a path and where it stands; `MISSING` where nothing (or null) is written.

    A list is entered at its first element unless the path says `[]` (all, flattened) or an index.
    """
    for position, key in enumerate(path):
        if isinstance(value, dict) and key != "[]":  # nearly every step
            value, at = value.get(str(key), MISSING), (*at, key)
            continue
        if isinstance(value, Reference):
            value = resolve(value)
        if undecided(value):
            return why(value), at
        if value is None or value is MISSING:
            return MISSING, at
        if key == "[]":
            return _every(value, path[position + 1 :], resolve, at), at
        if isinstance(value, list) and isinstance(key, str):
            if not value:
                return MISSING, at
            value, at = _first(value, resolve), (*at, 0)
            if isinstance(value, (Unknown, Partial)):
                return why(value), at
        if not isinstance(value, (dict, list)) or (isinstance(value, list) and not isinstance(key, int)):
            return MISSING, at
        value, at = _step(value, key), (*at, key)
    return (MISSING if value is None else value), at


def _first(value: list[Any], resolve: Resolve) -> Value:
    first = value[0]
    return resolve(first) if isinstance(first, Reference) else first


def _step(value: Value, key: Step) -> Value:
    if isinstance(value, dict):
        return value.get(str(key), MISSING)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else MISSING


def _every(value: Value, rest: Sequence[Step], resolve: Resolve, at: AttributePath) -> Value:
    """`[]`: the rest of the path in every element, as one flat list."""
    found: list[Value] = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        inner, _ = read_path(item, rest, resolve, (*at, index))
        if isinstance(inner, list):
            found.extend(inner)
        elif inner is not MISSING:
            found.append(inner)
    return found


def inner(value: Value, *names: str) -> Value:
    """A field inside of mappings that are in hand: unknown where one of them is, None where nothing is written."""
    for name in names:
        if undecided(value):
            return why(value)
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items(value: Value) -> list[Value]:
    """The elements of a list that is in hand, undecided ones as `Unknown`; one `Unknown` where it is not known."""
    if undecided(value):
        return [why(value)]
    return [why(item) if undecided(item) else item for item in value] if isinstance(value, list) else []


def outline(name: Unknown | Partial) -> re.Pattern[str]:
    """What a name that is not known, or only in part, may turn out to be."""
    parts = name.parts if isinstance(name, Partial) else (name,)
    return re.compile("".join(re.escape(part) if isinstance(part, str) else ".*" for part in parts), re.DOTALL)
