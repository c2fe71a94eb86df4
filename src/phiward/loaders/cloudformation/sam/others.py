"""SAM's tables, layers, state machines and applications.

Source: SAM developer guide, "AWS::Serverless::SimpleTable", "AWS::Serverless::LayerVersion",
"AWS::Serverless::StateMachine", "AWS::Serverless::Application".
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.loaders.cloudformation.sam.made import Made, Serverless, attribute, is_function, tags
from phiward.loaders.cloudformation.sam.roles import managed, role, trust
from phiward.model.value import Unknown

_TYPES = {"String": "S", "Number": "N", "Binary": "B"}


def simple_table(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """A table with one key."""
    key = sam.get("PrimaryKey")
    name, kind = ("id", "String") if not isinstance(key, dict) else (key.get("Name"), key.get("Type"))
    throughput = sam.get("ProvisionedThroughput")
    properties = {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": _TYPES.get(str(kind), kind)}],
        "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
        "BillingMode": None if throughput else "PAY_PER_REQUEST",
        "Tags": tags(sam.get("Tags")),
        **sam.taken(("PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName")),
    }
    yield sam.name, sam.made("AWS::DynamoDB::Table", properties, sam.places)


def layer(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """A layer; SAM keeps old versions unless it is told otherwise."""
    properties = {
        **sam.taken(("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")),
        "LayerName": sam.get("LayerName") or sam.name,
        "Content": Unknown("where its content is uploaded to is decided when it is packaged"),
    }
    made = sam.made("AWS::Lambda::LayerVersion", properties, sam.places)
    kept = sam.get("RetentionPolicy")
    made["DeletionPolicy"] = kept if kept is not None else made.get("DeletionPolicy", "Retain")
    yield sam.name, made


def state_machine(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """A state machine, and its role where none is given."""
    given, tracing = sam.get("Role"), sam.get("Tracing")
    properties = {
        "DefinitionSubstitutions": sam.get("DefinitionSubstitutions"),
        "LoggingConfiguration": sam.get("Logging"),
        "RoleArn": attribute(f"{sam.name}Role", "Arn") if given is None else given,
        "StateMachineName": sam.get("Name"),
        "StateMachineType": sam.get("Type"),
        "Tags": tags(sam.get("Tags"), by="stateMachine:createdBy"),
        "TracingConfiguration": tracing,
    }
    if isinstance(sam.get("Definition"), dict):
        properties["DefinitionString"] = {"Fn::ToJsonString": sam.get("Definition")}
    else:
        properties["DefinitionS3Location"] = Unknown("where its definition is uploaded to is decided by packaging")
    places = {
        **sam.places,
        **{
            of: sam.places[name]
            for name, of in (
                ("Logging", "LoggingConfiguration"),
                ("Tracing", "TracingConfiguration"),
                ("Role", "RoleArn"),
            )
            if name in sam.places
        },
    }
    yield sam.name, sam.made("AWS::StepFunctions::StateMachine", properties, places)
    if given is None:
        traced = isinstance(tracing, dict) and (is_function(tracing) or tracing.get("Enabled") is True)
        arns = [managed("AWSXrayWriteOnlyAccess")] if traced else []
        yield f"{sam.name}Role", role(sam, trust("states.amazonaws.com"), arns, [], by="stateMachine:createdBy")


def application(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """A stack of another template."""
    properties = {
        **sam.taken(("NotificationARNs", "Parameters", "TimeoutInMinutes")),
        "Tags": tags(sam.get("Tags"), by="lambda:createdBy"),
    }
    properties["TemplateURL"] = sam.get("Location")
    yield sam.name, sam.made("AWS::CloudFormation::Stack", properties, sam.places)
