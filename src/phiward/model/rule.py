"""A rule of the pack, as the engine and the reports see it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from phiward.record import dataclass


class Severity(IntEnum):
    """Ordered, so that a threshold is a comparison."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        return self.name.lower()


SEVERITIES = {severity.label: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class Rule:
    """`select`, `when` and `check` are the compiled assertion: see `phiward.pack.compile`."""

    id: str
    title: str
    theme: str
    severity: Severity
    citations: tuple[str, ...]
    message: str
    because: str
    fix: str
    fix_snippets: Mapping[str, str]
    equivalents: Mapping[str, tuple[str, ...]]
    select: Mapping[str, Any]
    when: Any
    check: Any
    graph: str | None
    needs: str | None = None
    """The parameter without which the rule has nothing to hold a resource against: it is silent while that is empty."""
