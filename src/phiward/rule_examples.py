"""A rule's examples are its tests: each is scanned as if it were an estate of its own.

Shapes and meaning of the keys: docs/pack.md, "Rules".
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from phiward.errors import PackError
from phiward.model.finding import Finding, Report, Verdict
from phiward.pack import Pack
from phiward.pipeline import scan
from phiward.record import dataclass, field, replace
from phiward.settings import Settings

FILE = {
    "terraform": "main.tf",
    "kubernetes": "manifests.yaml",
    "cloudformation": "template.yaml",
    "aws": "account.aws.json",
}
"""What an example of a dialect is written into."""
_placeholder = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Case:
    """One tree, and the verdict that a rule has to give on it. `resource` narrows it to one address."""

    rule: str
    title: str
    expect: Verdict
    files: Mapping[str, str]
    settings: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those of templates."""
    resource: str = ""


def cases(rule: Mapping[str, Any]) -> Iterator[Case]:
    """The examples of a rule file, each way in which an undecided one is decided, and what the rule recommends."""
    for number, example in enumerate(rule["examples"], 1):
        case = example_case(rule["id"], example, number)
        yield case
        for way, decision in example.get("decided", {}).items():
            if not isinstance(decision, str):
                yield decided(case, example, way)
    snippets = rule.get("fix_snippets", {})
    if snippets:
        files = {FILE[dialect]: text_of(text) for dialect, text in snippets.items()}
        settings = _needed(rule)
        yield Case(rule["id"], "fix_snippets", Verdict.PASS, files, settings)


def _needed(rule: Mapping[str, Any]) -> Any:
    """The settings without which a rule that `needs` a parameter is silent: those of its passing example."""
    passing = [example for example in rule["examples"] if example["expect"] == "pass"]
    return passing[0].get("settings") if passing and "needs" in rule else None


def example_case(rule: str, example: Mapping[str, Any], number: int = 1) -> Case:
    """An example as it stands."""
    return Case(
        rule=rule,
        title=example.get("title", f"example {number}"),
        expect=Verdict(example["expect"]),
        files=example.get("files") or {FILE[d]: text_of(example[d]) for d in FILE if d in example},
        settings=example.get("settings"),
        parameters=example.get("parameters", {}),
        resource=example.get("resource", ""),
    )


def text_of(written: Any) -> str:
    """An example as a file: answers of AWS are a mapping, everything else is text."""
    return written if isinstance(written, str) else json.dumps(written, indent=1)


def decided(case: Case, example: Mapping[str, Any], way: str) -> Case:
    """The example in which what was undecided is decided, one way."""
    decision = example["decided"][way]
    files = dict(case.files)
    for old, new in decision.get("replace", {}).items():
        if old not in "".join(files.values()):
            raise PackError(f"{case.rule}: {case.title}: the example has no {old!r} to replace", about=old)
        files = {name: text.replace(old, new) for name, text in files.items()}
    more = [dialect for dialect in FILE if dialect in decision and dialect != "aws"]
    files |= {f"more-{FILE[dialect]}": text_of(decision[dialect]) for dialect in more}
    if "aws" in decision:
        files[FILE["aws"]] = text_of(_answered(example["aws"], decision["aws"]))
    if "variables" in decision:
        files["terraform.tfvars.json"] = json.dumps(decision["variables"])
    return replace(
        case,
        title=f"{case.title} (decided: {way})",
        expect=Verdict(way),
        files={**files, **decision.get("files", {})},
        settings=decision.get("settings", case.settings),
        parameters={**case.parameters, **decision.get("parameters", {})},
    )


def _answered(answers: Mapping[str, Any], otherwise: Mapping[str, Any]) -> dict[str, Any]:
    """Answers of an account, some of which are others."""
    return {name: {**answers.get(name, {}), **otherwise.get(name, {})} for name in {**answers, **otherwise}}


def scanned(case: Case, directory: Path, pack: Pack, today: date) -> Report:
    """What the rule says of a case that is written below a directory. Raises PackError for a path that leaves it."""
    for name, text in case.files.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute():
            raise PackError(f"{case.rule}: {case.title}: {name!r} is no path inside of the example", about=name)
        path = directory.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if case.settings is not None:
        (directory / "phiward.yaml").write_text(yaml.safe_dump(case.settings), encoding="utf-8")
    accounts = tuple(directory / name for name in case.files if name.endswith(FILE["aws"]))
    declared = (directory,) if len(accounts) < len(case.files) else ()
    settings = Settings(
        paths=(*declared, *accounts), today=today, rules=(case.rule,), template_parameters=case.parameters
    )
    return scan(settings, pack=pack)


def problem(case: Case, pack: Pack, today: date) -> str:
    """How a case turns out otherwise than it should; empty where it does not. Raises PackError."""
    with tempfile.TemporaryDirectory(prefix="phiward-") as directory:
        return judged(case, scanned(case, Path(directory).resolve(), pack, today))


def judged(case: Case, report: Report) -> str:
    """How a report differs from what a case expects; empty where it does not."""
    broken = [d for d in report.diagnostics if d.code == "syntax"]
    if broken:
        return f"it does not parse: {broken[0].message}"
    asked = [f for f in report.findings if case.resource in ("", f.subject.address)]
    said = [f for f in asked if f.verdict is not Verdict.NOT_APPLICABLE]
    if case.expect is Verdict.NOT_APPLICABLE:
        return f"expected the rule to say nothing, but: {_shown(said)}" if said else ""
    if not said:
        return "the rule says nothing of it"
    if {f.verdict for f in said} != {case.expect}:
        return f"expected {case.expect.value}, but: {_shown(said)}"
    unfilled = [f.message for f in said if f.verdict is Verdict.FAIL and _placeholder.search(f.message)]
    return f"the message has a name that stands for nothing: {unfilled[0]}" if unfilled else ""


def _shown(findings: list[Finding]) -> str:
    return "; ".join(f"{f.verdict.value} {f.subject.address}: {f.message}" for f in findings)
