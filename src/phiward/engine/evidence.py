"""What decided a verdict, as evidence and as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from phiward.engine.predicate import Evaluator, Leaf
from phiward.engine.suggest import suggestion
from phiward.graph.view import View
from phiward.model.finding import Evidence, Finding, Subject, Verdict
from phiward.model.location import Location
from phiward.model.resource import AttributePath
from phiward.model.rule import Rule
from phiward.model.value import Sensitive, Value, unknowns
from phiward.pattern import pattern

MAX_EVIDENCE = 50
_AS_THEY_ARE = frozenset({bool, str, int, type(None)})
_placeholder = pattern(r"\{(\w+)\}")


def element_of(leaves: list[Leaf]) -> dict[str, str]:
    """The fields of the first deciding element of a list, for the rule's message: `{source}`."""
    for leaf in leaves:
        value = leaf.reading.value
        if leaf.element is not None and isinstance(value, list) and isinstance(value[leaf.element], dict):
            return {str(name): words(_shown(field)) for name, field in value[leaf.element].items()}
    return {}


def evidence_of(leaves: list[Leaf], evaluator: Evaluator) -> tuple[Evidence, ...]:
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


def make_finding(
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
        message=message or message_of(rule, verdict, subject, evidence),
        evidence=evidence,
    )


def message_of(
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
        "observed": words(first.observed) if first else "",
        "expected": words(first.expected) if first else "",
    }
    return _placeholder.sub(lambda found: values.get(found.group(1), found.group()), rule.message)


def words(value: Value) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(words(item) for item in value) or "empty"
    return f"{value}"
