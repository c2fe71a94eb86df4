"""How CloudFormation reads YAML: its short forms, and what stands without quotes.

Source: CloudFormation user guide, "CloudFormation template format": YAML 1.1, without timestamps. `!Ref` and
`!Condition` are short for `Ref` and `Condition`, every other tag for the function of its name.
"""

from __future__ import annotations

import re

from phiward.loaders import yaml_scalars
from phiward.loaders.yaml_builder import Language
from phiward.model.value import Value

_WORDS = {word: value for word, value in yaml_scalars.WORDS.items() if word.lower() not in ("y", "n")}
_BARE = ("Ref", "Condition")
_numeral = re.compile(
    r"[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)"
    r"|[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
)
"""What YAML 1.1 takes for a number: neither an account id that begins with 0, unless it could be octal, nor `12e4`."""


def key(tag: str) -> str | None:
    """The long form of a short one; None for YAML's own tags."""
    name = tag.removeprefix("!")
    if not tag.startswith("!") or not name or name.startswith("!"):
        return None
    return name if name in _BARE else f"Fn::{name}"


def _number(text: str) -> Value:
    """The number that a text stands for, or the text itself where it is none."""
    return yaml_scalars.number(text) if _numeral.fullmatch(text) else text


LANGUAGE = Language(words=_WORDS, number=_number, key=key)
_json = re.compile(r"\ufeff?\s*\{\s*[\"}]")
_JSON = Language(words=_WORDS, key=key)


def language_of(text: str) -> Language:
    """How a text is read. JSON has numbers that YAML 1.1 has not: `1e3`."""
    return _JSON if _json.match(text) else LANGUAGE
