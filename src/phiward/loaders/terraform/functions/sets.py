"""Sets: setintersection, setproduct, setsubtract, setunion."""

from __future__ import annotations

import itertools
import math

from phiward.loaders.terraform.functions.conversion import elements_of, identity, make_set, unify
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.undecided import closed, equal, unknown
from phiward.model.value import SetValue, Value, plain, undecided

_MOST_COMBINATIONS = 100_000


def _common(sets: tuple[Value, ...]) -> list[list[Value]]:
    """The sets' elements, all brought to one type."""
    flat = iter(unify([element for items in sets for element in items]))
    return [[next(flat) for _ in items] for items in sets]


def _union(*sets: Value) -> Value:
    if any(map(undecided, sets)):
        known = make_set(element for items in sets if not undecided(items) for element in items)
        unsettled = unknown(*(items for items in sets if undecided(items)))
        return SetValue([*known, unsettled]) if known else unsettled
    return make_set(element for items in _common(sets) for element in items)


def _intersection(*sets: Value) -> Value:
    if any(undecided(items) or not plain(items) for items in sets):
        return unknown(*sets)
    first, *others = _common(sets)
    keys = [{identity(element) for element in items} for items in others]
    return make_set(element for element in first if all(identity(element) in key for key in keys))


def _subtract(left: Value, right: Value) -> Value:
    if undecided(left) or undecided(right):
        return unknown(left, right)
    kept, taken = _common((left, right))
    result: list[Value] = []
    for element in kept:
        same = [equal(element, other) for other in taken]
        if None in same and True not in same:
            return unknown(left, right)
        if True not in same:
            result.append(element)
    return make_set(result)


def _product(*sets: Value) -> Value:
    if len(sets) < 2:  # noqa: PLR2004 - a product has two factors
        raise FunctionError("at least two arguments are required")
    if any(undecided(items) or not closed(items) for items in sets):
        return unknown(*sets)
    factors = [unify(elements_of(items, "a set or a list is required; a list is")) for items in sets]
    if math.prod(map(len, factors)) > _MOST_COMBINATIONS:
        raise CannotTell(f"the product has more than {_MOST_COMBINATIONS} elements")
    rows = [list(row) for row in itertools.product(*factors)]
    return make_set(rows) if any(isinstance(items, SetValue) for items in sets) else rows


def _to_set(value: Value) -> Value:
    return value if undecided(value) else make_set(elements_of(value, "set of any single type"))


def _anything(value: Value) -> Value:
    return value


_SET = Parameter("first_set", _to_set)
_SETS = Parameter("other_sets", _to_set)

FUNCTIONS = {
    "setintersection": Function(typed(_intersection, _SET, rest=_SETS), partial=True),
    "setproduct": Function(typed(_product, rest=Parameter("sets", _anything)), partial=True),
    "setsubtract": Function(typed(_subtract, Parameter("a", _to_set), Parameter("b", _to_set)), partial=True),
    "setunion": Function(typed(_union, _SET, rest=_SETS), partial=True),
}
