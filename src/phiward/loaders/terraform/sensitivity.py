"""Sensitive strings: what is made of one is sensitive, too."""

from __future__ import annotations

from phiward.model.value import Partial, Sensitive, Value, like

_PASSED_ON = frozenset({"coalesce", "element", "issensitive", "lookup", "nonsensitive", "one", "sensitive"})
"""Functions whose result is one of the values that they are given, with its own mark, or that are about the mark."""
_REWRITING = frozenset({"formatlist"})
"""Functions that make new strings of the elements of lists."""


def hide(value: Value) -> Value:
    """The value marked as sensitive, string by string; lists and sets keep their kind."""
    if isinstance(value, str):
        return Sensitive(value)
    if isinstance(value, list):
        return like(value, [hide(item) for item in value])
    if isinstance(value, dict):
        return like(value, {key: hide(item) for key, item in value.items()})
    if isinstance(value, Partial):
        return Partial(tuple(Sensitive(part) if isinstance(part, str) else part for part in value.parts))
    return value


def is_secret(value: Value) -> bool:
    """Whether a sensitive string stands anywhere inside."""
    if isinstance(value, (str, Partial)):
        parts = value.parts if isinstance(value, Partial) else (value,)
        return any(isinstance(part, Sensitive) for part in parts)
    if isinstance(value, list):
        return any(map(is_secret, value))
    return isinstance(value, dict) and any(map(is_secret, value.values()))


def result_of(name: str, arguments: list[Value], result: Value) -> Value:
    """The result of a function, marked where a sensitive string went into it.

    Functions that only move elements about, like merge(), leave the mark on the elements.
    """
    if name in _PASSED_ON or not isinstance(result, (str, Partial, list, dict)):
        return result
    whole = isinstance(result, (str, Partial)) or name in _REWRITING
    read = arguments if whole else [argument for argument in arguments if isinstance(argument, (str, Partial))]
    return hide(result) if any(map(is_secret, read)) else result
