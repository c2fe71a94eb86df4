"""OCSF 1.5.0, class 2003 Compliance Finding: an event for each finding and citation, and for each citation without one.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phiward import __version__
from phiward.attest.assessment.model import Control, FindingRow, Observation, Trouble
from phiward.attest.assessment.status import CONTROLS, FAIL, STATUSES, UNREAD
from phiward.attest.formats.source import SITE, STANDARD, Source, document, line, milliseconds, text
from phiward.reporters.plain import dumps

FILE = "ocsf.json"
VERSION = "1.5.0"
_COMPLIANCE = {1: "Pass", 2: "Warning", 3: "Fail"}
_STATUS = {1: "New", 3: "Suppressed", 4: "Resolved"}
_SEVERITIES = {"low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"), "critical": (5, "Critical")}
_INFORMATIONAL = 1, "Informational"
_NEW, _RESOLVED, _PASS = 1, 4, 1


def emit(source: Source) -> dict[str, bytes]:
    """A list of events, in the order of the findings."""
    return {FILE: document(list(events(source)))}


def events(source: Source) -> Iterator[dict[str, Any]]:
    found = source.assessment
    for row in found.findings:
        if STATUSES[row.status].ocsf_compliance:
            yield from _of_finding(source, row)
    spoken = {citation for row in found.findings for citation in row.citations if STATUSES[row.status].ocsf_compliance}
    for control in found.controls:
        if control.citation not in spoken and CONTROLS[control.status].ocsf_compliance:
            yield _of_control(source, control)
    for uid, trouble in source.unread:
        yield _of_trouble(source, uid, trouble)


def _of_finding(source: Source, row: FindingRow) -> Iterator[dict[str, Any]]:
    words = STATUSES[row.status]
    resource = {
        "uid": line(row.resource.address),
        "name": line(row.resource.address),
        "type": row.resource.native_type,
        "labels": sorted({f"source:{row.resource.source}", f"data-class:{line(row.resource.data_class)}"}),
        **({"group": {"name": line(row.resource.tenant), "type": "tenant"}} if row.resource.tenant else {}),
    }
    details = [line(_told(leaf)) for leaf in row.observations]
    if row.exception:
        details.append(f"exception {row.exception}, owner {line(row.owner)}")
    severity_id, severity = _SEVERITIES[row.severity] if row.status == FAIL else _INFORMATIONAL
    message = line(row.message)
    common = {
        "severity_id": severity_id,
        "severity": severity,
        "message": message,
        "resources": [resource],
        "remediation": {"desc": line(row.remediation), "references": [f"{SITE}/blob/main/docs/rules/{row.rule}.md"]},
    }
    info = {
        "title": line(row.title),
        "desc": message,
        "first_seen_time": milliseconds(row.first_seen),
        "types": [row.theme],
        "data_sources": [f"{line(row.location.path)}:{row.location.line}"],
    }
    for citation in row.citations:
        event = _event(source, words.ocsf_compliance, words.ocsf_status, citation)
        event["compliance"] |= {"control": row.rule, "status_details": details}
        yield event | common | {"finding_info": {"uid": f"{row.id}/{citation}", **info}}


def _of_control(source: Source, control: Control) -> dict[str, Any]:
    compliance = CONTROLS[control.status].ocsf_compliance
    event = _event(source, compliance, _RESOLVED if compliance == _PASS else _NEW, control.citation)
    event["compliance"] |= {"control": control.citation, "status_details": [line(control.basis)]}
    event["finding_info"] = {
        "uid": f"citation/{control.citation}",
        "title": line(control.title),
        "desc": line(control.asks),
    }
    return event | {"severity_id": _INFORMATIONAL[0], "severity": _INFORMATIONAL[1], "message": line(control.basis)}


def _of_trouble(source: Source, uid: str, trouble: Trouble) -> dict[str, Any]:
    """An input that could not be read; it belongs to no citation."""
    words = STATUSES[UNREAD]
    event = _event(source, words.ocsf_compliance, words.ocsf_status)
    event["compliance"] |= {"control": trouble.code, "status_details": [line(trouble.message)]}
    event["finding_info"] = {"uid": uid, "title": text(trouble.message), "data_sources": [text(trouble.where)]}
    return event | {"severity_id": _INFORMATIONAL[0], "severity": _INFORMATIONAL[1], "message": text(trouble.message)}


def _event(source: Source, compliance: int, status: int, *citations: str) -> dict[str, Any]:
    cover = source.assessment.cover
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": milliseconds(cover.window.as_of),
        "status_id": status,
        "status": _STATUS[status],
        "compliance": {
            "standards": [STANDARD],
            "requirements": list(citations),
            "status_id": compliance,
            "status": _COMPLIANCE[compliance],
        },
        "metadata": {
            "version": VERSION,
            "product": {"name": "Phiward", "vendor_name": "Phiward", "version": __version__, "url_string": SITE},
            "correlation_uid": cover.report_id,
        },
    }


def _told(leaf: Observation) -> str:
    return f"{leaf.property}: observed {dumps(leaf.observed)}, expected {dumps(leaf.expected)}"
