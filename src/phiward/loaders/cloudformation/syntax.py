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
_leading_zero = re.compile(r"[-+]?0[0-9]*[89][0-9]*")


def key(tag: str) -> str | None:
    """The long form of a short one; None for YAML's own tags."""
    name = tag.removeprefix("!")
    if not tag.startswith("!") or not name or name.startswith("!"):
        return None
    return name if name in _BARE else f"Fn::{name}"


def _number(text: str) -> Value:
    """The number that a text stands for. An account id that begins with 0 is none, unless it could be octal."""
    return text if _leading_zero.fullmatch(text) else yaml_scalars.number(text)


LANGUAGE = Language(words=_WORDS, number=_number, key=key)
