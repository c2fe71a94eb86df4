"""Verdicts with their evidence, and the report that holds all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from phiward.model.baseline import Comparison
from phiward.model.location import Location
from phiward.model.rule import Rule
from phiward.model.value import Value
from phiward.record import dataclass, field


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One leaf that decided a verdict.

    `expected` is words, `"at least 2190"`, or the plain value; `observed` is what was read, or an `Unknown`.
    `by_default` says that the source wrote nothing and the provider's default was judged.
    `write` is what to write instead, in the source's language, where that is one line or block.
    """

    property: str
    observed: Value
    expected: Value
    location: Location | None = None
    by_default: bool = False
    write: str = ""
    attribute: str = ""
    """The source's own path of what was read: `ingress[0].cidr_blocks`."""


NOT_KNOWN = "(unknown)"
"""Stands for a tenant or a class of data that is not decided: an undecided one is shown as such, never as none."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: a resource, or a scope for rules about absence."""

    address: str
    type: str
    native_type: str
    source: str
    tenant: str | None
    data_class: str
    scope: str = ""
    """The input root that declares it, repository-relative."""
    called_from: tuple[Location, ...] = ()
    """The module blocks that instantiate it, outermost first: what is wrong may be an argument there."""
    path: str = ""
    """The file that declares it; of a scope, the scope's own path."""


class WaiverType(StrEnum):
    """What is said of a finding that is accepted."""

    WAIVER = "waiver"
    """The risk is taken until a day."""
    ALTERNATIVE_MEASURE = "alternative-measure"
    """Something else is done that is as good, where the specification is addressable: 45 CFR 164.306(d)(3)."""
    FALSE_POSITIVE = "false-positive"
    """The verdict is wrong."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted exception. It holds until the end of the day on which it `expires`, in UTC."""

    rule: str
    reason: str
    owner: str
    expires: date
    location: Location
    kind: str = "inline"
    """Where it is written: `inline`, at what it is about, or in a `file` of exceptions."""
    type: WaiverType = WaiverType.WAIVER
    approver: str = ""
    """Another person than the owner; empty where an inline exception names none."""
    approved: date | None = None
    selector: str = ""
    """Which resources it is about, as a file of exceptions says; empty for an inline one."""
    covers_unknown: bool = True
    """Whether it is about verdicts that could not be decided, too."""
    measure: str = ""
    """What is done instead, of an alternative measure, and in `equivalence` why that is as good."""
    equivalence: str = ""
    compensating_controls: tuple[str, ...] = ()
    risk_analysis: str = ""
    """Where the risk analysis speaks of it."""
    ticket: str = ""


class Standing(StrEnum):
    IN_FORCE = "in-force"
    EXPIRED = "expired"
    UNUSED = "unused"
    """It covers nothing of what was judged."""
    NOT_JUDGED = "not-judged"
    """Its rule did not run, or what it is about was no part of the scan."""


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """An exception that was read, and how many findings it covers; of an expired one, would cover."""

    waiver: Waiver
    standing: Standing
    findings: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict for one rule on one subject. A finding without a primary location cannot be built."""

    rule: Rule
    verdict: Verdict
    subject: Subject
    location: Location
    message: str
    evidence: tuple[Evidence, ...]
    waiver: Waiver | None = None
    lapsed: Waiver | None = None
    """An exception to it that is expired, where none is in force."""
    baseline: str = ""
    """`new` or `existing`, of what fails, where the scan is compared with a baseline."""

    @property
    def failing(self) -> bool:
        """Whether it counts against a gate: failed and not waived."""
        return self.verdict is Verdict.FAIL and self.waiver is None

    @property
    def fingerprint(self) -> str:
        """Stable when lines move: rule, root, canonical address, file, and the properties that failed.

        Worked out where a format prints it: a commit hook needs none.
        """
        import re
        from hashlib import sha256

        failed = {re.sub(r"\[\d+\]", "[]", e.property) for e in self.evidence} if self.verdict is Verdict.FAIL else ()
        parts = (self.rule.id, self.subject.scope, self.subject.address, self.subject.path, *sorted(failed))
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def sort_key(self) -> tuple[Any, ...]:
        at = self.location
        return (at.path, at.span, self.subject.scope, self.subject.address, self.rule.id)


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


PARTIAL_PLAN = "partial-plan"
"""The code of a diagnostic: a plan says that it leaves changes out."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something to say about the scan itself: a file that does not parse, a module that is not there.

    `incomplete` marks a hole: the gate answers it with exit status 4 unless holes were accepted aloud.
    `invalid` marks an input of ours that is wrong (an ignore comment): exit status 2.
    """

    level: Level
    code: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    incomplete: bool = False
    invalid: bool = False

    @property
    def sort_key(self) -> tuple[Any, ...]:
        return (self.path, self.line, self.column, self.code, self.message)


@dataclass(frozen=True, slots=True)
class PackIdentity:
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Loosened:
    """A parameter that the settings set weaker than the pack's default; every report shows it."""

    parameter: str
    default: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Summary:
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0
    waived: int = 0
    resources: int = 0
    unmodelled: int = 0
    """Resources that were read and that no catalog row describes, so that no rule spoke to them."""


@dataclass(frozen=True, slots=True)
class CallCount:
    """How often an operation was called in an account and region, and how it ended: `ok`, `absent`, `denied` ..."""

    account: str
    region: str
    operation: str
    status: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one scan found. Every output format is a view of it; all of them agree."""

    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]
    summary: Summary
    exit_status: int
    gate: str
    """One sentence: why the exit status is what it is."""
    pack: PackIdentity
    target: str
    """The scanned paths relative to the repository root, the name of this scan in other tools."""
    roots: tuple[str, ...] = ()
    """The input roots, repository-relative, that were judged."""
    loosened: tuple[Loosened, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """Text of each file that was read, by path: the reports quote it. It may be read only when it is asked for."""
    unmodelled_types: dict[str, int] = field(default_factory=dict)
    partial: bool = False
    """Whether only part of the tree or of the rules was run: it must not replace a full scan's record."""
    unknown_refused: bool = False
    """Whether the gate demands that every verdict is decided."""
    waivers: tuple[WaiverUse, ...] = ()
    """Every exception that was read, whatever it covers."""
    baseline: Comparison | None = None
    calls: tuple[CallCount, ...] = ()
    """The ledger of what was asked of running accounts; empty where none was."""
    callers: tuple[str, ...] = ()
    """Who asked them, as AWS names it: the ARNs that `sts:GetCallerIdentity` answered."""
    base: str = ""
    """The directory that paths are relative to. No format shows it."""
    scanned_on: date | None = None
    """The day, in UTC, that exceptions were held against; None where a test or an old record does not say."""
