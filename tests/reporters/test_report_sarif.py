from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from factory import (
    ENCRYPTED,
    HOSTILE,
    at,
    diagnostic,
    estate,
    finding,
    hostile,
    many,
    report,
    rule,
    unknown_finding,
    values,
    waiver,
)
from sarif_lint import lint
from snapshot import assert_snapshot

from phiward.model.finding import Evidence, Level, Verdict
from phiward.model.rule import Severity
from phiward.model.value import Unknown
from phiward.reporters import Style, render, sarif


def log(of) -> dict[str, Any]:
    text = render(of, "sarif", Style())
    parsed = json.loads(text)
    assert lint(text, parsed) == []
    return parsed


def run(of) -> dict[str, Any]:
    return log(of)["runs"][0]


def notes(of) -> list[tuple[str, str, str]]:
    found = run(of)["invocations"][0]["toolExecutionNotifications"]
    return [(n["descriptor"]["id"], n["level"], n["message"]["text"]) for n in found]


def test_an_estate():
    assert_snapshot("estate.sarif", json.dumps(log(estate()), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("make", [report, values, lambda: many(100)])
def test_reports_keep_every_limit(make):
    log(make())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_reports_keep_every_limit(text):
    log(hostile(text))


def test_nothing_found_is_still_a_run():
    empty = run(report())
    assert empty["results"] == []
    assert empty["invocations"][0]["executionSuccessful"] is True


def test_the_run_is_named_by_its_target_and_a_partial_one_differently():
    assert run(report(target="envs/prod"))["automationDetails"] == {"id": "phiward/envs/prod/"}
    assert run(report(target="."))["automationDetails"] == {"id": "phiward/./"}
    assert run(report(target="envs/prod", partial=True))["automationDetails"] == {"id": "phiward-changed/envs/prod/"}


@pytest.mark.parametrize("status, successful", [(0, True), (1, True), (4, True), (2, False), (5, False), (130, False)])
def test_success_is_about_the_tool_and_not_the_findings(status, successful):
    invocation = run(report(exit_status=status, gate="why"))["invocations"][0]
    assert invocation["executionSuccessful"] is successful
    assert (invocation["exitCode"], invocation["exitCodeDescription"]) == (status, "why")


@pytest.mark.parametrize(
    "severity, number, level",
    [
        (Severity.CRITICAL, "9.5", "error"),
        (Severity.HIGH, "8.0", "error"),
        (Severity.MEDIUM, "5.5", "warning"),
        (Severity.LOW, "2.0", "note"),
    ],
)
def test_severities(severity, number, level):
    found = run(report([finding(of=rule(severity=severity))]))
    described = found["tool"]["driver"]["rules"][0]
    assert described["properties"]["security-severity"] == number
    assert described["defaultConfiguration"]["level"] == found["results"][0]["level"] == level


def test_a_rule_tells_why_and_how_and_nothing_of_one_result():
    described = run(estate())["tool"]["driver"]["rules"]
    assert [r["id"] for r in described] == sorted(r["id"] for r in described)
    encryption = next(r for r in described if r["id"] == "encryption-at-rest")
    assert encryption["name"] == "EncryptionAtRest"
    assert encryption["properties"]["tags"] == [
        "security",
        "hipaa",
        "encryption-at-rest",
        "164.312(a)(2)(iv)",
    ]
    assert (
        '```hcl\nresource "aws_db_instance" "a" {\n  storage_encrypted = true\n}\n```' in encryption["help"]["markdown"]
    )
    assert "checkov CKV_AWS_16; trivy AVD-AWS-0080" in encryption["help"]["markdown"]
    text = json.dumps(described)
    for result_specific in ("mercy", "lakeside", "main.tf", "{resource}"):
        assert result_specific not in text


def test_rules_are_the_same_whatever_was_found():
    failing, passing = (run(report([finding(v)]))["tool"]["driver"]["rules"] for v in (Verdict.FAIL, Verdict.PASS))
    assert failing == passing


def test_a_snippet_cannot_leave_its_fence():
    tricky = rule(fix_snippets={"terraform": "# ```\n<script>\n````\nx"})
    markdown = run(report([finding(of=tricky)]))["tool"]["driver"]["rules"][0]["help"]["markdown"]
    assert "`````hcl\n# ```\n<script>\n````\nx\n`````" in markdown


def test_more_citations_than_tags_stay_in_the_relationships():
    cited = tuple(f"164.308(a)({n})" for n in range(1, 21))
    described = run(report([finding(of=rule(citations=cited))]))["tool"]["driver"]["rules"][0]
    assert len(described["properties"]["tags"]) == 10
    assert [r["target"]["id"] for r in described["relationships"]] == list(cited)


def test_a_rule_leads_to_its_page_and_an_id_that_is_no_slug_to_none():
    described = run(report([finding(of=rule("encryption-at-rest")), finding(of=rule("../x"))]))["tool"]["driver"]
    pages = {each["id"]: each.get("helpUri") for each in described["rules"]}
    top = "https://github.com/phiward/phiward/blob/main/docs/rules"
    assert pages == {"encryption-at-rest": f"{top}/encryption-at-rest.md", "../x": None}


def test_citations_are_a_taxonomy():
    taxonomy = run(estate())["taxonomies"][0]
    assert taxonomy["name"] == "45 CFR Part 164"
    assert [t["id"] for t in taxonomy["taxa"]] == ["164.312(a)(1)", "164.312(a)(2)(iv)", "164.312(e)(1)"]
    assert taxonomy["taxa"][0]["helpUri"] == "https://www.ecfr.gov/current/title-45/section-164.312"


def test_a_region_is_the_attribute():
    assert run(report([finding()]))["results"][0]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "modules/db/main.tf"},
                "region": {"startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 30},
            }
        }
    ]


@pytest.mark.parametrize("line, column, end_line, end_column", [(0, 0, 0, 0), (5, 9, 5, 2), (5, 9, 3, 2), (5, 9, 6, 0)])
def test_a_broken_span_never_rejects_the_upload(line, column, end_line, end_column):
    where = at(1)
    broken = type(where)(where.path, type(where.span)(line, column, end_line, end_column))
    log(report([finding(location=broken, evidence=[])]))


@pytest.mark.parametrize(
    "path, uri",
    [
        ("a b/c#d.tf", "a%20b/c%23d.tf"),
        ("100%/x?.tf", "100%25/x%3F.tf"),
        ("患者.tf", "%E6%82%A3%E8%80%85.tf"),
        ("c:drive.tf", "c%3Adrive.tf"),
        ("a\\b.tf", "a%5Cb.tf"),
    ],
)
def test_uris_are_percent_encoded(path, uri):
    result = run(report([finding(location=at(1, path=path), evidence=[])]))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_instances_of_one_line_are_one_result():
    results = run(estate())["results"]
    grouped = next(r for r in results if r["ruleId"] == "encryption-at-rest")
    assert grouped["properties"]["tenants"] == ["lakeside", "mercy", "st-olaf"]
    assert grouped["properties"]["instanceCount"] == 3
    for address in grouped["properties"]["instances"]:
        assert address in grouped["message"]["text"]


def test_thousands_of_instances_fit():
    big = [finding(address=f"aws_db_instance.main[{n}]") for n in range(3_000)]
    result = run(report(big))["results"][0]
    assert result["properties"]["instanceCount"] == 3_000
    assert len(result["properties"]["instances"]) == 1_000
    assert "and 2,980 more" in result["message"]["text"]


def test_fingerprints_tell_results_apart_and_survive_moved_lines():
    def prints(line):
        where = [at(line), at(line + 7)]
        found = [finding(address=f"a.b{n}", location=where[n], evidence=[]) for n in range(2)]
        return [r["partialFingerprints"]["phiward/v1"] for r in run(report(found))["results"]]

    assert prints(1) == prints(50)
    assert len(set(prints(1))) == 2
    grouped = [finding(address=f"a.b[{n}]") for n in range(2)]
    assert len(run(report(grouped))["results"]) == 1
    assert run(report(grouped))["results"] == run(report(grouped[::-1]))["results"]


def test_other_evidence_is_related():
    leaves = [ENCRYPTED, Evidence("key.rotation", False, True, at(2, path="b.tf"))]
    related = run(report([finding(evidence=leaves)]))["results"][0]["relatedLocations"]
    assert [(r["id"], r["message"]["text"]) for r in related] == [(1, "key.rotation is false, expected true")]
    assert related[0]["physicalLocation"]["artifactLocation"]["uri"] == "b.tf"


def test_evidence_at_a_thousand_places_keeps_the_limit():
    leaves = [Evidence("p", n, 0, at(n, path="b.tf")) for n in range(1, 3_000)]
    assert len(run(report([finding(evidence=leaves)]))["results"][0]["relatedLocations"]) == 100


def test_waived_results_are_left_out_and_told():
    accepted = report([finding(waiver=waiver()), finding(address="aws_db_instance.b", location=at(9))])
    assert [r["properties"]["instances"] for r in run(accepted)["results"]] == [["aws_db_instance.b"]]
    assert notes(accepted) == [
        ("waived", "note", "1 waived finding left out: encryption-at-rest aws_db_instance.main.")
    ]


def test_passes_and_unknown_verdicts_are_no_results():
    findings = [finding(v, f"a.{v.name}") for v in (Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)]
    assert run(report(findings))["results"] == []


def test_what_is_undecided_is_told_once_for_each_reason():
    why = Unknown("variable x has no value", "pass --var x=1")
    found = report([unknown_finding(f"a.b{n}", why) for n in range(7)])
    told = "7 verdicts unknown: variable x has no value\npass --var x=1\n"
    names = ", ".join(f"customer-managed-key a.b{n}" for n in range(5)) + " and 2 more"
    assert notes(found) == [("undecided", "warning", told + names)]


def test_holes_are_errors_whatever_their_level():
    holes = report(
        diagnostics=(
            diagnostic(Level.WARNING, "module-missing", incomplete=True),
            diagnostic(Level.NOTE, "x"),
        )
    )
    assert [(code, level) for code, level, _ in notes(holes)] == [("module-missing", "error"), ("x", "note")]


def test_a_diagnostic_without_a_file_has_no_location():
    found = run(report(diagnostics=(diagnostic(path="", line=0),)))["invocations"][0]["toolExecutionNotifications"]
    assert "locations" not in found[0]


def test_too_many_notifications_are_cut_and_told():
    found = notes(report(diagnostics=tuple(diagnostic(line=n) for n in range(1, 2_001))))
    assert len(found) == 1_001
    assert found[-1] == (
        "notifications-cut",
        "warning",
        "1,000 notifications left out; `--format json` holds all.",
    )


def test_30000_failures_keep_the_25000_most_severe():
    found = run(many(30_000))
    assert len(found["results"]) == 25_000
    severities = [r["properties"]["severity"] for r in found["results"]]
    assert severities.count("critical") == 10_000
    assert severities[:10_000] == ["critical"] * 10_000
    told = [n["message"]["text"] for n in found["invocations"][0]["toolExecutionNotifications"]]
    assert told == [
        "The 5,000 least severe of 30,000 results are cut; `--format json` holds all.",
        "25,000 results, the most severe first: GitHub code scanning keeps 5,000.",
    ]


def test_a_log_that_is_too_large_loses_its_least_severe(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_BYTES", 12_000)
    text = render(many(3_000), "sarif", Style())
    assert sarif._zipped(text) <= 12_000
    parsed = json.loads(text)
    assert lint(text, parsed) == []
    kept = len(parsed["runs"][0]["results"])
    assert 100 < kept < 3_000
    told = parsed["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told == f"The {3_000 - kept:,} least severe of 3,000 results are cut; `--format json` holds all."


@pytest.mark.parametrize(
    "break_it, said",
    [
        (lambda r: r["results"][0].update(ruleIndex=0), "ruleIndex"),
        (
            lambda r: r["results"][0]["partialFingerprints"].update(primaryLocationLineHash="x"),
            "fingerprints",
        ),
        (
            lambda r: r["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
            "region",
        ),
        (
            lambda r: r["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="a b"),
            "URI",
        ),
        (lambda r: r["tool"]["driver"]["rules"][0]["properties"]["tags"].extend("abcdefgh"), "tags"),
        (lambda r: r["results"].reverse(), "most severe"),
        (lambda r: r["results"].append(copy.deepcopy(r["results"][-1])), "grouped"),
        (lambda r: r["results"][0].update(suppressions=[]), "suppressed"),
        (lambda r: r["results"][0].update(locations=r["results"][0]["locations"] * 1_001), "locations"),
    ],
)
def test_the_lint_bites(break_it, said):
    text = render(estate(), "sarif", Style())
    parsed = json.loads(text)
    break_it(parsed["runs"][0])
    assert any(said in fault for fault in lint(text, parsed))
