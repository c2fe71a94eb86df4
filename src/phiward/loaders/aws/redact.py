"""Values of environments and the like, as what may be kept of them.

What is put in a value's place is judged like it: whether a secret is spelt out stays known, and the secret does not.
"""

from __future__ import annotations

import re
from typing import Any

from phiward.model.secrecy import is_secret, is_stored
from phiward.model.value import Sensitive, Value

NAMED, BY_FORM, HARMLESS = "redacted", "-----BEGIN REDACTED PRIVATE KEY-----", ""
"""For a value that is a secret by its name, one that is by its form, and one that is none."""

_CREDENTIAL = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/]*@", re.IGNORECASE)


def redacted(value: Value) -> Value:
    """A mapping of names to values, or a list of `{name, value}`, without what the values hold."""
    if isinstance(value, dict):
        return {name: _kept(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_entry(entry) if isinstance(entry, dict) else _kept("", entry) for entry in value]
    return _kept("", value)


def address(value: str) -> str:
    """A URL; where it carries a credential, that it does stays known."""
    return _CREDENTIAL.sub(rf"\1{NAMED}@", value)


def _entry(entry: dict[str, Any]) -> dict[str, Value]:
    names = {name.lower(): name for name in entry}
    name = str(entry.get(names.get("name", names.get("parameterkey", "")), ""))
    held = names.get("value", names.get("parametervalue", ""))
    return {key: _kept(name, inner) if key == held else inner for key, inner in entry.items()}


def _kept(name: str, value: Any) -> Value:
    if not isinstance(value, str) or is_stored(value):
        return value
    if not is_secret(name, value):
        return HARMLESS
    return Sensitive(NAMED if is_secret(name, NAMED) else BY_FORM)
