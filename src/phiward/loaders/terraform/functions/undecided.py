"""Working with values of which parts are not decided: reasons, open lists, three-valued equality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phiward.loaders.terraform.functions.conversion import identity, kind
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


def equal(left: Value, right: Value) -> bool | None:
    """Terraform's `==`; `None` where it is not decided."""
    if isinstance(left, (Unknown, Reference)) or isinstance(right, (Unknown, Reference)):
        return _equal_undecided(left, right)
    if kind(left) != kind(right):
        return False
    if isinstance(left, Partial) or isinstance(right, Partial):
        return _equal_texts(left, right)
    if isinstance(left, list):
        if not (closed(left) and closed(right)):
            return None
        return len(left) == len(right) and _all_equal(zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and _all_equal((left[key], right[key]) for key in left)
    return identity(left) == identity(right)


def _equal_undecided(left: Value, right: Value) -> bool | None:
    if isinstance(left, Reference) and left == right:
        return True
    if (left is None and never_null(right)) or (right is None and never_null(left)):
        return False
    return None


def _all_equal(pairs: Any) -> bool | None:
    result: bool | None = True
    for left, right in pairs:
        one = equal(left, right)
        if one is False:
            return False
        if one is None:
            result = None
    return result


def edges(value: str | Partial) -> tuple[str, str]:
    """The known text at the start and at the end."""
    if isinstance(value, str):
        return value, value
    first, last = value.parts[0], value.parts[-1]
    return (first if isinstance(first, str) else ""), (last if isinstance(last, str) else "")


def _equal_texts(left: str | Partial, right: str | Partial) -> bool | None:
    if left == right and not any(isinstance(part, Unknown) for part in _parts(left)):
        return True
    (start, end), (other_start, other_end) = edges(left), edges(right)
    if not (start.startswith(other_start) or other_start.startswith(start)):
        return False
    if not (end.endswith(other_end) or other_end.endswith(end)):
        return False
    if isinstance(left, str) or isinstance(right, str):
        whole, pieces = (str(left), right) if isinstance(left, str) else (str(right), left)
        if len(whole) < sum(len(part) for part in _parts(pieces) if isinstance(part, str)):
            return False
    return None


def _parts(value: str | Partial) -> tuple[str | Unknown | Reference, ...]:
    return value.parts if isinstance(value, Partial) else (value,)


def map_pieces(value: str | Partial, change: Callable[[str], str], what: str) -> Value:
    """The string with its known pieces changed; the others become unknown, as `what` of them is."""
    return join([change(part) if isinstance(part, str) else changed_piece(part, what) for part in _parts(value)])


def changed_piece(part: Unknown | Reference, what: str) -> Unknown:
    """The piece after a function that may change it."""
    return part if isinstance(part, Unknown) else Unknown(f"{what} of {part} is known only once it is applied")
