"""Exceptions held against findings: what they cover, when they end, and what is said of those that cover nothing."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from phiward.model.finding import Report, Standing
from phiward.reporters import Style, render
from tests.conftest import TODAY

RULE = "encryption-at-rest"
DB = 'resource "aws_db_instance" "a" {\n  storage_encrypted = false\n  tags = { tenant = "mercy" }\n}\n'
UNDECIDED = 'variable "x" {}\nresource "aws_db_instance" "a" {\n  storage_encrypted = var.x\n}\n'
TWICE = {
    "main.tf": 'module "db" {\n  for_each = toset(["mercy", "lake"])\n  source = "./db"\n  tenant = each.key\n}\n',
    "db/main.tf": 'variable "tenant" {}\nresource "aws_db_instance" "a" {\n  tags = { tenant = var.tenant }\n}\n',
}
FILE = "phiward.waivers.yaml"
MEASURE = {
    "type": "alternative-measure",
    "measure": "the application encrypts",
    "equivalence": "keys stay in another account",
}


def waiver(resources: dict[str, object], **more: object) -> str:
    fields = {
        "rule": RULE, "resources": resources, "reason": "it is migrated in January", "owner": "platform",
        "approver": "ciso", "expires": "2027-01-31", **more,
    }  # fmt: skip
    return json.dumps({key: value for key, value in fields.items() if value is not None})


def waivers(*entries: str) -> dict[str, str]:
    return {FILE: "waivers:\n" + "".join(f"  - {entry}\n" for entry in entries)}


def told(report: Report) -> dict[str, str]:
    """Address -> verdict, with what accepts it."""
    shown = {}
    for finding in report.findings:
        if finding.rule.id == RULE and finding.verdict != "not-applicable":
            held = f" {finding.waiver.type.value}" if finding.waiver else ""
            shown[finding.subject.address] = f"{finding.verdict.value}{held}{' lapsed' if finding.lapsed else ''}"
    return shown


def codes(report: Report) -> list[str]:
    return [diagnostic.code for diagnostic in report.diagnostics]


@pytest.fixture
def scan(scan_files):
    def run(files: dict[str, str], **settings: object) -> Report:
        return scan_files(files, **{"rules": (RULE,), **settings})

    return run


MERCY, LAKE = 'module.db["mercy"].aws_db_instance.a', 'module.db["lake"].aws_db_instance.a'


@pytest.mark.parametrize(
    "resources, covered",
    [
        ({"address": MERCY}, {MERCY}),
        ({"address": "module.db[*].aws_db_instance.*"}, {MERCY, LAKE}),
        ({"module": "module.db"}, {MERCY, LAKE}),
        ({"module": 'module.db["lake"]'}, {LAKE}),
        ({"path": "db/**"}, {MERCY, LAKE}),
        ({"path": "db", "tag": {"tenant": "lake"}}, {LAKE}),
        ({"tag": {"tenant": "m*"}}, {MERCY}),
        ({"path": "other"}, set()),
        ({"arn": "arn:*"}, set()),
    ],
)
def test_an_exception_covers_what_it_selects(scan, resources, covered):
    report = scan({**TWICE, **waivers(waiver(resources))})
    assert {address for address, verdict in told(report).items() if verdict == "fail waiver"} == covered
    [use] = report.waivers
    assert use.findings == len(covered)
    wanted = Standing.IN_FORCE if covered else Standing.NOT_JUDGED if "arn" in resources else Standing.UNUSED
    assert use.standing is wanted
    assert codes(report) == (["ignore-unused"] if wanted is Standing.UNUSED else [])
    assert report.exit_status == (0 if len(covered) == 2 else 1)


@pytest.mark.parametrize("days, verdict, code", [(0, "fail waiver", "ignore-ending"), (-1, "fail lapsed", "ignore-expired"),
                                                 (30, "fail waiver", "ignore-ending"), (31, "fail waiver", None)])  # fmt: skip
def test_it_holds_until_the_end_of_its_last_day(scan, days, verdict, code):
    report = scan({"main.tf": DB, **waivers(waiver({"address": "*"}, expires=str(TODAY + timedelta(days))))})
    assert told(report) == {"aws_db_instance.a": verdict}
    assert codes(report) == ([code] if code else [])


def test_an_expired_one_is_named_by_the_finding_in_every_format(scan):
    report = scan({"main.tf": DB, **waivers(waiver({"address": "*"}, expires="2026-10-31"))})
    assert report.exit_status == 1
    for name in ("console", "sarif", "junit"):
        text = render(report, name, Style(width=200))
        assert "an exception to it ended on 2026-10-31 (owner platform, phiward.waivers.yaml:2:5)" in text
    [found] = json.loads(render(report, "json", Style()))["findings"]
    assert found["lapsed_waiver"]["expires"] == "2026-10-31"
    assert found["waiver"] is None


def test_one_in_force_goes_before_one_that_has_ended(scan):
    ended = waiver({"address": "*"}, expires="2026-10-31")
    report = scan({"main.tf": DB, **waivers(ended, waiver({"path": "main.tf"}))})
    assert told(report) == {"aws_db_instance.a": "fail waiver"}
    assert codes(report) == ["ignore-expired"]


@pytest.mark.parametrize(
    "terms, more, problem",
    [
        ("", {"expires": "2027-11-22"}, ""),
        ("", {"expires": "2027-11-23"}, "at most until 2027-11-22 may it last"),
        ("", {"expires": "2027-11-23", "approved": "2026-11-22"}, "at most until 2027-11-22 may it last"),
        ("", {"expires": "2027-01-31", "approved": "2026-01-30"}, "at most until 2027-01-30 may it last"),
        ("", {"approved": "2026-11-23"}, "was approved on 2026-11-23, which has not come"),
        ("waivers: {longest_days: 30}", {"expires": "2026-12-23"}, "at most until 2026-12-22 may it last"),
        ("waivers: {longest_days: 400}", {"expires": "2027-12-20"}, ""),
    ],
)
def test_none_lasts_longer_than_the_settings_allow(scan, terms, more, problem):
    report = scan({"main.tf": DB, "phiward.yaml": terms, **waivers(waiver({"address": "*"}, **more))})
    if not problem:
        assert told(report) == {"aws_db_instance.a": "fail waiver"}
        assert [one.parameter for one in report.loosened] == (["waivers.longest_days"] if "400" in terms else [])
        return
    assert told(report) == {"aws_db_instance.a": "fail"}
    [said] = report.diagnostics
    assert problem in said.message
    assert (said.path, said.line, said.column) == (FILE, 2, 5)
    assert report.exit_status == 2
    assert report.gate == "1 exception cannot be taken as written"


def test_an_undecided_verdict_is_covered_only_where_that_is_said(scan):
    silent = scan({"main.tf": UNDECIDED, **waivers(waiver({"address": "*"}))})
    assert told(silent) == {"aws_db_instance.a": "unknown"}
    [unused] = silent.diagnostics
    assert unused.code == "ignore-unused"
    assert "is about 1 undecided verdict only" in unused.message
    spoken = scan({"main.tf": UNDECIDED, **waivers(waiver({"address": "*"}, unknown=True))})
    assert told(spoken) == {"aws_db_instance.a": "unknown waiver"}
    assert spoken.summary.waived == 1
    assert scan({"main.tf": UNDECIDED, **waivers(waiver({"address": "*"}))}, fail_on_unknown=True).exit_status == 4


def test_tags_that_are_not_known_select_nothing(scan):
    files = {"main.tf": 'variable "t" {}\nresource "aws_db_instance" "a" {\n  tags = { tenant = var.t }\n}\n'}
    report = scan({**files, **waivers(waiver({"tag": {"tenant": "mercy"}}))})
    assert told(report) == {"aws_db_instance.a": "fail"}
    assert codes(report) == ["ignore-unused"]


def test_an_alternative_measure_and_a_false_positive_are_told_as_such(scan):
    report = scan({"main.tf": DB, **waivers(waiver({"address": "*"}, **MEASURE))})
    assert told(report) == {"aws_db_instance.a": "fail alternative-measure"}
    text = render(report, "console", Style(width=300))
    assert (
        "alternative measure until 2027-01-31 by platform, approved by ciso: it is migrated in January; instead:"
        in text
    )
    false = scan({"main.tf": DB, **waivers(waiver({"address": "*"}, type="false-positive"))})
    assert told(false) == {"aws_db_instance.a": "fail false-positive"}


def test_the_nearest_file_upwards_holds(scan):
    files = {"a/main.tf": DB, "b/main.tf": DB, **waivers(waiver({"path": "**"}, owner="all"))}
    near = waivers(waiver({"path": "main.tf"}, owner="near"))[FILE]
    report = scan({**files, f"a/{FILE}": near})
    assert {f.subject.scope: f.waiver.owner for f in report.findings if f.waiver} == {"a": "near", "b": "all"}


def test_no_file_above_two_repositories_holds(scan_files, tmp_path):
    from phiward.pipeline import scan as afresh
    from phiward.settings import Settings

    for name in ("one", "two"):
        (tmp_path / name / ".git").mkdir(parents=True)
        (tmp_path / name / "main.tf").write_text(DB)
    (tmp_path / FILE).write_text(waivers(waiver({"address": "*"}))[FILE])
    report = afresh(Settings((tmp_path / "one", tmp_path / "two"), TODAY, rules=(RULE,)))
    assert (report.summary.failed, report.waivers, report.diagnostics) == (2, (), ())
    (tmp_path / "two" / FILE).write_text(waivers(waiver({"path": "main.tf"}))[FILE])
    report = afresh(Settings((tmp_path / "one", tmp_path / "two"), TODAY, rules=(RULE,)))
    assert {f.subject.path: f.waiver is not None for f in report.findings} == {
        "one/main.tf": False,
        "two/main.tf": True,
    }


def test_a_scan_of_a_part_calls_nothing_unused(scan, tmp_path):
    (tmp_path / ".git").mkdir()
    files = {"a/main.tf": DB, "b/main.tf": DB, **waivers(waiver({"path": "b"}))}
    part = scan(files, path="a")
    assert codes(part) == []
    assert [use.standing for use in part.waivers] == [Standing.NOT_JUDGED]
    assert codes(scan(files, rules=("backup-retention",), path="b")) == []
    assert codes(scan(files, tenants=("mercy",))) == []
    broken = scan({**files, "c/main.tf": "resource {"}, allow_incomplete=True, path="")
    assert "ignore-unused" not in codes(broken)


def test_a_wrong_entry_ends_the_gate_with_2_and_hides_no_finding(scan):
    report = scan({"main.tf": DB, **waivers(waiver({"address": "*"}, rule="no-such-rule"))})
    assert report.exit_status == 2
    assert told(report) == {"aws_db_instance.a": "fail"}
    [said] = report.diagnostics
    assert (said.code, said.path, said.line) == ("ignore", FILE, 2)
    assert "'no-such-rule'" in said.message


STACK = """Resources:
  Records:
    Type: AWS::RDS::DBInstance
    Metadata: {{phiward: {{ignore: [{entry}]}}}}
    Properties: {{StorageEncrypted: false}}
  Other:
    Type: AWS::RDS::DBInstance
    Properties: {{StorageEncrypted: false}}
"""
INLINE = f'"{RULE} until=2027-01-31 owner=platform approver=ciso -- moved in January"'


@pytest.mark.parametrize(
    "entry, type_",
    [
        (INLINE, "waiver"),
        (f"{{rule: {RULE}, expires: 2027-01-31, owner: platform, reason: moved in January}}", "waiver"),
        (INLINE.replace("owner", "type=false-positive owner"), "false-positive"),
        (
            (
                f"{{rule: {RULE}, expires: 2027-01-31, owner: platform, approver: ciso, reason: x, "
                "type: alternative-measure, measure: the application encrypts, equivalence: keys stay in another account}"
            ),
            "alternative-measure",
        ),
    ],
)
def test_a_resource_of_a_template_bears_its_exception(scan, entry, type_):
    report = scan({"stack.yaml": STACK.format(entry=entry)})
    assert told(report) == {"Records": f"fail {type_}", "Other": "fail"}
    [use] = report.waivers
    assert (use.waiver.location.path, use.waiver.location.span.line) == ("stack.yaml", 4)


@pytest.mark.parametrize(
    "more, verdict", [("", "unknown waiver"), (", unknown: false", "unknown"), (", type: false-positive", "unknown")]
)
def test_at_a_resource_a_waiver_is_about_undecided_verdicts_too(scan, more, verdict):
    entry = f"{{rule: {RULE}, expires: 2027-01-31, owner: platform, reason: moved{more}}}"
    text = STACK.format(entry=entry).replace("false}\n  Other", "!ImportValue x}\n  Other")
    assert told(scan({"stack.yaml": text}))["Records"] == verdict


def test_in_a_template_on_one_line_it_covers_its_own_resource_only(scan):
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"StorageEncrypted": False}}
    borne = {**database, "Metadata": {"phiward": {"ignore": [json.loads(INLINE)]}}}
    report = scan({"stack.json": json.dumps({"Resources": {"Records": borne, "Other": database}})})
    assert told(report) == {"Records": "fail waiver", "Other": "fail"}


def test_on_a_nested_stack_it_covers_what_is_in_it(scan):
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "part.json"},
              "Metadata": {"phiward": {"ignore": [json.loads(INLINE)]}}}  # fmt: skip
    part = {"Resources": {"Records": {"Type": "AWS::RDS::DBInstance", "Properties": {"StorageEncrypted": False}}}}
    report = scan({"stack.json": json.dumps({"Resources": {"Stack": nested}}), "part.json": json.dumps(part)})
    assert {address: verdict for address, verdict in told(report).items() if address.startswith("Stack.")} == {
        "Stack.Records": "fail waiver"
    }


@pytest.mark.parametrize(
    "entry, message",
    [
        ("3", "the exception is a mapping"),
        (f"{{rule: {RULE}, owner: platform, reason: moved}}", "the exception has no expires"),
        (f'"{RULE} until=2027-01-31 -- moved"', "the exception has no owner"),
        (f"{{rule: {RULE}, expires: 2027-01-31, owner: a, approver: A, reason: x}}", "another person"),
        (INLINE.replace("owner", "type=alternative-measure owner"), "stands in phiward.waivers.yaml"),
        (INLINE.replace("owner", "type=none owner"), "type is one of"),
        (INLINE.replace("approver=ciso", "approver=Platform"), "another person"),
    ],
)
def test_what_a_resource_bears_wrongly_is_an_error_at_its_place(scan, entry, message):
    report = scan({"stack.yaml": STACK.format(entry=entry)})
    [said] = [one for one in report.diagnostics if one.code == "ignore"]
    assert message in said.message
    assert (said.path, said.line) == ("stack.yaml", 4)
    assert report.exit_status == 2


@pytest.mark.parametrize(
    "metadata", ["{phiward: x}", "{phiward: {ignores: []}}", "{phiward: {ignore: x}}", "{phiward: [x]}"]
)
def test_metadata_for_us_that_says_nothing_is_an_error(scan, metadata):
    text = STACK.format(entry="").replace("{phiward: {ignore: []}}", metadata)
    assert scan({"stack.yaml": text}).exit_status == 2


def test_settings_may_ask_comments_for_an_approver(scan):
    comment = f"# phiward:ignore {RULE} until=2027-01-31 owner=platform%s -- moved in January\n{DB}"
    asked = {"phiward.yaml": "waivers: {inline_approver: true}"}
    assert scan({"main.tf": comment % "", **asked}).exit_status == 2
    assert scan({"main.tf": comment % " approver=ciso ticket=OPS-1", **asked}).exit_status == 0
    assert scan({"main.tf": comment % " approver=platform"}).exit_status == 2


def test_a_change_of_the_file_concerns_all_below_it(scan, tmp_path):
    files = {"a/main.tf": DB, **waivers(waiver({"path": "a"}))}
    report = scan(files, path=FILE, changed=True)
    assert told(report) == {"aws_db_instance.a": "fail waiver"}


ARN = "arn:aws:rds:us-east-1:111122223333:db:records"
DATABASE = {"DBInstanceIdentifier": "records", "DBInstanceArn": ARN, "DbiResourceId": "db-RECORDS", "Engine": "postgres",
            "StorageEncrypted": False, "TagList": [{"Key": "tenant", "Value": "mercy"}]}  # fmt: skip


@pytest.mark.parametrize(
    "resources, covered",
    [
        ({"arn": ARN}, True),
        ({"arn": "arn:aws:rds:*:db:rec*"}, True),
        ({"address": ARN, "tag": {"tenant": "mercy"}}, True),
        ({"tag": {"tenant": "lake"}}, False),
        ({"path": "**"}, False),
    ],
)
def test_what_runs_is_selected_by_arn_and_tag(scan, resources, covered):
    answers = {"rds": {"describe_db_instances": {"DBInstances": [DATABASE]}}}
    files = {"account.aws.json": json.dumps(answers), **waivers(waiver(resources))}
    report = scan(files, path="account.aws.json", allow_incomplete=True)
    assert told(report)[ARN] == ("fail waiver" if covered else "fail")


def test_a_live_address_is_an_arn():
    from phiward.gate.selectors import Selector

    assert Selector(arn="arn:aws:s3:::records").live
    assert Selector(address="arn:aws:s3:::records").live
    assert not Selector(address="aws_s3_bucket.records").live


def test_a_scan_without_exceptions_looks_at_no_date(scan_files, tmp_path):
    from phiward.outside import Outside
    from phiward.pipeline import scan as afresh
    from phiward.settings import Settings

    (tmp_path / "main.tf").write_text(DB)
    outside = Outside()
    afresh(Settings(paths=(tmp_path,), today=date(2026, 11, 22), rules=(RULE,)), outside=outside)
    assert ("date", "", "") not in outside.trace
    assert ("kind", str(tmp_path / FILE), "") in outside.trace, "that there is a file now is found by the cache"


def test_hostile_names_stay_text(scan):
    hostile = "\x1b[31m\u202e<img onerror=x>"
    entry = waiver({"address": "*"}, owner=hostile, ticket=hostile, reason=hostile * 3)
    report = scan({"main.tf": DB, **waivers(entry)})
    assert told(report) == {"aws_db_instance.a": "fail waiver"}
    for name in ("console", "junit", "sarif", "json"):
        text = render(report, name, Style())
        assert "\x1b" not in text
        assert "\u202e" not in text
