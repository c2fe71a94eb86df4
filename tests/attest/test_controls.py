"""The status of a citation: satisfied only by what was shown, and never by what was left out."""

from __future__ import annotations

from datetime import date

import pytest

from phiward.attest.assessment.model import Assessment
from phiward.attest.assessment.status import CONTROL_STATUSES
from phiward.model.finding import CallCount, Loosened, Verdict, WaiverType
from phiward.model.location import Location, Span
from phiward.model.manual import Assurance, CitationState, ControlState, Proof, Statement
from phiward.model.project import AttestationSettings
from phiward.pack.activities import load_activities
from phiward.record import replace
from tests.attest.assessments import DAY, ENCRYPTED, assessed, assessment, control, made_by_the_pack, one
from tests.reporters.factory import diagnostic, report, rule, subject, waiver

AUTHENTICATION = "164.308(a)(5)(ii)(B)"
"""Addressable; configuration shows a part of it."""
SANCTIONS = "164.308(a)(1)(ii)(C)"
"""Required; no configuration shows it."""
REQUIRED = "164.308(a)(7)(ii)(A)"
"""Required; configuration shows it as a whole."""


def cited(citation: str):
    return rule(citations=(citation,))


def under(kind: WaiverType, **changes):
    return {"waiver": waiver(type=kind, **changes)}


def test_what_passes_is_satisfied_where_configuration_shows_all_of_it():
    row = control(assessment(one("a", Verdict.PASS), one("b", Verdict.NOT_APPLICABLE)))
    assert (row.status, row.technical, row.extent) == ("satisfied", "satisfied", "whole")
    assert row.basis == "all 1 findings pass"
    assert (row.resources, row.findings.evaluated, row.findings.passed) == (2, 2, 1)


def test_one_failure_is_enough():
    row = control(assessment(one("a", Verdict.PASS), one("b")))
    assert (row.status, row.basis) == ("not-satisfied", "1 of 2 findings fail")


def test_an_undecided_finding_is_no_pass():
    row = control(assessment(one("a", Verdict.PASS), one("b", Verdict.UNKNOWN)))
    assert (row.status, row.basis) == ("not-assessed", "1 of 2 findings could not be decided")


@pytest.mark.parametrize(
    "changes",
    [{"partial": True}, {"diagnostics": (diagnostic(incomplete=True),)}],
)
def test_nothing_is_satisfied_of_what_was_not_read_whole(changes):
    of = assessment(one("a", Verdict.PASS), **changes)
    assert {row.status for row in of.controls} == {"not-assessed"}
    assert any("Nothing is satisfied by rules" in said for said in of.limitations.statements)
    assert of.summary.result == "WARNED"


def test_a_failure_in_what_was_not_read_whole_is_one():
    assert control(assessment(one("a"), partial=True)).status == "not-satisfied"


def test_what_only_people_do_is_not_assessed():
    row = control(assessment(one("a", Verdict.PASS)), SANCTIONS)
    assert (row.status, row.extent) == ("not-assessed", "none")


def test_the_technical_part_alone_satisfies_nothing():
    row = control(assessment(one("a", Verdict.PASS, of=cited(AUTHENTICATION))), AUTHENTICATION)
    assert (row.status, row.technical) == ("not-assessed", "satisfied")
    assert "the technical part of it" in row.basis


def stated(citation: str, assurance: Assurance) -> dict[str, CitationState]:
    proof = (Proof("minutes", "https://example.org/minutes", sha256="ab" * 32),)
    said = Statement(
        "c1", "J. Doe", "officer", date(2026, 10, 1), date(2027, 10, 1), proof, Location("m", Span(1, 1, 1, 2))
    )
    state = ControlState("c1", "People are told.", "minutes", "yearly", (citation,), assurance, "why", said)
    return {citation: CitationState(citation, assurance, (state,))}


@pytest.mark.parametrize(
    ("citation", "verdict", "assurance", "status"),
    [
        (AUTHENTICATION, Verdict.PASS, Assurance.ATTESTED, "satisfied"),
        (AUTHENTICATION, Verdict.PASS, Assurance.STALE, "not-assessed"),
        (AUTHENTICATION, Verdict.FAIL, Assurance.ATTESTED, "not-satisfied"),
        (AUTHENTICATION, Verdict.UNKNOWN, Assurance.ATTESTED, "not-assessed"),
        (AUTHENTICATION, Verdict.NOT_APPLICABLE, Assurance.ATTESTED, "not-assessed"),
        (SANCTIONS, Verdict.NOT_APPLICABLE, Assurance.ATTESTED, "satisfied"),
        (SANCTIONS, Verdict.NOT_APPLICABLE, Assurance.NOT_ASSESSED, "not-assessed"),
        (SANCTIONS, Verdict.FAIL, Assurance.ATTESTED, "not-satisfied"),
        (ENCRYPTED, Verdict.FAIL, Assurance.ATTESTED, "not-satisfied"),
    ],
)
def test_what_people_state_counts_beside_the_rules_never_against_them(citation, verdict, assurance, status):
    of = made_by_the_pack(report([one("a", verdict, of=cited(citation))]))
    row = control(assessed(of, statements=stated(citation, assurance)).assessment, citation)
    assert row.status == status
    assert row.statements[0].evidence == (f"minutes https://example.org/minutes sha256:{'ab' * 32}",)


@pytest.mark.parametrize(
    ("kind", "citation", "verdict", "status", "found"),
    [
        (WaiverType.WAIVER, ENCRYPTED, Verdict.FAIL, "not-satisfied", "waived"),
        (WaiverType.ALTERNATIVE_MEASURE, ENCRYPTED, Verdict.FAIL, "alternative-measure", "alternative-measure"),
        (WaiverType.ALTERNATIVE_MEASURE, REQUIRED, Verdict.FAIL, "not-satisfied", "alternative-measure"),
        (WaiverType.FALSE_POSITIVE, ENCRYPTED, Verdict.FAIL, "not-assessed", "false-positive"),
        (WaiverType.WAIVER, ENCRYPTED, Verdict.UNKNOWN, "not-assessed", "undecided"),
        (WaiverType.ALTERNATIVE_MEASURE, ENCRYPTED, Verdict.UNKNOWN, "alternative-measure", "alternative-measure"),
    ],
)
def test_exceptions_by_their_type(kind, citation, verdict, status, found):
    of = assessment(one("a", Verdict.PASS, of=cited(citation)), one("b", verdict, of=cited(citation), **under(kind)))
    assert control(of, citation).status == status
    assert of.findings[1].status == found
    assert of.summary.result == "WARNED"


def test_an_exception_that_is_over_by_the_day_of_the_assessment_covers_nothing():
    of = assessment(one("a", **under(WaiverType.WAIVER, expires=date(2026, 11, 25))))
    assert (of.findings[0].status, of.findings[0].exception) == ("fail", "")
    assert (of.exceptions[0].state, of.exceptions[0].days_left, of.exceptions[0].findings) == ("expired", -1, ())
    last_day = assessment(one("a", **under(WaiverType.WAIVER, expires=DAY)))
    assert (last_day.findings[0].status, last_day.exceptions[0].state) == ("waived", "expiring")


def test_exceptions_stand_in_the_order_in_which_they_need_somebody():
    days = [date(2027, 10, 1), date(2026, 12, 1), date(2026, 11, 1), date(2027, 1, 1)]
    found = [one(f"a{n}", **under(WaiverType.WAIVER, expires=day, selector=str(n))) for n, day in enumerate(days)]
    of = assessment(*found)
    assert [(row.state, row.expires) for row in of.exceptions] == [
        ("expired", "2026-11-01"), ("expiring", "2026-12-01"), ("expiring", "2027-01-01"), ("in-force", "2027-10-01"),
    ]  # fmt: skip


def test_an_exception_without_an_approver_is_a_limitation():
    for approver, told in [("", True), ("ciso", False)]:
        of = assessment(one("a", **under(WaiverType.WAIVER, approver=approver)))
        assert any("approver of" in said for said in of.limitations.statements) == told


def test_what_the_entity_says_does_not_apply_to_it():
    settings = AttestationSettings(not_applicable={SANCTIONS: "no workforce", ENCRYPTED: "no data"})
    of = assessed(made_by_the_pack(report([one("a", Verdict.PASS)])), settings=settings).assessment
    assert control(of, SANCTIONS).status == "not-applicable"
    assert control(of, ENCRYPTED).status == "satisfied", "a rule judged something on it"


def everything() -> Assessment:
    kinds = [under(kind) for kind in WaiverType]
    found = [one(f"v{n}", verdict) for n, verdict in enumerate(Verdict)]
    found += [one(f"w{n}", **kind) for n, kind in enumerate(kinds)]
    return assessment(*found, loosened=(Loosened("retention", 2190, 30),), unmodelled_types={"aws_x": 2})


def test_every_number_has_its_population_and_the_counts_add_up():
    of = everything()
    for counts in [of.summary.findings, *(row.findings for row in of.controls)]:
        parts = [getattr(counts, name) for name in counts.__match_args__ if name != "evaluated"]
        assert counts.evaluated == sum(parts)
    assert of.summary.findings.evaluated == len(of.findings)
    for row in of.summary.by_safeguard:
        parts = [getattr(row, name) for name in row.__match_args__ if name not in ("safeguard", "citations")]
        assert row.citations == sum(parts)
    assert sum(row.citations for row in of.summary.by_safeguard) == len(of.controls)
    assert {row.status for row in of.controls} <= set(CONTROL_STATUSES)
    for row in of.population.rows:
        assert row.discovered == row.evaluated + row.unevaluated
    people = of.population
    assert people.resources == people.evaluated + people.unmodelled + people.silent
    assert [row.findings.evaluated for row in of.controls if row.citation == ENCRYPTED] == [len(of.findings)]


def test_a_record_whose_counts_do_not_add_up_says_so():
    assert assessment(one("a")).population.reconciles
    of = made_by_the_pack(report([one("a")]))
    wrong = assessed(made_by_the_pack(of, summary=report([]).summary)).assessment
    assert not wrong.population.reconciles
    assert any("do not add up" in said for said in wrong.limitations.statements)


def test_the_crosswalk_names_what_nist_tells_entities_to_do():
    of = assessed(made_by_the_pack(report([])), activities=load_activities()).assessment
    found = {row.citation: row.frameworks for row in of.crosswalk}
    assert found[ENCRYPTED] == {
        "NIST SP 800-66r2": (
            "hipaa-087 Automatic Logoff and Encryption and Decryption",
            "hipaa-089 Implementation Specification (Encryption and Decryption)",
        )
    }


ACCOUNT = "aws://123456789012"


def test_what_an_account_did_not_tell_about_is_no_resource_of_the_population():
    known = one("a", Verdict.PASS)
    unread = replace(
        one("b", Verdict.UNKNOWN),
        subject=subject(f"{ACCOUNT}:aws_db_cluster[*]", source="aws", scope=ACCOUNT, native_type="aws_db_cluster"),
    )
    of = made_by_the_pack(report([known, unread]))
    of = replace(of, summary=replace(of.summary, resources=1))
    people = assessed(of).assessment.population
    assert (people.resources, people.evaluated, people.silent, people.reconciles) == (1, 1, 0, True)
    assert people.unread == ("aws_db_cluster",)


def test_calls_that_were_not_answered_are_told_with_the_accounts_that_were_read():
    calls = (
        CallCount("123456789012", "us-east-1", "s3:ListBuckets", "denied", "AccessDenied", 2),
        CallCount("123456789012", "us-east-1", "rds:DescribeDBInstances", "ok", "", 1),
    )
    of = assessment(one("a"), calls=calls)
    assert of.method.calls == 3
    assert of.method.denied_calls == ("s3:ListBuckets in 123456789012 us-east-1: denied (AccessDenied) 2 times",)
    assert (of.scope.accounts, of.scope.regions) == (("123456789012",), ("us-east-1",))
