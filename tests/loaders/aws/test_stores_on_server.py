"""Databases, caches, file systems and backups that are made through the SDK, and read over a socket."""

from __future__ import annotations

from typing import Any

from tests.loaders.aws.server import Moto

from phiward.model.finding import Verdict

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def verdicts(moto: Moto, services: tuple[str, ...], *rules: str) -> dict[tuple[str, str], Verdict]:
    """By the last part of an address and the rule."""
    report = moto.scan(rules=rules, live={"services": (*services, "kms")})
    return {(f.subject.address.replace("/", ":").rpartition(":")[2], f.rule.id): f.verdict for f in report.findings}


def key(moto: Moto) -> str:
    made = moto.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)
    return str(made["KeyMetadata"]["Arn"])


def instance(rds: Any, name: str, **more: Any) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        EngineVersion="14.3",
        MasterUsername="records",
        MasterUserPassword="of-the-tests",
        AllocatedStorage=20,
        **more,
    )


def test_databases_and_their_snapshots(moto: Moto) -> None:
    rds = moto.client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="strict", DBParameterGroupFamily="postgres14", Description="tls")
    rds.modify_db_parameter_group(
        DBParameterGroupName="strict",
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}],
    )
    instance(
        rds,
        "sound",
        DBParameterGroupName="strict",
        StorageEncrypted=True,
        KmsKeyId=key(moto),
        MultiAZ=True,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        PubliclyAccessible=False,
    )
    instance(rds, "plain", StorageEncrypted=False, PubliclyAccessible=True, BackupRetentionPeriod=0)
    for name, accounts in (("open", ["all"]), ("closed", ["444455556666"])):
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="sound")
        rds.modify_db_snapshot_attribute(DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=accounts)
    asked = (
        "encryption-at-rest", "encryption-in-transit", "customer-managed-key", "database-not-public",
        "backup-retention", "deletion-protection", "multi-zone", "snapshot-not-shared-publicly",
    )  # fmt: skip
    found = verdicts(moto, ("rds",), *asked)
    assert {rule: found["sound", rule] for rule in asked[:7]} == dict.fromkeys(asked[:7], PASS)
    others = [rule for rule in asked[:7] if rule != "customer-managed-key"]
    assert {rule: found["plain", rule] for rule in others} == dict.fromkeys(others, FAIL)
    assert found["open", "snapshot-not-shared-publicly"] is FAIL
    assert found["closed", "snapshot-not-shared-publicly"] is PASS
    assert found["open", "encryption-at-rest"] is PASS


def test_clusters_of_three_products(moto: Moto) -> None:
    rds = moto.client("rds")
    for name, engine in (("aurora", "aurora-postgresql"), ("graph", "neptune")):
        rds.create_db_cluster(
            DBClusterIdentifier=name,
            Engine=engine,
            MasterUsername="records",
            MasterUserPassword="of-the-tests",
            StorageEncrypted=name == "aurora",
            BackupRetentionPeriod=7,
        )
    report = moto.scan(rules=("encryption-at-rest",), live={"services": ("rds", "kms")})
    found = {f.subject.native_type: f.verdict for f in report.findings if "[*]" not in f.subject.address}
    assert found == {"aws_rds_cluster": PASS, "aws_neptune_cluster": FAIL}


def test_tables(moto: Moto) -> None:
    dynamodb = moto.client("dynamodb")
    for name in ("visits", "drafts"):
        sound = name == "visits"
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST" if sound else "PROVISIONED",
            DeletionProtectionEnabled=sound,
            **(
                {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key(moto)}}
                if sound
                else {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
            ),
        )
    dynamodb.update_continuous_backups(
        TableName="visits", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    asked = ("customer-managed-key", "point-in-time-recovery", "deletion-protection", "table-capacity-scales")
    found = verdicts(moto, ("dynamodb", "application-autoscaling"), *asked)
    assert {rule: found["visits", rule] for rule in asked} == dict.fromkeys(asked, PASS)
    assert {rule: found["drafts", rule] for rule in asked} == dict.fromkeys(asked, FAIL)


def test_file_systems(moto: Moto) -> None:
    efs = moto.client("efs")
    sound = efs.create_file_system(CreationToken="sound", Encrypted=True, KmsKeyId=key(moto))["FileSystemId"]
    plain = efs.create_file_system(CreationToken="plain", Encrypted=False)["FileSystemId"]
    found = verdicts(moto, ("efs",), "encryption-at-rest", "customer-managed-key", "file-system-tls-only")
    assert found[sound, "encryption-at-rest"] is PASS
    assert found[sound, "customer-managed-key"] is PASS
    assert found[plain, "encryption-at-rest"] is FAIL
    assert found[plain, "file-system-tls-only"] is FAIL


def test_vaults_and_plans(moto: Moto) -> None:
    backup = moto.client("backup")
    for name in ("strict", "open"):
        backup.create_backup_vault(BackupVaultName=name, EncryptionKeyArn=key(moto))
    backup.put_backup_vault_lock_configuration(BackupVaultName="strict", MinRetentionDays=35, ChangeableForDays=3)
    rule = {"RuleName": "daily", "TargetBackupVaultName": "strict", "ScheduleExpression": "cron(0 5 ? * * *)", "Lifecycle": {"DeleteAfterDays": 40}}  # fmt: skip
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "phi", "Rules": [rule]})["BackupPlanId"]
    found = verdicts(
        moto, ("backup",), "customer-managed-key", "backup-plan-retention", "backup-plan-copy", "backup-vault-lock"
    )
    assert found["open", "customer-managed-key"] is PASS
    assert found["open", "backup-vault-lock"] is FAIL
    assert found["strict", "backup-vault-lock"] is not FAIL
    assert found[plan, "backup-plan-retention"] is PASS
    assert found[plan, "backup-plan-copy"] is FAIL


def test_caches(moto: Moto) -> None:
    cache = moto.client("elasticache")
    for name in ("sound", "plain"):
        cache.create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription=name,
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            AtRestEncryptionEnabled=name == "sound",
            TransitEncryptionEnabled=name == "sound",
            **({"AuthToken": "token-of-the-tests", "SnapshotRetentionLimit": 7} if name == "sound" else {}),
        )
    asked = ("encryption-at-rest", "encryption-in-transit", "cache-authentication", "cache-backups")
    found = verdicts(moto, ("elasticache",), *asked)
    assert {rule: found["sound", rule] for rule in asked} == dict.fromkeys(asked, PASS)
    assert {rule: found["plain", rule] for rule in asked} == dict.fromkeys(asked, FAIL)


def test_search_domains_and_warehouses(moto: Moto) -> None:
    moto.client("opensearch").create_domain(
        DomainName="search",
        EngineVersion="OpenSearch_2.11",
        EncryptionAtRestOptions={"Enabled": True},
        NodeToNodeEncryptionOptions={"Enabled": False},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
    )
    moto.client("redshift").create_cluster(
        ClusterIdentifier="warehouse",
        NodeType="ra3.xlplus",
        MasterUsername="records",
        MasterUserPassword="Of-the-tests-1",
        Encrypted=False,
        PubliclyAccessible=True,
    )
    asked = (
        "encryption-at-rest",
        "internode-encryption",
        "encryption-in-transit",
        "search-in-vpc",
        "database-not-public",
    )
    found = verdicts(moto, ("opensearch", "redshift"), *asked)
    assert found["search", "encryption-at-rest"] is PASS
    assert found["search", "encryption-in-transit"] is PASS
    assert found["search", "internode-encryption"] is FAIL
    assert found["search", "search-in-vpc"] is FAIL
    assert found["warehouse", "encryption-at-rest"] is FAIL
    assert found["warehouse", "database-not-public"] is FAIL
