"""JSON of which the digest means something: one way to write it, and a reader that takes nothing ambiguous."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from phiward.reporters.plain import dumps

MAX_BYTES = 64 * 1024 * 1024
_DEEPEST = 100


def canonical(value: Any) -> bytes:
    """ASCII with sorted keys and no white space; the same value is always the same bytes."""
    return dumps(_sorted(value)).encode()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, (list, tuple)) else value


def sha256(content: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def parse(content: bytes) -> Any:
    """What a JSON text says. Raises ValueError, also for a key that stands twice: readers differ on which one holds."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"longer than {MAX_BYTES // 1024 // 1024} MB")
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _deeper(value, _DEEPEST):
        raise ValueError(f"nested deeper than {_DEEPEST} levels")
    return value


def parse_mapping(content: bytes) -> Mapping[str, Any]:
    """As `parse`, of an object. Raises ValueError."""
    value = parse(content)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - as any other text that is not what it should be
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(item, levels - 1) for item in inner)
