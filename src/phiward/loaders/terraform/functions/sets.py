"""Sets: setintersection, setproduct, setsubtract, setunion."""

from __future__ import annotations

import itertools
import math

from phiward.loaders.terraform.convert import common, convert, list_value, make_set, set_of, set_value
from phiward.loaders.terraform.functions.conversion import elements_of, identity
from phiward.loaders.terraform.functions.equality import equal
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.parameters import to_set
from phiward.loaders.terraform.functions.undecided import closed, unknown
from phiward.loaders.terraform.value_types import ANY, Type, type_of, unify
from phiward.model.value import SetValue, Value, plain, undecided

_MOST_COMBINATIONS = 100_000


def _common(sets: tuple[Value, ...]) -> tuple[list[SetValue], Type]:
    """The sets, and the type of their elements, brought to one type."""
    found = unify(map(type_of, sets))
    if found is None:
        raise FunctionError("all sets must have the same element type")
    return [convert(items, found) for items in sets], found.element or ANY


def _union(*sets: Value) -> Value:
    if any(map(undecided, sets)):
        known = make_set(element for items in sets if not undecided(items) for element in items)
        unsettled = unknown(*(items for items in sets if undecided(items)))
        return set_value([*known, unsettled], ANY) if known else unsettled
    alike, element = _common(sets)
    return set_of((item for items in alike for item in items), element)


def _intersection(*sets: Value) -> Value:
    if any(undecided(items) or not plain(items) for items in sets):
        return unknown(*sets)
    (first, *others), element = _common(sets)
    keys = [{identity(item) for item in items} for items in others]
    return set_of((item for item in first if all(identity(item) in key for key in keys)), element)


def _subtract(left: Value, right: Value) -> Value:
    if undecided(left) or undecided(right):
        return unknown(left, right)
    (kept, taken), element = _common((left, right))
    result: list[Value] = []
    for item in kept:
        same = [equal(item, other) for other in taken]
        if None in same and True not in same:
            return unknown(left, right)
        if True not in same:
            result.append(item)
    return set_of(result, element)


def _product(*sets: Value) -> Value:
    if len(sets) < 2:  # noqa: PLR2004 - a product has two factors
        raise FunctionError("at least two arguments are required")
    if any(undecided(items) or not closed(items) for items in sets):
        return unknown(*sets)
    factors = [common(elements_of(items, "a set or a list is required; a list is")) for items in sets]
    if math.prod(len(items) for items, _ in factors) > _MOST_COMBINATIONS:
        raise CannotTell(f"the product has more than {_MOST_COMBINATIONS} elements")
    rows = (list(row) for row in itertools.product(*(items for items, _ in factors)))
    row_type = Type("tuple", items=tuple(element for _, element in factors))
    return (set_of if any(isinstance(items, SetValue) for items in sets) else list_value)(rows, row_type)


def _anything(value: Value) -> Value:
    return value


_SET = Parameter("first_set", to_set)
_SETS = Parameter("other_sets", to_set)

FUNCTIONS = {
    "setintersection": Function(typed(_intersection, _SET, rest=_SETS), partial=True),
    "setproduct": Function(typed(_product, rest=Parameter("sets", _anything)), partial=True),
    "setsubtract": Function(typed(_subtract, Parameter("a", to_set), Parameter("b", to_set)), partial=True),
    "setunion": Function(typed(_union, _SET, rest=_SETS), partial=True),
}
