"""What to write instead: the lines that would satisfy a failed leaf, in the language of its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from phiward.model.value import Value
from phiward.pattern import pattern


def suggestion(spec: Mapping[str, Any], expected: Value, dialect: str) -> str:
    """The catalog's own `fix`, or one that follows from a plain path and a plain expected value; else empty."""
    if "fix" in spec:
        return str(spec["fix"]).rstrip()
    paths = spec.get("paths")
    if not paths or spec.get("present") or not isinstance(expected, (bool, int, str)):
        return ""
    path = paths[0]
    if any(step == "[]" or isinstance(step, int) or str(step).startswith("@") for step in path):
        return ""
    raw = _KEY.get(dialect) if expected == _CUSTOMER and "values" not in spec else _raw(spec.get("values"), expected)
    if raw is None or (isinstance(expected, str) and "values" not in spec and not expected.isidentifier()):
        return ""
    return _LANGUAGES[dialect](path, raw)


class _Expression(str):
    """What is written as it is, without quotes."""

    __slots__ = ()


_CUSTOMER = "customer"
"""What a property of type `key` is expected to be: the kind of a key, which no attribute holds as a word."""
_KEY = {"terraform": _Expression("aws_kms_key.<name>.arn"), "cloudformation": _Expression("!GetAtt <Key>.Arn")}


def _raw(values: Mapping[str, Any] | None, expected: Value) -> Value:
    if not values:
        return expected
    return next((raw for raw, normal in values.items() if normal == expected and type(normal) is type(expected)), None)


def _hcl(path: Sequence[Any], value: Value) -> str:
    *blocks, name = path
    lines = [f"{'  ' * depth}{block} {{" for depth, block in enumerate(blocks)]
    lines.append(f"{'  ' * len(blocks)}{name} = {_literal(value)}")
    lines += [f"{'  ' * depth}}}" for depth in range(len(blocks) - 1, -1, -1)]
    return "\n".join(lines)


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Expression) or value in ("true", "false"):
        return str(value)
    return str(value) if isinstance(value, int) else f'"{value}"'


def _yaml(path: Sequence[Any], value: Value) -> str:
    *parents, name = [key if _plain_key.fullmatch(key) else f'"{key}"' for key in map(str, path)]
    lines = [f"{'  ' * depth}{parent}:" for depth, parent in enumerate(parents)]
    return "\n".join([*lines, f"{'  ' * len(parents)}{name}: {_literal(value)}"])


_plain_key = pattern(r"[A-Za-z][\w./-]*")
_LANGUAGES: dict[str, Callable[[Sequence[Any], Value], str]] = {
    "terraform": _hcl,
    "kubernetes": _yaml,
    "cloudformation": _yaml,
}
