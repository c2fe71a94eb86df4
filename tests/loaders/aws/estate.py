"""An estate on the server, made through boto3: of each store one that is sound and one with a known fault, by tenant.

What is expected of it is written beside each thing as it is made: the rule, and the verdict.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.loaders.aws.server import ACCOUNT, REGION, Moto

from phiward.model.finding import Verdict

PASS, FAIL = Verdict.PASS, Verdict.FAIL
Expected = dict[tuple[str, str], Verdict]
"""By rule and address."""
ALL_BLOCKED = {
    "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
}  # fmt: skip


class Estate:
    """What is made in one account and region for some tenants."""

    def __init__(self, moto: Moto, region: str = REGION, account: str = ACCOUNT) -> None:
        self._moto = moto
        self._keys = None if account == ACCOUNT else moto.account(account)
        self.region = region
        self.account = account
        self.expected: Expected = {}

    def client(self, service: str) -> Any:
        return self._moto.client(service, self.region, self._keys)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def expect(self, address: str, verdicts: Mapping[str, Verdict]) -> None:
        self.expected.update({(rule, address): verdict for rule, verdict in verdicts.items()})

    def tenant(self, name: str) -> None:
        """Everything of a tenant, with its own key."""
        tags = [{"Key": "tenant", "Value": name}, {"Key": "data-class", "Value": "phi"}]
        key = self._key(name)
        self._buckets(name, tags, key)
        self._databases(name, tags, key)
        self._tables(name, tags, key)
        self._messages(name, tags, key)
        self._secrets_and_functions(name, tags, key)
        self._network(name, tags)

    def _key(self, name: str) -> str:
        kms = self.client("kms")
        tags = [{"TagKey": "tenant", "TagValue": name}, {"TagKey": "data-class", "TagValue": "phi"}]
        made = [
            kms.create_key(Description=f"{name} {what}", KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False, Tags=tags)
            for what in ("records", "old")
        ]
        sound, flawed = (one["KeyMetadata"]["Arn"] for one in made)
        kms.enable_key_rotation(KeyId=sound)
        self.expect(sound, {"key-rotation": PASS})
        self.expect(flawed, {"key-rotation": FAIL})
        return str(sound)

    def _buckets(self, name: str, tags: list[dict[str, str]], key: str) -> None:
        s3 = self.client("s3")
        where = {} if self.region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        sound, flawed = f"{name}-records-{self.account}-{self.region}", f"{name}-scans-{self.account}-{self.region}"
        for bucket in (sound, flawed):
            s3.create_bucket(Bucket=bucket, **where)
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        s3.put_bucket_encryption(
            Bucket=sound,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]},
        )
        s3.put_bucket_versioning(Bucket=sound, VersioningConfiguration={"Status": "Enabled"})
        s3.put_public_access_block(Bucket=sound, PublicAccessBlockConfiguration=ALL_BLOCKED)
        reader = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{flawed}/*"}
        policy = {"Version": "2012-10-17", "Statement": [reader]}
        s3.put_bucket_policy(Bucket=flawed, Policy=json.dumps(policy))
        self.expect(f"arn:aws:s3:::{sound}", {"bucket-versioning": PASS, "bucket-public-access-block": PASS})
        self.expect(f"arn:aws:s3:::{flawed}", {"bucket-versioning": FAIL, "bucket-public-access-block": FAIL})

    def _databases(self, name: str, tags: list[dict[str, str]], key: str) -> None:
        rds = self.client("rds")
        common = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20, "Tags": tags,
                  "MasterUsername": "ehr", "MasterUserPassword": "hunter2hunter2"}  # fmt: skip
        rds.create_db_instance(
            DBInstanceIdentifier=f"{name}-ehr", StorageEncrypted=True, KmsKeyId=key, PubliclyAccessible=False,
            MultiAZ=True, BackupRetentionPeriod=35, DeletionProtection=True, **common,
        )  # fmt: skip
        rds.create_db_instance(
            DBInstanceIdentifier=f"{name}-billing", StorageEncrypted=False, PubliclyAccessible=True, MultiAZ=False,
            BackupRetentionPeriod=1, DeletionProtection=False, **common,
        )  # fmt: skip
        self.expect(
            self.arn("rds", f"db:{name}-ehr"),
            {"encryption-at-rest": PASS, "database-not-public": PASS, "deletion-protection": PASS},
        )
        self.expect(
            self.arn("rds", f"db:{name}-billing"),
            {"encryption-at-rest": FAIL, "database-not-public": FAIL, "deletion-protection": FAIL},
        )

    def _tables(self, name: str, tags: list[dict[str, str]], key: str) -> None:
        dynamodb = self.client("dynamodb")
        for table in (f"{name}-visits", f"{name}-drafts"):
            dynamodb.create_table(
                TableName=table, BillingMode="PAY_PER_REQUEST", Tags=tags,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                **({"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}} if "visits" in table else {}),
            )  # fmt: skip
        dynamodb.update_continuous_backups(
            TableName=f"{name}-visits", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.expect(self.arn("dynamodb", f"table/{name}-visits"), {"point-in-time-recovery": PASS})
        self.expect(self.arn("dynamodb", f"table/{name}-drafts"), {"point-in-time-recovery": FAIL})

    def _messages(self, name: str, tags: list[dict[str, str]], key: str) -> None:
        sqs, sns = self.client("sqs"), self.client("sns")
        plain = {tag["Key"]: tag["Value"] for tag in tags}
        sqs.create_queue(QueueName=f"{name}-intake", Attributes={"KmsMasterKeyId": key}, tags=plain)
        sqs.create_queue(QueueName=f"{name}-faxes", Attributes={"SqsManagedSseEnabled": "false"}, tags=plain)
        sns.create_topic(Name=f"{name}-alerts", Attributes={"KmsMasterKeyId": key}, Tags=tags)
        sns.create_topic(Name=f"{name}-news", Tags=tags)
        self.expect(self.arn("sqs", f"{name}-intake"), {"encryption-at-rest": PASS})
        self.expect(self.arn("sqs", f"{name}-faxes"), {"encryption-at-rest": FAIL})
        self.expect(self.arn("sns", f"{name}-alerts"), {"encryption-at-rest": PASS})
        self.expect(self.arn("sns", f"{name}-news"), {"encryption-at-rest": FAIL})

    def _secrets_and_functions(self, name: str, tags: list[dict[str, str]], key: str) -> None:
        plain = {tag["Key"]: tag["Value"] for tag in tags}
        self.client("secretsmanager").create_secret(
            Name=f"{name}/database", SecretString="hunter2hunter2", KmsKeyId=key, Tags=tags
        )
        role = self.client("iam").create_role(
            RoleName=f"{name}-{self.region}",
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
        )["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("main.py", "def handler(event, context):\n    return None\n")
        self.client("lambda").create_function(
            FunctionName=f"{name}-export", Runtime="python3.12", Role=role, Handler="main.handler", Tags=plain,
            Code={"ZipFile": code.getvalue()}, Environment={"Variables": {"DB_PASSWORD": "hunter2hunter2"}},
        )  # fmt: skip
        self.expect(self.arn("lambda", f"function:{name}-export"), {"secret-not-in-plain-text": FAIL})

    def _network(self, name: str, tags: list[dict[str, str]]) -> None:
        ec2 = self.client("ec2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        group = ec2.create_security_group(GroupName=f"{name}-open", Description="open", VpcId=vpc)["GroupId"]
        ec2.create_tags(Resources=[group], Tags=tags)
        everyone = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[everyone])
        volumes = {}
        for encrypted in (True, False):
            made = ec2.create_volume(
                AvailabilityZone=f"{self.region}a", Size=8, Encrypted=encrypted,
                TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
            )  # fmt: skip
            volumes[encrypted] = made["VolumeId"]
        shared = ec2.create_snapshot(
            VolumeId=volumes[False], TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}]
        )
        ec2.modify_snapshot_attribute(
            SnapshotId=shared["SnapshotId"], Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
        )
        group = self.arn("ec2", f"security-group/{group}")
        self.expect(group, {"ingress-sensitive-ports": FAIL, "ingress-all-ports": PASS})
        permission = self.arn("ec2", f"snapshot/{shared['SnapshotId']}#createVolumePermission")
        self.expect(permission, {"snapshot-not-shared-publicly": FAIL})
        self.expect(self.arn("ec2", f"volume/{volumes[True]}"), {"encryption-at-rest": PASS})
        self.expect(self.arn("ec2", f"volume/{volumes[False]}"), {"encryption-at-rest": FAIL})
