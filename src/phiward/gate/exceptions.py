"""Every exception, wherever it is written, held against the findings: what it covers, and what is wrong with it.

An exception covers findings that failed, and undecided ones where it says so. It changes no verdict. One that has ended
covers nothing: the finding counts again and names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from phiward.gate.ignores import Ignores, Subject
from phiward.model.finding import Diagnostic, Finding, Level, Standing, Verdict, Waiver, WaiverType, WaiverUse
from phiward.model.location import Lines, Location
from phiward.model.project import WaiverTerms
from phiward.model.value import Value
from phiward.record import dataclass, replace

if TYPE_CHECKING:
    from phiward.gate.selectors import Listed, WaiverFile

Terms: TypeAlias = Callable[[str], WaiverTerms]
"""What a team asks of the exceptions of a file, by its repository-relative path."""
Tags: TypeAlias = Callable[[Finding], Value]
_TOLD = {
    WaiverType.WAIVER: "exception",
    WaiverType.ALTERNATIVE_MEASURE: "alternative measure",
    WaiverType.FALSE_POSITIVE: "false positive",
}


class Judged(NamedTuple):
    """What a scan looked at: an exception to anything else is not one too many."""

    rules: frozenset[str]
    """Those that ran on all that was read."""
    listed: Callable[[WaiverFile, Listed], bool]
    """Whether all was read that an exception of a file may be about."""


class Accepted(NamedTuple):
    findings: list[Finding]
    diagnostics: list[Diagnostic]
    uses: tuple[WaiverUse, ...]


@dataclass(slots=True)
class _Use:
    """What became of an exception. Those at one place, which every instance of it bears, count together."""

    waiver: Waiver
    judged: bool
    findings: int = 0
    undecided: int = 0
    """Findings that it would cover if it were about undecided verdicts, or if tags were known."""


class Exceptions:
    """The exceptions of one scan. `lines` are those in which a comment is about a resource."""

    def __init__(
        self, inline: Ignores, files: Sequence[WaiverFile], lines: Mapping[Subject, tuple[Lines, ...]], tags: Tags
    ) -> None:
        self._inline = inline
        self._files = files
        self._lines = lines
        self._tags = tags
        self._uses: dict[tuple[Location, str], _Use] = {}
        self._comments: dict[str, list[Waiver]] = {}

    def apply(self, findings: Sequence[Finding], terms: Terms, today: date, judged: Judged) -> Accepted:
        """Findings with the exceptions to them, what is to be said of the exceptions, and each with its use."""
        said = self._admit(terms, today, judged)
        result = [self._held(finding, today) for finding in findings]
        said += [told for use in self._uses.values() for told in _remarks(use, terms(use.waiver.location.path), today)]
        uses = tuple(WaiverUse(use.waiver, _standing(use, today), use.findings) for use in self._uses.values())
        return Accepted(result, said, uses)

    def _admit(self, terms: Terms, today: date, judged: Judged) -> list[Diagnostic]:
        """Take in what keeps the terms; what does not is as good as not written, and wrong."""
        said: dict[tuple[Location, str], Diagnostic] = {}
        for waiver, looked_at in self._all(judged):
            problem = _against(waiver, terms(waiver.location.path), today)
            if problem is None:
                self._uses.setdefault(_key(waiver), _Use(waiver, looked_at))
            else:
                said.setdefault(_key(waiver), problem)
        for waiver in self._inline.comments:
            self._comments.setdefault(waiver.rule, []).append(waiver)
        return list(said.values())

    def _all(self, judged: Judged) -> Iterator[tuple[Waiver, bool]]:
        for waiver in self._inline.waivers:
            yield waiver, waiver.rule in judged.rules
        for file in self._files:
            for one in file.listed:
                yield one.waiver, one.waiver.rule in judged.rules and judged.listed(file, one)

    def _held(self, finding: Finding, today: date) -> Finding:
        """A finding with the first exception to it that is in force, or else with the one that has ended."""
        if finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
            return finding
        ended: Waiver | None = None
        for waiver, matches in self._candidates(finding):
            use = self._uses.get(_key(waiver))
            if use is None or matches is False:
                continue
            if matches is None or (finding.verdict is Verdict.UNKNOWN and not waiver.covers_unknown):
                use.undecided += 1
                continue
            use.findings += 1
            if waiver.expires >= today:
                return replace(finding, waiver=waiver)
            ended = ended or waiver
        return replace(finding, lapsed=ended) if ended else finding

    def _candidates(self, finding: Finding) -> Iterator[tuple[Waiver, bool | None]]:
        """Exceptions to the rule with whether each is about the finding: what it bears, comments, files."""
        rule, scope, address = finding.rule.id, finding.subject.scope, finding.subject.address
        for waiver in self._borne(scope, address):
            yield waiver, waiver.rule == rule
        comments = self._comments.get(rule)
        if comments:
            about = self._lines.get((scope, address), ())
            for waiver in comments:
                yield waiver, any(covers(waiver.location, own) for own in about)
        for file in self._files:
            if scope in file.scopes:
                for one in file.about(finding):
                    yield one.waiver, one.selector.matches(finding, self._tags)

    def _borne(self, scope: str, address: str) -> Iterator[Waiver]:
        yield from self._inline.borne.get((scope, address), ())
        around = address.rpartition(".")[0] if self._inline.of_stacks else ""
        while around:
            yield from self._inline.of_stacks.get((scope, around), ())
            around = around.rpartition(".")[0]


def covers(comment: Location, lines: Lines) -> bool:
    """Whether a comment stands in some lines."""
    return comment.path == lines.path and lines.first <= comment.span.line <= lines.last


def _key(waiver: Waiver) -> tuple[Location, str]:
    return waiver.location, waiver.rule


def _against(waiver: Waiver, terms: WaiverTerms, today: date) -> Diagnostic | None:
    """Why an exception cannot be taken as it is: it is wrong whatever it covers."""
    start = waiver.approved or today
    if start > today:
        message, hint = f"the {_TOLD[waiver.type]} to {waiver.rule} was approved on {start}, which has not come", ""
    elif (waiver.expires - start).days > terms.longest_days:
        latest = start + timedelta(days=terms.longest_days)
        message = (
            f"the {_TOLD[waiver.type]} to {waiver.rule} ends on {waiver.expires}: at most until {latest} may it last"
        )
        hint = "have it approved anew before then; `waivers.longest_days` in phiward.yaml sets the limit"
    elif terms.inline_approver and not waiver.approver:
        message = f"the {_TOLD[waiver.type]} to {waiver.rule} names no approver"
        hint = "approver=NAME, another person than the owner: phiward.yaml asks for one"
    else:
        return None
    return _diagnostic(Level.ERROR, "ignore", message, waiver, hint, invalid=True)


def _remarks(use: _Use, terms: WaiverTerms, today: date) -> Iterable[Diagnostic]:
    waiver = use.waiver
    what, who = f"the {_TOLD[waiver.type]} to {waiver.rule}", f"(owner {waiver.owner})"
    standing = _standing(use, today)
    if standing is Standing.EXPIRED:
        hint = "fix the finding, or have the exception approved again"
        yield _diagnostic(Level.WARNING, "ignore-expired", f"{what} ended on {waiver.expires} {who}", waiver, hint)
    elif standing is Standing.UNUSED:
        hint = "remove it"
        if use.undecided:
            what = f"{what} is about {use.undecided} undecided verdict{'' if use.undecided == 1 else 's'} only, and"
            hint = "decide them, or write `unknown: true` where the exception is about them"
        yield _diagnostic(Level.WARNING, "ignore-unused", f"{what} covers nothing {who}", waiver, hint)
    elif (waiver.expires - today).days <= terms.warn_days:
        hint = "fix what it covers, or have it approved again"
        yield _diagnostic(Level.WARNING, "ignore-ending", f"{what} ends on {waiver.expires} {who}", waiver, hint)


def _standing(use: _Use, today: date) -> Standing:
    if use.waiver.expires < today:
        return Standing.EXPIRED
    if use.findings:
        return Standing.IN_FORCE
    return Standing.UNUSED if use.judged else Standing.NOT_JUDGED


def _diagnostic(
    level: Level, code: str, message: str, waiver: Waiver, hint: str, *, invalid: bool = False
) -> Diagnostic:
    at = waiver.location
    return Diagnostic(level, code, message, at.path, at.span.line, at.span.column, hint=hint, invalid=invalid)
