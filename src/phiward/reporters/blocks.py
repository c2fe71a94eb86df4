"""One finding, or the instances of one source line, told the way a compiler tells an error."""

from __future__ import annotations

from phiward.model.finding import Finding, Subject
from phiward.model.location import Location
from phiward.record import dataclass
from phiward.reporters.grouping import Group, baseline_of
from phiward.reporters.lines import Line, Piece, wrap
from phiward.reporters.quote import Mark, Sources, bar, quote
from phiward.reporters.summary import ended
from phiward.reporters.text import clean, headline, named, plural, prose, secret, statement

_MOST_MARKS = 6
_MOST_INSTANCES = 8
_SPELLED_OUT = frozenset({"secrets.plain"})
"""Properties that name the secrets at a place: what stands there is not to be quoted."""
_DIFFERS = "differs between the resources below"


@dataclass(frozen=True, slots=True)
class Page:
    """What every block needs: the quoted texts, the width, and whether to shorten."""

    sources: Sources
    width: int
    verbose: bool


def block(group: Group, page: Page) -> list[Line]:
    """Return the whole story of a group: what is wrong, where, on which resources, and what to do."""
    marks = _marks(group)
    gutter = max(len(str(mark.span.line)) for _, mark in marks)
    most = len(marks) if page.verbose else _MOST_MARKS
    lines = _title(group, page.width)
    path = ""
    for index, (location, mark) in enumerate(marks[:most]):
        if index == 0 or location.path != path:
            arrow = "--> " if index == 0 else "::: "
            lines += [[(" " * gutter + arrow, "gutter"), (clean(str(location)), "")], bar(gutter)]
        path = location.path
        lines += quote(page.sources, path, mark, gutter, page.width)
    if len(marks) > most:
        lines.append([(" " * gutter + " | ", "gutter"), (f"and {len(marks) - most} more places", "faint")])
    lines.append(bar(gutter))
    lines += _writes(group, gutter)
    for name, pieces in _notes(group, page):
        lines += _note(name, pieces, gutter, page.width)
    return lines


def _title(group: Group, width: int) -> list[Line]:
    rule = group.rule
    single = len(group.findings) == 1
    message = headline(group.findings[0].message if single else rule.title) or prose(rule.title)
    style = rule.severity.label
    return wrap([(f"{style}", style), (f"[{clean(rule.id)}]", style), (f" {message}", "bold")], width, 2)


def _marks(group: Group) -> list[tuple[Location, Mark]]:
    """Where to point, the primary location first; labels that differ by instance stand with the instances."""
    labels: dict[Location, dict[str, bool]] = {}
    for finding in group.findings:
        for evidence in finding.evidence:
            if evidence.location is not None:
                hidden = evidence.property in _SPELLED_OUT or secret(evidence.observed) or secret(evidence.expected)
                at = labels.setdefault(evidence.location.spot, {})
                at[statement(evidence)] = at.get(statement(evidence), False) or hidden
    first = group.location.spot
    labels.setdefault(first, {})
    ordered = sorted(labels, key=lambda at: (at != first, at.path != first.path, at.path, at.span))
    style = group.rule.severity.label
    return [(at, Mark(at.span, _label_of(group, labels[at]), style, any(labels[at].values()))) for at in ordered]


def _label_of(group: Group, labels: dict[str, bool]) -> str:
    if len(group.findings) > 1 and len(labels) > 1 and _varies(group):
        return _DIFFERS
    return "\n".join(labels)


def _varies(group: Group) -> bool:
    return len({tuple(map(statement, finding.evidence)) for finding in group.findings}) > 1


def _notes(group: Group, page: Page) -> list[tuple[str, list[Piece]]]:
    """Everything to say below the quoted source, in order, each with its name."""
    rule = group.rule
    notes: list[tuple[str, list[Piece]]] = []
    if len(group.findings) == 1:
        notes.append(("resource", [(who(group.findings[0].subject), "")]))
    else:
        notes.append((plural(len(group.findings), "resource"), []))
        notes += [("", [(text, "")]) for text in _instances(group, page)]
    if calls := dict.fromkeys(str(place) for finding in group.findings for place in finding.subject.called_from):
        shown = [clean(call) for call in calls][:_MOST_INSTANCES]
        notes.append(("called from", [(", ".join(shown) + (", ..." if len(calls) > len(shown) else ""), "")]))
    told = dict.fromkeys(statement(e) for f in group.findings for e in f.evidence if e.location is None)
    notes += [("because", [(text, "")]) for text in told]
    if state := baseline_of(group):
        notes.append(("baseline", [(state, "")]))
    lapsed = dict.fromkeys(ended(f.lapsed) for f in group.findings if f.lapsed)
    notes += [("note", [(text, "")]) for text in lapsed]
    if rule.fix:
        notes.append(("fix", [(prose(rule.fix), "")]))
    if rule.citations:
        notes.append(("cites", [("45 CFR " + clean(", ".join(rule.citations)), "")]))
    return notes


def _instances(group: Group, page: Page) -> list[str]:
    most = len(group.findings) if page.verbose else _MOST_INSTANCES
    varies = _varies(group)
    shown = [_instance(finding, varies) for finding in group.findings[:most]]
    rest = len(group.findings) - most
    return [*shown, f"and {rest:,} more"] if rest > 0 else shown


def _instance(finding: Finding, varies: bool) -> str:
    said = ": " + "; ".join(map(statement, finding.evidence)) if varies else ""
    return who(finding.subject) + said


def who(subject: Subject) -> str:
    """Return the address, and the tenant it belongs to."""
    tenant = f" (tenant {named(subject.tenant)})" if subject.tenant is not None else ""
    return named(subject.address) + tenant


def _note(name: str, pieces: list[Piece], gutter: int, width: int) -> list[Line]:
    sign: Piece = (" " * gutter + (" = " if name else "   "), "gutter")
    lead: list[Piece] = [(f"{name}: ", "bold")] if name else [("  ", "")]
    indent = gutter + 3 + (2 if name else 4)
    return wrap([sign, *lead, *pieces], width, indent)


def _writes(group: Group, gutter: int) -> list[Line]:
    """Return what to write instead, exactly as it is to be written: never wrapped."""
    found = dict.fromkeys(e.write for f in group.findings for e in f.evidence if e.write)
    lines: list[Line] = []
    for text in found:
        shown = [clean(line.rstrip().replace("\t", "  ")) for line in text.strip("\n").split("\n")]
        head: Line = [(" " * gutter + " = ", "gutter"), ("write instead:", "bold")]
        if len(shown) == 1:
            lines.append([*head, (f" {shown[0].strip()}", "good")])
        else:
            lines += [head, *([(" " * (gutter + 5), ""), (line, "good")] for line in shown)]
    return lines
