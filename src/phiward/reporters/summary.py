"""The end of the terminal report: counts, what was accepted, what no rule spoke to, the gate's sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from phiward.model.baseline import Comparison, Recorded
from phiward.model.finding import Finding, Report, Verdict, Waiver, WaiverType
from phiward.model.rule import Rule, Severity
from phiward.reporters.lines import Line, table, wrap
from phiward.reporters.text import clean, cut, listed, named, plural, prose, quoted, show

_LONGEST_NAME = 48
_COLUMNS = ("failed", "unknown", "waived", "passed")
_COLUMN_OF = {Verdict.FAIL: "failed", Verdict.UNKNOWN: "unknown", Verdict.PASS: "passed"}
_MOST_TYPES = 6
_MOST_FIXED = 20
_MOST_REMAINING = 3


def summary(report: Report, width: int) -> list[Line]:
    """Everything that is said once, at the end."""
    lines = _tables(report) if _remarkable(report) else []
    lines += _waived(report, width)
    lines += _baseline(report, width)
    lines += _loosened(report, width)
    lines += _evaluated(report, width)
    bad = report.exit_status != 0
    lines += wrap([(f"Exit status {report.exit_status}: {prose(report.gate)}", "high" if bad else "good")], width, 0)
    return [*lines, *wrap([(_calm(report), "faint")], width, 0)]


def _remarkable(report: Report) -> bool:
    return any(f.verdict in {Verdict.FAIL, Verdict.UNKNOWN} for f in report.findings)


def column(finding: Finding) -> str:
    """Which count a finding falls into; empty for a rule that does not apply."""
    if finding.verdict is Verdict.NOT_APPLICABLE:
        return ""
    if finding.waiver is not None and finding.verdict is not Verdict.PASS:
        return "waived"
    return _COLUMN_OF[finding.verdict]


def _tables(report: Report) -> list[Line]:
    """Counts by severity, citation and tenant; findings are gone through once, for there may be half a million."""
    rules = {finding.rule.id: finding.rule for finding in report.findings}
    counted = Counter((f.rule.id, f.subject.tenant, column(f)) for f in report.findings)
    tallies = [(rules[id_], tenant, where, number) for (id_, tenant, where), number in counted.items() if where]
    lines = _table(tallies, "severity", lambda rule, _: [rule.severity.label], [s.label for s in reversed(Severity)])
    lines += _table(tallies, "45 CFR", lambda rule, _: rule.citations, None)
    if any(tenant is not None for _, tenant, _, _ in tallies):
        lines += _table(tallies, "tenant", lambda _, tenant: [quoted(tenant) if tenant else "no tenant"], None)
    return lines


def _table(
    tallies: list[tuple[Rule, str | None, str, int]],
    name: str,
    keys: Callable[[Rule, str | None], Iterable[str]],
    order: list[str] | None,
) -> list[Line]:
    """Return a row for each key that has a failed, unknown or waived verdict; the rest are all passed."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for rule, tenant, where, number in tallies:
        for key in keys(rule, tenant):
            counts[key][where] += number
    ordered = [key for key in order or sorted(counts) if key in counts]
    rows = [
        [cut(clean(key), _LONGEST_NAME), *(f"{counts[key][c]:,}" for c in _COLUMNS)]
        for key in ordered
        if any(counts[key][c] for c in _COLUMNS[:3])
    ]
    return [*table([name, *_COLUMNS], rows, 0), []] if rows else []


def _waived(report: Report, width: int) -> list[Line]:
    lines: list[Line] = []
    for finding in report.findings:
        if finding.waiver is not None and column(finding) == "waived":
            subject = f"[{clean(finding.rule.id)}] {named(finding.subject.address)}: "
            lines += wrap([("waived", "low"), (subject + accepted(finding.waiver), "")], width, 2)
    return [*lines, []] if lines else []


def accepted(waiver: Waiver) -> str:
    """Who accepted a finding, until when, and why."""
    owner = clean(waiver.owner) or "(no owner)"
    what = "" if waiver.type is WaiverType.WAIVER else f"{waiver.type.replace('-', ' ')} "
    approved = f", approved by {clean(waiver.approver)}" if waiver.approver else ""
    instead = f"; instead: {prose(waiver.measure)}; as good, for {prose(waiver.equivalence)}" if waiver.measure else ""
    at = clean(str(waiver.location))
    return f"{what}until {waiver.expires.isoformat()} by {owner}{approved}: {prose(waiver.reason)}{instead} ({at})"


def ended(waiver: Waiver) -> str:
    """That an exception does not hold any more."""
    where = clean(str(waiver.location))
    return f"an exception to it ended on {waiver.expires.isoformat()} (owner {clean(waiver.owner)}, {where})"


def _baseline(report: Report, width: int) -> list[Line]:
    """What became of the failures that were on record, and how many are not on it."""
    found = report.baseline
    if found is None:
        return []
    lines: list[Line] = []
    for one in found.fixed[:_MOST_FIXED]:
        lines += wrap([("fixed", "good"), (recorded(one), "")], width, 2)
    if len(found.fixed) > _MOST_FIXED:
        lines.append([("fixed", "good"), (f" and {len(found.fixed) - _MOST_FIXED:,} more", "")])
    whys: defaultdict[str, list[str]] = defaultdict(list)
    for left in found.remaining:
        whys[left.why].append(recorded(left.recorded))
    for why, names in whys.items():
        told = f" {plural(len(names), 'failure')}, for {clean(why)}: {listed(names, _MOST_REMAINING)}"
        lines += wrap([("on record", "low"), (told, "")], width, 2)
    return [*lines, *wrap([(compared(found), "bold")], width, 2), []]


def recorded(one: Recorded) -> str:
    times = f" ({one.count:,} times)" if one.count > 1 else ""
    return f"[{clean(one.rule)}] {named(one.address)}{times}, since {one.since.isoformat()}"


def compared(found: Comparison) -> str:
    """A scan against its baseline in one sentence; every failure that was on record is counted once."""
    fixed, remaining = (sum(one.count for one in ones) for ones in (found.fixed, [r.recorded for r in found.remaining]))
    return (
        f"Against the baseline {clean(found.path)}: {found.new:,} new, {found.existing:,} existing, {fixed:,} fixed,"
        f" {remaining:,} neither shown again nor known to be fixed."
    )


def _loosened(report: Report, width: int) -> list[Line]:
    lines: list[Line] = []
    for one in report.loosened:
        said = f"{clean(one.parameter)} is {show(one.value)}, the pack asks {show(one.default)}"
        lines += wrap([("loosened", "medium"), (f" {said}", "")], width, 2)
    return [*lines, []] if lines else []


def _evaluated(report: Report, width: int) -> list[Line]:
    counts = report.summary
    numbers = {
        "failed": counts.failed,
        "unknown": counts.unknown,
        "waived": counts.waived,
        "passed": counts.passed,
    }
    verdicts = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
    text = f"{plural(counts.resources, 'resource')} read; verdicts: {verdicts}."
    lines = wrap([(text, "")], width, 2)
    if counts.unmodelled:
        types = sorted(report.unmodelled_types.items(), key=lambda item: (-item[1], item[0]))
        names = listed([f"{number:,} {clean(name)}" for name, number in types], _MOST_TYPES)
        said = f"{plural(counts.unmodelled, 'resource')} not modelled, so no rule spoke to them"
        lines += wrap([(f"{said}: {names}." if names else f"{said}.", "medium")], width, 2)
    if report.calls:
        lines += wrap([(_asked(report), "")], width, 2)
    if report.partial:
        lines += wrap([("Only part of the tree or of the rules was run.", "")], width, 2)
    return lines


def _asked(report: Report) -> str:
    """What was asked of running accounts, and how many calls ended how."""
    counts: Counter[str] = Counter()
    for calls in report.calls:
        counts[calls.status] += calls.count
    accounts = {calls.account for calls in report.calls}
    ends = ", ".join(f"{number:,} {clean(status)}" for status, number in counts.most_common())
    return f"{plural(counts.total(), 'call')} to {plural(len(accounts), 'account')}: {ends}."


def _calm(report: Report) -> str:
    rules = plural(len({finding.rule.id for finding in report.findings if column(finding)}), "rule")
    pack = f"pack {clean(report.pack.version)} ({clean(report.pack.digest)[:19]})"
    seen = "from configuration and what runs" if report.calls else "from configuration alone"
    return f"Judged by {rules} of {pack}, {seen}: one part of a HIPAA programme. People attest the rest."
