"""The examples of a rule hold all of it, and whatever it asks for turns its verdict.

Each rule is changed in each of its parts, and one of its examples must notice. Each property that it asserts is read
differently, in each type of its examples, and the verdict must be what docs/pack.md makes of that: fail where it passed,
unknown where the property is not known and nothing else decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from phiward.engine.selecting import selects
from phiward.graph.view import View
from phiward.model.finding import Verdict
from phiward.model.rule import Rule
from phiward.model.value import Unknown, plain
from phiward.rule_examples import decided, example_case
from tests import kleene
from tests.mutants import Read, mutants, read
from tests.test_rules import PACK, RULES, files_of

PUBLIC = {"data.class": "public"}
VERDICTS = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.UNKNOWN}
NOTHING: frozenset[Verdict] = frozenset()
Case = tuple[Read, frozenset[Verdict]]

CONSTANT = "whatever is declared is switched on: the catalog has it as a constant of the type"
EQUIVALENT = {
    ("access-analyzer-exists", "assertion: without what it has to be like"): CONSTANT,
    ("security-hub-exists", "assertion: without what it has to be like"): CONSTANT,
    ("service-eligible", "resources: kind without cdn"): "every distribution is an endpoint, too",
    ("break-glass-mfa", "without what it needs"): "its condition holds of no role where none is named",
    ("backup-vault-lock", "assertion: without backup.vault_locked equals True"): (
        "a vault that is not locked has no mode either; that it has no lock is what a reader has to be told"
    ),
    ("mesh-mtls-strict", "assertion: without tls.enforced equals True"): (
        "mutual TLS is only enabled where TLS is enforced; which of the two is missing is what a reader has to be told"
    ),
    (
        "mesh-client-tls-not-disabled",
        "assertion: any_of in place of all_of each mutual_tls.clients, mutual_tls.automatic equals True",
    ): "no type has both: the one is of rules for hosts, the other of installations",
    ("enclave-key-measurements", "assertion: each key.enclave_grants without its condition"): (
        "a statement that asks for no attestation names no measurement"
    ),
}
"""Changes that no example could notice, and why."""


def cases(directory: Path, id_: str) -> Iterator[Case]:
    """Every example of a rule, those that are undecided once more with what decides them, and what each comes to."""
    rule = PACK.rule(id_)
    for number, example in enumerate(RULES[id_]["examples"]):
        place, title = directory / str(number), example.get("title", str(number))
        expected = example["expect"]
        own = NOTHING if expected == Verdict.NOT_APPLICABLE else frozenset({Verdict(expected)})
        yield read(place, PACK, title, files_of(example), example), own
        for way, decision in example.get("decided", {}).items():
            if not isinstance(decision, str):
                given = {**(example.get("parameters") or {}), **decision.get("parameters", {})}
                changed = {
                    **example,
                    "settings": decision.get("settings", example.get("settings")),
                    "parameters": given,
                }
                found = read(
                    place / way,
                    PACK,
                    f"{title}: {way}",
                    dict(decided(example_case("", example), example, way).files),
                    changed,
                )
                yield found, found.says(rule)


@pytest.mark.parametrize("id_", RULES)
def test_the_examples_hold_all_of_a_rule(id_: str, tmp_path: Path) -> None:
    """Where the class of data is all that a condition asks for, the examples are read once more as public."""
    rule = PACK.rule(id_)
    known = list(cases(tmp_path, id_))
    for case, expected in known:
        assert case.says(rule) == expected, case.title
    public = [case for case, expected in known if expected] if _asks_for_class(rule) else []
    for case in public:
        assert case.says(rule, PUBLIC) == NOTHING, case.title
    survivors = [
        what
        for what, mutant in mutants(rule)
        if not any(case.says(mutant) != expected for case, expected in known)
        and not any(case.says(mutant, PUBLIC) for case in public)
    ]
    reasons = [what for rule_id, what in EQUIVALENT if rule_id == id_]
    assert sorted(survivors) == sorted(reasons), "no example notices"


def _asks_for_class(rule: Rule) -> bool:
    return rule.when is not None and any(leaf[1] in PUBLIC for leaf in kleene.leaves(rule.when))


# -- readings


class Subject:
    """A resource of an example that a rule speaks of, with what its row models."""

    def __init__(self, case: Read, rule: Rule, view: View) -> None:
        self.case, self.rule, self.view = case, rule, view
        self.parameters = PACK.parameters_for(view.resource.scope.project)[0]
        self.check = kleene.fitted(rule.check, view.models)
        self.when = rule.when or ["all", []]
        names = {leaf[1] for each in (self.check, self.when) for leaf in kleene.leaves(each)}
        self.values = {name: view.reading(name).value for name in sorted(names) if view.models(name)}

    def operand(self, operand: Any) -> Any:
        return self.parameters[operand["parameter"]] if isinstance(operand, dict) else operand

    def expected(self, **changed: Any) -> frozenset[Verdict]:
        """What docs/pack.md makes of the values."""
        values = {**self.values, **changed}
        applies = kleene.holds(self.when, values, self.operand)
        if applies is False:
            return NOTHING
        truth = kleene.holds(self.check, values, self.operand)
        return frozenset({VERDICTS[None if applies is None and truth is not True else truth]})

    def found(self, **changed: Any) -> frozenset[Verdict]:
        """What the engine makes of them."""
        read_as = {name: Unknown("a test") if value is kleene.UNKNOWN else value for name, value in changed.items()}
        return self.case.says(self.rule, read_as, self.view)

    def pools(self, others: Iterable[Subject]) -> dict[str, list[Any]]:
        """Values for each property: those that the rule leads to, and those that its examples have."""
        found = kleene.pools(["all", [self.check, self.when]], self.operand)
        for name, values in found.items():
            values += [other.values[name] for other in others if name in other.values]
        return {name: _each_once(values) for name, values in found.items() if name in self.values}


def _each_once(values: list[Any]) -> list[Any]:
    return list({repr(value): value for value in values}.values())


def subjects(directory: Path, id_: str) -> list[Subject]:
    """The resources of which an example passes or fails, and of which everything is known."""
    rule, found = PACK.rule(id_), []
    for case, _ in cases(directory, id_):
        for view in case.graph.views:
            about = case.about in (None, view.resource.address)
            if about and case.says(rule, only=view) in ({Verdict.PASS}, {Verdict.FAIL}):
                found.append(Subject(case, rule, view))
    return [subject for subject in found if all(plain(value) for value in subject.values.values())]


@pytest.mark.parametrize(
    "id_", [id_ for id_ in RULES if "assert" in RULES[id_] and "scope" not in RULES[id_]["resources"]]
)
def test_whatever_a_rule_asserts_turns_its_verdict(id_: str, tmp_path: Path) -> None:
    found = subjects(tmp_path, id_)
    assert found, "no example passes or fails with everything known"
    for subject in found:
        pools = subject.pools(found)
        for name, pool in pools.items():
            for value in (*pool, kleene.UNKNOWN):
                assert subject.found(**{name: value}) == subject.expected(**{name: value}), (name, value)
        for leaf in kleene.leaves(subject.check):
            context, better, worse = deciding(subject, pools, leaf[1])
            assert subject.found(**{**context, leaf[1]: better}) == {Verdict.PASS}, (context, leaf[1], better)
            assert subject.found(**{**context, leaf[1]: worse}) == {Verdict.FAIL}, (context, leaf[1], worse)
            assert subject.found(**{**context, leaf[1]: kleene.UNKNOWN}) == {Verdict.UNKNOWN}, (context, leaf[1])


def deciding(subject: Subject, pools: dict[str, list[Any]], name: str) -> tuple[dict[str, Any], Any, Any]:
    """What else has to be so that a property alone decides, and a value each way."""
    others = [other for other in pools if other != name]
    for size in range(len(others) + 1):
        for chosen in itertools.combinations(others, size):
            for values in itertools.product(*(pools[other] for other in chosen)):
                context = dict(zip(chosen, values, strict=True))
                verdicts = [(value, subject.expected(**{**context, name: value})) for value in pools[name]]
                better = [value for value, verdict in verdicts if verdict == {Verdict.PASS}]
                worse = [value for value, verdict in verdicts if verdict == {Verdict.FAIL}]
                if better and worse:
                    return context, better[0], worse[0]
    raise AssertionError(f"{name} never decides for {subject.view.row.type}")


@pytest.mark.parametrize(
    "id_", [id_ for id_, rule in RULES.items() if "where" in rule.get("assert", {}).get("some", {})]
)
def test_whatever_a_scope_has_to_declare_turns_its_verdict(id_: str, tmp_path: Path) -> None:
    """Without anything that is as it has to be, a root fails where it is complete, and is not decided elsewhere."""
    rule = PACK.rule(id_)
    _, select, where = rule.check
    passing = [case for case, expected in cases(tmp_path, id_) if expected == {Verdict.PASS}]
    assert passing
    for case in passing:
        parameters = PACK.parameters_for(case.scopes[0].project)[0]

        def operand(given: Any, parameters: Any = parameters) -> Any:
            return parameters[given["parameter"]] if isinstance(given, dict) else given

        candidates = [view for view in case.graph.views if selects(select, view.row)]
        names = {leaf[1] for leaf in kleene.leaves(where)}
        known = [{name: view.reading(name).value for name in names if view.models(name)} for view in candidates]
        for name, pool in kleene.pools(where, operand).items():
            for value in (*pool, kleene.UNKNOWN):
                changed = [{**own, name: value} if name in own else own for own in known]
                truth = kleene.some(kleene.holds(where, own, operand) for own in changed)
                read_as = {name: Unknown("a test") if value is kleene.UNKNOWN else value}
                lacking = Verdict.FAIL if truth is False and case.scopes[0].complete else Verdict.UNKNOWN
                assert case.says(rule, read_as) == {Verdict.PASS if truth else lacking}, (name, value)
