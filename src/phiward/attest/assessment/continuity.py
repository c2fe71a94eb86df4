"""Runs in the window, and the gaps between them. Section 12.

Recognised security practices count where they were in place for the twelve months before: what shows it is dated runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import Continuity, GapBetween, Run, Tally, TrendPoint
from phiward.attest.assessment.record import Record
from phiward.attest.assessment.status import status_of
from phiward.attest.assessment.tally import tally

_MOST_POINTS = 60


def continuity(inputs: Inputs, found: Tally) -> Continuity:
    """The runs that are known: this one, the other records that were given, those of the assessment before."""
    window = inputs.window
    runs = {run.record_digest: run for run in _runs(inputs, found) if window.start <= run.date <= window.end}
    ordered = tuple(sorted(runs.values(), key=lambda run: (run.date, run.record_digest)))
    return Continuity(inputs.settings.cadence_days, ordered, tuple(_gaps(inputs, [run.date for run in ordered])))


def _runs(inputs: Inputs, found: Tally) -> Iterable[Run]:
    """Our own run, and those before that looked at everything: a run of a part closes no gap."""
    if inputs.previous:
        before = inputs.previous.assessment
        part = before.cover.record_digest if before.scope.partial else ""
        yield from (run for run in before.continuity.runs if run.record_digest != part)
    for record in inputs.earlier:
        if record.report.scanned_on and not record.report.partial:
            yield _run(record, record.report.scanned_on)
    made_on = inputs.record.report.scanned_on or inputs.as_of
    yield Run(made_on.isoformat(), inputs.record.digest, found, inputs.record.report.summary.resources)


def _run(record: Record, day: date) -> Run:
    statuses = (status_of(finding, day) for finding in record.report.findings)
    return Run(day.isoformat(), record.digest, tally(statuses), record.report.summary.resources)


def _gaps(inputs: Inputs, days: list[str]) -> Iterable[GapBetween]:
    """Between runs, from the window's start and to the day of the assessment; of a point in time, since the last."""
    window = inputs.window
    if window.type == "period":
        days = [window.start, *days, min(window.end, window.as_of)]
    elif inputs.previous:
        days = [inputs.previous.assessment.cover.window.as_of, *days]
    for start, end in pairwise(days):
        length = (date.fromisoformat(end) - date.fromisoformat(start)).days
        if length > inputs.settings.cadence_days:
            yield GapBetween(start, end, length)


def trend(inputs: Inputs, runs: Iterable[Run]) -> tuple[TrendPoint, ...]:
    """What was found at each run, oldest first, with what the assessment before knew of those before it."""
    before = inputs.previous.assessment.summary.trend if inputs.previous else ()
    ours = [TrendPoint(run.date, run.findings, run.resources) for run in runs]
    points = dict.fromkeys([*before, *ours])
    return tuple(sorted(points, key=lambda point: point.date))[-_MOST_POINTS:]
