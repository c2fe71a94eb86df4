"""ElastiCache, MemoryDB, Redshift and OpenSearch, with their serverless kinds: what their collectors make of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.loaders.aws.answers import judged, rules
from tests.loaders.aws.test_relational import DENIED, KEY, KMS

from phiward.model.finding import Verdict

CACHE = "arn:aws:elasticache:us-east-1:111122223333:"
MEMORY = "arn:aws:memorydb:us-east-1:111122223333:"
SEARCH = "arn:aws:es:us-east-1:111122223333:domain/"
COLLECTION = "arn:aws:aoss:us-east-1:111122223333:collection/"
WAREHOUSE = "arn:aws:redshift:us-east-1:111122223333:"
SERVERLESS = "arn:aws:redshift-serverless:us-east-1:111122223333:"


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"ReplicationGroupId": name, "ARN": f"{CACHE}replicationgroup:{name}", "Engine": "redis", **more}


def test_replication_groups(tmp_path: Path) -> None:
    sound = group(
        "sound",
        AtRestEncryptionEnabled=True,
        StorageEncryptionType="sse-kms",
        KmsKeyId=KEY,
        TransitEncryptionEnabled=True,
        TransitEncryptionMode="required",
        UserGroupIds=["clinicians"],
        SnapshotRetentionLimit=7,
        MultiAZ="enabled",
        AutoMinorVersionUpgrade=True,
    )
    plain = group(
        "plain",
        AtRestEncryptionEnabled=False,
        StorageEncryptionType="none",
        TransitEncryptionEnabled=True,
        TransitEncryptionMode="preferred",
        AuthTokenEnabled=False,
        SnapshotRetentionLimit=0,
        MultiAZ="disabled",
        AutoMinorVersionUpgrade=False,
        GlobalReplicationGroupInfo={"GlobalReplicationGroupId": "ldgnf-world"},
    )
    by_the_service = group(
        "by-the-service", AtRestEncryptionEnabled=False, StorageEncryptionType="sse-elasticache", AuthTokenEnabled=True
    )
    groups = {"ReplicationGroups": [sound, plain, by_the_service]}
    found = judged({"kms": KMS, "elasticache": {"describe_replication_groups": groups}}, tmp_path)
    assert rules(found[f"{CACHE}replicationgroup:sound"], Verdict.PASS) == [
        "automatic-upgrades", "cache-authentication", "cache-backups", "customer-managed-key", "database-not-public",
        "encryption-at-rest", "encryption-in-transit", "multi-zone", "service-eligible",
    ]  # fmt: skip
    assert rules(found[f"{CACHE}replicationgroup:plain"], Verdict.FAIL) == [
        "automatic-upgrades", "cache-authentication", "cache-backups", "encryption-at-rest", "encryption-in-transit",
        "multi-zone",
    ]  # fmt: skip
    service = found[f"{CACHE}replicationgroup:by-the-service"]
    assert service["encryption-at-rest"] is Verdict.PASS
    assert service["cache-authentication"] is Verdict.PASS
    assert service["customer-managed-key"] is Verdict.FAIL
    assert not {"final-snapshot", "encryption-declared"} & service.keys()


def test_other_caches(tmp_path: Path) -> None:
    node = {
        "CacheClusterId": "node",
        "ARN": f"{CACHE}cluster:node",
        "Engine": "redis",
        "AtRestEncryptionEnabled": False,
        "TransitEncryptionEnabled": False,
        "AutoMinorVersionUpgrade": True,
    }
    kinds = {
        name: {
            "ServerlessCacheName": name,
            "ARN": f"{CACHE}serverlesscache:{name}",
            "Engine": "valkey",
            "ConnectionType": name,
            "UserGroupId": "clinicians",
            "SnapshotRetentionLimit": 7,
        }
        for name in ("vpc", "public")
    }
    world = {
        "GlobalReplicationGroupId": "ldgnf-world",
        "ARN": "arn:aws:elasticache::111122223333:globalreplicationgroup:ldgnf-world",
        "Engine": "redis",
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": False,
    }
    answers = {
        "describe_cache_clusters": {"CacheClusters": [node]},
        "describe_serverless_caches": {"ServerlessCaches": list(kinds.values())},
        "describe_global_replication_groups": {"GlobalReplicationGroups": [world]},
    }
    found = judged({"elasticache": answers}, tmp_path)
    assert rules(found[f"{CACHE}cluster:node"], Verdict.FAIL) == [
        "cache-backups",
        "encryption-at-rest",
        "encryption-in-transit",
    ]
    assert found[f"{CACHE}serverlesscache:vpc"]["database-not-public"] is Verdict.PASS
    assert found[f"{CACHE}serverlesscache:public"]["database-not-public"] is Verdict.FAIL
    assert rules(found[world["ARN"]], Verdict.FAIL) == ["encryption-in-transit"]
    assert found[world["ARN"]]["encryption-at-rest"] is Verdict.PASS


def test_durable_caches(tmp_path: Path) -> None:
    def cluster(name: str, **more: Any) -> dict[str, Any]:
        return {"Name": name, "ARN": f"{MEMORY}cluster/{name}", "Engine": "valkey", **more}

    clusters = [
        cluster("sound", KmsKeyId=KEY, TLSEnabled=True, ACLName="staff", SnapshotRetentionLimit=7, AutoMinorVersionUpgrade=True),
        cluster("plain", TLSEnabled=False, ACLName="open-access", SnapshotRetentionLimit=0, AutoMinorVersionUpgrade=False),
    ]  # fmt: skip
    snapshots = [{"Name": "last", "ARN": f"{MEMORY}snapshot/last", "KmsKeyId": KEY, "Source": "manual"}]
    answers = {"describe_clusters": {"Clusters": clusters}, "describe_snapshots": {"Snapshots": snapshots}}
    found = judged({"kms": KMS, "memorydb": answers}, tmp_path)
    assert rules(found[f"{MEMORY}cluster/sound"], Verdict.FAIL) == []
    assert rules(found[f"{MEMORY}cluster/plain"], Verdict.FAIL) == [
        "automatic-upgrades", "backup-retention", "cache-authentication", "customer-managed-key",
        "encryption-in-transit",
    ]  # fmt: skip
    assert found[f"{MEMORY}snapshot/last"]["customer-managed-key"] is Verdict.PASS


OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"}]})
LOG = "arn:aws:logs:us-east-1:111122223333:log-group:search"
DOMAINS = [
    {
        "DomainName": "sound",
        "DomainId": "111122223333/sound",
        "ARN": f"{SEARCH}sound",
        "EngineVersion": "OpenSearch_2.19",
        "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": KEY},
        "NodeToNodeEncryptionOptions": {"Enabled": True},
        "DomainEndpointOptions": {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-FIPS-PQ-2026-10"},
        "VPCOptions": {"VPCId": "vpc-1", "SubnetIds": ["subnet-1"]},
        "AdvancedSecurityOptions": {"Enabled": True},
        "AccessPolicies": "",
        "LogPublishingOptions": {"AUDIT_LOGS": {"CloudWatchLogsLogGroupArn": LOG, "Enabled": True}},
        "ClusterConfig": {"ZoneAwarenessEnabled": True},
    },
    {
        "DomainName": "plain",
        "DomainId": "111122223333/plain",
        "ARN": f"{SEARCH}plain",
        "EngineVersion": "Elasticsearch_7.10",
        "EncryptionAtRestOptions": {"Enabled": False},
        "NodeToNodeEncryptionOptions": {"Enabled": False},
        "DomainEndpointOptions": {"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
        "AdvancedSecurityOptions": {"Enabled": False},
        "AccessPolicies": OPEN,
        "LogPublishingOptions": {"AUDIT_LOGS": {"CloudWatchLogsLogGroupArn": LOG, "Enabled": False}},
        "ClusterConfig": {"ZoneAwarenessEnabled": False},
    },
]


def domains(*names: str, **more: Any) -> dict[str, Any]:
    listed = {"DomainNames": [{"DomainName": name} for name in names]}
    return {
        "kms": KMS,
        "opensearch": {"list_domain_names": listed, "describe_domains": {"DomainStatusList": DOMAINS}, **more},
    }


def test_search_domains(tmp_path: Path) -> None:
    found = judged(domains("sound", "plain"), tmp_path)
    assert rules(found[f"{SEARCH}sound"], Verdict.FAIL) == []
    assert rules(found[f"{SEARCH}sound"], Verdict.PASS) == [
        "customer-managed-key", "database-audit-logs", "database-logs-exported", "encryption-at-rest",
        "encryption-in-transit", "internode-encryption", "multi-zone", "policy-not-public", "search-in-vpc",
        "service-eligible", "tls-minimum-version",
    ]  # fmt: skip
    assert rules(found[f"{SEARCH}plain"], Verdict.FAIL) == [
        "database-audit-logs", "database-logs-exported", "encryption-at-rest", "encryption-in-transit",
        "internode-encryption", "multi-zone", "policy-not-public", "search-in-vpc", "tls-minimum-version",
    ]  # fmt: skip


def test_a_domain_that_is_not_described_decides_nothing(tmp_path: Path) -> None:
    """It was deleted since it was listed, or may not be read."""
    gone = judged(domains("gone"), tmp_path)[f"{SEARCH}gone"]
    assert rules(gone, Verdict.FAIL) == []
    assert "encryption-at-rest" in rules(gone, Verdict.UNKNOWN)
    denied = judged(domains("sound", describe_domains=DENIED), tmp_path)[f"{SEARCH}sound"]
    assert rules(denied, Verdict.FAIL) == []
    assert rules(denied, Verdict.PASS) == []


def test_collections(tmp_path: Path) -> None:
    listed = [{"id": name, "name": name, "arn": COLLECTION + name} for name in ("own", "auto")]
    details = [
        {"id": "own", "name": "own", "kmsKeyArn": KEY, "standbyReplicas": "ENABLED"},
        {"id": "auto", "name": "auto", "kmsKeyArn": "auto", "standbyReplicas": "DISABLED"},
    ]
    answers = {
        "list_collections": {"collectionSummaries": listed},
        "batch_get_collection": {"collectionDetails": details},
    }
    found = judged({"kms": KMS, "opensearchserverless": answers}, tmp_path)
    assert rules(found[f"{COLLECTION}own"], Verdict.FAIL) == []
    assert rules(found[f"{COLLECTION}auto"], Verdict.FAIL) == ["customer-managed-key", "multi-zone"]


CLUSTERS = [
    {
        "ClusterIdentifier": "sound",
        "Encrypted": True,
        "KmsKeyId": KEY,
        "ClusterParameterGroups": [{"ParameterGroupName": "strict", "ParameterApplyStatus": "in-sync"}],
        "PubliclyAccessible": False,
        "AutomatedSnapshotRetentionPeriod": 7,
        "MultiAZ": "Enabled",
        "EnhancedVpcRouting": True,
        "AllowVersionUpgrade": True,
        "MasterPasswordSecretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:redshift",
    },
    {
        "ClusterIdentifier": "plain",
        "Encrypted": False,
        "ClusterParameterGroups": [{"ParameterGroupName": "default.redshift-1.0", "ParameterApplyStatus": "in-sync"}],
        "PubliclyAccessible": True,
        "AutomatedSnapshotRetentionPeriod": 1,
        "MultiAZ": "Disabled",
        "EnhancedVpcRouting": False,
        "AllowVersionUpgrade": False,
    },
]


def warehouses(**more: Any) -> dict[str, Any]:
    logging = {"LoggingEnabled": True, "LogDestinationType": "cloudwatch", "LogExports": ["useractivitylog"]}
    described = {
        "describe_clusters": {"Clusters": CLUSTERS},
        "describe_logging_status": [
            {"params": {"ClusterIdentifier": "sound"}, "answer": logging},
            {"params": {"ClusterIdentifier": "plain"}, "answer": {"LoggingEnabled": False}},
        ],
        "describe_cluster_parameter_groups": {
            "ParameterGroups": [
                {"ParameterGroupName": "strict", "ParameterGroupFamily": "redshift-2.0"},
                {"ParameterGroupName": "default.redshift-1.0", "ParameterGroupFamily": "redshift-1.0"},
            ]
        },
        "describe_cluster_parameters": {
            "Parameters": [
                {"ParameterName": "require_ssl", "ParameterValue": "true", "Source": "user"},
                {"ParameterName": "enable_user_activity_logging", "ParameterValue": "true", "Source": "user"},
            ]
        },
    }
    return {"kms": KMS, "redshift": {**described, **more}}


def test_warehouses(tmp_path: Path) -> None:
    found = judged(warehouses(), tmp_path)
    sound, plain = found[f"{WAREHOUSE}cluster:sound"], found[f"{WAREHOUSE}cluster:plain"]
    assert rules(sound, Verdict.FAIL) == []
    assert rules(sound, Verdict.PASS) == [
        "automatic-upgrades", "backup-retention", "customer-managed-key", "database-audit-logs", "database-not-public",
        "database-password-managed", "encryption-at-rest", "encryption-in-transit", "multi-zone", "service-eligible",
        "warehouse-traffic-in-vpc",
    ]  # fmt: skip
    assert rules(plain, Verdict.FAIL) == [
        "automatic-upgrades", "backup-retention", "database-audit-logs", "database-not-public",
        "database-password-managed", "encryption-at-rest", "encryption-in-transit", "multi-zone",
        "warehouse-traffic-in-vpc",
    ]  # fmt: skip


def test_what_may_not_be_read_of_a_warehouse_decides_nothing(tmp_path: Path) -> None:
    logging = judged(warehouses(describe_logging_status=DENIED), tmp_path)
    assert logging[f"{WAREHOUSE}cluster:sound"]["database-audit-logs"] is Verdict.UNKNOWN
    parameters = judged(warehouses(describe_cluster_parameters=DENIED), tmp_path)[f"{WAREHOUSE}cluster:sound"]
    assert parameters["database-audit-logs"] is Verdict.UNKNOWN
    assert parameters["encryption-in-transit"] is Verdict.UNKNOWN


def test_snapshots_of_warehouses(tmp_path: Path) -> None:
    snapshots = [
        {"SnapshotIdentifier": "own", "ClusterIdentifier": "sound", "Encrypted": True, "KmsKeyId": KEY},
        {"SnapshotIdentifier": "old", "ClusterIdentifier": "gone", "Encrypted": False},
    ]
    found = judged(warehouses(describe_cluster_snapshots={"Snapshots": snapshots}), tmp_path)
    assert rules(found[f"{WAREHOUSE}snapshot:sound/own"], Verdict.FAIL) == []
    assert rules(found[f"{WAREHOUSE}snapshot:gone/old"], Verdict.FAIL) == ["encryption-at-rest"]


def test_serverless_warehouses(tmp_path: Path) -> None:
    namespaces = [
        {
            "namespaceName": name,
            "namespaceId": name,
            "namespaceArn": f"{SERVERLESS}namespace/{name}",
            "kmsKeyId": key,
            "logExports": logs,
        }
        for name, key, logs in (("sound", KEY, ["useractivitylog"]), ("plain", "AWS_OWNED_KMS_KEY", []))
    ]
    workgroups = [
        {
            "workgroupName": name,
            "workgroupId": name,
            "workgroupArn": f"{SERVERLESS}workgroup/{name}",
            "publiclyAccessible": public,
            "configParameters": [{"parameterKey": "require_ssl", "parameterValue": tls}],
        }
        for name, public, tls in (("sound", False, "true"), ("plain", True, "false"))
    ]
    answers = {"list_namespaces": {"namespaces": namespaces}, "list_workgroups": {"workgroups": workgroups}}
    found = judged({"kms": KMS, "redshift-serverless": answers}, tmp_path)
    assert rules(found[f"{SERVERLESS}namespace/sound"], Verdict.FAIL) == []
    assert rules(found[f"{SERVERLESS}namespace/plain"], Verdict.FAIL) == [
        "customer-managed-key",
        "database-audit-logs",
        "database-logs-exported",
    ]
    assert rules(found[f"{SERVERLESS}workgroup/sound"], Verdict.FAIL) == []
    assert rules(found[f"{SERVERLESS}workgroup/plain"], Verdict.FAIL) == [
        "database-not-public",
        "encryption-in-transit",
    ]
