"""SARIF 2.1.0, for GitHub code scanning and every other viewer.

One run a file. Only failures that count are results: GitHub would show waived ones as open
alerts. What could not be read or decided is told in notifications of the run: nothing is silently missing.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from phiward import __version__
from phiward.model.baseline import EXISTING, NEW
from phiward.model.finding import Report
from phiward.model.location import LIVE, Location
from phiward.reporters.blocks import who
from phiward.reporters.grouping import Group, baseline_of, failures, rules_of
from phiward.reporters.plain import dumps
from phiward.reporters.sarif_notifications import notifications
from phiward.reporters.sarif_rules import LEVELS, descriptors, message, taxonomies
from phiward.reporters.summary import ended
from phiward.reporters.text import clean, headline, listed, named, plural, prose, statement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
MOST_BYTES = 10_000_000
"""GitHub refuses an upload of more than 10 MB after gzip, or of more than 25,000 results."""
_MOST_RELATED = 100
_MOST_INSTANCES = 1_000
_MOST_NAMED = 20
_STATES = {NEW: "new", EXISTING: "unchanged"}
"""SARIF's words for what a result is to a baseline; instances of one line may be both."""
_COMPLETED = frozenset({0, 1, 4})
"""Exit statuses of a run that came to its end, whatever it found."""


def render(report: Report) -> str:
    """Return the log; beyond GitHub's limits the most severe results stay, and a notification says so."""
    groups = [group for group in failures(report) if not runs(group.location)]
    kept = groups[:MOST_RESULTS]
    while True:
        text = dumps(_log(report, kept, len(groups))) + "\n"
        size = _zipped(text)
        if size <= MOST_BYTES or not kept:
            return text
        kept = kept[: int(len(kept) * 0.95 * MOST_BYTES / size)]


def _zipped(text: str) -> int:
    """Return the size that counts; text that is short enough is not compressed to find out."""
    return len(text) if len(text) <= MOST_BYTES else len(zlib.compress(text.encode(), 6))


def _log(report: Report, groups: Sequence[Group], total: int) -> dict[str, Any]:
    rules = rules_of(report.findings)
    index = {rule.id: number for number, rule in enumerate(rules)}
    taxa = sorted({citation for rule in rules for citation in rule.citations})
    category = "phiward-changed" if report.partial else "phiward"
    run = {
        "tool": {"driver": _driver(report, descriptors(rules, taxa))},
        "taxonomies": taxonomies(taxa),
        # A partial scan under the full scan's category would close every alert that it did not look at.
        "automationDetails": {"id": f"{category}/{clean(report.target).strip('/') or '.'}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": report.exit_status in _COMPLETED,
                "exitCode": report.exit_status,
                "exitCodeDescription": prose(report.gate),
                "toolExecutionNotifications": notifications(report, len(groups), total, where),
            }
        ],
        "results": [_result(group, index[group.rule.id]) for group in groups],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "Phiward",
        "semanticVersion": __version__,
        "informationUri": "https://github.com/phiward/phiward",
        "rules": rules,
        "supportedTaxonomies": [{"name": "45 CFR Part 164", "index": 0}],
        "properties": {"pack": {"version": report.pack.version, "digest": report.pack.digest}},
    }


def _result(group: Group, rule_index: int) -> dict[str, Any]:
    subjects = [finding.subject for finding in group.findings]
    related = _related(group)
    return {
        "ruleId": group.rule.id,
        "ruleIndex": rule_index,
        "level": LEVELS[group.rule.severity],
        **({"baselineState": _STATES.get(state, "updated")} if (state := baseline_of(group)) else {}),
        "message": message(_story(group)),
        "locations": [where(group.location)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"phiward/v1": _fingerprint(group)},
        "properties": {
            "severity": group.rule.severity.label,
            "instances": [named(subject.address) for subject in subjects[:_MOST_INSTANCES]],
            "instanceCount": len(subjects),
            "tenants": sorted({subject.tenant for subject in subjects if subject.tenant is not None})[:_MOST_INSTANCES],
        },
    }


def _story(group: Group) -> str:
    """Return what an annotation says: what is wrong, on which instances, and what to write instead."""
    first = group.findings[0]
    if len(group.findings) == 1:
        said = headline(first.message) or prose(group.rule.title)
    else:
        names = listed([who(finding.subject) for finding in group.findings], _MOST_NAMED)
        said = f"{prose(group.rule.title)}: {plural(len(group.findings), 'instance')} of this line: {names}"
    leaves = dict.fromkeys(statement(evidence) for evidence in first.evidence)
    lapsed = dict.fromkeys(ended(f.lapsed) for f in group.findings if f.lapsed)
    lines = [said, *leaves, *lapsed]
    writes = dict.fromkeys(e.write for f in group.findings for e in f.evidence if e.write)
    for text in writes:
        shown = "\n".join(clean(line) for line in text.strip("\n").split("\n"))
        lines.append(f"Write instead: {shown}")
    return "\n".join(lines)


def _related(group: Group) -> list[dict[str, Any]]:
    """Other places that decided the verdict, each with what was read there."""
    found: dict[Location, str] = {}
    for finding in group.findings:
        for evidence in finding.evidence:
            if evidence.location is not None and evidence.location.spot != group.location.spot:
                found.setdefault(evidence.location.spot, statement(evidence))
    pairs = list(found.items())[:_MOST_RELATED]
    return [{"id": number, **where(at), "message": message(said)} for number, (at, said) in enumerate(pairs, 1)]


def _fingerprint(group: Group) -> str:
    if len(group.findings) == 1:
        return group.findings[0].fingerprint
    joined = "\n".join(sorted(finding.fingerprint for finding in group.findings))
    return hashlib.sha256(joined.encode("utf-8", "backslashreplace")).hexdigest()


def where(location: Location) -> dict[str, Any]:
    """Return a SARIF location; a line 0 would make GitHub reject the whole upload."""
    if runs(location):  # GitHub refuses a whole upload for a result without a file, and shows notifications anyway
        return {"logicalLocations": [{"fullyQualifiedName": clean(location.path), "kind": "resource"}]}
    span = location.span
    start, column = max(span.line, 1), max(span.column, 1)
    end = max(span.end_line, start)
    last = max(span.end_column, column if end == start else 1)
    region = {"startLine": start, "startColumn": column, "endLine": end, "endColumn": last}
    return {"physicalLocation": {"artifactLocation": {"uri": uri(location.path)}, "region": region}}


def runs(location: Location) -> bool:
    """Whether it is the place of something that runs, which no file of the repository says."""
    return location.path.startswith(LIVE)


def uri(path: str) -> str:
    """Return a repository-relative path as a relative URI reference."""
    return quote(path, safe="/", errors="backslashreplace")
