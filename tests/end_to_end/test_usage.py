"""What is asked wrongly: one clear line on standard error that names the place, status 2, nothing on standard output."""

from __future__ import annotations

import pytest
from harness import FORMATS, OPEN_STORE, STORE, write_tree


def refused(done, *words: str) -> None:
    """Status 2, an empty standard output, at most two lines of ours that hold the words."""
    assert (done.returncode, done.stdout) == (2, ""), (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    ours = [line for line in done.stderr.splitlines() if not line.startswith(("Usage:", "Try "))]
    assert 1 <= len([line for line in ours if line.strip()]) <= 2, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize(
    "arguments, word",
    [
        (("scan", "--no-such-option"), "--no-such-option"),
        (("scan", "--fail-on", "severe"), "severe"),
        (("scan", "--unknown", "pass"), "pass"),
        (("scan", "--severity", ""), "severity"),
        (("scan", "--format", "html"), "html"),
        (("scan", "--rule", "no-such-rule"), "no-such-rule"),
        (("scan", "--rule", ""), "rule"),
        (("scan", "--rule"), "--rule"),
        (("scan", "--var", "novalue"), "novalue"),
        (("scan", "--var", "=x"), "=x"),
        (("scan", "--var-file", "not-there.tfvars"), "not-there.tfvars"),
        (("scan", "--settings", "not-there.yaml"), "not-there.yaml"),
        (("scan", "--output", "a.json"), "--output"),
        (("scan", "--format", "json", "--format", "sarif"), "standard output"),
        (("scan", "--format", "json", "--output", "no/such/place.json"), "no/such/place.json"),
        (("scan", "--format", "json", "--output", "."), "."),
        (("no-such-command",), "no-such-command"),
        (("rules", "show", "no-such-rule"), "no-such-rule"),
        (("rules", "show", "\x1b[31mred"), "no rule"),
        (("explain", "aws_db_instance.none"), "aws_db_instance.none"),
        (("explain",), "ADDRESS"),
        (("explain", "aws_db_instance.a", "nowhere"), "nowhere"),
        (("waivers", "check", "nowhere"), "nowhere"),
        (("completion", "tcl"), "tcl"),
    ],
    ids=lambda value: " ".join(value).replace("\x1b", "ESC") if isinstance(value, tuple) else None,
)
def test_usage(tmp_path, phiward, arguments, word):
    write_tree(tmp_path, {"main.tf": STORE})
    done = phiward(*arguments)
    refused(done, word)
    assert "\x1b" not in done.stderr


BAD_SETTINGS = {
    "unknown key": ("tenancyy: {}\n", "tenancyy"),
    "unknown inner key": ("tenancy: {tier: {}}\n", "tenancy.tier"),
    "bad regular expression": ("tenancy: {identify: [{name: '(?P<tenant>['}]}\n", "regular expression"),
    "no group": ("tenancy: {identify: [{name: '^ehr-'}]}\n", "(?P<tenant>"),
    "not a list": ("tenancy: {identify: {tag: tenant}}\n", "list"),
    "unknown tier": ("tenancy: {tenants: {mercy: gold}}\n", "gold"),
    "bad promise": ("tenancy: {tiers: {gold: {key: mine}}}\n", "mine"),
    "unknown parameter": ("parameters: {log_retention_dayz: 1}\n", "log_retention_dayz"),
    "bad parameter": ("parameters: {log_retention_days: many}\n", "log_retention_days"),
    "negative parameter": ("parameters: {log_retention_days: true}\n", "log_retention_days"),
    "unknown profile": ("profile: strictest\n", "strictest"),
    "not a mapping": ("- a\n", "mapping"),
    "a number": ("7\n", "mapping"),
    "not YAML": ("a: [\nb: }\n", "YAML"),
    "a tab": ("tenancy:\n\tidentify: []\n", "YAML"),
    "binary": ("\udcff\udcfe\x00", "phiward.yaml"),
    "python object": ("profile: !!python/object/apply:os.system [id]\n", "YAML"),
    "very deep": ("tenancy: " + "[" * 50_000 + "\n", "phiward.yaml"),
    "bomb": ("a: &a [x]\nb: &b [*a,*a]\nc: *b\n", "unknown key"),
    "a key that is no text": ("1: {}\n", "unknown key"),
    "repeated roots": ("complete_roots: 7\n", "complete_roots"),
}


@pytest.mark.parametrize("text, word", BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_settings(tmp_path, phiward, text, word):
    write_tree(tmp_path, {"main.tf": STORE, "phiward.yaml": text})
    refused(phiward("scan", ".", "--format", "json"), "phiward.yaml", word)


def test_settings_that_are_not_yaml_name_line_and_column(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": STORE, "phiward.yaml": "tenancy:\n  tiers: {\n"})
    refused(phiward("scan"), "phiward.yaml:3:1")


BAD_VALUES = {
    "syntax": ("a.tfvars", "a = \n", "a.tfvars:1"),
    "a block": ("a.tfvars", "b = 1\nvariable {\n}\n", "a.tfvars:2:1"),
    "json": ("a.tfvars.json", '{"a": }', "a.tfvars.json:1:7"),
    "json list": ("a.tfvars.json", "[1]", "a.tfvars.json"),
    "json digits": ("a.tfvars.json", '{"a": ' + "9" * 5000 + "}", "a.tfvars.json"),
    "json depth": ("a.tfvars.json", '{"a": ' + "[" * 100_000, "a.tfvars.json"),
    "binary": ("a.tfvars", "\udcff\udcfe\x00", "a.tfvars"),
}


@pytest.mark.parametrize("name, text, place", BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_a_variable_file_that_was_asked_for_must_be_right(tmp_path, phiward, name, text, place):
    write_tree(tmp_path, {"main.tf": STORE, "elsewhere/" + name: text})
    refused(phiward("scan", ".", "--var-file", f"elsewhere/{name}"), place)


@pytest.mark.parametrize("value", ["[", "${", "(" * 2000, "\x1b[31m", '"\\u0000"', "9" * 5000])
def test_a_value_that_is_no_expression_is_unknown(scan, value):
    text = 'variable "v" {\n  type = list(string)\n}\nresource "aws_db_instance" "a" {\n  storage_encrypted = var.v[0]\n}\n'
    done = scan({"main.tf": text}, "--var", f"v={value}")
    assert (done.status, done.verdicts) == (0, {"aws_db_instance.a": "unknown"})


# -- A20 to A22: the gate


@pytest.mark.parametrize(
    "options, status",
    [
        ((), 1),
        (("--fail-on", "high"), 1),
        (("--fail-on", "critical"), 0),
        (("--exit-zero",), 0),
        (("--fail-on", "critical", "--unknown", "fail"), 0),
    ],
    ids=["low", "high", "critical", "exit-zero", "unknown"],
)
def test_a20_severities_stand_in_the_pack_and_gate(scan, options, status):
    done = scan({"main.tf": OPEN_STORE}, *options)
    assert done.status == status
    assert [f["severity"] for f in done.record["findings"]] == ["high"]
    assert done.verdicts == {"aws_db_instance.a": "fail"}
    assert done.record["gate"]


def test_a21_a_severity_filter_chooses_rules_and_leaves_nothing_silent(scan):
    done = scan({"main.tf": OPEN_STORE}, "--severity", "critical")
    assert done.status == 3
    assert done.record["findings"] == []


@pytest.mark.parametrize("option", ["--fail-on", "--severity"])
@pytest.mark.parametrize("value", ["HIGHEST", "", "7", "none", "high,low"])
def test_a22_a_gate_that_cannot_be_evaluated_is_an_error(tmp_path, phiward, option, value):
    write_tree(tmp_path, {"main.tf": OPEN_STORE})
    refused(phiward("scan", ".", option, value), option)


def test_a_tenant_that_owns_nothing_is_no_pass(scan):
    assert scan({"main.tf": OPEN_STORE}, "--tenant", "mercy").status == 3


def test_formats_pair_with_outputs_in_order(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": STORE})
    pairs = [part for name in FORMATS for part in ("--format", name, "--output", f"out.{name}")]
    done = phiward("scan", ".", *pairs, "--fail-on", "critical")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    starts = {name: (tmp_path / f"out.{name}").read_text()[:1] for name in FORMATS}
    assert (starts["json"], starts["sarif"], starts["junit"]) == ("{", "{", "<")
