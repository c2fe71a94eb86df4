"""An organisation's own rules: judged beside the bundled ones, held to their examples, refused with a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from phiward.__main__ import run

RULE = """\
id: volume-is-large
title: Volumes have room to grow
severity: low
citations: [164.308(a)(7)(i)]
resources: {type: aws.ec2.volume}
assert: {encryption.at_rest: true}
message: "{resource} is not encrypted: {property} is {observed}"
because: Our own reason, which is long enough to tell a developer why this matters for PHI.
fix: Encrypt it.
fix_snippets:
  terraform: |
    resource "aws_ebs_volume" "a" { encrypted = true }
examples:
  - title: open
    expect: fail
    terraform: |
      resource "aws_ebs_volume" "a" { encrypted = false }
  - title: not known
    expect: unknown
    terraform: |
      variable "e" {}
      resource "aws_ebs_volume" "a" { encrypted = var.e }
    decided: {pass: {variables: {e: true}}, fail: {variables: {e: false}}}
  - title: shut
    expect: pass
    terraform: |
      resource "aws_ebs_volume" "a" { encrypted = true }
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    directory = tmp_path / "policy" / "disks"
    directory.mkdir(parents=True)
    (directory / "volume-is-large.yaml").write_text(RULE)
    return tmp_path / "policy"


@dataclass
class Result:
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def phiward(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command line in this process, which has the bundled pack at hand."""

    def run_here(*arguments: str | Path) -> Result:
        status = run([str(argument) for argument in arguments])
        return Result(status, *capsys.readouterr())

    return run_here


def rewritten(rules: Path, old: str, new: str) -> Path:
    path = rules / "disks" / "volume-is-large.yaml"
    assert old in RULE
    path.write_text(RULE.replace(old, new))
    return path


def test_a_scan_judges_by_them_too_and_the_report_tells_the_pack_apart(
    phiward: Callable[..., Result], rules: Path, tmp_path: Path
) -> None:
    estate = tmp_path / "estate"
    estate.mkdir()
    (estate / "main.tf").write_text('resource "aws_ebs_volume" "v" { encrypted = false }\n')
    result = phiward("scan", estate, "--rules", rules, "--format", "json", "--no-cache")
    report = json.loads(result.stdout)
    own = [f for f in report["findings"] if f["rule"] == "volume-is-large"]
    assert [f["verdict"] for f in own] == ["fail"]
    assert own[0]["message"] == "aws_ebs_volume.v is not encrypted: encryption.at_rest is false"
    assert "encryption-at-rest" in {f["rule"] for f in report["findings"]}
    without = json.loads(phiward("scan", estate, "--format", "json", "--no-cache").stdout)
    assert report["tool"]["pack"]["digest"] != without["tool"]["pack"]["digest"]
    assert "+own." in report["tool"]["pack"]["version"]
    again = json.loads(phiward("scan", estate, "--rules", rules, "--format", "json", "--no-cache").stdout)
    assert again["tool"]["pack"] == report["tool"]["pack"]


def test_the_cache_sees_a_changed_rule(
    phiward: Callable[..., Result], rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHIWARD_CACHE_DIR", str(tmp_path / "cache"))
    estate = tmp_path / "estate"
    estate.mkdir()
    (estate / "main.tf").write_text('resource "aws_ebs_volume" "v" { encrypted = false }\n')

    def verdict() -> str:
        report = json.loads(phiward("scan", estate, "--rules", rules, "--format", "json").stdout)
        return next(f["verdict"] for f in report["findings"] if f["rule"] == "volume-is-large")

    assert [verdict(), verdict()] == ["fail", "fail"]
    rewritten(rules, "assert: {encryption.at_rest: true}", "assert: {encryption.at_rest: false}")
    assert verdict() == "pass"


def test_they_are_listed_and_shown(phiward: Callable[..., Result], rules: Path) -> None:
    assert "volume-is-large" in phiward("rules", "list", "--rules", rules, "--theme", "disks").stdout
    assert "Our own reason," in phiward("rules", "show", "volume-is-large", "--rules", rules).stdout


def test_they_count_in_what_is_covered(phiward: Callable[..., Result], rules: Path) -> None:
    themes = json.loads(phiward("coverage", "--by", "theme", "--rules", rules, "--format", "json").stdout)["rows"]
    assert [rule["id"] for rule in themes[-1]["rules"]] == ["volume-is-large"]
    assert themes[-1]["theme"] == "disks"
    cited = json.loads(phiward("coverage", "--rules", rules, "--format", "json").stdout)["rows"]
    assert any(rule["id"] == "volume-is-large" for row in cited for rule in row["rules"])


def test_examples_are_run(phiward: Callable[..., Result], rules: Path) -> None:
    result = phiward("rules", "test", rules)
    assert (result.exit_code, result.stdout) == (0, "1 rule, 6 examples: all as expected\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    expect: pass", "    expect: fail", "shut: expected fail, but: pass aws_ebs_volume.a"),
        ("{variables: {e: true}}", "{variables: {e: false}}", "not known (decided: pass): expected pass, but: fail"),
        ('"a" { encrypted = true }\nexamples', '"a" {}\nexamples', "fix_snippets: expected pass, but: fail"),
        ('  terraform: |\n    resource "aws_ebs_volume" "a" {', '  terraform: |\n    resource "a" {', "fix_snippets: "),
        ("is {observed}", "is {obsrved}", "open: the message has a name that stands for nothing"),
        ('"aws_ebs_volume" "a" { encrypted = false }', '"aws_vpc" "a" {}', "open: the rule says nothing of it"),
    ],
)
def test_an_example_that_turns_out_otherwise_is_told(
    phiward: Callable[..., Result], rules: Path, old: str, new: str, said: str
) -> None:
    rewritten(rules, old, new)
    result = phiward("rules", "test", rules)
    assert result.exit_code == 1
    assert f"volume-is-large: {said}" in result.stdout


def test_a_rule_needs_an_example_of_each_verdict(phiward: Callable[..., Result], rules: Path) -> None:
    start = RULE.index("  - title: not known")
    rewritten(rules, RULE[start : RULE.index("  - title: shut")], "")
    result = phiward("rules", "test", rules)
    assert result.exit_code == 1
    assert "no example expects unknown" in result.stdout


WRONG = [
    ("severity: low", "severty: low", ":3:1: unknown key 'severty'", "did you mean 'severity'?"),
    ("severity: low", "severity: urgent", ":3:11: severity: 'urgent' is not one of", ""),
    ("[164.308(a)(7)(i)]", "[164.308(a)(7)(ix)]", ":4:13: unknown citation '164.308(a)(7)(ix)'", "did you mean"),
    ("type: aws.ec2.volume", "type: aws.ec2.volumes", ":5:19: unknown resource type", "'aws.ec2.volume'?"),
    ("type: aws.ec2.volume", "kind: volumes", ":5:19: unknown kind 'volumes'", "did you mean 'volume'?"),
    ("assert: {encryption.at_rest", "assert: {encryption.at_rst", ":6:10: unknown property", "'encryption.at_rest'?"),
    ("at_rest: true}", "at_rest: {equal: true}}", ":6:31: unknown operator 'equal'", "did you mean 'equals'?"),
    ("at_rest: true}", "at_rest: {parameter: yeers}}", ":6:42: unknown parameter 'yeers'", ""),
    ("assert: {encryption.at_rest: true}", "graph: key_shard", ":6:8: unknown graph rule 'key_shard'", ""),
    ("at_rest: true}", "at_rest: {matches: '(a+)+$'}}", ":6:40: the pattern '(a+)+$'", "exponential"),
    ("at_rest: true}", "at_rest: {matches: '('}}", ":6:40: the pattern '(': not a regular expression", ""),
    ("id: volume-is-large", "id: volume-is-larger", ":1:5: the file of rule", "volume-is-larger.yaml"),
    ("title: Volumes", "id: x\ntitle: Volumes", ":2:1: the key 'id' stands here twice", ""),
    ("title: Volumes", "title:\tVolumes\n\tx", "not valid YAML", ""),
    (
        "because: Our own reason, which is long enough to tell a developer why this matters for PHI.",
        "because: [1]",
        ":8:10: because: [1] is not of type 'string'",
        "",
    ),
    ("examples:", "references: []\nexamplez:", ":14:1: unknown key 'examplez'", ""),
    (
        "because: Our own reason, which is long enough to tell a developer why this matters for PHI.",
        "because: " + "[" * 300 + "]" * 300,
        "nested deeper",
        "",
    ),
]


@pytest.mark.parametrize(("old", "new", "said", "hint"), WRONG, ids=[f"{new[:40]}" for _, new, _, _ in WRONG])
def test_what_is_wrong_is_named_with_its_line(
    phiward: Callable[..., Result], rules: Path, old: str, new: str, said: str, hint: str
) -> None:
    path = rewritten(rules, old, new)
    for command in (("scan", rules, "--rules", rules, "--no-cache"), ("rules", "test", rules)):
        result = phiward(*command)
        assert result.exit_code == 2, result.stderr
        assert str(path) in result.stderr
        assert said in result.stderr
        assert hint in result.stderr
        assert "Traceback" not in result.stderr


def test_a_rule_of_the_pack_cannot_be_replaced(phiward: Callable[..., Result], rules: Path) -> None:
    (rules / "encryption-at-rest.yaml").write_text(RULE.replace("volume-is-large", "encryption-at-rest"))
    result = phiward("rules", "test", rules)
    assert result.exit_code == 2
    assert "encryption-at-rest.yaml:1:5: the rule 'encryption-at-rest' exists in the bundled pack too" in result.stderr


def test_two_rules_with_one_id_are_an_error(phiward: Callable[..., Result], rules: Path) -> None:
    (rules / "volume-is-large.yaml").write_text(RULE)
    result = phiward("rules", "test", rules)
    assert result.exit_code == 2
    assert "exists in" in result.stderr


def test_an_alias_bomb_ends(phiward: Callable[..., Result], rules: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"b{n}: &b{n} [*{p}, *{p}, *{p}]\n" for n, p in enumerate(["a", *(f"b{i}" for i in range(30))])
    )
    (rules / "bomb.yaml").write_text(bomb)
    result = phiward("rules", "test", rules)
    assert result.exit_code == 2
    assert "bomb.yaml: its aliases make it too large" in result.stderr


def test_an_example_writes_nothing_outside_of_its_own_tree(phiward: Callable[..., Result], rules: Path) -> None:
    rewritten(
        rules,
        'expect: fail\n    terraform: |\n      resource "aws_ebs_volume" "a" { encrypted = false }',
        'expect: fail\n    files: {"../../escaped.tf": "x"}',
    )
    result = phiward("rules", "test", rules)
    assert result.exit_code == 2
    assert "'../../escaped.tf' is no path inside of the example" in result.stderr


def test_a_directory_without_rules_is_an_error(phiward: Callable[..., Result], tmp_path: Path) -> None:
    assert phiward("rules", "test", tmp_path).exit_code == 2
    assert phiward("rules", "test", tmp_path / "nowhere").exit_code == 2
