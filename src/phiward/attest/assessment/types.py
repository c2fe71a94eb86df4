"""Whether a record that was read from a file is what its class says: a wrong type is found here, not where it hurts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

Check = Callable[[Any, set[int]], bool]
"""Of a value; the records that were looked at already are known by their identity: many findings share a rule."""


def conforms(value: Any) -> bool:
    """Whether every field of a record, and of the records in it, is of its type."""
    return _conforms(value, set())


def _conforms(value: Any, seen: set[int]) -> bool:
    if id(value) in seen:
        return True
    seen.add(id(value))
    cls: Any = type(value)
    return all(check(getattr(value, name), seen) for name, check in _fields(cls))


@cache
def _fields(cls: Any) -> tuple[tuple[str, Check], ...]:
    kinds = get_type_hints(cls)
    return tuple((name, _check(kinds[name])) for name in cls.__match_args__ if kinds[name] is not Any)


def _check(kind: Any) -> Check:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        parts = [_check(one) for one in inner]
        return lambda value, seen: any(part(value, seen) for part in parts)
    if origin is tuple:
        item = _check(inner[0])
        return lambda value, seen: isinstance(value, tuple) and all(item(one, seen) for one in value)
    if origin is not None:
        return _mapping(_check(inner[1]))
    if hasattr(kind, "__match_args__") and kind.__module__.startswith("phiward."):
        return lambda value, seen: isinstance(value, kind) and _conforms(value, seen)
    return _plain(kind)


def _mapping(item: Check) -> Check:
    return lambda value, seen: (
        isinstance(value, Mapping) and all(isinstance(key, str) and item(one, seen) for key, one in value.items())
    )


def _plain(kind: Any) -> Check:
    if kind is Any:
        return lambda _value, _seen: True
    if kind is int:
        return lambda value, _seen: isinstance(value, int) and not isinstance(value, bool)
    return lambda value, _seen: isinstance(value, NoneType if kind is None else kind)
