"""What a SARIF log says about the scan itself: nothing that is missing from the results may go unsaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phiward.model.finding import Diagnostic, Finding, Report
from phiward.model.location import LIVE, Location, Span
from phiward.reporters.grouping import Undecided, loud, undecided
from phiward.reporters.sarif_rules import message
from phiward.reporters.summary import column, compared, recorded
from phiward.reporters.text import clean, headline, listed, named, plural, prose, show

GITHUB_KEEPS = 5_000
_MOST_NOTIFICATIONS = 1_000
_MOST_LOCATIONS = 100
_MOST_NAMED = 5

Where = Callable[[Location], dict[str, Any]]


def notifications(report: Report, kept: int, total: int, where: Where) -> list[dict[str, Any]]:
    """Cuts first, then diagnostics, undecided verdicts and what was accepted."""
    said = [_notification(code, level, text) for code, level, text in _about(report, kept, total)]
    said += [_diagnostic(diagnostic, where) for diagnostic in report.diagnostics]
    said += [_undecided(group, where) for group in undecided(report)]
    if len(said) <= _MOST_NOTIFICATIONS:
        return said
    rest = f"{plural(len(said) - _MOST_NOTIFICATIONS, 'notification')} left out; `--format json` holds all."
    return [*said[:_MOST_NOTIFICATIONS], _notification("notifications-cut", "warning", rest)]


def _about(report: Report, kept: int, total: int) -> list[tuple[str, str, str]]:
    """Code, level and text of each sentence about the whole run."""
    said: list[tuple[str, str, str]] = []
    if kept < total:
        text = f"The {total - kept:,} least severe of {total:,} results are cut; `--format json` holds all."
        said.append(("results-cut", "warning", text))
    if kept > GITHUB_KEEPS:
        text = f"{kept:,} results, the most severe first: GitHub code scanning keeps {GITHUB_KEEPS:,}."
        said.append(("results-beyond-github", "warning", text))
    running = [f for f in report.findings if f.failing and f.location.path.startswith(LIVE)]
    if running:
        text = f"{plural(len(running), 'finding')} about what runs, in no file, left out: {_names(running)}."
        said.append(("running-left-out", "warning", text))
    if report.partial:
        said.append(("partial-scan", "note", "Only part of the tree or of the rules was run."))
    waived = [finding for finding in report.findings if column(finding) == "waived"]
    if waived:
        text = f"{plural(len(waived), 'waived finding')} left out: {_names(waived)}."
        said.append(("waived", "note", text))
    if report.baseline:
        fixed = listed([recorded(one) for one in report.baseline.fixed], _MOST_NAMED)
        told = f" Fixed: {fixed}." if fixed else ""
        said.append(("baseline", "note", compared(report.baseline) + told))
    for one in report.loosened:
        text = f"{clean(one.parameter)} is {show(one.value)}, the pack asks {show(one.default)}."
        said.append(("parameter-loosened", "warning", text))
    if report.unmodelled_types:
        types = listed(sorted(map(clean, report.unmodelled_types)), 20)
        count = plural(report.summary.unmodelled, "resource")
        text = f"{count} not modelled, so no rule spoke to them: {types}."
        said.append(("resources-not-modelled", "note", text))
    return said


def _names(findings: list[Finding]) -> str:
    return listed([f"{clean(f.rule.id)} {named(f.subject.address)}" for f in findings], _MOST_NAMED)


def _notification(code: str, level: str, text: str) -> dict[str, Any]:
    return {"descriptor": {"id": code}, "level": level, "message": message(text)}


def _diagnostic(diagnostic: Diagnostic, where: Where) -> dict[str, Any]:
    text = headline(diagnostic.message) + (f"\n{prose(diagnostic.hint)}" if diagnostic.hint else "")
    level = "error" if loud(diagnostic) else diagnostic.level.value
    said = _notification(diagnostic.code, level, text)
    if diagnostic.path:
        line, column_ = max(diagnostic.line, 1), max(diagnostic.column, 1)
        said["locations"] = [where(Location(diagnostic.path, Span(line, column_, line, column_)))]
    return said


def _undecided(group: Undecided, where: Where) -> dict[str, Any]:
    reasons = [clean(unknown.reason) for unknown in group.unknowns] or [headline(group.findings[0].message)]
    whys = listed(reasons, _MOST_NAMED, "; ")
    hints = dict.fromkeys(clean(unknown.hint) for unknown in group.unknowns if unknown.hint)
    count = plural(len(group.findings), "verdict")
    text = "\n".join([f"{count} unknown: {whys}", *hints, _names(list(group.findings))])
    said = _notification("undecided", "warning", text)
    places = dict.fromkeys(finding.location for finding in group.findings)
    said["locations"] = [where(place) for place in list(places)[:_MOST_LOCATIONS]]
    rules = sorted({finding.rule.id for finding in group.findings})
    said["properties"] = {"rules": rules, "verdicts": len(group.findings)}
    if len(rules) == 1:
        said["associatedRule"] = {"id": rules[0]}
    return said
