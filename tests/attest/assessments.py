"""Assessments of reports that are built by hand, by the bundled pack."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from phiward.attest.assessment import record
from phiward.attest.assessment.build import Assessed, assess
from phiward.attest.assessment.inputs import Inputs, Previous
from phiward.attest.assessment.model import Assessment, Control, Window
from phiward.attest.canonical import sha256
from phiward.model.finding import Finding, Report, Summary, Verdict
from phiward.pack import Pack, load_pack
from phiward.record import replace
from tests.reporters.factory import ENCRYPTED as BROKEN
from tests.reporters.factory import finding, report, subject

DAY = date(2026, 11, 26)
ENCRYPTED = "164.312(a)(2)(iv)"
"""Addressable, and configuration shows it as a whole."""


@cache
def pack() -> Pack:
    return load_pack()


def point(day: date = DAY) -> Window:
    return Window("point-in-time", *(3 * [day.isoformat()]))


def made_by_the_pack(of: Report, **changes: Any) -> Report:
    """As if the bundled pack had judged it, on a day, with counts that add up."""
    found = of.findings
    verdicts = [one.verdict for one in found if one.waiver is None]
    summary = Summary(
        passed=verdicts.count(Verdict.PASS),
        failed=verdicts.count(Verdict.FAIL),
        unknown=verdicts.count(Verdict.UNKNOWN),
        not_applicable=verdicts.count(Verdict.NOT_APPLICABLE),
        waived=len(found) - len(verdicts),
        resources=len({(one.subject.scope, one.subject.address) for one in found}),
        unmodelled=0,
    )
    known: dict[str, Any] = {
        "pack": pack().identity,
        "scanned_on": DAY,
        "summary": summary,
        "unmodelled_types": {},
        "loosened": (),
        "diagnostics": (),
        "roots": (".",),
    }
    return replace(of, **(known | changes))


def assessed(of: Report, window: Window | None = None, **more: Any) -> Assessed:
    found = record.of_report(of)
    return assess(Inputs(found, pack(), window or point(), **more))


def assessment(*findings: Finding, window: Window | None = None, **changes: Any) -> Assessment:
    """The assessment of some findings; `changes` are the report's."""
    return assessed(made_by_the_pack(report(findings), **changes), window).assessment


def after(before: Assessment, *findings: Finding, day: date, **changes: Any) -> Assessment:
    """The next assessment."""
    of = made_by_the_pack(report(findings), **({"scanned_on": day} | changes))
    previous = Previous(before, sha256(b"before"))
    return assessed(of, point(day), previous=previous).assessment


def control(of: Assessment, citation: str = ENCRYPTED) -> Control:
    return next(one for one in of.controls if one.citation == citation)


def one(address: str = "aws_db_instance.main", verdict: Verdict = Verdict.FAIL, **changes: Any) -> Finding:
    """A finding of the rule on encryption, on a resource of the scope `.`."""
    evidence = changes.pop("evidence", (BROKEN,) if verdict is Verdict.FAIL else ())
    made = finding(verdict, address, evidence=evidence, **changes)
    return replace(made, subject=subject(address, made.subject.tenant, scope=".", path="main.tf"))
