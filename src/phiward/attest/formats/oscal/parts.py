"""What several OSCAL documents are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phiward.attest.assessment.evidence import slug
from phiward.attest.assessment.model import Control, FindingRow, Trouble
from phiward.attest.assessment.status import ALTERNATIVE, FAIL, NOT_APPLICABLE, STATUSES, UNREAD
from phiward.attest.formats.source import NAMESPACE, SITE, Source, line, stable_uuid, text
from phiward.reporters.plain import dumps

_LONGEST_PROP = 2000


def metadata(source: Source, title: str) -> dict[str, Any]:
    """The head of each document, with who answers for it."""
    found: dict[str, Any] = {
        "title": title,
        "last-modified": source.moment,
        "version": source.assessment.cover.window.as_of,
        "oscal-version": source.oscal_version,
    }
    parties = list(_parties(source))
    if parties:
        found |= {
            "roles": [{"id": role, "title": role.capitalize()} for role in dict.fromkeys(p["role"] for p in parties)],
            "parties": [{name: value for name, value in party.items() if name != "role"} for party in parties],
            "responsible-parties": responsible(source),
        }
    return found


def _parties(source: Source) -> Iterable[dict[str, Any]]:
    for person in source.assessment.management.signatories:
        yield {
            "uuid": party_uuid(person.role, person.name),
            "type": "person",
            "name": text(person.name),
            "props": [prop("job-title", person.title)],
            "role": person.role,
        }


def responsible(source: Source) -> list[dict[str, Any]]:
    """Each role with the people in it."""
    found: dict[str, list[str]] = {}
    for person in source.assessment.management.signatories:
        found.setdefault(person.role, []).append(party_uuid(person.role, person.name))
    return [{"role-id": role, "party-uuids": list(dict.fromkeys(uuids))} for role, uuids in found.items()]


def party_uuid(role: str, name: str) -> str:
    return stable_uuid("party", role, name)


def prop(name: str, value: str) -> dict[str, str]:
    """A property of ours; its value is one line, never empty."""
    return {"name": name, "ns": NAMESPACE, "value": text(value, _LONGEST_PROP)}


def label(citation: str) -> dict[str, str]:
    """OSCAL's own property for what people call it."""
    return {"name": "label", "value": line(citation)}


def control_id(citation: str) -> str:
    return slug(citation)


def statement_id(citation: str) -> str:
    return f"{slug(citation)}_smt"


def tool_component() -> dict[str, Any]:
    return {
        "uuid": stable_uuid("component", "phiward"),
        "type": "software",
        "title": "Phiward",
        "description": "Judges declared configuration by a rule pack for 45 CFR part 164.",
        "links": [{"href": SITE, "rel": "homepage"}],
    }


def selections(controls: Iterable[Control]) -> list[dict[str, Any]]:
    """What was asked about; what does not apply is excluded."""
    included = [{"control-id": control_id(one.citation)} for one in controls if one.status != NOT_APPLICABLE]
    excluded = [{"control-id": control_id(one.citation)} for one in controls if one.status == NOT_APPLICABLE]
    found: dict[str, Any] = {"include-controls": included} if included else {}
    return [found | ({"exclude-controls": excluded} if excluded else {})]


def judged(source: Source) -> list[FindingRow]:
    """The findings that an observation is made of."""
    return [row for row in source.assessment.findings if STATUSES[row.status].oscal_result]


def observation(source: Source, row: FindingRow) -> dict[str, Any]:
    """What was read of one resource for one rule."""
    told = [
        f"{leaf.property}: observed {dumps(leaf.observed)}, expected {dumps(leaf.expected)}"
        for leaf in row.observations
    ]
    return {
        "uuid": observation_uuid(row),
        "title": text(row.title),
        "description": text(row.message or row.title),
        "props": [
            prop("rule", row.rule),
            prop("status", row.status),
            prop("result", STATUSES[row.status].oscal_result),
            prop("severity", row.severity),
            prop("location", f"{row.location.path}:{row.location.line}"),
        ],
        "methods": ["TEST"],
        "subjects": [
            {
                "subject-uuid": resource_uuid(row),
                "type": "inventory-item",
                "title": text(row.resource.address),
            }
        ],
        "collected": source.moment,
        **({"remarks": text("; ".join(told))} if told else {}),
    }


def unread(source: Source, uuid: str, trouble: Trouble) -> dict[str, Any]:
    """An input that could not be read."""
    return {
        "uuid": uuid,
        "title": text(trouble.code),
        "description": text(f"{trouble.where}: {trouble.message}"),
        "props": [prop("status", UNREAD), prop("result", STATUSES[UNREAD].oscal_result)],
        "methods": ["TEST"],
        "collected": source.moment,
    }


def observation_uuid(row: FindingRow) -> str:
    return stable_uuid("observation", row.id, row.status)


def resource_uuid(row: FindingRow) -> str:
    return stable_uuid("resource", row.resource.scope, row.resource.address)


def inventory(rows: Iterable[FindingRow]) -> list[dict[str, Any]]:
    """Each resource once."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        uuid = resource_uuid(row)
        if uuid not in found:
            found[uuid] = {
                "uuid": uuid,
                "description": text(row.resource.address),
                "props": [
                    prop("native-type", row.resource.native_type),
                    prop("source", row.resource.source),
                    prop("scope", row.resource.scope),
                ],
            }
    return list(found.values())


def risk(source: Source, row: FindingRow) -> dict[str, Any]:
    """What a finding means while it is open, or is accepted."""
    exceptions = {one.id: one for one in source.assessment.exceptions}
    found: dict[str, Any] = {
        "uuid": risk_uuid(row),
        "title": text(row.title),
        "description": text(row.message or row.title),
        "statement": text(row.because),
        "props": [prop("severity", row.severity), prop("status", row.status)],
        "status": STATUSES[row.status].oscal_risk,
        "related-observations": [{"observation-uuid": observation_uuid(row)}],
    }
    if row.due and row.status == FAIL:
        found["deadline"] = f"{row.due}T00:00:00Z"
    known = exceptions.get(row.exception)
    if known is not None:
        told = f"{known.type} {known.id}, owner {known.owner}, approved by {known.approver or 'nobody'}: {known.reason}"
        found["props"].append(prop("exception", told))
        measures = [known.equivalent_measure] if row.status == ALTERNATIVE else []
        factors = [text(measure) for measure in (*measures, *known.compensating_controls) if measure]
        if factors:
            found["mitigating-factors"] = [
                {"uuid": stable_uuid("factor", row.id, factor), "description": factor}
                for factor in dict.fromkeys(factors)
            ]
    return found


def risk_uuid(row: FindingRow) -> str:
    return stable_uuid("risk", row.id, row.status)


def risky(rows: Iterable[FindingRow]) -> list[FindingRow]:
    return [row for row in rows if STATUSES[row.status].oscal_risk]
