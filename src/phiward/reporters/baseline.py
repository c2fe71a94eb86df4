"""What is on record, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from phiward.model.baseline import Recorded
from phiward.reporters.summary import recorded
from phiward.reporters.text import clean, plural


def listing(findings: Sequence[Recorded], taken: date) -> str:
    """A line for each, by rule, the oldest first; then how many there are."""
    ordered = sorted(findings, key=lambda one: (one.rule, one.since, one.path, one.address))
    lines = [f"{recorded(one)}  {clean(one.path)}" for one in ordered]
    number = sum(one.count for one in findings)
    return "\n".join([*lines, f"{plural(number, 'failure')} on record, as of {taken.isoformat()}"]) + "\n"
