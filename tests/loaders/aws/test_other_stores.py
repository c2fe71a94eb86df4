"""Stores of health data, migrations, gateways and the smaller databases: what their collectors make of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import Answers, judged, rules
from tests.loaders.aws.server import credentials
from tests.loaders.aws.test_relational import DENIED, KEY, KMS

from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Sessions
from phiward.model.finding import Verdict


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:us-east-1:111122223333:{rest}"


def asked(param: str, **answers: dict[str, Any]) -> list[dict[str, Any]]:
    """An answer for each value of a parameter."""
    return [{"params": {param: value}, "answer": answer} for value, answer in answers.items()]


MIGRATIONS = {
    "dms": {
        "describe_replication_instances": {
            "ReplicationInstances": [
                {
                    "ReplicationInstanceIdentifier": name,
                    "ReplicationInstanceArn": arn("dms", f"rep:{name}"),
                    "KmsKeyId": KEY,
                    "PubliclyAccessible": plain,
                    "MultiAZ": not plain,
                    "AutoMinorVersionUpgrade": not plain,
                }
                for name, plain in (("sound", False), ("plain", True))
            ]
        },
        "describe_replication_configs": {
            "ReplicationConfigs": [
                {
                    "ReplicationConfigIdentifier": "serverless",
                    "ReplicationConfigArn": arn("dms", "replication-config:serverless"),
                    "ComputeConfig": {"KmsKeyId": KEY, "MultiAZ": False},
                }
            ]
        },
        "describe_endpoints": {
            "Endpoints": [
                {"EndpointIdentifier": name, "EndpointArn": arn("dms", f"endpoint:{name}"), **settings}
                for name, settings in (
                    ("verified", {"EngineName": "postgres", "SslMode": "verify-full"}),
                    ("open", {"EngineName": "postgres", "SslMode": "none"}),
                    ("bucket", {"EngineName": "s3", "SslMode": "none"}),
                    (
                        "kafka",
                        {"EngineName": "kafka", "SslMode": "none", "KafkaSettings": {"SecurityProtocol": "plaintext"}},
                    ),
                )
            ]
        },
    }
}
FILES = {
    "fsx": {
        "describe_file_systems": {
            "FileSystems": [
                {
                    "FileSystemId": f"fs-{kind}-{name}".lower(),
                    "FileSystemType": kind,
                    "ResourceARN": arn("fsx", f"file-system/{kind}-{name}"),
                    "KmsKeyId": KEY,
                    settings: {
                        "DeploymentType": zones,
                        "AutomaticBackupRetentionDays": days,
                        **({"AuditLogConfiguration": {"FileAccessAuditLogLevel": level}} if kind == "WINDOWS" else {}),
                    },
                }
                for kind, settings in (
                    ("WINDOWS", "WindowsConfiguration"),
                    ("ONTAP", "OntapConfiguration"),
                    ("OPENZFS", "OpenZFSConfiguration"),
                    ("LUSTRE", "LustreConfiguration"),
                )
                for name, zones, days, level in (
                    ("sound", "PERSISTENT_2" if kind == "LUSTRE" else "MULTI_AZ_1", 30, "SUCCESS_AND_FAILURE"),
                    ("plain", "SCRATCH_2" if kind == "LUSTRE" else "SINGLE_AZ_1", 0, "DISABLED"),
                )
            ]
        },
        "describe_backups": {
            "Backups": [
                {
                    "BackupId": kind,
                    "Type": kind,
                    "ResourceARN": arn("fsx", f"backup/{kind}"),
                    "KmsKeyId": KEY,
                    "Lifecycle": state,
                }
                for kind, state in (
                    ("USER_INITIATED", "AVAILABLE"),
                    ("AUTOMATIC", "AVAILABLE"),
                    ("AWS_BACKUP", "DELETED"),
                )
            ]
        },
    }
}
_GATEWAY = arn("storagegateway", "gateway/")
_SHARE = arn("storagegateway", "share/")
GATEWAYS = {
    "storagegateway": {
        "list_gateways": {
            "Gateways": [
                {"GatewayARN": _GATEWAY + name, "GatewayType": kind}
                for name, kind in (("files", "FILE_S3"), ("cached", "CACHED"), ("stored", "STORED"))
            ]
        },
        "list_file_shares": {
            "FileShareInfoList": [
                {"FileShareARN": _SHARE + name, "FileShareType": kind}
                for name, kind in (("own", "NFS"), ("plain", "NFS"), ("windows", "SMB"))
            ]
        },
        "describe_nfs_file_shares": {
            "NFSFileShareInfoList": [
                {"FileShareARN": _SHARE + "own", "EncryptionType": "SseKms", "KMSEncrypted": True, "KMSKey": KEY},
                {"FileShareARN": _SHARE + "plain", "EncryptionType": "SseS3", "KMSEncrypted": False},
            ]
        },
        "describe_smb_file_shares": {
            "SMBFileShareInfoList": [
                {"FileShareARN": _SHARE + "windows", "EncryptionType": "SseS3", "KMSEncrypted": False}
            ]
        },
        "list_volumes": asked(
            "GatewayARN",
            **{
                _GATEWAY + name: {"VolumeInfos": [{"VolumeARN": f"{_GATEWAY}{name}/volume/1"}]}
                for name in ("cached", "stored")
            },
        ),
        "describe_cached_iscsi_volumes": {
            "CachediSCSIVolumes": [{"VolumeARN": f"{_GATEWAY}cached/volume/1", "KMSKey": KEY, "TargetName": "c"}]
        },
        "describe_stored_iscsi_volumes": {
            "StorediSCSIVolumes": [{"VolumeARN": f"{_GATEWAY}stored/volume/1", "TargetName": "s"}]
        },
    }
}
_TABLE = arn("cassandra", "/keyspace/phi/table/")
_SMALL = {
    "keyspaces": {
        "list_keyspaces": {
            "keyspaces": [
                {"keyspaceName": name, "resourceArn": arn("cassandra", f"/keyspace/{name}/")}
                for name in ("system_schema", "phi")
            ]
        },
        "list_tables": {
            "tables": [
                {"keyspaceName": "phi", "tableName": name, "resourceArn": _TABLE + name} for name in ("sound", "plain")
            ]
        },
        "get_table": asked(
            "tableName",
            sound={
                "keyspaceName": "phi",
                "tableName": "sound",
                "encryptionSpecification": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyIdentifier": KEY},
                "pointInTimeRecovery": {"status": "ENABLED"},
            },
            plain={
                "keyspaceName": "phi",
                "tableName": "plain",
                "encryptionSpecification": {"type": "AWS_OWNED_KMS_KEY"},
                "pointInTimeRecovery": {"status": "DISABLED"},
            },
        ),
    },
    "timestream-write": {
        "describe_endpoints": {"Endpoints": [{"Address": "ingest-cell1", "CachePeriodInMinutes": 1440}]},
        "list_databases": {
            "Databases": [{"DatabaseName": "vitals", "Arn": arn("timestream", "database/vitals"), "KmsKeyId": KEY}]
        }
    },
    "timestream-influxdb": {
        "list_db_instances": {
            "items": [
                {"id": name, "name": name, "arn": arn("timestream-influxdb", f"db-instance/{name}"), "deploymentType": kind}
                for name, kind in (("sound", "WITH_MULTIAZ_STANDBY"), ("plain", "SINGLE_AZ"))
            ]
        },
        "get_db_instance": asked(
            "identifier", sound={"publiclyAccessible": False}, plain={"publiclyAccessible": True}
        ),
    },
    "docdb-elastic": {
        "list_clusters": {
            "clusters": [
                {"clusterName": name, "clusterArn": arn("docdb-elastic", f"cluster/{name}")} for name in ("sound", "plain")
            ]
        },
        "get_cluster": asked(
            "clusterArn",
            **{
                arn("docdb-elastic", "cluster/sound"): {"cluster": {"kmsKeyId": KEY, "backupRetentionPeriod": 7}},
                arn("docdb-elastic", "cluster/plain"): {"cluster": {"kmsKeyId": "AWS_OWNED_KMS_KEY", "backupRetentionPeriod": 1}},
            },
        ),
    },
    "neptune-graph": {
        "list_graphs": {
            "graphs": [
                {
                    "id": f"g-{name}",
                    "name": name,
                    "arn": arn("neptune-graph", f"graph/{name}"),
                    "kmsKeyIdentifier": key,
                    "publicConnectivity": plain,
                    "deletionProtection": not plain,
                }
                for name, key, plain in (("sound", KEY, False), ("plain", "AWS_OWNED_KEY", True))
            ]
        }
    },
}  # fmt: skip
_OWNED = {"KmsEncryptionConfig": {"CmkType": "AWS_OWNED_KMS_KEY"}}
_OURS = {"KmsEncryptionConfig": {"CmkType": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": KEY}}
_SMART = {"AuthorizationStrategy": "SMART_ON_FHIR_V1", "FineGrainedAuthorizationEnabled": False}
HEALTH = {
    "healthlake": {
        "list_fhir_datastores": {
            "DatastorePropertiesList": [
                {
                    "DatastoreId": name,
                    "DatastoreName": name,
                    "DatastoreArn": arn("healthlake", f"datastore/fhir/{name}"),
                    "DatastoreStatus": "DELETED" if name == "gone" else "ACTIVE",
                    "SseConfiguration": key,
                    "IdentityProviderConfiguration": login,
                }
                for name, key, login in (
                    ("sound", _OURS, {"AuthorizationStrategy": "AWS_AUTH"}),
                    ("plain", _OWNED, _SMART),
                    ("gone", _OWNED, _SMART),
                )
            ]
        }
    },
    "medical-imaging": {
        "list_datastores": {
            "datastoreSummaries": [
                {
                    "datastoreId": name,
                    "datastoreName": name,
                    "datastoreStatus": "ACTIVE",
                    "datastoreArn": arn("medical-imaging", f"datastore/{name}"),
                }
                for name in ("sound", "plain")
            ]
        },
        "get_datastore": asked(
            "datastoreId", sound={"datastoreProperties": {"kmsKeyArn": KEY}}, plain={"datastoreProperties": {}}
        ),
    },
    "omics": {
        "list_sequence_stores": {
            "sequenceStores": [
                {
                    "id": "sound",
                    "arn": arn("omics", "sequenceStore/sound"),
                    "sseConfig": {"type": "KMS", "keyArn": KEY},
                },
                {"id": "plain", "arn": arn("omics", "sequenceStore/plain"), "sseConfig": {"type": "KMS"}},
            ]
        },
        "list_reference_stores": {
            "referenceStores": [
                {"id": "plain", "arn": arn("omics", "referenceStore/plain"), "sseConfig": {"type": "KMS"}}
            ]
        },
    },
}
SEEN = [
    (MIGRATIONS, arn("dms", "rep:sound"), []),
    (MIGRATIONS, arn("dms", "rep:plain"), ["automatic-upgrades", "database-not-public", "multi-zone"]),
    (MIGRATIONS, arn("dms", "replication-config:serverless"), ["multi-zone"]),
    (MIGRATIONS, arn("dms", "endpoint:verified"), []),
    (MIGRATIONS, arn("dms", "endpoint:open"), ["encryption-in-transit"]),
    (MIGRATIONS, arn("dms", "endpoint:bucket"), []),
    (MIGRATIONS, arn("dms", "endpoint:kafka"), ["encryption-in-transit"]),
    (FILES, arn("fsx", "file-system/WINDOWS-sound"), ["store-in-backup-plan"]),
    (
        FILES,
        arn("fsx", "file-system/WINDOWS-plain"),
        ["file-system-backups", "multi-zone", "store-in-backup-plan"],
    ),
    (FILES, arn("fsx", "file-system/ONTAP-sound"), ["store-in-backup-plan"]),
    (FILES, arn("fsx", "file-system/ONTAP-plain"), ["file-system-backups", "multi-zone", "store-in-backup-plan"]),
    (FILES, arn("fsx", "file-system/OPENZFS-sound"), ["store-in-backup-plan"]),
    (FILES, arn("fsx", "file-system/OPENZFS-plain"), ["file-system-backups", "multi-zone", "store-in-backup-plan"]),
    (FILES, arn("fsx", "file-system/LUSTRE-sound"), ["store-in-backup-plan"]),
    (FILES, arn("fsx", "file-system/LUSTRE-plain"), ["file-system-backups", "store-in-backup-plan"]),
    (FILES, arn("fsx", "backup/USER_INITIATED"), []),
    (GATEWAYS, _SHARE + "own", []),
    (GATEWAYS, _SHARE + "plain", ["customer-managed-key"]),
    (GATEWAYS, _SHARE + "windows", ["customer-managed-key"]),
    (GATEWAYS, f"{_GATEWAY}cached/volume/1", []),
    (GATEWAYS, f"{_GATEWAY}stored/volume/1", ["customer-managed-key"]),
    (_SMALL, _TABLE + "sound", []),
    (_SMALL, _TABLE + "plain", ["customer-managed-key", "point-in-time-recovery"]),
    (_SMALL, arn("timestream", "database/vitals"), []),
    (_SMALL, arn("timestream-influxdb", "db-instance/sound"), []),
    (_SMALL, arn("timestream-influxdb", "db-instance/plain"), ["database-not-public", "multi-zone"]),
    (_SMALL, arn("docdb-elastic", "cluster/sound"), []),
    (_SMALL, arn("docdb-elastic", "cluster/plain"), ["backup-retention", "customer-managed-key"]),
    (_SMALL, arn("neptune-graph", "graph/sound"), []),
    (
        _SMALL,
        arn("neptune-graph", "graph/plain"),
        ["customer-managed-key", "database-not-public", "deletion-protection"],
    ),
    (HEALTH, arn("healthlake", "datastore/fhir/sound"), []),
    (HEALTH, arn("healthlake", "datastore/fhir/plain"), ["customer-managed-key", "fhir-scopes"]),
    (HEALTH, arn("medical-imaging", "datastore/sound"), []),
    (HEALTH, arn("medical-imaging", "datastore/plain"), ["customer-managed-key"]),
    (HEALTH, arn("omics", "sequenceStore/sound"), []),
    (HEALTH, arn("omics", "sequenceStore/plain"), ["customer-managed-key"]),
    (HEALTH, arn("omics", "referenceStore/plain"), ["customer-managed-key"]),
]


@pytest.mark.parametrize(("answers", "address", "failed"), SEEN, ids=[address for _, address, _ in SEEN])
def test_what_fails(answers: Answers, address: str, failed: list[str], tmp_path: Path) -> None:
    found = judged({"kms": KMS, **answers}, tmp_path)[address]
    assert rules(found, Verdict.FAIL) == failed
    assert {"encryption-at-rest", "encryption-in-transit", "encryption-declared"} & found.keys() <= {
        *rules(found, Verdict.PASS),
        *failed,
    }


@pytest.mark.parametrize(
    ("answers", "address"),
    [
        (FILES, arn("fsx", "backup/AUTOMATIC")),
        (FILES, arn("fsx", "backup/AWS_BACKUP")),
        (HEALTH, arn("healthlake", "datastore/fhir/gone")),
    ],
)
def test_what_is_none_of_ones_own(answers: Answers, address: str, tmp_path: Path) -> None:
    """What goes with its file system, and what was deleted."""
    assert address not in judged({"kms": KMS, **answers}, tmp_path)


@pytest.mark.parametrize(
    ("answers", "service", "operation", "address", "undecided"),
    [
        (GATEWAYS, "storagegateway", "describe_nfs_file_shares", _SHARE + "own", "customer-managed-key"),
        (GATEWAYS, "storagegateway", "describe_cached_iscsi_volumes", f"{_GATEWAY}cached/volume/1", "customer-managed-key"),
        (_SMALL, "keyspaces", "get_table", _TABLE + "sound", "point-in-time-recovery"),
        (_SMALL, "timestream-influxdb", "get_db_instance", arn("timestream-influxdb", "db-instance/sound"), "database-not-public"),
        (_SMALL, "docdb-elastic", "get_cluster", arn("docdb-elastic", "cluster/sound"), "backup-retention"),
        (HEALTH, "medical-imaging", "get_datastore", arn("medical-imaging", "datastore/sound"), "customer-managed-key"),
    ],
)  # fmt: skip
def test_what_may_not_be_read_is_not_decided(
    answers: Answers, service: str, operation: str, address: str, undecided: str, tmp_path: Path
) -> None:
    denied = {**answers, service: {**answers[service], operation: DENIED}}
    found = judged({"kms": KMS, **denied}, tmp_path)[address]
    assert found[undecided] is Verdict.UNKNOWN
    assert rules(found, Verdict.FAIL) == []


@pytest.mark.parametrize(
    ("message", "left_open"),
    [
        ("Only existing Timestream for LiveAnalytics customers can access the service.", []),
        ("User is not authorized to perform: timestream:DescribeEndpoints", ["encryption-at-rest"]),
    ],
)
def test_an_account_that_timestream_is_closed_to_has_no_database(
    message: str, left_open: list[str], tmp_path: Path
) -> None:
    refused = {"error": "AccessDeniedException", "http": 403, "message": message}
    found = judged({"timestream-write": {"describe_endpoints": refused}}, tmp_path)
    databases = [verdicts for address, verdicts in found.items() if "aws_timestreamwrite_database" in address]
    undecided = {rule for verdicts in databases for rule in rules(verdicts, Verdict.UNKNOWN)}
    assert sorted(undecided & {"encryption-at-rest"}) == left_open


class _SentError(Exception):
    """What would have been sent first."""


@pytest.mark.parametrize(
    ("endpoint", "first"),
    [("", "Timestream_20181101.DescribeEndpoints"), ("http://127.0.0.1:9", "Timestream_20181101.ListDatabases")],
)
def test_aws_alone_is_asked_for_the_hosts_of_an_account(
    endpoint: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timestream answers nowhere else, and what stands for AWS may name a host that it is not."""
    for name, value in {**credentials(), "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    client = Sessions().client(Place("111122223333", "us-east-1"), "timestream-write")

    def sent(request: Any, **_: Any) -> None:
        raise _SentError(request.headers["X-Amz-Target"].decode())

    client.meta.events.register("before-send", sent)
    with pytest.raises(_SentError, match=first):
        client.list_databases()
