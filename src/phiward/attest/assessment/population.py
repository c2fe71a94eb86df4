"""Every resource that was read, and what became of it. Section 11."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from phiward.attest.assessment.model import FindingRow, Population, PopulationRow
from phiward.model.finding import Report, Verdict

_SCOPES = "scope."
"""How the types of what rules about absence are asked of begin."""


def population(report: Report, rows: Sequence[FindingRow]) -> Population:
    """What was judged, what no catalog row describes, and what no rule asks anything of, with a check of the sums."""
    subjects = {(row.resource.type, row.resource.native_type, row.resource.scope, row.resource.address) for row in rows}
    resources = [subject for subject in subjects if not subject[0].startswith(_SCOPES)]
    judged = Counter(native for _, native, _, _ in resources)
    summary = report.summary
    silent = summary.resources - len(resources) - summary.unmodelled
    made = [
        PopulationRow(kind, judged[kind] + report.unmodelled_types.get(kind, 0), judged[kind], left)
        for kind in sorted({*judged, *report.unmodelled_types})
        for left in (report.unmodelled_types.get(kind, 0),)
    ]
    return Population(
        method="full: every resource that was read, no sample",
        resources=summary.resources,
        evaluated=len(resources),
        unmodelled=summary.unmodelled,
        silent=silent,
        reconciles=silent >= 0 and _adds_up(report),
        scopes=len(subjects) - len(resources),
        rows=tuple(made),
    )


def _adds_up(report: Report) -> bool:
    """Whether the record's own counts are those of its rows."""
    found = Counter("waived" if one.waiver else one.verdict.value for one in report.findings)
    summary = report.summary
    told = {
        Verdict.PASS.value: summary.passed,
        Verdict.FAIL.value: summary.failed,
        Verdict.UNKNOWN.value: summary.unknown,
        Verdict.NOT_APPLICABLE.value: summary.not_applicable,
        "waived": summary.waived,
    }
    return all(found[name] == number for name, number in told.items()) and (
        sum(report.unmodelled_types.values()) == summary.unmodelled
    )
