"""Templates that no one would write: whatever stands where, they are read to their end, and what is wrong is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stacks import Stacks

from phiward.loaders.cloudformation.intrinsics import FUNCTIONS
from phiward.model.value import references_in

KEYS = st.sampled_from(
    [
        *FUNCTIONS, "Condition", "Fn::ForEach::A", "Fn::ForEach::B", "Fn::Nothing", "Type", "Properties", "Default", "Name",
        "A", "B", "C${X}", "Value", "Parameters", "Location", "Policies", "Statement", "Events", "Role", "Auth", "Outputs",
        "Tags", "StageName", "Domain", "TemplateURL", "Connectors", "AutoPublishAlias", "FunctionUrlConfig", "DeadLetterQueue",
        "EventInvokeConfig", "DestinationConfig", "DefinitionBody", "EndpointConfiguration", "Tracing", "PrimaryKey",
    ]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            "", "A", "B", "A.Arn", "B.Outputs.X", "X", "${A} ${B.C} ${!D} ${X}", "{{resolve:ssm:a}}", "{{resolve:secretsmanager:${A}}}",
            "AWS::NoValue", "AWS::Region", "AWS::Include", "part.yaml", "template.json", "10.0.0.0/16", "a,b", "true", "Api", "SQS",
            "AWS::CloudFormation::Stack", "AWS::Serverless::Function", "AWS::Serverless::Api", "AWS::S3::Bucket", "NONE", "String",
            "AWS::Serverless::HttpApi", "AWS::Serverless::StateMachine", "AWS::Serverless::SimpleTable", "CommaDelimitedList", "*",
        ]
    ),
)  # fmt: skip
NODES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)
SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Globals", "Transform")
TYPES = st.sampled_from(
    [
        "AWS::S3::Bucket", "AWS::CloudFormation::Stack", "Custom::A", "My::Own::Thing::MODULE",
        *(f"AWS::Serverless::{kind}" for kind in ("Api", "Application", "Function", "HttpApi", "LayerVersion", "SimpleTable", "StateMachine", "GraphQLApi")),
    ]
)  # fmt: skip
RESOURCES = st.dictionaries(
    KEYS,
    st.one_of(NODES, st.builds(lambda type_, node, more: {"Type": type_, "Properties": node, **more}, TYPES, NODES, st.dictionaries(KEYS, NODES, max_size=1))),
    min_size=1,
    max_size=4,
)  # fmt: skip
TEMPLATES = st.builds(
    lambda resources, more: {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, **more},
    RESOURCES,
    st.dictionaries(st.sampled_from(SECTIONS), st.dictionaries(KEYS, NODES, max_size=3) | NODES, max_size=3),
)


def read(directory: Any, template: dict[str, Any]) -> None:
    stacks = Stacks(directory, {"template.json": json.dumps(template), "part.yaml": "A: !Ref B\n"})
    for resource in stacks.loaded.resources:
        assert isinstance(references_in(dict(resource.attributes)), set)
        for path in ((), ("A",), ("Tags", 0), ("Policies", 0, "PolicyDocument")):
            assert resource.origin.locate(path).span.line >= 1
        assert resource.origin.header().span.line >= 1
        assert resource.origin.lines()
    assert all(problem.line >= 1 for problem in stacks.problems)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEMPLATES)
def test_every_template_is_read_to_its_end(tmp_path_factory, template):
    read(tmp_path_factory.mktemp("t"), template)


@pytest.mark.heavy
@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEMPLATES)
def test_many_templates_are_read_to_their_end(tmp_path_factory, template):
    read(tmp_path_factory.mktemp("t"), template)
