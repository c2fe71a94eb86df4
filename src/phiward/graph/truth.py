"""Kleene's connectives over `True`, `False` and `Unknown`, for facts that are computed from attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from phiward.model.value import Deployed, Partial, Reference, Unknown, Value, left_to_the_provider, undecided, unknowns

Truth: TypeAlias = bool | Unknown


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return true where one is true; else the first unknown, if there is one; else false."""
    open_question: Truth = False
    for part in parts:
        if part is True:
            return True
        if isinstance(part, Unknown) and open_question is False:
            open_question = part
    return open_question


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return false where one is false; else the first unknown, if there is one; else true."""
    open_question: Truth = True
    for part in parts:
        if part is False:
            return False
        if isinstance(part, Unknown) and open_question is True:
            open_question = part
    return open_question


def negate(part: Truth) -> Truth:
    return part if isinstance(part, Unknown) else not part


def why(value: Value) -> Unknown:
    """Give the reason for which an undecided value is undecided: where it is deployed only where nothing else is."""
    deployed: Unknown | None = None
    for unknown in unknowns(value):
        if not isinstance(unknown, Deployed):
            return unknown
        deployed = deployed or unknown
    if deployed is not None:
        return deployed
    if isinstance(value, Reference):
        return left_to_the_provider(value)
    if isinstance(value, Partial):
        return left_to_the_provider(next(part for part in value.parts if isinstance(part, Reference)))
    return Unknown(f"{value} is decided only when it is applied")


def written(value: Value) -> Truth:
    """Whether something is written: what may be null is unknown, a reference is not.

    A list of nothing but unknowns may stand for none: each of them may be a `dynamic` block of an unknown number.
    """
    if isinstance(value, list):
        open_questions = [part for part in value if isinstance(part, Unknown)]
        return open_questions[0] if value and len(open_questions) == len(value) else bool(value)
    return value if isinstance(value, Unknown) else value not in (None, "")


def flag(value: Value, *, default: bool) -> Truth:
    """Read a boolean attribute as Terraform does: `true`, `"true"`; `default` where it is not written."""
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return why(value) if undecided(value) else Unknown(f"{value!r} is not a boolean")


def equals(value: Value, expected: str) -> Truth:
    """Whether a word of the source is `expected`, letter case left aside; an absent one is not."""
    if undecided(value):
        return why(value)
    return isinstance(value, str) and value.lower() == expected.lower()


def one_of(value: Value, expected: Iterable[str]) -> Truth:
    """Whether a word of the source is among `expected` (given in lower case)."""
    if undecided(value):
        return why(value)
    return isinstance(value, str) and value.lower() in expected


def listed(value: Value) -> list[Value]:
    """Read a value that may stand alone or in a list as a list; absent is empty."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
