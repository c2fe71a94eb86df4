"""The catalog of citations, and what the pack implements of it."""

from __future__ import annotations

from typing import Any

from phiward.attest.assessment.model import Control
from phiward.attest.formats.oscal.parts import control_id, label, metadata, prop, statement_id, tool_component
from phiward.attest.formats.source import Source, stable_uuid, text


def catalog(source: Source) -> dict[str, Any]:
    """The citations by safeguard, in our own words."""
    groups: dict[str, list[Control]] = {}
    for control in source.assessment.controls:
        groups.setdefault(control.safeguard, []).append(control)
    return {
        "catalog": {
            "uuid": stable_uuid("catalog", source.assessment.method.pack_digest),
            "metadata": metadata(source, "45 CFR part 164 by citation"),
            "groups": [
                {
                    "id": f"hipaa-{safeguard}",
                    "class": "safeguard",
                    "title": safeguard.capitalize(),
                    "controls": [_control(control) for control in controls],
                }
                for safeguard, controls in groups.items()
            ],
        }
    }


def _control(control: Control) -> dict[str, Any]:
    return {
        "id": control_id(control.citation),
        "class": "citation",
        "title": text(control.title),
        "props": [label(control.citation), prop("designation", control.designation), prop("extent", control.extent)],
        "parts": [{"id": statement_id(control.citation), "name": "statement", "prose": text(control.asks)}],
    }


def component_definition(source: Source) -> dict[str, Any]:
    """The scanner as a component whose rules speak to citations."""
    method = source.assessment.method
    spoken = [control for control in source.assessment.controls if control.rules]
    component = tool_component() | {
        "props": [prop("pack-version", method.pack_version), prop("pack-digest", method.pack_digest)]
    }
    if spoken:
        component["control-implementations"] = [
            {
                "uuid": stable_uuid("implementation", method.pack_digest),
                "source": "catalog.json",
                "description": "Rules show a part of what a citation asks, on the resources that they read.",
                "implemented-requirements": [_requirement(control, method.pack_digest) for control in spoken],
            }
        ]
    return {
        "component-definition": {
            "uuid": stable_uuid("component-definition", method.pack_digest),
            "metadata": metadata(source, "Phiward's rules by citation"),
            "components": [component],
        }
    }


def _requirement(control: Control, digest: str) -> dict[str, Any]:
    return {
        "uuid": stable_uuid("requirement", digest, control.citation),
        "control-id": control_id(control.citation),
        "description": text(f"Rules: {', '.join(control.rules)}"),
        "props": [prop("rule", rule) for rule in control.rules],
    }
