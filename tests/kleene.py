"""What a predicate of the pack comes to, worked out from docs/pack.md alone, and values that turn it.

It knows nothing of the engine. A value is plain, `None` where it is absent, or `UNKNOWN`; truth is True, False or None.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Truth = bool | None
CONNECTIVES = ("all", "any", "none")
UNKNOWN = object()
_MOST_ELEMENTS = 60
_NEGATIONS = {
    "not_equals": "equals",
    "not_in": "in",
    "not_matches": "matches",
    "lacks": "contains_any",
    "none": "any",
}
_Operand = Callable[[Any], Any]


def every(truths: Iterable[Truth]) -> Truth:
    found = list(truths)
    return False if False in found else None if None in found else True


def some(truths: Iterable[Truth]) -> Truth:
    return opposite(every(map(opposite, truths)))


def opposite(truth: Truth) -> Truth:
    return None if truth is None else not truth


def holds(predicate: Any, values: Mapping[str, Any], operand: _Operand) -> Truth:
    """What a predicate comes to; a property that is not among the values is one that its type does not have."""
    head = predicate[0]
    if head in CONNECTIVES:
        truths = [holds(part, values, operand) for part in predicate[1]]
        return every(truths) if head == "all" else some(truths) if head == "any" else opposite(some(truths))
    value = values.get(predicate[1])
    if value is UNKNOWN:
        return None
    if head == "test":
        return every(_test(value, operator, asked, operand) for operator, asked in predicate[2])
    elements = [each if isinstance(each, dict) else {"value": each} for each in value or []]
    if head == "some":
        return some(holds(predicate[2], each, operand) for each in elements)
    when, inner = predicate[2], predicate[3]
    asked = [each for each in elements if when is None or holds(when, each, operand)]
    return every(holds(inner, each, operand) for each in asked)


def _test(value: Any, operator: str, operand: Any, operand_of: _Operand) -> Truth:
    if operator in _NEGATIONS:
        return opposite(_test(value, _NEGATIONS[operator], operand, operand_of))
    if operator == "exists":
        return (value is not None) is operand
    if value is None:
        return False
    listed = value if isinstance(value, list) else list(value) if isinstance(value, dict) else [value]
    if operator in ("all", "any"):
        truths = [every(_test(each, kind, asked, operand_of) for kind, asked in operand) for each in listed]
        return every(truths) if operator == "all" else some(truths)
    if operator == "size":
        return every(_test(len(listed), kind, asked, operand_of) for kind, asked in operand)
    return _plain(value, listed, operator, operand_of(operand))


def _plain(value: Any, listed: list[Any], operator: str, operand: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if operator in ("at_least", "at_most"):
        return number and (value >= operand if operator == "at_least" else value <= operand)
    if operator == "matches":
        return isinstance(value, str) and re.search(operand, value) is not None
    if operator in ("equals", "in"):
        return any(_same(value, each) for each in ([operand] if operator == "equals" else operand))
    wanted = [operand] if operator == "contains" else operand
    if isinstance(value, str):
        found = [isinstance(each, str) and each in value for each in wanted]
    else:
        found = [any(_same(own, each) for own in listed) for each in wanted]
    return any(found) if operator == "contains_any" else all(found)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


# -- values


def fitted(predicate: Any, modelled: Callable[[str], bool]) -> Any:
    """An assertion without the properties that a type does not have; None where nothing is left."""
    if predicate[0] not in CONNECTIVES:
        return predicate if modelled(predicate[1]) else None
    kept = [part for each in predicate[1] if (part := fitted(each, modelled)) is not None]
    return [predicate[0], kept] if kept else None


def leaves(predicate: Any) -> Iterator[Any]:
    """Every test, `each` and `some`, but none inside of them."""
    if predicate[0] in CONNECTIVES:
        for part in predicate[1]:
            yield from leaves(part)
    else:
        yield predicate


def pools(predicate: Any, operand: _Operand) -> dict[str, list[Any]]:
    """Values for each property that satisfy, and that violate, what is asked of it."""
    found: dict[str, list[Any]] = {}
    lists = {leaf[1] for leaf in leaves(predicate) if leaf[0] != "test"}
    for leaf in leaves(predicate):
        own = found.setdefault(leaf[1], [None])
        if leaf[0] == "test":
            values = [value for test in leaf[2] for value in _values(test, operand)]
            own += [value for value in values if isinstance(value, list) or leaf[1] not in lists]
        else:
            own += [[each] for each in elements(leaf, operand)] + [[]]
    return found


def elements(leaf: Any, operand: _Operand) -> list[dict[str, Any]]:
    """Elements of a list that satisfy, and that violate, what is asked of each or of some."""
    asked = [part for part in leaf[2:] if part is not None]
    pool = pools(["all", asked], operand)
    product = itertools.islice(itertools.product(*pool.values()), 4000)
    made = [{key: value for key, value in zip(pool, values, strict=True) if value is not None} for values in product]
    return made if len(made) <= _MOST_ELEMENTS else made[:: len(made) // _MOST_ELEMENTS]


def _values(asked: list[Any], operand_of: _Operand) -> list[Any]:
    """Values that satisfy, and that violate, one test."""
    operator, operand = _NEGATIONS.get(asked[0], asked[0]), asked[1]
    if operator == "exists":
        return ["something"]
    if operator in ("all", "any"):
        inner = [value for test in operand for value in _values(test, operand_of)]
        return [[], *([value] for value in inner), inner]
    if operator == "size":
        sizes = [value for test in operand for value in _values(test, operand_of) if isinstance(value, int)]
        return [["something"] * size for size in sizes if size >= 0]
    plain = operand_of(operand)
    if operator in ("at_least", "at_most"):
        return [plain - 1, plain, plain + 1]
    if operator == "equals":
        return [plain, not plain if isinstance(plain, bool) else plain + 1 if isinstance(plain, int) else "another"]
    if operator == "in":
        return [*plain, "another"]
    if operator == "matches":
        return ["another"]
    wanted = [plain] if operator == "contains" else plain
    return [[], list(wanted), *([each] for each in wanted), list(wanted[:-1])]
