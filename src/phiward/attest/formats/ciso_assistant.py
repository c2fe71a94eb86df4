"""CISO Assistant: a framework whose requirements are our citations, and the results of its import of posture.

https://intuitem.gitbook.io/ciso-assistant: a library is YAML; results are CSV with `ref_id` and `result`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from phiward import __version__
from phiward.attest.assessment.evidence import slug
from phiward.attest.assessment.model import Control
from phiward.attest.assessment.status import CONTROLS
from phiward.attest.formats.source import Source, line

POSTURE, LIBRARY = "ciso-assistant/posture.csv", "ciso-assistant/library.yaml"
_URN = "urn:phiward:risk"
_NAME = "hipaa-45-cfr-164"
_COLUMNS = ("ref_id", "result", "actual", "expected", "message")
_LONGEST = 2000
_FORMULA = ("=", "+", "-", "@")
"""How what a spreadsheet takes for a formula begins."""


def emit(source: Source) -> dict[str, bytes]:
    return {POSTURE: _posture(source), LIBRARY: _library(source)}


def _posture(source: Source) -> bytes:
    """A row for each citation."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for control in source.assessment.controls:
        rows.writerow([_cell(value) for value in _row(control)])
    return text.getvalue().encode()


def _row(control: Control) -> tuple[str, ...]:
    counts = control.findings
    judged = counts.evaluated - counts.not_applicable
    actual = f"{counts.passed} of {judged} findings pass" if judged else control.status
    return control.citation, CONTROLS[control.status].ciso_assistant, actual, control.asks, control.basis


def _cell(text: str) -> str:
    shown = line(text, _LONGEST)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _library(source: Source) -> bytes:
    """One requirement for each citation, by which results find it."""
    import yaml

    title = "HIPAA: Security, Breach Notification and Privacy Rules (45 CFR part 164)"
    told = (
        f"The citations of Phiward's rule pack {source.assessment.method.pack_version}. Citations and headings are "
        "federal text; the descriptions are summaries, and no legal advice."
    )
    head = {"locale": "en", "ref_id": _NAME, "name": title, "description": told}
    library = {
        "urn": f"{_URN}:library:{_NAME}",
        **head,
        "copyright": "The regulation is in the public domain; summaries: Apache-2.0",
        "version": 1,
        "provider": "Phiward",
        "packager": f"phiward-{__version__}",
        "objects": {
            "framework": {
                "urn": f"{_URN}:framework:{_NAME}",
                **{name: text for name, text in head.items() if name != "locale"},
                "requirement_nodes": list(_nodes(source)),
            }
        },
    }
    return yaml.safe_dump(library, sort_keys=False, allow_unicode=True, width=120).encode()


def _nodes(source: Source) -> Iterator[dict[str, Any]]:
    known: set[str] = set()
    for control in source.assessment.controls:
        parent = f"{_URN}:req_node:{_NAME}:{control.safeguard}"
        if control.safeguard not in known:
            known.add(control.safeguard)
            name = f"{control.safeguard.capitalize()}: 45 CFR part 164"
            yield {"urn": parent, "assessable": False, "depth": 1, "ref_id": control.safeguard, "name": name}
        yield {
            "urn": f"{_URN}:req_node:{_NAME}:{slug(control.citation).removeprefix('hipaa-')}",
            "assessable": True,
            "depth": 2,
            "parent_urn": parent,
            "ref_id": control.citation,
            "name": control.title,
            "description": f"{control.asks} ({control.designation})",
        }
