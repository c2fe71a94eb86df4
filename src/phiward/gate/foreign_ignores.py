"""Comments that tell other scanners to skip a check: understood, and no exceptions, for they have no owner and no end.

`checkov:skip=CKV_AWS_16:reason`, `trivy:ignore:AVD-AWS-0080`, `tfsec:ignore:...`, and the annotation `checkov.io/skip1`
of a Kubernetes object. Where one covers a finding of a rule that means the same, a warning says what to write instead.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from phiward.gate.ignores import ANNOTATION, SYNTAX, Subject
from phiward.model.finding import Diagnostic, Finding, Level, Verdict
from phiward.model.location import Lines, Location, Span
from phiward.model.resource import Resource
from phiward.pack.equivalents import canonical
from phiward.pattern import pattern
from phiward.record import dataclass

MARKERS = ("checkov:skip", "bridgecrew:skip", "trivy:ignore", "tfsec:ignore")
_comment = pattern(
    r"(?:checkov:skip=|bridgecrew:skip=|trivy:ignore:|tfsec:ignore:)[ \t]*([\w-]+(?:,[\w-]+)*)", re.ASCII
)
_comment_sign = pattern(r"#|//|/\*")
_annotation = pattern(r"checkov\.io/skip\d+")
_annotated = pattern(r"[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ForeignIgnore:
    """One check that a comment or an annotation names. `bearer` is the object that bears the annotation."""

    written: str
    check: str
    location: Location
    bearer: Subject | None = None


def read_foreign_ignores(sources: Mapping[str, str], resources: Iterable[Resource]) -> list[ForeignIgnore]:
    """Every check that a comment of some files, or an annotation of the resources that are judged, tells to skip."""
    found: list[ForeignIgnore] = []
    for path in sorted(sources):
        if any(marker in sources[path] for marker in MARKERS):
            found += _comments(path, sources[path])
    for resource in resources:
        metadata = resource.attributes.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) and not resource.context else None
        for key, value in annotations.items() if isinstance(annotations, dict) else ():
            check = _annotated.match(value) if isinstance(value, str) and _annotation.fullmatch(key) else None
            if check:
                location = resource.origin.locate(("metadata", "annotations", key))
                subject = (resource.scope.path, resource.address)
                found.append(ForeignIgnore(f"{key}: {check.group()}", check.group(), location, subject))
    return found


def _comments(path: str, text: str) -> Iterator[ForeignIgnore]:
    line, start, signed = 1, 0, False
    for comment in _comment.finditer(text):
        begins = text.rfind("\n", start, comment.start()) + 1
        if begins > start:
            line += text.count("\n", start, begins)
            start, signed = begins, False
        signed = signed or _comment_sign.search(text, start, comment.start()) is not None
        if not signed:
            continue
        column = comment.start() - start + 1
        location = Location(path, Span(line, column, line, column + len(comment.group())))
        for check in comment.group(1).split(","):
            yield ForeignIgnore(comment.group(), check, location)


def explain_foreign_ignores(
    foreign: Sequence[ForeignIgnore],
    findings: Iterable[Finding],
    lines: Mapping[Subject, tuple[Lines, ...]],
    known: Mapping[str, Sequence[str]],
) -> list[Diagnostic]:
    """A warning for each file and check whose comment covers a finding of a rule that means the same.

    `known` are the rules that mean what a check means, by its canonical name. Where none of them found anything, there
    is nothing to say.
    """
    written: dict[tuple[str, object], list[ForeignIgnore]] = {}
    for each in foreign:
        for rule in known.get(canonical(each.check), ()):
            written.setdefault((rule, each.bearer or each.location.path), []).append(each)
    told: dict[tuple[str, str], tuple[ForeignIgnore, dict[str, None]]] = {}
    for finding in findings:
        if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and finding.waiver is None:
            for each in _meant(finding, written, lines):
                _, rules = told.setdefault((each.location.path, canonical(each.check)), (each, {}))
                rules[finding.rule.id] = None
    return [_warning(each, sorted(rules)) for each, rules in told.values()]


def _meant(
    finding: Finding,
    written: Mapping[tuple[str, object], list[ForeignIgnore]],
    lines: Mapping[Subject, tuple[Lines, ...]],
) -> Iterator[ForeignIgnore]:
    """What is written about the resource of a finding, for the finding's rule. Comments of a file are in its order."""
    subject = (finding.subject.scope, finding.subject.address)
    yield from written.get((finding.rule.id, subject), ())
    for own in lines.get(subject, ()):
        comments = written.get((finding.rule.id, own.path), [])
        first = bisect_left(comments, own.first, key=_line)
        yield from comments[first : bisect_right(comments, own.last, key=_line)]


def _line(foreign: ForeignIgnore) -> int:
    return foreign.location.span.line


def _warning(foreign: ForeignIgnore, rules: Sequence[str]) -> Diagnostic:
    rule, *others = rules
    line = f'{ANNOTATION}{rule}: "{SYNTAX}"' if foreign.bearer else f"# phiward:ignore {rule} {SYNTAX}"
    also = f" (likewise {', '.join(others)})" if others else ""
    at = foreign.location
    return Diagnostic(
        Level.WARNING,
        "foreign-ignore",
        f"{foreign.written} waives nothing here: it has no owner and no end; it stands for {', '.join(rules)}",
        at.path,
        at.span.line,
        at.span.column,
        hint=f"where the exception is meant, write: {line}{also}",
    )
