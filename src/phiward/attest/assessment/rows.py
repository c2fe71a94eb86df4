"""Findings and exceptions as rows: sections 8 and 9."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256

from phiward.attest.assessment.inputs import Inputs, Previous
from phiward.attest.assessment.model import ExceptionRow, FindingRow, Observation, Place, ResourceOf
from phiward.attest.assessment.status import DISPUTED, FAIL, UNDECIDED, WAIVED, status_of
from phiward.model.finding import Evidence, Finding, Standing, Waiver, WaiverUse
from phiward.model.location import Location
from phiward.model.rule import Severity
from phiward.reporters.plain import plain

EXPIRING_DAYS = 90
_STATES = ("expired", "expiring", "in-force", "unused", "not-judged")
Key = tuple[str, str, str]
"""A rule on a resource: rule, scope, address."""


def finding_rows(inputs: Inputs, exceptions: Mapping[Waiver, str]) -> tuple[FindingRow, ...]:
    """Every pair of rule and resource that was judged, in the record's order."""
    as_of = inputs.as_of
    since = _Since(inputs.previous, as_of)
    days = inputs.settings.remediation_days
    ids = _Unique()
    rows = []
    for finding in inputs.record.report.findings:
        status = status_of(finding, as_of)
        id_ = ids.of(finding.fingerprint)
        first_seen = since.of(finding, id_, status)
        waiver = finding.waiver if status != FAIL else None
        rows.append(
            FindingRow(
                id=id_,
                rule=finding.rule.id,
                title=finding.rule.title,
                theme=finding.rule.theme,
                status=status,
                severity=finding.rule.severity.label,
                citations=finding.rule.citations,
                resource=_resource(finding),
                location=place(finding.location),
                message=finding.message,
                observations=tuple([_observation(leaf) for leaf in finding.evidence]),
                because=finding.rule.because,
                remediation=_remediation(finding),
                first_seen=first_seen.isoformat(),
                age_days=(as_of - first_seen).days,
                owner=waiver.owner if waiver else "",
                due=_due(first_seen, finding.rule.severity, days) if status in (FAIL, UNDECIDED) else "",
                exception=exceptions[waiver] if waiver else "",
            )
        )
    return tuple(rows)


def _resource(finding: Finding) -> ResourceOf:
    subject = finding.subject
    return ResourceOf(
        address=subject.address,
        type=subject.type,
        native_type=subject.native_type,
        source=subject.source,
        scope=subject.scope,
        tenant=subject.tenant or "",
        data_class=subject.data_class,
    )


def place(at: Location) -> Place:
    return Place(at.path, *at.span, " ".join(at.call) if at.call else "")


def _observation(leaf: Evidence) -> Observation:
    return Observation(
        property=leaf.property,
        attribute=leaf.attribute,
        observed=plain(leaf.observed),
        expected=plain(leaf.expected),
        location=place(leaf.location) if leaf.location else None,
        by_default=leaf.by_default,
    )


def _remediation(finding: Finding) -> str:
    writes = dict.fromkeys(leaf.write for leaf in finding.evidence if leaf.write)
    return "\n".join([finding.rule.fix, *writes])


def _due(first_seen: date, severity: Severity, days: Mapping[Severity, int]) -> str:
    return (first_seen + timedelta(days=days[severity])).isoformat() if severity in days else ""


class _Unique:
    """The same id a second time becomes `id-2`."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, id_: str) -> str:
        self._seen[id_] += 1
        number = self._seen[id_]
        return id_ if number == 1 else f"{id_}-{number}"


def key_of(row: FindingRow) -> Key:
    return row.rule, row.resource.scope, row.resource.address


class _Since:
    """Since when a finding has its status: a failure goes by its fingerprint, all else by rule and resource."""

    def __init__(self, previous: Previous | None, as_of: date) -> None:
        before = previous.assessment.findings if previous else ()
        self._as_of = as_of
        self._open = {row.id: row.first_seen for row in before if row.status in (FAIL, WAIVED, DISPUTED)}
        self._others = {(*key_of(row), row.status): row.first_seen for row in before}

    def of(self, finding: Finding, id_: str, status: str) -> date:
        key = finding.rule.id, finding.subject.scope, finding.subject.address, status
        known = self._open.get(id_) if status in (FAIL, WAIVED, DISPUTED) else self._others.get(key)
        return date.fromisoformat(known) if known else self._as_of


def exception_ids(uses: Sequence[WaiverUse]) -> dict[Waiver, str]:
    """An id for each, which stays the same when lines move."""
    ids = _Unique()
    return {use.waiver: ids.of(_exception_id(use.waiver)) for use in uses}


def _exception_id(waiver: Waiver) -> str:
    parts = (waiver.rule, waiver.type.value, waiver.kind, waiver.selector, waiver.location.path, waiver.owner)
    return "EX-" + sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def uses_of(inputs: Inputs) -> tuple[WaiverUse, ...]:
    """Every exception of the record; of an old record, those that cover a finding."""
    report = inputs.record.report
    known = {use.waiver for use in report.waivers}
    found = Counter(finding.waiver for finding in report.findings if finding.waiver)
    more = [WaiverUse(waiver, Standing.IN_FORCE, number) for waiver, number in found.items() if waiver not in known]
    return (*report.waivers, *more)


def exception_rows(
    inputs: Inputs, uses: Sequence[WaiverUse], ids: Mapping[Waiver, str], rows: Sequence[FindingRow]
) -> tuple[ExceptionRow, ...]:
    """Those that are over first, then those that will soon be."""
    covered: dict[str, list[str]] = {}
    for row in rows:
        if row.exception:
            covered.setdefault(row.exception, []).append(row.id)
    cited = inputs.cited(rows)
    made = [_exception(inputs, use, ids[use.waiver], cited, covered) for use in uses]
    return tuple(sorted(made, key=lambda row: (_STATES.index(row.state), row.expires, row.id)))


def _exception(
    inputs: Inputs,
    use: WaiverUse,
    id_: str,
    cited: Mapping[str, tuple[str, ...]],
    covered: Mapping[str, list[str]],
) -> ExceptionRow:
    waiver = use.waiver
    citations = cited.get(waiver.rule, ())
    known = inputs.pack.citations
    kinds = dict.fromkeys(known[citation]["designation"] for citation in citations if citation in known)
    at = waiver.location
    return ExceptionRow(
        id=id_,
        type=waiver.type.value,
        state=_state(use, inputs.as_of),
        rule=waiver.rule,
        selector=waiver.selector,
        citations=citations,
        designation=", ".join(kinds),
        reason=waiver.reason,
        risk_analysis=waiver.risk_analysis,
        equivalent_measure=waiver.measure,
        equivalence=waiver.equivalence,
        compensating_controls=waiver.compensating_controls,
        owner=waiver.owner,
        approver=waiver.approver,
        approved_at=waiver.approved.isoformat() if waiver.approved else "",
        expires=waiver.expires.isoformat(),
        days_left=(waiver.expires - inputs.as_of).days,
        ticket=waiver.ticket,
        written_in=f"{waiver.kind} {at.path}:{at.span.line}",
        findings=tuple(covered.get(id_, ())),
    )


def _state(use: WaiverUse, as_of: date) -> str:
    if use.standing is Standing.EXPIRED or use.waiver.expires < as_of:
        return "expired"
    if use.standing is not Standing.IN_FORCE:
        return use.standing.value
    return "expiring" if (use.waiver.expires - as_of).days <= EXPIRING_DAYS else "in-force"
