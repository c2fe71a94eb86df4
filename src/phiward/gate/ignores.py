"""Inline exceptions: `# phiward:ignore <rule-id> until=2027-01-31 owner=platform -- reason`.

A comment above a resource or module block, or inside it, covers that block; on a module block it covers everything that
this call instantiates. All parts are mandatory: an exception without an owner, an end and a reason is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from phiward.model.finding import Diagnostic, Finding, Level, Verdict, Waiver
from phiward.model.location import Location, Span
from phiward.pattern import pattern
from phiward.record import dataclass, replace

MARKER = "phiward:ignore"
_comment = pattern(r"(?:#|//|/\*)[ \t]*phiward:ignore(?![\w-])([^\n]*?)(?:\*/[ \t]*)?\r?$", re.MULTILINE)
_parts = pattern(r"[ \t]+([a-z0-9-]+)((?:[ \t]+\w+=\S+)*)[ \t]+--[ \t]*(\S.*?)[ \t]*")
SYNTAX = "# phiward:ignore <rule-id> until=YYYY-MM-DD owner=NAME -- reason"


@dataclass(frozen=True, slots=True)
class Ignores:
    """Exceptions by file, and what is wrong with the comments that are none."""

    waivers: tuple[Waiver, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_ignores(sources: Mapping[str, str], rules: Iterable[str]) -> Ignores:
    """Every ignore comment of the files that were read."""
    known = frozenset(rules)
    waivers: list[Waiver] = []
    problems: list[Diagnostic] = []
    for path in sorted(sources):
        text = sources[path]
        if MARKER not in text:
            continue
        for found in _comment.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            column = found.start() - text.rfind("\n", 0, found.start())
            location = Location(path, Span(line, column, line, column + len(found.group().rstrip())))
            made = _waiver(found.group(1), location, known)
            if isinstance(made, Waiver):
                waivers.append(made)
            else:
                problems.append(made)
    return Ignores(tuple(waivers), tuple(problems))


def _waiver(text: str, location: Location, known: frozenset[str]) -> Waiver | Diagnostic:
    found = _parts.fullmatch(text)
    if not found:
        return _wrong(location, "the ignore comment is not complete")
    rule, options, reason = found.groups()
    values: dict[str, str] = {}
    for option in options.split():
        name, _, value = option.partition("=")
        if name not in ("until", "owner") or name in values:
            return _wrong(location, f"unknown or repeated key {name!r} in the ignore comment")
        values[name] = value
    missing = [name for name in ("until", "owner") if name not in values]
    if missing:
        return _wrong(location, f"the ignore comment has no {' and no '.join(missing)}")
    if rule not in known:
        return _wrong(location, f"the ignore comment names a rule that does not exist: {rule!r}")
    try:
        expires = date.fromisoformat(values["until"])
    except ValueError:
        return _wrong(location, f"until={values['until']} is not a date")
    return Waiver(rule, reason, values["owner"], expires, location)


def _wrong(location: Location, message: str) -> Diagnostic:
    return Diagnostic(
        Level.ERROR, "ignore", message, location.path, location.span.line, location.span.column,
        hint=f"write: {SYNTAX}", invalid=True,
    )  # fmt: skip


def apply_ignores(
    findings: Sequence[Finding],
    blocks: Mapping[tuple[str, str], tuple[Location, ...]],
    waivers: Sequence[Waiver],
    today: date,
) -> tuple[list[Finding], list[Diagnostic]]:
    """Findings with their waivers, and a warning for each exception that is expired or covers nothing.

    `blocks` maps (scope, address) to the block of the resource and those of the modules around it.
    """
    used: set[int] = set()
    result: list[Finding] = []
    by_rule: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        by_rule.setdefault(waiver.rule, []).append(waiver)
    for finding in findings:
        covering = _covering(finding, blocks, by_rule.get(finding.rule.id, ()), today, used)
        result.append(finding if covering is None else replace(finding, waiver=covering))
    return result, list(_leftovers(waivers, used, today))


def _covering(
    finding: Finding,
    blocks: Mapping[tuple[str, str], tuple[Location, ...]],
    waivers: Iterable[Waiver],
    today: date,
    used: set[int],
) -> Waiver | None:
    if finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return None
    for waiver in waivers:
        if any(
            covers(waiver.location, block) for block in blocks.get((finding.subject.scope, finding.subject.address), ())
        ):
            used.add(id(waiver))
            if waiver.expires >= today:
                return waiver
    return None


def covers(comment: Location, block: Location) -> bool:
    """Whether a comment stands inside a block or in the lines directly above it."""
    return comment.path == block.path and block.span.line - 1 <= comment.span.line <= block.span.end_line


def _leftovers(waivers: Iterable[Waiver], used: set[int], today: date) -> Iterable[Diagnostic]:
    for waiver in waivers:
        at = waiver.location
        if waiver.expires < today:
            message = f"the exception to {waiver.rule} ended on {waiver.expires} (owner {waiver.owner})"
            code, hint = "ignore-expired", "fix the finding, or have the exception approved again"
        elif id(waiver) not in used:
            message = f"the exception to {waiver.rule} covers nothing (owner {waiver.owner})"
            code, hint = "ignore-unused", "remove the comment"
        else:
            continue
        yield Diagnostic(Level.WARNING, code, message, at.path, at.span.line, at.span.column, hint=hint)
