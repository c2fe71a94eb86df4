"""`AWS::Serverless::Function` -> a function, its role, its URL, its alias.

Source: SAM developer guide, "AWS::Serverless::Function" and "CloudFormation resources generated when
AWS::Serverless::Function is specified".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from phiward.loaders.cloudformation.sam.events import Events
from phiward.loaders.cloudformation.sam.made import (
    Made,
    Node,
    Result,
    Serverless,
    attribute,
    is_function,
    reference,
    suffix,
    tags,
)
from phiward.loaders.cloudformation.sam.roles import managed, role, trust
from phiward.model.value import Unknown

_AS_IT_IS = (
    "Architectures", "CodeSigningConfigArn", "Description", "DurableConfig", "Environment", "EphemeralStorage",
    "FileSystemConfigs", "FunctionName", "FunctionScalingConfig", "Handler", "ImageConfig", "KmsKeyArn", "Layers",
    "LoggingConfig", "MemorySize", "PackageType", "PublishToLatestPublished", "RecursiveLoop",
    "ReservedConcurrentExecutions", "Runtime", "RuntimeManagementConfig", "SnapStart", "TenancyConfig", "Timeout",
    "VpcConfig",
)  # fmt: skip
_UNWORKED = {
    "CapacityProviderConfig": "where its capacity comes from",
    "DeploymentPreference": "how CodeDeploy shifts its traffic",
}
_DESTINATIONS = {"SQS": "AWS::SQS::Queue", "SNS": "AWS::SNS::Topic"}
_CREATED_BY = "lambda:createdBy"
_s3 = re.compile(r"s3://([^/]+)/(.+?)(?:\?versionId=(.+))?")


def function(sam: Serverless, events: Events) -> Result:
    """Everything that is made of one function."""
    made: dict[str, Mapping[str, Any]] = {}
    holes = [
        Unknown(f"{what} of the function {sam.name} is not worked out")
        for key, what in _UNWORKED.items()
        if sam.get(key)
    ]
    given = sam.get("Role")
    role_name = f"{sam.name}Role"
    made[sam.name] = sam.made(
        "AWS::Lambda::Function",
        {
            **sam.taken(_AS_IT_IS),
            "Code": _code(sam),
            "Role": attribute(role_name, "Arn") if given is None else given,
            "Tags": tags(sam.get("Tags"), by=_CREATED_BY),
            "TracingConfig": {"Mode": sam.get("Tracing")} if _is_traced(sam) else None,
            "DeadLetterConfig": _dead_letters(sam.get("DeadLetterQueue")),
        },
        {
            **sam.places,
            "TracingConfig": sam.places.get("Tracing", ()),
            "DeadLetterConfig": sam.places.get("DeadLetterQueue", ()),
        },
    )
    target: Node = reference(sam.name)
    alias = sam.get("AutoPublishAlias")
    if alias is not None:
        name = f"{sam.name}Alias{suffix(alias)}"
        made |= _published(sam, name, alias)
        target = reference(name)
    made |= dict(_url(sam, target))
    of_events = events.of(sam, target)
    made |= of_events.resources
    holes += of_events.holes
    made |= dict(_destinations(sam))
    if given is None:
        made[role_name] = _role(sam)
    names = {} if alias is None else {"Alias": f"{sam.name}Alias{suffix(alias)}", "Version": f"{sam.name}Version"}
    return Result(made, holes, {f"{sam.name}.{key}": id_ for key, id_ in names.items()})


def _destinations(sam: Serverless) -> Iterator[tuple[str, Made]]:
    """The queues and topics that are made for what a function gives back."""
    config = sam.get("EventInvokeConfig")
    ends = config.get("DestinationConfig") if isinstance(config, dict) else None
    for name, end in ends.items() if isinstance(ends, dict) else ():
        type_ = _DESTINATIONS.get(str(end.get("Type"))) if isinstance(end, dict) else None
        if type_ is not None and "Destination" not in end:
            kind = type_.rpartition(":")[2]
            yield f"{sam.name}EventInvokeConfig{name}{kind}", sam.made(type_, {})


def _code(sam: Serverless) -> Node:
    for name, found in (("InlineCode", "ZipFile"), ("ImageUri", "ImageUri")):
        if sam.get(name) is not None:
            return {found: sam.get(name)}
    uri = sam.get("CodeUri")
    if isinstance(uri, dict) and not is_function(uri):
        names = {"Bucket": "S3Bucket", "Key": "S3Key", "Version": "S3ObjectVersion"}
        return {names[key]: value for key, value in uri.items() if key in names}
    stored = _s3.fullmatch(uri) if isinstance(uri, str) else None
    if stored is None:
        return Unknown("where its code is uploaded to is decided when it is packaged")
    bucket, key, version = stored.groups()
    return {"S3Bucket": bucket, "S3Key": key, **({"S3ObjectVersion": version} if version else {})}


def _is_traced(sam: Serverless) -> bool:
    return sam.get("Tracing") not in (None, "Disabled")


def _dead_letters(queue: Node) -> Node:
    if queue is None or (isinstance(queue, dict) and "TargetArn" in queue):
        return queue and {"TargetArn": queue["TargetArn"]}
    return Unknown("where what it could not handle goes to is not known")


def _published(sam: Serverless, name: str, alias: Node) -> dict[str, Made]:
    version = f"{sam.name}Version"
    of = sam.made("AWS::Lambda::Version", {"FunctionName": reference(sam.name)})
    of.setdefault("DeletionPolicy", "Retain")
    properties = {
        "FunctionName": reference(sam.name),
        "FunctionVersion": attribute(version, "Version"),
        "Name": alias,
        "ProvisionedConcurrencyConfig": sam.get("ProvisionedConcurrencyConfig"),
    }
    return {version: of, name: sam.made("AWS::Lambda::Alias", properties)}


def _url(sam: Serverless, target: Node) -> Iterator[tuple[str, Made]]:
    """A URL, and whom it lets in where it asks for nobody's signature."""
    config = sam.get("FunctionUrlConfig")
    if not isinstance(config, dict):
        return
    places = {"AuthType": (*sam.places["FunctionUrlConfig"], "AuthType")}
    if is_function(config):
        config = {"AuthType": Unknown("whether its URL asks for a signature is not known")}
    kind = config.get("AuthType")
    common = {"AuthType": kind, "TargetFunctionArn": target, "Cors": config.get("Cors")}
    yield f"{sam.name}Url", sam.made("AWS::Lambda::Url", {**common, "InvokeMode": config.get("InvokeMode")}, places)
    if kind == "AWS_IAM":
        return
    open_to_all: Mapping[str, Any] = {"Principal": "*", "FunctionName": target}
    places["Principal"] = places["AuthType"]
    by_url = {**open_to_all, "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": kind}
    yield f"{sam.name}UrlPublicPermissions", sam.made("AWS::Lambda::Permission", by_url, places)
    invoked = {**open_to_all, "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}
    yield f"{sam.name}URLInvokeAllowPublicAccess", sam.made("AWS::Lambda::Permission", invoked, places)


def _role(sam: Serverless) -> Made:
    durable = "AWSLambdaBasicDurableExecutionRolePolicy" if sam.get("DurableConfig") else "AWSLambdaBasicExecutionRole"
    arns = [managed(f"service-role/{durable}")]
    if _is_traced(sam):
        arns.append(managed("AWSXrayWriteOnlyAccess"))
    if sam.get("VpcConfig"):
        arns.append(managed("service-role/AWSLambdaVPCAccessExecutionRole"))
    documents: list[Node] = []
    queue = sam.get("DeadLetterQueue")
    if queue is not None:
        documents.append({"PolicyName": "DeadLetterQueuePolicy", "PolicyDocument": _sends(queue)})
    arns += Events.policies_of(sam)
    documents += Events.documents_of(sam)
    if isinstance(sam.get("EventInvokeConfig"), dict):
        why = Unknown("what its role may do with the results of the function is not worked out")
        documents.append({"PolicyName": f"{sam.name}EventInvokeConfig", "PolicyDocument": why})
    trusted = sam.get("AssumeRolePolicyDocument")
    return role(sam, trust("lambda.amazonaws.com") if trusted is None else trusted, arns, documents, by=_CREATED_BY)


def _sends(queue: Node) -> Node:
    action = (
        {"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}.get(str(queue.get("Type")))
        if isinstance(queue, dict)
        else None
    )
    if action is None:
        return Unknown("where what it could not handle goes to is not known")
    statement = {"Action": action, "Resource": queue.get("TargetArn"), "Effect": "Allow"}
    return {"Version": "2012-10-17", "Statement": [statement]}
