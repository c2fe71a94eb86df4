"""What a scalar that stands without quotes means to Kubernetes.

Its reader, sigs.k8s.io/yaml over go-yaml v2, follows YAML 1.1 with exceptions: timestamps and sexagesimal numbers are
text, `0o17` and `1e3` are numbers, and every key is a text. tests/conformance compares this with Helm, which reads the
same way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from phiward.model.value import Unknown, Value

_YES = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_NO = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(_YES, True),
    **dict.fromkeys(_NO, False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
"""Words that are no text."""
NUMERIC = frozenset("0123456789+-.")
"""What a number begins with."""
_prefixed = re.compile(r"([-+]?)0([xXoObB])([0-9a-fA-F]+)")
_octal = re.compile(r"[-+]?0[0-7]+")
_whole = re.compile(r"[-+]?[0-9]+")
_float = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_endless = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = {"x": 16, "o": 8, "b": 2}
_LONGEST = 400
"""Digits and signs; what is longer is no number that anybody can hold."""


def number(text: str) -> Value:
    """The number that a text stands for, or the text itself where it is none."""
    if len(text) > _LONGEST:
        return text
    digits = text.replace("_", "")
    if _octal.fullmatch(digits):
        return int(digits, 8)
    if _whole.fullmatch(digits):
        return int(digits)
    if prefixed := _prefixed.fullmatch(digits):
        sign, base, rest = prefixed.groups()
        try:
            return int(sign + rest, _BASES[base.lower()])
        except ValueError:
            return text
    if _float.fullmatch(digits):
        found = float(digits)
        return found if math.isfinite(found) else text
    if _endless.fullmatch(text):
        return Unknown(f"{text} is not a number that Kubernetes can hold")
    return text


def key_of(text: str, words: Mapping[str, bool | None], number: Callable[[str], Value]) -> str:
    """A key without quotes, as the text that it becomes."""
    value = words.get(text, text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if text[:1] in NUMERIC:
        found = number(text)
        return str(found) if isinstance(found, int) else text
    return text
