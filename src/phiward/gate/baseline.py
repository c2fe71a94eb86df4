"""A scan held against the failures that are on record: each is `new` or `existing`, and none is hidden.

Fingerprints are counted: two failures with one fingerprint are two. They hold the rule, the root, the address, the file
and the properties that failed, and no line, so that moving text changes nothing and moving a resource does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from phiward.gate.status import INCOMPLETE, USAGE
from phiward.loaders.tree import Tree
from phiward.model.baseline import EXISTING, NEW, Comparison, Recorded, Remaining
from phiward.model.finding import Finding, Report, Verdict
from phiward.model.location import LIVE
from phiward.model.resource import Scope
from phiward.pack import Outline
from phiward.record import replace
from phiward.settings import Settings

_Subject = tuple[str, str, str]
"""Rule, scope and address."""


class Looked(NamedTuple):
    """What a scan looked at: a failure that it does not show is fixed only where it would have shown it."""

    rules: frozenset[str]
    scope: Callable[[str], bool]
    """Whether all of a root was read, or the place where it was."""


def recorded(findings: Iterable[Finding], today: date) -> list[Recorded]:
    """The failures that count, to be put on record."""
    counts: Counter[str] = Counter()
    first: dict[str, Finding] = {}
    for finding in findings:
        if finding.failing:
            fingerprint = finding.fingerprint
            counts[fingerprint] += 1
            first.setdefault(fingerprint, finding)
    found = [
        Recorded(
            fingerprint=fingerprint,
            rule=one.rule.id,
            address=one.subject.address,
            scope=one.subject.scope,
            path=one.subject.path,
            since=today,
            count=counts[fingerprint],
        )
        for fingerprint, one in first.items()
    ]
    return sorted(found, key=_order)


def compare(
    findings: Sequence[Finding], baseline: Iterable[Recorded], path: str, looked: Looked
) -> tuple[list[Finding], Comparison]:
    """Findings with what each failure is, and what became of those on record."""
    known = {one.fingerprint: one for one in baseline}
    left = Counter({one.fingerprint: one.count for one in known.values()})
    result: list[Finding] = []
    numbers = Counter({NEW: 0, EXISTING: 0})
    for finding in findings:
        if not finding.failing:
            result.append(finding)
            continue
        fingerprint = finding.fingerprint
        state = EXISTING if left[fingerprint] > 0 else NEW
        left[fingerprint] -= state == EXISTING
        numbers[state] += 1
        result.append(replace(finding, baseline=state))
    gone = [replace(known[fingerprint], count=count) for fingerprint, count in left.items() if count > 0]
    now = _by_subject(result, {(one.rule, one.scope, one.address) for one in gone})
    fixed: list[Recorded] = []
    remaining: list[Remaining] = []
    for one in gone:
        why = _why(one, now.get((one.rule, one.scope, one.address), ()), looked)
        remaining.append(Remaining(one, why)) if why else fixed.append(one)
    return result, Comparison(path, numbers[EXISTING], numbers[NEW], tuple(fixed), tuple(remaining))


def updated(report: Report, before: Sequence[Recorded], today: date, *, accept_new: bool) -> tuple[list[Recorded], str]:
    """What is on record after a scan that was held against it, new failures if they are accepted; and a sentence."""
    assert report.baseline is not None
    fixed = {one.fingerprint: one.count for one in report.baseline.fixed}
    stays = [replace(one, count=one.count - fixed.get(one.fingerprint, 0)) for one in before]
    kept = {one.fingerprint: one for one in stays if one.count > 0}
    new = recorded([finding for finding in report.findings if finding.baseline == NEW], today)
    for one in new if accept_new else ():
        known = kept.get(one.fingerprint)
        kept[one.fingerprint] = replace(known, count=known.count + one.count) if known else one
    found = sorted(kept.values(), key=_order)
    number, total = (sum(one.count for one in ones) for ones in (new, found))
    what = "put on record" if accept_new or not number else "not on record (--accept-new)"
    return found, f"{sum(fixed.values())} fixed and taken out, {number} new and {what}, {total} on record"


def refusal(report: Report) -> tuple[int, str]:
    """Why a scan is no base for a baseline, with the exit status that says so; 0 where it is one."""
    if any(diagnostic.invalid for diagnostic in report.diagnostics):
        return USAGE, "an exception cannot be taken as written: `phiward waivers check` says which"
    if any(diagnostic.incomplete for diagnostic in report.diagnostics):
        return INCOMPLETE, "something could not be read, so that failures may be missing: `phiward scan` says what"
    return 0, ""


def _order(one: Recorded) -> tuple[str, ...]:
    return one.path, one.address, one.rule, one.scope, one.fingerprint


def _by_subject(findings: Iterable[Finding], wanted: set[_Subject]) -> Mapping[_Subject, Sequence[Finding]]:
    found: defaultdict[_Subject, list[Finding]] = defaultdict(list)
    for finding in findings if wanted else ():
        subject = (finding.rule.id, finding.subject.scope, finding.subject.address)
        if subject in wanted:
            found[subject].append(finding)
    return found


def _why(recorded: Recorded, now: Sequence[Finding], looked: Looked) -> str:
    """Why a failure that is not shown again is not known to be fixed; empty where it is."""
    for finding in now:
        if finding.waiver is not None:
            return "it is under an exception"
        if finding.verdict is Verdict.UNKNOWN:
            return "it could not be decided"
        if finding.baseline == NEW:
            return "it fails in another way or place"
    if now:
        return ""
    if recorded.rule not in looked.rules:
        return "its rule did not run"
    return "" if looked.scope(recorded.scope) else "its root was not read as a whole"


def looked_at(scopes: Sequence[Scope], rules: Iterable[Outline], tree: Tree, settings: Settings) -> Looked:
    """What was read as a whole: of an account every region, of a tree what lies below the scanned directories.

    Paths of a baseline that lies outside of the tree may be relative to something else.
    """
    roots = {scope.path: scope for scope in scopes}
    holes = any(diagnostic.incomplete for diagnostic in tree.diagnostics)
    elsewhere = settings.baseline is None or tree.base not in tree.outside.resolve(settings.baseline).parents
    part = elsewhere or holes or settings.changed or bool(settings.tenants) or tree.given is not None
    live = settings.live
    whole_account = live is not None and "all" in live.regions and not live.services
    named = [tree.relative(tree.outside.resolve(path)) for path in settings.paths]

    def scope(path: str) -> bool:
        if part or (path in roots and roots[path].holes):
            return False
        if path.startswith(LIVE):
            return whole_account and path in roots
        return any(one in (".", path) or path.startswith(f"{one}/") for one in named)

    return Looked(frozenset(rule.id for rule in rules if rule.severity >= settings.severity), scope)
