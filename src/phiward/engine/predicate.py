"""Compiled predicates over a view, with the leaves that decided.

A predicate is the nested list of `pack.compile`; `Prepared` fits it to one catalog row: leaves on properties that the
row does not model are left out, and where none is left the rule does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from phiward.engine.operators import Truth, all_of, any_of, describe, negate, run_test
from phiward.graph.view import Reading, View
from phiward.model.value import Value, undecided
from phiward.pack.vocabulary import BUILT_IN
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """One tested value. `element` is its place in a list property, with `key` the tested field of that element."""

    property_name: str
    reading: Reading
    observed: Value
    tests: list[list[Any]]
    truth: Truth
    element: int | None = None
    key: str = ""

    @property
    def name(self) -> str:
        if self.element is None:
            return self.property_name
        return f"{self.property_name}[{self.element}]" + (f".{self.key}" if self.key else "")


Outcome = tuple[Truth, list[Leaf]]


def fit(predicate: Any, models: Callable[[str], bool]) -> Any:
    """The predicate without the leaves that a type does not model; None where nothing is left."""
    head = predicate[0]
    if head in ("all", "any", "none"):
        kept = [fitted for part in predicate[1] if (fitted := fit(part, models)) is not None]
        return [head, kept] if kept else None
    return predicate if models(predicate[1]) else None


def properties_of(*predicates: Any) -> list[str]:
    """The properties that predicates read, in the order in which they name them."""
    return list(dict.fromkeys(name for predicate in predicates for name in _named(predicate)))


def _named(predicate: Any) -> Iterator[str]:
    if not predicate:
        return
    head = predicate[0]
    if head in ("all", "any", "none"):
        for part in predicate[1]:
            yield from _named(part)
    elif head == "exists":
        yield from _named(predicate[2])
    elif predicate[1] not in BUILT_IN:
        yield predicate[1]


class Evaluator:
    """Evaluates predicates under one set of parameters."""

    def __init__(self, parameters: dict[str, Value]) -> None:
        self._parameters = parameters
        self._expected: dict[int, tuple[list[list[Any]], Value]] = {}

    def operand(self, operand: Any) -> Any:
        return self._parameters[operand["parameter"]] if isinstance(operand, dict) else operand

    def evaluate(self, predicate: Any, view: View) -> Outcome:
        head = predicate[0]
        if head == "test":
            reading = view.reading(predicate[1])
            truth = run_test(reading.value, predicate[2], self.operand)
            return truth, [Leaf(predicate[1], reading, reading.value, predicate[2], truth)]
        if head in ("all", "any", "none"):
            return combine(head, [self.evaluate(part, view) for part in predicate[1]])
        return self._elements(predicate, view)

    def _elements(self, predicate: Any, view: View) -> Outcome:
        """`each` and `some` over the elements of a list property."""
        name = predicate[1]
        reading = view.reading(name)
        if undecided(reading.value):
            return None, [Leaf(name, reading, reading.value, [], None)]
        items = reading.value if isinstance(reading.value, list) else []
        outcomes = [self._element(predicate, name, reading, index, item) for index, item in enumerate(items)]
        truth, leaves = combine("all" if predicate[0] == "each" else "any", [o for o in outcomes if o is not None])
        return truth, leaves or [Leaf(name, reading, reading.value, [], truth)]

    def _element(self, predicate: Any, name: str, reading: Reading, index: int, item: Value) -> Outcome | None:
        """One element of `each` or `some`; None where the condition leaves it out."""
        if undecided(item):
            return None, [Leaf(name, reading, item, [], None, index)]
        when = predicate[2] if predicate[0] == "each" else None
        inner = predicate[-1]
        if when is None:
            return self._fields(inner, name, reading, index, item)
        applies, deciding = self._fields(when, name, reading, index, item)
        if applies is False:
            return None
        truth, leaves = self._fields(inner, name, reading, index, item)
        if applies is None and truth is not True:
            return None, deciding
        return truth, leaves

    def _fields(self, predicate: Any, name: str, reading: Reading, index: int, item: Value) -> Outcome:
        """A predicate whose names are the keys of one element."""
        head = predicate[0]
        if head in ("all", "any", "none"):
            return combine(head, [self._fields(part, name, reading, index, item) for part in predicate[1]])
        if head == "test":
            key, tests = predicate[1], predicate[2]
            observed = item.get(key) if isinstance(item, dict) else item if key == "value" else None
            truth = run_test(observed, tests, self.operand)
            return truth, [Leaf(name, reading, observed, tests, truth, index, key)]
        inner = item.get(predicate[1]) if isinstance(item, dict) else None
        if undecided(inner):
            return None, [Leaf(name, reading, inner, [], None, index, predicate[1])]
        elements = inner if isinstance(inner, list) else [] if inner is None else [inner]
        outcomes = [self._element(predicate, name, reading, index, element) for element in elements]
        truth, leaves = combine("all" if head == "each" else "any", [o for o in outcomes if o is not None])
        return truth, leaves or [Leaf(name, reading, inner, [], truth, index, predicate[1])]

    def expected(self, leaf: Leaf) -> Value:
        """What a leaf was held against, in words or as the plain value."""
        if not leaf.tests:
            return "decided"
        found = self._expected.get(id(leaf.tests))
        if found is None:  # the tests are kept beside: no others may come to stand at their place
            found = self._expected[id(leaf.tests)] = leaf.tests, describe(leaf.tests, self.operand)
        return found[1]


def combine(head: str, outcomes: list[Outcome]) -> Outcome:
    """Kleene's connectives, keeping the leaves that decided."""
    truths = [truth for truth, _ in outcomes]
    if head == "any":
        truth = any_of(truths)
        deciding: Truth = True
    else:
        truth = all_of(truths) if head == "all" else negate(any_of(truths))
        deciding = head == "none"
    if truth is None:
        return None, [leaf for found, leaves in outcomes if found is None for leaf in leaves]
    decided = [leaf for found, leaves in outcomes if found is deciding for leaf in leaves]
    return truth, decided or [leaf for _, leaves in outcomes for leaf in leaves]
