"""What stands beside a resource in a template: by reference, by name, in another stack, under a condition."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.graph.resource_graph import ResourceGraph
from phiward.model.value import Unknown
from phiward.pack import load_pack
from tests.loaders.cloudformation.stacks import Stacks

HEAD = """\
Parameters: {Name: {Type: String}}
Conditions: {Perhaps: !Equals [!Ref Name, a], Other: !Equals [!Ref Name, b]}
Resources:
"""
NONE, UNKNOWN = "none", "unknown"
CASES = {
    "none": ("", "", NONE),
    "by reference": ("", "Bucket: !Ref B", "P"),
    "by its name": ("BucketName: docs", "Bucket: docs", "P"),
    "by the name of another": ("BucketName: docs", "Bucket: other", NONE),
    "by a parameter": ("", "Bucket: !Ref Name", UNKNOWN),
    "by a text of a parameter, as it is named": ("BucketName: !Sub 'docs-${Name}'", "Bucket: !Sub 'docs-${Name}'", "P"),
    "of another stack": ("", "Bucket: !ImportValue bucket", NONE),
    "of another stack, in a text": ("", "Bucket: !Sub ['${b}-logs', {b: !ImportValue bucket}]", NONE),
    "by an attribute of another resource": ("", "Bucket: !GetAtt Topic.TopicName", NONE),
    "by what a custom resource answers": ("", "Bucket: !GetAtt Other.Name", UNKNOWN),
}


@pytest.mark.parametrize("bucket, policy, expected", CASES.values(), ids=CASES)
def test_a_policy_belongs_to_the_bucket_that_it_names(tmp_path, bucket, policy, expected):
    text = f"{HEAD}  B: {{Type: AWS::S3::Bucket, Properties: {{{bucket}}}}}\n  Other: {{Type: Custom::Other}}\n"
    text += "  Topic: {Type: AWS::SNS::Topic}\n"
    if policy:
        text += f"  P: {{Type: AWS::S3::BucketPolicy, Properties: {{{policy}, PolicyDocument: {{}}}}}}\n"
    assert policies_of(tmp_path, text) == [expected]


@pytest.mark.parametrize(
    "of_bucket, of_policy, expected",
    [
        ("", "", "P"),
        ("", "Perhaps", UNKNOWN),
        ("Perhaps", "Perhaps", "P"),
        ("Perhaps", "", "P"),
        ("Perhaps", "Other", UNKNOWN),
    ],
)
def test_a_policy_that_may_not_be_there_is_there_with_a_bucket_under_the_same_condition(
    tmp_path, of_bucket, of_policy, expected
):
    bucket, policy = (f", Condition: {name}" if name else "" for name in (of_bucket, of_policy))
    text = (
        f"{HEAD}  B: {{Type: AWS::S3::Bucket{bucket}}}\n"
        f"  P: {{Type: AWS::S3::BucketPolicy{policy}, Properties: {{Bucket: !Ref B, PolicyDocument: {{}}}}}}\n"
    )
    assert policies_of(tmp_path, text) == [expected]


def policies_of(directory: Any, text: str) -> list[str]:
    """The addresses of a bucket's policies; `unknown` where one may be hidden."""
    stacks = Stacks(directory, {"template.yaml": text})
    graph = ResourceGraph(stacks.loaded.resources, load_pack())
    bucket = graph.view("B", stacks.loaded.scopes[0])
    assert bucket is not None
    found = bucket.satellites("policy")
    return [UNKNOWN if isinstance(one, Unknown) else one.resource.address for one in found] or [NONE]
