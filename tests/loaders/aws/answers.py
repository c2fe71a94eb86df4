"""Answers of AWS in the place of an account: held against AWS's own service models, and judged."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from tests.conformance.aws_shapes import operations

from phiward.loaders.aws.written import ACCOUNT
from phiward.model.finding import Verdict
from phiward.pack import Pack, load_pack
from phiward.pipeline import scan
from phiward.settings import Settings

Answers = Mapping[str, Mapping[str, Any]]
_PLAIN: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "timestamp": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
}


@cache
def pack() -> Pack:
    return load_pack()


def misshapen(answers: Answers) -> list[str]:
    """What AWS would not answer so: names that its models do not have, and values of another type."""
    return [
        problem
        for service, by_operation in answers.items()
        for operation, written in by_operation.items()
        for one in (written if isinstance(written, list) else [{"answer": written}])
        if "error" not in one["answer"]
        for problem in _of(operations(service)[operation].output_shape, one["answer"], f"{service}:{operation}")
    ]


def _of(shape: Shape | None, value: Any, where: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and getattr(shape, "is_document_type", False):
        return
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield from _of(shape.members[name], inner, f"{where}.{name}")
            else:
                yield f"{where} has no {name}"
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _of(shape.member, inner, f"{where}[{number}]")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for name, inner in value.items():
            yield from _of(shape.value, inner, f"{where}.{name}")
    elif shape is None or not isinstance(value, _PLAIN.get(shape.type_name, ())):
        yield f"{where} is {value!r}"


def judged(answers: Answers, directory: Path) -> dict[str, dict[str, Verdict]]:
    """The verdicts by the address of what they are about, and the rule."""
    assert misshapen(answers) == []
    path = directory / "account.aws.json"
    path.write_text(json.dumps(answers))
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for finding in scan(Settings((path,), date(2026, 11, 26)), pack=pack()).findings:
        found[finding.subject.address][finding.rule.id] = finding.verdict
    return dict(found)


def rules(verdicts: Mapping[str, Verdict], verdict: Verdict) -> list[str]:
    """The rules that came to a verdict."""
    return sorted(rule for rule, found in verdicts.items() if found is verdict)


def denied(answers: Answers, service: str, operation: str) -> Answers:
    """The same account where one operation may not be called."""
    refusal = {"error": "AccessDeniedException", "http": 403}
    return {**answers, service: {**answers[service], operation: refusal}}


def settled(found: Mapping[str, Mapping[str, Verdict]]) -> set[tuple[str, str, Verdict]]:
    """What was decided: each rule's verdict on each thing, where it is one."""
    return {
        (address, rule, verdict)
        for address, verdicts in found.items()
        for rule, verdict in verdicts.items()
        if verdict in (Verdict.PASS, Verdict.FAIL)
    }


_OF_EVERYTHING = ("service-eligible", "store-in-backup-plan")


def said(found: Mapping[str, Mapping[str, Verdict]], address: str) -> dict[str, list[str]]:
    """The rules that spoke of something by their verdicts; those left aside that speak of nearly everything."""
    verdicts = {rule: verdict for rule, verdict in found[address].items() if rule not in _OF_EVERYTHING}
    by = {"fail": Verdict.FAIL, "pass": Verdict.PASS, "unknown": Verdict.UNKNOWN}
    return {word: named for word, verdict in by.items() if (named := rules(verdicts, verdict))}


def all_said(found: Mapping[str, Mapping[str, Verdict]], *apart: str) -> dict[str, dict[str, list[str]]]:
    """What was said of everything that has an ARN; of what stands in every account, or beneath `apart`, nothing."""
    left_out = (f"arn:aws:iam::{ACCOUNT}:root", *apart)
    there = [address for address in found if address.startswith("arn:") and not address.startswith(left_out)]
    return {address: words for address in there if (words := said(found, address))}
