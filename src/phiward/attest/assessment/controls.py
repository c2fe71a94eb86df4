"""The control matrix: each citation's status, and why it has it. Section 7.

Nothing is satisfied that was not shown: rules show what configuration can, people state the rest on evidence, and what
neither did is not assessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import Control, FindingRow, Statement
from phiward.attest.assessment.population import reconciles
from phiward.attest.assessment.status import (
    ALTERNATIVE,
    FAIL,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    NOT_SATISFIED,
    PASS,
    SATISFIED,
    UNDECIDED,
    WAIVED,
)
from phiward.attest.assessment.tally import of_counts
from phiward.attest.assessment.weakened import weakened
from phiward.coverage import citation_title
from phiward.model.manual import Assurance, CitationState, ControlState
from phiward.record import dataclass

_EXTENTS = {"automated": "whole", "partial": "part"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the rules that cite a citation found."""

    counts: Counter[str]
    resources: set[tuple[str, str]]


def controls(inputs: Inputs, rows: Sequence[FindingRow], evidence: Mapping[str, str]) -> tuple[Control, ...]:
    """A row for each citation of the pack, in the order of the regulation; `evidence` has the file of each."""
    known = inputs.pack.citations
    shown = _shown(rows, known)
    rules: dict[str, list[str]] = defaultdict(list)
    for id_, citations in sorted(inputs.cited(rows).items()):
        for citation in citations:
            rules[citation].append(id_)
    everywhere, weaker = withheld_because(inputs), weakened(inputs.record.report.loosened, inputs.pack.rules)
    withheld = {citation: everywhere or weaker.get(citation, "") for citation in known}
    return tuple(
        _control(citation, entry, rules[citation], shown.get(citation), inputs, withheld[citation], evidence)
        for citation, entry in known.items()
    )


def withheld_because(inputs: Inputs) -> str:
    """Why nothing of this record is satisfied, or nothing: what was not read could fail."""
    report = inputs.record.report
    holes = sum(diagnostic.incomplete for diagnostic in report.diagnostics)
    if holes:
        return f"{holes} input{'' if holes == 1 else 's'} could not be read, and could hold what fails"
    if report.partial:
        return "only a part of the tree or of the rules was run"
    if not reconciles(report):
        return "the counts of the scan's record do not add up"
    return ""


def _shown(rows: Sequence[FindingRow], known: Mapping[str, Mapping[str, Any]]) -> dict[str, _Shown]:
    found: dict[str, _Shown] = defaultdict(lambda: _Shown(Counter(), set()))
    for row in rows:
        for citation in row.citations:
            one = found[citation]
            one.counts[_against(row.status, known.get(citation))] += 1
            one.resources.add((row.resource.scope, row.resource.address))
    return found


def _against(status: str, entry: Mapping[str, Any] | None) -> str:
    """An alternative measure stands for an addressable specification, never for a required one: 164.306(d)(3)."""
    if status == ALTERNATIVE and entry is not None and entry["designation"] == "required":
        return WAIVED
    return status


def _control(
    citation: str,
    entry: Mapping[str, Any],
    rules: Sequence[str],
    shown: _Shown | None,
    inputs: Inputs,
    withheld: str,
    evidence: Mapping[str, str],
) -> Control:
    counts = shown.counts if shown else Counter[str]()
    counted = of_counts(counts)
    technical, why = _technical(counts, withheld, rules)
    state = inputs.statements.get(citation)
    extent = _EXTENTS.get(entry["automatable"], "none")
    status, basis = _status(technical, why, extent, rules, state)
    excused = inputs.settings.not_applicable.get(citation)
    if excused and counted.evaluated == counted.not_applicable:
        status, basis = NOT_APPLICABLE, f"stated by the entity: {excused}"
    return Control(
        citation=citation,
        title=citation_title(entry),
        asks=entry["summary"],
        safeguard=entry["family"],
        designation=entry["designation"],
        status=status,
        basis=basis,
        extent=extent,
        technical=technical,
        rules=tuple(rules),
        resources=len(shown.resources) if shown else 0,
        findings=counted,
        statements=statements_of(citation, state),
        evidence=(evidence[citation],) if citation in evidence else (),
    )


def _technical(counts: Counter[str], withheld: str, rules: Sequence[str]) -> tuple[str, str]:
    """What the rules alone say, and a sentence."""
    tallied = of_counts(counts)
    judged = tallied.evaluated - tallied.not_applicable
    if counts[FAIL]:
        return NOT_SATISFIED, f"{counts[FAIL]} of {judged} findings fail"
    if counts[WAIVED]:
        return NOT_SATISFIED, f"{counts[WAIVED]} of {judged} findings fail, under exceptions that were approved"
    if counts[UNDECIDED]:
        return NOT_ASSESSED, f"{counts[UNDECIDED]} of {judged} findings could not be decided"
    if tallied.disputed:
        return NOT_ASSESSED, f"{tallied.disputed} of {judged} findings are disputed as false positives"
    if not judged:
        return NOT_ASSESSED, "no resource was read that a rule on it applies to" if rules else "no rule speaks to it"
    if withheld:
        return NOT_ASSESSED, withheld
    if counts[ALTERNATIVE]:
        return ALTERNATIVE, f"{counts[ALTERNATIVE]} of {judged} findings are met by an alternative measure"
    return SATISFIED, f"all {counts[PASS]} findings pass"


def _status(
    technical: str, why: str, extent: str, rules: Sequence[str], state: CitationState | None
) -> tuple[str, str]:
    """The citation's status, and the sentence that says why."""
    if technical == NOT_SATISFIED or (technical == NOT_ASSESSED and rules and extent != "none"):
        return technical, why
    stated = _stated(state)
    attested = state is not None and state.assurance is Assurance.ATTESTED
    if extent == "whole" and rules:
        return technical, why
    if technical in (SATISFIED, ALTERNATIVE):
        if attested:
            return technical, f"{why}; {stated}"
        return NOT_ASSESSED, f"{why}, which is the technical part of it; {stated}"
    if attested:
        return SATISFIED, stated
    return NOT_ASSESSED, f"configuration does not show it; {stated}" if extent == "none" else f"{why}; {stated}"


def _stated(state: CitationState | None) -> str:
    if state is None or not state.controls:
        return "nobody has stated the rest on evidence"
    if state.assurance is Assurance.ATTESTED:
        return f"people state it on evidence ({', '.join(control.id for control in state.controls)})"
    if state.assurance is Assurance.STALE:
        return "what people stated of it has run out"
    missing = [control.id for control in state.controls if control.assurance is not Assurance.ATTESTED]
    return f"not stated on evidence: {', '.join(missing)}"


def statements_of(citation: str, state: CitationState | None) -> tuple[Statement, ...]:
    return tuple(_statement(citation, control) for control in (state.controls if state else ()))


def _statement(citation: str, control: ControlState) -> Statement:
    said = control.statement
    return Statement(
        control=control.id,
        asks=control.control,
        cadence=control.cadence,
        citation=citation,
        assurance=control.assurance.value,
        why=control.why,
        stated_by=said.stated_by if said else "",
        title=said.role if said else "",
        stated_at=said.stated.isoformat() if said else "",
        valid_until=said.until.isoformat() if said else "",
        note=said.note if said else "",
        evidence=tuple(_proof(proof.title, proof.link or proof.file, proof.sha256) for proof in said.evidence)
        if said
        else (),
    )


def _proof(title: str, where: str, digest: str) -> str:
    return " ".join(filter(None, (title, where, f"sha256:{digest}" if digest else "")))
