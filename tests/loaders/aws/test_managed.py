"""Brokers, clusters of data, desktops, and services that the agreement with AWS does not cover."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import all_said, denied, judged, settled

from phiward.model.finding import Verdict

OWN = "111122223333"
KEY_ID = "aaaaaaaa-0000-0000-0000-000000000001"


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:us-east-1:{OWN}:{name}"


KEY, SUBNET = arn("kms", f"key/{KEY_ID}"), "subnet-0123456789abcdef1"
KMS = {
    "list_keys": {"Keys": [{"KeyId": KEY_ID, "KeyArn": KEY}]},
    "describe_key": {"KeyMetadata": {"KeyId": KEY_ID, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "Enabled": True}},
}
EC2 = {
    "describe_subnets": {
        "Subnets": [{"SubnetId": SUBNET, "VpcId": "vpc-12345678", "OwnerId": OWN, "MapPublicIpOnLaunch": False}]
    }
}
SECURITY = {
    "EncryptionConfiguration": {
        "EnableInTransitEncryption": True,
        "EnableAtRestEncryption": True,
        "AtRestEncryptionConfiguration": {
            "LocalDiskEncryptionConfiguration": {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": KEY}
        },
    },
    "AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "ClusterDedicatedKdc"}},
}
EMR: dict[str, Any] = {
    "list_clusters": {
        "Clusters": [
            {"Id": name, "Name": name, "ClusterArn": arn("elasticmapreduce", f"cluster/{name}")}
            for name in ("sound", "flawed")
        ]
    },
    "describe_cluster": [
        {
            "params": {"ClusterId": "sound"},
            "answer": {
                "Cluster": {
                    "SecurityConfiguration": "strict",
                    "KerberosAttributes": {"Realm": "EC2.INTERNAL", "KdcAdminPassword": "hunter2-and-more"},
                    "Ec2InstanceAttributes": {"Ec2SubnetId": SUBNET},
                    "LogUri": "s3://logs/",
                    "TerminationProtected": True,
                }
            },
        },
        {"answer": {"Cluster": {"TerminationProtected": False, "Ec2InstanceAttributes": {}}}},
    ],
    "list_security_configurations": {"SecurityConfigurations": [{"Name": "strict"}]},
    "describe_security_configuration": {"Name": "strict", "SecurityConfiguration": json.dumps(SECURITY)},
}


def broker(name: str, *, sound: bool) -> dict[str, Any]:
    owned = {"UseAwsOwnedKey": True}
    return {
        "BrokerId": name,
        "BrokerArn": arn("mq", f"broker:{name}:b-1"),
        "BrokerName": name,
        "EngineType": "ACTIVEMQ",
        "EncryptionOptions": {"UseAwsOwnedKey": False, "KmsKeyId": KEY} if sound else owned,
        "PubliclyAccessible": not sound,
        "DeploymentMode": "ACTIVE_STANDBY_MULTI_AZ" if sound else "SINGLE_INSTANCE",
        "AutoMinorVersionUpgrade": sound,
        "Logs": {"Audit": sound, "General": sound},
    }


MQ: dict[str, Any] = {
    "list_brokers": {
        "BrokerSummaries": [
            {"BrokerId": name, "DeploymentMode": "SINGLE_INSTANCE", "EngineType": "ACTIVEMQ"}
            for name in ("sound", "flawed")
        ]
    },
    "describe_broker": [
        {"params": {"BrokerId": name}, "answer": broker(name, sound=name == "sound")} for name in ("sound", "flawed")
    ],
}


def cluster(name: str, clients: str, *, sound: bool) -> dict[str, Any]:
    at_rest = {"EncryptionAtRest": {"DataVolumeKMSKeyId": KEY}} if sound else {}
    transit = {"ClientBroker": clients, "InCluster": sound}
    return {
        "ClusterArn": arn("kafka", f"cluster/{name}/1"),
        "ClusterName": name,
        "ClusterType": "PROVISIONED",
        "Provisioned": {
            "EncryptionInfo": {**at_rest, "EncryptionInTransit": transit},
            "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": sound}}, "Unauthenticated": {"Enabled": not sound}},
            "BrokerNodeGroupInfo": {
                "ConnectivityInfo": {"PublicAccess": {"Type": "DISABLED" if sound else "SERVICE_PROVIDED_EIPS"}}
            },
            "LoggingInfo": {"BrokerLogs": {"S3": {"Enabled": sound}}},
        },
    }


OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kafka-cluster:*", "Resource": "*"}]})
KAFKA: dict[str, Any] = {
    "list_clusters_v2": {
        "ClusterInfoList": [
            cluster("sound", "TLS", sound=True),
            cluster("flawed", "TLS_PLAINTEXT", sound=False),
            {
                "ClusterArn": arn("kafka", "cluster/serverless/1"),
                "ClusterName": "serverless",
                "ClusterType": "SERVERLESS",
            },
        ]
    },
    "get_cluster_policy": [
        {"params": {"ClusterArn": arn("kafka", f"cluster/{name}/1")}, "answer": {"Policy": OPEN}}
        for name in ("flawed", "serverless")
    ],
}
CONNECT: dict[str, Any] = {
    "list_connectors": {
        "connectors": [
            {
                "connectorArn": arn("kafkaconnect", f"connector/{kind}/1"),
                "connectorName": kind,
                "kafkaClusterEncryptionInTransit": {"encryptionType": kind},
            }
            for kind in ("TLS", "PLAINTEXT")
        ]
    },
    "list_tags_for_resource": {"tags": {}},
}
MWAA: dict[str, Any] = {
    "list_environments": {"Environments": ["sound", "flawed"]},
    "get_environment": [
        {
            "params": {"Name": name},
            "answer": {"Environment": {"Name": name, "Arn": arn("airflow", f"environment/{name}"), **key}},
        }
        for name, key in (("sound", {"KmsKey": KEY}), ("flawed", {}))
    ],
}
WORKSPACES: dict[str, Any] = {
    "describe_workspaces": {
        "Workspaces": [
            {
                "WorkspaceId": "ws-sound",
                "State": "AVAILABLE",
                "RootVolumeEncryptionEnabled": True,
                "UserVolumeEncryptionEnabled": True,
                "VolumeEncryptionKey": KEY,
            },
            {"WorkspaceId": "ws-flawed", "State": "STOPPED", "RootVolumeEncryptionEnabled": True},
            {"WorkspaceId": "ws-gone", "State": "TERMINATED"},
        ]
    },
    "describe_tags": {"TagList": []},
}
APPSTREAM: dict[str, Any] = {
    "describe_fleets": {
        "Fleets": [
            {"Arn": arn("appstream", f"fleet/{name}"), "Name": name, "IdleDisconnectTimeoutInSeconds": seconds}
            for name, seconds in (("sound", 600), ("flawed", 0))
        ]
    },
    "list_tags_for_resource": {"Tags": {}},
}
BEANSTALK: dict[str, Any] = {
    "describe_environments": {
        "Environments": [
            {
                "EnvironmentArn": arn("elasticbeanstalk", f"environment/app/{name}"),
                "EnvironmentName": name,
                "ApplicationName": "app",
                "Status": "Ready",
            }
            for name in ("sound", "flawed")
        ]
    },
    "describe_configuration_settings": [
        {
            "params": {"EnvironmentName": name},
            "answer": {
                "ConfigurationSettings": [
                    {
                        "OptionSettings": [
                            {
                                "Namespace": "aws:elasticbeanstalk:application:environment",
                                "OptionName": "DB_PASSWORD",
                                "Value": "hunter2-and-more",
                            },
                            {
                                "Namespace": "aws:elasticbeanstalk:managedactions",
                                "OptionName": "ManagedActionsEnabled",
                                "Value": updates,
                            },
                            {
                                "Namespace": "aws:elasticbeanstalk:healthreporting:system",
                                "OptionName": "SystemType",
                                "Value": health,
                            },
                        ]
                    }
                ]
            },
        }
        for name, updates, health in (("sound", "true", "enhanced"), ("flawed", "false", "basic"))
    ],
    "list_tags_for_resource": {"ResourceTags": []},
}
ACCOUNT = {
    "kms": KMS,
    "ec2": EC2,
    "emr": EMR,
    "mq": MQ,
    "kafka": KAFKA,
    "kafkaconnect": CONNECT,
    "mwaa": MWAA,
    "workspaces": WORKSPACES,
    "appstream": APPSTREAM,
    "elasticbeanstalk": BEANSTALK,
}
STORED = ["customer-managed-key", "encryption-at-rest"]
EMR_RULES = [*STORED, "database-not-public", "deletion-protection", "emr-kerberos", "internode-encryption"]
BROKER = ["automatic-upgrades", "broker-logging", "customer-managed-key", "database-not-public", "multi-zone"]
STREAM = [
    "broker-logging",
    "customer-managed-key",
    "database-not-public",
    "encryption-in-transit",
    "internode-encryption",
    "kafka-client-authentication",
    "policy-not-public",
]
BOTH = ["environment-enhanced-health", "environment-managed-updates"]
EXPECTED: dict[str, dict[str, list[str]]] = {
    arn("elasticmapreduce", "cluster/sound"): {"pass": sorted(EMR_RULES)},
    arn("elasticmapreduce", "cluster/flawed"): {
        "fail": ["deletion-protection", "emr-kerberos", "encryption-at-rest", "internode-encryption"],
        "unknown": ["database-not-public"],
    },
    arn("mq", "broker:sound:b-1"): {"pass": sorted([*BROKER, "encryption-at-rest"])},
    arn("mq", "broker:flawed:b-1"): {"fail": BROKER, "pass": ["encryption-at-rest"]},
    arn("kafka", "cluster/sound/1"): {"pass": sorted([*STREAM, "encryption-at-rest", "multi-zone"])},
    arn("kafka", "cluster/flawed/1"): {"fail": STREAM, "pass": ["encryption-at-rest", "multi-zone"]},
    arn("kafka", "cluster/serverless/1"): {
        "fail": ["policy-not-public"],
        "pass": [
            "database-not-public",
            "encryption-at-rest",
            "encryption-in-transit",
            "internode-encryption",
            "kafka-client-authentication",
            "multi-zone",
        ],
    },
    arn("kafkaconnect", "connector/TLS/1"): {"pass": ["encryption-in-transit"]},
    arn("kafkaconnect", "connector/PLAINTEXT/1"): {"fail": ["encryption-in-transit"]},
    arn("airflow", "environment/sound"): {"pass": STORED},
    arn("airflow", "environment/flawed"): {"fail": ["customer-managed-key"], "pass": ["encryption-at-rest"]},
    arn("workspaces", "workspace/ws-sound"): {"pass": STORED},
    arn("workspaces", "workspace/ws-flawed"): {"fail": ["encryption-at-rest"]},
    arn("appstream", "fleet/sound"): {"pass": ["session-idle"]},
    arn("appstream", "fleet/flawed"): {"fail": ["session-idle"]},
    arn("elasticbeanstalk", "environment/app/sound"): {"pass": BOTH},
    arn("elasticbeanstalk", "environment/app/flawed"): {"fail": BOTH},
}
UNCOVERED: dict[str, Any] = {
    "lightsail": {
        "get_instances": {"instances": [{"arn": arn("lightsail", "Instance/1"), "name": "a"}]},
        "get_relational_databases": {"relationalDatabases": [{"arn": arn("lightsail", "Database/1"), "name": "a"}]},
        "get_buckets": {"buckets": [{"arn": arn("lightsail", "Bucket/1"), "name": "a"}]},
        "get_container_services": {
            "containerServices": [{"arn": arn("lightsail", "Container/1"), "containerServiceName": "a"}]
        },
        "get_disks": {"disks": [{"arn": arn("lightsail", "Disk/1"), "name": "a"}]},
    },
    "apprunner": {
        "list_services": {"ServiceSummaryList": [{"ServiceArn": arn("apprunner", "service/a/1"), "Status": "RUNNING"}]}
    },
    "grafana": {"list_workspaces": {"workspaces": [{"id": "g-1", "name": "a"}]}},
    "cloudsearch": {
        "describe_domains": {"DomainStatusList": [{"ARN": arn("cloudsearch", "domain/a"), "DomainName": "a"}]}
    },
    "ivschat": {"list_rooms": {"rooms": [{"arn": arn("ivschat", "room/a"), "name": "a"}]}},
    "ds": {
        "describe_directories": {"DirectoryDescriptions": [{"DirectoryId": "d-1", "Name": "a", "Type": "SimpleAD"}]}
    },
}


def test_managed_services(tmp_path: Path) -> None:
    found = judged(ACCOUNT, tmp_path)
    assert all_said(found, KEY, arn("ec2", "")) == EXPECTED


def test_what_the_agreement_does_not_cover(tmp_path: Path) -> None:
    found = judged(UNCOVERED, tmp_path)
    refused = {address for address, rules in found.items() if rules.get("service-eligible") is Verdict.FAIL}
    assert refused == {
        *(arn("lightsail", f"{kind}/1") for kind in ("Instance", "Database", "Bucket", "Container", "Disk")),
        arn("apprunner", "service/a/1"),
        arn("grafana", "/workspaces/g-1"),
        arn("cloudsearch", "domain/a"),
        arn("ivschat", "room/a"),
        arn("ds", "directory/d-1"),
    }


@pytest.mark.parametrize(
    ("service", "operation"),
    [(service, operation) for service in sorted(ACCOUNT) for operation in sorted(ACCOUNT[service])],
)
def test_nothing_is_decided_by_a_call_that_is_denied(tmp_path: Path, service: str, operation: str) -> None:
    whole = settled(judged(ACCOUNT, tmp_path))
    assert settled(judged(denied(ACCOUNT, service, operation), tmp_path)) - whole == set()
