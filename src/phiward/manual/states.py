"""What a day makes of statements: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from phiward.model.manual import Assurance, CitationState, ControlState, Statement
from phiward.pack.controls import Control


def assess(
    statements: Iterable[Statement],
    controls: Iterable[Control],
    today: date,
    digests: Mapping[str, str] | None = None,
) -> list[ControlState]:
    """Every control on a day, in the order of the pack.

    `digests` are those of the files that are evidence, where they were read: what is gone, or is not what it was when
    it was stated, is no evidence.
    """
    made: dict[str, list[Statement]] = {}
    for statement in statements:
        made.setdefault(statement.control, []).append(statement)
    return [_state(control, made.get(control.id, []), today, digests) for control in controls]


def _state(
    control: Control, statements: list[Statement], today: date, digests: Mapping[str, str] | None
) -> ControlState:
    past = [one for one in statements if one.stated <= today]
    latest = max(past, key=lambda one: (one.stated, one.until), default=None)
    if latest is None:
        why = "the day of its statement has not come" if statements else "nobody states it"
        assurance = Assurance.NOT_ASSESSED
    elif broken := _broken(latest, digests):
        assurance, why = Assurance.NOT_ASSESSED, broken
    elif latest.until < today:
        assurance, why = Assurance.STALE, f"stated on {latest.stated} by {latest.stated_by}, until {latest.until}"
    else:
        assurance, why = Assurance.ATTESTED, f"stated on {latest.stated} by {latest.stated_by}, until {latest.until}"
    return ControlState(
        id=control.id,
        control=control.control,
        wanted=control.evidence,
        cadence=control.cadence,
        citations=control.citations,
        assurance=assurance,
        why=why,
        statement=latest,
    )


def _broken(statement: Statement, digests: Mapping[str, str] | None) -> str:
    """Why a statement has no evidence to rest on; empty where nothing speaks against it."""
    if not statement.evidence:
        return "it is stated without evidence"
    for proof in statement.evidence:
        if digests is None or not proof.file:
            continue
        found = digests.get(proof.file, "")
        if not found:
            return f"its evidence {proof.file} is not there"
        if proof.sha256 and found != proof.sha256:
            return f"its evidence {proof.file} is not what it was: its SHA-256 is {found}"
    return ""


def by_citation(states: Iterable[ControlState], citations: Iterable[str]) -> list[CitationState]:
    """Every citation by the controls that cite it, in its order.

    It is attested where all of them are, stale where nothing worse than stale stands among them, else not assessed; one
    without a control is never attested.
    """
    speaking: dict[str, list[ControlState]] = {}
    for state in states:
        for citation in state.citations:
            speaking.setdefault(citation, []).append(state)
    return [
        CitationState(citation, _together(speaking.get(citation, [])), tuple(speaking.get(citation, ())))
        for citation in citations
    ]


def _together(states: list[ControlState]) -> Assurance:
    found = {state.assurance for state in states}
    if not found or Assurance.NOT_ASSESSED in found:
        return Assurance.NOT_ASSESSED
    return Assurance.STALE if Assurance.STALE in found else Assurance.ATTESTED
