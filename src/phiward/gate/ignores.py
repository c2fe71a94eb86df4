"""Inline exceptions: `# phiward:ignore <rule-id> until=2027-01-31 owner=platform -- reason`.

A comment above a resource or module block, or inside it, covers that block; on a module block it covers everything that
this call instantiates. In YAML it covers the object of its document. What is judged may bear the exception itself: a
Kubernetes object the annotation `phiward.dev/ignore.<rule-id>: until=... owner=... -- reason`, a resource of
CloudFormation `Metadata: {phiward: {ignore: [...]}}`, of a nested stack for all that is in it. An exception without an
owner, an end and a reason is an error. `approver=`, `type=` and `ticket=` may stand beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from phiward.model.finding import Diagnostic, Level, Waiver, WaiverType
from phiward.model.location import Location, Span
from phiward.model.resource import Resource
from phiward.pack import Pack
from phiward.pattern import pattern
from phiward.record import dataclass, field

MARKER = "phiward:ignore"
ANNOTATION = "phiward.dev/ignore."
_comment = pattern(
    r"(?:#|//|/\*)[ \t]*phiward:ignore(?![\w-])([^\n]*?)(?:\*/[ \t]*(?:-?\}\}[ \t]*)?)?\r?$", re.MULTILINE
)
_parts = pattern(r"[ \t]+([a-z0-9-]+)((?:[ \t]+\w+=\S+)*)[ \t]+--[ \t]*(\S.*?)[ \t]*", re.DOTALL)
SYNTAX = "until=YYYY-MM-DD owner=NAME -- reason"
_AS_COMMENT = f"write: # phiward:ignore <rule-id> {SYNTAX}"
_AS_ANNOTATION = f'write: {ANNOTATION}<rule-id>: "{SYNTAX}"'
_AS_METADATA = f'write: Metadata: {{phiward: {{ignore: ["<rule-id> {SYNTAX}"]}}}}'
_OPTIONS = ("until", "owner", "approver", "type", "ticket")
_TYPES = (WaiverType.WAIVER, WaiverType.FALSE_POSITIVE)
_STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
METADATA = "Metadata.phiward"
"""What of a CloudFormation resource's metadata is for us: its loader keeps that as an attribute."""
Subject = tuple[str, str]
"""The scope and the address of a resource."""


@dataclass(frozen=True, slots=True)
class Ignores:
    """Exceptions in comments, those that resources bear themselves, and what is wrong with the ones that are none."""

    comments: list[Waiver] = field(default_factory=list)
    borne: dict[Subject, list[Waiver]] = field(default_factory=dict)
    of_stacks: dict[Subject, list[Waiver]] = field(default_factory=dict)
    """Those among the borne ones that cover what is in a nested stack, too."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def waivers(self) -> list[Waiver]:
        return [*self.comments, *(waiver for waivers in self.borne.values() for waiver in waivers)]


def read_ignores(sources: Mapping[str, str], resources: Iterable[Resource], pack: Pack) -> Ignores:
    """Every exception in the comments of some files, and those that the resources bear which are judged."""
    known = frozenset(outline.id for outline in pack.outlines)
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
        if resource.context:
            continue
        if resource.source == "cloudformation" and METADATA in resource.attributes:
            _read_metadata(resource, known, pack, found)
        metadata = resource.attributes.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        for key, value in annotations.items() if isinstance(annotations, dict) else ():
            if key.startswith(ANNOTATION):
                location = resource.origin.locate(("metadata", "annotations", key))
                made = _waiver(f" {key.removeprefix(ANNOTATION)} {value}", location, known, _AS_ANNOTATION)
                _bear(resource, made, found)
    return found


def _bear(resource: Resource, made: Waiver | Diagnostic, found: Ignores) -> None:
    if isinstance(made, Diagnostic):
        found.diagnostics.append(made)
        return
    subject = (resource.scope.path, resource.address)
    found.borne.setdefault(subject, []).append(made)
    if resource.native_type in _STACKS:
        found.of_stacks.setdefault(subject, []).append(made)


def _read_metadata(resource: Resource, known: frozenset[str], pack: Pack, found: Ignores) -> None:
    """What a CloudFormation resource bears: texts as in a comment, or mappings as in a file of exceptions."""
    ours = resource.attributes[METADATA]
    entries = ours.get("ignore") if isinstance(ours, dict) else None
    if not isinstance(entries, list) or len(ours) > 1:
        at = resource.origin.locate((METADATA,))
        _bear(resource, _wrong("Metadata.phiward holds a list `ignore` of exceptions", at, _AS_METADATA), found)
        return
    for number, entry in enumerate(entries):
        at = resource.origin.locate((METADATA, "ignore", number))
        if isinstance(entry, str):
            _bear(resource, _waiver(f" {entry}", at, known, _AS_METADATA), found)
        else:
            from phiward.gate.inline_entries import waiver_at

            _bear(resource, waiver_at(entry, at, pack), found)


def _wrong(message: str, location: Location, hint: str) -> Diagnostic:
    at = location.span
    return Diagnostic(Level.ERROR, "ignore", message, location.path, at.line, at.column, hint=hint, invalid=True)


def _waiver(text: str, location: Location, known: frozenset[str], hint: str) -> Waiver | Diagnostic:
    found = _parts.fullmatch(text)
    if not found:
        return _wrong("the exception is not complete", location, hint)
    rule, options, reason = found.groups()
    values: dict[str, str] = {}
    for option in options.split():
        name, _, value = option.partition("=")
        if name not in _OPTIONS or name in values:
            return _wrong(f"unknown or repeated key {name!r} in the exception", location, hint)
        values[name] = value
    missing = [name for name in ("until", "owner") if name not in values]
    if missing:
        return _wrong(f"the exception has no {' and no '.join(missing)}", location, hint)
    if rule not in known:
        return _wrong(f"the exception names a rule that does not exist: {rule!r}", location, hint)
    try:
        expires = date.fromisoformat(values["until"])
    except ValueError:
        return _wrong(f"until={values['until']} is not a date", location, hint)
    type_ = values.get("type", WaiverType.WAIVER)
    if type_ not in _TYPES:
        if type_ == WaiverType.ALTERNATIVE_MEASURE:
            return _wrong(
                "an alternative measure stands in phiward.waivers.yaml",
                location,
                "it has a measure and why it is as good",
            )
        return _wrong(f"type is one of {', '.join(_TYPES)}, not {type_!r}", location, hint)
    owner, approver = values["owner"], values.get("approver", "")
    if same_person(owner, approver):
        return _wrong("the approver is another person than the owner", location, hint)
    return Waiver(
        rule,
        reason,
        owner,
        expires,
        location,
        type=WaiverType(type_),
        approver=approver,
        covers_unknown=type_ == WaiverType.WAIVER,
        ticket=values.get("ticket", ""),
    )


def same_person(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
