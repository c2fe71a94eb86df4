"""The failures that were on record when a baseline was taken, and what became of them."""

from __future__ import annotations

from datetime import date

from phiward.record import dataclass

NEW, EXISTING = "new", "existing"
"""What a failure is to a baseline."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Failures of one fingerprint; there may be several. Everything but the fingerprint is for readers."""

    fingerprint: str
    rule: str
    address: str
    scope: str
    path: str
    since: date
    """When it was first put on record."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Remaining:
    """A recorded failure that this scan does not show again and that is not known to be fixed, and why not."""

    recorded: Recorded
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A scan held against a baseline, whose file is `path`. What fails is `existing` or `new`."""

    path: str
    existing: int
    new: int
    fixed: tuple[Recorded, ...] = ()
    remaining: tuple[Remaining, ...] = ()
