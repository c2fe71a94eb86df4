"""Functions, tasks, clusters, images and groups of machines: what AWS answers, and what is held against it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import all_said, denied, judged, settled

from phiward.loaders.aws.inventory_file import write
from phiward.loaders.aws.written import collect
from phiward.model.finding import Verdict
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

OWN = "111122223333"
FUNCTION = f"arn:aws:lambda:us-east-1:{OWN}:function:"
QUEUE = f"arn:aws:sqs:us-east-1:{OWN}:failures"
SECRET = "hunter2-and-more"


def statement(sid: str, principal: Any, **condition: Any) -> dict[str, Any]:
    written = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction"}
    return {**written, **({"Condition": condition} if condition else {})}


STATEMENTS = [
    statement("open", "*"),
    statement("everybody", {"AWS": "*"}),
    statement("bucket", {"Service": "s3.amazonaws.com"}, ArnLike={"AWS:SourceArn": "arn:aws:s3:::records"}),
    statement("account", "*", StringEquals={"AWS:SourceAccount": OWN}),
    statement("organization", "*", StringEquals={"aws:PrincipalOrgID": "o-1234567890"}),
]
LAMBDA: dict[str, Any] = {
    "list_functions": {
        "Functions": [
            {
                "FunctionName": "sound",
                "FunctionArn": f"{FUNCTION}sound",
                "Environment": {"Variables": {"REGION": "us-east-1"}},
                "VpcConfig": {"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": []},
                "DeadLetterConfig": {"TargetArn": QUEUE},
                "TracingConfig": {"Mode": "Active"},
            },
            {
                "FunctionName": "flawed",
                "FunctionArn": f"{FUNCTION}flawed",
                "Environment": {"Variables": {"DB_PASSWORD": SECRET, "REGION": "us-east-1"}},
                "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
                "TracingConfig": {"Mode": "PassThrough"},
            },
            {
                "FunctionName": "sealed",
                "FunctionArn": f"{FUNCTION}sealed",
                "Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}},
                "VpcConfig": {"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": []},
            },
        ]
    },
    "get_function_concurrency": [
        {"params": {"FunctionName": f"{FUNCTION}sound"}, "answer": {"ReservedConcurrentExecutions": 10}},
        {"answer": {}},
    ],
    "list_aliases": [
        {
            "params": {"FunctionName": "sound"},
            "answer": {"Aliases": [{"AliasArn": f"{FUNCTION}sound:live", "Name": "live"}]},
        }
    ],
    "get_policy": [
        {
            "params": {"FunctionName": f"{FUNCTION}sound", "Qualifier": "live"},
            "answer": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS[:1]})},
        },
        {
            "params": {"FunctionName": f"{FUNCTION}flawed"},
            "answer": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS})},
        },
    ],
    "list_function_url_configs": [
        {
            "params": {"FunctionName": f"{FUNCTION}{name}"},
            "answer": {"FunctionUrlConfigs": [{"FunctionArn": f"{FUNCTION}{name}", "AuthType": auth}]},
        }
        for name, auth in (("sound", "AWS_IAM"), ("flawed", "NONE"))
    ],
    "get_function_event_invoke_config": [
        {
            "params": {"FunctionName": f"{FUNCTION}sealed"},
            "answer": {
                "FunctionArn": f"{FUNCTION}sealed:$LATEST",
                "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
            },
        }
    ],
    "list_tags": {"Tags": {"tenant": "mercy"}},
}
ECS_ARN = f"arn:aws:ecs:us-east-1:{OWN}:"


def task(revision: int, container: dict[str, Any], **settings: Any) -> dict[str, Any]:
    arn = f"{ECS_ARN}task-definition/api:{revision}"
    written = {"taskDefinitionArn": arn, "family": "api", "containerDefinitions": [{"name": "api", **container}]}
    return {"taskDefinition": {**written, **settings}}


def mount(transit: str) -> list[dict[str, Any]]:
    return [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678", "transitEncryption": transit}}]


def service(name: str, public: str, connect: dict[str, Any]) -> dict[str, Any]:
    return {
        "serviceArn": f"{ECS_ARN}service/c/{name}",
        "serviceName": name,
        "clusterArn": f"{ECS_ARN}cluster/c",
        "status": "ACTIVE",
        "taskDefinition": f"{ECS_ARN}task-definition/api:1",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-12345678"], "assignPublicIp": public}},
        "deployments": [
            {"status": "ACTIVE"},
            {"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": True, "services": [connect]}},
        ],
    }


TLS = {"issuerCertificateAuthority": {"awsPcaAuthorityArn": f"arn:aws:acm-pca:us-east-1:{OWN}:certificate-authority/a"}}
ECS: dict[str, Any] = {
    "list_clusters": {"clusterArns": [f"{ECS_ARN}cluster/c"]},
    "list_services": {"serviceArns": [f"{ECS_ARN}service/c/{name}" for name in ("sound", "flawed")]},
    "describe_services": [
        {
            "params": {"services": f"{ECS_ARN}service/c/{name}", "cluster": f"{ECS_ARN}cluster/c"},
            "answer": {"services": [service(name, public, {"portName": "http", **tls})]},
        }
        for name, public, tls in (("sound", "DISABLED", {"tls": TLS}), ("flawed", "ENABLED", {}))
    ],
    "list_task_definition_families": {"families": ["api"]},
    "describe_task_definition": [
        {
            "params": {"taskDefinition": "api"},
            "answer": task(
                2,
                {
                    "user": "1000",
                    "readonlyRootFilesystem": True,
                    "environment": [{"name": "REGION", "value": "us-east-1"}],
                    "secrets": [
                        {"name": "DB_PASSWORD", "valueFrom": f"arn:aws:secretsmanager:us-east-1:{OWN}:secret:a"}
                    ],
                },
                networkMode="awsvpc",
                volumes=mount("ENABLED"),
            ),
        },
        {
            "answer": task(
                1,
                {"environment": [{"name": "DB_PASSWORD", "value": SECRET}]},
                networkMode="host",
                volumes=mount("DISABLED"),
            )
        },
    ],
}
ECR_ARN = f"arn:aws:ecr:us-east-1:{OWN}:repository/"


def repository(name: str, mutability: str, *, scanned: bool) -> dict[str, Any]:
    return {
        "repositoryArn": f"{ECR_ARN}{name}",
        "repositoryName": name,
        "imageTagMutability": mutability,
        "imageScanningConfiguration": {"scanOnPush": scanned},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


ECR: dict[str, Any] = {
    "describe_repositories": {
        "repositories": [repository("sound", "IMMUTABLE", scanned=True), repository("flawed", "MUTABLE", scanned=False)]
    },
    "get_repository_policy": [
        {
            "params": {"repositoryName": "flawed"},
            "answer": {
                "policyText": json.dumps(
                    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
                )
            },
        }
    ],
    "list_tags_for_resource": {"tags": []},
    "get_registry_scanning_configuration": {"scanningConfiguration": {"scanType": "BASIC", "rules": []}},
}
EKS_ARN = f"arn:aws:eks:us-east-1:{OWN}:"


def cluster(name: str, *, public: bool, logs: list[str], keys: list[str]) -> dict[str, Any]:
    return {
        "params": {"name": name},
        "answer": {
            "cluster": {
                "name": name,
                "arn": f"{EKS_ARN}cluster/{name}",
                "resourcesVpcConfig": {
                    "endpointPublicAccess": public,
                    "endpointPrivateAccess": not public,
                    "publicAccessCidrs": ["0.0.0.0/0"] if public else [],
                },
                "logging": {
                    "clusterLogging": [{"types": logs, "enabled": True}, {"types": ["scheduler"], "enabled": False}]
                },
                "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key}} for key in keys],
            }
        },
    }


KEY_ID = "aaaaaaaa-0000-0000-0000-000000000001"
KEY = f"arn:aws:kms:us-east-1:{OWN}:key/{KEY_ID}"
KMS = {
    "list_keys": {"Keys": [{"KeyId": KEY_ID, "KeyArn": KEY}]},
    "describe_key": {"KeyMetadata": {"KeyId": KEY_ID, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "Enabled": True}},
}
EKS: dict[str, Any] = {
    "list_clusters": {"clusters": ["sound", "flawed"]},
    "describe_cluster": [
        cluster("sound", public=False, logs=["api", "audit", "authenticator"], keys=[KEY]),
        cluster("flawed", public=True, logs=["api"], keys=[]),
    ],
    "list_nodegroups": {"nodegroups": []},
    "list_pod_identity_associations": {"associations": []},
}
GROUP = f"arn:aws:autoscaling:us-east-1:{OWN}:autoScalingGroup:1:autoScalingGroupName/"
CONFIGURATION = f"arn:aws:autoscaling:us-east-1:{OWN}:launchConfiguration:1:launchConfigurationName/"


def devices(*, encrypted: bool) -> list[dict[str, Any]]:
    return [{"DeviceName": name, "Ebs": {"Encrypted": encrypted}} for name in ("/dev/xvda", "/dev/sdf")]


AUTOSCALING: dict[str, Any] = {
    "describe_auto_scaling_groups": {
        "AutoScalingGroups": [
            {
                "AutoScalingGroupARN": f"{GROUP}{kind}",
                "AutoScalingGroupName": kind,
                "HealthCheckType": kind,
                "TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/a/1"],
            }
            for kind in ("ELB", "EC2")
        ]
    },
    "describe_launch_configurations": {
        "LaunchConfigurations": [
            {
                "LaunchConfigurationARN": f"{CONFIGURATION}sound",
                "LaunchConfigurationName": "sound",
                "ImageId": "ami-12345678",
                "UserData": "",
                "AssociatePublicIpAddress": False,
                "MetadataOptions": {"HttpTokens": "required"},
                "BlockDeviceMappings": devices(encrypted=True),
            },
            {
                "LaunchConfigurationARN": f"{CONFIGURATION}flawed",
                "LaunchConfigurationName": "flawed",
                "ImageId": "ami-12345678",
                "UserData": "cGFzc3dvcmQ9aHVudGVyMg==",
                "AssociatePublicIpAddress": True,
                "BlockDeviceMappings": devices(encrypted=False),
            },
        ]
    },
}
ACCOUNT = {"lambda": LAMBDA, "ecs": ECS, "ecr": ECR, "eks": EKS, "autoscaling": AUTOSCALING, "kms": KMS}
CLUSTER = ["cluster-audit-logs", "cluster-endpoint-private", "cluster-secrets-encrypted"]
TASK = ["efs-mount-tls", "secret-not-in-plain-text", "task-host-network-user", "task-read-only-root"]
MACHINE = ["instance-imdsv2", "instance-no-public-ip", "instance-volumes-encrypted"]
EXPECTED: dict[str, dict[str, list[str]]] = {
    f"{FUNCTION}sound": {
        "pass": [
            "function-concurrency-limited",
            "function-failures-kept",
            "function-in-vpc",
            "secret-not-in-plain-text",
        ]
    },
    f"{FUNCTION}flawed": {
        "fail": [
            "function-concurrency-limited",
            "function-failures-kept",
            "function-in-vpc",
            "secret-not-in-plain-text",
        ]
    },
    f"{FUNCTION}sealed": {
        "fail": ["function-concurrency-limited"],
        "pass": ["function-failures-kept", "function-in-vpc"],
        "unknown": ["secret-not-in-plain-text"],
    },
    f"{FUNCTION}sound:live#open": {"fail": ["function-not-public"]},
    f"{FUNCTION}flawed#open": {"fail": ["function-not-public"]},
    f"{FUNCTION}flawed#everybody": {"fail": ["function-not-public"]},
    f"{FUNCTION}flawed#bucket": {"pass": ["function-not-public"]},
    f"{FUNCTION}flawed#account": {"pass": ["function-not-public"]},
    f"{FUNCTION}flawed#organization": {"pass": ["function-not-public"]},
    f"{FUNCTION}sound#url": {"pass": ["function-url-authenticated", "tls-enforced"]},
    f"{FUNCTION}flawed#url": {"fail": ["function-url-authenticated"], "pass": ["tls-enforced"]},
    f"{ECS_ARN}service/c/sound": {"pass": ["instance-no-public-ip", "service-connect-tls"]},
    f"{ECS_ARN}service/c/flawed": {"fail": ["instance-no-public-ip", "service-connect-tls"]},
    f"{ECS_ARN}task-definition/api:2": {"pass": TASK},
    f"{ECS_ARN}task-definition/api:1": {"fail": TASK},
    f"{ECR_ARN}sound": {"pass": ["image-scanning", "image-tags-immutable", "policy-not-public"]},
    f"{ECR_ARN}flawed": {"fail": ["image-scanning", "image-tags-immutable", "policy-not-public"]},
    f"{EKS_ARN}cluster/sound": {"pass": CLUSTER},
    f"{EKS_ARN}cluster/flawed": {"fail": CLUSTER},
    f"{GROUP}ELB": {"pass": ["group-health-check"]},
    f"{GROUP}EC2": {"fail": ["group-health-check"]},
    f"{CONFIGURATION}sound": {"pass": [*MACHINE, "secret-not-in-plain-text"]},
    f"{CONFIGURATION}flawed": {"fail": MACHINE, "unknown": ["secret-not-in-plain-text"]},
}


def test_what_runs_programs(tmp_path: Path) -> None:
    found = judged(ACCOUNT, tmp_path)
    assert all_said(found, KEY) == EXPECTED


def test_an_inventory_keeps_no_value_of_an_environment(tmp_path: Path) -> None:
    inventory = collect(ACCOUNT, load_collectors(pack_directory()))
    path = tmp_path / "account.jsonl.gz"
    write(inventory, path)
    kept = gzip.decompress(path.read_bytes()).decode()
    assert f"{FUNCTION}flawed" in kept
    assert "DB_PASSWORD" in kept
    assert SECRET not in kept


def test_a_registry_that_scans_all_of_it_scans_each(tmp_path: Path) -> None:
    rules = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    registry = {"scanningConfiguration": {"scanType": "ENHANCED", "rules": rules}}
    found = judged({"ecr": {**ECR, "get_registry_scanning_configuration": registry}}, tmp_path)
    assert found[f"{ECR_ARN}flawed"]["image-scanning"] is Verdict.PASS


@pytest.mark.parametrize(
    ("name", "operation"), [(name, operation) for name in sorted(ACCOUNT) for operation in sorted(ACCOUNT[name])]
)
def test_nothing_is_decided_by_a_call_that_is_denied(tmp_path: Path, name: str, operation: str) -> None:
    whole = settled(judged(ACCOUNT, tmp_path))
    assert settled(judged(denied(ACCOUNT, name, operation), tmp_path)) - whole == set()
