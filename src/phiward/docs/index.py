"""The pages that lead to the rules: by theme, and by citation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phiward.coverage import CitationRow, Speaker, ThemeRow
from phiward.coverage.sections import CAUTION
from phiward.docs.page import Block, Items, Line, Link, Page, Paragraph, Section, Table, names


def by_theme(rows: Sequence[ThemeRow]) -> Page:
    count = sum(len(row.speakers) for row in rows)
    intro: tuple[Block, ...] = (
        Paragraph(
            (
                f"{count} rules in {len(rows)} themes; the same rules ",
                Link("by citation", "citations.md"),
                ", and ",
                Link("beside the packs of other tools", "comparison.md"),
                ".",
            )
        ),
        Paragraph((CAUTION,)),
    )
    return Page("The rules by theme", intro, tuple(_theme(row) for row in rows))


def _theme(row: ThemeRow) -> Section:
    cited = Paragraph((f"Serves {', '.join(row.citations)}.",))
    if not row.speakers:
        return Section(row.title, (cited, Paragraph(("No rule yet.",))))
    table = tuple(
        (_link(each), (each.rule.severity.label,), (each.rule.title,), names(each.types)) for each in row.speakers
    )
    return Section(row.title, (cited, Table(("Rule", "Severity", "Asks that", "Judges"), table)))


def by_citation(rows: Sequence[CitationRow]) -> Page:
    intro: tuple[Block, ...] = (
        Paragraph((f"{len(rows)} paragraphs of 45 CFR part 164; the rules ", Link("by theme", "README.md"), ".")),
        Paragraph((CAUTION,)),
    )
    return Page("The rules by citation", intro, tuple(_citation(row) for row in rows))


def _citation(row: CitationRow) -> Section:
    told: list[Line] = [
        (f"State: {row.state}. Designation: {row.designation}.",),
        (f"Configuration ({row.automatable.replace('-', ' ')}): {row.stays}",),
    ]
    if row.proposed:
        told.append((f"Proposed in 2025, not in force: {row.proposed}",))
    blocks: list[Block] = [Paragraph((row.summary,)), Items(tuple(told))]
    if row.speakers:
        blocks.append(Items(tuple(_links(row.speakers))))
    return Section(f"{row.citation} {row.title}", tuple(blocks))


def _links(speakers: Iterable[Speaker]) -> Iterable[Line]:
    return ((*_link(each), f" {each.rule.title}") for each in speakers)


def _link(speaker: Speaker) -> Line:
    return (Link(speaker.rule.id, f"{speaker.rule.id}.md"),)
