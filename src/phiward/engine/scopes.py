"""Rules about absence: what an account, a root or a cluster lacks. They range over scopes, not over resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from phiward.engine.evidence import evidence_of, message_of
from phiward.engine.operators import any_of
from phiward.engine.predicate import Evaluator, Leaf, Outcome
from phiward.engine.selecting import fit_when, reach, selects
from phiward.graph.resource_graph import ResourceGraph, how_many
from phiward.graph.view import Reading, View
from phiward.model.finding import Evidence, Finding, Subject, Verdict
from phiward.model.location import Location, Span
from phiward.model.resource import Hole, Scope
from phiward.model.rule import Rule
from phiward.model.value import Unknown
from phiward.pack import Pack, Row
from phiward.pack.vocabulary import BUILT_IN
from phiward.record import replace

_WORDS = {
    "terraform": ("root", "root module", "this root, and another root may declare one"),
    "kubernetes": (
        "cluster", "manifests", "these manifests, and the cluster may hold one that is not among them",
    ),
    "cloudformation": ("template", "template", "this template, and another template may declare one"),
    "aws": ("account", "account", "this account"),
}  # fmt: skip
"""By source: what a scope is called, what it is, and where what it lacks may be."""


def judge_scopes(
    rule: Rule, graph: ResourceGraph, scopes: Sequence[Scope], evaluators: dict[int, Evaluator]
) -> Iterable[Finding]:
    in_templates: bool | None = None
    for scope in scopes:
        views = graph.of_scope(scope)
        given = rule.select.get("given")
        if scope.kind not in rule.select["scope"]:
            continue
        if not views or (given and not any(selects(given, row) for row in rows_of(views))):
            continue
        if scope.source == "cloudformation":
            if in_templates is None:
                in_templates = any(_can_be_declared(rule, row) for row in graph.pack.rows())
            if not in_templates:
                continue  # no template could declare what is looked for
        for named, beside in _by_region(rule, scope, views, graph.pack) if scope.source == "aws" else [(scope, views)]:
            yield _judge_scope(rule, named, beside, evaluators[id(scope)])


def _by_region(rule: Rule, scope: Scope, views: list[View], pack: Pack) -> Iterator[tuple[Scope, list[View]]]:
    """A running account by its regions, each with what serves all of them; as a whole where only such can answer."""
    select = rule.check[1]
    natives = {
        n for row in pack.rows() if row.dialect == "terraform" and selects(select, row) for n in row.native_types
    }
    given = rule.select.get("given")
    serves_all = [v for v in views if v.resource.native_type in scope.once]
    apart = [v for v in views if v.resource.native_type not in scope.once]
    regions = {v.resource.provider for v in apart if v.resource.provider}
    if natives <= scope.once or not regions or (given and any(selects(given, row) for row in rows_of(serves_all))):
        yield _if_given(scope, given, views), views
        return
    nowhere = [v for v in apart if not v.resource.provider]
    asked = False
    for region in sorted(regions):
        there = [v for v in apart if v.resource.provider == region]
        if not given or any(selects(given, row) for row in rows_of(there)):
            asked = True
            yield (
                _if_given(replace(scope, path=f"{scope.path}/{region}"), given, there),
                [*there, *serves_all, *nowhere],
            )
    if not asked:
        yield _if_given(scope, given, views), views


def _if_given(scope: Scope, given: Any, views: list[View]) -> Scope:
    """A scope in which nothing is missing for certain, where what asks for it was not read: it may not be there."""
    asking = [v for v in views if not given or selects(given, v.row)]
    doubt = asking[0].resource.uncounted if asking and all(v.resource.unread for v in asking) else None
    return scope if doubt is None else replace(scope, holes=(*scope.holes, Hole(doubt.reason, doubt.hint)))


def _can_be_declared(rule: Rule, row: Row) -> bool:
    """Whether a row says in CloudFormation what a rule about absence looks for."""
    if row.dialect != "cloudformation" or not reach(rule, row):
        return False
    where = rule.check[2]
    return fit_when(where, lambda name: name in row.properties or name in BUILT_IN) is not False


def _judge_scope(rule: Rule, scope: Scope, views: list[View], evaluator: Evaluator) -> Finding:
    _, select, where = rule.check
    chosen = {row.type for row in rows_of(views) if selects(select, row)}
    candidates = [view for view in views if view.row.type in chosen]
    outcomes: list[Outcome] = []
    for view in candidates:
        fitted = fit_when(where, view.models)
        outcome = (fitted is None, []) if fitted in (False, None) else evaluator.evaluate(fitted, view)
        outcomes.append(_if_there(outcome, view))
    truth = any_of([outcome for outcome, _ in outcomes])
    what = " or ".join((*select.get("kind", ()), *select.get("type", ())))
    if truth is True:
        place = next(i for i, (found, _) in enumerate(outcomes) if found is True)
        evidence = evidence_of(outcomes[place][1], evaluator) or (
            Evidence(what, candidates[place].resource.address, "declared", candidates[place].resource.origin.header()),
        )
        return _scope_finding(rule, scope, Verdict.PASS, evidence, evidence[0].location or _scope_location(views))
    if truth is None:
        leaves = [leaf for found, found_leaves in outcomes if found is None for leaf in found_leaves]
        return _scope_finding(rule, scope, Verdict.UNKNOWN, evidence_of(leaves, evaluator), _scope_location(views))
    if scope.holes:
        why = Unknown(scope.holes[0].reason, scope.holes[0].hint)
        evidence = (Evidence(what, why, "declared", _scope_location(views)),)
        return _scope_finding(rule, scope, Verdict.UNKNOWN, evidence, _scope_location(views))
    if not scope.complete:
        why = Unknown(
            f"no {what} that satisfies it is declared in {_called(scope)[2]}",
            f"list it under complete_roots in phiward.yaml if it declares the whole {scope.kind}",
        )
        evidence = (Evidence(what, why, "declared", _scope_location(views)),)
        return _scope_finding(rule, scope, Verdict.UNKNOWN, evidence, _scope_location(views))
    leaves = [leaf for _, found_leaves in outcomes for leaf in found_leaves]
    evidence = evidence_of(leaves, evaluator) or (Evidence(what, None, "declared", _scope_location(views)),)
    return _scope_finding(rule, scope, Verdict.FAIL, evidence, _scope_location(views))


def rows_of(views: list[View]) -> Iterable[Row]:
    """The catalog rows of some views, each once."""
    return {id(view.row): view.row for view in views}.values()


def _if_there(outcome: Outcome, view: View) -> Outcome:
    """What a resource shows of its root, where it is not known how many there are of it: perhaps none."""
    if outcome[0] is not True or view.resource.counted:
        return outcome
    reading = Reading(how_many(view.resource), view.resource)
    return None, [Leaf("address", reading, reading.value, [], None)]


def _scope_location(views: list[View]) -> Location:
    """A scope has no line of its own: the first line of the first file that declares something in it."""
    path = min({view.header.path for view in views})
    return Location(path, Span(1, 1, 1, 1))


def _called(scope: Scope) -> tuple[str, str, str]:
    return _WORDS.get(scope.source, _WORDS["terraform"])


def _scope_finding(
    rule: Rule, scope: Scope, verdict: Verdict, evidence: tuple[Evidence, ...], location: Location
) -> Finding:
    subject = Subject(
        address=f"{_called(scope)[0]} {scope.path}",
        type=f"scope.{scope.kind}",
        native_type=_called(scope)[1],
        source=scope.source,
        tenant=None,
        data_class=scope.project.default_class,
        scope=scope.path,
        path=scope.path,
    )
    return Finding(
        rule=rule,
        verdict=verdict,
        subject=subject,
        location=location,
        message=message_of(rule, verdict, subject, evidence),
        evidence=evidence,
    )
