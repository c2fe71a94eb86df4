"""The events that invoke a function, and what SAM makes of them.

Source: SAM developer guide, "EventSource" and "CloudFormation resources generated when AWS::Serverless::Function is
specified", event sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phiward.loaders.cloudformation.sam.made import Made, Node, Result, Serverless, attribute, is_function, suffix
from phiward.loaders.cloudformation.sam.roles import managed
from phiward.model.value import Unknown

REST, HTTP = "ServerlessRestApi", "ServerlessHttpApi"
_PULLED = {
    "SQS": "service-role/AWSLambdaSQSQueueExecutionRole",
    "Kinesis": "service-role/AWSLambdaKinesisExecutionRole",
    "DynamoDB": "service-role/AWSLambdaDynamoDBExecutionRole",
    "MSK": "service-role/AWSLambdaMSKExecutionRole",
    "MQ": "",
    "SelfManagedKafka": "",
    "DocumentDB": "",
}
"""Sources that Lambda reads from, and what its role needs for that; where it is not named it is a policy of its own."""
_MAPPED = (
    "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "Enabled", "FilterCriteria",
    "FunctionResponseTypes",
    "KmsKeyArn", "MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "MetricsConfig",
    "ParallelizationFactor", "ProvisionedPollerConfig", "Queues", "ScalingConfig", "SourceAccessConfigurations",
    "StartingPosition", "StartingPositionTimestamp", "Topics", "TumblingWindowInSeconds",
)  # fmt: skip
_ARN = {"SQS": "Queue", "MQ": "Broker", "DocumentDB": "Cluster"}
_path_variable = re.compile(r"\{[^{}]*\}")
_Parts = Iterator[tuple[str, Made]]


class Events:
    """The events of a template's functions; what is found out about its implicit APIs on the way.

    `apis` are the functions that one is made for: by its logical id, their conditions.
    """

    def __init__(self, stages: Mapping[str, Node]) -> None:
        self._stages = stages
        self.apis: dict[str, list[Node]] = {}

    def of(self, sam: Serverless, target: Node) -> Result:
        """What is made of the events of one function."""
        made: dict[str, Made] = {}
        holes: list[Unknown] = []
        for name, type_, properties in _events(sam):
            make = _MAKERS.get(type_) or (_mapping if type_ in _PULLED else None)
            if make is None:
                why = Unknown(f"what SAM makes of the event {name} ({type_}) of {sam.name} is not worked out")
                holes.append(why)
                continue
            places = (*sam.places["Events"], name)
            for id_, resource in make(self, sam, f"{sam.name}{name}", properties, target):
                resource.places = dict.fromkeys(resource["Properties"], places)
                made[id_] = resource
        return Result(made, holes, {})

    @staticmethod
    def policies_of(sam: Serverless) -> list[Node]:
        """The policies that a function's role needs for what it reads from."""
        kinds = ["SQS" if "SqsSubscription" in properties else type_ for _, type_, properties in _events(sam)]
        arns = [managed(_PULLED[kind]) for kind in kinds if _PULLED.get(kind)]
        return [arn for number, arn in enumerate(arns) if arn not in arns[:number]]

    @staticmethod
    def documents_of(sam: Serverless) -> list[Node]:
        """Policies of that role that are not worked out."""
        return [
            {
                "PolicyName": f"{sam.name}{name}",
                "PolicyDocument": Unknown(f"what {type_} asks of its role is not known"),
            }
            for name, type_, properties in _events(sam)
            if _PULLED.get(type_) == "" or _names_a_kind_of_destination(properties)
        ]

    def stage(self, api: Node) -> str:
        """The suffix of what belongs to a stage of an API."""
        name = api.get("Ref") if isinstance(api, dict) else api
        if not isinstance(name, str) or name not in self._stages:
            return "Stage"
        return suffix(self._stages[name]) or "Stage"

    def implicit(self, name: str, sam: Serverless) -> Node:
        self.apis.setdefault(name, []).append(sam.body.get("Condition"))
        return {"Ref": name}


def _events(sam: Serverless) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    events = sam.get("Events")
    for name, event in events.items() if isinstance(events, dict) else ():
        properties = event.get("Properties") if isinstance(event, dict) else None
        type_ = event.get("Type") if isinstance(event, dict) else None
        yield name, str(type_), properties if isinstance(properties, dict) else {}


def _names_a_kind_of_destination(properties: Mapping[str, Any]) -> bool:
    config = properties.get("DestinationConfig")
    failure = config.get("OnFailure") if isinstance(config, dict) else None
    return isinstance(failure, dict) and "Type" in failure


def _permission(sam: Serverless, target: Node, principal: str, source: Node) -> Made:
    return sam.made(
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": target,
            "Principal": f"{principal}.amazonaws.com",
            "SourceArn": source,
        },
    )


def _called(method: Node) -> str:
    return "*" if str(method).lower() in ("any", "x-amazon-apigateway-any-method") else str(method).upper()


def _rest(events: Events, sam: Serverless, id_: str, properties: Mapping[str, Any], target: Node) -> _Parts:
    api = properties.get("RestApiId")
    stage = events.stage(api) if api is not None else "Prod"
    api = events.implicit(REST, sam) if api is None else api
    path = str(properties.get("Path")).rstrip("/") or "/"
    source = _source(api, f"*/{_called(properties.get('Method'))}{path}")
    yield f"{id_}Permission{stage}", _permission(sam, target, "apigateway", source)


def _source(api: Node, path: str) -> Node:
    """The ARN of a path of an API, any of whose `{variables}` may be anything."""
    before = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/"
    return {"Fn::Sub": [before + _path_variable.sub("*", path), {"__ApiId__": api}]}


def _http(events: Events, sam: Serverless, id_: str, properties: Mapping[str, Any], target: Node) -> _Parts:
    api = properties.get("ApiId")
    api = events.implicit(HTTP, sam) if api is None else api
    path = str(properties.get("Path", "")).rstrip("/")
    method = _called(properties.get("Method", "any")) if path else ""
    end = f"{method}{path}" if path else "$default"
    end = f"*/{end}" if method != "*" or not path else f"*{path}"
    yield f"{id_}Permission", _permission(sam, target, "apigateway", _source(api, end))


def _rule(_: Events, sam: Serverless, id_: str, properties: Mapping[str, Any], target: Node) -> _Parts:
    enabled = properties.get("Enabled")
    state = properties.get("State", None if enabled is None else "ENABLED" if enabled is True else "DISABLED")
    aimed = {"Arn": _arn(target), "Id": f"{id_}LambdaTarget"}
    aimed |= {
        key: properties[key] for key in ("Input", "InputPath", "RetryPolicy", "InputTransformer") if key in properties
    }
    lost = properties.get("DeadLetterConfig")
    if isinstance(lost, dict) and lost.get("Type") == "SQS":
        queue = str(lost.get("QueueLogicalId", f"{id_}Queue"))
        aimed["DeadLetterConfig"] = {"Arn": attribute(queue, "Arn")}
        yield queue, sam.made("AWS::SQS::Queue", {})
        allowed = _sends("events", attribute(queue, "Arn"), attribute(id_, "Arn"))
        policy = {"PolicyDocument": allowed, "Queues": [{"Ref": queue}]}
        yield f"{id_}QueuePolicy", sam.made("AWS::SQS::QueuePolicy", policy)
    elif lost is not None:
        aimed["DeadLetterConfig"] = lost
    rule = {
        "Description": properties.get("Description"),
        "EventBusName": properties.get("EventBusName"),
        "EventPattern": properties.get("Pattern"),
        "Name": properties.get("Name", properties.get("RuleName")),
        "ScheduleExpression": properties.get("Schedule"),
        "State": state,
        "Targets": [aimed],
    }
    yield id_, sam.made("AWS::Events::Rule", rule)
    yield f"{id_}Permission", _permission(sam, target, "events", attribute(id_, "Arn"))


def _sends(service: str, queue: Node, source: Node) -> Node:
    """That a service may send something of a source to a queue."""
    statement = {
        "Action": "sqs:SendMessage",
        "Effect": "Allow",
        "Principal": {"Service": [f"{service}.amazonaws.com"]},
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _arn(target: Node) -> Node:
    name = target["Ref"]
    return target if "Alias" in name else attribute(name, "Arn")


def _topic(_: Events, sam: Serverless, id_: str, properties: Mapping[str, Any], target: Node) -> _Parts:
    topic = properties.get("Topic")
    common = {
        "TopicArn": topic,
        **{key: properties.get(key) for key in ("FilterPolicy", "FilterPolicyScope", "Region", "RedrivePolicy")},
    }
    between = properties.get("SqsSubscription")
    if not between:
        yield id_, sam.made("AWS::SNS::Subscription", {**common, "Protocol": "lambda", "Endpoint": _arn(target)})
        yield f"{id_}Permission", _permission(sam, target, "sns", topic)
        return
    queue: Node = attribute(f"{id_}Queue", "Arn")
    if between is True:
        yield f"{id_}Queue", sam.made("AWS::SQS::Queue", {})
        urls: Node = [{"Ref": f"{id_}Queue"}]
    else:
        given = between if isinstance(between, dict) and not is_function(between) else {}
        queue = given.get("QueueArn", Unknown("which queue stands between is not known"))
        urls = [given.get("QueueUrl", Unknown("which queue stands between is not known"))]
    statement = {
        "Action": "sqs:SendMessage",
        "Effect": "Allow",
        "Principal": "*",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    yield f"{id_}QueuePolicy", sam.made("AWS::SQS::QueuePolicy", {"PolicyDocument": document, "Queues": urls})
    yield id_, sam.made("AWS::SNS::Subscription", {**common, "Protocol": "sqs", "Endpoint": queue})
    reading = {"EventSourceArn": queue, "FunctionName": target, "BatchSize": 10, "Enabled": True}
    yield f"{id_}EventSourceMapping", sam.made("AWS::Lambda::EventSourceMapping", reading)


def _bucket(_: Events, sam: Serverless, id_: str, __: Mapping[str, Any], target: Node) -> _Parts:
    made = _permission(sam, target, "s3", None)
    made["Properties"]["SourceAccount"] = {"Ref": "AWS::AccountId"}
    yield f"{id_}Permission", made


def _mapping(_: Events, sam: Serverless, id_: str, properties: Mapping[str, Any], target: Node) -> _Parts:
    source = next((properties[key] for key in ("Stream", *_ARN.values()) if key in properties), None)
    own = {key: properties[key] for key in _MAPPED if key in properties}
    if _names_a_kind_of_destination(properties):
        failure = {k: v for k, v in properties["DestinationConfig"]["OnFailure"].items() if k != "Type"}
        own["DestinationConfig"] = {"OnFailure": failure}
    yield id_, sam.made("AWS::Lambda::EventSourceMapping", {**own, "EventSourceArn": source, "FunctionName": target})


_MAKERS: Mapping[str, Callable[[Events, Serverless, str, Mapping[str, Any], Node], _Parts]] = {
    "Api": _rest,
    "CloudWatchEvent": _rule,
    "EventBridgeRule": _rule,
    "HttpApi": _http,
    "S3": _bucket,
    "SNS": _topic,
    "Schedule": _rule,
}
