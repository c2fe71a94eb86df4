"""Terraform's conversions between types, and the comparisons that rest on them.

Lists and tuples are one Python list here, maps and objects one dict: what Terraform decides by telling them
apart (whether `concat` converts `[1]` and `["a"]` to strings) is decided as for tuples and objects, the
types of literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.model.value import Partial, Reference, SetValue, Unknown, Value, undecided

Number = int | float

# Terraform computes with 512 bits; past them its digits are no longer exact, and ours would differ.
_LARGEST = 1 << 512
_FLOAT_DIGITS = 15
_MOST_DIGITS = 400
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,6})?")
_PRIMITIVES = frozenset({"string", "number", "bool"})


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


def list_of(convert: Callable[[Value], Value]) -> Callable[[Value], Value]:
    """The conversion to a list of one type; undecided lists stay."""

    def to_list(value: Value) -> Value:
        if undecided(value):
            return value
        return rebuilt(value, [convert(element) for element in elements_of(value)])

    return to_list


def rebuilt(like: Value, elements: list[Value]) -> list[Value]:
    """The elements as a list of the kind of `like`, which may be open; a decided set becomes a list."""
    return elements if isinstance(like, SetValue) and not any(map(undecided, elements)) else _same(like, elements)


def _same(like: list[Value], elements: list[Value]) -> list[Value]:
    made: list[Value] = type(like)(elements)
    return made


def to_uniform_list(value: Value) -> Value:
    """The conversion to a list of any one type."""
    if undecided(value):
        return value
    return rebuilt(value, unify(elements_of(value)))


def unify(values: Sequence[Value]) -> list[Value]:
    """The values brought to one type, as Terraform finds it. Raises `FunctionError` where there is none."""
    kinds = {kind(value) for value in values} - {"null", "unknown"}
    if len(kinds) <= 1 and not kinds - _PRIMITIVES:
        return list(values)
    if kinds <= _PRIMITIVES and "string" in kinds:
        return [to_text(value) for value in values]
    if kinds <= {"list", "set"}:
        return _unify_lists(values)
    if kinds == {"map"}:
        return _unify_maps(values)
    raise FunctionError("all elements must have the same type")


def _unify_lists(values: Sequence[Value]) -> list[Value]:
    lists = [value for value in values if isinstance(value, list)]
    if any(isinstance(value, SetValue) for value in lists) or len({len(value) for value in lists}) > 1:
        return _unify_flat(values, lists)
    try:
        columns = [unify(column) for column in zip(*lists, strict=True)]
    except FunctionError:
        return _unify_flat(values, lists)
    rows = iter([list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in lists])
    return [next(rows) if isinstance(value, list) else value for value in values]


def _unify_flat(values: Sequence[Value], lists: list[list[Value]]) -> list[Value]:
    flat = iter(unify([element for value in lists for element in value]))
    return [_same(value, [next(flat) for _ in value]) if isinstance(value, list) else value for value in values]


def _unify_maps(values: Sequence[Value]) -> list[Value]:
    maps = [value for value in values if isinstance(value, dict)]
    if len({frozenset(value) for value in maps}) == 1:
        try:
            columns = {key: iter(unify([value[key] for value in maps])) for key in maps[0]}
        except FunctionError:
            pass
        else:
            return [
                {key: next(columns[key]) for key in value} if isinstance(value, dict) else value for value in values
            ]
    flat = iter(unify([element for value in maps for element in value.values()]))
    return [{key: next(flat) for key in value} if isinstance(value, dict) else value for value in values]


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


def make_set(values: Iterable[Value]) -> SetValue:
    """The set of the values, brought to one type. Raises `FunctionError`."""
    unique: dict[Hashable, Value] = {}
    for value in unify(list(values)):
        unique.setdefault(identity(value), value)
    return SetValue(sorted(unique.values(), key=_order))


def _order(value: Value) -> tuple[int, Any]:
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
