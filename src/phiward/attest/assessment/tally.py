"""Counts of findings by status; the parts always add up to the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from phiward.attest.assessment.model import Tally
from phiward.attest.assessment.status import (
    ALTERNATIVE,
    DISPUTED,
    FAIL,
    NOT_APPLICABLE,
    PASS,
    UNDECIDED,
    WAIVED,
)


def tally(statuses: Iterable[str]) -> Tally:
    """How many there are of each status."""
    return of_counts(Counter(statuses))


def of_counts(counts: Mapping[str, int]) -> Tally:
    return Tally(
        evaluated=sum(counts.values()),
        passed=counts.get(PASS, 0),
        failed=counts.get(FAIL, 0),
        undecided=counts.get(UNDECIDED, 0),
        waived=counts.get(WAIVED, 0),
        alternative=counts.get(ALTERNATIVE, 0),
        disputed=counts.get(DISPUTED, 0),
        not_applicable=counts.get(NOT_APPLICABLE, 0),
    )
