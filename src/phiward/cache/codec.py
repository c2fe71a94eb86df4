"""A report as lines of JSON and back, so that what comes back is equal to what went in.

The texts of the scanned files are not among them: they are read again. Nor is a sensitive value: every format prints
the same for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby, islice
from typing import Any

from phiward.model.baseline import Comparison, Recorded, Remaining
from phiward.model.finding import (
    CallCount,
    Diagnostic,
    Evidence,
    Finding,
    Level,
    Loosened,
    PackIdentity,
    Report,
    Standing,
    Subject,
    Summary,
    Verdict,
    Waiver,
    WaiverType,
    WaiverUse,
)
from phiward.model.location import Answered, Location, Span
from phiward.model.rule import Rule, Severity
from phiward.model.value import Partial, Reference, Sensitive, Unknown, Value

_PER_LINE = 1_000
"""Subjects; a large report is written and read piece by piece."""
_VERDICTS = tuple(Verdict)
_NUMBERS = {verdict: number for number, verdict in enumerate(_VERDICTS)}
_PLAIN = ("exit_status", "gate", "target", "unmodelled_types", "partial", "unknown_refused", "base", "roots")
_SUBJECT = ("address", "type", "native_type", "source", "tenant", "data_class", "scope", "path")
_WIDEST_INTEGER = 4096
"""Bits; Python refuses to write integers of more than 4,300 digits."""
_dumps = json.JSONEncoder(separators=(",", ":")).encode


class NotStorableError(Exception):
    """A report holds something that the cache has no words for; it is then not stored."""


# -- out


def encode(report: Report) -> Iterator[str]:
    """The report, a line for its head and one for each thousand subjects. Raises NotStorableError."""
    rules: dict[int, tuple[int, Rule]] = {}
    for finding in report.findings:  # one rule may be of several severities, by the settings of a scope
        if id(finding.rule) not in rules:
            rules[id(finding.rule)] = len(rules), finding.rule
    head = {
        "rules": [_rule(rule) for _, rule in rules.values()],
        "diagnostics": [[*map(_shown, _fields(one))] for one in report.diagnostics],
        "summary": _fields(report.summary),
        "pack": _fields(report.pack),
        "loosened": [[one.parameter, _value(one.default), _value(one.value)] for one in report.loosened],
        "waivers": [[_waiver(one.waiver), one.standing, one.findings] for one in report.waivers],
        "calls": [_fields(one) for one in report.calls],
        "callers": list(report.callers),
        "baseline": _comparison(report.baseline) if report.baseline else 0,
        "plain": {name: getattr(report, name) for name in _PLAIN},
        "scanned_on": report.scanned_on and report.scanned_on.isoformat(),
    }
    yield _dumps(head)
    numbers = {rule: number for rule, (number, _) in rules.items()}
    subjects = groupby(report.findings, lambda finding: id(finding.subject))
    while piece := [list(findings) for _, findings in islice(subjects, _PER_LINE)]:
        yield _piece(piece, numbers)


def _piece(piece: list[list[Finding]], rules: dict[int, int]) -> str:
    paths: dict[str, int] = {}

    def place(at: Location) -> list[Any]:
        return [paths.setdefault(at.path, len(paths)), *at.span, *(at.call or ())]

    def proof(evidence: Evidence, default: Location) -> list[Any]:
        at = evidence.location
        where = 1 if at is default or at == default else 0 if at is None else place(at)
        observed, expected = _value(evidence.observed), _value(evidence.expected)
        more = [evidence.by_default, _shown(evidence.write), _shown(evidence.attribute)]
        return [evidence.property, observed, expected, where, *more]

    def row(finding: Finding) -> list[Any]:
        rule, at, waiver = finding.rule, finding.location, finding.waiver
        return [
            rules[id(rule)],
            _NUMBERS[finding.verdict],
            place(at),
            0 if finding.message == rule.title else _shown(finding.message),
            [proof(evidence, at) for evidence in finding.evidence],
            _waiver(waiver) if waiver else 0,
            _waiver(finding.lapsed) if finding.lapsed else 0,
            finding.baseline,
        ]

    def group(findings: list[Finding]) -> list[Any]:
        subject = findings[0].subject
        own = [_shown(getattr(subject, name)) for name in _SUBJECT]
        return [own, [place(call) for call in subject.called_from], [row(finding) for finding in findings]]

    groups = [group(findings) for findings in piece]
    return _dumps([list(paths), groups])


def _waiver(waiver: Waiver) -> list[Any]:
    at = waiver.location
    return [[at.path, *at.span], *(_dated(one) for one in _fields(waiver) if one is not at)]


def _comparison(found: Comparison) -> list[Any]:
    fixed = [_recorded(one) for one in found.fixed]
    remaining = [[_recorded(one.recorded), one.why] for one in found.remaining]
    return [found.path, found.existing, found.new, fixed, remaining]


def _recorded(recorded: Recorded) -> list[Any]:
    return [_dated(one) for one in _fields(recorded)]


def _dated(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _fields(record: Any) -> list[Any]:
    return [getattr(record, name) for name in record.__match_args__]


def _shown(text: Any) -> Any:
    """A text that reports print as it is. Raises NotStorableError for a sensitive one, whose text must not get here."""
    if type(text) is Sensitive:
        raise NotStorableError("a sensitive text where reports would print it")
    return text


def _rule(rule: Rule) -> list[Any]:
    return [dict(one) if isinstance(one, Mapping) else one for one in _fields(rule)]


def _value(value: Value) -> Any:
    kind = type(value)
    if kind is str or kind is bool or kind is float or value is None:
        return value
    if kind is int:
        return value if value.bit_length() <= _WIDEST_INTEGER else {"i": hex(value)}
    if isinstance(value, list):  # reports print Terraform's lists and sets as they print any list
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {"m": [[_value(key), _value(item)] for key, item in value.items()]}
    if isinstance(value, Unknown):
        return {"u": [value.reason, value.hint]}
    if kind is Reference:
        return {"r": [value.address, *value.path]}
    if kind is Partial:
        return {"p": [_value(part) for part in value.parts]}
    if kind is Sensitive:
        return {"s": ""}
    raise NotStorableError(kind.__name__)


# -- in


def decode(lines: Iterable[bytes], sources: Mapping[str, str]) -> Report:
    """The report that was encoded, with the texts of its files. Raises what Python raises for lines of another make."""
    rest = iter(lines)
    head = json.loads(next(rest))
    rules = [_as_rule(raw) for raw in head["rules"]]
    findings: list[Finding] = []
    for line in rest:
        _add(json.loads(line), rules, findings)
    plain = head["plain"]
    plain["roots"] = tuple(plain["roots"])
    return Report(
        findings=tuple(findings),
        diagnostics=tuple(Diagnostic(Level(level), *more) for level, *more in head["diagnostics"]),
        summary=Summary(*head["summary"]),
        pack=PackIdentity(*head["pack"]),
        loosened=tuple(Loosened(name, _as_value(old), _as_value(new)) for name, old, new in head["loosened"]),
        waivers=tuple(WaiverUse(_as_waiver(raw), Standing(how), n) for raw, how, n in head["waivers"]),
        calls=tuple(CallCount(*raw) for raw in head["calls"]),
        callers=tuple(head["callers"]),
        baseline=_as_comparison(*head["baseline"]) if head["baseline"] else None,
        sources=sources,
        scanned_on=head["scanned_on"] and date.fromisoformat(head["scanned_on"]),
        **plain,
    )


def _as_waiver(raw: list[Any]) -> Waiver:
    (path, *span), *rest = raw
    names = [name for name in Waiver.__match_args__ if name != "location"]
    values = dict(zip(names, rest, strict=True))
    approved = values["approved"]
    values |= {
        "expires": date.fromisoformat(values["expires"]),
        "approved": date.fromisoformat(approved) if approved else None,
        "type": WaiverType(values["type"]),
        "compensating_controls": tuple(values["compensating_controls"]),
    }
    return Waiver(location=Location(path, Span(*span)), **values)


def _as_comparison(path: str, existing: int, new: int, fixed: list[Any], remaining: list[Any]) -> Comparison:
    left = tuple(Remaining(_as_recorded(raw), why) for raw, why in remaining)
    return Comparison(path, existing, new, tuple(map(_as_recorded, fixed)), left)


def _as_recorded(raw: list[Any]) -> Recorded:
    values = dict(zip(Recorded.__match_args__, raw, strict=True))
    return Recorded(**values | {"since": date.fromisoformat(values["since"])})


def _as_rule(raw: list[Any]) -> Rule:
    values = dict(zip(Rule.__match_args__, raw, strict=True))
    values["severity"] = Severity(values["severity"])
    values["citations"] = tuple(values["citations"])
    values["equivalents"] = {tool: tuple(ids) for tool, ids in values["equivalents"].items()}
    return Rule(**values)


def _add(piece: list[Any], rules: list[Rule], findings: list[Finding]) -> None:
    paths, groups = piece

    def place(at: list[Any]) -> Location:
        path, line, column, end_line, end_column, *call = at
        return Location(paths[path], Span(line, column, end_line, end_column), Answered(*call) if call else None)

    def proof(raw: list[Any], default: Location) -> Evidence:
        name, observed, expected, where, by_default, write, attribute = raw
        at = default if where == 1 else None if where == 0 else place(where)
        return Evidence(name, _as_value(observed), _as_value(expected), at, by_default, write, attribute)

    for own, calls, rows in groups:
        subject = Subject(**dict(zip(_SUBJECT, own, strict=True)), called_from=tuple(map(place, calls)))
        for rule, verdict, where, message, evidence, accepted, ended, known in rows:
            at = place(where)
            said = rules[rule].title if message == 0 else message
            waiver = _as_waiver(accepted) if accepted else None
            lapsed = _as_waiver(ended) if ended else None
            proofs = tuple([proof(raw, at) for raw in evidence])
            one = Finding(rules[rule], _VERDICTS[verdict], subject, at, said, proofs, waiver, lapsed, known)
            findings.append(one)


def _as_value(raw: Any) -> Value:
    if type(raw) is list:
        return [_as_value(item) for item in raw]
    if type(raw) is not dict:
        return raw
    [(kind, content)] = raw.items()
    return _KINDS[kind](content)


_KINDS: dict[str, Callable[[Any], Value]] = {
    "i": lambda text: int(text, 16),
    "m": lambda pairs: {_as_value(key): _as_value(item) for key, item in pairs},
    "u": lambda said: Unknown(*said),
    "r": lambda steps: Reference(steps[0], tuple(steps[1:])),
    "p": lambda parts: Partial(tuple(map(_as_value, parts))),
    "s": Sensitive,
}
