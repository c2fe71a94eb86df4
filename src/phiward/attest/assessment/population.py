"""Every resource that was read, and what became of it. Section 11."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from phiward.attest.assessment.model import FindingRow, Observation, Population, PopulationRow, ResourceOf
from phiward.model.finding import Report, Verdict

_SCOPES = "scope."
"""How the types of what rules about absence are asked of begin."""


def population(report: Report, rows: Sequence[FindingRow]) -> Population:
    """What was judged, what no catalog row describes, and what no rule asks anything of, with a check of the sums."""
    subjects = {_subject(row.resource) for row in rows}
    unread = {_subject(row.resource) for row in rows if is_unread(row)}
    scopes = {subject for subject in subjects if subject[0].startswith(_SCOPES)}
    resources = subjects - unread - scopes
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
        reconciles=silent >= 0 and reconciles(report),
        scopes=len(scopes),
        unread=tuple(sorted({native for _, native, _, _ in unread})),
        rows=tuple(made),
    )


def _subject(of: ResourceOf) -> tuple[str, str, str, str]:
    return of.type, of.native_type, of.scope, of.address


def is_unread(row: FindingRow) -> bool:
    """Whether it is about what an account did not tell: all that there may be of a type, or one that could not be read.

    Neither is counted among the resources that were read.
    """
    of = row.resource
    everything = of.address.endswith(f":{of.native_type}[*]")
    return of.source == "aws" and (everything or any(_not_read(leaf) for leaf in row.observations))


def _not_read(leaf: Observation) -> bool:
    return leaf.property == "address" and leaf.expected == "read"


def reconciles(report: Report) -> bool:
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
