"""Conversions: tobool, tolist, tomap, tonumber, toset, tostring; sensitive, nonsensitive, issensitive."""

from __future__ import annotations

from phiward.loaders.terraform.convert import convert
from phiward.loaders.terraform.functions.conversion import (
    elements_of,
    to_bool,
    to_number,
    to_text,
)
from phiward.loaders.terraform.functions.errors import FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.parameters import to_set, to_uniform_list
from phiward.loaders.terraform.functions.undecided import OpenList, closed, unknown
from phiward.loaders.terraform.value_types import ANY, Type
from phiward.model.value import Sensitive, Unknown, Value, like, undecided


def _tolist(value: Value) -> Value:
    if value is None or undecided(value):
        return value
    elements = elements_of(value)
    return to_uniform_list(elements) if closed(elements) or isinstance(elements, OpenList) else unknown(elements)


def _toset(value: Value) -> Value:
    return value if value is None or undecided(value) else to_set(elements_of(value, "set of any single type"))


def _tomap(value: Value) -> Value:
    if value is None or undecided(value):
        return value
    if not isinstance(value, dict):
        raise FunctionError("map of any single type required")
    return convert(value, Type("map", ANY))


def _strings_changed(value: Value, change: type[str]) -> Value:
    """The value with every string inside made one of `change`; sets and open lists stay what they are."""
    if isinstance(value, list):
        return like(value, [_strings_changed(item, change) for item in value])
    if isinstance(value, dict):
        return like(value, {key: _strings_changed(item, change) for key, item in value.items()})
    return change(value) if isinstance(value, str) else value


def _sensitive(value: Value) -> Value:
    return _strings_changed(value, Sensitive)


def _nonsensitive(value: Value) -> Value:
    return _strings_changed(value, str)


def _is_sensitive(value: Value) -> Value:
    if isinstance(value, str):
        return isinstance(value, Sensitive)
    return Unknown("whether a value other than a string is sensitive is not followed")


def _ephemeral_as_null(value: Value) -> Value:
    return value


def _anything(value: Value) -> Value:
    return value


_VALUE = Parameter("v", _anything, null=True)


def _kept(value: Value) -> Value:
    return value


FUNCTIONS = {
    "ephemeralasnull": Function(typed(_ephemeral_as_null, _VALUE), partial=True),
    "issensitive": Function(typed(_is_sensitive, _VALUE), partial=True),
    "nonsensitive": Function(typed(_nonsensitive, _VALUE), partial=True),
    "sensitive": Function(typed(_sensitive, _VALUE), partial=True),
    "tobool": Function(typed(_kept, Parameter("v", to_bool, null=True)), partial=True, converts=True),
    "tolist": Function(typed(_tolist, _VALUE), partial=True, converts=True),
    "tomap": Function(typed(_tomap, _VALUE), partial=True, converts=True),
    "tonumber": Function(typed(_kept, Parameter("v", to_number, null=True)), partial=True, converts=True),
    "toset": Function(typed(_toset, _VALUE), partial=True, converts=True),
    "tostring": Function(typed(_kept, Parameter("v", to_text, null=True)), partial=True),
}
