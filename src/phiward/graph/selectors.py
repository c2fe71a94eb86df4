"""Finding what selects a pod by labels without asking every selector: clusters have thousands of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, TypeVar

from phiward.graph.cluster import Labels, selects
from phiward.graph.truth import Truth
from phiward.model.value import Unknown, Value, undecided

T = TypeVar("T")


class Selectors(Generic[T]):
    """Things that select pods of one namespace, found by one pair of labels that each of them asks for."""

    def __init__(self) -> None:
        self._by_key: dict[str, dict[str, dict[str, list[tuple[Value, T]]]]] = {}
        self._others: dict[str, list[tuple[Value, T]]] = defaultdict(list)

    def add(self, namespace: str, selector: Value, item: T) -> None:
        """`selector` is a label selector: `matchLabels`, `matchExpressions`; an empty one takes in all pods."""
        wanted = selector.get("matchLabels") if isinstance(selector, dict) else None
        key, value = min(wanted.items(), key=str) if isinstance(wanted, dict) and wanted else ("", None)
        if value is None or undecided(value):
            self._others[namespace].append((selector, item))
        else:
            keys = self._by_key.setdefault(namespace, {})
            keys.setdefault(str(key), {}).setdefault(str(value), []).append((selector, item))

    def of(self, namespace: str, labels: Labels | Unknown) -> Iterator[tuple[T, Truth]]:
        """What selects a pod with these labels, or may select it, in no order that means anything."""
        for selector, item in self._candidates(namespace, labels):
            answer = selects(selector, labels)
            if answer is not False:
                yield item, answer

    def _candidates(self, namespace: str, labels: Labels | Unknown) -> Iterator[tuple[Value, T]]:
        yield from self._others.get(namespace, ())
        keys = self._by_key.get(namespace)
        if not keys:
            return
        for key in keys if isinstance(labels, Unknown) else labels:
            by_value = keys.get(str(key), {})
            value = labels if isinstance(labels, Unknown) else labels[key]
            for found in by_value.values() if undecided(value) else (by_value.get(str(value), ()),):
                yield from found
