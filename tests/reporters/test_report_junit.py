from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from factory import (
    HOSTILE,
    at,
    diagnostic,
    estate,
    finding,
    hostile,
    many,
    report,
    rule,
    subject,
    unknown_finding,
    waiver,
)
from hypothesis import given
from hypothesis import strategies as st
from snapshot import assert_snapshot

from phiward.model.finding import Level, Verdict
from phiward.model.value import Unknown
from phiward.reporters import Style, render

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(of) -> ET.Element:
    text = render(of, "junit", Style())
    assert not FORBIDDEN.search(text)
    root = ET.fromstring(text.encode())
    for suite in root:
        cases = suite.findall("testcase")
        outcomes = Counter(child.tag for case in cases for child in case if child.tag != "properties")
        said = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
        assert said == [str(n) for n in (len(cases), outcomes["failure"], outcomes["error"], outcomes["skipped"])]
        assert all(len(case.findall("*")) - len(case.findall("properties")) <= 1 for case in cases)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(names) == len(set(names))
    return root


def case(of, name: str) -> ET.Element:
    return next(c for c in junit(of).iter("testcase") if c.get("name") == name)


def test_an_estate():
    assert_snapshot("estate.xml", render(estate(), "junit", Style()))


def test_a_case_is_a_rule_and_a_resource():
    found = case(estate(), 'encryption-at-rest module.db["mercy"].aws_db_instance.main')
    assert found.get("classname") == "hipaa.encryption-at-rest.encryption-at-rest"
    assert found.get("file") == "modules/db/main.tf"
    assert [(p.get("name"), p.get("value")) for p in found.iter("property")] == [("citation", "164.312(a)(2)(iv)")]


def test_a_failure_tells_the_whole_story_in_its_text():
    failure = case(estate(), 'encryption-at-rest module.db["mercy"].aws_db_instance.main').find("failure")
    assert failure.get("type") == "high"
    assert "stores data unencrypted" in failure.get("message")
    for part in (
        "stores data unencrypted", "modules/db/main.tf:6:3", "storage_encrypted   = false", "(tenant mercy)",
        "write instead: storage_encrypted = true", "fix: Turn on storage encryption", "164.312(a)(2)(iv)",
    ):  # fmt: skip
        assert part in failure.text


def test_a_pass_has_no_outcome_and_not_applicable_no_case():
    root = junit(report([finding(Verdict.PASS, "a.b"), finding(Verdict.NOT_APPLICABLE, "c.d")]))
    assert [[child.tag for child in c] for c in root.iter("testcase")] == [["properties"]]


def test_waived_is_skipped_with_reason_owner_and_expiry():
    skipped = case(report([finding(address="a.b", waiver=waiver())]), "encryption-at-rest a.b").find("skipped")
    assert skipped.get("type") == "waived"
    for part in ("moved to the new cluster in January", "platform", "2027-01-31", "waivers.yaml:4:1"):
        assert part in skipped.get("message")
        assert part in skipped.text
    assert "164.312(a)(2)(iv)" in skipped.text


WHY = Unknown("variable x has no value", "pass --var x=1")


def test_unknown_is_skipped_with_what_would_decide_it():
    skipped = case(report([unknown_finding("a.b", WHY)]), "customer-managed-key a.b").find("skipped")
    assert (skipped.get("type"), skipped.get("message")) == ("unknown", "unknown: variable x has no value")
    for part in ("variable x has no value", "pass --var x=1", "modules/db/main.tf:7:2", "164.312(a)(2)(iv)"):
        assert part in skipped.text


def test_unknown_fails_where_the_gate_refuses_it():
    refused = report([unknown_finding("a.b", WHY)], exit_status=4, unknown_refused=True)
    failure = case(refused, "customer-managed-key a.b").find("failure")
    assert failure.get("type") == "unknown"
    assert "pass --var x=1" in failure.text


def test_unknown_stays_skipped_where_only_holes_are_refused():
    holes = (diagnostic(incomplete=True),)
    found = report([unknown_finding("a.b", WHY)], exit_status=4, diagnostics=holes)
    assert case(found, "customer-managed-key a.b").find("skipped") is not None


def test_what_does_not_parse_is_an_error_of_a_scan_case():
    several = (
        diagnostic(path="b.tf", hint="close the brace"),
        diagnostic(path="a.tf", line=9),
        diagnostic(path="a.tf", line=2),
        diagnostic(Level.WARNING, "module-missing", path="c.tf", incomplete=True),
        diagnostic(Level.WARNING, "waiver-unused", path="d.tf", message="matches nothing"),
    )
    root = junit(report(diagnostics=several))
    errors = {c.get("name"): c.find("error") for c in root.iter("testcase")}
    assert list(errors) == ["scan a.tf", "scan b.tf", "scan c.tf"]
    assert errors["scan a.tf"].text.index("a.tf:2:7") < errors["scan a.tf"].text.index("a.tf:9:7")
    assert "close the brace" in errors["scan b.tf"].text
    assert "matches nothing" in root.find("testsuite/system-out").text


def test_a_hole_without_a_file_is_an_error_of_the_target():
    root = junit(report(diagnostics=(diagnostic(path="", line=0, incomplete=True),), target="envs/prod"))
    assert [(c.get("name"), c.get("file")) for c in root.iter("testcase")] == [("scan envs/prod", None)]


def test_a_suite_is_an_input_root():
    placed = [
        ("envs/prod/main.tf", ""),
        ("envs/prod/eu/main.tf", ""),
        ("modules/db/main.tf", "envs/dev"),
        ("x.tf", ""),
    ]
    findings = [
        finding(address=f"a.b{n}", location=at(1, path=path), evidence=[]) for n, (path, _) in enumerate(placed)
    ]
    findings = [
        replace(f, subject=replace(f.subject, scope=scope)) for f, (_, scope) in zip(findings, placed, strict=True)
    ]
    root = junit(report(findings, roots=("envs/dev", "envs/prod", "envs/prod/eu", "empty"), target="envs"))
    cases = {suite.get("name"): [c.get("name")[-2:] for c in suite.findall("testcase")] for suite in root}
    assert cases == {
        "envs/dev": ["b2"],
        "envs/prod": ["b0"],
        "envs/prod/eu": ["b1"],
        "empty": [],
        "envs": ["b3"],
    }


def test_the_only_root_holds_everything():
    root = junit(report([finding(location=at(1, path="modules/db/main.tf"))], roots=("envs/prod",), target="other"))
    assert [suite.get("name") for suite in root] == ["envs/prod"]


def test_the_same_address_in_two_roots_is_told_apart():
    findings = [replace(finding(address="a.b"), subject=subject("a.b", scope=scope)) for scope in ("dev", "prod")]
    findings.append(finding(address="c.d", location=at(1)))
    names = [c.get("name") for c in junit(report(findings, roots=("dev", "prod"))).iter("testcase")]
    assert sorted(names) == [
        "encryption-at-rest a.b (dev)",
        "encryption-at-rest a.b (prod)",
        "encryption-at-rest c.d",
    ]


def test_even_equal_findings_have_names_of_their_own():
    names = [c.get("name") for c in junit(report([finding(), finding()])).iter("testcase")]
    assert len(set(names)) == 2


def test_names_hold_nothing_that_changes():
    def names(severity_message, line):
        found = finding(address="a.b", of=rule(title=severity_message), message=severity_message, location=at(line))
        return [(c.get("classname"), c.get("name"), c.get("file")) for c in junit(report([found])).iter("testcase")]

    assert names("one", 1) == names("two", 2)


def test_nothing_found_is_an_empty_suite():
    root = junit(report())
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("modules/db", "0")]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_well_formed_and_told(text):
    root = junit(hostile(text))
    assert root.get("failures") == "2"
    if text.isprintable():
        assert f"{text} {text}2" in {c.get("name") for c in root.iter("testcase")}


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Lu"]), max_size=20))
def test_any_text_is_well_formed(text):
    junit(hostile(text))


def test_thousands_of_failures():
    root = junit(many(2_000))
    assert root.get("failures") == "2000"


def test_order_does_not_depend_on_the_findings_order():
    findings = list(estate().findings)
    assert render(report(findings), "junit", Style()) == render(report(findings[::-1]), "junit", Style())
