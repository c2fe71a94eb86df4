"""Terraform's conversions between primitive types, and the comparisons that rest on them."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Any

from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.model.value import Partial, Reference, SetValue, Unknown, Value, undecided
from phiward.pattern import pattern

Number = int | float

# Terraform computes with 512 bits; past them its digits are no longer exact, and ours would differ.
_LARGEST = 1 << 512
_FLOAT_DIGITS = 15
_MOST_DIGITS = 400
_NUMBER = pattern(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,6})?")


def kind(value: Value) -> str:
    """Terraform's word for the type: string, number, bool, list, set, map, null, or `unknown`."""
    if value is None:
        return "null"
    if isinstance(value, (str, Partial)):
        return "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, SetValue):
        return "set"
    if isinstance(value, list):
        return "list"
    return "map" if isinstance(value, dict) else "unknown"


def nfc(text: str) -> str:
    """The text as Terraform keeps every string: in Unicode's normal form C, unpaired surrogates replaced."""
    if text.isascii():
        return text
    import unicodedata

    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", valid)


def decimal(number: Number) -> Decimal:
    """The decimal that a number stands for: a float is read by its shortest digits, as it was written."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def normal(number: Decimal) -> Number:
    """An `int` where the number is integral, else a `float`.

    A float that does not hold the number exactly has more digits than `number_text` prints. Raises
    `FunctionError` for what is no finite number, `CannotTell` for what neither type can hold.
    """
    if not number.is_finite():
        raise FunctionError("a finite number is required")
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise CannotTell("the number is too large or too small to be evaluated exactly")
    integral = number.to_integral_value()
    if integral == number:
        return int(integral)
    nearest = float(number)
    held = decimal(nearest)
    if held != number and len(held.as_tuple().digits) <= _FLOAT_DIGITS:
        raise CannotTell("the number has more digits than can be held exactly")
    return nearest


def parse_number(text: str) -> Number:
    """The number that a string spells. Raises `FunctionError`."""
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text) or not text.isascii():
        raise FunctionError("a number is required")
    return normal(Decimal(text))


def number_text(number: Number) -> str:
    """The number as Terraform prints it. Raises `FunctionError` where its digits are not known exactly."""
    if isinstance(number, int):
        if abs(number) > _LARGEST:
            raise CannotTell("the number is too large to be printed exactly")
        return str(number)
    exact = decimal(number)
    if not exact.is_finite() or len(exact.as_tuple().digits) > _FLOAT_DIGITS:
        raise CannotTell("the number has more digits than can be printed exactly")
    return format(exact, "f")


def to_text(value: Value) -> Value:
    """Terraform's conversion to string; `null` and undecided values stay."""
    if value is None or isinstance(value, str) or undecided(value):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    raise FunctionError("string required")


def to_number(value: Value) -> Value:
    """Terraform's conversion to number; `null` and undecided values stay."""
    if value is None or isinstance(value, (Unknown, Reference)):
        return value
    if isinstance(value, Partial):
        return Unknown("a number is spelled by a string of which pieces are not known")
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FunctionError("number required")
    return value


def to_whole(value: Value) -> Value:
    """A whole number, for an index or a count."""
    number = to_number(value)
    if isinstance(number, float):
        raise FunctionError("a whole number is required")
    return number


def to_bool(value: Value) -> Value:
    """Terraform's conversion to bool: "true" and "false", and "1" and "0", which it takes with them."""
    if value is None or isinstance(value, (bool, Unknown, Reference)):
        return value
    if isinstance(value, Partial):
        return Unknown("a boolean is spelled by a string of which pieces are not known")
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise FunctionError("a bool is required")


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def elements_of(value: Value, what: str = "list") -> list[Value]:
    """The elements of a list or set. Raises `FunctionError` for anything else."""
    if isinstance(value, list):
        return value
    raise FunctionError(f"{what} required")


def identity(value: Value) -> Hashable:
    """A key that is equal for values that Terraform holds to be the same; `1` and `true` are not.

    What is unknown equals nothing, not even itself: one reason may stand for many values.
    """
    if isinstance(value, SetValue):
        return ("set", tuple(identity(element) for element in value))
    if isinstance(value, list):
        return ("list", tuple(identity(element) for element in value))
    if isinstance(value, dict):
        return ("map", tuple((key, identity(value[key])) for key in sorted(value)))
    if isinstance(value, Unknown) or (isinstance(value, Partial) and any(isinstance(p, Unknown) for p in value.parts)):
        return object()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return ("number", value)
    known: Hashable = value
    return (kind(value), known)


def set_order(value: Value) -> tuple[int, Any]:
    """What Terraform sorts the elements of a set by."""
    if undecided(value):
        return (3, 0)
    if value is None:
        return (2, 0)
    if isinstance(value, (str, bool, int, float)):
        return (0, value)
    return (1, _spelling(value))


def _spelling(value: Value) -> str:
    """What Terraform sorts the composite elements of a set by."""
    if isinstance(value, dict):
        return "<" + "".join(f"{_spelling(value[key])};" for key in sorted(value)) + ">"
    if isinstance(value, list):
        return "<" + "".join(f"{_spelling(element)};" for element in value) + ">"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (int, float)):
        return format(value, ".10g")
    return "~" if value is None else "?"
