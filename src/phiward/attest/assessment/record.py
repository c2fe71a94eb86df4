"""The JSON report read back: what `phiward scan --format json` wrote, as the report that wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from phiward.attest.assessment.document import check_writer
from phiward.attest.assessment.types import conforms
from phiward.errors import UsageError
from phiward.gate.status import summarise
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
from phiward.model.rule import SEVERITIES, Rule
from phiward.model.value import Partial, Reference, Sensitive, Unknown, Value
from phiward.record import dataclass, replace
from phiward.reporters import json_report

_OTHER_MAKE = (ValueError, TypeError, LookupError, AttributeError)
_WORDS = ("approver", "selector", "measure", "equivalence", "risk_analysis", "ticket")
_FIELDS = ("target", "partial", "gate", "unmodelled_types")


@dataclass(frozen=True, slots=True)
class Record:
    """A report as it was written down. `digest` is SHA-256 of its text."""

    report: Report
    text: str
    digest: str

    @property
    def name(self) -> str:
        return f"record-{self.digest[:16]}.json"


def of_report(report: Report) -> Record:
    """The record of a scan that has just been made, as it would be read: so that both are attested alike."""
    return read(json_report.render(report), "")


def read(text: str, where: str) -> Record:
    """A record that was stored. Raises UsageError where it is none, or a newer version wrote it."""
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # halves of characters are no text
        check_writer(document, json_report.SCHEMA, document["tool"]["version"], where)
        report = _report(document)
        if not conforms(report):
            raise ValueError(where)
        return Record(report, text, sha256(text.encode()).hexdigest())
    except RecursionError as error:
        raise UsageError("is nested too deeply for a record", where=where) from error
    except _OTHER_MAKE as error:
        hint = "write it with `phiward scan --format json --output FILE`"
        raise UsageError("is not the record of a scan", where=where, hint=hint) from error


def _report(document: Mapping[str, Any]) -> Report:
    summary = document["summary"]
    rules = {raw["id"]: raw for raw in document["rules"]}
    made: dict[tuple[Any, ...], Rule] = {}
    scanned_on = document.get("scanned_on")
    return Report(
        findings=tuple([_finding(raw, rules, made) for raw in document["findings"]]),
        diagnostics=tuple(Diagnostic(**{**raw, "level": Level(raw["level"])}) for raw in document["diagnostics"]),
        summary=Summary(
            passed=summary["pass"],
            failed=summary["fail"],
            **{name: summary[name] for name in ("unknown", "not_applicable", "waived", "resources", "unmodelled")},
        ),
        exit_status=summary["exit_status"],
        pack=PackIdentity(document["tool"]["pack"]["version"], document["tool"]["pack"]["digest"]),
        roots=tuple(document["roots"]),
        loosened=tuple(
            Loosened(raw["parameter"], _value(raw["default"]), _value(raw["value"])) for raw in document["loosened"]
        ),
        waivers=tuple(map(_use, document.get("waivers", ()))),
        baseline=_comparison(document.get("baseline")),
        calls=tuple(
            CallCount(**{name: raw[name] for name in CallCount.__match_args__}) for raw in document.get("calls", ())
        ),
        callers=tuple(document.get("callers", ())),
        unknown_refused=document.get("unknown_refused", False),
        scanned_on=date.fromisoformat(scanned_on) if scanned_on else None,
        **{name: document[name] for name in _FIELDS},
    )


def _finding(raw: Mapping[str, Any], rules: Mapping[str, Any], made: dict[tuple[Any, ...], Rule]) -> Finding:
    at = _place(raw["location"])
    return Finding(
        rule=_rule(raw, rules, made),
        verdict=Verdict(raw["verdict"]),
        subject=_subject(raw["resource"], at),
        location=at,
        message=raw["message"],
        evidence=tuple([_evidence(leaf) for leaf in raw["evidence"]]),
        waiver=_waiver(raw["waiver"]),
        lapsed=_waiver(raw.get("lapsed_waiver")),
        baseline=raw.get("baseline", ""),
    )


def _rule(raw: Mapping[str, Any], rules: Mapping[str, Any], made: dict[tuple[Any, ...], Rule]) -> Rule:
    """A rule may be of several severities, by the settings of a scope. What judges is not in a record."""
    key = raw["rule"], raw["severity"], tuple(raw["citations"])
    if key not in made:
        told = rules[raw["rule"]]
        made[key] = Rule(
            id=raw["rule"],
            title=told["title"],
            theme=told["theme"],
            severity=SEVERITIES[raw["severity"]],
            citations=key[2],
            message="",
            because=told["because"],
            fix=told["fix"],
            fix_snippets={},
            equivalents={name: tuple(ids) for name, ids in told["equivalents"].items()},
            select={},
            when=None,
            check=None,
            graph=None,
        )
    return made[key]


def _subject(raw: Mapping[str, Any], at: Location) -> Subject:
    known = {name: raw[name] for name in Subject.__match_args__ if name not in ("called_from", "path")}
    return Subject(**known, called_from=tuple(map(_place, raw["called_from"])), path=raw.get("path", at.path))


def _evidence(raw: Mapping[str, Any]) -> Evidence:
    return Evidence(
        property=raw["property"],
        observed=_value(raw["observed"]),
        expected=_value(raw["expected"]),
        location=_place(raw["location"]) if raw["location"] else None,
        by_default=raw["by_default"],
        write=raw["write"],
        attribute=raw["attribute"],
    )


def _waiver(raw: Mapping[str, Any] | None) -> Waiver | None:
    return _exception(raw) if raw else None


def _exception(raw: Mapping[str, Any]) -> Waiver:
    """Older records know fewer of its fields."""
    approved = raw.get("approved")
    return Waiver(
        rule=raw["rule"],
        reason=raw["reason"],
        owner=raw["owner"],
        expires=date.fromisoformat(raw["expires"]),
        location=_place(raw["location"]),
        kind=raw["kind"],
        type=WaiverType(raw.get("type", "waiver")),
        approved=date.fromisoformat(approved) if approved else None,
        covers_unknown=raw.get("covers_unknown", True),
        compensating_controls=tuple(raw.get("compensating_controls", ())),
        **{name: raw.get(name) or "" for name in _WORDS},
    )


def _use(raw: Mapping[str, Any]) -> WaiverUse:
    return WaiverUse(_exception(raw), Standing(raw["standing"]), raw["findings"])


def _comparison(raw: Mapping[str, Any] | None) -> Comparison | None:
    if raw is None:
        return None
    fixed = tuple(map(_recorded, raw["fixed"]))
    remaining = tuple(Remaining(_recorded(one), one["why"]) for one in raw["remaining"])
    return Comparison(raw["path"], raw["existing"], raw["new"], fixed, remaining)


def _recorded(raw: Mapping[str, Any]) -> Recorded:
    known = {name: raw[name] for name in Recorded.__match_args__}
    return Recorded(**known | {"since": date.fromisoformat(raw["since"])})


def _place(raw: Mapping[str, Any]) -> Location:
    call = raw.get("call")
    span = Span(raw["line"], raw["column"], raw["end_line"], raw["end_column"])
    return Location(raw["path"], span, Answered(**call) if call else None)


def _value(raw: Any) -> Value:
    """The inverse of `reporters.plain.plain`; a reference or a partly known text comes back as its text stands."""
    if isinstance(raw, list):
        return [_value(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    for mark, make in _MARKS.items():
        if mark in raw:
            return make(raw)
    return {key: _value(item) for key, item in raw.items()}


_MARKS: dict[str, Callable[[Any], Value]] = {
    "unknown": lambda raw: Unknown(raw["unknown"], raw["hint"]),
    "reference": lambda raw: Reference(raw["reference"], ()),
    "partial": lambda raw: Partial((raw["partial"],)),
    "sensitive": lambda _: Sensitive(""),
    "map": lambda raw: {key: _value(item) for key, item in raw["map"].items()},
}


def held_on(report: Report, day: date) -> Report:
    """The report as it stands on a later day: an exception that is over by then covers nothing any more."""
    if all(one.waiver is None or one.waiver.expires >= day for one in report.findings):
        return report
    findings = tuple(
        replace(one, waiver=None, lapsed=one.waiver) if one.waiver and one.waiver.expires < day else one
        for one in report.findings
    )
    summary = report.summary
    return replace(report, findings=findings, summary=summarise(findings, summary.resources, summary.unmodelled))
