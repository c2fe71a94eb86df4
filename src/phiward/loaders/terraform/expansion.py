"""The instances of a block: what `count` and `for_each` make of it, and how their addresses are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import Env, attempt, decided, first_unknown
from phiward.loaders.terraform.functions.conversion import to_bool, to_number
from phiward.loaders.terraform.syntax import Attribute, Body
from phiward.model.value import Sensitive, Unknown, Value, undecided
from phiward.pattern import pattern
from phiward.record import dataclass, field

MAX_INSTANCES = 100_000
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_needs_escape = pattern(r'[^ -~]|["\\]|[$%](?=\{)')
UNDECIDED_KEY = ("*",)
"""No key that configuration can write."""


@dataclass(slots=True)
class Expansion:
    """What `count` and `for_each` make of a block: `names` to bind for each instance key.

    The key is None for a block without either, which is not `keyed`. `undecided` says why the keys are not (all) known;
    one representative instance, of key `*`, then stands for those that are not.
    """

    instances: dict[Any, Mapping[str, Value]] = field(default_factory=dict)
    undecided: Unknown | None = None
    keyed: bool = True

    def with_values(self, value_of: Callable[[Any], Value]) -> Expansion:
        """The same keys, each with another `each.value`."""
        keys = {key: names["each"]["key"] for key, names in self.instances.items()}
        return Expansion({key: {"each": {"key": keys[key], "value": value_of(key)}} for key in keys}, self.undecided)


def expand(body: Body, env: Env) -> Expansion:
    """The instances of a resource, data or module block."""
    attribute = deciding(body)
    if attribute is None:
        return Expansion({None: {}}, keyed=False)
    value = decided(attempt(attribute.value, env), env)
    if attribute.name == "count":
        return _expand_count(value)
    return _expand_each(value, env) if attribute.name == "for_each" else _expand_enabled(value)


def deciding(body: Body) -> Attribute | None:
    """What decides how many instances a block has: `count`, `for_each`, or OpenTofu's `lifecycle { enabled = ... }`."""
    found = body.attributes.get("count") or body.attributes.get("for_each")
    settings = (block.body.attributes for block in body.blocks if block.type == "lifecycle")
    return found or next((own["enabled"] for own in settings if "enabled" in own), None)


def _expand_enabled(value: Value) -> Expansion:
    """One instance without a key, or none."""
    try:
        enabled = None if undecided(value) else to_bool(value)
    except EvaluationError as error:
        value, enabled = Unknown(f"enabled: {error}"), None
    if enabled is None:
        why = first_unknown(value) if undecided(value) else Unknown("enabled is null")
        return Expansion({UNDECIDED_KEY: {}}, why, keyed=False)
    return Expansion({None: {}} if enabled else {}, keyed=False)


def _expand_count(value: Value) -> Expansion:
    try:
        number = None if undecided(value) else to_number(value)
    except EvaluationError as error:
        value, number = Unknown(f"count: {error}"), None
    if not isinstance(number, int) or not 0 <= number <= MAX_INSTANCES:
        why = (
            first_unknown(value)
            if undecided(value)
            else Unknown("count is not a number of instances that can be judged")
        )
        return Expansion({UNDECIDED_KEY: {"count": {"index": why}}}, why)
    return Expansion({index: {"count": {"index": index}} for index in range(number)})


def _expand_each(value: Value, env: Env) -> Expansion:
    if isinstance(value, dict) and len(value) <= MAX_INSTANCES:
        return Expansion({key: {"each": {"key": key, "value": value[key]}} for key in sorted(value)})
    if isinstance(value, list) and len(value) <= MAX_INSTANCES:
        return _expand_set(value, env)
    kind = "null" if value is None else "not a map or set that can be judged"
    why = first_unknown(value) if undecided(value) else Unknown(f"for_each is {kind}")
    return _representative(Expansion({}), why)


def _expand_set(value: list[Value], env: Env) -> Expansion:
    expansion = Expansion()
    for item in value:
        key = decided(item, env)
        if isinstance(key, Sensitive):
            _representative(expansion, Unknown("for_each takes no sensitive key"))
        elif key is None:
            _representative(expansion, Unknown("for_each takes no null key"))
        elif isinstance(key, str):
            expansion.instances[key] = {"each": {"key": key, "value": key}}
        else:
            _representative(expansion, first_unknown(key))
    return expansion


def _representative(expansion: Expansion, why: Unknown) -> Expansion:
    expansion.instances[UNDECIDED_KEY] = {"each": {"key": why, "value": why}}
    expansion.undecided = why
    return expansion


def key_text(key: Any) -> str:
    """An instance key as Terraform prints it in an address."""
    if key is None:
        return ""
    if key == UNDECIDED_KEY:
        return "[*]"
    if isinstance(key, int):
        return f"[{key}]"
    return '["' + _needs_escape.sub(_escaped, key) + '"]'


def _escaped(found: re.Match[str]) -> str:
    char = found.group()
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char in ("$", "%"):
        return char * 2
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 1 << 16 else f"\\U{ord(char):08x}"
