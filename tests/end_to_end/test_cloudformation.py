"""CloudFormation's templates by the command line: parameters, standard input, exceptions, and input that is bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import FORMATS, STORE, outcome, write_tree

TEMPLATE = """\
Parameters:
  Encrypted: {Type: String}
Resources:
  Records:
    Type: AWS::RDS::DBInstance
    Properties:
      StorageEncrypted: !Ref Encrypted
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n"
GIVEN = {
    "NAME=VALUE": ("Encrypted=true",),
    "as create-stack takes it": ("ParameterKey=Encrypted,ParameterValue=true",),
    "a list of keys": ("file://keys.json",),
    "a list of texts": ("file://texts.json",),
    "a template configuration": ("file://configuration.json",),
    "YAML": ("file://values.yaml",),
    "the later one wins": ("file://false.json", "Encrypted=true"),
}
FILES = {
    "keys.json": json.dumps([{"ParameterKey": "Encrypted", "ParameterValue": "true"}]),
    "texts.json": json.dumps(["Encrypted=true"]),
    "configuration.json": json.dumps({"Parameters": {"Encrypted": "true"}, "Tags": {"a": "b"}}),
    "values.yaml": "Parameters:\n  Encrypted: true\n",
    "false.json": json.dumps(["Encrypted=false"]),
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_a_parameter_is_given(scan, given):
    options = [part for text in given for part in ("--parameter-overrides", text)]
    assert scan({"t.yaml": TEMPLATE, **FILES}, path="t.yaml").verdicts == {"Records": "unknown"}
    assert scan(None, *options, path="t.yaml").verdicts == {"Records": "pass"}


def test_the_settings_file_gives_a_template_its_parameters(scan):
    settings = "cloudformation: {stacks/t.yaml: {parameter_files: [false.json], parameters: {Encrypted: true}}}\n"
    files = {"stacks/t.yaml": TEMPLATE, "phiward.yaml": settings, **FILES}
    assert scan(files).verdicts == {"Records": "pass"}
    assert scan(None, "--parameter-overrides", "Encrypted=false").verdicts == {"Records": "fail"}


@pytest.mark.parametrize(
    "option, word",
    [
        ("Encrypted", "NAME=VALUE"),
        ("file://nowhere.json", "nowhere.json"),
        ("file://broken.json", "broken.json"),
        ("file://wrong.json", "ParameterKey"),
    ],
)
def test_a_parameter_that_cannot_be_given_is_one_clear_line(scan, option, word):
    done = scan({"t.yaml": TEMPLATE, "broken.json": "[{", "wrong.json": "[5]"}, "--parameter-overrides", option)
    assert (done.status, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) <= 2
    assert word in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE,
        json.dumps(
            {"Resources": {"Records": {"Type": "AWS::RDS::DBInstance", "Properties": {"StorageEncrypted": "true"}}}}
        ),
    ],
)
def test_a_template_comes_from_standard_input(tmp_path, phiward_with_input, text):
    done = phiward_with_input(text, "--parameter-overrides", "Encrypted=true")
    assert done.verdicts == {"Records": "pass"}
    assert {finding["location"]["path"] for finding in done.record["findings"]} <= {"stdin.yaml", "stdin.json"}


@pytest.fixture
def phiward_with_input(tmp_path):
    import subprocess

    from harness import RULE, command, environment

    def run(text, *options):
        arguments = command("scan", "-", "--format", "json", *RULE, *options)
        done = subprocess.run(arguments, cwd=tmp_path, env=environment(), input=text, capture_output=True, text=True)
        return outcome(done)

    return run


def test_templates_manifests_and_terraform_lie_side_by_side(scan):
    files = {
        "main.tf": STORE,
        "t.template": TEMPLATE,
        "pod.yaml": POD,
        "chart/values.yaml": "a: 1\n",
        "package.json": "{}",
    }
    done = scan(files, "--parameter-overrides", "Encrypted=false")
    assert done.verdicts == {"aws_db_instance.a": "pass", "Records": "fail"}
    assert done.holes == []


BAD = {
    "tab.yaml": (TEMPLATE.replace("    Type", "\tType"), "syntax", 5),
    "twice.yaml": (TEMPLATE + "  Records: {}\n", "syntax", 8),
    "function.yaml": (TEMPLATE.replace("!Ref Encrypted", "!Reff Encrypted"), "template", 7),
    "circle.yaml": (
        "Conditions: {A: !Condition A}\nResources:\n  V: {Type: AWS::EC2::Volume, Condition: A}\n", "template", 1,
    ),
    "bomb.yaml": (
        "AWSTemplateFormatVersion: 2010-09-09\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 10)}]\n" for n in "bcdefghi"),
        "syntax", 7,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_and_the_others_are_still_judged(scan, name):
    text, code, line = BAD[name]
    done = scan({name: text, "good.yaml": TEMPLATE.replace("!Ref Encrypted", "true").replace("Records", "Good")})
    assert done.status == 4
    assert done.holes == [(code, name, line)]
    assert done.verdicts["Good"] == "pass"


def test_a_large_template_is_read(scan):
    resources = "".join(
        f"  R{n}:\n    Type: AWS::RDS::DBInstance\n    Properties: {{StorageEncrypted: true, Tags: [{{Key: a, Value: {'x' * 400}}}]}}\n"
        for n in range(2_000)
    )
    text = f"Resources:\n{resources}"
    assert len(text) > 1_000_000
    done = scan({"t.yaml": text})
    assert set(done.verdicts.values()) == {"pass"}
    assert len(done.verdicts) == 2_000


def test_a_parameter_that_is_not_echoed_is_in_no_output(tmp_path, phiward):
    text = TEMPLATE.replace("{Type: String}", "{Type: String, NoEcho: true, Default: s3cr3t-marked}")
    text += "      MasterUserPassword: s3cr3t-written\n      DBInstanceIdentifier: !Sub 'x-${Encrypted}'\n"
    write_tree(tmp_path, {"t.yaml": text})
    for form in FORMATS:
        done = phiward("scan", ".", "--format", form, "--verbose")
        assert "s3cr3t" not in done.stdout + done.stderr, form
    assert "s3cr3t" not in phiward("explain", "Records", "t.yaml").stdout


def test_a_comment_about_a_stack_is_about_what_is_nested_in_it(scan, tmp_path: Path):
    root = (
        "Resources:\n  # phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- empty until the migration\n"
        "  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n"
    )
    done = scan({"root.yaml": root, "child.yaml": TEMPLATE.replace("!Ref Encrypted", "false")})
    assert done.verdicts == {"N.Records": "waived"}


def test_what_lies_around_standard_input_is_not_looked_at(tmp_path, phiward_with_input):
    write_tree(tmp_path, {".git/HEAD": "", "broken.yaml": BAD["tab.yaml"][0]})
    assert phiward_with_input(TEMPLATE).holes == []


def test_a_nested_template_of_a_commit_is_judged_through_its_parent(scan):
    root = "Resources:\n  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: parts/c.yaml, Parameters: {Encrypted: true}}}\n"
    files = {".git/HEAD": "", "README.md": "", "root.yaml": root, "parts/c.yaml": TEMPLATE, "other.yaml": TEMPLATE}
    assert scan(files, "--changed", path="parts/c.yaml").verdicts == {"N.Records": "pass"}
    assert scan(None, "--changed", path="README.md").verdicts == {}
