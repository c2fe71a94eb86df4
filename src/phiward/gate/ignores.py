"""Inline exceptions: `# phiward:ignore <rule-id> until=2027-01-31 owner=platform -- reason`.

A comment above a resource or module block, or inside it, covers that block; on a module block it covers everything that
this call instantiates. In YAML it covers the object of its document. A Kubernetes object may bear the exception itself:
the annotation `phiward.dev/ignore.<rule-id>: until=... owner=... -- reason`. All parts are mandatory: an exception
without an owner, an end and a reason is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from phiward.model.finding import Diagnostic, Finding, Level, Verdict, Waiver
from phiward.model.location import Lines, Location, Span
from phiward.model.resource import Resource
from phiward.pattern import pattern
from phiward.record import dataclass, field, replace

MARKER = "phiward:ignore"
ANNOTATION = "phiward.dev/ignore."
_comment = pattern(
    r"(?:#|//|/\*)[ \t]*phiward:ignore(?![\w-])([^\n]*?)(?:\*/[ \t]*(?:-?\}\}[ \t]*)?)?\r?$", re.MULTILINE
)
_parts = pattern(r"[ \t]+([a-z0-9-]+)((?:[ \t]+\w+=\S+)*)[ \t]+--[ \t]*(\S.*?)[ \t]*", re.DOTALL)
SYNTAX = "until=YYYY-MM-DD owner=NAME -- reason"
_AS_COMMENT = f"write: # phiward:ignore <rule-id> {SYNTAX}"
_AS_ANNOTATION = f'write: {ANNOTATION}<rule-id>: "{SYNTAX}"'
Subject = tuple[str, str]
"""The scope and the address of a resource."""


@dataclass(frozen=True, slots=True)
class Ignores:
    """Exceptions in comments, those that resources bear themselves, and what is wrong with the ones that are none."""

    comments: list[Waiver] = field(default_factory=list)
    borne: dict[Subject, list[Waiver]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def waivers(self) -> list[Waiver]:
        return [*self.comments, *(waiver for waivers in self.borne.values() for waiver in waivers)]


def read_ignores(sources: Mapping[str, str], resources: Iterable[Resource], rules: Iterable[str]) -> Ignores:
    """Every exception in the comments of some files and in the annotations of the resources that are judged."""
    known = frozenset(rules)
    found = Ignores()
    for path in sorted(sources):
        text = sources[path]
        if MARKER not in text:
            continue
        for comment in _comment.finditer(text):
            line = text.count("\n", 0, comment.start()) + 1
            column = comment.start() - text.rfind("\n", 0, comment.start())
            location = Location(path, Span(line, column, line, column + len(comment.group().rstrip())))
            made = _waiver(comment.group(1), location, known, _AS_COMMENT)
            found.diagnostics.append(made) if isinstance(made, Diagnostic) else found.comments.append(made)
    for resource in resources:
        metadata = resource.attributes.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) and not resource.context else None
        for key, value in annotations.items() if isinstance(annotations, dict) else ():
            if key.startswith(ANNOTATION):
                location = resource.origin.locate(("metadata", "annotations", key))
                made = _waiver(f" {key.removeprefix(ANNOTATION)} {value}", location, known, _AS_ANNOTATION)
                if isinstance(made, Diagnostic):
                    found.diagnostics.append(made)
                else:
                    found.borne.setdefault((resource.scope.path, resource.address), []).append(made)
    return found


def _waiver(text: str, location: Location, known: frozenset[str], hint: str) -> Waiver | Diagnostic:
    def wrong(message: str) -> Diagnostic:
        at = location.span
        return Diagnostic(Level.ERROR, "ignore", message, location.path, at.line, at.column, hint=hint, invalid=True)

    found = _parts.fullmatch(text)
    if not found:
        return wrong("the exception is not complete")
    rule, options, reason = found.groups()
    values: dict[str, str] = {}
    for option in options.split():
        name, _, value = option.partition("=")
        if name not in ("until", "owner") or name in values:
            return wrong(f"unknown or repeated key {name!r} in the exception")
        values[name] = value
    missing = [name for name in ("until", "owner") if name not in values]
    if missing:
        return wrong(f"the exception has no {' and no '.join(missing)}")
    if rule not in known:
        return wrong(f"the exception names a rule that does not exist: {rule!r}")
    try:
        expires = date.fromisoformat(values["until"])
    except ValueError:
        return wrong(f"until={values['until']} is not a date")
    return Waiver(rule, reason, values["owner"], expires, location)


def apply_ignores(
    findings: Sequence[Finding], lines: Mapping[Subject, tuple[Lines, ...]], ignores: Ignores, today: date
) -> tuple[list[Finding], list[Diagnostic]]:
    """Findings with their waivers, and a warning for each exception that is expired or covers nothing.

    `lines` are those in which a comment is about a resource: of its own block, and of the modules around it.
    """
    used: set[int] = set()
    result: list[Finding] = []
    by_rule: dict[str, list[Waiver]] = {}
    for waiver in ignores.comments:
        by_rule.setdefault(waiver.rule, []).append(waiver)
    for finding in findings:
        subject = (finding.subject.scope, finding.subject.address)
        about = lines.get(subject, ())
        candidates = [w for w in ignores.borne.get(subject, ()) if w.rule == finding.rule.id]
        candidates += [w for w in by_rule.get(finding.rule.id, ()) if any(covers(w.location, own) for own in about)]
        covering = _covering(finding, candidates, today, used)
        result.append(finding if covering is None else replace(finding, waiver=covering))
    return result, list(_leftovers(ignores.waivers, used, today))


def _covering(finding: Finding, candidates: Iterable[Waiver], today: date, used: set[int]) -> Waiver | None:
    """The first of the exceptions to a finding that is in force."""
    if finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return None
    for waiver in candidates:
        used.add(id(waiver))
        if waiver.expires >= today:
            return waiver
    return None


def covers(comment: Location, lines: Lines) -> bool:
    """Whether a comment stands in some lines."""
    return comment.path == lines.path and lines.first <= comment.span.line <= lines.last


def _leftovers(waivers: Iterable[Waiver], used: set[int], today: date) -> Iterable[Diagnostic]:
    for waiver in waivers:
        at = waiver.location
        if waiver.expires < today:
            message = f"the exception to {waiver.rule} ended on {waiver.expires} (owner {waiver.owner})"
            code, hint = "ignore-expired", "fix the finding, or have the exception approved again"
        elif id(waiver) not in used:
            message = f"the exception to {waiver.rule} covers nothing (owner {waiver.owner})"
            code, hint = "ignore-unused", "remove it"
        else:
            continue
        yield Diagnostic(Level.WARNING, code, message, at.path, at.span.line, at.span.column, hint=hint)
