"""Findings put together that a reader sees as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from phiward.model.baseline import EXISTING, NEW
from phiward.model.finding import Diagnostic, Finding, Report, Verdict
from phiward.model.location import Location
from phiward.model.rule import Rule
from phiward.model.value import Unknown, unknowns
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule at one place: the `for_each` instances that one source line makes. Never empty."""

    findings: tuple[Finding, ...]

    @property
    def rule(self) -> Rule:
        return self.findings[0].rule

    @property
    def location(self) -> Location:
        return self.findings[0].location


@dataclass(frozen=True, slots=True)
class Undecided:
    """Findings that the same step would decide. `unknowns` is empty where the evidence names none."""

    unknowns: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


def failures(report: Report) -> list[Group]:
    """Everything that counts against the gate, highest severity first, then by place."""
    found: dict[tuple[str, Location], list[Finding]] = {}
    for finding in report.findings:
        if finding.failing:
            found.setdefault((finding.rule.id, finding.location.spot), []).append(finding)
    groups = [Group(tuple(sorted(members, key=lambda f: f.sort_key))) for members in found.values()]
    groups.sort(key=lambda group: (-group.rule.severity, group.findings[0].sort_key))
    return groups


def baseline_of(group: Group) -> str:
    """What a group is to a baseline: `new`, `existing`, or how many of each; empty where there is none."""
    counts = Counter(finding.baseline for finding in group.findings if finding.baseline)
    if NEW not in counts or EXISTING not in counts:
        return next(iter(counts), "")
    return ", ".join(f"{counts[state]:,} {state}" for state in (NEW, EXISTING))


def undecided(report: Report) -> list[Undecided]:
    """Unknown verdicts by what would decide them, those that would decide the most first."""
    found: dict[tuple[str, ...], list[Finding]] = {}
    for finding in report.findings:
        if finding.verdict is Verdict.UNKNOWN and finding.waiver is None:
            found.setdefault(_steps(reasons(finding)), []).append(finding)
    groups = [_undecided(sorted(members, key=lambda f: f.sort_key)) for members in found.values()]
    groups.sort(key=lambda group: (-len(group.findings), group.findings[0].sort_key))
    return groups


def _steps(unknowns: tuple[Unknown, ...]) -> tuple[str, ...]:
    """Name what would decide them all; where that is not known of each, the reasons themselves."""
    hints = tuple(dict.fromkeys(unknown.hint for unknown in unknowns))
    return hints if all(hints) else ("", *(unknown.reason for unknown in unknowns))


def _undecided(findings: list[Finding]) -> Undecided:
    distinct = dict.fromkeys(unknown for finding in findings for unknown in reasons(finding))
    return Undecided(tuple(distinct), tuple(findings))


def reasons(finding: Finding) -> tuple[Unknown, ...]:
    """Every distinct unknown of the evidence, in its order."""
    found: dict[Unknown, None] = {}
    for evidence in finding.evidence:
        found.update(dict.fromkeys(unknowns(evidence.observed)))
    return tuple(found)


def rules_of(findings: Iterable[Finding]) -> list[Rule]:
    """Return the rules that spoke, by id."""
    found = {finding.rule.id: finding.rule for finding in findings}
    return [found[rule_id] for rule_id in sorted(found)]


def loud(diagnostic: Diagnostic) -> bool:
    """Whether it must fail in formats that know only right and wrong."""
    return diagnostic.level == "error" or diagnostic.incomplete or diagnostic.invalid
