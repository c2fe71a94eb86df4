"""A record, the pack and the settings -> the assessment. Pure: dates come from the record and the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from phiward import __version__
from phiward.attest.assessment import evidence
from phiward.attest.assessment.changes import Now, changes
from phiward.attest.assessment.continuity import continuity, trend
from phiward.attest.assessment.controls import controls, withheld_because
from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import (
    Assessment,
    Continuity,
    Control,
    Cover,
    CrosswalkRow,
    Deviation,
    Exclusion,
    FindingRow,
    Management,
    Method,
    Scope,
    SeverityCount,
    Signatory,
    Skipped,
    StatusCount,
    Summary,
)
from phiward.attest.assessment.population import population
from phiward.attest.assessment.rows import exception_ids, exception_rows, finding_rows, uses_of
from phiward.attest.assessment.status import (
    ALTERNATIVE,
    FAIL,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    NOT_SATISFIED,
    PASS,
    SATISFIED,
    UNDECIDED,
    WAIVED,
)
from phiward.attest.assessment.tally import tally
from phiward.attest.assessment.weakened import switched_off
from phiward.attest.assessment.words import disclaimer, limitations
from phiward.model.finding import NOT_KNOWN, CallCount
from phiward.model.rule import Severity
from phiward.pack.activities import FRAMEWORK
from phiward.record import dataclass
from phiward.reporters import json_report
from phiward.reporters.plain import plain

PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment with the files of its evidence, by their path in the folder."""

    assessment: Assessment
    evidence: Mapping[str, bytes]


def assess(inputs: Inputs) -> Assessed:
    """Everything that an attestation says, and what it is shown by."""
    report = inputs.record.report
    uses = uses_of(inputs)
    ids = exception_ids(uses)
    rows = finding_rows(inputs, ids)
    excepted = exception_rows(inputs, uses, ids, rows)
    matrix = controls(inputs, rows, evidence.names(inputs, rows))
    found = tally(row.status for row in rows)
    people, runs = population(report, rows), continuity(inputs, found)
    scope, method = _scope(inputs, rows), _method(inputs, rows)
    files = evidence.contents(inputs, rows, matrix)
    complete = not withheld_because(inputs)
    now = Now(scope, method, matrix, rows, excepted, report.summary.resources, complete)
    assessment = Assessment(
        cover=_cover(inputs),
        management=_management(inputs),
        disclaimer=disclaimer(matrix),
        scope=scope,
        method=method,
        summary=_summary(inputs, rows, matrix, runs),
        controls=matrix,
        findings=rows,
        exceptions=excepted,
        changes=changes(inputs, now),
        population=people,
        continuity=runs,
        evidence=evidence.manifest(inputs, files),
        crosswalk=_crosswalk(inputs),
        limitations=limitations(inputs, matrix, excepted, people),
    )
    return Assessed(assessment, files)


def _crosswalk(inputs: Inputs) -> tuple[CrosswalkRow, ...]:
    """Every citation that another framework speaks of."""
    found: dict[str, list[str]] = {}
    for activity in inputs.activities:
        for citation in activity.citations:
            found.setdefault(citation, []).append(f"{activity.id} {activity.title}")
    return tuple(
        CrosswalkRow(citation, {FRAMEWORK: tuple(found[citation])})
        for citation in inputs.pack.citations
        if citation in found
    )


def _cover(inputs: Inputs) -> Cover:
    settings, window, digest = inputs.settings, inputs.window, inputs.record.digest
    name = f"https://phiward.dev/assessment/{digest}/{window.start}/{window.end}/{window.as_of}"
    return Cover(
        entity=settings.entity,
        entity_role=settings.role,
        systems=settings.systems,
        window=window,
        report_id=str(uuid5(NAMESPACE_URL, name)),
        record_digest=digest,
        previous_digest=inputs.previous.digest if inputs.previous else "",
        verify="phiward verify .",
    )


def _management(inputs: Inputs) -> Management:
    settings = inputs.settings
    who = settings.entity or "the entity"
    said = settings.statement or (
        f"Management of {who} answers for the scope, the exceptions and the statements of this assessment, and for the "
        "decisions that it records."
    )
    day = inputs.window.as_of
    return Management(said, tuple(Signatory(one.role, one.name, one.title, day) for one in settings.signatories))


def _scope(inputs: Inputs, rows: Sequence[FindingRow]) -> Scope:
    settings, report = inputs.settings, inputs.record.report
    return Scope(
        statement=settings.scope,
        target=report.target,
        roots=report.roots,
        sources=tuple(sorted({row.resource.source for row in rows})),
        repository=settings.repository,
        commit=inputs.commit,
        accounts=_with(settings.accounts, (one.account for one in report.calls)),
        regions=_with(settings.regions, (one.region for one in report.calls)),
        systems=settings.systems,
        tenants=tuple(sorted({row.resource.tenant for row in rows if row.resource.tenant} - {NOT_KNOWN})),
        exclusions=tuple(Exclusion(what, why) for what, why in settings.exclusions),
        partial=report.partial,
    )


def _with(stated: Sequence[str], read: Iterable[str]) -> tuple[str, ...]:
    """What the settings state, and what was read beside it."""
    return tuple(dict.fromkeys([*stated, *sorted(set(filter(None, read)))]))


def _method(inputs: Inputs, rows: Sequence[FindingRow]) -> Method:
    report = inputs.record.report
    run, skipped = _rules(inputs, rows)
    return Method(
        tool="phiward",
        tool_version=__version__,
        tool_digest=inputs.tool_digest,
        pack_version=report.pack.version,
        pack_digest=report.pack.digest,
        pack_origin=inputs.pack_origin,
        record_schema=json_report.SCHEMA,
        run_date=report.scanned_on.isoformat() if report.scanned_on else "",
        operators=report.callers,
        gate=report.gate,
        exit_status=report.exit_status,
        rules_run=run,
        rules_skipped=skipped,
        deviations=tuple(Deviation(one.parameter, plain(one.default), plain(one.value)) for one in report.loosened),
        calls=sum(one.count for one in report.calls),
        denied_calls=tuple(_refused(one) for one in report.calls if one.status not in _ANSWERED),
    )


_ANSWERED = ("ok", "absent", "gone")


def _refused(one: CallCount) -> str:
    times = f" {one.count} times" if one.count > 1 else ""
    return f"{one.operation} in {one.account} {one.region}: {one.status}{f' ({one.code})' if one.code else ''}{times}"


def _rules(inputs: Inputs, rows: Sequence[FindingRow]) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """The rules that were run, also those that found nothing to judge, and those that were not."""
    report = inputs.record.report
    spoke = {row.rule for row in rows}
    run, skipped = set(spoke), []
    off = switched_off(report.loosened)
    needs = {rule.id: rule.needs for rule in inputs.pack.rules}
    for id_ in sorted(set(inputs.cited(rows)) - spoke):
        if id_ in off:
            skipped.append(Skipped(id_, f"switched off: {off[id_]}"))
        elif report.partial:
            skipped.append(Skipped(id_, "not among the rules that were asked for, or nothing to judge in the part"))
        elif needs[id_]:
            skipped.append(Skipped(id_, f"the parameter {needs[id_]} gives it nothing to hold a resource against"))
        else:
            run.add(id_)
    return tuple(sorted(run)), tuple(skipped)


def _summary(inputs: Inputs, rows: Sequence[FindingRow], matrix: Sequence[Control], runs: Continuity) -> Summary:
    return Summary(
        result=_result(inputs, rows, matrix),
        findings=tally(row.status for row in rows),
        by_safeguard=_by_safeguard(matrix),
        by_severity=_by_severity(rows),
        trend=trend(inputs, runs.runs),
    )


def _result(inputs: Inputs, rows: Sequence[FindingRow], matrix: Sequence[Control]) -> str:
    """FAILED where anything fails; PASSED only where nothing is left to say."""
    statuses = {row.status for row in rows}
    if FAIL in statuses:
        return FAILED
    open_citations = any(one.designation == "required" and one.status == NOT_ASSESSED for one in matrix)
    quiet = statuses <= {PASS, NOT_APPLICABLE} and PASS in statuses and not inputs.record.report.loosened
    return PASSED if quiet and not open_citations and not withheld_because(inputs) else WARNED


def _by_safeguard(matrix: Sequence[Control]) -> tuple[StatusCount, ...]:
    found: dict[str, Counter[str]] = {}
    for control in matrix:
        found.setdefault(control.safeguard, Counter())[control.status] += 1
    return tuple(
        StatusCount(
            safeguard=safeguard,
            citations=sum(counts.values()),
            satisfied=counts[SATISFIED],
            not_satisfied=counts[NOT_SATISFIED],
            not_assessed=counts[NOT_ASSESSED],
            not_applicable=counts[NOT_APPLICABLE],
            alternative_measure=counts[ALTERNATIVE],
        )
        for safeguard, counts in found.items()
    )


def _by_severity(rows: Sequence[FindingRow]) -> tuple[SeverityCount, ...]:
    found = Counter((row.severity, row.status) for row in rows)
    return tuple(
        SeverityCount(label, found[label, FAIL], found[label, WAIVED], found[label, UNDECIDED])
        for label in (severity.label for severity in sorted(Severity, reverse=True))
    )
