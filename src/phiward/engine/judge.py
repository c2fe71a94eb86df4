"""Every rule on every resource it speaks to, in one sorted list of findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from phiward.engine.graph_rule import NOT_APPLICABLE, GraphIndex, Judgement
from phiward.engine.graph_rules import graph_rule
from phiward.engine.operators import Truth, any_of
from phiward.engine.overrides import Overrides
from phiward.engine.predicate import Evaluator, Leaf, Outcome, fit, properties_of
from phiward.engine.suggest import suggestion
from phiward.graph.resource_graph import ResourceGraph, how_many
from phiward.graph.view import Reading, View
from phiward.model.finding import Evidence, Finding, Subject, Verdict
from phiward.model.location import Location, Span
from phiward.model.resource import AttributePath, Hole, Scope
from phiward.model.rule import Rule, Severity
from phiward.model.value import Sensitive, Unknown, Value, unknowns
from phiward.pack import Outline, Pack, Row
from phiward.pack.vocabulary import BUILT_IN
from phiward.pattern import pattern
from phiward.record import dataclass, replace

MAX_EVIDENCE = 50
_VERDICTS = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.UNKNOWN}
_WORDS = {
    "terraform": ("root", "root module", "this root, and another root may declare one"),
    "kubernetes": (
        "cluster", "manifests", "these manifests, and the cluster may hold one that is not among them",
    ),
    "cloudformation": ("template", "template", "this template, and another template may declare one"),
    "aws": ("account", "account", "this account"),
}  # fmt: skip
"""By source: what a scope is called, what it is, and where what it lacks may be."""
_AS_THEY_ARE = frozenset({bool, str, int, type(None)})
_placeholder = pattern(r"\{(\w+)\}")


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
    declared = list(_rows(graph.views))
    overrides = Overrides(graph.pack, scopes, selection.severity)
    findings: list[Finding] = []
    for outline in selection.rules:
        progress(f"judging {outline.id}")
        given = outline.select.get("given")
        if "scope" in outline.select:
            if not selection.tenants and (not given or any(selects(given, row) for row in declared)):
                for rule, asked in overrides.split(outline, scopes, lambda scope: scope):
                    findings += _judge_scopes(rule, graph, asked, evaluators)
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


def selects(select: Any, row: Row) -> bool:
    """Whether a rule's `resources` (or `given`) takes in a catalog row."""
    kinds, types = select.get("kind"), select.get("type")
    if (kinds or types) and not (row.kinds.intersection(kinds or ()) or row.type in (types or ())):
        return False
    return not row.kinds.intersection(select.get("not_kind", ())) and row.type not in select.get("not_type", ())


def reach(rule: Rule, row: Row) -> bool:
    """Whether a rule can say something about resources of a catalog row."""
    if "scope" in rule.select:
        declared_in = "cluster" if row.dialect == "kubernetes" else "account"
        return declared_in in rule.select["scope"] and selects(rule.check[1], row)
    if not selects(rule.select, row):
        return False
    if rule.graph is not None:
        return True

    def models(name: str) -> bool:
        return name in row.properties or name in BUILT_IN

    if fit(rule.check, models) is None:
        return False
    return row.dialect == "aws" or _fit_when(rule.when, models) is not False  # or it asks for what Terraform has, too


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
    when = _fit_when(rule.when, models)
    if check is None or when is False:
        return  # the rule does not speak to this type at all: coverage says so, not a verdict for each resource
    prepared = _Prepared(when, check)
    for view in views:
        evaluator = evaluators[id(view.resource.scope)]
        if rule.needs is not None and not evaluator.operand({"parameter": rule.needs}):
            yield _finding(rule, view, Verdict.NOT_APPLICABLE, (), None)
        else:
            yield _judge_one(rule, prepared, view, evaluator)


def _fit_when(when: Any, models: Callable[[str], bool]) -> Any:
    """The condition fitted to a type: a test of a property that the type does not model cannot hold.

    False where the condition can never hold, None where it always does.
    """
    if when is None:
        return None
    head = when[0]
    if head not in ("all", "any", "none"):
        return when if models(when[1]) else False
    parts = [_fit_when(part, models) for part in when[1]]
    if head == "all":
        kept = [part for part in parts if part is not None]
        return False if False in kept else ["all", kept] if kept else None
    if None in parts:
        return None if head == "any" else False
    kept = [part for part in parts if part is not False]
    return [head, kept] if kept else (False if head == "any" else None)


def _applies(when: Any, view: View, evaluators: dict[int, Evaluator]) -> Truth:
    fitted = _fit_when(when, view.models)
    if fitted is False or fitted is None:
        return fitted is None
    return evaluators[id(view.resource.scope)].evaluate(fitted, view)[0]


def _judge_one(rule: Rule, prepared: _Prepared, view: View, evaluator: Evaluator) -> Finding:
    applies, deciding = evaluator.evaluate(prepared.when, view) if prepared.when is not None else (True, [])
    if applies is False:
        return _finding(rule, view, Verdict.NOT_APPLICABLE, _evidence(deciding, evaluator), None)
    truth, leaves = evaluator.evaluate(prepared.check, view)
    if view.resource.unread:
        return _unread(rule, view)
    if applies is None and truth is not True:
        truth, leaves = None, deciding
    verdict, evidence = _VERDICTS[truth], _evidence(leaves, evaluator)
    element = _element(leaves) if verdict is Verdict.FAIL else {}  # the message of no other verdict quotes any
    message = _message(rule, verdict, view.subject, evidence, element)
    return _finding(rule, view, verdict, evidence, evidence[0].location if evidence else None, message)


def _unread(rule: Rule, view: View) -> Finding:
    """The verdict on what could not be read of an account, whatever is true of all of its kind: that it is unknown."""
    why = view.resource.uncounted
    return _finding(rule, view, Verdict.UNKNOWN, (Evidence("address", why, "read", view.header),), None)


def _element(leaves: list[Leaf]) -> dict[str, str]:
    """The fields of the first deciding element of a list, for the rule's message: `{source}`."""
    for leaf in leaves:
        value = leaf.reading.value
        if leaf.element is not None and isinstance(value, list) and isinstance(value[leaf.element], dict):
            return {str(name): _words(_shown(field)) for name, field in value[leaf.element].items()}
    return {}


def _evidence(leaves: list[Leaf], evaluator: Evaluator) -> tuple[Evidence, ...]:
    found = []
    for leaf in leaves[:MAX_EVIDENCE]:
        reading = leaf.reading
        expected = evaluator.expected(leaf)
        found.append(
            Evidence(
                property=leaf.name,
                observed=_shown(leaf.observed),
                expected=expected,
                location=reading.location(leaf.element, leaf.key),
                by_default=reading.by_default,
                write=_write(leaf, expected),
                attribute=_dotted(reading.path),
            )
        )
    return tuple(found)


@lru_cache(maxsize=4096)
def _dotted(path: AttributePath) -> str:
    return ".".join(map(str, path))


def _write(leaf: Leaf, expected: Value) -> str:
    spec = leaf.reading.spec
    return suggestion(spec, expected, leaf.reading.dialect) if spec and leaf.truth is False else ""


def _shown(value: Value) -> Value:
    """Evidence never carries a sensitive value, nor more of a long list than a reader looks at."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Sensitive):
        return "(sensitive)"
    if isinstance(value, list):
        return [_shown(item) for item in value[:20]] + (["..."] if len(value) > 20 else [])  # noqa: PLR2004
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return value


# -- findings


def _finding(
    rule: Rule,
    view: View,
    verdict: Verdict,
    evidence: tuple[Evidence, ...],
    location: Location | None,
    message: str = "",
) -> Finding:
    subject = view.subject
    return Finding(
        rule=rule,
        verdict=verdict,
        subject=subject,
        location=location or view.header,
        message=message or _message(rule, verdict, subject, evidence),
        evidence=evidence,
    )


def _message(
    rule: Rule,
    verdict: Verdict,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    element: Mapping[str, str] = MappingProxyType({}),
) -> str:
    if verdict is Verdict.PASS:
        return rule.title
    if verdict is Verdict.NOT_APPLICABLE:
        return f"does not apply to {subject.address}"
    first = evidence[0] if evidence else None
    if verdict is Verdict.UNKNOWN:
        why = next(unknowns(first.observed), None) if first else None
        reason = why.reason if why else "what decides it is not known"
        return f"{subject.address}: cannot be decided: {reason}"
    values = {
        **element,
        "resource": subject.address,
        "type": subject.type,
        "tenant": subject.tenant or "no tenant",
        "property": first.property if first else "",
        "observed": _words(first.observed) if first else "",
        "expected": _words(first.expected) if first else "",
    }
    return _placeholder.sub(lambda found: values.get(found.group(1), found.group()), rule.message)


def _words(value: Value) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value) or "empty"
    return f"{value}"


def _graph_finding(rule: Rule, view: View, judgement: Judgement | None) -> Finding:
    if judgement is None:
        return _finding(rule, view, Verdict.NOT_APPLICABLE, (), None)
    evidence = tuple(Evidence(f.property, f.observed, f.expected, f.location) for f in judgement.facts)
    message = f"{view.resource.address}: {judgement.message}" if judgement.message and judgement.truth is False else ""
    return _finding(rule, view, _VERDICTS[judgement.truth], evidence, judgement.at, message)


# -- rules about absence


def _judge_scopes(
    rule: Rule, graph: ResourceGraph, scopes: Sequence[Scope], evaluators: dict[int, Evaluator]
) -> Iterable[Finding]:
    in_templates: bool | None = None
    for scope in scopes:
        views = graph.of_scope(scope)
        given = rule.select.get("given")
        if scope.kind not in rule.select["scope"]:
            continue
        if not views or (given and not any(selects(given, row) for row in _rows(views))):
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
    if natives <= scope.once or not regions or (given and any(selects(given, row) for row in _rows(serves_all))):
        yield _if_given(scope, given, views), views
        return
    nowhere = [v for v in apart if not v.resource.provider]
    asked = False
    for region in sorted(regions):
        there = [v for v in apart if v.resource.provider == region]
        if not given or any(selects(given, row) for row in _rows(there)):
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
    return _fit_when(where, lambda name: name in row.properties or name in BUILT_IN) is not False


def _judge_scope(rule: Rule, scope: Scope, views: list[View], evaluator: Evaluator) -> Finding:
    _, select, where = rule.check
    chosen = {row.type for row in _rows(views) if selects(select, row)}
    candidates = [view for view in views if view.row.type in chosen]
    outcomes: list[Outcome] = []
    for view in candidates:
        fitted = _fit_when(where, view.models)
        outcome = (fitted is None, []) if fitted in (False, None) else evaluator.evaluate(fitted, view)
        outcomes.append(_if_there(outcome, view))
    truth = any_of([outcome for outcome, _ in outcomes])
    what = " or ".join((*select.get("kind", ()), *select.get("type", ())))
    if truth is True:
        place = next(i for i, (found, _) in enumerate(outcomes) if found is True)
        evidence = _evidence(outcomes[place][1], evaluator) or (
            Evidence(what, candidates[place].resource.address, "declared", candidates[place].resource.origin.header()),
        )
        return _scope_finding(rule, scope, Verdict.PASS, evidence, evidence[0].location or _scope_location(views))
    if truth is None:
        leaves = [leaf for found, found_leaves in outcomes if found is None for leaf in found_leaves]
        return _scope_finding(rule, scope, Verdict.UNKNOWN, _evidence(leaves, evaluator), _scope_location(views))
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
    evidence = _evidence(leaves, evaluator) or (Evidence(what, None, "declared", _scope_location(views)),)
    return _scope_finding(rule, scope, Verdict.FAIL, evidence, _scope_location(views))


def _rows(views: list[View]) -> Iterable[Row]:
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
        message=_message(rule, verdict, subject, evidence),
        evidence=evidence,
    )
