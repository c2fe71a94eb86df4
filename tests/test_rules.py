"""Every example of every rule is a test, and so is every fix that a rule recommends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from phiward.engine.selecting import reach
from phiward.model.finding import Finding, Verdict
from phiward.pack import load_pack, pack_directory
from phiward.rule_examples import FILE, Case, example_case, judged, scanned
from tests.conftest import TODAY

RULES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((pack_directory() / "hipaa").glob("*/*.yaml"))}
PACK = load_pack()
EXAMPLES = [
    pytest.param(id_, example, id=f"{id_}: {example.get('title', number)}")
    for id_, rule in RULES.items()
    for number, example in enumerate(rule["examples"], 1)
]
SNIPPETS = [pytest.param(id_, rule["fix_snippets"], id=id_) for id_, rule in RULES.items() if "fix_snippets" in rule]


def files_of(example: dict[str, Any]) -> dict[str, str]:
    """The files of an example."""
    return dict(example_case("", example).files)


def verdicts(
    directory: Path, rule: str, files: dict[str, str], settings: Any = None, parameters: dict[str, Any] | None = None
) -> list[Finding]:
    """What one rule says about some files. `parameters` are those of templates."""
    case = Case(rule, "", Verdict.PASS, files, settings, parameters or {})
    report = scanned(case, directory, PACK, TODAY)
    assert not [d for d in report.diagnostics if d.code == "syntax"], report.diagnostics
    return list(report.findings)


def described(findings: list[Finding]) -> str:
    return "\n".join(f"{f.verdict} {f.subject.address}: {f.message} {f.evidence}" for f in findings)


@pytest.mark.parametrize("rule, example", EXAMPLES)
def test_example(rule: str, example: dict[str, Any], tmp_path: Path) -> None:
    case = example_case(rule, example)
    assert judged(case, scanned(case, tmp_path, PACK, TODAY)) == ""


def needed_settings(rule: dict[str, Any]) -> Any:
    """The settings without which a rule that `needs` a parameter is silent: those of its passing example."""
    passing = (example for example in rule["examples"] if example["expect"] == "pass")
    return next(passing)["settings"] if "needs" in rule else None


@pytest.mark.parametrize("rule, snippets", SNIPPETS)
def test_recommended_fix_passes_its_own_rule(rule: str, snippets: dict[str, str], tmp_path: Path) -> None:
    """All dialects together, for what one declares may be what another one is held against."""
    files = {FILE[dialect]: text for dialect, text in snippets.items()}
    findings = verdicts(tmp_path, rule, files, needed_settings(RULES[rule]))
    applicable = [f for f in findings if f.verdict is not Verdict.NOT_APPLICABLE]
    compiled = PACK.rule(rule)
    assert compiled is not None
    spoken = {row.dialect for row in PACK.rows() if reach(compiled, row)}
    assert {f.subject.source for f in applicable} >= spoken & set(snippets), "a snippet shows nothing to judge"
    assert {f.verdict for f in applicable} == {Verdict.PASS}, described(applicable)
