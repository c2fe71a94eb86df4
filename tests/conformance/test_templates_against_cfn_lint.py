"""Templates beside AWS's own linter: the same values, at the same places, and the same from its loops.

cfn-lint reads templates for itself, with the short forms written out and a mark on every key; its transform of
`AWS::LanguageExtensions` unrolls loops. Every template that the pack shows is read by both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from cfnlint.decode import decode_str
from cfnlint.template import Template as TheirTemplate
from cfnlint.template.transforms._language_extensions import language_extension
from tests.loaders.cloudformation.stacks import Stacks
from tests.test_rules import FILE, RULES, files_of

from phiward.loaders.cloudformation.syntax import language_of
from phiward.loaders.located_yaml import Document, documents

SHOWN = {
    f"{id_}: {example['title']}": text
    for id_, rule in RULES.items()
    for example in rule["examples"]
    for name, text in files_of(example).items()
    if name.endswith(FILE["cloudformation"])
}
ODD = {
    "numbers": "Resources:\n  A: {a: 0x1F, b: 1_000, c: 012, d: 1.5, e: 089, f: -3, g: .5, h: 012345678901, i: 12e4, j: 1234e56, k: 0X1F, l: 0o17, m: 0b11, n: 1.5e+3, o: 0_7, p: 1_2.5, q: 0, r: -0}\n",
    "words": "Resources:\n  A: {a: yes, b: No, c: y, d: n, e: on, f: ~, g: null, h: 'true', i: TRUE}\n",
    "texts": "Resources:\n  A:\n    a: 2012-10-17\n    b: 10.0.0.0/16\n    c: a:b\n    d: |\n      one\n      two\n    e: >-\n      one\n      two\n",
    "short forms": (
        "Resources:\n  A:\n    a: !Ref B\n    b: !GetAtt B.C\n    c: !Sub '${A}'\n    d: !Join ['', [a, !Ref B]]\n    e: !If [C, a, b]\n"
        "    f: !Base64 x\n    g: !Select [0, !GetAZs '']\n    h: !FindInMap [a, b, c]\n    i: !ImportValue x\n    j: !Split [a, b]\n"
        "    k: !Not [!Condition X]\n    l: !Sub\n      - ${a}\n      - a: !Ref B\n"
    ),
    "json": '{"Resources": {"A": {"a": [1, 2.5, true, null, "x\\u00e9"], "b": {"Ref": "B"}}}}',
}  # fmt: skip


def ours(text: str) -> Document:
    [document] = documents(text, language_of(text))
    assert isinstance(document, Document)
    return document


def long(value: Any) -> Any:
    """A value of theirs as plain Python, with attributes by their dotted names."""
    if isinstance(value, dict):
        if (
            set(value) == {"Fn::GetAtt"}
            and isinstance(value["Fn::GetAtt"], list)
            and all(isinstance(v, str) for v in value["Fn::GetAtt"])
        ):
            return {"Fn::GetAtt": ".".join(value["Fn::GetAtt"])}
        return {str(key): long(item) for key, item in value.items()}
    if isinstance(value, list):
        return [long(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()  # theirs is a date until it becomes JSON
    return str(value) if isinstance(value, str) else value


def keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every key of theirs that bears a mark, with the path to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            mark = getattr(key, "start_mark", None)
            if mark is not None and not str(key).startswith("Fn::") and key != "Ref":
                yield (*path, str(key)), mark
            yield from keys(item, (*path, str(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from keys(item, (*path, number))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**ODD, **SHOWN}.items()])
def test_both_read_the_same_at_the_same_places(text):
    theirs, problems = decode_str(text)
    assert not problems
    document = ours(text)
    assert same(long(document.value), long(theirs)), (document.value, theirs)
    for path, mark in keys(theirs):
        span = document.spans.find(document.value, path)
        assert span is not None
        assert (span.line, span.column) == (mark.line + 1, mark.column + 1), path


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return [*one] == [*other] and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


LOOPS = {
    "resources": """
      Fn::ForEach::Buckets:
        - Name
        - [one, two]
        - "Bucket${Name}": {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "b-${Name}", Tags: [{Key: a, Value: !Ref Name}]}}
    """,
    "letters and digits": """
      Fn::ForEach::Blocks:
        - Block
        - ["10.0.0.0/16", "10.1.0.0/16"]
        - "Net&{Block}": {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Block}}
    """,
    "loops in loops": """
      Fn::ForEach::Tenants:
        - Tenant
        - !Ref Tenants
        - Fn::ForEach::Stages:
            - Stage
            - [dev, prod]
            - "B${Tenant}${Stage}": {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${Tenant}-${Stage}"}}
    """,
    "properties": """
      B:
        Type: AWS::S3::Bucket
        Properties:
          Fn::ForEach::Settings:
            - Setting
            - [A, B]
            - "Is${Setting}": !Sub "x-${Setting}"
              "Has${Setting}": {Ref: Setting}
    """,
    "attributes": """
      Fn::ForEach::Keys:
        - Name
        - [A, B]
        - "Key${Name}": {Type: AWS::KMS::Key}
          "Alias${Name}":
            Type: AWS::KMS::Alias
            Properties: {AliasName: !Sub "alias/${Name}", TargetKeyId: !GetAtt [!Sub "Key${Name}", Arn]}
    """,
}  # fmt: skip


@pytest.mark.parametrize("resources", LOOPS.values(), ids=LOOPS)
def test_both_unroll_loops_into_the_same(resources, tmp_path):
    head = "Transform: AWS::LanguageExtensions\nParameters: {Tenants: {Type: CommaDelimitedList, Default: 'mercy,stjude'}}\n"
    text = f"{head}Resources:\n{resources}"
    template, problems = decode_str(text)
    assert not problems
    problems, unrolled = language_extension(TheirTemplate("template.yaml", template, ["us-east-1"]))
    assert not problems
    stacks = Stacks(tmp_path / "ours", {"template.yaml": text})
    theirs = Stacks(tmp_path / "theirs", {"template.yaml": json.dumps(long(unrolled))})
    assert not [*stacks.problems, *theirs.problems]
    found, expected = (
        {a: (r.native_type, dict(r.attributes)) for a, r in s.resources.items()} for s in (stacks, theirs)
    )
    assert found == expected
