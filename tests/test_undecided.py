"""What an example leaves undecided is decided both ways: it passes the one way and fails the other.

An `unknown` example proves nothing by itself, for a rule that understands nothing of it is silent, too. Its `decided`
(see docs/pack.md) shows that no more than what it names stood between the rule and a verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phiward.model.finding import Finding, Verdict
from phiward.rule_examples import decided, example_case
from tests.test_rules import RULES, described, files_of, verdicts

WAYS = [
    pytest.param(id_, example, way, id=f"{id_}: {example['title']}: {way}")
    for id_, rule in RULES.items()
    for example in rule["examples"]
    for way, decision in example.get("decided", {}).items()
    if not isinstance(decision, str)
]


def asked(findings: list[Finding], example: dict[str, Any]) -> dict[str, Verdict]:
    """The verdicts, by address, of what an example is about."""
    of = example.get("resource")
    return {f.subject.address: f.verdict for f in findings if of in (None, f.subject.address)}


@pytest.mark.parametrize("rule, example, way", WAYS)
def test_an_unknown_example_passes_and_fails_once_it_is_decided(
    rule: str, example: dict[str, Any], way: str, tmp_path: Path
) -> None:
    decision = example["decided"][way]
    before, after = tmp_path / "undecided", tmp_path / "decided"
    before.mkdir()
    after.mkdir()
    given = example.get("parameters", {})
    found = asked(verdicts(before, rule, files_of(example), example.get("settings"), given), example)
    undecided = {address for address, verdict in found.items() if verdict is not Verdict.NOT_APPLICABLE}
    assert {found[address] for address in undecided} == {Verdict.UNKNOWN}
    settings = decision.get("settings", example.get("settings"))
    parameters = {**given, **decision.get("parameters", {})}
    findings = verdicts(
        after, rule, dict(decided(example_case(rule, example), example, way).files), settings, parameters
    )
    if "aws" in example:  # what could not be listed has no address of its own yet
        assert {f.verdict for f in findings} - {Verdict.NOT_APPLICABLE} == {Verdict(way)}, described(findings)
        return
    found = {address: verdict for address, verdict in asked(findings, example).items() if address in undecided}
    assert found == dict.fromkeys(undecided, Verdict(way)), described(findings)


def test_every_rule_that_can_be_unknown_is_decided_and_few_examples_one_way_only() -> None:
    reasons = {
        (id_, example["title"]): decision
        for id_, rule in RULES.items()
        for example in rule["examples"]
        for decision in example.get("decided", {}).values()
        if isinstance(decision, str)
    }
    assert len(reasons) <= 0.02 * len(WAYS), f"too many examples are decided one way only: {reasons}"
    assert {param.values[0] for param in WAYS} == {id_ for id_, rule in RULES.items() if not rule.get("never_unknown")}
