"""RDS, and DocumentDB and Neptune, which answer at its endpoint: what its collector makes of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.loaders.aws.answers import judged, pack, rules

from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.inventory import Found, Inventory
from phiward.loaders.aws.loader import loaded_from
from phiward.model.finding import Verdict
from phiward.model.project import Project
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
RDS = "arn:aws:rds:us-east-1:111122223333:"
KMS = {
    "list_keys": {"Keys": [{"KeyId": KEY[-36:], "KeyArn": KEY}]},
    "describe_key": {
        "KeyMetadata": {"KeyId": KEY[-36:], "Arn": KEY, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "Enabled": True}
    },
}
DENIED = {"error": "AccessDenied", "http": 403}
SOUND = {
    "DBInstanceIdentifier": "records",
    "DBInstanceArn": f"{RDS}db:records",
    "DbiResourceId": "db-RECORDS",
    "Engine": "postgres",
    "EngineVersion": "16.3",
    "BackupRetentionPeriod": 7,
    "StorageEncrypted": True,
    "StorageEncryptionType": "sse-kms",
    "KmsKeyId": KEY,
    "MultiAZ": True,
    "AutoMinorVersionUpgrade": True,
    "PubliclyAccessible": False,
    "IAMDatabaseAuthenticationEnabled": True,
    "DeletionProtection": True,
    "MonitoringInterval": 60,
    "EnabledCloudwatchLogsExports": ["postgresql"],
    "DBParameterGroups": [{"DBParameterGroupName": "strict", "ParameterApplyStatus": "in-sync"}],
    "OptionGroupMemberships": [{"OptionGroupName": "default:postgres-16", "Status": "in-sync"}],
    "MasterUserSecret": {
        "SecretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:rds",
        "SecretStatus": "active",
    },
}
FLAWED = {
    "DBInstanceIdentifier": "old",
    "DBInstanceArn": f"{RDS}db:old",
    "DbiResourceId": "db-OLD",
    "Engine": "mysql",
    "EngineVersion": "8.0.36",
    "BackupRetentionPeriod": 0,
    "StorageEncrypted": False,
    "StorageEncryptionType": "none",
    "MultiAZ": False,
    "AutoMinorVersionUpgrade": False,
    "PubliclyAccessible": True,
    "IAMDatabaseAuthenticationEnabled": False,
    "DeletionProtection": False,
    "DBParameterGroups": [{"DBParameterGroupName": "default.mysql8.0", "ParameterApplyStatus": "in-sync"}],
}
GROUPS = {
    "describe_db_parameter_groups": {
        "DBParameterGroups": [
            {
                "DBParameterGroupName": "strict",
                "DBParameterGroupFamily": "postgres16",
                "DBParameterGroupArn": f"{RDS}pg:strict",
            }
        ]
    },
    "describe_db_parameters": {
        "Parameters": [
            {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "Source": "user"},
            {"ParameterName": "pgaudit.log", "ParameterValue": "all", "Source": "user"},
        ]
    },
}


def instances(*given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kms": KMS, "rds": {"describe_db_instances": {"DBInstances": list(given)}, **GROUPS, **more}}


def test_a_sound_instance_passes_what_applies_to_it(tmp_path: Path) -> None:
    found = judged(instances(SOUND), tmp_path)[f"{RDS}db:records"]
    assert rules(found, Verdict.PASS) == [
        "automatic-upgrades", "backup-retention", "customer-managed-key", "database-audit-logs",
        "database-enhanced-monitoring", "database-iam-authentication", "database-logs-exported", "database-not-public",
        "database-password-managed", "deletion-protection", "encryption-at-rest", "encryption-in-transit", "multi-zone",
        "service-eligible",
    ]  # fmt: skip
    assert rules(found, Verdict.FAIL) in ([], ["store-in-backup-plan"])


def test_a_flawed_instance_fails_what_applies_to_it_and_no_rule_speaks_of_its_deletion(tmp_path: Path) -> None:
    found = judged(instances(FLAWED), tmp_path)[f"{RDS}db:old"]
    assert [rule for rule in rules(found, Verdict.FAIL) if rule != "store-in-backup-plan"] == [
        "automatic-upgrades", "backup-retention", "database-audit-logs", "database-enhanced-monitoring",
        "database-iam-authentication", "database-logs-exported", "database-not-public", "database-password-managed",
        "deletion-protection", "encryption-at-rest", "encryption-in-transit", "multi-zone",
    ]  # fmt: skip
    assert "final-snapshot" not in found


def test_a_change_that_waits_for_a_reboot_is_not_in_force(tmp_path: Path) -> None:
    waiting = {
        **SOUND,
        "DBParameterGroups": [{"DBParameterGroupName": "strict", "ParameterApplyStatus": "pending-reboot"}],
    }
    found = judged(instances(waiting), tmp_path)[f"{RDS}db:records"]
    assert found["encryption-in-transit"] is Verdict.UNKNOWN
    assert found["database-audit-logs"] is Verdict.UNKNOWN


def test_parameters_that_may_not_be_read_decide_nothing(tmp_path: Path) -> None:
    found = judged(instances(SOUND, describe_db_parameters=DENIED), tmp_path)[f"{RDS}db:records"]
    assert found["encryption-in-transit"] is Verdict.UNKNOWN
    assert found["database-audit-logs"] is Verdict.UNKNOWN
    groups = judged(instances(SOUND, describe_db_parameter_groups=DENIED), tmp_path)[f"{RDS}db:records"]
    assert groups["encryption-in-transit"] is Verdict.UNKNOWN


def test_what_an_aws_owned_key_encrypts_is_encrypted(tmp_path: Path) -> None:
    """The API says `StorageEncrypted: false` of it."""
    owned = {"StorageEncrypted": False, "StorageEncryptionType": "sse-rds"}
    without = {name: value for name, value in SOUND.items() if name != "KmsKeyId"}
    found = judged(instances({**without, **owned}), tmp_path)[f"{RDS}db:records"]
    assert found["encryption-at-rest"] is Verdict.PASS
    assert found["customer-managed-key"] is Verdict.FAIL


def test_a_replica_is_left_to_its_source(tmp_path: Path) -> None:
    replica = {
        **SOUND,
        "DBInstanceIdentifier": "copy",
        "DBInstanceArn": f"{RDS}db:copy",
        "ReadReplicaSourceDBInstanceIdentifier": "records",
        "BackupRetentionPeriod": 0,
    }
    found = judged(instances(SOUND, replica), tmp_path)[f"{RDS}db:copy"]
    assert found["backup-retention"] is Verdict.NOT_APPLICABLE
    assert found["encryption-at-rest"] is Verdict.PASS


def cluster(name: str, engine: str, version: str, **more: Any) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": name,
        "DBClusterArn": f"{RDS}cluster:{name}",
        "DbClusterResourceId": f"cluster-{name.upper()}",
        "Engine": engine,
        "EngineVersion": version,
        "StorageEncrypted": True,
        "KmsKeyId": KEY,
        "BackupRetentionPeriod": 7,
        "MultiAZ": True,
        "DeletionProtection": True,
        **more,
    }


CLUSTERS = {
    "describe_db_clusters": {
        "DBClusters": [
            cluster(
                "aurora",
                "aurora-postgresql",
                "16.3",
                EngineMode="provisioned",
                DBClusterParameterGroup="default.aurora-postgresql16",
                ActivityStreamStatus="started",
                ActivityStreamMode="async",
                EnabledCloudwatchLogsExports=["postgresql"],
                IAMDatabaseAuthenticationEnabled=True,
            ),
            cluster(
                "documents", "docdb", "5.0.0", DBClusterParameterGroup="plain", EnabledCloudwatchLogsExports=["audit"]
            ),
            cluster(
                "graph",
                "neptune",
                "1.3.2.0",
                DBClusterParameterGroup="default.neptune1.3",
                IAMDatabaseAuthenticationEnabled=False,
                MultiAZ=False,
            ),
        ]
    },
    "describe_db_cluster_parameter_groups": {
        "DBClusterParameterGroups": [
            {
                "DBClusterParameterGroupName": "plain",
                "DBParameterGroupFamily": "docdb5.0",
                "DBClusterParameterGroupArn": f"{RDS}cluster-pg:plain",
            }
        ]
    },
    "describe_db_cluster_parameters": {
        "Parameters": [
            {"ParameterName": "tls", "ParameterValue": "disabled"},
            {"ParameterName": "audit_logs", "ParameterValue": "all"},
        ]
    },
}


def test_clusters_are_told_apart_by_their_engine(tmp_path: Path) -> None:
    found = judged({"kms": KMS, "rds": CLUSTERS}, tmp_path)
    aurora, documents, graph = (found[f"{RDS}cluster:{name}"] for name in ("aurora", "documents", "graph"))
    assert set(rules(aurora, Verdict.FAIL)) - {"store-in-backup-plan"} == {
        "database-password-managed",
        "encryption-in-transit",
    }
    assert aurora["database-audit-logs"] is Verdict.PASS  # by its activity stream
    assert rules(documents, Verdict.FAIL) == ["encryption-in-transit"]
    assert documents["database-audit-logs"] is Verdict.PASS
    assert rules(graph, Verdict.FAIL) == [
        "cache-authentication", "database-audit-logs", "database-iam-authentication", "database-logs-exported",
        "multi-zone",
    ]  # fmt: skip


def test_instances_of_clusters_are_judged_as_such(tmp_path: Path) -> None:
    members = [
        {
            **FLAWED,
            "DBInstanceIdentifier": engine,
            "DBInstanceArn": f"{RDS}db:{engine}",
            "DBClusterIdentifier": "c",
            "Engine": engine,
        }
        for engine in ("aurora-postgresql", "neptune", "docdb")
    ]
    found = judged(instances(*members), tmp_path)
    assert rules(found[f"{RDS}db:aurora-postgresql"], Verdict.FAIL) == [
        "automatic-upgrades",
        "database-enhanced-monitoring",
        "database-not-public",
    ]
    assert rules(found[f"{RDS}db:neptune"], Verdict.FAIL) == ["database-not-public"]
    assert f"{RDS}db:docdb" not in found


def snapshot(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "DBSnapshotIdentifier": name,
        "DBSnapshotArn": f"{RDS}snapshot:{name}",
        "DBInstanceIdentifier": "records",
        "SnapshotType": kind,
        "Encrypted": True,
        "KmsKeyId": KEY,
        **more,
    }


def shared_with(*accounts: str) -> dict[str, Any]:
    return {
        "DBSnapshotAttributesResult": {
            "DBSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": list(accounts)}]
        }
    }


def test_snapshots_say_with_whom_they_are_shared(tmp_path: Path) -> None:
    answers = instances(
        describe_db_snapshots={
            "DBSnapshots": [
                snapshot("open", "manual"),
                snapshot("closed", "manual"),
                snapshot("denied", "manual"),
                snapshot("vaulted", "awsbackup", Encrypted=False),
                snapshot("daily", "automated"),
            ]
        },
        describe_db_snapshot_attributes=[
            {"params": {"DBSnapshotIdentifier": "open"}, "answer": shared_with("444455556666", "all")},
            {"params": {"DBSnapshotIdentifier": "closed"}, "answer": shared_with("444455556666")},
            {"params": {"DBSnapshotIdentifier": "denied"}, "answer": DENIED},
        ],
    )
    found = judged(answers, tmp_path)
    shared = {
        name: found[f"{RDS}snapshot:{name}"]["snapshot-not-shared-publicly"]
        for name in ("open", "closed", "denied", "vaulted")
    }
    assert shared == {
        "open": Verdict.FAIL,
        "closed": Verdict.PASS,
        "denied": Verdict.UNKNOWN,
        "vaulted": Verdict.PASS,
    }
    assert found[f"{RDS}snapshot:vaulted"]["encryption-at-rest"] is Verdict.FAIL
    assert f"{RDS}snapshot:daily" not in found


def test_a_public_snapshot_of_a_graph_is_told_although_terraform_cannot_share_one(tmp_path: Path) -> None:
    of_a_graph = {
        "DBClusterSnapshotIdentifier": "graph",
        "DBClusterSnapshotArn": f"{RDS}cluster-snapshot:graph",
        "DBClusterIdentifier": "graph",
        "Engine": "neptune",
        "SnapshotType": "manual",
        "StorageEncrypted": True,
        "KmsKeyId": KEY,
    }
    public = {
        "DBClusterSnapshotAttributesResult": {
            "DBClusterSnapshotAttributes": [{"AttributeName": "restore", "AttributeValues": ["all"]}]
        }
    }
    answers = instances(
        describe_db_cluster_snapshots={"DBClusterSnapshots": [of_a_graph]},
        describe_db_cluster_snapshot_attributes=public,
    )
    found = judged(answers, tmp_path)[f"{RDS}cluster-snapshot:graph"]
    assert rules(found, Verdict.FAIL) == ["snapshot-not-shared-publicly"]


def test_replicated_backups_are_those_of_another_region(tmp_path: Path) -> None:
    backups = [
        {
            "DBInstanceArn": f"arn:aws:rds:{region}:111122223333:db:records",
            "DBInstanceAutomatedBackupsArn": f"{RDS}auto-backup:ab-{region}",
            "KmsKeyId": KEY,
            "BackupRetentionPeriod": 7,
        }
        for region in ("us-east-1", "us-west-2")
    ]
    found = judged(instances(describe_db_instance_automated_backups={"DBInstanceAutomatedBackups": backups}), tmp_path)
    assert f"{RDS}auto-backup:ab-us-east-1" not in found
    assert found[f"{RDS}auto-backup:ab-us-west-2"]["encryption-at-rest"] is Verdict.PASS


def test_a_proxy_that_takes_plain_connections(tmp_path: Path) -> None:
    proxies = [
        {"DBProxyName": name, "DBProxyArn": f"{RDS}db-proxy:prx-{name}", "RequireTLS": tls}
        for name, tls in (("tls", True), ("plain", False))
    ]
    found = judged(instances(describe_db_proxies={"DBProxies": proxies}), tmp_path)
    assert found[f"{RDS}db-proxy:prx-tls"]["encryption-in-transit"] is Verdict.PASS
    assert found[f"{RDS}db-proxy:prx-plain"]["encryption-in-transit"] is Verdict.FAIL


def test_a_global_cluster_that_every_region_lists_is_one(tmp_path: Path) -> None:
    arn = "arn:aws:rds::111122223333:global-cluster:world"
    collectors = load_collectors(pack_directory())
    inventory = Inventory()
    for region in ("us-east-1", "us-west-2"):
        inventory.add(Found("aws_rds_global_cluster", arn, Place("111122223333", region), {"engine": "aurora"}, 0))
    loaded = loaded_from(inventory, collectors, pack(), Project())
    assert [resource.provider for resource in loaded.resources if resource.address == arn] == ["us-east-1"]
    world = {
        "GlobalClusterIdentifier": "world",
        "GlobalClusterArn": arn,
        "Engine": "aurora-mysql",
        "StorageEncrypted": True,
    }
    found = judged(instances(describe_global_clusters={"GlobalClusters": [world]}), tmp_path)[arn]
    assert found["encryption-at-rest"] is Verdict.PASS
    assert found["deletion-protection"] is Verdict.FAIL
    assert "customer-managed-key" not in found
