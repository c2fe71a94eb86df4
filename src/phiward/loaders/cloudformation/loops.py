"""`Fn::ForEach`: one entry of a mapping for each element of a collection.

Source: CloudFormation template reference, "Fn::ForEach": `[Identifier, Collection, {OutputKey: OutputValue}]`;
`${Identifier}` in a key is the element, and `&{Identifier}` its letters and digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from phiward.model.value import Unknown, Value

if TYPE_CHECKING:
    from phiward.loaders.cloudformation.evaluation import Entry, Evaluator

_PREFIX = "Fn::ForEach::"
_variable = re.compile(r"([$&])\{\s*([A-Za-z0-9]+)\s*\}")
_parts = len(("identifier", "collection", "outputs"))


def is_loop(key: str) -> bool:
    return key.startswith(_PREFIX)


def names_filled_in(key: str, bindings: Mapping[str, Value]) -> str:
    """A key with the variables of loops in it; what is not known of them is a `*`."""
    if not bindings or "{" not in key:
        return key

    def filled(found: re.Match[str]) -> str:
        value = bindings.get(found[2], found[0])
        if isinstance(value, Unknown):
            return "*"
        return re.sub(r"[^0-9A-Za-z]", "", str(value)) if found[1] == "&" else str(value)

    return _variable.sub(filled, key)


class Loop:
    """One loop, as its key and what stands there say it."""

    def __init__(self, evaluator: Evaluator, key: str, node: Any) -> None:
        self._evaluator = evaluator
        self._key = key
        self._node = node

    def entries(self) -> Iterator[Unknown | Entry]:
        """What it makes; over a collection that is not known, an example of it and why it is not known."""
        node, evaluator = self._node, self._evaluator
        good = isinstance(node, list) and len(node) == _parts and isinstance(node[0], str) and isinstance(node[2], dict)
        if not good:
            yield evaluator.problem(f"{self._key} takes an identifier, a collection and a mapping", node)
            return
        items = evaluator.plain(node[1])
        if isinstance(items, list) and not any(isinstance(item, (dict, list)) for item in items):
            for item in items:
                if not evaluator.stack.spend(_COST):
                    yield Unknown(f"{self._key} makes more than can be looked at")
                    return
                known = str(item) if isinstance(item, (str, int)) else self._open(Unknown("an element is not known"))
                yield from self._round(known)
            return
        why = (
            items if isinstance(items, Unknown) else Unknown("its collection is known only once the stack is deployed")
        )
        unknown = self._open(why)
        yield unknown
        yield from self._round(unknown)

    def _open(self, why: Unknown) -> Unknown:
        return Unknown(f"what {self._key} ranges over is not known: {why.reason}", why.hint)

    def _round(self, value: Value) -> Iterator[Unknown | Entry]:
        inner = self._evaluator.bound(self._node[0], value)
        for entry in inner.entries(self._node[2]):
            if isinstance(entry, Unknown):
                yield entry
            else:
                key, evaluator, item, path = entry
                yield key, evaluator, item, (self._key, 2, *path)


_COST = 5_000
"""Characters; how much a round counts for what a template may grow to."""
