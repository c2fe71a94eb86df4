"""What plans and states say of a resource, read from JSON of which nothing may be taken for granted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from phiward.loaders.terraform.sensitivity import hide
from phiward.model.value import Unknown, Value
from phiward.record import dataclass

KNOWN_AFTER_APPLY = Unknown("it is known only after apply")
MAX_DEPTH = 60
_TOO_DEEP = Unknown(f"it is nested deeper than {MAX_DEPTH} levels")
_TOO_LARGE = Unknown("the number is too large")
_module_step = re.compile(r'module\.([^.\[\]"]+)(?:\[(\d+|"(?:[^"\\]|\\.)*")\])?(?:\.|$)')
_instance_key = re.compile(r'\[(?:\d+|\*|"(?:[^"\\]|\\.)*")\]')


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A string without lone surrogates, which no output can hold; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def layered(value: Any, unknown: Any = False, sensitive: Any = False, depth: int = 0) -> Value:
    """A value with what is not known yet and what is secret laid over it, part by part.

    Both layers have the shape of the value, with `true` where they say something. A collection that the value leaves
    out and of which parts are unknown is there all the same.
    """
    if unknown is True:
        return KNOWN_AFTER_APPLY
    if depth > MAX_DEPTH:
        return _TOO_DEEP
    if sensitive is True:
        return hide(layered(value, unknown, depth=depth))
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
        return _layered_mapping(mapping(value), mapping(unknown), mapping(sensitive), depth)
    if isinstance(value, list) or (value is None and isinstance(unknown, list) and unknown):
        return _layered_list(listing(value), listing(unknown), listing(sensitive), depth)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return _TOO_LARGE
    return value


def _layered_mapping(value: dict[str, Any], unknown: dict[str, Any], sensitive: dict[str, Any], depth: int) -> Value:
    if not unknown and not sensitive:
        return {text(key): layered(item, depth=depth + 1) for key, item in value.items()}
    return {
        text(key): layered(value.get(key), unknown.get(key, False), sensitive.get(key, False), depth + 1)
        for key in dict.fromkeys((*value, *(k for k, item in unknown.items() if _says_something(item))))
    }


def _layered_list(value: list[Any], unknown: list[Any], sensitive: list[Any], depth: int) -> Value:
    return [
        layered(
            value[index] if index < len(value) else None,
            unknown[index] if index < len(unknown) else False,
            sensitive[index] if index < len(sensitive) else False,
            depth + 1,
        )
        for index in range(max(len(value), len(unknown)))
    ]


def _says_something(unknown: Any) -> bool:
    """Whether a layer holds `true` at all: `{"tags": {}}` says that nothing of the tags is unknown."""
    stack = [unknown]
    while stack:
        part = stack.pop()
        if part is True:
            return True
        stack.extend(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())
    return False


@dataclass(frozen=True, slots=True)
class ModulePath:
    """The calls that lead to a module instance, outermost first, each with its instance key (None without one)."""

    steps: tuple[tuple[str, str | int | None], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.steps)

    @property
    def key(self) -> str | int | None:
        """The instance key of the innermost call: what `each.key` or `count.index` is among its arguments."""
        return self.steps[-1][1] if self.steps else None

    @property
    def parent(self) -> ModulePath:
        return ModulePath(self.steps[:-1])

    def child(self, name: str, key: str | int | None) -> ModulePath:
        return ModulePath((*self.steps, (name, key)))

    @property
    def prefix(self) -> str:
        """What stands before a resource in an absolute address."""
        from phiward.loaders.terraform.expansion import key_text

        return "".join(f"module.{name}{key_text(key)}." for name, key in self.steps)


def module_path(address: str) -> ModulePath:
    """The path of an absolute address of a module or of something in it."""
    steps: list[tuple[str, str | int | None]] = []
    position = 0
    while (match := _module_step.match(address, position)) is not None:
        steps.append((match[1], instance_key(match[2])))
        position = match.end()
    return ModulePath(tuple(steps))


def instance_key(written: str | None) -> str | int | None:
    """The key between the brackets of an address: `"mercy"`, `0`; None where there is none."""
    if written is None:
        return None
    if not written.startswith('"'):
        return int(written) if len(written) < 10 else written  # noqa: PLR2004 - no count reaches a tenth digit
    try:
        return str(json.loads(written))
    except ValueError:
        return written


def without_keys(address: str) -> str:
    """An address without the instance keys in it: how the configuration knows the resource."""
    return _instance_key.sub("", address)


def resources_of(module: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every resource object of a values representation with the address of its module, depth first."""
    stack: list[tuple[Any, str]] = [(module, "")]
    while stack:
        current, address = stack.pop()
        for resource in listing(mapping(current).get("resources")):
            if isinstance(resource, dict):
                yield resource, address
        children = reversed(listing(mapping(current).get("child_modules")))
        stack.extend((child, text(mapping(child).get("address"))) for child in children)
