"""Dynamic references: `{{resolve:secretsmanager:...}}` is filled in from a store when a stack is deployed.

Source: CloudFormation user guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import re
from typing import Final

from phiward.model.value import Partial, Reference, Unknown, Value, join

STORES: Final = {
    "ssm": "Parameter Store",
    "ssm-secure": "Parameter Store, which keeps it encrypted",
    "secretsmanager": "Secrets Manager",
}
_reference = re.compile(r"\{\{resolve:([a-z-]+):([^{}]*)\}\}")
_opening = re.compile(r"\{\{resolve:([a-z-]+):[^{}]*\Z")


def stored(service: str, name: str = "") -> Unknown:
    """What stands for a value that comes from a store."""
    store = STORES.get(service, f"the service {service}")
    return Unknown(f"{f'{name} ' if name else 'it '}is read from {store}, when the stack is deployed")


def with_stores(value: Value) -> Value:
    """A text with an `Unknown` for each dynamic reference in it."""
    if isinstance(value, str):
        return _filled(value)
    if not isinstance(value, Partial):
        return value
    pieces: list[str | Unknown | Reference | Partial] = []
    inside = ""
    for part in value.parts:
        text = part if isinstance(part, str) else ""
        if inside:
            _, end, text = text.partition("}}")
            if not end:
                continue
            pieces.append(stored(inside))
            inside = ""
        elif not isinstance(part, str):
            pieces.append(part)
            continue
        opened = _opening.search(text)
        if opened:
            inside = opened.group(1)
            text = text[: opened.start()]
        pieces.append(_filled(text))
    return join(pieces)


def _filled(text: str) -> str | Unknown | Reference | Partial:
    pieces: list[str | Unknown | Reference | Partial] = []
    start = 0
    for found in _reference.finditer(text):
        pieces += [text[start : found.start()], stored(found.group(1), found.group(2).partition(":SecretString")[0])]
        start = found.end()
    return join([*pieces, text[start:]]) if pieces else text
