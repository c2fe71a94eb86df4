"""The full record: every evaluated pair of rule and resource. Every other format is a view of it.

Its shape is a contract, `report.schema.json`: keys are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phiward import __version__
from phiward.model.baseline import Comparison, Recorded
from phiward.model.finding import CallCount, Diagnostic, Evidence, Finding, Report, Subject, Summary, Waiver, WaiverUse
from phiward.model.rule import Rule
from phiward.reporters.grouping import rules_of
from phiward.reporters.plain import dumps, place, plain

SCHEMA = "phiward/report/v1"


def render(report: Report) -> str:
    """JSON in ASCII; every finding, rule and diagnostic on a line of its own, so that reports diff well."""
    parts = [
        ("schema", dumps(SCHEMA)),
        ("tool", dumps(_tool(report))),
        ("target", dumps(report.target)),
        ("roots", dumps(list(report.roots))),
        ("scanned_on", dumps(report.scanned_on and report.scanned_on.isoformat())),
        ("partial", dumps(report.partial)),
        ("unknown_refused", dumps(report.unknown_refused)),
        ("summary", dumps(_summary(report.summary, report.exit_status))),
        ("gate", dumps(report.gate)),
        ("loosened", _rows(_loosened(report))),
        ("unmodelled_types", dumps(report.unmodelled_types)),
        ("waivers", _rows(map(waiver_use, report.waivers))),
        ("baseline", dumps(_comparison(report.baseline) if report.baseline else None)),
        ("rules", _rows(map(_rule, rules_of(report.findings)))),
        ("findings", _rows(map(_finding, report.findings))),
        ("calls", _rows(map(_calls, report.calls))),
        ("callers", dumps(list(report.callers))),
        ("diagnostics", _rows(map(_diagnostic, report.diagnostics))),
    ]
    return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in parts) + "\n}\n"


def _rows(values: Iterable[dict[str, Any]]) -> str:
    rows = ",\n".join(map(dumps, values))
    return f"[\n{rows}\n]" if rows else "[]"


def _tool(report: Report) -> dict[str, Any]:
    pack = {"version": report.pack.version, "digest": report.pack.digest}
    return {"name": "phiward", "version": __version__, "pack": pack}


def _summary(summary: Summary, exit_status: int) -> dict[str, Any]:
    return {
        "pass": summary.passed,
        "fail": summary.failed,
        "unknown": summary.unknown,
        "not_applicable": summary.not_applicable,
        "waived": summary.waived,
        "resources": summary.resources,
        "unmodelled": summary.unmodelled,
        "exit_status": exit_status,
    }


def _loosened(report: Report) -> list[dict[str, Any]]:
    return [
        {"parameter": one.parameter, "default": plain(one.default), "value": plain(one.value)}
        for one in report.loosened
    ]


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "theme": rule.theme,
        "severity": rule.severity.label,
        "citations": list(rule.citations),
        "because": rule.because,
        "fix": rule.fix,
        "equivalents": {name: list(ids) for name, ids in rule.equivalents.items()},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    found = {
        "rule": finding.rule.id,
        "verdict": finding.verdict.value,
        "severity": finding.rule.severity.label,
        "citations": list(finding.rule.citations),
        "resource": _resource(finding.subject),
        "location": place(finding.location),
        "message": finding.message,
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "fingerprint": finding.fingerprint,
        "waiver": _waiver(finding.waiver) if finding.waiver else None,
    }
    if finding.lapsed:
        found["lapsed_waiver"] = _waiver(finding.lapsed)
    if finding.baseline:
        found["baseline"] = finding.baseline
    return found


def _resource(subject: Subject) -> dict[str, Any]:
    return {
        "address": subject.address,
        "type": subject.type,
        "native_type": subject.native_type,
        "source": subject.source,
        "tenant": subject.tenant,
        "data_class": subject.data_class,
        "scope": subject.scope,
        "path": subject.path,
        "called_from": [place(location) for location in subject.called_from],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "property": evidence.property,
        "observed": plain(evidence.observed),
        "expected": plain(evidence.expected),
        "location": place(evidence.location) if evidence.location else None,
        "by_default": evidence.by_default,
        "write": evidence.write,
        "attribute": evidence.attribute,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "rule": waiver.rule,
        "type": waiver.type.value,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "approver": waiver.approver or None,
        "approved": waiver.approved.isoformat() if waiver.approved else None,
        "expires": waiver.expires.isoformat(),
        "location": place(waiver.location),
        "kind": waiver.kind,
        "selector": waiver.selector or None,
        "covers_unknown": waiver.covers_unknown,
        "measure": waiver.measure or None,
        "equivalence": waiver.equivalence or None,
        "compensating_controls": list(waiver.compensating_controls),
        "risk_analysis": waiver.risk_analysis or None,
        "ticket": waiver.ticket or None,
    }


def waiver_use(use: WaiverUse) -> dict[str, Any]:
    """Return an exception with what became of it."""
    return {**_waiver(use.waiver), "standing": use.standing.value, "findings": use.findings}


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "path": found.path,
        "existing": found.existing,
        "new": found.new,
        "fixed": [_recorded(one) for one in found.fixed],
        "remaining": [{**_recorded(one.recorded), "why": one.why} for one in found.remaining],
    }


def _recorded(recorded: Recorded) -> dict[str, Any]:
    return {
        "fingerprint": recorded.fingerprint,
        "rule": recorded.rule,
        "address": recorded.address,
        "scope": recorded.scope,
        "path": recorded.path,
        "since": recorded.since.isoformat(),
        "count": recorded.count,
    }


def _calls(counted: CallCount) -> dict[str, Any]:
    return {
        "account": counted.account,
        "region": counted.region,
        "operation": counted.operation,
        "status": counted.status,
        "code": counted.code,
        "count": counted.count,
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "level": diagnostic.level.value,
        "code": diagnostic.code,
        "path": diagnostic.path,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "incomplete": diagnostic.incomplete,
        "invalid": diagnostic.invalid,
    }
