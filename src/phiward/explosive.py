"""Regular expressions that could take exponential time: refused before any of them is run.

Python's engine tries every way to divide a text among the repeats of a pattern. Where a repeat without end stands
inside another one, or its alternatives can begin alike, the ways double with each character.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

_MANY = 32
"""A repeat of more is as good as one without an end."""
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
_DEEPEST = 40


def problem_of(pattern: str) -> str:
    """Why a pattern cannot be used; empty where it can."""
    parser = importlib.import_module("re._parser")
    try:
        re.compile(pattern)
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return _explodes(tree, inside=False, depth=0)


def _explodes(tree: Any, *, inside: bool, depth: int) -> str:
    if depth > _DEEPEST:
        return "it is nested too deeply"
    for operation, argument in tree:
        name = str(operation)
        if name in _REPEATS:
            endless = argument[1] > _MANY
            if endless and inside:
                return "a repeat without an end stands inside another repeat, which can take exponential time"
            found = _explodes(argument[2], inside=inside or argument[1] > 1, depth=depth + 1)
        elif name == "BRANCH":
            if inside and _begin_alike(argument[1]):
                return "alternatives inside a repeat begin alike, which can take exponential time"
            found = next(filter(None, (_explodes(one, inside=inside, depth=depth + 1) for one in argument[1])), "")
        elif name == "GROUPREF":
            found = "it refers back to a group, which can take exponential time" if inside else ""
        else:
            found = next(filter(None, (_explodes(one, inside=inside, depth=depth + 1) for one in _parts(argument))), "")
        if found:
            return found
    return ""


def _parts(argument: Any) -> list[Any]:
    """The patterns inside an operation: a group, a look around."""
    kind = importlib.import_module("re._parser").SubPattern
    items = argument if isinstance(argument, tuple) else (argument,)
    return [item for item in items if isinstance(item, kind)]


def _begin_alike(alternatives: list[Any]) -> bool:
    """Whether two alternatives may begin with the same character; those that begin with no literal may with any."""
    first = [str(one[0]) if len(one) else "" for one in alternatives]
    return len(set(first)) < len(first) or not all(text.startswith("(LITERAL") for text in first)
