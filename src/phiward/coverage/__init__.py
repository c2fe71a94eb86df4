"""What the pack covers: for each citation, theme and practice the rules that speak to it, where, and what stays open.

A rule that cites a paragraph shows a part of it on the resources that it reads. A citation without a rule is never
covered, whatever a scanner could say of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phiward.engine.selecting import reach
from phiward.model.rule import Rule
from phiward.pack import Pack, Row
from phiward.pack.controls import Control
from phiward.pack.reference import Concept, Outcome, Reference, Theme
from phiward.record import dataclass

SOURCES = {
    "terraform": ("terraform", "terraform-plan", "terraform-state"),
    "kubernetes": ("kubernetes",),
    "cloudformation": ("cloudformation",),
    "aws": ("aws",),
}
"""The sources that speak each dialect of the catalog."""
STATES = ("checked", "in part", "no rule", "manual", "provider")
"""Of a citation: its rules decide it or a part of it, no rule does though one could, people do, the provider does."""
_WITHOUT_RULE = {"manual": "manual", "inherited-from-cloud-provider": "provider"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """A rule, with the resource types that it can judge in each dialect."""

    rule: Rule
    types: Mapping[str, tuple[str, ...]]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source for dialect in self.types for source in SOURCES[dialect])

    @property
    def all_types(self) -> tuple[str, ...]:
        return tuple(sorted({name for names in self.types.values() for name in names}))


@dataclass(frozen=True, slots=True)
class CitationRow:
    citation: str
    title: str
    designation: str
    automatable: str
    summary: str
    stays: str
    """How far configuration can speak to it, and what people keep doing."""
    proposed: str
    """What the rule proposed in 2025 would change; not in force."""
    state: str
    speakers: tuple[Speaker, ...]
    controls: tuple[Control, ...] = ()
    """What people do and state, where no configuration shows it."""


@dataclass(frozen=True, slots=True)
class ThemeRow:
    id: str
    title: str
    citations: tuple[str, ...]
    speakers: tuple[Speaker, ...]
    concepts: tuple[Concept, ...]


@dataclass(frozen=True, slots=True)
class PracticeRow:
    id: str
    title: str
    shows: str
    outcome: Outcome
    speakers: tuple[Speaker, ...]


def by_citation(pack: Pack, controls: Iterable[Control] = ()) -> list[CitationRow]:
    """Every citation of the pack, in the order of the regulation, with those of some controls that speak to it."""
    kept: dict[str, list[Control]] = {}
    for control in controls:
        for citation in control.citations:
            kept.setdefault(citation, []).append(control)
    cited: dict[str, list[Speaker]] = {}
    for each in speakers(pack).values():
        for citation in each.rule.citations:
            cited.setdefault(citation, []).append(each)
    return [
        CitationRow(
            citation=citation,
            title=citation_title(entry),
            designation=entry["designation"],
            automatable=entry["automatable"],
            summary=entry["summary"],
            stays=entry["automatable_reason"],
            proposed=entry.get("nprm_2025") or "",
            state=_state(entry["automatable"], citation in cited),
            speakers=tuple(cited.get(citation, ())),
            controls=tuple(kept.get(citation, ())),
        )
        for citation, entry in pack.citations.items()
    ]


def by_theme(pack: Pack, reference: Reference) -> list[ThemeRow]:
    """Every theme of the pack, then those that only an organisation's own rules have."""
    known = speakers(pack)
    ours = {theme.id for theme in reference.themes}
    own = sorted({each.rule.theme for each in known.values()} - ours)
    return [
        ThemeRow(
            id=theme.id,
            title=theme.title,
            citations=theme.citations,
            speakers=tuple(each for each in known.values() if each.rule.theme == theme.id),
            concepts=tuple(concept for concept in reference.concepts if concept.theme == theme.id),
        )
        for theme in (*reference.themes, *(Theme(id_, id_, ()) for id_ in own))
    ]


def by_practice(pack: Pack, reference: Reference) -> list[PracticeRow]:
    known = speakers(pack)
    return [
        PracticeRow(each.id, each.title, each.shows, each.outcome, tuple(known[id_] for id_ in each.outcome.rules))
        for each in reference.practices
    ]


def speakers(pack: Pack) -> dict[str, Speaker]:
    """Every rule by its id, with what it can judge."""
    rows = pack.rows()
    return {rule.id: speaker(rule, rows) for rule in pack.rules}


def speaker(rule: Rule, rows: Iterable[Row]) -> Speaker:
    """A rule with those of the rows that it can judge; one about absence looks for them in a root or a cluster."""
    types: dict[str, set[str]] = {}
    for row in rows:
        if reach(rule, row):
            types.setdefault(row.dialect, set()).add(row.type)
    return Speaker(rule, {dialect: tuple(sorted(types[dialect])) for dialect in SOURCES if dialect in types})


def _state(automatable: str, spoken_to: bool) -> str:
    if not spoken_to:
        return _WITHOUT_RULE.get(automatable, "no rule")
    return "checked" if automatable == "automated" else "in part"


def citation_title(entry: Mapping[str, str]) -> str:
    """`Access control: Automatic logoff`; a standard has its own name only."""
    specification = entry["specification"]
    return f"{entry['standard']}: {specification}" if specification else entry["standard"]


def counted(states: Iterable[str], order: Iterable[str]) -> dict[str, int]:
    """How often each state occurs, in a fixed order."""
    found = list(states)
    return {state: found.count(state) for state in order if state in found}
