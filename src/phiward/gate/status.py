"""The exit status of a scan; fixed meanings that no option changes."""

from __future__ import annotations

from collections.abc import Sequence

from phiward.model.baseline import EXISTING
from phiward.model.finding import Diagnostic, Finding, Summary, Verdict
from phiward.settings import Settings

PASSED, FAILED, USAGE, NOTHING, INCOMPLETE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def exit_status(
    findings: Sequence[Finding], diagnostics: Sequence[Diagnostic], summary: Summary, settings: Settings
) -> tuple[int, str]:
    """The status and one sentence that says why.

    Wrong input of ours comes first, then holes: findings of half a tree must not look like the whole answer to a
    pipeline that tolerates findings. What a baseline has on record fails no gate, and is told.
    """
    invalid = [d for d in diagnostics if d.invalid]
    if invalid:
        return USAGE, f"{_count(len(invalid), 'exception')} cannot be taken as written"
    counted = [f for f in findings if f.failing and f.rule.severity >= settings.fail_on]
    failing = [f for f in counted if f.baseline != EXISTING]
    found = _found(len(failing), len(counted) - len(failing), settings)
    holes = [d for d in diagnostics if d.incomplete]
    if holes and not settings.allow_incomplete:
        return INCOMPLETE, f"incomplete: {_count(len(holes), 'input')} could not be read; {found}"
    unknown = [f for f in findings if f.verdict is Verdict.UNKNOWN and f.waiver is None]
    if unknown and settings.fail_on_unknown:
        return INCOMPLETE, f"incomplete: {_count(len(unknown), 'verdict')} could not be decided; {found}"
    if failing and not settings.exit_zero:
        return FAILED, found
    if summary.passed + summary.failed + summary.unknown + summary.waived == 0:
        return (PASSED if settings.changed else NOTHING), "no rule applied to anything that was read"
    reported = ", reported only (--exit-zero)" if failing else ""
    accepted = f"; holes were accepted: {_count(len(holes), 'input')} could not be read" if holes else ""
    return PASSED, f"{found}{reported}{accepted}"


def _found(failing: int, existing: int, settings: Settings) -> str:
    """What counts, and what would if it were not on record."""
    noun = "finding" if settings.baseline is None else "new finding"
    found = f"{_count(failing, noun) if failing else f'no {noun}'} at or above {settings.fail_on.label}"
    return f"{found}; {_count(existing, 'finding')} tolerated that the baseline has on record" if existing else found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def summarise(findings: Sequence[Finding], resources: int, unmodelled: int) -> Summary:
    """Counts of verdicts. A waived finding is counted as waived only."""
    counts = dict.fromkeys(Verdict, 0)
    waived = 0
    for finding in findings:
        if finding.waiver is not None:
            waived += 1
        else:
            counts[finding.verdict] += 1
    return Summary(
        passed=counts[Verdict.PASS],
        failed=counts[Verdict.FAIL],
        unknown=counts[Verdict.UNKNOWN],
        not_applicable=counts[Verdict.NOT_APPLICABLE],
        waived=waived,
        resources=resources,
        unmodelled=unmodelled,
    )
