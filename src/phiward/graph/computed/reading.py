"""Attributes as numbers and blocks, whatever a source wrote in their place."""

from __future__ import annotations

from typing import TypeAlias

from phiward.graph.truth import listed, why
from phiward.model.value import Unknown, Value, undecided

Block: TypeAlias = dict[str, Value] | Unknown


def number(value: Value) -> int | Unknown | None:
    """Read an attribute as `int`: `None` where it is not written, `Unknown` where it is no whole number."""
    if value is None:
        return None
    if undecided(value):
        return why(value)
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        return Unknown("it is not a whole number")
    try:
        return int(value)
    except (TypeError, ValueError):
        return Unknown("it is not a whole number")


def blocks(value: Value) -> list[Block]:
    """Read a block attribute as the list of its blocks; one that is undecided or no block is `Unknown`."""
    return [_block(part) for part in listed(value)]


def _block(part: Value) -> Block:
    if isinstance(part, dict):
        return part
    return why(part) if undecided(part) else Unknown("it is not a block")
