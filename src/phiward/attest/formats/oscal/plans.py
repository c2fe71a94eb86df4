"""The plan of the assessment, which its results have to name, and the plan of action that follows from them."""

from __future__ import annotations

from typing import Any

from phiward.attest.assessment.model import FindingRow
from phiward.attest.assessment.status import FAIL
from phiward.attest.formats.oscal.parts import (
    inventory,
    metadata,
    observation,
    observation_uuid,
    prop,
    risk,
    risk_uuid,
    selections,
    tool_component,
)
from phiward.attest.formats.source import Source, stable_uuid, text


def system_plan(source: Source) -> tuple[str, dict[str, Any]]:
    """The reference to the system security plan, with a back matter that says so where none was given."""
    if source.system_plan:
        return source.system_plan, {}
    uuid = stable_uuid("no-system-security-plan")
    resource = {
        "uuid": uuid,
        "title": "System security plan",
        "description": "None was named. The scope is told in the assessment's results.",
    }
    return f"#{uuid}", {"back-matter": {"resources": [resource]}}


def assessment_plan(source: Source) -> dict[str, Any]:
    """Every rule on every resource that was read."""
    href, back = system_plan(source)
    component = tool_component() | {"status": {"state": "operational"}}
    return {
        "assessment-plan": {
            "uuid": plan_uuid(source),
            "metadata": metadata(source, "Assessment of declared configuration"),
            "import-ssp": {"href": href},
            "reviewed-controls": {"control-selections": selections(source.assessment.controls)},
            "assessment-subjects": [
                {"type": "inventory-item", "description": text(source.assessment.population.method), "include-all": {}}
            ],
            "assessment-assets": {
                "components": [component],
                "assessment-platforms": [
                    {
                        "uuid": stable_uuid("platform", source.assessment.method.tool_version),
                        "title": f"Phiward {source.assessment.method.tool_version}",
                        "uses-components": [{"component-uuid": component["uuid"]}],
                    }
                ],
            },
            **back,
        }
    }


def plan_uuid(source: Source) -> str:
    return stable_uuid("plan", source.assessment.cover.report_id)


def plan_of_action(source: Source) -> dict[str, Any]:
    """An item for each failure that counts; nothing where there is none."""
    failing = [row for row in source.assessment.findings if row.status == FAIL]
    if not failing:
        return {}
    href, back = system_plan(source)
    return {
        "plan-of-action-and-milestones": {
            "uuid": stable_uuid("poam", source.assessment.cover.report_id),
            "metadata": metadata(source, "Plan of action and milestones"),
            "import-ssp": {"href": href},
            "local-definitions": {"inventory-items": inventory(failing)},
            "observations": [observation(source, row) for row in failing],
            "risks": [risk(source, row) for row in failing],
            "poam-items": [_item(row) for row in failing],
            **back,
        }
    }


def _item(row: FindingRow) -> dict[str, Any]:
    return {
        "uuid": stable_uuid("poam-item", row.id),
        "title": text(f"{row.title}: {row.resource.address}"),
        "description": text(row.remediation),
        "props": [prop("first-seen", row.first_seen), *([prop("due", row.due)] if row.due else [])],
        "related-observations": [{"observation-uuid": observation_uuid(row)}],
        "related-risks": [{"risk-uuid": risk_uuid(row)}],
    }
