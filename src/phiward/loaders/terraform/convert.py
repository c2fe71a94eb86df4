"""Values -> values of another type, as Terraform converts them, and its collections: lists, sets and maps of one type.

Source: developer.hashicorp.com/terraform/language/expressions/type-constraints, "Conversion of Complex Types".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import identity, set_order, to_bool, to_number, to_text
from phiward.loaders.terraform.functions.errors import FunctionError
from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.loaders.terraform.syntax import Expression
from phiward.loaders.terraform.value_types import (
    ANY,
    OF_SCALARS,
    OPEN,
    PRIMITIVES,
    Type,
    element_of,
    mentions,
    of_nothing,
    settled,
    type_of,
    unify,
)
from phiward.model.value import ListValue, MapValue, Reference, Sensitive, SetValue, Unknown, Value, undecided
from phiward.record import dataclass

Collection = TypeVar("Collection", ListValue, SetValue, MapValue)
_CONVERSIONS: dict[str, Callable[[Value], Value]] = {"string": to_text, "number": to_number, "bool": to_bool}


@dataclass(slots=True, frozen=True)
class Lookups:
    """What a conversion may ask: for the default of an optional attribute, and what a reference points to."""

    default: Callable[[Expression], Value]
    resolve: Callable[[Reference], Value]


NO_LOOKUPS = Lookups(lambda _: None, lambda reference: reference)
"""For types of values, which have no optional attributes, where references stay what they are."""


def convert(value: Value, type_: Type, lookups: Lookups = NO_LOOKUPS) -> Value:
    """The value as the type wants it. Raises EvaluationError where Terraform would refuse it.

    A reference is followed where its value may have to be converted; one that becomes a string stays a reference.
    """
    if type_.kind in OPEN or value is None:
        return value
    if isinstance(value, Reference) and type_.kind != "string":
        found = lookups.resolve(value)
        value = value if isinstance(found, Unknown) else found
    if undecided(value):
        return value
    if type_.kind in PRIMITIVES:
        return _CONVERSIONS[type_.kind](value)
    if type_.kind in ("list", "set", "tuple"):
        return _sequence(value, type_, lookups)
    if not isinstance(value, dict):
        raise EvaluationError(f"a {type_.kind} is required, not {describe(value)}")
    if type_.kind == "object":
        return _object(value, type_, lookups)
    items, element = _elements(value, type_.element or ANY, lookups)
    return map_value(dict(zip(value, items, strict=True)), element)


def _sequence(value: Value, type_: Type, lookups: Lookups) -> Value:
    if not isinstance(value, list):
        raise EvaluationError(f"a {type_.kind} is required, not {describe(value)}")
    if type_.kind == "tuple" and isinstance(value, OpenList):
        return value  # of no certain length
    if type_.kind == "tuple":
        if len(value) != len(type_.items):
            raise EvaluationError(f"a tuple of {len(type_.items)} elements is required, not of {len(value)}")
        return [convert(item, kind, lookups) for item, kind in zip(value, type_.items, strict=True)]
    items, element = _elements(value, type_.element or ANY, lookups)
    if type_.kind == "set":
        return set_of(items, element)
    if isinstance(value, (OpenList, SetValue)) and any(map(undecided, items)):
        return OpenList(items) if isinstance(value, OpenList) else set_value(items, element)
    return list_value(items, element)


def _elements(collection: list[Value] | dict[str, Value], type_: Type, lookups: Lookups) -> tuple[list[Value], Type]:
    """The elements of a collection, all of one type; `any` means the one type that fits them all."""
    values = list(collection.values()) if isinstance(collection, dict) else collection
    if type_.kind in OPEN:
        if isinstance(collection, (ListValue, SetValue, MapValue)):
            return values, element_of(collection)
        return common(values)
    if not values:
        return values, of_nothing(type_)
    items = [convert(item, type_, lookups) for item in values]
    return (items, type_) if settled(type_) else common(items)


def _object(value: dict[str, Value], type_: Type, lookups: Lookups) -> Value:
    result = {}
    for name, (kind, optional, node) in type_.attributes.items():
        given = value.get(name)
        if given is not None:
            result[name] = convert(given, kind, lookups)
        elif name in value or optional:
            result[name] = None if node is None else convert(lookups.default(node), kind, lookups)
        else:
            raise EvaluationError(f"attribute {name!r} is required")
    return result


def common(values: Iterable[Value]) -> tuple[list[Value], Type]:
    """The values brought to one type, and the type. Raises `FunctionError` where none fits them all."""
    items = list(values)
    classes = set(map(type, items))
    if len(classes) == 1 and classes <= OF_SCALARS.keys():
        return items, OF_SCALARS[classes.pop()]
    found = _common_type(items)
    items = [convert(item, found) for item in items]
    if mentions(found, ("nothing",)):  # an empty collection takes the type of another element after all
        found = _common_type(items)
        items = [convert(item, found) for item in items]
    return items, found


def _common_type(items: list[Value]) -> Type:
    found = unify(map(type_of, items))
    if found is None:
        raise FunctionError("all elements must have the same type")
    return found


def describe(value: Value) -> str:
    """The kind of a value in words; never the value, which may be sensitive."""
    names = {str: "a string", bool: "a bool", int: "a number", float: "a number", list: "a tuple", dict: "an object"}
    names |= {ListValue: "a list", SetValue: "a set", MapValue: "a map", Sensitive: "a string"}
    return "null" if value is None else names.get(type(value), "a value that is not known")


def list_value(items: Iterable[Value], element: Type | None = None) -> ListValue:
    """A list of elements of one type, which may be left out where there are elements."""
    return _of(ListValue(items), element)


def set_value(items: Iterable[Value], element: Type) -> SetValue:
    """A set of elements that are in order and unique already."""
    return _of(SetValue(items), element)


def map_value(items: dict[str, Value], element: Type) -> MapValue:
    """A map of elements of one type."""
    return _of(MapValue(items), element)


def _of(collection: Collection, element: Type | None) -> Collection:
    """The collection with the type of its elements. That there are none says nothing of one that has some."""
    if element is not None and not (collection and element.kind == "nothing"):
        collection.element = element
    return collection


def make_set(values: Iterable[Value]) -> SetValue:
    """The set of the values, brought to one type. Raises `FunctionError`."""
    return set_of(*common(values))


def set_of(items: Iterable[Value], element: Type) -> SetValue:
    """The set of elements that are of one type."""
    unique: dict[Hashable, Any] = {}
    for item in items:
        unique.setdefault(identity(item), item)
    return set_value(sorted(unique.values(), key=set_order), element)
