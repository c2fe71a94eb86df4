"""The charts of a report, each with the numbers that it shows: a table stands under every picture."""

from __future__ import annotations

from collections.abc import Sequence

from phiward.attest.assessment.model import Assessment
from phiward.attest.charts import Bar, Series, stacked, trend
from phiward.record import dataclass

_SATISFIED, _NOT = Series("satisfied", "#1b6e3c"), Series("not satisfied", "#b3261e")
_ALTERNATIVE, _LEFT = Series("alternative measure", "#6b4fa0"), Series("not assessed", "#a8b3bd", "#1a1c1e")
_OUT = Series("not applicable", "#dfe4e8", "#1a1c1e")
_FAILED, _WAIVED, _UNDECIDED = Series("failed", "#b3261e"), Series("waived", "#6b4fa0"), Series("undecided", "#8a6100")


@dataclass(frozen=True, slots=True)
class Picture:
    """`head` and `rows` are the table of the same numbers."""

    title: str
    told: str
    svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def pictures(of: Assessment) -> list[Picture]:
    """Citations by safeguard, findings by severity, and where there is more than one day, findings over time."""
    found = [_safeguards(of), _severities(of)]
    return [*found, _trend(of)] if len(of.summary.trend) > 1 else found


def _safeguards(of: Assessment) -> Picture:
    series = (_SATISFIED, _ALTERNATIVE, _NOT, _LEFT, _OUT)
    bars = [
        Bar(
            row.safeguard,
            (row.satisfied, row.alternative_measure, row.not_satisfied, row.not_assessed, row.not_applicable),
        )
        for row in of.summary.by_safeguard
    ]
    satisfied, failing, left = (sum(bar.values[at] for bar in bars) for at in (0, 2, 3))
    total = sum(sum(bar.values) for bar in bars)
    told = f"of {total} citations, satisfied: {satisfied}, not satisfied: {failing}, not assessed: {left}"
    return _picture("Citations by safeguard", told, series, bars, "safeguard")


def _severities(of: Assessment) -> Picture:
    series = (_FAILED, _WAIVED, _UNDECIDED)
    bars = [Bar(row.severity, (row.failed, row.waived, row.undecided)) for row in of.summary.by_severity]
    counts = of.summary.findings
    told = f"failed: {counts.failed:,}, undecided: {counts.undecided:,}"
    return _picture("Findings by severity", told, series, bars, "severity")


def _picture(title: str, told: str, series: Sequence[Series], bars: Sequence[Bar], what: str) -> Picture:
    rows = tuple((bar.label, *(f"{value:,}" for value in bar.values)) for bar in bars)
    return Picture(title, told, stacked(title, told, series, bars), (what, *(one.name for one in series)), rows)


def _trend(of: Assessment) -> Picture:
    series = (_FAILED, _UNDECIDED)
    points = [(point.date, (point.findings.failed, point.findings.undecided)) for point in of.summary.trend]
    first, last = points[0], points[-1]
    told = f"failed findings went from {first[1][0]:,} on {first[0]} to {last[1][0]:,} on {last[0]}"
    rows = tuple((day, *(f"{value:,}" for value in values)) for day, values in points)
    title = "Findings over time"
    return Picture(title, told, trend(title, told, series, points), ("day", *(one.name for one in series)), rows)
