"""Every type that the catalog reads in CloudFormation, with values that nobody expects: judged, and never a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import TODAY

from phiward.model.finding import Verdict
from phiward.pack import load_pack
from phiward.pipeline import scan
from phiward.settings import Settings

ROWS = [row for row in load_pack().rows() if row.dialect == "cloudformation"]
SATELLITES = sorted({native for row in ROWS for _, native, _ in row.satellites})
OPEN = {"Ref": "Open"}
ODD: dict[str, Any] = {
    "nothing": None,
    "a text": "text",
    "an empty text": "",
    "a number": -1,
    "a truth": True,
    "an empty list": [],
    "a list": ["text", 1, None, OPEN, {"Key": "a"}],
    "a list of lists": [[["text"]]],
    "an empty mapping": {},
    "a mapping": {"Key": "a", "Value": OPEN, "Statement": "text", "Status": 1},
    "a list of mappings": [{"Key": 1}, {"Statement": [{"Effect": "Allow", "Principal": "*"}]}, OPEN],
    "unknown": OPEN,
    "in part": {"Fn::Sub": "a-${Open}"},
    "another resource": {"Ref": "Other"},
    "what another one has": {"Fn::GetAtt": "Other.Arn"},
    "an unknown choice": {"Fn::If": ["Perhaps", "a", {"Ref": "AWS::NoValue"}]},
    "a list that may be shorter": [{"Fn::If": ["Perhaps", {"Key": "a"}, {"Ref": "AWS::NoValue"}]}],
    "a wrong function": {"Fn::Nothing": []},
}


def names(paths: Any) -> Iterator[str]:
    """The names of attributes in compiled paths, words and fixes, whatever else stands beside them."""
    if isinstance(paths, str):
        if paths[:1].isupper() and "::" not in paths:
            yield paths
    elif isinstance(paths, dict):
        for key, value in paths.items():
            yield from names(key)
            yield from names(value)
    elif isinstance(paths, (list, tuple)):
        for part in paths:
            yield from names(part)


def template(value: Any, **more: Any) -> dict[str, Any]:
    """One resource of every type, each of whose attributes has one value."""
    resources: dict[str, Any] = {"Other": {"Type": "AWS::KMS::Key"}}
    read = sorted(
        {
            name
            for row in ROWS
            for name in names([row.properties, row.name, [by for *_, by in row.satellites], row.words])
        }
    )
    for native in sorted({native for row in ROWS for native in row.native_types} | set(SATELLITES)):
        properties = {} if value is None else dict.fromkeys([*read, "Tags"], value)
        resources[native.replace("::", "")] = {"Type": native, "Properties": properties}
    parameters = {"Open": {"Type": "String"}}
    return {
        "Parameters": parameters,
        "Conditions": {"Perhaps": {"Fn::Equals": [OPEN, "a"]}},
        "Resources": resources,
        **more,
    }


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values_are_judged(value, tmp_path):
    findings = judged(tmp_path, template(value))
    assert {finding.subject.address for finding in findings} >= {"Other", "AWSRDSDBInstance", "AWSS3Bucket"}


def test_nothing_passes_or_fails_under_a_macro_for_what_is_not_written(tmp_path):
    findings = judged(tmp_path, template(None, Transform="Mine"))
    decided = [f for f in findings if f.verdict is Verdict.FAIL and any(e.observed is None for e in f.evidence)]
    assert not decided, [(f.rule.id, f.subject.address) for f in decided]


def judged(directory: Path, document: dict[str, Any]) -> list[Any]:
    (directory / "template.json").write_text(json.dumps(document))
    return list(scan(Settings(paths=(directory,), today=TODAY)).findings)
