"""format and formatlist: Terraform's printf; undecided arguments stay as pieces of the string."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, NoReturn

from phiward.loaders.terraform.convert import list_value
from phiward.loaders.terraform.functions.conversion import (
    decimal,
    kind,
    nfc,
    number_text,
    to_bool,
    to_number,
    to_text,
)
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.graphemes import clusters
from phiward.loaders.terraform.functions.undecided import OpenList, closed, sequence, unknown
from phiward.loaders.terraform.value_types import STRING
from phiward.model.value import Partial, Reference, Unknown, Value, join, plain, undecided

# Patterns are compiled, and kept by `re`, when they are first used: an import must cost next to nothing.
_VERB = (
    r"%(?P<flags>[0#\-+ ]*)(?P<width>[1-9]\d*)?(?:\.(?P<precision>\d*))?"
    r"(?:\[(?P<index>[1-9]\d*)\])?(?P<mode>[a-zA-Z])"
)
_WIDEST = 4096
_MOST_RESULTS = 65536
_INTEGER_MODES = {"b": "b", "d": "d", "o": "o", "x": "x", "X": "X"}
_LARGEST_PLAIN_EXPONENT = 5


class _Verb(NamedTuple):
    raw: str
    offset: int
    flags: str
    width: int | None
    precision: int | None
    mode: str

    def refuse(self, why: str) -> NoReturn:
        raise FunctionError(f'unsupported value for "{self.raw}" at {self.offset}: {why}')


def format_text(template: Value, *arguments: Value) -> Value:
    """Terraform's `format`. Raises `FunctionError`."""
    if not isinstance(template, str):
        return unknown(template)
    pieces: list[Value] = []
    position, following, highest = 0, 1, 0
    while position < len(template):
        percent = template.find("%", position)
        if percent < 0:
            pieces.append(template[position:])
            break
        pieces.append(template[position:percent])
        if template.startswith("%%", percent):
            pieces.append("%")
            position = percent + 2
            continue
        verb, index = _parse(template, percent, following)
        following, highest = index + 1, max(highest, index)
        pieces.append(_formatted(verb, _argument(verb, index, arguments)))
        position = percent + len(verb.raw)
    if highest < len(arguments):
        used = f"only {highest} used by format string" if highest else "no verbs in format string"
        raise FunctionError(f"too many arguments; {used}")
    result = join(pieces)
    return nfc(result) if isinstance(result, str) else result


def _parse(template: str, offset: int, following: int) -> tuple[_Verb, int]:
    match = re.compile(_VERB, re.ASCII).match(template, offset)
    if match is None:
        raise FunctionError(f"invalid format string starting at offset {offset}")
    width, precision, index = match["width"], match["precision"], match["index"]
    for number in (width, precision, index):
        if number and (len(number) > len(str(_WIDEST)) or int(number) > _WIDEST):
            raise CannotTell(f'"{match[0]}" asks for more than {_WIDEST} characters')
    verb = _Verb(
        raw=match[0],
        offset=offset,
        flags=match["flags"],
        width=int(width) if width else None,
        precision=None if precision is None else int(precision or "0"),
        mode=match["mode"],
    )
    return verb, int(index) if index else following


def _argument(verb: _Verb, index: int, arguments: tuple[Value, ...]) -> Value:
    if index > len(arguments):
        raise FunctionError(
            f'not enough arguments for "{verb.raw}" at {verb.offset}: '
            f"need index {index} but have {len(arguments)} total"
        )
    argument = arguments[index - 1]
    if argument is None and verb.mode != "v":
        verb.refuse("null value cannot be formatted")
    return argument


def _formatted(verb: _Verb, value: Value) -> Value:
    match verb.mode:
        case "v":
            return _default(verb, value)
        case "s" | "q":
            return _string(verb, value)
        case "t":
            boolean = value if isinstance(value, bool) else _converted(verb, to_bool, value)
            return unknown(boolean) if undecided(boolean) else str(boolean).lower()
        case mode if mode in _INTEGER_MODES:
            return _integer(verb, value)
        case "e" | "E" | "f" | "g" | "G":
            return _fraction(verb, value)
        case _:
            raise FunctionError(f'unsupported format verb "{verb.mode}" in "{verb.raw}" at offset {verb.offset}')


def _converted(verb: _Verb, convert: Callable[[Value], Value], value: Value) -> Value:
    try:
        return convert(value)
    except CannotTell:
        raise
    except FunctionError as error:
        verb.refuse(str(error))


def _default(verb: _Verb, value: Value) -> Value:
    if isinstance(value, (Unknown, Reference)):
        return value if verb.width is None and "#" not in verb.flags else unknown(value)
    if value is not None and "#" not in verb.flags:
        if isinstance(value, (str, Partial)):
            return _padded(verb, value)
        if kind(value) == "number":
            return _padded(verb, _shortest(value))
    from phiward.loaders.terraform.functions.encoding import json_text

    return _padded(verb, json_text(value))


def _string(verb: _Verb, value: Value) -> Value:
    text = _converted(verb, to_text, value)
    if verb.precision and not isinstance(text, str):
        return unknown(text)
    if verb.precision:
        text = "".join(clusters(text)[: verb.precision])
    if verb.mode == "q":
        from phiward.loaders.terraform.functions.encoding import json_text

        text = json_text(join([text])) if isinstance(text, (str, Partial)) else join(['"', text, '"'])
    return _padded(verb, text)


def _padded(verb: _Verb, text: Value) -> Value:
    if verb.width is None:
        return text
    if not isinstance(text, str):
        return unknown(text)
    padding = ("0" if "0" in verb.flags else " ") * (verb.width - len(clusters(text)))
    return text + padding if "-" in verb.flags else padding + text


def _shortest(number: float) -> str:
    """A number as Go prints it with `%g`: its shortest digits, with an exponent from a million on."""
    text = number_text(number)
    digits = decimal(number)
    exponent = digits.adjusted() if digits else 0
    if -5 < exponent <= _LARGEST_PLAIN_EXPONENT:  # noqa: PLR2004 - Go's own bound for small numbers
        return text
    significant = "".join(map(str, digits.as_tuple().digits)).rstrip("0")
    point = f".{significant[1:]}" if len(significant) > 1 else ""
    return f"{'-' if digits < 0 else ''}{significant[0]}{point}e{exponent:+03d}"


def _integer(verb: _Verb, value: Value) -> Value:
    number = _converted(verb, to_number, value)
    if undecided(number):
        return unknown(number)
    if isinstance(number, float):
        verb.refuse("an integer is required")
    digits = format(abs(number), _INTEGER_MODES[verb.mode])
    if verb.precision is not None:
        digits = "" if number == 0 and verb.precision == 0 else digits.rjust(verb.precision, "0")
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb.mode, "") if "#" in verb.flags else ""
    if not digits:
        return ""
    zeros = verb.precision is None and "-" not in verb.flags
    return _aligned(verb, number < 0, prefix, digits, zeros=zeros)


def _fraction(verb: _Verb, value: Value) -> Value:
    number = _converted(verb, to_number, value)
    if undecided(number):
        return unknown(number)
    number_text(number)
    if "#" in verb.flags:
        raise CannotTell(f'the flag "#" of "{verb.raw}" is not supported here')
    exact = abs(decimal(number))
    if verb.mode in {"g", "G"} and verb.precision is None:
        digits = _shortest(abs(number))
        digits = digits.upper() if verb.mode == "G" else digits
    else:
        digits = _rounded(exact, verb.mode, 6 if verb.precision is None else verb.precision)
    return _aligned(verb, number < 0, "", digits, zeros=True)


def _rounded(number: Decimal, mode: str, precision: int) -> str:
    if mode in {"g", "G"}:
        return _significant(number, mode, max(precision, 1))
    # A zero would keep the exponent of the digits after its point.
    text = format(number or Decimal("0e0").scaleb(-precision), f".{precision}{mode}")
    if mode == "f":
        return text
    mantissa, exponent = re.split("[eE]", text)
    return f"{mantissa}{mode}{int(exponent):+03d}"


def _significant(number: Decimal, mode: str, precision: int) -> str:
    scientific = format(number, f".{precision - 1}e")
    mantissa, exponent_text = scientific.split("e")
    exponent = int(exponent_text)
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    if exponent < -4 or exponent >= precision:  # noqa: PLR2004 - the bound of C and Go
        return f"{mantissa}{'e' if mode == 'g' else 'E'}{exponent:+03d}"
    text = format(Decimal(scientific), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _aligned(verb: _Verb, negative: bool, prefix: str, digits: str, *, zeros: bool) -> str:
    """A number with its sign, in the width asked for."""
    sign = "-" if negative else "+" if "+" in verb.flags else " " if " " in verb.flags else ""
    gap = (verb.width or 0) - len(sign) - len(prefix) - len(digits)
    if gap <= 0:
        return sign + prefix + digits
    if "0" in verb.flags and zeros:
        return sign + prefix + "0" * gap + digits
    if "-" in verb.flags:
        return sign + prefix + digits + " " * gap
    return " " * gap + sign + prefix + digits


def _format_list(template: Value, *arguments: Value) -> Value:
    if not isinstance(template, str):
        return unknown(template)
    length: int | None = None
    is_open = False
    for argument in arguments:
        if isinstance(argument, (Unknown, Reference)):
            # Whether it is one value for all of the results or a list of one for each is not known.
            return unknown(argument)
        if isinstance(argument, list):
            is_open = is_open or not closed(argument)
            if length is not None and (is_open or length != len(argument)):
                if is_open:
                    return unknown(argument, *arguments)
                raise FunctionError(f"arguments have lists of different lengths, {length} and {len(argument)}")
            length = len(argument)
    if length is None:
        length = 1
    if length > _MOST_RESULTS:
        raise CannotTell("too many results")
    rows = [
        [argument[row] if isinstance(argument, list) else argument for argument in arguments] for row in range(length)
    ]
    opened = [argument for argument in arguments if isinstance(argument, OpenList)]
    if is_open and not opened:
        return unknown(*arguments)
    results = [unknown(*row) if is_open and not plain(row) else format_text(template, *row) for row in rows]
    return sequence(list_value(results, STRING), is_open)


def _anything(value: Value) -> Value:
    return value


_FORMAT = Parameter("format", to_text)
_ARGUMENTS = Parameter("args", _anything, null=True)

FUNCTIONS = {
    "format": Function(typed(format_text, _FORMAT, rest=_ARGUMENTS), partial=True, spells=True),
    "formatlist": Function(typed(_format_list, _FORMAT, rest=_ARGUMENTS), partial=True, spells=True),
}
