"""Numbers: abs, ceil, floor, log, max, min, parseint, pow, range, signum, sum."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import repeat, takewhile
from typing import TYPE_CHECKING

from phiward.loaders.terraform.convert import common, list_value
from phiward.loaders.terraform.functions.conversion import (
    Number,
    decimal,
    elements_of,
    normal,
    to_number,
    to_text,
    to_whole,
)
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.value_types import NUMBER
from phiward.model.value import Value

if TYPE_CHECKING:
    from fractions import Fraction

# Terraform's own bound.
_LONGEST_RANGE = 1024
_PRECISION = 512
_MOST_DIGITS = 2000
_BASES = range(2, 63)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CASE_MATTERS_FROM = 37


def _floor(number: Number) -> int:
    return math.floor(number)


def _ceil(number: Number) -> int:
    return math.ceil(number)


def _signum(number: int) -> int:
    return (number > 0) - (number < 0)


def _max(*numbers: Number) -> Number:
    if not numbers:
        raise FunctionError("must pass at least one number")
    return max(numbers)


def _min(*numbers: Number) -> Number:
    if not numbers:
        raise FunctionError("must pass at least one number")
    return min(numbers)


def _from_float(result: float) -> Number:
    """A result that Terraform, too, has computed in 64-bit floating point."""
    if math.isnan(result):
        raise FunctionError("result is not a number")
    if math.isinf(result):
        raise FunctionError("the result is infinite")
    return normal(decimal(result))


def _as_float(number: Number) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise CannotTell("the number is too large") from error


def _pow(number: Number, power: Number) -> Number:
    base, exponent = _as_float(number), _as_float(power)
    try:
        return _from_float(math.pow(base, exponent))
    except OverflowError as error:
        raise FunctionError("the result is infinite") from error
    except ValueError as error:
        raise FunctionError("result is not a number") from error


def _log(number: Number, base: Number) -> Number:
    try:
        return _from_float(math.log(_as_float(number)) / math.log(_as_float(base)))
    except (ValueError, ZeroDivisionError) as error:
        raise FunctionError("the result is not a finite number") from error


def _parse_int(text: Value, base: int) -> int:
    digits = to_text(text)
    if not isinstance(text, str):
        raise FunctionError("first argument must be a string, not a number or bool")
    if base not in _BASES:
        raise FunctionError("base must be a whole number between 2 and 62 inclusive")
    if len(digits) > _MOST_DIGITS:
        raise CannotTell("the number has too many digits")
    body = digits[1:] if digits[:1] in {"+", "-"} else digits
    if base < _CASE_MATTERS_FROM:
        body = body.lower()
    value = 0
    for digit in body:
        place = _DIGITS.find(digit)
        if not 0 <= place < base:
            raise FunctionError(f'cannot parse "{text}" as a base {base} integer')
        value = value * base + place
    if not body:
        raise FunctionError(f'cannot parse "{text}" as a base {base} integer')
    return -value if digits.startswith("-") else value


def _range(*numbers: Number) -> list[Number]:
    match numbers:
        case (end,):
            start, step = 0, 1 if end >= 0 else -1
        case (start, end):
            step = 1 if end >= start else -1
        case (start, end, step):
            pass
        case _:
            raise FunctionError("must have one, two, or three arguments")
    first, last, stride = decimal(start), decimal(end), decimal(step)
    if stride == 0:
        raise FunctionError("step must not be zero")
    if (first < last and stride < 0) or (first > last and stride > 0):
        raise FunctionError(f"step must {'be less than' if stride > 0 else 'be greater than'} zero here")
    if abs((last - first) / stride) > _LONGEST_RANGE:
        raise FunctionError(
            "more than 1024 values were generated; either decrease the difference, or use a smaller step"
        )
    if start == end:
        return list_value([], NUMBER)
    rising = stride > 0
    within = takewhile(lambda number: (number < end) is rising and number != end, _running(start, repeat(step)))
    return list_value(within, NUMBER)


def _binary(number: Fraction) -> Fraction:
    """The number as Terraform keeps it: rounded to 512 binary digits."""
    if not number:
        return number
    from fractions import Fraction

    excess = number.numerator.bit_length() - number.denominator.bit_length() - _PRECISION
    scale = Fraction(2) ** (excess + (abs(number) >= Fraction(2) ** (excess + _PRECISION)))
    return round(number / scale) * scale


def _running(start: Number, steps: Iterable[Number]) -> Iterator[Number]:
    """The sums after each step. Raises `CannotTell` where Terraform's rounding shows in its digits."""
    from fractions import Fraction

    exact = Fraction(decimal(start))
    kept = _binary(exact)
    yield start
    for step in steps:
        exact += Fraction(decimal(step))
        kept = _binary(kept + _binary(Fraction(decimal(step))))
        if kept != _binary(exact):
            raise CannotTell("the digits of the result depend on how Terraform rounds")
        yield normal(Decimal(exact.numerator) / Decimal(exact.denominator))


def _sum(values: Value) -> Number:
    elements = elements_of(values, "argument must be list, set, or tuple; a collection of numbers is")
    if not elements:
        raise FunctionError("cannot sum an empty list")
    numbers = [to_number(element) for element in common(elements)[0]]
    if None in numbers:
        raise FunctionError("argument must be list, set, or tuple of number values")
    *_, total = _running(numbers[0], numbers[1:])
    return total


def _anything(value: Value) -> Value:
    return value


_NUMBER = Parameter("num", to_number)

FUNCTIONS = {
    "abs": Function(typed(abs, _NUMBER)),
    "ceil": Function(typed(_ceil, _NUMBER)),
    "floor": Function(typed(_floor, _NUMBER)),
    "log": Function(typed(_log, _NUMBER, Parameter("base", to_number))),
    "max": Function(typed(_max, rest=Parameter("numbers", to_number))),
    "min": Function(typed(_min, rest=Parameter("numbers", to_number))),
    "parseint": Function(typed(_parse_int, Parameter("number", _anything), Parameter("base", to_whole))),
    "pow": Function(typed(_pow, _NUMBER, Parameter("power", to_number))),
    "range": Function(typed(_range, rest=Parameter("params", to_number))),
    "signum": Function(typed(_signum, Parameter("num", to_whole))),
    "sum": Function(typed(_sum, Parameter("list", _anything))),
}
