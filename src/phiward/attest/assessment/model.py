"""The frozen record of an assessment. Field names are the keys of `findings.json`; dates are ISO 8601 texts, in UTC.

Its fifteen sections are the fields of `Assessment`, in the order in which a report shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.record import dataclass

SCHEMA = "phiward/assessment/v1"


@dataclass(frozen=True, slots=True)
class Window:
    """What time an assessment is about: `point-in-time` has `start == end == as_of`."""

    type: str
    start: str
    end: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Signatory:
    """`role`: preparer, reviewer or approver."""

    role: str
    name: str
    title: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """Section 1."""

    entity: str
    entity_role: str
    """`covered-entity`, `business-associate`, or empty where the settings do not say."""
    systems: tuple[str, ...]
    window: Window
    report_id: str
    """A UUID of the record's digest and the window: the same of the same."""
    record_digest: str
    """SHA-256 of the scan's record."""
    previous_digest: str
    """SHA-256 of the `findings.json` before this one; empty for the first."""
    verify: str
    """The command that checks the folder."""


@dataclass(frozen=True, slots=True)
class Management:
    """Section 2."""

    statement: str
    signatories: tuple[Signatory, ...]


@dataclass(frozen=True, slots=True)
class Exclusion:
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Section 4."""

    statement: str
    target: str
    roots: tuple[str, ...]
    """Input roots that were judged, repository-relative."""
    sources: tuple[str, ...]
    """Kinds of configuration that were read: terraform, kubernetes, cloudformation, aws, ..."""
    repository: str
    commit: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    systems: tuple[str, ...]
    tenants: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    partial: bool
    """Whether only a part of the tree or of the rules was run: nothing is then satisfied."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A parameter that is weaker than the pack's default, or a rule that is switched off or taken less seriously."""

    parameter: str
    default: Any
    value: Any


@dataclass(frozen=True, slots=True)
class Skipped:
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Method:
    """Section 5."""

    tool: str
    tool_version: str
    tool_digest: str
    pack_version: str
    pack_digest: str
    pack_origin: str
    """`bundled` or `custom-unsigned`."""
    record_schema: str
    run_date: str
    operators: tuple[str, ...]
    """Who read running accounts, as the provider names the caller; none for files."""
    gate: str
    exit_status: int
    rules_run: tuple[str, ...]
    rules_skipped: tuple[Skipped, ...]
    deviations: tuple[Deviation, ...]
    calls: int
    """How many calls were made to running accounts; none for files."""
    denied_calls: tuple[str, ...]
    """Those that were not answered: refused, throttled, failed."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings have each status. The parts add up to `evaluated`."""

    evaluated: int
    passed: int
    failed: int
    undecided: int
    waived: int
    alternative: int
    disputed: int
    """Failures that an approved exception calls false positives."""
    not_applicable: int


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many citations of a safeguard have each status. The parts add up to `citations`."""

    safeguard: str
    citations: int
    satisfied: int
    not_satisfied: int
    not_assessed: int
    not_applicable: int
    alternative_measure: int


@dataclass(frozen=True, slots=True)
class SeverityCount:
    severity: str
    failed: int
    waived: int
    undecided: int


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run or earlier assessment; the last is this one."""

    date: str
    findings: Tally
    resources: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Section 6. `result`: PASSED, WARNED or FAILED."""

    result: str
    findings: Tally
    by_safeguard: tuple[StatusCount, ...]
    by_severity: tuple[SeverityCount, ...]
    trend: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person states of a citation that configuration does not show, on which evidence."""

    control: str
    """Its id."""
    asks: str
    cadence: str
    citation: str
    assurance: str
    """attested, stale or not-assessed; only `attested` counts."""
    why: str
    stated_by: str
    """Empty, as all that follows, where nobody stated it."""
    title: str
    stated_at: str
    valid_until: str
    note: str
    evidence: tuple[str, ...]
    """Each a link or path, with its digest where there is one: `https://... sha256:...`."""


@dataclass(frozen=True, slots=True)
class Control:
    """Section 7: a row of the control matrix."""

    citation: str
    title: str
    asks: str
    """What the citation asks, in our own words."""
    safeguard: str
    """administrative, physical, technical, organizational, documentation, breach, privacy."""
    designation: str
    """required, addressable or standard."""
    status: str
    """satisfied, not-satisfied, not-assessed, not-applicable or alternative-measure."""
    basis: str
    """One sentence: why it has this status."""
    extent: str
    """How far configuration can show it: `whole`, `part` or `none`."""
    technical: str
    """The status that the rules alone give; `not-assessed` where none spoke."""
    rules: tuple[str, ...]
    """Rules of the pack that cite it."""
    resources: int
    """Distinct resources that a rule citing it was asked about."""
    findings: Tally
    statements: tuple[Statement, ...]
    evidence: tuple[str, ...]
    """Names of evidence files."""


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    call: str = ""
    """Of what runs: the call that told of it, with its time and request id."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One leaf that decided a finding. Values are as the JSON report prints them."""

    property: str
    attribute: str
    observed: Any
    expected: Any
    location: Place | None
    by_default: bool


@dataclass(frozen=True, slots=True)
class ResourceOf:
    address: str
    type: str
    native_type: str
    source: str
    scope: str
    tenant: str
    data_class: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Section 8: one rule on one resource. `status` is one of `phiward.attest.assessment.status.STATUSES`."""

    id: str
    """Its fingerprint, with a number where several have the same."""
    rule: str
    title: str
    theme: str
    status: str
    severity: str
    citations: tuple[str, ...]
    resource: ResourceOf
    location: Place
    message: str
    observations: tuple[Observation, ...]
    because: str
    remediation: str
    first_seen: str
    """The day since which it has this status, as far as the earlier assessments tell."""
    age_days: int
    owner: str
    due: str
    exception: str
    """The id of the exception that covers it, or empty."""


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Section 9. `state`: expired, expiring (within 90 days), in-force, unused or not-judged; in this order."""

    id: str
    type: str
    """waiver, alternative-measure or false-positive."""
    state: str
    rule: str
    selector: str
    citations: tuple[str, ...]
    designation: str
    reason: str
    risk_analysis: str
    equivalent_measure: str
    equivalence: str
    compensating_controls: tuple[str, ...]
    owner: str
    approver: str
    approved_at: str
    expires: str
    days_left: int
    ticket: str
    written_in: str
    """How and where: `inline infra/main.tf:12`."""
    findings: tuple[str, ...]
    """Ids of the findings that it covers."""


@dataclass(frozen=True, slots=True)
class ChangedFinding:
    id: str
    rule: str
    address: str
    severity: str
    days: int
    """Of a regressed one, how long it had been clean; of a fixed one, how long it was open."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as it was: `what` names it, `before` and `after` are empty where there was nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Section 10. `compared` is False where there is no earlier assessment: nothing is then new or fixed."""

    compared: bool
    previous_as_of: str
    new: tuple[ChangedFinding, ...]
    fixed: tuple[ChangedFinding, ...]
    regressed: tuple[ChangedFinding, ...]
    not_known: tuple[ChangedFinding, ...]
    """Failed before, and cannot be told now: no longer looked at, or undecided. They do not count as fixed."""
    controls: tuple[Change, ...]
    """Citations whose status is another."""
    scope: tuple[Change, ...]
    pack: tuple[Change, ...]
    exceptions: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class PopulationRow:
    """`discovered == evaluated + unevaluated`."""

    resource_type: str
    discovered: int
    evaluated: int
    unevaluated: int
    method: str = "full"


@dataclass(frozen=True, slots=True)
class Population:
    """Section 11: every resource that was read, and what became of it.

    `resources == evaluated + unmodelled + silent`: judged by a rule; of a type that the pack does not describe;
    described, and no rule asks anything of it.
    """

    method: str
    resources: int
    evaluated: int
    unmodelled: int
    silent: int
    reconciles: bool
    """Whether the record's own counts add up, and agree with its rows."""
    scopes: int
    """Accounts, roots and clusters that rules about absence were asked of; they are no resources."""
    unread: tuple[str, ...]
    """Types of which accounts did not tell what there is, or what it is: every rule on that is undecided."""
    rows: tuple[PopulationRow, ...]


@dataclass(frozen=True, slots=True)
class Run:
    date: str
    record_digest: str
    findings: Tally
    resources: int


@dataclass(frozen=True, slots=True)
class GapBetween:
    start: str
    end: str
    days: int


@dataclass(frozen=True, slots=True)
class Continuity:
    """Section 12: runs in the window, and gaps between them that are longer than the cadence, both ends included."""

    cadence_days: int
    runs: tuple[Run, ...]
    gaps: tuple[GapBetween, ...]


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """Section 13. The manifest's rows; `evidence-manifest.json` has the same."""

    path: str
    sha256: str
    size: int
    collected_at: str
    source: str
    collector: str
    retain_until: str


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """Section 14: a citation, and what else it answers."""

    citation: str
    frameworks: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that could not be read or judged: `unread`, `error` or `warning`."""

    kind: str
    code: str
    where: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Limitations:
    """Section 15."""

    statements: tuple[str, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that an attestation says."""

    cover: Cover
    management: Management
    disclaimer: tuple[str, ...]
    """Section 3: what this is not."""
    scope: Scope
    method: Method
    summary: Summary
    controls: tuple[Control, ...]
    findings: tuple[FindingRow, ...]
    exceptions: tuple[ExceptionRow, ...]
    changes: Changes
    population: Population
    continuity: Continuity
    evidence: tuple[EvidenceFile, ...]
    crosswalk: tuple[CrosswalkRow, ...]
    limitations: Limitations
