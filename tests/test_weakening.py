"""What is not known turns no verdict: an example of which less is known is judged as before, or not at all.

Kleene's logic is monotonic, and this holds the whole way to it: no value that a variable may yet have, no block that
may yet be repeated and no resource of which there may be none makes a failure of a pass, or a pass of a failure.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from phiward.model.finding import Finding, Verdict
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors
from phiward.pipeline import scan
from phiward.rule_examples import FILE
from phiward.settings import Settings
from tests.conftest import TODAY
from tests.test_rules import RULES, files_of
from tests.weakening import DECLARED, perhaps, weaker

PASS, FAIL, UNKNOWN, NOT_APPLICABLE = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
ALLOWED = {
    PASS: {PASS, UNKNOWN},
    FAIL: {FAIL, UNKNOWN},
    UNKNOWN: {UNKNOWN},
    NOT_APPLICABLE: {NOT_APPLICABLE, UNKNOWN, PASS},  # where it does not apply, or passes if it does
}
MOVES = {
    ("tenant-key-shared", PASS, NOT_APPLICABLE): "a key that may be out of use has nothing to share either way",
    ("tenant-key-shared", NOT_APPLICABLE, FAIL): "stores are judged themselves where their key may not be declared",
    ("tenant-key-foreign", PASS, NOT_APPLICABLE): "whichever key it is, it is of no other tenant",
    ("secret-not-in-manifest", FAIL, PASS): "what another tool fills in does not stand in the manifest",
    ("secret-not-in-plain-text", FAIL, PASS): "what another tool fills in does not stand in the manifest",
    ("tenant-store-shared", FAIL, NOT_APPLICABLE): "an image that nobody names is not known to be of a store",
    ("tenant-store-shared", PASS, NOT_APPLICABLE): "an image that nobody names is not known to be of a store",
    ("tenant-store-shared", UNKNOWN, NOT_APPLICABLE): "an image that nobody names is not known to be of a store",
}
"""By rule, what a verdict may become besides, and why that is right."""


class Tree:
    """A directory in which one text after another is judged by one rule."""

    def __init__(self, directory: Path, rule: str, example: dict[str, Any]) -> None:
        files, settings = files_of(example), example.get("settings")
        self.directory, self.rule, self.files = directory, rule, files
        self.parameters = example.get("parameters", {})
        for name in files:
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
        if settings is not None:
            (directory / "phiward.yaml").write_text(yaml.safe_dump(settings))

    def judge(self, changed: dict[str, str] | None = None) -> dict[str, Finding]:
        for name, text in {**self.files, **(changed or {})}.items():
            (self.directory / name).write_text(text)
        accounts = tuple(self.directory / name for name in self.files if name.endswith(FILE["aws"]))
        paths = (*([self.directory] if len(accounts) < len(self.files) else []), *accounts)
        report = scan(Settings(paths=paths, today=TODAY, rules=(self.rule,), template_parameters=self.parameters))
        assert not [d for d in report.diagnostics if d.code == "syntax"], (changed, report.diagnostics)
        return {finding.subject.address: finding for finding in report.findings}


def trees(rule: str, directory: Path) -> Iterator[tuple[str, Tree]]:
    for number, example in enumerate(RULES[rule]["examples"]):
        top = directory / str(number)
        top.mkdir()
        yield example["title"], Tree(top, rule, example)


def turned(rule: str, before: dict[str, Finding], after: dict[str, Finding]) -> list[str]:
    """The addresses whose verdict became another than less knowledge may make of it.

    An instance of which only its block is left is compared with that block's representative.
    """
    blocks: dict[str, list[Finding]] = defaultdict(list)
    for address, finding in after.items():
        blocks[_without_keys(address)].append(finding)
    wrong = []
    for address, finding in before.items():
        found = [after[address]] if address in after else blocks.get(_without_keys(address), [])
        kin = [f.verdict for a, f in before.items() if a == address or (address not in after and _kin(a, address))]
        allowed = set().union(*(ALLOWED[verdict] for verdict in kin))
        allowed |= {new for (of, old, new) in MOVES if of == rule and old in kin}
        if not found or not {f.verdict for f in found} <= allowed:
            wrong.append(f"{address}: {finding.verdict} -> {', '.join(f.verdict for f in found) or 'gone'}")
    return wrong


def _kin(one: str, other: str) -> bool:
    return _without_keys(one) == _without_keys(other)


def _without_keys(address: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", address)


@pytest.mark.parametrize("rule", RULES)
def test_what_is_left_open_turns_no_verdict(rule: str, tmp_path: Path) -> None:
    wrong = []
    for title, tree in trees(rule, tmp_path):
        before = tree.judge()
        for name, text in tree.files.items():
            for what, changed in weaker(name, text):
                wrong += [f"{title}: {what}: {line}" for line in turned(rule, before, tree.judge({name: changed}))]
    assert not wrong, "\n".join(wrong)


COLLECTORS = load_collectors(pack_directory())
DENIED = {"error": "AccessDenied", "http": 403}


@pytest.mark.parametrize("rule", [id_ for id_, rule in RULES.items() if any("aws" in e for e in rule["examples"])])
def test_a_call_that_is_denied_turns_no_verdict(rule: str, tmp_path: Path) -> None:
    """Each operation of the services that an example answers for; what is not listed any more is not decided."""
    wrong = []
    for title, tree in trees(rule, tmp_path):
        answers = json.loads(tree.files.get(FILE["aws"], "{}"))
        before = tree.judge() if answers else {}
        for service, operation in sorted(COLLECTORS.operations):
            if service not in answers:
                continue
            less = {**answers, service: {**answers[service], operation: DENIED}}
            after = tree.judge({FILE["aws"]: json.dumps(less)})
            for address, finding in before.items():
                now = after[address].verdict if address in after else UNKNOWN
                told = address in after or finding.verdict is NOT_APPLICABLE or UNKNOWN in set(verdicts_of(after))
                if now not in ALLOWED[finding.verdict] or not told:
                    wrong.append(f"{title}: {service}:{operation}: {address}: {finding.verdict} -> {now}")
    assert not wrong, "\n".join(wrong)


def verdicts_of(findings: dict[str, Finding]) -> Iterator[Verdict]:
    return (finding.verdict for finding in findings.values())


@pytest.mark.heavy
@pytest.mark.parametrize("rule", RULES)
def test_what_may_be_there_besides_turns_no_verdict(rule: str, tmp_path: Path) -> None:
    texts = [text for e in RULES[rule]["examples"] for name, text in files_of(e).items() if name.endswith(".tf")]
    more = list(dict.fromkeys(one for text in texts for one in perhaps(text)))
    wrong = []
    for title, tree in trees(rule, tmp_path):
        before = tree.judge()
        for name, text in tree.files.items():
            for one in more if name.endswith(".tf") else ():
                after = tree.judge({name: f"{text}\n{one}\n{DECLARED}"})
                wrong += [f"{title}: {one}: {line}" for line in turned(rule, before, after)]
    assert not wrong, "\n".join(wrong)
