"""The exceptions of a report, for who keeps them: what is wrong with them, and all of them by their end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from phiward.model.finding import Diagnostic, Report, WaiverUse
from phiward.reporters.json_report import waiver_use
from phiward.reporters.plain import dumps
from phiward.reporters.summary import accepted
from phiward.reporters.text import clean, headline, named, plural, prose

INVALID, INCOMPLETE = 2, 4
_UNREAD = "something could not be read: an exception may stand there; `phiward scan` says what"


class Checked(NamedTuple):
    text: str
    summary: str
    exit_status: int


def checked(report: Report) -> Checked:
    """What `phiward waivers check` says of a report."""
    told = [d for d in report.diagnostics if d.code.startswith("ignore")]
    problems = [d for d in told if d.code != "ignore-ending"]
    waived = report.summary.waived
    summary = f"{plural(waived, 'finding')} under an exception, {len(problems)} to look at"
    if len(told) > len(problems):
        summary += f", {len(told) - len(problems)} ending soon"
    _, status = readable(report)
    if status == INCOMPLETE:
        summary += f"\n{_UNREAD}"
    return Checked(_lines(told), summary, status or (1 if problems else 0))


def readable(report: Report) -> tuple[str, int]:
    """What cannot be taken as written, or was not read, and the status that says so."""
    wrong = [d for d in report.diagnostics if d.invalid]
    if wrong:
        return _lines(wrong).rstrip("\n"), INVALID
    if any(diagnostic.incomplete for diagnostic in report.diagnostics):
        return _UNREAD, INCOMPLETE
    return "", 0


def _lines(told: Iterable[Diagnostic]) -> str:
    lines = []
    for one in told:
        lines.append(f"{clean(one.path)}:{one.line}:{one.column}: {headline(one.message)}")
        lines += [f"  {prose(one.hint)}"] if one.hint else []
    return "".join(f"{line}\n" for line in lines)


def as_text(uses: Iterable[WaiverUse]) -> str:
    """One exception a line."""
    lines = [_told(use) for use in _by_end(uses)]
    return "\n".join(lines or ["no exception was found"]) + "\n"


def _told(use: WaiverUse) -> str:
    waiver = use.waiver
    about = f" on {named(waiver.selector)}" if waiver.selector else ""
    standing = use.standing.value.replace("-", " ")
    return f"{standing}: {clean(waiver.rule)}{about}, {plural(use.findings, 'finding')}, {accepted(waiver)}"


def as_json(uses: Iterable[WaiverUse]) -> str:
    rows = ",\n".join(dumps(waiver_use(use)) for use in _by_end(uses))
    return f"[\n{rows}\n]\n" if rows else "[]\n"


def _by_end(uses: Iterable[WaiverUse]) -> list[WaiverUse]:
    return sorted(uses, key=lambda use: (use.waiver.expires, use.waiver.location.path, use.waiver.location.span))
