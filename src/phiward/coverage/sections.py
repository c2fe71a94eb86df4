"""The coverage of a pack as titled sections, which text and Markdown render alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from phiward.coverage import STATES, CitationRow, PracticeRow, Speaker, ThemeRow, counted
from phiward.pack.controls import Control
from phiward.pack.reference import REASONS, Concept, Outcome
from phiward.record import dataclass
from phiward.reporters.text import plural

CAUTION = (
    "A rule shows a part of what a paragraph asks, on the resources that it reads. A citation without a rule is not "
    "covered, and no coverage makes anyone compliant."
)
OUTCOMES = ("decided", "in part", "answered", "manual", "not decided")


@dataclass(frozen=True, slots=True)
class Section:
    """One thing and what became of it: facts about it, then the rules that speak to it."""

    state: str
    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    title: str
    summary: str
    sections: tuple[Section, ...]


def of_citations(rows: Sequence[CitationRow]) -> Overview:
    return Overview(
        "Coverage by citation of 45 CFR part 164",
        _summary("citation", (row.state for row in rows), STATES),
        tuple(_citation(row) for row in rows),
    )


def _citation(row: CitationRow) -> Section:
    facts = [
        ("Asks", row.summary),
        ("Designation", row.designation),
        (f"Configuration ({row.automatable.replace('-', ' ')})", row.stays),
    ]
    facts += [_by_people(control) for control in row.controls]
    if row.proposed:
        facts.append(("Proposed in 2025, not in force", row.proposed))
    return Section(row.state, row.citation, row.title, tuple(facts), row.speakers)


def of_themes(rows: Sequence[ThemeRow]) -> Overview:
    concepts = [concept.outcome.state for row in rows for concept in row.concepts]
    return Overview(
        "Coverage by theme",
        f"{plural(len(rows), 'theme')}; " + _summary("concept", concepts, OUTCOMES),
        tuple(_theme(row) for row in rows),
    )


def _theme(row: ThemeRow) -> Section:
    decided = sum(bool(concept.outcome.rules) for concept in row.concepts)
    facts = [("Citations", ", ".join(row.citations))] if row.citations else []
    if row.concepts:
        facts.append(("Concepts of published packs", f"{decided} of {len(row.concepts)} decided"))
    facts += [(concept.id, _concept(concept)) for concept in row.concepts if concept.outcome.state != "decided"]
    return Section("checked" if row.speakers else "no rule", row.id, row.title, tuple(facts), row.speakers)


def _concept(concept: Concept) -> str:
    outcome = concept.outcome
    why = f"in part: {outcome.part}" if outcome.rules else f"{REASONS[outcome.reason]}: {outcome.because}"
    return f"{concept.checks}. {why}"


def of_practices(rows: Sequence[PracticeRow]) -> Overview:
    return Overview(
        "Coverage by practice",
        _summary("practice", (row.outcome.state for row in rows), OUTCOMES),
        tuple(_practice(row) for row in rows),
    )


def _practice(row: PracticeRow) -> Section:
    facts = (("Configuration shows", row.shows), *outcome_facts(row.outcome))
    return Section(row.outcome.state, row.id, row.title, facts, row.speakers)


def outcome_facts(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """What an outcome says beside its rules."""
    facts = [("Left open", outcome.part)] if outcome.part else []
    facts += [(f"phiward {command} shows", shows) for command, shows in outcome.answers.items()]
    facts += [_by_people(control) for control in outcome.manual]
    if outcome.reason:
        facts.append(("Not decided", f"{REASONS[outcome.reason]}: {outcome.because}"))
    return tuple(facts)


def _by_people(control: Control) -> tuple[str, str]:
    """What `phiward.manual.yaml` states by this name."""
    said = f"{control.control} Evidence: {control.evidence}. When: {control.cadence}."
    return f"By people ({control.id})", said


def _summary(noun: str, states: Iterable[str], order: Iterable[str]) -> str:
    found = counted(states, order)
    return f"{plural(sum(found.values()), noun)}: " + ", ".join(f"{number} {state}" for state, number in found.items())


def where(speaker: Speaker, shown: Callable[[tuple[str, ...]], str]) -> str:
    """The sources that a rule judges, with its resource types in each dialect."""
    return "; ".join(f"{dialect}: {shown(types)}" for dialect, types in speaker.types.items())
