"""What we make of SAM's resources, beside what the transform itself makes: AWS's own samtranslator.

The transform's output is a plain template, which our loader reads like any other; so both sides are compared as
resources. It draws some ids from digests and writes definitions of APIs, of which we say that they are not worked out:
where ours is undecided, any value of theirs agrees; nothing else is forgiven.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from tests.loaders.cloudformation.stacks import Stacks

from phiward.model.value import Partial, Reference, Unknown, Value

ELSEWHERE = {
    "AWS::ApiGateway::RestApi": ("DisableExecuteApiEndpoint",),
    "AWS::ApiGatewayV2::Api": ("Tags", "CorsConfiguration"),
}
"""What the transform writes into the definition of an API, and we beside it."""
DOMAINS = {"ApiGatewayDomainName": "RestDomainName", "ApiGatewayDomainNameV2": "HttpDomainName"}
"""The transform calls a domain name by its text, and we by its API."""
REGION = "us-east-1"
DIGEST = re.compile(r"[0-9a-f]{10}$")
TEMPLATES = {
    "APIs with domain names": """
      Rest:
        Type: AWS::Serverless::Api
        Properties:
          StageName: prod
          DisableExecuteApiEndpoint: true
          Domain: {DomainName: a.example, CertificateArn: c, BasePath: [orders, results]}
      Http:
        Type: AWS::Serverless::HttpApi
        Properties:
          Domain: {DomainName: b.example, CertificateArn: c}
    """,
    "a function": """
      F:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: s3://b/k, Handler: a.b, Runtime: python3.12}
    """,
    "a function with everything": """
      F:
        Type: AWS::Serverless::Function
        DeletionPolicy: Retain
        Properties:
          FunctionName: f
          InlineCode: "exports"
          Handler: a.b
          Runtime: nodejs20.x
          MemorySize: 128
          Timeout: 3
          Tracing: Active
          KmsKeyArn: !GetAtt Key.Arn
          VpcConfig: {SecurityGroupIds: [sg-1], SubnetIds: [subnet-1]}
          Environment: {Variables: {A: b}}
          Tags: {a: b, c: d}
          DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}
          LoggingConfig: {LogGroup: !Ref Group}
          ReservedConcurrentExecutions: 3
          EphemeralStorage: {Size: 1024}
          PermissionsBoundary: arn:aws:iam::123456789012:policy/bound
          Policies:
            - AWSLambdaExecute
            - arn:aws:iam::123456789012:policy/mine
            - Version: "2012-10-17"
              Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]
      Key: {Type: AWS::KMS::Key}
      Queue: {Type: AWS::SQS::Queue}
      Group: {Type: AWS::Logs::LogGroup}
    """,
    "a role that is given": """
      F:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: {Bucket: b, Key: k, Version: v}, Handler: a.b, Runtime: python3.12, Role: !GetAtt R.Arn}
      R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
    """,
    "one policy": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Policies: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}
    """,
    "a policy of SAM's": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Policies: [{S3ReadPolicy: {BucketName: b}}, {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}]
    """,
    "a URL for everybody": """
      F:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: s3://b/k, Handler: a.b, Runtime: python3.12, FunctionUrlConfig: {AuthType: NONE}}
    """,
    "a URL for whoever signs": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: BUFFERED, Cors: {AllowOrigins: ["*"]}}
    """,
    "an alias": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          AutoPublishAlias: live
          Events: {Every: {Type: Schedule, Properties: {Schedule: rate(1 day), Enabled: false}}}
    """,
    "an implicit API": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events:
            Get: {Type: Api, Properties: {Path: "/records/{id}", Method: get}}
            All: {Type: Api, Properties: {Path: /, Method: any}}
    """,
    "an implicit HTTP API": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events:
            Get: {Type: HttpApi, Properties: {Path: "/records/{id}", Method: get}}
            Put: {Type: HttpApi, Properties: {Path: /records, Method: any}}
    """,
    "a route for everything": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events: {Rest: {Type: HttpApi}}
    """,
    "an API": """
      Api:
        Type: AWS::Serverless::Api
        Properties:
          StageName: prod
          Name: records
          EndpointConfiguration: {Type: PRIVATE, VPCEndpointIds: [vpce-1]}
          TracingEnabled: true
          CacheClusterEnabled: true
          CacheClusterSize: "0.5"
          MethodSettings: [{HttpMethod: "*", ResourcePath: "/*", LoggingLevel: INFO}]
          AccessLogSetting: {DestinationArn: !GetAtt Group.Arn, Format: x}
          Variables: {a: b}
          Tags: {a: b}
      Group: {Type: AWS::Logs::LogGroup}
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events: {Get: {Type: Api, Properties: {Path: /x/, Method: POST, RestApiId: !Ref Api}}}
    """,
    "an API with its definition": """
      Api:
        Type: AWS::Serverless::Api
        Properties: {StageName: v1, EndpointConfiguration: REGIONAL, DefinitionBody: {openapi: 3.0.1, paths: {}}}
    """,
    "an HTTP API": """
      Api:
        Type: AWS::Serverless::HttpApi
        Properties:
          StageName: prod
          AccessLogSettings: {DestinationArn: arn:aws:logs:us-east-1:1:log-group:a, Format: x}
          DefaultRouteSettings: {ThrottlingBurstLimit: 5}
          Tags: {a: b}
          DefinitionBody: {openapi: 3.0.1, info: {title: a}, paths: {}}
    """,
    "tables": """
      T: {Type: AWS::Serverless::SimpleTable}
      U:
        Type: AWS::Serverless::SimpleTable
        UpdateReplacePolicy: Retain
        Properties:
          TableName: u
          PrimaryKey: {Name: patient, Type: Number}
          ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
          SSESpecification: {SSEEnabled: true}
          PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
          Tags: {a: b}
    """,
    "a state machine": """
      S:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: s3://b/k
          Logging: {Level: ALL, IncludeExecutionData: false}
          Tracing: {Enabled: true}
          Type: EXPRESS
          Name: s
          Tags: {a: b}
          Policies: [{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}]
    """,
    "a layer": """
      L:
        Type: AWS::Serverless::LayerVersion
        Properties: {ContentUri: s3://b/k, CompatibleRuntimes: [python3.12], RetentionPolicy: Delete}
    """,
    "events that are read": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events:
            Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 5}}
            K: {Type: Kinesis, Properties: {Stream: !GetAtt Stream.Arn, StartingPosition: LATEST}}
            D: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST}}
      Queue: {Type: AWS::SQS::Queue}
      Stream: {Type: AWS::Kinesis::Stream}
      Table: {Type: AWS::DynamoDB::Table}
    """,
    "events that come": """
      F:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events:
            T: {Type: SNS, Properties: {Topic: !Ref Topic, FilterPolicy: {a: [b]}}}
            E: {Type: EventBridgeRule, Properties: {Pattern: {source: [a]}, EventBusName: bus}}
            Q: {Type: SNS, Properties: {Topic: !Ref Topic, SqsSubscription: true}}
      Topic: {Type: AWS::SNS::Topic}
    """,
    "a condition": """
      F:
        Type: AWS::Serverless::Function
        Condition: Wanted
        Properties:
          CodeUri: s3://b/k
          Handler: a.b
          Runtime: python3.12
          Events: {Get: {Type: Api, Properties: {Path: /x, Method: get}}}
    """,
}
GLOBALS = """
Globals:
  Function:
    Runtime: python3.12
    Timeout: 5
    Environment: {Variables: {A: common, B: common}}
    VpcConfig: {SecurityGroupIds: [sg-1], SubnetIds: [subnet-1]}
    Layers: [arn:aws:lambda:us-east-1:1:layer:a:1]
    Tags: {team: records}
  Api:
    TracingEnabled: true
    AccessLogSetting: {DestinationArn: arn:aws:logs:us-east-1:1:log-group:a, Format: x}
  SimpleTable: {SSESpecification: {SSEEnabled: true}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://b/k
      Handler: a.b
      Timeout: 9
      Environment: {Variables: {B: own}}
      VpcConfig: {SecurityGroupIds: [sg-2]}
      Layers: [arn:aws:lambda:us-east-1:1:layer:b:1]
      Events: {Get: {Type: Api, Properties: {Path: /x, Method: get}}}
  T: {Type: AWS::Serverless::SimpleTable}
"""


def text_of(resources: str) -> str:
    if resources.startswith("\nGlobals"):
        return f"Transform: AWS::Serverless-2016-10-31\n{resources}"
    return (
        "Transform: AWS::Serverless-2016-10-31\nParameters: {Given: {Type: String, Default: a}}\n"
        f"Conditions: {{Wanted: !Equals [!Ref Given, a]}}\nResources:\n{resources}"
    )


class _Long(yaml.SafeLoader):
    """YAML with the short forms written out, which is what the transform takes."""


def _constructed(loader: _Long, suffix: str, node: Any) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Long.add_multi_constructor("!", _constructed)


def transformed(text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    template = yaml.load(text, Loader=_Long)
    parameters = {name: body.get("Default") for name, body in template.get("Parameters", {}).items()}
    return Translator({}, Parser()).translate(copy.deepcopy(template), parameters)


def steady(address: str) -> str:
    """An id without the digest that the transform puts behind it."""
    plain = DIGEST.sub("", address)
    return DOMAINS.get(plain, plain)


def agree(ours: Value, theirs: Value) -> bool:
    """Whether two values are the same, as far as ours is decided."""
    if isinstance(ours, (Unknown, Partial)):
        return True
    if isinstance(ours, Reference) and isinstance(theirs, Reference):
        return steady(ours.address) == steady(theirs.address) and ours.path == theirs.path
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(agree(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agree, in_order(ours), in_order(theirs)))
    return type(ours) is type(theirs) and bool(ours == theirs)


def in_order(items: list[Value]) -> list[Value]:
    """Tags and names in order; other lists as they are."""
    if all(isinstance(item, str) for item in items):
        return sorted(items)
    tags = all(isinstance(item, dict) and item.keys() == {"Key", "Value"} for item in items)
    return sorted(items, key=lambda item: str(item["Key"])) if tags else items


@pytest.mark.parametrize("name", [*TEMPLATES, "globals"])
def test_we_make_what_the_transform_makes(name, tmp_path, monkeypatch):
    text = text_of({**TEMPLATES, "globals": GLOBALS}[name])
    given = {"AWS::Region": REGION, "AWS::Partition": "aws"}
    ours = Stacks(tmp_path / "ours", {"template.yaml": text}, template_parameters=given)
    plain = json.dumps(transformed(text, monkeypatch))
    theirs = Stacks(tmp_path / "theirs", {"template.json": plain}, template_parameters=given)
    assert not ours.problems
    found = {steady(address): resource for address, resource in ours.resources.items()}
    expected = {steady(address): resource for address, resource in theirs.resources.items()}
    assert {a: r.native_type for a, r in found.items()} == {a: r.native_type for a, r in expected.items()}
    for address, resource in expected.items():
        one, other = dict(found[address].attributes), dict(resource.attributes)
        if resource.native_type in ("AWS::ApiGateway::Deployment", "AWS::Lambda::Version"):
            continue  # what they are of is in both; their descriptions are digests
        for beside in ELSEWHERE.get(resource.native_type, ()):
            one.pop(beside, None)
        assert agree(one, other), f"{address}\n{one}\n{other}"
