"""Working with values of which parts are not decided: reasons, open lists, strings with gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phiward.model.value import Partial, Reference, SetValue, Unknown, Value, join, undecided

# What every resource has once it exists, so that a reference to it is neither null nor empty.
_ALWAYS_SET = frozenset({"arn", "id"})


class OpenList(list[Any]):
    """A list of which an undecided element may stand for any number of elements, none included.

    `concat(["a"], var.b)` without a value for `b` is `OpenList(["a", Unknown(...)])`: that "a" is in it is known, how
    many elements there are is not. Of what stands after the first undecided element, not even the place is known.
    """

    __slots__ = ()


def first_undecided(*values: Value) -> Unknown | Reference | None:
    """The first undecided part inside of the values, unknown ones before references."""
    reference: Reference | None = None
    stack = list(reversed(values))
    while stack:
        value = stack.pop()
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Reference):
            reference = reference or value
        elif isinstance(value, Partial):
            stack.extend(reversed(value.parts))
        elif isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            stack.extend(reversed(value.values()))
    return reference


def unknown(*values: Value) -> Unknown:
    """An `Unknown` for what follows from the values, with the reason of their first undecided part."""
    found = first_undecided(*values)
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Unknown("it depends on a value that is not decided")
    return Unknown(f"it depends on {found}, which is known only once it is applied")


def closed(value: list[Value]) -> bool:
    """Whether the number of elements, and the place of each, is known."""
    return not isinstance(value, (SetValue, OpenList)) or not any(map(undecided, value))


def known_length(value: list[Value]) -> int:
    """How many leading elements stand where the finished list has them."""
    if closed(value):
        return len(value)
    if isinstance(value, SetValue):
        return 0
    return next(index for index, element in enumerate(value) if undecided(element))


def sequence(elements: list[Value], is_open: bool) -> list[Value]:
    """The elements as a plain or an open list."""
    return OpenList(elements) if is_open and any(map(undecided, elements)) else elements


def never_null(value: Value) -> bool:
    """Whether the value is certainly neither null nor an empty string."""
    if isinstance(value, Reference):
        return bool(value.path) and value.path[-1] in _ALWAYS_SET
    if isinstance(value, Partial):
        return any(isinstance(part, str) or never_null(part) for part in value.parts)
    return value is not None and value != "" and not isinstance(value, Unknown)


def edges(value: str | Partial) -> tuple[str, str]:
    """The known text at the start and at the end."""
    if isinstance(value, str):
        return value, value
    first, last = value.parts[0], value.parts[-1]
    return (first if isinstance(first, str) else ""), (last if isinstance(last, str) else "")


def map_pieces(value: str | Partial, change: Callable[[str], str], what: str) -> Value:
    """The string with its known pieces changed; the others become unknown, as `what` of them is."""
    return join([change(part) if isinstance(part, str) else changed_piece(part, what) for part in pieces_of(value)])


def changed_piece(part: Unknown | Reference, what: str) -> Unknown:
    """The piece after a function that may change it."""
    return part if isinstance(part, Unknown) else Unknown(f"{what} of {part} is known only once it is applied")


def pieces_of(value: str | Partial) -> tuple[str | Unknown | Reference, ...]:
    """The pieces of a string, which has but one where it is decided."""
    return value.parts if isinstance(value, Partial) else (value,)
