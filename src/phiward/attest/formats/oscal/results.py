"""The results: a finding for each citation that was shown to be met or not, on what was observed."""

from __future__ import annotations

from typing import Any

from phiward.attest.assessment.model import Control, FindingRow
from phiward.attest.assessment.status import CONTROLS, NOT_ASSESSED
from phiward.attest.formats.oscal.parts import (
    control_id,
    inventory,
    judged,
    metadata,
    observation,
    observation_uuid,
    prop,
    responsible,
    risk,
    risk_uuid,
    risky,
    selections,
    statement_id,
    unread,
)
from phiward.attest.formats.source import NAMESPACE, Source, moment, stable_uuid, text


def assessment_results(source: Source) -> dict[str, Any]:
    """One result, whose findings are about citations and whose observations are about resources."""
    return {
        "assessment-results": {
            "uuid": stable_uuid("results", source.assessment.cover.report_id),
            "metadata": metadata(source, "Results of the assessment of declared configuration"),
            "import-ap": {"href": "assessment-plan.json"},
            "results": [_result(source)],
        }
    }


def _result(source: Source) -> dict[str, Any]:
    found = source.assessment
    rows = judged(source)
    window = found.cover.window
    parts: dict[str, Any] = {
        "observations": [
            *(observation(source, row) for row in rows),
            *(unread(source, uuid, trouble) for uuid, trouble in source.unread),
        ],
        "risks": [risk(source, row) for row in risky(rows)],
        "findings": _findings(source, rows),
    }
    if rows:
        parts["local-definitions"] = {"inventory-items": inventory(rows)}
    people = responsible(source)
    return {
        "uuid": stable_uuid("result", found.cover.report_id),
        "title": f"Assessment as of {window.as_of}",
        "description": text(" ".join(found.disclaimer)),
        "start": moment(window.start),
        "end": moment(window.end),
        "props": [
            prop("result", found.summary.result),
            prop("record-sha256", found.cover.record_digest),
            prop("pack-version", found.method.pack_version),
            prop("pack-digest", found.method.pack_digest),
            prop("pack-origin", found.method.pack_origin),
        ],
        "reviewed-controls": _reviewed(source),
        "attestations": [
            {
                **({"responsible-parties": people} if people else {}),
                "parts": [{"name": "statement", "ns": NAMESPACE, "prose": text(found.management.statement)}],
            }
        ],
        **{name: value for name, value in parts.items() if value},
        "remarks": text(" ".join(found.limitations.statements)),
    }


def _reviewed(source: Source) -> dict[str, Any]:
    """What was asked about, with what of it was not assessed, and why."""
    controls = source.assessment.controls
    left = [f"{one.citation}: {one.basis}" for one in controls if one.status == NOT_ASSESSED]
    found: dict[str, Any] = {"control-selections": selections(controls)}
    return found | ({"remarks": text(f"Not assessed: {'; '.join(left)}")} if left else {})


def _findings(source: Source, rows: list[FindingRow]) -> list[dict[str, Any]]:
    cited: dict[str, list[FindingRow]] = {}
    for row in rows:
        for citation in row.citations:
            cited.setdefault(citation, []).append(row)
    return [
        _finding(control, cited.get(control.citation, []))
        for control in source.assessment.controls
        if CONTROLS[control.status].oscal_state
    ]


def _finding(control: Control, rows: list[FindingRow]) -> dict[str, Any]:
    words = CONTROLS[control.status]
    found: dict[str, Any] = {
        "uuid": stable_uuid("finding", control.citation),
        "title": text(f"{control.citation} {control.title}"),
        "description": text(control.basis),
        "props": [prop("control-id", control_id(control.citation)), prop("status", control.status)],
        "target": {
            "type": "statement-id",
            "target-id": statement_id(control.citation),
            "status": {"state": words.oscal_state, "reason": words.oscal_reason, "remarks": text(control.basis)},
        },
    }
    if rows:
        found["related-observations"] = [{"observation-uuid": observation_uuid(row)} for row in rows]
    risks = [{"risk-uuid": risk_uuid(row)} for row in risky(rows)]
    return found | ({"related-risks": risks} if risks else {})
