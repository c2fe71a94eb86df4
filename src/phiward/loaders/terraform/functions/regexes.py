"""regex, regexall, and replace with a pattern, in Go's syntax (RE2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from phiward.loaders.terraform.convert import list_value
from phiward.loaders.terraform.functions.conversion import nfc, to_text
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.value_types import STRING, Type
from phiward.model.value import Value

if TYPE_CHECKING:
    from phiward.loaders.terraform.functions.regex_machine import Regex

_TEMPLATE = r"\$(?:(\$)|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))"
_MOST_MATCHES = 10_000
_LONGEST_RESULT = 1 << 22


def _compiled(pattern: str) -> Regex:
    from phiward.loaders.terraform.functions.regex_machine import Regex

    return Regex(pattern)


def _part(text: str, slots: tuple[int, ...], group: int) -> str | None:
    start, end = slots[2 * group], slots[2 * group + 1]
    return None if start < 0 or end < 0 else nfc(text[start:end])


def _captured(regex: Regex, text: str, slots: tuple[int, ...]) -> Value:
    """What a match gives: the whole text, a list of unnamed groups, or a map of named ones."""
    if not regex.names:
        return _part(text, slots, 0)
    if all(name is None for name in regex.names):
        return [_part(text, slots, group + 1) for group in range(len(regex.names))]
    return {name: _part(text, slots, group + 1) for group, name in enumerate(regex.names)}


def _type_of_match(regex: Regex) -> Type:
    if not regex.names:
        return STRING
    if all(name is None for name in regex.names):
        return Type("tuple", items=(STRING,) * len(regex.names))
    return Type("object", attributes={str(name): (STRING, False, None) for name in regex.names})


def _checked(regex: Regex) -> None:
    if any(regex.names) and not all(regex.names):
        raise FunctionError("invalid regexp pattern: cannot mix both named and unnamed capture groups")


def _regex(pattern: str, text: str) -> Value:
    regex = _compiled(pattern)
    _checked(regex)
    slots = regex.search(text)
    if slots is None:
        raise FunctionError("pattern did not match any part of the given string")
    return _captured(regex, text, slots)


def _regexall(pattern: str, text: str) -> Value:
    regex = _compiled(pattern)
    _checked(regex)
    found = (_captured(regex, text, slots) for slots in _matches(regex, text))
    return list_value(found, _type_of_match(regex))


def _matches(regex: Regex, text: str) -> list[tuple[int, ...]]:
    """All matches, one after the other, without an empty one right after another."""
    result: list[tuple[int, ...]] = []
    position, last_end = 0, -1
    while position <= len(text) and (slots := regex.search(text, position)) is not None:
        start, end = slots[0], slots[1]
        if start < end or start != last_end:
            result.append(slots)
            if len(result) > _MOST_MATCHES:
                raise CannotTell("the pattern matches too often")
        last_end = end
        position = end if end > position else position + 1
    return result


def replace_all(text: str, pattern: str, replacement: str) -> str:
    """Go's `ReplaceAllString`, with `$1`, `${name}` and `$$` in the replacement. Raises `FunctionError`."""
    regex = _compiled(pattern)
    pieces: list[str] = []
    position = size = 0
    for slots in _matches(regex, text):
        expanded = _expanded(regex, text, slots, replacement)
        size += len(expanded)
        if size > _LONGEST_RESULT:
            raise CannotTell("the resulting string is too long")
        pieces += [text[position : slots[0]], expanded]
        position = slots[1]
    return nfc("".join([*pieces, text[position:]]))


def _expanded(regex: Regex, text: str, slots: tuple[int, ...], replacement: str) -> str:
    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isdecimal():
            index = int(name[:6])
            return (_part(text, slots, index) or "") if index <= len(regex.names) else ""
        groups = (group + 1 for group, known in enumerate(regex.names) if known == name)
        return next((part for part in (_part(text, slots, group) for group in groups) if part is not None), "")

    return re.sub(_TEMPLATE, group, replacement)


_PATTERN = Parameter("pattern", to_text)
_STRING = Parameter("string", to_text)

FUNCTIONS = {
    "regex": Function(typed(_regex, _PATTERN, _STRING)),
    "regexall": Function(typed(_regexall, _PATTERN, _STRING)),
}
