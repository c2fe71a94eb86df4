"""DynamoDB with DAX and its scaling, Aurora DSQL, and EFS: what their collectors make of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.loaders.aws.answers import judged, rules
from tests.loaders.aws.test_relational import KEY, KMS

from phiward.model.finding import Verdict

DENIED = {"error": "AccessDeniedException", "http": 403}
OPEN = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}]})
TABLES = "arn:aws:dynamodb:us-east-1:111122223333:table/"
FILES = "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/"


def table(name: str, **more: Any) -> dict[str, Any]:
    return {"params": {"TableName": name}, "answer": {"Table": {"TableName": name, "TableArn": TABLES + name, **more}}}


def recovery(name: str, status: str) -> dict[str, Any]:
    described = {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status},
    }
    return {"params": {"TableName": name}, "answer": {"ContinuousBackupsDescription": described}}


def tables(**more: Any) -> dict[str, Any]:
    of_ours = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}
    return {
        "kms": KMS,
        "dynamodb": {
            "list_tables": {"TableNames": ["visits", "drafts"]},
            "describe_table": [
                table("visits", SSEDescription=of_ours, DeletionProtectionEnabled=True),
                table("drafts"),
            ],
            "describe_continuous_backups": [recovery("visits", "ENABLED"), recovery("drafts", "DISABLED")],
            "get_resource_policy": [{"params": {"ResourceArn": f"{TABLES}drafts"}, "answer": {"Policy": OPEN}}],
            **more,
        },
        "application-autoscaling": {
            "describe_scalable_targets": {
                "ScalableTargets": [
                    {
                        "ServiceNamespace": "dynamodb",
                        "ResourceId": "table/visits",
                        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
                    },
                    {
                        "ServiceNamespace": "dynamodb",
                        "ResourceId": "table/drafts/index/by-day",
                        "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
                    },
                ]
            }
        },
    }


def test_tables(tmp_path: Path) -> None:
    found = judged(tables(), tmp_path)
    visits, drafts = found[f"{TABLES}visits"], found[f"{TABLES}drafts"]
    assert rules(visits, Verdict.FAIL) == ["store-in-backup-plan"]
    assert rules(visits, Verdict.PASS) == [
        "customer-managed-key", "database-not-public", "deletion-protection", "encryption-at-rest",
        "encryption-in-transit", "multi-zone", "point-in-time-recovery", "policy-not-public", "service-eligible",
        "table-capacity-scales",
    ]  # fmt: skip
    assert rules(drafts, Verdict.FAIL) == [
        "customer-managed-key", "deletion-protection", "point-in-time-recovery", "policy-not-public",
        "store-in-backup-plan", "table-capacity-scales",
    ]  # fmt: skip
    assert "encryption-declared" not in drafts


def test_what_may_not_be_read_of_a_table_decides_nothing(tmp_path: Path) -> None:
    denied = judged(
        tables(describe_table=DENIED, describe_continuous_backups=DENIED, get_resource_policy=DENIED), tmp_path
    )
    assert rules(denied[f"{TABLES}visits"], Verdict.UNKNOWN) == [
        "customer-managed-key", "deletion-protection", "point-in-time-recovery", "policy-not-public",
    ]  # fmt: skip


def test_a_table_that_was_deleted_meanwhile_is_not_judged_as_if_it_had_nothing(tmp_path: Path) -> None:
    gone = {"error": "ResourceNotFoundException", "http": 400}
    found = judged(tables(describe_table=[{"params": {"TableName": "visits"}, "answer": gone}]), tmp_path)
    assert rules(found[f"{TABLES}visits"], Verdict.FAIL) == []


def test_accelerators(tmp_path: Path) -> None:
    def cluster(name: str, encryption: str, endpoint: str) -> dict[str, Any]:
        arn = f"arn:aws:dax:us-east-1:111122223333:cache/{name}"
        return {
            "ClusterName": name,
            "ClusterArn": arn,
            "SSEDescription": {"Status": encryption},
            "ClusterEndpointEncryptionType": endpoint,
        }

    clusters = [cluster("sound", "ENABLED", "TLS"), cluster("plain", "DISABLED", "NONE")]
    found = judged({"dax": {"describe_clusters": {"Clusters": clusters}}}, tmp_path)
    assert rules(found["arn:aws:dax:us-east-1:111122223333:cache/sound"], Verdict.FAIL) == []
    assert rules(found["arn:aws:dax:us-east-1:111122223333:cache/plain"], Verdict.FAIL) == [
        "encryption-at-rest",
        "encryption-in-transit",
    ]


def test_distributed_clusters(tmp_path: Path) -> None:
    arn = "arn:aws:dsql:us-east-1:111122223333:cluster/"
    listed = [{"identifier": name, "arn": arn + name} for name in ("sound", "plain", "denied")]
    sound = {"deletionProtectionEnabled": True, "encryptionDetails": {"encryptionType": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyArn": KEY, "encryptionStatus": "ENABLED"}}  # fmt: skip
    plain = {"deletionProtectionEnabled": False, "encryptionDetails": {"encryptionType": "AWS_OWNED_KMS_KEY", "encryptionStatus": "ENABLED"}}  # fmt: skip
    answers = {
        "list_clusters": {"clusters": listed},
        "get_cluster": [
            {"params": {"identifier": "sound"}, "answer": sound},
            {"params": {"identifier": "plain"}, "answer": plain},
            {"params": {"identifier": "denied"}, "answer": DENIED},
        ],
    }
    found = judged({"kms": KMS, "dsql": answers}, tmp_path)
    assert rules(found[f"{arn}sound"], Verdict.FAIL) == []
    assert rules(found[f"{arn}plain"], Verdict.FAIL) == ["customer-managed-key", "deletion-protection"]
    assert {"customer-managed-key", "deletion-protection"} <= set(rules(found[f"{arn}denied"], Verdict.UNKNOWN))


def files(**more: Any) -> dict[str, Any]:
    refuses = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    systems = [
        {
            "FileSystemId": "fs-1",
            "FileSystemArn": f"{FILES}fs-1",
            "CreationToken": "a",
            "Encrypted": True,
            "KmsKeyId": KEY,
        },
        {
            "FileSystemId": "fs-2",
            "FileSystemArn": f"{FILES}fs-2",
            "CreationToken": "b",
            "Encrypted": False,
            "AvailabilityZoneName": "us-east-1a",
        },
    ]
    described = {
        "describe_file_systems": {"FileSystems": systems},
        "describe_file_system_policy": [
            {"params": {"FileSystemId": "fs-1"}, "answer": {"Policy": json.dumps({"Statement": [refuses]})}}
        ],
        "describe_backup_policy": [
            {"params": {"FileSystemId": "fs-1"}, "answer": {"BackupPolicy": {"Status": "ENABLING"}}},
            {"params": {"FileSystemId": "fs-2"}, "answer": {"BackupPolicy": {"Status": "DISABLED"}}},
        ],
    }
    return {"kms": KMS, "efs": {**described, **more}}


def test_file_systems(tmp_path: Path) -> None:
    found = judged(files(), tmp_path)
    sound, plain = found[f"{FILES}fs-1"], found[f"{FILES}fs-2"]
    assert rules(sound, Verdict.FAIL) == ["store-in-backup-plan"]
    assert rules(sound, Verdict.PASS) == [
        "customer-managed-key", "encryption-at-rest", "file-system-backups", "file-system-tls-only", "multi-zone",
        "policy-not-public", "service-eligible",
    ]  # fmt: skip
    assert rules(plain, Verdict.FAIL) == [
        "encryption-at-rest", "file-system-backups", "file-system-tls-only", "multi-zone", "store-in-backup-plan",
    ]  # fmt: skip


def test_policies_of_file_systems_that_may_not_be_read(tmp_path: Path) -> None:
    denied = judged(files(describe_file_system_policy=DENIED, describe_backup_policy=DENIED), tmp_path)[f"{FILES}fs-1"]
    assert rules(denied, Verdict.UNKNOWN) == ["file-system-backups", "file-system-tls-only"]
