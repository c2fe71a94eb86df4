"""Our pack beside the HIPAA packs of other tools: the citations that each reaches, the concepts that each decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from phiward.coverage import CitationRow
from phiward.docs.page import Block, Items, Line, Link, Page, Paragraph, Section, Table, names
from phiward.pack import Pack
from phiward.pack.reference import Reference, Tool
from phiward.record import dataclass

US = "Phiward"
_CAUTION = (
    "What the HIPAA packs of other tools check, each thing once: a concept. Numbers say how much a pack reaches, not "
    "how well: one rule may judge many types, and a citation that is reached is not covered as a whole."
)


@dataclass(frozen=True, slots=True)
class Column:
    """What one pack holds. `open` are the checks of which no published citation could be read."""

    title: str
    edition: str
    reads: tuple[str, ...]
    checks: int
    stubs: int
    open: int
    citations: Mapping[str, int]
    """Citation -> the number of rules or checks that are mapped to it."""
    concepts: frozenset[str]


def columns(pack: Pack, reference: Reference, rows: Sequence[CitationRow]) -> list[Column]:
    """Ours, then every tool that publishes a HIPAA mapping."""
    sources = dict.fromkeys(source for row in rows for each in row.speakers for source in each.sources)
    ours = Column(
        title=US,
        edition=f"pack {pack.identity.version}",
        reads=tuple(sources),
        checks=len(pack.rules),
        stubs=0,
        open=0,
        citations={row.citation: len(row.speakers) for row in rows if row.speakers},
        concepts=frozenset(concept.id for concept in reference.concepts if concept.outcome.rules),
    )
    return [ours, *(_column(tool) for tool in reference.tools if tool.maps)]


def _column(tool: Tool) -> Column:
    """What a tool's pack holds: a check without a body decides nothing, and one outside of the pack does not count."""
    packed = [check for check in tool.checks if check.concepts]
    whole = [check for check in packed if not check.stub]
    citations: dict[str, int] = {}
    for check in whole:
        for citation in check.citations:
            citations[citation] = citations.get(citation, 0) + 1
    return Column(
        title=tool.title,
        edition=tool.edition,
        reads=tool.reads,
        checks=len(packed),
        stubs=len(packed) - len(whole),
        open=sum(not check.citations for check in whole),
        citations=citations,
        concepts=frozenset(concept for check in whole for concept in check.concepts),
    )


def comparison(pack: Pack, reference: Reference, rows: Sequence[CitationRow]) -> Page:
    found = columns(pack, reference, rows)
    head = ("", *(column.title for column in found))
    intro: tuple[Block, ...] = (
        Paragraph((_CAUTION, " What stays manual is told ", Link("by citation", "citations.md"), ".")),
        Items(tuple(_said(column) for column in found)),
    )
    sections = (
        Section("Reach", (Table(head, tuple(_reach(found, reference, len(rows)))),)),
        Section("Concepts decided, by theme", (Table(_themed(head), tuple(_by_theme(found, reference))),)),
        Section("Rules and checks, by citation", (Table(("Citation", *head[1:]), tuple(_by_citation(found, rows))),)),
        Section("What none of the others checks", (Items(tuple(_gaps(reference))),)),
    )
    return Page("Our pack beside others", intro, sections)


def _said(column: Column) -> Line:
    notes = [column.edition]
    if column.stubs:
        notes.append(f"{column.stubs} of its checks are published without a body and are not counted")
    if column.open:
        notes.append(f"for {column.open} of its checks no published citation could be read")
    return (f"{column.title}: {'; '.join(notes)}. Reads ", *names(column.reads), ".")


def _reach(found: Sequence[Column], reference: Reference, citations: int) -> list[tuple[Line, ...]]:
    partly = sum(concept.outcome.state == "in part" for concept in reference.concepts)
    decided = [str(len(column.concepts)) for column in found]
    decided[0] += f" ({partly} in part)"
    gaps = [str(sum(bool(gap.outcome.rules) for gap in reference.gaps)), *("0" for _ in found[1:])]
    return [
        _row("Rules or checks", [str(column.checks - column.stubs) for column in found]),
        _row(f"Citations reached, of {citations}", [str(len(column.citations)) for column in found]),
        _row("Citations that no other reaches", _alone([column.citations for column in found])),
        _row(f"Concepts decided, of {len(reference.concepts)}", decided),
        _row("Concepts that no other decides", _alone([column.concepts for column in found])),
        _row(f"What no other checks, of {len(reference.gaps)}", gaps),
    ]


def _alone(held: Sequence[Collection[str]]) -> list[str]:
    """For each of some collections the number of what stands in no other."""
    return [
        str(len(set(own).difference(*(other for place, other in enumerate(held) if place != number))))
        for number, own in enumerate(held)
    ]


def _themed(head: tuple[str, ...]) -> tuple[str, ...]:
    return ("Theme", "Concepts", *head[1:])


def _by_theme(found: Sequence[Column], reference: Reference) -> list[tuple[Line, ...]]:
    rows = []
    for theme in reference.themes:
        concepts = {concept.id for concept in reference.concepts if concept.theme == theme.id}
        if concepts:
            counts = [str(len(concepts & column.concepts)) for column in found]
            rows.append(_row(theme.title, [str(len(concepts)), *counts]))
    return rows


def _by_citation(found: Sequence[Column], rows: Sequence[CitationRow]) -> list[tuple[Line, ...]]:
    return [
        _row(f"{row.citation} {row.title}", [str(column.citations.get(row.citation, 0)) for column in found])
        for row in rows
        if any(row.citation in column.citations for column in found)
    ]


def _gaps(reference: Reference) -> list[Line]:
    lines: list[Line] = []
    for gap in reference.gaps:
        outcome = gap.outcome
        told = "; ".join(filter(None, [f"nearest elsewhere: {gap.nearest}", outcome.part or outcome.because]))
        rules = (" Decided by ", *names(outcome.rules), ".") if outcome.rules else (f" {outcome.state.capitalize()}.",)
        lines.append((f"{gap.title}:", *rules, f" ({told})"))
    return lines


def _row(title: str, values: Sequence[str]) -> tuple[Line, ...]:
    return ((title,), *((value,) for value in values))
