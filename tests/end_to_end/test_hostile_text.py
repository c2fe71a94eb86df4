"""Names and values that attack the reader: terminal escapes, line breaks, markup. None reaches an output raw."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from harness import FORMATS, write_tree

ATTACKS = {
    "escape": "\x1b[31mRED\x1b]0;owned\x07",
    "newline": "one\ntwo\r\nPASS everything",
    "markup": ']]></failure><script>alert("1")</script>&amp;<!--',
    "bidi": "safe\u202eevil\u2066x",
    "null": "a\u0001b\u0000c\u009bz",
    "separators": "a\u2028b\u2029c\u0085d",
    "workflow": "::error file=x::owned\n##[error]owned",
    "command": "::stop-commands::owned",
    "rich": "[bold red]x[/] [link=http://evil]y[/link]",
    "format": "{0} {resource} %s %n ${jndi:ldap}",
    "long": "L" * 20_000,
}


def quoted(text: str) -> str:
    """A string of HCL with everything unusual escaped."""
    body = "".join(f"\\u{ord(c):04x}" if not ((c.isascii() and c.isalnum()) or c in " .:/-_") else c for c in text)
    return f'"{body}"'


def estate() -> str:
    tags = "\n".join(f"    {quoted(key + text[:50])} = {quoted(text)}" for key, text in ATTACKS.items())
    keys = "\n".join(f"    {quoted(text[:300])} = {quoted(text)}" for text in ATTACKS.values())
    return (
        f"locals {{\n  keys = {{\n{keys}\n  }}\n}}\n"
        'resource "aws_db_instance" "hostile" {\n  for_each = local.keys\n  storage_encrypted = false\n'
        f"  identifier = each.value\n  tags = {{\n{tags}\n    tenant = each.value\n  }}\n}}\n"
        'resource "aws_cloudwatch_log_group" "hostile" {\n  for_each = local.keys\n'
        "  retention_in_days = each.value\n  name = each.key\n}\n"
        'resource "aws_s3_bucket" "hostile" {\n  for_each = local.keys\n  bucket = each.key\n'
        '  policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = each.value, Resource = each.key }] })\n}\n'
        'resource "aws_lb_listener" "hostile" {\n  for_each = local.keys\n  protocol = each.key\n  ssl_policy = each.value\n}\n'
        'resource "aws_security_group" "hostile" {\n  for_each = local.keys\n'
        "  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = each.key\n"
        '    cidr_blocks = [each.value, "0.0.0.0/0"]\n    description = each.value\n  }\n}\n'
        f"module {quoted(ATTACKS['escape'])} {{\n  source = {quoted(ATTACKS['escape'])}\n}}\n"
        f'module "b" {{\n  source = {quoted(ATTACKS["markup"])}\n}}\n'
        f'resource "aws_sqs_queue" "u" {{\n  kms_master_key_id = var.{"x" * 300}\n}}\n'
    )


SAFE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]*")


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, str]:
    import subprocess

    from harness import command, environment

    top = tmp_path_factory.mktemp("hostile")
    write_tree(top, {"main.tf": estate(), "bro\nken\x1b[31m.tf": "a = \n", "phiward.yaml": "complete_roots: ['.']\n"})
    outputs = [part for name in FORMATS for part in ("--format", name, "--output", f"out.{name}")]
    done = subprocess.run(
        command("scan", ".", "--verbose", *outputs), capture_output=True, text=True, cwd=top, env=environment()
    )
    assert (done.returncode, done.stdout, done.stderr) == (4, "", "")
    explained = subprocess.run(
        command("explain", 'aws_db_instance.hostile["rich"]', "."),
        capture_output=True,
        text=True,
        cwd=top,
        env=environment(),
    )
    assert "Traceback" not in explained.stderr
    texts = {name: (top / f"out.{name}").read_bytes().decode() for name in FORMATS}
    record = json.loads(texts["json"])
    address = next(f["resource"]["address"] for f in record["findings"] if "RED" in f["resource"]["address"])
    for form in ("text", "json"):
        done = subprocess.run(
            command("explain", address, ".", "--format", form),
            capture_output=True,
            text=True,
            cwd=top,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr
        texts[f"explain {form}"] = done.stdout
    return texts


@pytest.mark.parametrize("name", [*FORMATS, "explain text", "explain json"])
def test_no_control_character_is_raw_in_any_output(reports, name):
    text = reports[name]
    found = SAFE.match(text)
    assert found
    assert found.end() == len(text), repr(text[max(0, found.end() - 80) : found.end() + 40])


@pytest.mark.parametrize("name", ["console", "junit", "explain text"])
def test_no_name_begins_a_line_of_its_own(reports, name):
    lines = reports[name].splitlines()
    assert not [line for line in lines if line.lstrip().startswith(("PASS everything", "::", "##[error]", "two"))]


def test_the_markup_stays_text(reports):
    root = ET.fromstring(reports["junit"])
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "properties", "property", "system-out", "system-err",
    }  # fmt: skip
    names = [case.get("name") or "" for case in root.iter("testcase")]
    assert any("<script>" in name for name in names)
    assert len(names) == len(set(names))


def test_the_record_and_the_log_parse_and_hold_every_instance(reports):
    record = json.loads(reports["json"])
    hostile = {
        f["resource"]["address"] for f in record["findings"] if f["resource"]["address"].startswith("aws_db_instance")
    }
    assert len(hostile) == len(ATTACKS)
    log = json.loads(reports["sarif"])
    assert log["runs"][0]["results"]


def test_no_output_quotes_a_value_of_any_length(reports):
    assert max(map(len, reports["console"].splitlines())) < 2_000
    assert "L" * 5_000 not in reports["console"] + reports["junit"]
