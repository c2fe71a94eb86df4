"""How large a value is when it is walked through: one list that stands in another twice counts twice."""

from __future__ import annotations

from phiward.model.value import Value

MAX_ELEMENTS = 250_000
"""More than any configuration means; locals that hold the one before twice reach it after 17 of them."""


def too_large(value: list[Value] | dict[str, Value]) -> bool:
    """Whether the value has more elements inside than anything should walk through."""
    return _weight(value, {}) > MAX_ELEMENTS


def _weight(value: list[Value] | dict[str, Value], known: dict[int, int]) -> int:
    """The number of elements at every depth; each list or map is looked at once, however often it stands there."""
    found = known.get(id(value))
    if found is None:
        found = len(value)
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, (list, dict)):
                found += _weight(item, known)
        known[id(value)] = found
    return found
