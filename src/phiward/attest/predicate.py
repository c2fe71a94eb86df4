"""What is signed: a statement about the files of the folder, with our predicate, and a companion that others read.

https://phiward.dev/attestation/hipaa-assessment/v1 says everything that a reader needs to judge how far the statement
goes: what was evaluated, on which population, what was not. It holds digests, not findings.
https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md is the companion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phiward.attest.assessment.model import Assessment, Control, EvidenceFile, Skipped
from phiward.attest.assessment.status import NOT_ASSESSED, STATUSES, UNREAD
from phiward.attest.canonical import canonical, sha256
from phiward.attest.formats.source import SITE, moment
from phiward.attest.statement import PREDICATE_TYPE, file_descriptor, make_statement

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
FINDINGS, MANIFEST, REPORT = "findings.json", "evidence-manifest.json", "report.pdf"
_SUBJECTS = (FINDINGS, MANIFEST, REPORT)
"""What the statement is about; all other files of the folder are its `reports`."""
_MEDIA = {
    ".json": "application/json",
    ".sarif": "application/sarif+json",
    ".xml": "application/xml",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".yaml": "application/yaml",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def statement(assessment: Assessment, files: Mapping[str, bytes]) -> bytes:
    """The statement about a folder's files; evidence stands in the manifest, which is one of its subjects."""
    reports = [_described(name, files[name]) for name in sorted(files) if name not in _SUBJECTS and not _kept(name)]
    return make_statement(_subjects(files), PREDICATE_TYPE, _predicate(assessment, reports))


def test_result(assessment: Assessment, files: Mapping[str, bytes]) -> bytes:
    """The companion: rules that passed, warned and failed."""
    method = assessment.method
    lists: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for rule, words in sorted(_by_rule(assessment).items()):
        lists[words].append(rule)
    if any(trouble.kind in ("unread", "error") for trouble in assessment.limitations.troubles):
        lists[STATUSES[UNREAD].test_result].append("input-complete")
    lists["warnedTests"] += [f"assessed-{one.citation}" for one in assessment.controls if _is_open(one)]
    pack = {"name": "phiward-rule-pack", "digest": {"sha256": _hexadecimal(method.pack_digest)}, "uri": SITE}
    predicate = {"result": assessment.summary.result, "configuration": [pack], "url": SITE, **lists}
    return make_statement(_subjects(files), TEST_RESULT, predicate)


def _subjects(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [_described(name, files[name]) for name in _SUBJECTS if name in files]


def _described(name: str, content: bytes) -> dict[str, Any]:
    ending = name[name.rfind(".") :] if "." in name else ""
    return file_descriptor(name, content, _MEDIA.get(ending, ""))


def _kept(name: str) -> bool:
    return name.startswith("evidence/")


def _hexadecimal(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _is_open(control: Control) -> bool:
    return control.designation == "required" and control.status == NOT_ASSESSED


def _by_rule(assessment: Assessment) -> dict[str, str]:
    """The worst list that a finding of each rule goes to."""
    order = ("", "passedTests", "warnedTests", "failedTests")
    found: dict[str, str] = {}
    for row in assessment.findings:
        words = STATUSES[row.status].test_result
        if words and order.index(words) > order.index(found.get(row.rule, "")):
            found[row.rule] = words
    return found


def _predicate(assessment: Assessment, reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    cover, method = assessment.cover, assessment.method
    window = cover.window
    evidence = {file.path: file for file in assessment.evidence}
    return {
        "scanner": {
            "uri": SITE,
            "version": method.tool_version,
            **({"digest": {"sha256": _hexadecimal(method.tool_digest)}} if method.tool_digest else {}),
        },
        "rulePack": {
            "name": "phiward",
            "version": method.pack_version,
            "digest": {"sha256": _hexadecimal(method.pack_digest)},
            "origin": method.pack_origin,
        },
        "assessment": {
            "id": cover.report_id,
            "type": window.type,
            "start": moment(window.start),
            "end": moment(window.end),
            "asOf": moment(window.as_of),
            "scanned": moment(method.run_date) if method.run_date else "",
            "result": assessment.summary.result,
        },
        "operators": list(method.operators),
        "scope": _scope(assessment),
        "population": _population(assessment),
        "evaluated": {
            "rules": list(method.rules_run),
            "skipped": [_skipped(one) for one in method.rules_skipped],
            "errors": [
                {"kind": one.kind, "code": one.code, "where": one.where, "error": one.message}
                for one in assessment.limitations.troubles
                if one.kind in ("unread", "error")
            ],
            "callsNotAnswered": list(method.denied_calls),
        },
        "results": _results(assessment, evidence),
        "exceptions": _exceptions(assessment),
        "changes": _changes(assessment),
        "deviations": [{"parameter": one.parameter, "value": str(one.value)} for one in method.deviations],
        "reports": list(reports),
        "notClaimed": list(assessment.disclaimer),
        "limitations": list(assessment.limitations.statements),
        "signatories": [
            {"role": one.role, "name": one.name, "title": one.title} for one in assessment.management.signatories
        ],
    }


def _skipped(one: Skipped) -> dict[str, str]:
    return {"rule": one.rule, "reason": one.reason}


def _scope(assessment: Assessment) -> dict[str, Any]:
    scope = assessment.scope
    inputs: list[dict[str, Any]] = [{"name": "record", "digest": {"sha256": assessment.cover.record_digest}}]
    if scope.commit:
        repository = {"uri": scope.repository} if scope.repository else {"name": "repository"}
        inputs.append({**repository, "digest": {"gitCommit": scope.commit}})
    return {
        "entity": assessment.cover.entity,
        "role": assessment.cover.entity_role,
        "statement": scope.statement,
        "systems": list(scope.systems),
        "accounts": list(scope.accounts),
        "regions": list(scope.regions),
        "roots": list(scope.roots),
        "partial": scope.partial,
        "inputs": inputs,
        "exclusions": [{"what": one.what, "why": one.why} for one in scope.exclusions],
    }


def _population(assessment: Assessment) -> dict[str, Any]:
    people = assessment.population
    return {
        "resources": people.resources,
        "evaluated": people.evaluated,
        "unmodelled": people.unmodelled,
        "silent": people.silent,
        "reconciles": people.reconciles,
        "unreadTypes": list(people.unread),
        "types": [
            {
                "resourceType": row.resource_type,
                "discovered": row.discovered,
                "evaluated": row.evaluated,
                "unevaluated": row.unevaluated,
                "method": row.method,
            }
            for row in people.rows
        ],
    }


def _results(assessment: Assessment, evidence: Mapping[str, EvidenceFile]) -> list[dict[str, Any]]:
    return [
        {
            "citation": one.citation,
            "designation": one.designation,
            "status": one.status,
            "technical": one.technical,
            "extent": one.extent,
            "pass": one.findings.passed,
            "fail": one.findings.failed,
            "waived": one.findings.waived,
            "undecided": one.findings.undecided,
            **({"evidence": {"sha256": evidence[one.evidence[0]].sha256}} if one.evidence else {}),
        }
        for one in assessment.controls
    ]


def _exceptions(assessment: Assessment) -> dict[str, Any]:
    rows = assessment.exceptions
    told = [{name: getattr(row, name) for name in ("id", "type", "state", "rule", "expires")} for row in rows]
    return {
        "count": len(rows),
        "digest": {"sha256": sha256(canonical(told))},
        "expired": sum(row.state == "expired" for row in rows),
        "expiringWithin90d": sum(row.state == "expiring" for row in rows),
    }


def _changes(assessment: Assessment) -> dict[str, Any]:
    found = assessment.changes
    before = {"previous": {"sha256": assessment.cover.previous_digest}} if assessment.cover.previous_digest else {}
    counts = {name: len(getattr(found, name)) for name in ("new", "fixed", "regressed", "scope", "pack", "exceptions")}
    return {**before, **counts, "notKnown": len(found.not_known)}
