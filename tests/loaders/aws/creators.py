"""What `terraform apply` would do of the declared estate, through boto3: for each type how its attributes are asked for.

It knows nothing of collectors: attributes of Terraform become parameters of the create calls, as the provider does it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from tests.loaders.aws.server import ACCOUNT, REGION, Moto

Made = Mapping[str, Any]
Attributes = Mapping[str, Any]


class Call:
    """One resource: its attributes with what they refer to filled in, and clients to make it with."""

    def __init__(self, moto: Moto, address: str, attributes: Attributes) -> None:
        self._moto = moto
        self.address = address
        self.a = attributes

    def __getattr__(self, service: str) -> Any:
        return self._moto.client(service)

    def tags(self, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        return [{key: k, value: str(v)} for k, v in self.tag_map().items()]

    def tag_map(self) -> dict[str, str]:
        return {k: str(v) for k, v in (self.a.get("tags_all") or self.a.get("tags") or {}).items()}

    @property
    def name(self) -> str:
        """Its name; one that the provider would make up from a prefix."""
        return str(self.a.get("name") or f"{self.a['name_prefix']}{crc32(self.address.encode()):08x}")

    def block(self, name: str) -> dict[str, Any]:
        """The first block of a name; nothing where there is none."""
        blocks = self.a.get(name) or [{}]
        return blocks[0] if isinstance(blocks, list) else blocks

    def given(self, **names: str) -> dict[str, Any]:
        """Parameters by the attributes that they are asked for with, where those are written."""
        return {param: self.a[name] for param, name in names.items() if self.a.get(name) is not None}


def arn(service: str, rest: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


def key(c: Call) -> Made:
    made = c.kms.create_key(
        KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False, Tags=c.tags("TagKey", "TagValue"),
        **c.given(Description="description", Policy="policy"),
    )["KeyMetadata"]  # fmt: skip
    if c.a.get("enable_key_rotation"):
        c.kms.enable_key_rotation(KeyId=made["KeyId"])
    return {"arn": made["Arn"], "id": made["KeyId"], "key_id": made["KeyId"]}


def bucket(c: Call) -> Made:
    name = c.a["bucket"]
    c.s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=bool(c.a.get("object_lock_enabled")))
    c.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": c.tags()})
    # What AWS gives every new bucket, and the server does not.
    c.s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    plain = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    c.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": plain})
    return {"arn": f"arn:aws:s3:::{name}", "id": name, "bucket": name, "bucket_domain_name": f"{name}.s3.amazonaws.com"}


def bucket_encryption(c: Call) -> Made:
    by = c.block("rule")["apply_server_side_encryption_by_default"][0]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": by["sse_algorithm"]}}
    if by.get("kms_master_key_id"):
        rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] = by["kms_master_key_id"]
    c.s3.put_bucket_encryption(Bucket=c.a["bucket"], ServerSideEncryptionConfiguration={"Rules": [rule]})
    return {}


def bucket_versioning(c: Call) -> Made:
    status = c.block("versioning_configuration")["status"]
    c.s3.put_bucket_versioning(Bucket=c.a["bucket"], VersioningConfiguration={"Status": status})
    return {}


def bucket_public_access(c: Call) -> Made:
    asked = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    flags = {"".join(word.capitalize() for word in name.split("_")): bool(c.a.get(name)) for name in asked}
    c.s3.put_public_access_block(Bucket=c.a["bucket"], PublicAccessBlockConfiguration=flags)
    return {}


def bucket_policy(c: Call) -> Made:
    c.s3.put_bucket_policy(Bucket=c.a["bucket"], Policy=c.a["policy"])
    return {}


def bucket_ownership(c: Call) -> Made:
    rules = [{"ObjectOwnership": c.block("rule")["object_ownership"]}]
    c.s3.put_bucket_ownership_controls(Bucket=c.a["bucket"], OwnershipControls={"Rules": rules})
    return {}


def bucket_logging(c: Call) -> Made:
    enabled = {"TargetBucket": c.a["target_bucket"], "TargetPrefix": c.a.get("target_prefix", "")}
    c.s3.put_bucket_acl(
        Bucket=c.a["target_bucket"], ACL="log-delivery-write"
    )  # the server asks for no policy, as AWS does
    c.s3.put_bucket_logging(Bucket=c.a["bucket"], BucketLoggingStatus={"LoggingEnabled": enabled})
    c.s3.put_bucket_acl(Bucket=c.a["target_bucket"], ACL="private")
    return {}


def bucket_acl(c: Call) -> Made:
    c.s3.put_bucket_acl(Bucket=c.a["bucket"], ACL=c.a["acl"])
    return {}


def bucket_lifecycle(c: Call) -> Made:
    rules = []
    for rule in c.a["rule"]:
        found: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"], "Filter": {"Prefix": ""}}
        if rule.get("expiration"):
            found["Expiration"] = {"Days": rule["expiration"][0]["days"]}
        if rule.get("noncurrent_version_expiration"):
            days = rule["noncurrent_version_expiration"][0]["noncurrent_days"]
            found["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
        if rule.get("abort_incomplete_multipart_upload"):
            days = rule["abort_incomplete_multipart_upload"][0]["days_after_initiation"]
            found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
        for moved in rule.get("transition") or ():
            found.setdefault("Transitions", []).append({"Days": moved["days"], "StorageClass": moved["storage_class"]})
        rules.append(found)
    c.s3.put_bucket_lifecycle_configuration(Bucket=c.a["bucket"], LifecycleConfiguration={"Rules": rules})
    return {}


def bucket_lock(c: Call) -> Made:
    kept = c.block("rule")["default_retention"][0]
    retention = {"Mode": kept["mode"], **{n.capitalize(): kept[n] for n in ("days", "years") if kept.get(n)}}
    c.s3.put_object_lock_configuration(
        Bucket=c.a["bucket"],
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}},
    )
    return {}


def table(c: Call) -> Made:
    name, sealed = c.a["name"], c.block("server_side_encryption")
    sealing = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": sealed.get("kms_key_arn")}
    c.dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", Tags=c.tags(),
        KeySchema=[{"AttributeName": c.a["hash_key"], "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": c.a["hash_key"], "AttributeType": "S"}],
        DeletionProtectionEnabled=bool(c.a.get("deletion_protection_enabled")),
        **({"SSESpecification": {k: v for k, v in sealing.items() if v}} if sealed.get("enabled") else {}),
    )  # fmt: skip
    if c.block("point_in_time_recovery").get("enabled"):
        kept = {"PointInTimeRecoveryEnabled": True}
        c.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=kept)
    return {"arn": arn("dynamodb", f"table/{name}"), "id": name, "name": name}


def queue(c: Call) -> Made:
    names = {
        "KmsMasterKeyId": "kms_master_key_id", "KmsDataKeyReusePeriodSeconds": "kms_data_key_reuse_period_seconds",
        "MessageRetentionPeriod": "message_retention_seconds", "RedrivePolicy": "redrive_policy", "Policy": "policy",
        "SqsManagedSseEnabled": "sqs_managed_sse_enabled",
    }  # fmt: skip
    asked = {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in c.given(**names).items()
    }
    url = c.sqs.create_queue(QueueName=c.a["name"], Attributes=asked, tags=c.tag_map())["QueueUrl"]
    return {"arn": arn("sqs", c.a["name"]), "id": url, "url": url, "name": c.a["name"]}


def queue_policy(c: Call) -> Made:
    c.sqs.set_queue_attributes(QueueUrl=c.a["queue_url"], Attributes={"Policy": c.a["policy"]})
    return {}


def topic(c: Call) -> Made:
    asked = c.given(KmsMasterKeyId="kms_master_key_id")
    made = c.sns.create_topic(Name=c.a["name"], Attributes=asked, Tags=c.tags())["TopicArn"]
    return {"arn": made, "id": made, "name": c.a["name"]}


def topic_policy(c: Call) -> Made:
    c.sns.set_topic_attributes(TopicArn=c.a["arn"], AttributeName="Policy", AttributeValue=c.a["policy"])
    return {}


def log_group(c: Call) -> Made:
    name = c.a["name"]
    c.logs.create_log_group(logGroupName=name, tags=c.tag_map(), **c.given(kmsKeyId="kms_key_id"))
    if c.a.get("retention_in_days"):
        c.logs.put_retention_policy(logGroupName=name, retentionInDays=c.a["retention_in_days"])
    return {"arn": arn("logs", f"log-group:{name}"), "id": name, "name": name}


def metric_filter(c: Call) -> Made:
    to = c.block("metric_transformation")
    target = {"metricName": to["name"], "metricNamespace": to["namespace"], "metricValue": str(to["value"])}
    c.logs.put_metric_filter(
        logGroupName=c.a["log_group_name"], filterName=c.a["name"], filterPattern=c.a["pattern"],
        metricTransformations=[target],
    )  # fmt: skip
    return {"id": c.a["name"], "name": c.a["name"]}


def secret(c: Call) -> Made:
    made = c.secretsmanager.create_secret(
        Name=c.a["name"], SecretString="made up", Tags=c.tags(), **c.given(KmsKeyId="kms_key_id")
    )["ARN"]
    return {"arn": made, "id": made, "name": c.a["name"]}


def parameter(c: Call) -> Made:
    c.ssm.put_parameter(
        Name=c.a["name"], Value="made up", Type=c.a["type"], Tags=c.tags(), **c.given(KeyId="key_id", Tier="tier")
    )
    return {"arn": arn("ssm", f"parameter/{c.a['name'].lstrip('/')}"), "id": c.a["name"], "name": c.a["name"]}


def role(c: Call) -> Made:
    made = c.iam.create_role(
        RoleName=c.name, AssumeRolePolicyDocument=c.a["assume_role_policy"], Tags=c.tags(),
        **c.given(MaxSessionDuration="max_session_duration", PermissionsBoundary="permissions_boundary"),
    )["Role"]  # fmt: skip
    return {"arn": made["Arn"], "id": made["RoleName"], "name": made["RoleName"]}


def policy(c: Call) -> Made:
    made = c.iam.create_policy(PolicyName=c.name, PolicyDocument=c.a["policy"], Tags=c.tags())["Policy"]
    return {"arn": made["Arn"], "id": made["Arn"], "name": made["PolicyName"]}


def password_policy(c: Call) -> Made:
    c.iam.update_account_password_policy(
        **c.given(
            MinimumPasswordLength="minimum_password_length", RequireSymbols="require_symbols",
            RequireNumbers="require_numbers", RequireUppercaseCharacters="require_uppercase_characters",
            RequireLowercaseCharacters="require_lowercase_characters", MaxPasswordAge="max_password_age",
            PasswordReusePrevention="password_reuse_prevention",
            AllowUsersToChangePassword="allow_users_to_change_password",
        )
    )  # fmt: skip
    return {"arn": f"arn:aws:iam::{ACCOUNT}:password-policy"}


def repository(c: Call) -> Made:
    sealed = c.block("encryption_configuration")
    asked = {"encryptionType": sealed.get("encryption_type", "AES256"), "kmsKey": sealed.get("kms_key")}
    made = c.ecr.create_repository(
        repositoryName=c.a["name"], tags=c.tags(), imageTagMutability=c.a.get("image_tag_mutability", "MUTABLE"),
        imageScanningConfiguration={
            "scanOnPush": bool(c.block("image_scanning_configuration").get("scan_on_push"))
        },
        encryptionConfiguration={k: v for k, v in asked.items() if v},
    )["repository"]  # fmt: skip
    return {"arn": made["repositoryArn"], "id": c.a["name"], "name": c.a["name"]}


def file_system(c: Call) -> Made:
    made = c.efs.create_file_system(
        CreationToken=c.a.get("creation_token") or "t", Encrypted=bool(c.a.get("encrypted")), Tags=c.tags(),
        **c.given(KmsKeyId="kms_key_id"),
    )  # fmt: skip
    return {"arn": made["FileSystemArn"], "id": made["FileSystemId"]}


def file_system_policy(c: Call) -> Made:
    c.efs.put_file_system_policy(FileSystemId=c.a["file_system_id"], Policy=c.a["policy"])
    return {}


def stream(c: Call) -> Made:
    name = c.a["name"]
    c.kinesis.create_stream(StreamName=name, ShardCount=1)
    c.kinesis.add_tags_to_stream(StreamName=name, Tags=c.tag_map())
    if c.a.get("encryption_type") == "KMS":
        c.kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=c.a["kms_key_id"])
    if c.a.get("retention_period"):
        c.kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=c.a["retention_period"])
    return {"arn": arn("kinesis", f"stream/{name}"), "id": name, "name": name}


def vpc(c: Call) -> Made:
    made = c.ec2.create_vpc(CidrBlock=c.a["cidr_block"])["Vpc"]["VpcId"]
    c.ec2.create_tags(Resources=[made], Tags=c.tags())
    return {"arn": arn("ec2", f"vpc/{made}"), "id": made, "cidr_block": c.a["cidr_block"]}


def subnet(c: Call) -> Made:
    made = c.ec2.create_subnet(VpcId=c.a["vpc_id"], CidrBlock=c.a["cidr_block"], AvailabilityZone=f"{REGION}a")
    number = made["Subnet"]["SubnetId"]
    c.ec2.create_tags(Resources=[number], Tags=c.tags())
    if c.a.get("map_public_ip_on_launch"):
        c.ec2.modify_subnet_attribute(SubnetId=number, MapPublicIpOnLaunch={"Value": True})
    return {"arn": arn("ec2", f"subnet/{number}"), "id": number}


def security_group(c: Call) -> Made:
    made = c.ec2.create_security_group(
        GroupName=c.a.get("name") or "g", Description=c.a.get("description") or "x", VpcId=c.a["vpc_id"]
    )["GroupId"]
    c.ec2.create_tags(Resources=[made], Tags=c.tags())
    # The provider takes away what AWS lets every new group do.
    everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    c.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everywhere])
    for direction, ask in (
        ("ingress", c.ec2.authorize_security_group_ingress), ("egress", c.ec2.authorize_security_group_egress),
    ):  # fmt: skip
        for rule in c.a.get(direction) or ():
            ask(GroupId=made, IpPermissions=[_permission(rule)])
    return {"arn": arn("ec2", f"security-group/{made}"), "id": made}


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    protocol = str(rule.get("protocol", rule.get("ip_protocol", "-1")))
    found: dict[str, Any] = {"IpProtocol": protocol}
    if protocol != "-1":
        found |= {"FromPort": int(rule["from_port"]), "ToPort": int(rule["to_port"])}
    ranges = [*(rule.get("cidr_blocks") or ()), *([rule["cidr_ipv4"]] if rule.get("cidr_ipv4") else ())]
    if ranges:
        found["IpRanges"] = [{"CidrIp": one} for one in ranges]
    if rule.get("cidr_ipv6"):
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["cidr_ipv6"]}]
    groups = [rule.get("referenced_security_group_id"), *(rule.get("security_groups") or ())]
    pairs = [{"GroupId": group} for group in groups if group]
    return {**found, "UserIdGroupPairs": pairs} if pairs else found


def ingress_rule(c: Call) -> Made:
    c.ec2.authorize_security_group_ingress(GroupId=c.a["security_group_id"], IpPermissions=[_permission(c.a)])
    return {}


def egress_rule(c: Call) -> Made:
    c.ec2.authorize_security_group_egress(GroupId=c.a["security_group_id"], IpPermissions=[_permission(c.a)])
    return {}


def volume(c: Call) -> Made:
    made = c.ec2.create_volume(
        AvailabilityZone=f"{REGION}a", Size=c.a.get("size", 8), Encrypted=bool(c.a.get("encrypted")),
        TagSpecifications=[{"ResourceType": "volume", "Tags": c.tags()}], **c.given(KmsKeyId="kms_key_id"),
    )["VolumeId"]  # fmt: skip
    return {"arn": arn("ec2", f"volume/{made}"), "id": made}


def ebs_encryption(c: Call) -> Made:
    (c.ec2.enable_ebs_encryption_by_default if c.a.get("enabled", True) else c.ec2.disable_ebs_encryption_by_default)()
    return {}


def subnet_group(c: Call) -> Made:
    c.rds.create_db_subnet_group(
        DBSubnetGroupName=c.a["name"], DBSubnetGroupDescription="x", SubnetIds=c.a["subnet_ids"]
    )
    return {"id": c.a["name"], "name": c.a["name"]}


def parameter_group(c: Call) -> Made:
    c.rds.create_db_parameter_group(DBParameterGroupName=c.name, DBParameterGroupFamily=c.a["family"], Description="x")
    c.rds.modify_db_parameter_group(DBParameterGroupName=c.name, Parameters=_parameters(c))
    return {"id": c.name, "name": c.name}


def _parameters(c: Call) -> list[dict[str, str]]:
    return [
        {"ParameterName": one["name"], "ParameterValue": str(one["value"]), "ApplyMethod": "pending-reboot"}
        for one in c.a.get("parameter") or ()
    ]


def cluster_parameter_group(c: Call) -> Made:
    c.rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=c.name, DBParameterGroupFamily=c.a["family"], Description="x"
    )
    c.rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=c.name, Parameters=_parameters(c))
    return {"id": c.name, "name": c.name}


def cluster(c: Call) -> Made:
    name = c.a["cluster_identifier"]
    c.rds.create_db_cluster(
        DBClusterIdentifier=name, Tags=c.tags(),
        **c.given(
            Engine="engine", MasterUsername="master_username", StorageEncrypted="storage_encrypted",
            KmsKeyId="kms_key_id", BackupRetentionPeriod="backup_retention_period",
            DeletionProtection="deletion_protection", EnableCloudwatchLogsExports="enabled_cloudwatch_logs_exports",
            EnableIAMDatabaseAuthentication="iam_database_authentication_enabled",
            CopyTagsToSnapshot="copy_tags_to_snapshot", ManageMasterUserPassword="manage_master_user_password",
            DBClusterParameterGroupName="db_cluster_parameter_group_name", DBSubnetGroupName="db_subnet_group_name",
        ),
    )  # fmt: skip
    return {"arn": arn("rds", f"cluster:{name}"), "id": name, "cluster_identifier": name, "engine": c.a.get("engine")}


def cluster_instance(c: Call) -> Made:
    name = c.a["identifier"]
    c.rds.create_db_instance(
        DBInstanceIdentifier=name, Tags=c.tags(), Engine=c.a.get("engine") or "aurora-postgresql",
        **c.given(
            DBInstanceClass="instance_class", DBClusterIdentifier="cluster_identifier",
            PubliclyAccessible="publicly_accessible", MonitoringInterval="monitoring_interval",
            MonitoringRoleArn="monitoring_role_arn",
        ),
    )  # fmt: skip
    return {"arn": arn("rds", f"db:{name}"), "id": name, "identifier": name}


def database(c: Call) -> Made:
    name = c.a["identifier"]
    c.rds.create_db_instance(
        DBInstanceIdentifier=name, Tags=c.tags(),
        **c.given(
            Engine="engine", DBInstanceClass="instance_class", AllocatedStorage="allocated_storage",
            MasterUsername="username", StorageEncrypted="storage_encrypted", KmsKeyId="kms_key_id", MultiAZ="multi_az",
            PubliclyAccessible="publicly_accessible", BackupRetentionPeriod="backup_retention_period",
            DeletionProtection="deletion_protection", EnableCloudwatchLogsExports="enabled_cloudwatch_logs_exports",
            EnableIAMDatabaseAuthentication="iam_database_authentication_enabled",
            CopyTagsToSnapshot="copy_tags_to_snapshot", ManageMasterUserPassword="manage_master_user_password",
            DBParameterGroupName="parameter_group_name", MonitoringInterval="monitoring_interval",
            MonitoringRoleArn="monitoring_role_arn", DBSubnetGroupName="db_subnet_group_name",
        ),
    )  # fmt: skip
    return {"arn": arn("rds", f"db:{name}"), "id": name, "identifier": name}


def secret_rotation(c: Call) -> Made:
    days = c.block("rotation_rules").get("automatically_after_days")
    c.secretsmanager.rotate_secret(
        SecretId=c.a["secret_id"], RotationRules={"AutomaticallyAfterDays": days or 30}, RotateImmediately=False,
        **c.given(RotationLambdaARN="rotation_lambda_arn"),
    )  # fmt: skip
    return {}


def vpc_endpoint(c: Call) -> Made:
    made = c.ec2.create_vpc_endpoint(
        VpcId=c.a["vpc_id"], ServiceName=c.a["service_name"], VpcEndpointType=c.a.get("vpc_endpoint_type", "Gateway"),
        **c.given(PolicyDocument="policy", SubnetIds="subnet_ids", SecurityGroupIds="security_group_ids",
                  PrivateDnsEnabled="private_dns_enabled"),
    )["VpcEndpoint"]["VpcEndpointId"]  # fmt: skip
    return {"arn": arn("ec2", f"vpc-endpoint/{made}"), "id": made}


def backup_vault(c: Call) -> Made:
    made = c.backup.create_backup_vault(
        BackupVaultName=c.a["name"], BackupVaultTags=c.tag_map(), **c.given(EncryptionKeyArn="kms_key_arn")
    )
    return {"arn": made["BackupVaultArn"], "id": c.a["name"], "name": c.a["name"]}


def vault_lock(c: Call) -> Made:
    c.backup.put_backup_vault_lock_configuration(
        BackupVaultName=c.a["backup_vault_name"],
        **c.given(MinRetentionDays="min_retention_days", MaxRetentionDays="max_retention_days",
                  ChangeableForDays="changeable_for_days"),
    )  # fmt: skip
    return {}


def function(c: Call) -> Made:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "")
    environment = {k: str(v) for k, v in (c.block("environment").get("variables") or {}).items()}
    made = c.__getattr__("lambda").create_function(
        FunctionName=c.a["function_name"], Runtime="python3.12", Role=c.a["role"], Handler="main.handler",
        Code={"ZipFile": code.getvalue()}, Tags=c.tag_map(), Environment={"Variables": environment},
        **({"DeadLetterConfig": {"TargetArn": c.block("dead_letter_config")["target_arn"]}} if c.block("dead_letter_config") else {}),
        **({"VpcConfig": {"SubnetIds": c.block("vpc_config")["subnet_ids"], "SecurityGroupIds": c.block("vpc_config")["security_group_ids"]}} if c.block("vpc_config") else {}),
        **c.given(KMSKeyArn="kms_key_arn"),
    )  # fmt: skip
    if c.a.get("reserved_concurrent_executions") is not None:
        c.__getattr__("lambda").put_function_concurrency(
            FunctionName=c.a["function_name"], ReservedConcurrentExecutions=c.a["reserved_concurrent_executions"]
        )
    return {"arn": made["FunctionArn"], "id": c.a["function_name"], "function_name": c.a["function_name"]}


def account_block(c: Call) -> Made:
    asked = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    flags = {"".join(word.capitalize() for word in name.split("_")): bool(c.a.get(name)) for name in asked}
    c.s3control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=flags)
    return {}


def trail(c: Call) -> Made:
    c.cloudtrail.create_trail(
        Name=c.a["name"], S3BucketName=c.a["s3_bucket_name"], TagsList=c.tags(),
        IncludeGlobalServiceEvents=c.a.get("include_global_service_events", True),
        IsMultiRegionTrail=bool(c.a.get("is_multi_region_trail")),
        EnableLogFileValidation=bool(c.a.get("enable_log_file_validation")),
        **c.given(KmsKeyId="kms_key_id", CloudWatchLogsLogGroupArn="cloud_watch_logs_group_arn",
                  CloudWatchLogsRoleArn="cloud_watch_logs_role_arn"),
    )  # fmt: skip
    for selector in c.a.get("event_selector") or ():
        data = [{"Type": d["type"], "Values": d["values"]} for d in selector.get("data_resource") or ()]
        asked = {"ReadWriteType": selector.get("read_write_type", "All"), "DataResources": data,
                 "IncludeManagementEvents": selector.get("include_management_events", True)}  # fmt: skip
        c.cloudtrail.put_event_selectors(TrailName=c.a["name"], EventSelectors=[asked])
    if c.a.get("enable_logging", True):
        c.cloudtrail.start_logging(Name=c.a["name"])
    return {"arn": arn("cloudtrail", f"trail/{c.a['name']}"), "id": c.a["name"], "name": c.a["name"]}


def detector(c: Call) -> Made:
    made = c.guardduty.create_detector(Enable=bool(c.a.get("enable", True)), Tags=c.tag_map())["DetectorId"]
    return {"arn": arn("guardduty", f"detector/{made}"), "id": made}


def alternate_contact(c: Call) -> Made:
    c.account.put_alternate_contact(
        AlternateContactType=c.a["alternate_contact_type"], EmailAddress=c.a["email_address"], Name=c.a["name"],
        PhoneNumber=c.a["phone_number"], Title=c.a["title"],
    )  # fmt: skip
    return {}


def flow_log(c: Call) -> Made:
    made = c.ec2.create_flow_logs(
        ResourceIds=[c.a["vpc_id"]], ResourceType="VPC", TrafficType=c.a.get("traffic_type", "ALL"),
        LogDestinationType="cloud-watch-logs", LogGroupName=c.a["log_destination"].partition("log-group:")[2],
        DeliverLogsPermissionArn=c.a["iam_role_arn"],
    )["FlowLogIds"][0]  # fmt: skip
    return {"arn": arn("ec2", f"vpc-flow-log/{made}"), "id": made}


def cache(c: Call) -> Made:
    name = c.a["replication_group_id"]
    c.elasticache.create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription="x", Engine=c.a.get("engine", "redis"),
        AtRestEncryptionEnabled=bool(c.a.get("at_rest_encryption_enabled")),
        TransitEncryptionEnabled=bool(c.a.get("transit_encryption_enabled")),
        Tags=c.tags(),
        **c.given(KmsKeyId="kms_key_id", MultiAZEnabled="multi_az_enabled",
                  AutomaticFailoverEnabled="automatic_failover_enabled",
                  SnapshotRetentionLimit="snapshot_retention_limit", AuthToken="auth_token",
                  NumCacheClusters="num_cache_clusters"),
    )  # fmt: skip
    return {"arn": arn("elasticache", f"replicationgroup:{name}"), "id": name}


CREATORS: dict[str, Callable[[Call], Made]] = {
    "aws_kms_key": key,
    "aws_s3_account_public_access_block": account_block,
    "aws_s3_bucket": bucket,
    "aws_s3_bucket_versioning": bucket_versioning,
    "aws_s3_bucket_server_side_encryption_configuration": bucket_encryption,
    "aws_s3_bucket_public_access_block": bucket_public_access,
    "aws_s3_bucket_ownership_controls": bucket_ownership,
    "aws_s3_bucket_logging": bucket_logging,
    "aws_s3_bucket_acl": bucket_acl,
    "aws_s3_bucket_lifecycle_configuration": bucket_lifecycle,
    "aws_s3_bucket_policy": bucket_policy,
    "aws_s3_bucket_object_lock_configuration": bucket_lock,
    "aws_cloudwatch_log_group": log_group,
    "aws_iam_role": role,
    "aws_iam_policy": policy,
    "aws_iam_account_password_policy": password_policy,
    "aws_vpc": vpc,
    "aws_subnet": subnet,
    "aws_security_group": security_group,
    "aws_vpc_security_group_ingress_rule": ingress_rule,
    "aws_vpc_security_group_egress_rule": egress_rule,
    "aws_ebs_encryption_by_default": ebs_encryption,
    "aws_ebs_volume": volume,
    "aws_dynamodb_table": table,
    "aws_sqs_queue": queue,
    "aws_sqs_queue_policy": queue_policy,
    "aws_sns_topic": topic,
    "aws_sns_topic_policy": topic_policy,
    "aws_cloudwatch_log_metric_filter": metric_filter,
    "aws_flow_log": flow_log,
    "aws_secretsmanager_secret": secret,
    "aws_ssm_parameter": parameter,
    "aws_ecr_repository": repository,
    "aws_efs_file_system": file_system,
    "aws_efs_file_system_policy": file_system_policy,
    "aws_kinesis_stream": stream,
    "aws_db_subnet_group": subnet_group,
    "aws_db_parameter_group": parameter_group,
    "aws_rds_cluster_parameter_group": cluster_parameter_group,
    "aws_db_instance": database,
    "aws_rds_cluster": cluster,
    "aws_rds_cluster_instance": cluster_instance,
    "aws_lambda_function": function,
    "aws_secretsmanager_secret_rotation": secret_rotation,
    "aws_vpc_endpoint": vpc_endpoint,
    "aws_backup_vault": backup_vault,
    "aws_backup_vault_lock_configuration": vault_lock,
    "aws_cloudtrail": trail,
    "aws_guardduty_detector": detector,
    "aws_account_alternate_contact": alternate_contact,
    "aws_elasticache_replication_group": cache,
}
"""In the order in which they can be made: what others refer to comes first."""
