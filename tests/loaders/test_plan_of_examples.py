"""Every example of every rule once more, as the plan that Terraform would make of it.

The plan may know less than the source (a policy that is known after apply), never something else; beside its source it
knows as much.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import REPOSITORY, TODAY
from tests.planning import planned
from tests.test_rules import EXAMPLES, files_of, verdicts

from phiward.model.finding import Verdict
from phiward.pipeline import scan
from phiward.settings import Settings

SAME = (
    "backup-retention",
    "cache-authentication",
    "customer-managed-key",
    "database-not-public",
    "encryption-at-rest",
    "encryption-in-transit",
    "flow-logs",
    "ingress-sensitive-ports",
    "key-rotation",
    "log-retention",
    "queue-tls-only",
    "tenant-key-shared",
    "tls-minimum-version",
    "trail-log-validation",
)
NOT_IN_A_PLAN = "could not be read"
"""Terraform makes no plan where a module is missing; such examples have none that could be compared."""


OF_TERRAFORM_ITSELF = ('backend "', "required_providers", "terraform {")
"""A plan shows neither where its state is kept nor what the provider's version makes of what is not written."""


def of_plan(directory: Path, plan: dict[str, Any], rule: str) -> dict[str, Verdict]:
    path = directory / "plan.json"
    path.write_text(json.dumps(plan))
    report = scan(Settings(paths=(path,), today=TODAY, rules=(rule,)))
    assert not report.diagnostics
    assert {finding.subject.source for finding in report.findings} <= {"terraform-plan"}
    return {finding.subject.address: finding.verdict for finding in report.findings}


def _knows_more(files: dict[str, str]) -> bool:
    """Whether a source says what no plan of it can: the list of addresses that a block names by an id to come, too."""
    return any(text in str(files) for text in ("jsonencode", "managed_prefix_list")) or ".terraform.lock.hcl" in files


@pytest.mark.parametrize("rule, example", EXAMPLES)
def test_a_plan_is_judged_like_its_source(rule: str, example: dict[str, Any], tmp_path: Path) -> None:
    if NOT_IN_A_PLAN in example.get("title", ""):
        return
    files = files_of(example)
    if any(text in written for written in files.values() for text in OF_TERRAFORM_ITSELF):
        return
    if not any(".tf" in name or ".tofu" in name for name in files) or any(name.endswith(".yaml") for name in files):
        return  # a plan has nothing of a cluster, and nothing is judged together with one
    source, alone = tmp_path / "source", tmp_path / "alone"
    alone.mkdir()
    source.mkdir()
    findings = verdicts(source, rule, files, example.get("settings"))
    expected = {
        f.subject.address: f.verdict
        for f in findings
        if "[*]" not in f.subject.address and " " not in f.subject.address
        if not f.subject.address.startswith("terraform.")  # a plan has nothing of the backend
    }
    if "settings" in example:
        (alone / "phiward.yaml").write_text(yaml.safe_dump(example["settings"]))
    plan = planned(source)
    beside = of_plan(source, plan, rule)
    assert {address: beside.get(address) for address in expected} == expected
    for address, verdict in of_plan(alone, plan, rule).items():
        if verdict is not Verdict.UNKNOWN or (rule in SAME and not _knows_more(files)):
            assert expected.get(address, verdict) is verdict, address


@pytest.mark.parametrize("estate", ["sound", "flawed"])
def test_the_plan_of_a_whole_estate_is_judged_like_its_source(estate: str, tmp_path: Path) -> None:
    source, alone = tmp_path / "source", tmp_path / "alone"
    left_out = shutil.ignore_patterns("kubernetes", "cloudformation")  # a plan is of Terraform alone
    shutil.copytree(REPOSITORY / "fixtures" / "ehr-saas" / estate, source, ignore=left_out)
    (source / ".git").mkdir()
    alone.mkdir()
    expected = every_verdict(source)
    (source / "plan.json").write_text(json.dumps(planned(source)))
    for name in ("plan.json", "phiward.yaml"):
        shutil.copy(source / name, alone)
    beside = every_verdict(source / "plan.json")
    assert {pair: beside.get(pair) for pair in expected} == expected
    decided = (Verdict.PASS, Verdict.FAIL)
    found = every_verdict(alone / "plan.json")
    assert sum(verdict in decided for verdict in found.values()) > len(expected) / 2
    for pair, verdict in found.items():  # a side resource whose parent the plan does not show answers for itself
        assert {verdict, expected.get(pair)} != set(decided), pair


def every_verdict(path: Path) -> dict[tuple[str, str], Verdict]:
    report = scan(Settings(paths=(path,), today=TODAY))
    assert not [d for d in report.diagnostics if d.level != "note" and not d.code.startswith("ignore")]
    return {
        (finding.rule.id, finding.subject.address): finding.verdict
        for finding in report.findings
        if finding.subject.type != "scope.account"
    }
