"""What gives the content of a store rather than its configuration: no collector asks for it, the policy denies it.

Each pattern of actions stands with one action that it means, by which an identity is tried: see `identity.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DATA_READS = {
    "aoss:APIAccessAll": "aoss:APIAccessAll",
    "appsync:GraphQL": "appsync:GraphQL",
    "athena:GetQueryResults*": "athena:GetQueryResults",
    "bedrock:GetAgentMemory": "bedrock:GetAgentMemory",
    "bedrock:GetKnowledgeBaseDocuments": "bedrock:GetKnowledgeBaseDocuments",
    "bedrock:Retrieve*": "bedrock:Retrieve",
    "cassandra:Select": "cassandra:Select",
    "cognito-idp:AdminGetUser": "cognito-idp:AdminGetUser",
    "cognito-idp:ListUsers*": "cognito-idp:ListUsers",
    "dsql:DbConnect*": "dsql:DbConnect",
    "dynamodb:BatchGetItem": "dynamodb:BatchGetItem",
    "dynamodb:GetItem": "dynamodb:GetItem",
    "dynamodb:GetRecords": "dynamodb:GetRecords",
    "dynamodb:PartiQLSelect": "dynamodb:PartiQLSelect",
    "dynamodb:Query": "dynamodb:Query",
    "dynamodb:Scan": "dynamodb:Scan",
    "ebs:GetSnapshotBlock": "ebs:GetSnapshotBlock",
    "ec2:GetConsole*": "ec2:GetConsoleOutput",
    "ec2:GetPasswordData": "ec2:GetPasswordData",
    "ecr:BatchGetImage": "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer": "ecr:GetDownloadUrlForLayer",
    "elasticache:Connect": "elasticache:Connect",
    "es:ESHttp*": "es:ESHttpGet",
    "execute-api:Invoke": "execute-api:Invoke",
    "glacier:GetJobOutput": "glacier:GetJobOutput",
    "healthlake:Read*": "healthlake:ReadResource",
    "healthlake:Search*": "healthlake:SearchWithGet",
    "kendra:Query": "kendra:Query",
    "kendra:Retrieve": "kendra:Retrieve",
    "kinesis:GetRecords": "kinesis:GetRecords",
    "kinesis:SubscribeToShard": "kinesis:SubscribeToShard",
    "kinesisvideo:GetClip": "kinesisvideo:GetClip",
    "kinesisvideo:GetMedia*": "kinesisvideo:GetMedia",
    "kms:Decrypt": "kms:Decrypt",
    "lambda:GetFunction": "lambda:GetFunction",
    "lambda:GetLayerVersion": "lambda:GetLayerVersion",
    "logs:FilterLogEvents": "logs:FilterLogEvents",
    "logs:GetLogEvents": "logs:GetLogEvents",
    "logs:GetLogRecord": "logs:GetLogRecord",
    "logs:GetQueryResults": "logs:GetQueryResults",
    "logs:StartLiveTail": "logs:StartLiveTail",
    "logs:StartQuery": "logs:StartQuery",
    "logs:Unmask": "logs:Unmask",
    "medical-imaging:GetDICOM*": "medical-imaging:GetDICOMInstance",
    "medical-imaging:GetImageFrame": "medical-imaging:GetImageFrame",
    "medical-imaging:GetImageSet*": "medical-imaging:GetImageSet",
    "medical-imaging:SearchImageSets": "medical-imaging:SearchImageSets",
    "memorydb:Connect": "memorydb:Connect",
    "neptune-db:Read*": "neptune-db:ReadDataViaQuery",
    "profile:ListProfileObjects": "profile:ListProfileObjects",
    "profile:SearchProfiles": "profile:SearchProfiles",
    "rds-data:*": "rds-data:ExecuteStatement",
    "rds-db:connect": "rds-db:connect",
    "redshift-data:*": "redshift-data:ExecuteStatement",
    "s3:GetObject*": "s3:GetObject",
    "s3express:CreateSession": "s3express:CreateSession",
    "s3tables:GetTableData": "s3tables:GetTableData",
    "sagemaker:*GetRecord": "sagemaker:GetRecord",
    "secretsmanager:*GetSecretValue": "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage": "sqs:ReceiveMessage",
    "ssm:GetParameter*": "ssm:GetParameter",
    "timestream:Select": "timestream:Select",
}

SPARED = {"cassandra:Select": "arn:{partition}:cassandra:*:*:/keyspace/system*"}
"""On what an action reads configuration and nothing else: Keyspaces keeps its own in tables of the system."""


def is_spared(action: str, arns: Iterable[Any]) -> bool:
    """Whether ARNs are there, and all of them are what an action is spared on, in whichever partition."""
    spared = SPARED.get(action, "").split(":", 2)[2:]
    found = [str(arn).split(":", 2)[2:] for arn in arns]
    return bool(spared and found) and all(rest == spared for rest in found)
