"""What is not as it was: new, fixed, regressed, and what cannot be told any more."""

from __future__ import annotations

import json
from datetime import date

import pytest

from phiward.attest.assessment import document
from phiward.attest.assessment.inputs import Previous
from phiward.attest.assessment.model import Change, GapBetween, Window
from phiward.attest.assessment.record import of_report
from phiward.attest.canonical import canonical
from phiward.errors import UsageError
from phiward.model.finding import Loosened, Verdict
from phiward.model.project import AttestationSettings
from tests.attest.assessments import DAY, after, assessed, assessment, made_by_the_pack, one
from tests.reporters.factory import diagnostic, report, waiver

LATER = date(2026, 12, 6)
LATEST = date(2027, 1, 5)


def ids(found):
    return [row.address for row in found]


def test_without_an_earlier_assessment_nothing_is_new():
    of = assessment(one("a"))
    assert not of.changes.compared
    assert of.changes.new == ()
    assert (of.findings[0].first_seen, of.findings[0].age_days) == ("2026-11-26", 0)


def test_what_fails_now_and_was_not_there_is_new_and_what_passes_now_is_fixed():
    of = after(assessment(one("a")), one("a", Verdict.PASS), one("b"), day=LATER)
    assert ids(of.changes.new) == ["b"]
    assert [(row.address, row.days) for row in of.changes.fixed] == [("a", 10)]
    assert of.changes.previous_as_of == "2026-11-26"


def test_what_fails_again_regressed_with_the_days_that_it_was_clean():
    first = assessment(one("a", Verdict.PASS))
    second = after(first, one("a", Verdict.PASS), day=LATER)
    third = after(second, one("a"), day=LATEST)
    assert [(row.address, row.days) for row in third.changes.regressed] == [("a", 40)]
    assert third.changes.new == ()


def test_what_still_fails_keeps_the_day_that_it_was_first_seen():
    of = after(assessment(one("a")), one("a"), day=LATER)
    assert (of.findings[0].first_seen, of.findings[0].age_days) == ("2026-11-26", 10)
    assert (of.changes.new, of.changes.fixed) == ((), ())


def test_what_is_gone_from_a_root_that_was_read_is_fixed():
    assert ids(after(assessment(one("a"), one("b")), one("b"), day=LATER).changes.fixed) == ["a"]


@pytest.mark.parametrize(
    "changes",
    [{"roots": ("elsewhere",)}, {"partial": True}, {"diagnostics": (diagnostic(incomplete=True),)},
     {"loosened": (Loosened("rules.encryption-at-rest", "high", "off: no time"),)}],
)  # fmt: skip
def test_what_is_not_looked_at_any_more_is_not_fixed(changes):
    of = after(assessment(one("a")), day=LATER, **changes)
    assert (of.changes.fixed, ids(of.changes.not_known)) == ((), ["a"])


def test_what_cannot_be_decided_any_more_is_not_fixed():
    of = after(assessment(one("a")), one("a", Verdict.UNKNOWN), day=LATER)
    assert (of.changes.fixed, ids(of.changes.not_known)) == ((), ["a"])


def test_what_an_exception_covers_now_is_not_fixed_but_told_as_one():
    of = after(assessment(one("a")), one("a", waiver=waiver()), day=LATER)
    assert (of.changes.fixed, of.changes.not_known) == ((), ())
    assert [change.after for change in of.changes.exceptions] == [
        "waiver of encryption-at-rest, in force, until 2027-01-31"
    ]
    again = after(of, one("a", waiver=waiver()), day=date(2027, 2, 1))
    assert [(change.before, change.after) for change in again.changes.exceptions] == [
        (
            "waiver of encryption-at-rest, in force, until 2027-01-31",
            "waiver of encryption-at-rest, expired, until 2027-01-31",
        )
    ]
    assert ids(again.changes.new) == ["a"]


def test_a_narrower_scope_and_a_weaker_parameter_are_told():
    before = assessment(one("a", tenant="mercy"), roots=(".", "b"))
    of = after(before, one("a", tenant=None), day=LATER, loosened=(Loosened("retention", 2190, 30),))
    assert Change("roots", "b", "") in of.changes.scope
    assert Change("tenants", "mercy", "") in of.changes.scope
    assert of.changes.pack == (Change("deviation retention", "", "30"),)


def test_a_citation_that_is_not_as_it_was():
    of = after(assessment(one("a")), one("a", Verdict.PASS), day=LATER)
    assert Change("164.312(a)(2)(iv)", "not-satisfied", "satisfied") in of.changes.controls


def test_gaps_between_runs_of_a_period():
    window = Window("period", "2026-10-01", "2026-12-31", "2026-11-26")
    runs = [of_report(made_by_the_pack(report([one("a")]), scanned_on=date(2026, 10, day))) for day in (3, 9)]
    settings = AttestationSettings(cadence_days=7)
    of = assessed(made_by_the_pack(report([one("a")])), window, earlier=tuple(runs), settings=settings).assessment
    assert [run.date for run in of.continuity.runs] == ["2026-10-03", "2026-10-09", "2026-11-26"]
    assert of.continuity.gaps == (GapBetween("2026-10-09", "2026-11-26", 48),)
    assert [point.date for point in of.summary.trend] == [run.date for run in of.continuity.runs]
    assert any("The period ends on 2026-12-31" in said for said in of.limitations.statements)


def test_a_gap_since_the_assessment_before():
    before = assessment(one("a"))
    of = made_by_the_pack(report([one("a")]), scanned_on=LATEST)
    found = assessed(
        of, Window("point-in-time", *(3 * [LATEST.isoformat()])), previous=Previous(before, "ab")
    ).assessment
    assert found.continuity.gaps == (GapBetween(DAY.isoformat(), LATEST.isoformat(), 40),)


def test_it_is_read_as_it_was_written():
    of = after(assessment(one("a"), one("b", waiver=waiver())), one("a"), one("c"), day=LATER)
    written = document.render(of)
    assert document.read(written, "findings.json") == of
    assert document.render(document.read(written, "findings.json")) == written
    assert canonical(json.loads(written)) + b"\n" == written


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b'"schema":"phiward/assessment/v1"', b'"schema":"phiward/assessment/v2"', "newer than this one"),
        (
            b'"written_by":{"name":"phiward","version":"0',
            b'"written_by":{"name":"phiward","version":"99',
            "newer than this one",
        ),
        (b'"age_days":0', b'"age_days":"0"', "not an assessment"),
        (b'"first_seen":"2026-11-26"', b'"first_seen":"long ago"', "not an assessment"),
        (b'"schema":"phiward/assessment/v1"', b'"schema":"other"', "not an assessment"),
        (b'"cover":', b'"covers":', "not an assessment"),
        (b"{", b"", "not an assessment"),
    ],
)
def test_what_is_no_assessment_or_a_newer_one_is_refused(old, new, match):
    written = document.render(assessment(one("a")))
    assert old in written
    with pytest.raises(UsageError, match=match):
        document.read(written.replace(old, new, 1), "findings.json")
