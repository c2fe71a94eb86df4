"""The evidence that goes with an assessment: the scan's record, and for each citation what was found on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from phiward import __version__
from phiward.attest.assessment.document import to_plain
from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import Control, EvidenceFile, FindingRow
from phiward.attest.canonical import canonical, sha256

FOLDER = "evidence"
_SIX_YEARS = 6
_GRACE = timedelta(days=30)


def slug(citation: str) -> str:
    """`164.312(a)(2)(iv)` -> `hipaa-164.312.a.2.iv`, for files, and for formats whose names begin with a letter."""
    return "hipaa-" + re.sub(r"[^A-Za-z0-9.]+", ".", citation).strip(".").lower()


def names(inputs: Inputs, rows: Sequence[FindingRow]) -> dict[str, str]:
    """The evidence file of each citation that has any."""
    cited = {citation for row in rows for citation in row.citations}
    stated = {citation for citation, state in inputs.statements.items() if any(c.statement for c in state.controls)}
    return {
        citation: f"{FOLDER}/{slug(citation)}.json"
        for citation in inputs.pack.citations
        if citation in cited or citation in stated
    }


def contents(inputs: Inputs, rows: Sequence[FindingRow], controls: Sequence[Control]) -> dict[str, bytes]:
    """The files by their path in the folder."""
    cited: dict[str, list[FindingRow]] = {}
    for row in rows:
        for citation in row.citations:
            cited.setdefault(citation, []).append(row)
    made = {f"{FOLDER}/{inputs.record.name}": inputs.record.text.encode()}
    for control in controls:
        for path in control.evidence:
            made[path] = _of_citation(control, cited.get(control.citation, ()))
    return made


def _of_citation(control: Control, rows: Sequence[FindingRow]) -> bytes:
    found = [
        {
            "id": row.id,
            "rule": row.rule,
            "status": row.status,
            "resource": row.resource.address,
            "scope": row.resource.scope,
            "location": f"{row.location.path}:{row.location.line}",
            "exception": row.exception,
        }
        for row in rows
    ]
    told = {
        "citation": control.citation,
        "status": control.status,
        "basis": control.basis,
        "findings": found,
        "statements": to_plain(control.statements),
    }
    return canonical(told) + b"\n"


def manifest(inputs: Inputs, files: Mapping[str, bytes]) -> tuple[EvidenceFile, ...]:
    """A row for each file."""
    day = inputs.record.report.scanned_on or inputs.as_of
    return tuple(
        EvidenceFile(
            path=path,
            sha256=sha256(content),
            size=len(content),
            collected_at=day.isoformat(),
            source=_source(inputs, path),
            collector=f"phiward {__version__}",
            retain_until=retention_end(inputs.as_of).isoformat(),
        )
        for path, content in sorted(files.items())
    )


def _source(inputs: Inputs, path: str) -> str:
    record = inputs.record
    return f"scan of {record.report.target}" if path.endswith(f"/{record.name}") else f"taken from {record.name}"


def retention_end(day: date) -> date:
    """Six years and a month after a day: 45 CFR 164.316(b)(2)(i)."""
    last = day.day if (day.month, day.day) != (2, 29) else 28
    return date(day.year + _SIX_YEARS, day.month, last) + _GRACE
