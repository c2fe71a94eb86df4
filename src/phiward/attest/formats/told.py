"""Which findings a report tells first, and how it says a value: the same in every report that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phiward.attest.assessment.model import FindingRow, Place
from phiward.attest.assessment.status import ALTERNATIVE, DISPUTED, FAIL, UNDECIDED, WAIVED
from phiward.model.rule import SEVERITIES

_ORDER = (FAIL, UNDECIDED, WAIVED, ALTERNATIVE, DISPUTED)


def told_first(rows: Sequence[FindingRow]) -> list[FindingRow]:
    """What failed, then what is undecided, then what an exception covers; each by severity."""
    told = [row for row in rows if row.status in _ORDER]
    return sorted(told, key=lambda row: (_ORDER.index(row.status), -SEVERITIES[row.severity], row.rule))


def value(shown: Any) -> str:
    """An observed or expected value on a line."""
    if shown is None:
        return "not set"
    if isinstance(shown, bool):
        return "true" if shown else "false"
    if isinstance(shown, dict) and "unknown" in shown:
        return f"unknown: {shown['unknown']}"
    if isinstance(shown, (list, tuple)):
        return ", ".join(map(value, shown)) or "empty"
    return str(shown)


def where(place: Place) -> str:
    """Where something stands: a line of a file, or the call that told of what runs."""
    return f"{place.path} ({place.call})" if place.call else f"{place.path}:{place.line}"
