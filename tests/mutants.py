"""Rules with one thing changed in them, and examples that are read once and judged by any number of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import Reading, View
from phiward.loaders.aws.kept import load_kept
from phiward.loaders.collect import load
from phiward.model.finding import Verdict
from phiward.model.resource import Scope
from phiward.model.rule import Rule
from phiward.model.value import Value
from phiward.outside import Outside
from phiward.pack import Outline, Pack
from phiward.pipeline import ACCOUNT_FILES, inputs
from phiward.record import dataclass, replace
from phiward.settings import Projects, Settings
from tests.conftest import TODAY

CONNECTIVES = ("all", "any", "none")
HOLDS: list[Any] = ["all", []]


# -- examples


@dataclass(frozen=True, slots=True)
class Read:
    """An example, read: the graph of it, and which of its resources it is about."""

    title: str
    graph: ResourceGraph
    scopes: tuple[Scope, ...]
    about: str | None

    def says(
        self, rule: Rule, read_as: Mapping[str, Value] | None = None, only: View | None = None
    ) -> frozenset[Verdict]:
        """Every verdict of a rule on what the example is about, those left aside that do not apply.

        `read_as` are properties that read differently than the example says, of every resource or `only` of one.
        """
        pack = self.graph.pack
        with reading_as(read_as or {}, only) as patched:
            patched.setattr(self.graph, "pack", Swapped(pack, rule))
            if only is not None:
                patched.setattr(self.graph, "views", [only])
            found = judge(
                self.graph, self.scopes, Selection((Outline(rule.id, rule.severity, rule.select),)), lambda _: None
            )
        address = only.resource.address if only else self.about
        about = [finding for finding in found if address in (None, finding.subject.address)]
        return frozenset(finding.verdict for finding in about) - {Verdict.NOT_APPLICABLE}


@contextmanager
def reading_as(values: Mapping[str, Value], only: View | None) -> Iterator[pytest.MonkeyPatch]:
    """Has views read properties as other values than what stands there."""

    def reading(view: View, name: str) -> Reading:
        if name in values and only in (None, view):
            return Reading(values[name], view.resource)
        return REAL(view, name)

    with pytest.MonkeyPatch.context() as patched:
        if values:
            patched.setattr(View, "reading", reading)
        yield patched


REAL = View.reading


class Swapped:
    """The pack with one rule in another one's place."""

    def __init__(self, pack: Pack, rule: Rule) -> None:
        self._pack, self._rule = pack, rule

    def rule(self, id_: str) -> Rule:
        return self._rule if id_ == self._rule.id else self._pack.rule(id_)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pack, name)


def read(directory: Path, pack: Pack, title: str, files: Mapping[str, str], example: Mapping[str, Any]) -> Read:
    """Reads the files of an example under its settings."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if example.get("settings") is not None:
        (directory / "phiward.yaml").write_text(yaml.safe_dump(example["settings"]))
    accounts = tuple(directory / name for name in files if name.endswith(ACCOUNT_FILES))
    paths = (*([directory] if len(accounts) < len(files) else []), *accounts)
    settings = Settings(paths=paths, today=TODAY, template_parameters=example.get("parameters") or {})
    found = inputs(settings, Outside())
    loaded = load([path for path in found.paths if path not in accounts], found.tree, settings, lambda _: None)
    for path in accounts:
        loaded.extend(load_kept(path, found.tree, pack, Projects(found.tree.base, Outside()).of(directory), None))
    return Read(title, ResourceGraph(loaded.resources, pack), tuple(loaded.scopes), example.get("resource"))


# -- mutants

Change = Callable[[Any], Any]


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rule with one thing changed, for each thing that can be; and what that was."""
    if rule.needs is not None:
        yield "without what it needs", replace(rule, needs=None)
    for key, chosen in rule.select.items():
        kept = [[other for other in chosen if other != each] for each in chosen]
        for each, others in zip(chosen, kept, strict=True):
            if others or key.startswith("not_"):
                yield f"resources: {key} without {each}", replace(rule, select={**rule.select, key: others})
    for part in ("when", "check"):
        predicate = getattr(rule, part)
        if predicate is None:
            continue
        if part == "when":
            yield "without its condition", replace(rule, when=None)
        for what, changed in _changed(predicate):
            yield f"{'condition' if part == 'when' else 'assertion'}: {what}", replace(rule, **{part: changed})


def _changed(predicate: Any) -> Iterator[tuple[str, Any]]:
    head = predicate[0]
    if head in CONNECTIVES:
        yield from _connective(head, predicate[1])
    elif head == "test":
        yield f"{shown(predicate)} turned round", ["none", [predicate]]
        yield from ((what, ["test", predicate[1], tests]) for what, tests in _tests(predicate[1], predicate[2]))
    elif head == "exists":
        for key, chosen in predicate[1].items():
            for each in chosen if len(chosen) > 1 else ():
                others = {**predicate[1], key: [other for other in chosen if other != each]}
                yield f"{key} without {each}", ["exists", others, predicate[2]]
        for what, inner in _changed(predicate[2]):
            yield what, ["exists", predicate[1], inner]
        if predicate[2] != HOLDS:
            yield "without what it has to be like", ["exists", predicate[1], HOLDS]
    else:
        yield from _quantified(predicate)


def _connective(head: str, parts: list[Any]) -> Iterator[tuple[str, Any]]:
    for number, part in enumerate(parts):
        before, after = parts[:number], parts[number + 1 :]
        if len(parts) > 1:
            yield f"without {shown(part)}", [head, [*before, *after]]
        for what, changed in _changed(part):
            yield what, [head, [*before, changed, *after]]
    if len(parts) > 1 and head != "none":
        other = "any" if head == "all" else "all"
        yield f"{other}_of in place of {head}_of {', '.join(map(shown, parts))}", [other, parts]
    if len(parts) > 1 and head == "none":
        yield f"not all of {', '.join(map(shown, parts))}", ["none", [["all", parts]]]


def _quantified(predicate: Any) -> Iterator[tuple[str, Any]]:
    """`each` and `some`: the one for the other, and what they ask of an element."""
    head, name, *between, inner = predicate
    yield f"{shown(predicate)} turned round", ["none", [predicate]]
    if head == "each":
        (when,) = between
        asked = inner if when is None else ["all", [when, inner]]
        yield f"some in place of each {name}", ["some", name, asked]
        if when is not None:
            yield f"each {name} without its condition", ["each", name, None, inner]
            yield from ((f"each {name} when {what}", ["each", name, own, inner]) for what, own in _changed(when))
        yield from ((f"each {name}: {what}", ["each", name, when, own]) for what, own in _changed(inner))
    else:
        yield f"each in place of some {name}", ["each", name, None, inner]
        yield from ((f"some {name}: {what}", ["some", name, own]) for what, own in _changed(inner))


def _tests(name: str, tests: list[list[Any]]) -> Iterator[tuple[str, list[list[Any]]]]:
    """The tests of one value: each left out, and each number one further."""
    for number, (operator, operand) in enumerate(tests):
        before, after = tests[:number], tests[number + 1 :]
        if len(tests) > 1:
            yield f"{name} without {operator} {operand}", [*before, *after]
        for what, other in _operands(operator, operand):
            yield f"{name} {operator} {what}", [*before, [operator, other], *after]
        if operator in ("all", "any", "none", "size"):
            for what, inner in _tests(f"{operator} of {name}", operand):
                yield what, [*before, [operator, inner], *after]
            if operator in ("all", "any"):
                other = "any" if operator == "all" else "all"
                yield f"{other} in place of {operator} of {name}", [*before, [other, operand], *after]


def _operands(operator: str, operand: Any) -> Iterator[tuple[str, Any]]:
    """An operand that is nearly the same: a number by one more and one less, a list without each of its elements."""
    if operator in ("at_least", "at_most") and isinstance(operand, int):
        yield from ((f"{other} in place of {operand}", other) for other in (operand - 1, operand + 1))
    if isinstance(operand, list) and operator in ("in", "not_in", "contains_all", "contains_any", "lacks"):
        yield from ((f"without {each}", [other for other in operand if other != each]) for each in operand)


def shown(predicate: Any) -> str:
    """A predicate in few words."""
    if predicate[0] in CONNECTIVES:
        return f"{predicate[0]}_of ({', '.join(map(shown, predicate[1]))})"
    if predicate[0] == "test":
        return f"{predicate[1]} {', '.join(f'{operator} {operand}' for operator, operand in predicate[2])}"
    return f"{predicate[0]} {predicate[1]}"
