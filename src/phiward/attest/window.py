"""Which time an assessment is about: a day, or a period with the day on which it is told."""

from __future__ import annotations

import re
from datetime import date, timedelta

from phiward.attest.assessment.model import Window
from phiward.errors import UsageError

_HINT = "2026-Q4, 2026-11, 2026 or 2026-10-01..2026-12-31"


def window_of(period: str, scanned_on: date | None, as_of: date | None) -> Window:
    """The window of a record. Raises UsageError where the record is none of the period's, or of no known day."""
    day = as_of or scanned_on
    if day is None:
        raise UsageError("the record does not say on which day it was made", hint="give the day with --as-of")
    if scanned_on is not None and day < scanned_on:
        raise UsageError(f"the record is of {scanned_on}, which is after --as-of {day}")
    if not period:
        return Window("point-in-time", *(3 * [day.isoformat()]))
    start, end = bounds(period)
    if not start <= (scanned_on or day) <= day <= end:
        raise UsageError(f"the record is of {scanned_on or day}, told on {day}: that is not in {start} to {end}")
    return Window("period", start.isoformat(), end.isoformat(), day.isoformat())


def bounds(period: str) -> tuple[date, date]:
    """The first and the last day. Raises UsageError."""
    try:
        if ".." in period:
            first, last = (date.fromisoformat(text) for text in period.split("..", 1))
            if first <= last:
                return first, last
        elif found := re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|(\d{2})))?", period):
            return _calendar(int(found[1]), found[2], found[3])
    except ValueError:
        pass
    raise UsageError(f"there is no period {period!r}", hint=_HINT)


def _calendar(year: int, quarter: str | None, month: str | None) -> tuple[date, date]:
    first = 3 * int(quarter) - 2 if quarter else int(month or 1)
    months = 3 if quarter else 1 if month else 12
    after = date(year + (first + months - 1) // 12, (first + months - 1) % 12 + 1, 1)
    return date(year, first, 1), after - timedelta(days=1)
