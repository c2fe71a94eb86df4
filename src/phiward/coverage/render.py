"""Coverage as text, Markdown and JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from phiward import markdown
from phiward.coverage import CitationRow, PracticeRow, Speaker, ThemeRow, by_citation, by_practice, by_theme
from phiward.coverage.sections import CAUTION, Overview, Section, of_citations, of_practices, of_themes, where
from phiward.pack import Pack
from phiward.pack.controls import Control, load_controls
from phiward.pack.reference import Outcome, load_reference
from phiward.reporters.text import clean, listed, plural

FORMATS = ("text", "json", "markdown")
VIEWS = ("citation", "theme", "practice")
_WIDTH = 110
_SHOWN_TYPES = 4


def coverage(pack: Pack, view: str, format_: str) -> str:
    """The coverage of a pack by `view`, one of VIEWS, in one of FORMATS."""
    overview, rows = _VIEWS[view](pack)
    if format_ == "json":
        identity = {"version": pack.identity.version, "digest": pack.identity.digest}
        document = {"schema": "phiward/coverage/v1", "pack": identity, "by": view, "summary": overview.summary}
        return json.dumps({**document, "caution": CAUTION, "rows": rows}, indent=2)
    return as_text(overview) if format_ == "text" else as_markdown(overview)


def _citations(pack: Pack) -> tuple[Overview, list[Any]]:
    rows = by_citation(pack, load_controls())
    return of_citations(rows), [_citation(row) for row in rows]


def _themes(pack: Pack) -> tuple[Overview, list[Any]]:
    rows = by_theme(pack, load_reference(rule.id for rule in pack.outlines))
    return of_themes(rows), [_theme(row) for row in rows]


def _practices(pack: Pack) -> tuple[Overview, list[Any]]:
    rows = by_practice(pack, load_reference(rule.id for rule in pack.outlines))
    return of_practices(rows), [_practice(row) for row in rows]


_VIEWS: Mapping[str, Callable[[Pack], tuple[Overview, list[Any]]]] = {
    "citation": _citations,
    "theme": _themes,
    "practice": _practices,
}


def _citation(row: CitationRow) -> dict[str, Any]:
    return {
        "citation": row.citation,
        "title": row.title,
        "state": row.state,
        "designation": row.designation,
        "automatable": row.automatable,
        "summary": row.summary,
        "stays_manual": row.stays,
        "proposed_2025": row.proposed or None,
        "rules": _speakers(row.speakers),
        "manual": [_control(control) for control in row.controls],
    }


def _control(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "control": control.control,
        "evidence": control.evidence,
        "cadence": control.cadence,
    }


def _theme(row: ThemeRow) -> dict[str, Any]:
    concepts = [
        {"id": each.id, "checks": each.checks, "citations": list(each.citations), **_outcome(each.outcome)}
        for each in row.concepts
    ]
    return {
        "theme": row.id,
        "title": row.title,
        "citations": list(row.citations),
        "rules": _speakers(row.speakers),
        "concepts": concepts,
    }


def _practice(row: PracticeRow) -> dict[str, Any]:
    outcome = {key: value for key, value in _outcome(row.outcome).items() if key != "rules"}
    return {
        "practice": row.id,
        "title": row.title,
        "shows": row.shows,
        **outcome,
        "rules": _speakers(row.speakers),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": outcome.state,
        "rules": list(outcome.rules),
        "part": outcome.part or None,
        "answers": dict(outcome.answers),
        "manual": [_control(control) for control in outcome.manual],
        "not_decided": {"reason": outcome.reason, "because": outcome.because} if outcome.reason else None,
    }


def _speakers(speakers: tuple[Speaker, ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.rule.id,
            "title": each.rule.title,
            "severity": each.rule.severity.label,
            "sources": list(each.sources),
            "resource_types": {dialect: list(types) for dialect, types in each.types.items()},
        }
        for each in speakers
    ]


def as_text(overview: Overview) -> str:
    lines = [overview.title, overview.summary, *_wrapped(CAUTION)]
    for section in overview.sections:
        lines += ["", f"{section.name}  {section.title}  [{section.state}]"]
        for label, text in section.facts:
            lines += _wrapped(f"{label}: {text}", "  ", "    ")
        lines += _rules(section)
    return "\n".join(map(clean, lines))


def _wrapped(text: str, first: str = "", then: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _rules(section: Section) -> list[str]:
    if not section.speakers:
        return []
    types = {name for each in section.speakers for name in each.all_types}
    head = f"  {plural(len(section.speakers), 'rule')} over {plural(len(types), 'resource type')}"
    width = max(len(each.rule.id) for each in section.speakers)
    return [head, *(f"    {each.rule.id:<{width}}  {where(each, _some)}" for each in section.speakers)]


def _some(types: tuple[str, ...]) -> str:
    return listed(list(types), _SHOWN_TYPES)


def as_markdown(overview: Overview) -> str:
    parts = [f"# {markdown.plain(overview.title)}", markdown.plain(overview.summary), markdown.plain(CAUTION)]
    for section in overview.sections:
        parts.append(f"## {markdown.plain(section.name)} {markdown.plain(section.title)}")
        facts = [("State", section.state), *section.facts]
        parts.append("\n".join(f"- **{markdown.plain(label)}.** {markdown.plain(text)}" for label, text in facts))
        if section.speakers:
            rows = (
                [markdown.code(each.rule.id), markdown.plain(each.rule.title), where(each, markdown.codes)]
                for each in section.speakers
            )
            parts.append(markdown.table(["Rule", "Title", "Judges"], rows))
    return "\n\n".join(parts)
