"""What the parameters of functions convert to: lists and sets of one type."""

from __future__ import annotations

from phiward.loaders.terraform.convert import convert, list_value
from phiward.loaders.terraform.value_types import ANY, BOOL, STRING, Type
from phiward.model.value import ListValue, Value

_BOOLS, _STRINGS, _UNIFORM, _SET = (
    Type(kind, element) for kind, element in (("list", BOOL), ("list", STRING), ("list", ANY), ("set", ANY))
)


def to_bools(value: Value) -> Value:
    """The conversion to a list of booleans; what is not decided stays, here and below."""
    return convert(value, _BOOLS)


def to_strings(value: Value) -> Value:
    """The conversion to a list of strings."""
    return convert(value, _STRINGS)


def to_uniform_list(value: Value) -> Value:
    """The conversion to a list of any one type."""
    return convert(value, _UNIFORM)


def to_set(value: Value) -> Value:
    """The conversion to a set of any one type."""
    return convert(value, _SET)


def strings(items: list[str]) -> ListValue:
    """A list of strings."""
    return list_value(items, STRING)
