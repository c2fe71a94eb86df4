"""A file of statements on a day, for the people who keep it: what is wrong, stale or about to be, and what counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from phiward.manual.reading import Statements
from phiward.model.finding import Diagnostic, Level
from phiward.model.manual import Assurance, CitationState, ControlState, Statement
from phiward.record import dataclass
from phiward.reporters.plain import dumps
from phiward.reporters.text import clean, headline, plural, prose

SOON = 30
"""Days before a statement runs out in which that is said."""


@dataclass(frozen=True, slots=True)
class Review:
    found: Statements
    states: tuple[ControlState, ...]
    citations: tuple[CitationState, ...]
    remarks: tuple[Diagnostic, ...]

    @property
    def exit_status(self) -> int:
        """2 for a statement that cannot be read, 1 for one that does not count, else 0."""
        if self.found.problems:
            return 2
        return 1 if any(remark.level is Level.WARNING for remark in self.remarks) else 0


def review(
    found: Statements,
    states: Sequence[ControlState],
    citations: Sequence[CitationState],
    digests: Mapping[str, str],
    today: date,
) -> Review:
    remarks = [
        remark for state in states if state.statement for remark in _remarks(state, state.statement, digests, today)
    ]
    early = [one for one in found.statements if one.stated > today]
    remarks += [
        _remark(Level.WARNING, one, f"{one.control} is stated on {one.stated}, which has not come") for one in early
    ]
    remarks.sort(key=lambda one: one.sort_key)
    return Review(found, tuple(states), tuple(citations), tuple(remarks))


def _remarks(state: ControlState, statement: Statement, digests: Mapping[str, str], today: date) -> list[Diagnostic]:
    if state.assurance is Assurance.NOT_ASSESSED:
        return [_remark(Level.WARNING, statement, f"{state.id} is not assessed: {state.why}")]
    if state.assurance is Assurance.STALE:
        hint = f"state it again, on evidence; it is due {state.cadence}"
        return [_remark(Level.WARNING, statement, f"{state.id} ran out on {statement.until}", hint)]
    remarks = []
    if statement.until - today <= timedelta(days=SOON):
        remarks.append(_remark(Level.NOTE, statement, f"{state.id} runs out on {statement.until}"))
    for proof in statement.evidence:
        if proof.file and not proof.sha256:
            hint = f"sha256: {digests.get(proof.file, '')}"
            said = f"{state.id}: {proof.file} has no digest, so that a change of it goes unseen"
            remarks.append(_remark(Level.NOTE, statement, said, hint))
    return remarks


def _remark(level: Level, statement: Statement, message: str, hint: str = "") -> Diagnostic:
    at = statement.location
    return Diagnostic(level, "manual", message, at.path, at.span.line, at.span.column, hint=hint)


def as_text(done: Review) -> str:
    """Problems and remarks, each on a line with its place; then what counts."""
    lines = []
    for one in (*done.found.problems, *done.remarks):
        lines.append(f"{clean(one.path)}:{one.line}:{one.column}: {headline(one.message)}")
        lines += [f"  {prose(one.hint)}"] if one.hint else []
    where = clean(done.found.path) or "no phiward.manual.yaml was found"
    controls, citations = _counted(done.states), _counted(done.citations)
    lines.append(f"{where}: of {plural(len(done.states), 'control')} {controls}")
    lines.append(f"of {plural(len(done.citations), 'citation')} {citations} by statements alone")
    return "\n".join(lines) + "\n"


def _counted(states: Sequence[ControlState | CitationState]) -> str:
    counts = {word: sum(state.assurance is word for state in states) for word in Assurance}
    return ", ".join(f"{number} {word.value.replace('-', ' ')}" for word, number in counts.items())


def as_json(done: Review) -> str:
    document = {
        "schema": "phiward/manual/v1",
        "path": done.found.path,
        "problems": [_told(one) for one in done.found.problems],
        "remarks": [_told(one) for one in done.remarks],
        "controls": [_control(state) for state in done.states],
        "citations": [
            {"citation": one.citation, "assurance": one.assurance.value, "controls": [each.id for each in one.controls]}
            for one in done.citations
        ],
    }
    return dumps(document) + "\n"


def _told(one: Diagnostic) -> dict[str, Any]:
    return {
        "level": one.level.value,
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "message": one.message,
        "hint": one.hint,
    }


def _control(state: ControlState) -> dict[str, Any]:
    return {
        "control": state.id,
        "assurance": state.assurance.value,
        "why": state.why,
        "cadence": state.cadence,
        "citations": list(state.citations),
        "statement": _statement(state.statement) if state.statement else None,
    }


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "stated_by": statement.stated_by,
        "role": statement.role,
        "stated": statement.stated.isoformat(),
        "until": statement.until.isoformat(),
        "evidence": [
            {name: getattr(proof, name) for name in type(proof).__match_args__ if getattr(proof, name)}
            for proof in statement.evidence
        ],
        "note": statement.note,
    }
