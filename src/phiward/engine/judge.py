"""Every rule on every resource it speaks to, in one sorted list of findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from phiward.engine.evidence import element_of, evidence_of, make_finding, message_of
from phiward.engine.graph_rule import NOT_APPLICABLE, GraphIndex, Judgement
from phiward.engine.graph_rules import graph_rule
from phiward.engine.operators import Truth
from phiward.engine.overrides import Overrides
from phiward.engine.predicate import Evaluator, fit, properties_of
from phiward.engine.scopes import judge_scopes, rows_of
from phiward.engine.selecting import fit_when, selects
from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.model.finding import Evidence, Finding, Verdict
from phiward.model.resource import Scope
from phiward.model.rule import Rule, Severity
from phiward.model.value import Unknown
from phiward.pack import Outline
from phiward.record import dataclass, replace

_VERDICTS = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules and resources a scan is about. `tenants` empty means all."""

    rules: Sequence[Outline]
    tenants: frozenset[str] = frozenset()
    severity: Severity = Severity.LOW
    """The least that is asked for."""


@dataclass(slots=True)
class _Prepared:
    """A rule fitted to a catalog row."""

    when: Any
    check: Any


def judge(
    graph: ResourceGraph, scopes: Sequence[Scope], selection: Selection, progress: Callable[[str], None]
) -> list[Finding]:
    """All verdicts, sorted by place, scope, address and rule. Raises SettingsError for parameters that are wrong."""
    evaluators = {id(s): Evaluator(graph.pack.parameters_for(s.project)[0]) for s in scopes}
    index = GraphIndex(graph)
    by_row: dict[int, list[View]] = {}
    for view in (*graph.views, *graph.alone):
        if _wanted(view, selection):
            by_row.setdefault(id(view.row), []).append(view)
    declared = list(rows_of(graph.views))
    overrides = Overrides(graph.pack, scopes, selection.severity)
    findings: list[Finding] = []
    for outline in selection.rules:
        progress(f"judging {outline.id}")
        given = outline.select.get("given")
        if "scope" in outline.select:
            if not selection.tenants and (not given or any(selects(given, row) for row in declared)):
                for rule, asked in overrides.split(outline, scopes, lambda scope: scope):
                    findings += judge_scopes(rule, graph, asked, evaluators)
            continue
        for row_views in by_row.values():
            if selects(outline.select, row_views[0].row):
                for rule, views in overrides.split(outline, row_views, _scope_of):
                    findings += _judge_row(rule, views, evaluators, index)
    findings.sort(key=lambda finding: finding.sort_key)
    return findings


def _scope_of(view: View) -> Scope:
    return view.resource.scope


def _wanted(view: View, selection: Selection) -> bool:
    """Whether a scan is about a resource; one whose tenant is not known may be the tenant's."""
    if view.resource.context:
        return False
    if not selection.tenants:
        return True
    tenant = view.tenancy.tenant
    return isinstance(tenant, Unknown) or tenant in selection.tenants


def _judge_row(
    rule: Rule, views: Sequence[View], evaluators: dict[int, Evaluator], index: GraphIndex
) -> Iterable[Finding]:
    if rule.graph is not None:
        if views[0].row.alone:
            return
        function = graph_rule(rule.graph)
        for view in views:
            applies = _applies(rule.when, view, evaluators) if rule.when else True
            judgement = function(view, index) if applies is not False else NOT_APPLICABLE
            if applies is None and judgement.truth is not True:
                judgement = replace(judgement, truth=None)
            if view.resource.unread and judgement.applies:
                yield _unread(rule, view)
                continue
            yield _graph_finding(rule, view, judgement if judgement.applies else None)
        return
    models = views[0].models
    if views[0].row.alone and not views[0].row.left_out.isdisjoint(properties_of(rule.check, rule.when)):
        return  # a part of a resource does not answer for the whole of it
    check = fit(rule.check, models)
    when = fit_when(rule.when, models)
    if check is None or when is False:
        return  # the rule does not speak to this type at all: coverage says so, not a verdict for each resource
    prepared = _Prepared(when, check)
    for view in views:
        evaluator = evaluators[id(view.resource.scope)]
        if rule.needs is not None and not evaluator.operand({"parameter": rule.needs}):
            yield make_finding(rule, view, Verdict.NOT_APPLICABLE, (), None)
        else:
            yield _judge_one(rule, prepared, view, evaluator)


def _applies(when: Any, view: View, evaluators: dict[int, Evaluator]) -> Truth:
    fitted = fit_when(when, view.models)
    if fitted is False or fitted is None:
        return fitted is None
    return evaluators[id(view.resource.scope)].evaluate(fitted, view)[0]


def _judge_one(rule: Rule, prepared: _Prepared, view: View, evaluator: Evaluator) -> Finding:
    applies, deciding = evaluator.evaluate(prepared.when, view) if prepared.when is not None else (True, [])
    if applies is False:
        return make_finding(rule, view, Verdict.NOT_APPLICABLE, evidence_of(deciding, evaluator), None)
    truth, leaves = evaluator.evaluate(prepared.check, view)
    if view.resource.unread:
        return _unread(rule, view)
    if applies is None and truth is not True:
        truth, leaves = None, deciding
    verdict, evidence = _VERDICTS[truth], evidence_of(leaves, evaluator)
    element = element_of(leaves) if verdict is Verdict.FAIL else {}  # the message of no other verdict quotes any
    message = message_of(rule, verdict, view.subject, evidence, element)
    return make_finding(rule, view, verdict, evidence, evidence[0].location if evidence else None, message)


def _unread(rule: Rule, view: View) -> Finding:
    """The verdict on what could not be read of an account, whatever is true of all of its kind: that it is unknown."""
    why = view.resource.uncounted
    return make_finding(rule, view, Verdict.UNKNOWN, (Evidence("address", why, "read", view.header),), None)


def _graph_finding(rule: Rule, view: View, judgement: Judgement | None) -> Finding:
    if judgement is None:
        return make_finding(rule, view, Verdict.NOT_APPLICABLE, (), None)
    evidence = tuple(Evidence(f.property, f.observed, f.expected, f.location) for f in judgement.facts)
    message = f"{view.resource.address}: {judgement.message}" if judgement.message and judgement.truth is False else ""
    return make_finding(rule, view, _VERDICTS[judgement.truth], evidence, judgement.at, message)
