"""Verdicts that were wrong once: what AWS answers in corners that its examples do not show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import judged

from phiward.model.finding import Verdict

ACCOUNT, REGION = "111122223333", "us-east-1"
BUCKET = "arn:aws:s3:::records"
PUBLIC = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}],
    }
)
BUCKETS: dict[str, Any] = {"list_buckets": {"Buckets": [{"Name": "records"}]}, "get_bucket_policy": {"Policy": PUBLIC}}
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def block(*on: str) -> dict[str, Any]:
    return {"PublicAccessBlockConfiguration": {name: name in on for name in _SWITCHES}}


@pytest.mark.parametrize(
    ("account", "bucket", "verdict"),
    [
        (block(), block(), Verdict.FAIL),
        (block(*_SWITCHES), block(), Verdict.PASS),
        (block(), block(*_SWITCHES), Verdict.PASS),
        # A policy that stands there was not refused, and this setting takes none away.
        (block(), block("BlockPublicPolicy"), Verdict.FAIL),
        ({"error": "AccessDenied", "http": 403}, block(), Verdict.UNKNOWN),
        ({"error": "NoSuchPublicAccessBlockConfiguration", "http": 404}, block(), Verdict.FAIL),
    ],
)
def test_the_account_of_a_bucket_is_the_one_it_stands_in(
    account: dict[str, Any], bucket: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    answers = {"s3": {**BUCKETS, "get_public_access_block": bucket}, "s3control": {"get_public_access_block": account}}

    assert judged(answers, tmp_path)[BUCKET]["bucket-not-public"] is verdict


POINT = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/labs"


@pytest.mark.parametrize(
    ("account", "bucket", "verdict"),
    [
        (block(), block(), Verdict.FAIL),
        (block(*_SWITCHES), block(), Verdict.PASS),
        (block(), block(*_SWITCHES), Verdict.PASS),
    ],
)
def test_the_strictest_block_around_an_access_point_holds(
    account: dict[str, Any], bucket: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    answers = {
        "s3": {"list_buckets": BUCKETS["list_buckets"], "get_public_access_block": bucket},
        "s3control": {
            "get_public_access_block": account,
            "list_access_points": {"AccessPointList": [{"Name": "labs", "AccessPointArn": POINT, "Bucket": "records"}]},
            "get_access_point": block(),
            "get_access_point_policy": {"Policy": PUBLIC},
        },
    }
    found = judged(answers, tmp_path)[POINT]

    assert verdict in found.values()
    assert (Verdict.FAIL in found.values()) is (verdict is Verdict.FAIL)


@pytest.mark.parametrize(("status", "verdict"), [("Enabled", Verdict.PASS), ("Disabled", Verdict.FAIL)])
def test_a_replication_that_is_switched_off_copies_nothing(status: str, verdict: Verdict, tmp_path: Path) -> None:
    rule = {"ID": "all", "Status": status, "Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}
    answers = {
        "s3": {**BUCKETS, "get_bucket_replication": {"ReplicationConfiguration": {"Role": "r", "Rules": [rule]}}}
    }

    assert judged(answers, tmp_path)[BUCKET]["bucket-copied"] is verdict


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


def test_a_key_in_a_state_without_an_answer_is_not_one_without_rotation(tmp_path: Path) -> None:
    answers = {
        "kms": {
            "list_keys": {"Keys": [{"KeyId": KEY[-36:], "KeyArn": KEY}]},
            "describe_key": {"KeyMetadata": {"KeyId": KEY[-36:], "KeyManager": "CUSTOMER", "Origin": "AWS_KMS"}},
            "get_key_rotation_status": {"error": "KMSInvalidStateException", "http": 400},
        }
    }

    assert judged(answers, tmp_path)[KEY]["key-rotation"] is Verdict.UNKNOWN


def key(state: str) -> dict[str, Any]:
    return {
        "list_keys": {"Keys": [{"KeyId": KEY[-36:], "KeyArn": KEY}]},
        "describe_key": {
            "KeyMetadata": {"KeyId": KEY[-36:], "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "KeyState": state}
        },
        "get_key_rotation_status": {"KeyRotationEnabled": False},
    }


@pytest.mark.parametrize(("state", "verdict"), [("Enabled", Verdict.FAIL), ("PendingDeletion", Verdict.NOT_APPLICABLE)])
def test_a_key_that_is_to_be_deleted_need_not_rotate(state: str, verdict: Verdict, tmp_path: Path) -> None:
    assert judged({"kms": key(state)}, tmp_path)[KEY]["key-rotation"] is verdict


TABLES = {"list_tables": {"TableNames": ["records"]}, "describe_table": {"Table": {"TableName": "records"}}}


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("ACCOUNT", Verdict.PASS), ("ORGANIZATION", Verdict.PASS), ("ACCOUNT_UNUSED_ACCESS", Verdict.FAIL)],
)
def test_an_analyzer_of_unused_access_does_not_look_at_access_from_outside(
    kind: str, verdict: Verdict, tmp_path: Path
) -> None:
    analyzer = {"arn": f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/a", "name": "a", "type": kind}
    answers = {
        "dynamodb": TABLES,
        "accessanalyzer": {"list_analyzers": {"analyzers": [{**analyzer, "status": "ACTIVE"}]}},
    }
    found = judged(answers, tmp_path)

    assert found[f"account aws://{ACCOUNT}/{REGION}"]["access-analyzer-exists"] is verdict


PASSWORDS = f"arn:aws:iam::{ACCOUNT}:password-policy"


@pytest.mark.parametrize(
    ("users", "policy", "verdict"),
    [
        (3, {"error": "NoSuchEntity", "http": 404}, Verdict.FAIL),
        (0, {"error": "NoSuchEntity", "http": 404}, None),
        (3, {"error": "AccessDenied", "http": 403}, Verdict.UNKNOWN),
        (
            0,
            {"PasswordPolicy": {"MinimumPasswordLength": 16, "PasswordReusePrevention": 24}},
            Verdict.PASS,
        ),
    ],
)
def test_where_nobody_set_a_password_policy_aws_has_its_own(
    users: int, policy: dict[str, Any], verdict: Verdict | None, tmp_path: Path
) -> None:
    iam = {"get_account_summary": {"SummaryMap": {"Users": users}}, "get_account_password_policy": policy}
    found = judged({"iam": iam}, tmp_path).get(PASSWORDS, {})

    assert set(found.values()) == (set() if verdict is None else {verdict})


MACHINE = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0"


@pytest.mark.parametrize(
    ("state", "interface", "verdict"),
    [
        ("running", {}, Verdict.PASS),
        ("stopped", {}, Verdict.UNKNOWN),
        ("stopped", {"Association": {"PublicIp": "192.0.2.1"}}, Verdict.FAIL),
    ],
)
def test_a_machine_that_is_stopped_does_not_show_its_address(
    state: str, interface: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    machine = {"InstanceId": MACHINE[-19:], "State": {"Name": state}, "NetworkInterfaces": [interface]}
    answers = {"ec2": {"describe_instances": {"Reservations": [{"Instances": [machine]}]}}}

    assert judged(answers, tmp_path)[MACHINE]["instance-no-public-ip"] is verdict


@pytest.mark.parametrize(("kind", "verdict"), [("ROOT", Verdict.PASS), ("ACCOUNT", Verdict.UNKNOWN)])
def test_a_policy_of_one_account_guards_no_organization(kind: str, verdict: Verdict, tmp_path: Path) -> None:
    actions = ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "config:StopConfigurationRecorder"]
    denies = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": actions, "Resource": "*"}]}
    policy = {"Id": "p-1", "Arn": "arn:aws:organizations::1:policy/p-1", "Name": "guard", "AwsManaged": False}
    organizations = {
        "describe_organization": {"Organization": {"MasterAccountId": ACCOUNT}},
        "list_policies": [
            {"params": {"Filter": "SERVICE_CONTROL_POLICY"}, "answer": {"Policies": [policy]}},
            {"answer": {"Policies": []}},
        ],
        "describe_policy": {"Policy": {"Content": json.dumps(denies)}},
        "list_targets_for_policy": {"Targets": [{"TargetId": "t", "Type": kind}]},
    }
    found = judged({"organizations": organizations}, tmp_path)

    assert found[f"account aws://{ACCOUNT}"]["organization-guards-audit"] is verdict


SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:database-AbCdEf"


@pytest.mark.parametrize(
    ("secret", "verdict"),
    [
        ({}, Verdict.FAIL),
        ({"PrimaryRegion": REGION}, Verdict.FAIL),
        ({"PrimaryRegion": "eu-west-1"}, Verdict.UNKNOWN),
        ({"PrimaryRegion": "eu-west-1", "RotationEnabled": True}, Verdict.PASS),
    ],
)
def test_a_replica_of_a_secret_has_the_values_of_its_primary(
    secret: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    answers = {"secretsmanager": {"list_secrets": {"SecretList": [{"ARN": SECRET, "Name": "database", **secret}]}}}
    found = judged(answers, tmp_path)[SECRET]

    assert found["secret-rotation"] is verdict


def test_tags_of_a_trail_are_asked_for_where_it_lives(tmp_path: Path) -> None:
    """A question about a trail of another account fails for all of them."""
    own, foreign = (f"arn:aws:cloudtrail:{REGION}:{account}:trail/t" for account in (ACCOUNT, "444455556666"))
    trails = [{"Name": "t", "TrailARN": arn, "HomeRegion": REGION} for arn in (own, foreign)]
    cloudtrail = {
        "describe_trails": {"trailList": trails},
        "get_trail_status": {"IsLogging": True},
        "list_tags": [
            {"params": {"ResourceIdList": foreign}, "answer": {"error": "CloudTrailARNInvalidException", "http": 400}},
            {
                "params": {"ResourceIdList": own},
                "answer": {"ResourceTagList": [{"ResourceId": own, "TagsList": [{"Key": "tenant", "Value": "mercy"}]}]},
            },
        ],
    }
    found = judged({"cloudtrail": cloudtrail}, tmp_path)

    assert Verdict.FAIL in found[own].values()


def test_a_store_of_events_that_takes_in_none_records_nothing(tmp_path: Path) -> None:
    store = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/e"
    selector = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    found = {}
    for status in ("ENABLED", "STOPPED_INGESTION"):
        cloudtrail = {
            "list_event_data_stores": {"EventDataStores": [{"EventDataStoreArn": store, "Name": "e"}]},
            "get_event_data_store": {"Status": status, "AdvancedEventSelectors": [selector]},
        }
        found[status] = judged({"cloudtrail": cloudtrail}, tmp_path)[store]["trail-management-events"]

    assert found == {"ENABLED": Verdict.PASS, "STOPPED_INGESTION": Verdict.UNKNOWN}


def test_an_empty_policy_of_a_stream_grants_nothing(tmp_path: Path) -> None:
    kinesis = {"list_streams": {"StreamNames": ["labs"]}, "get_resource_policy": {"Policy": "{}"}}
    found = judged({"kinesis": kinesis}, tmp_path)[f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/labs"]

    assert found["policy-not-public"] is Verdict.PASS


@pytest.mark.parametrize(("answer", "verdict"), [({}, Verdict.FAIL), ({"EbsEncryptionByDefault": True}, Verdict.PASS)])
def test_an_account_that_says_nothing_of_its_default_encrypts_nothing(
    answer: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    """Terraform's own default, that a declared setting is on, is not AWS's."""
    machine = {"InstanceId": MACHINE[-19:], "State": {"Name": "running"}}
    ec2 = {
        "describe_instances": {"Reservations": [{"Instances": [machine]}]},
        "get_ebs_encryption_by_default": answer,
    }
    found = judged({"ec2": ec2}, tmp_path)

    assert found[f"account aws://{ACCOUNT}/{REGION}"]["ebs-default-encryption"] is verdict


def test_a_secret_of_several_regions_may_be_read_in_another(tmp_path: Path) -> None:
    old = {"ARN": SECRET, "Name": "database", "CreatedDate": "2025-01-01T00:00:00Z"}
    found = {}
    for where in (None, REGION, "eu-west-1"):
        secret = old if where is None else {**old, "PrimaryRegion": where}
        answers = {"secretsmanager": {"list_secrets": {"SecretList": [secret]}}}
        found[where] = judged(answers, tmp_path)[SECRET]["secret-unused"]

    assert found == {None: Verdict.FAIL, REGION: Verdict.UNKNOWN, "eu-west-1": Verdict.UNKNOWN}


@pytest.mark.parametrize(("made", "verdict"), [("2026-11-25", Verdict.PASS), ("2026-01-01", Verdict.FAIL)])
def test_a_password_that_is_younger_than_the_report(made: str, verdict: Verdict, tmp_path: Path) -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/nurse"
    iam = {
        "get_account_authorization_details": {"UserDetailList": [{"UserName": "nurse", "Arn": user, "Path": "/"}]},
        "get_login_profile": {"LoginProfile": {"UserName": "nurse", "CreateDate": f"{made}T00:00:00Z"}},
        "get_credential_report": {
            "Content": f"user,arn,password_last_used,password_last_changed\nnurse,{user},N/A,N/A\n"
        },
    }

    assert judged({"iam": iam}, tmp_path)[user]["credential-unused"] is verdict


TEMPLATE = f"arn:aws:ec2:{REGION}:{ACCOUNT}:launch-template/lt-0123456789abcdef0"


def template(account: dict[str, Any], **data: Any) -> dict[str, Any]:
    version = {"LaunchTemplateId": TEMPLATE[-20:], "VersionNumber": 1, "LaunchTemplateData": data}
    listed = {"LaunchTemplateId": TEMPLATE[-20:], "LatestVersionNumber": 1, "DefaultVersionNumber": 1}
    versions = {"LaunchTemplateVersions": [version]}
    described = {
        "describe_launch_templates": {"LaunchTemplates": [listed]},
        "describe_launch_template_versions": versions,
    }
    return {"ec2": {**described, **account}}


@pytest.mark.parametrize(("tokens", "verdict"), [("required", Verdict.PASS), ("optional", Verdict.FAIL)])
def test_an_endpoint_that_is_on_leaves_tokens_to_the_account(tokens: str, verdict: Verdict, tmp_path: Path) -> None:
    account = {"get_instance_metadata_defaults": {"AccountLevel": {"HttpTokens": tokens}}}
    answers = template(account, MetadataOptions={"HttpEndpoint": "enabled"})

    assert judged(answers, tmp_path)[TEMPLATE]["instance-imdsv2"] is verdict


@pytest.mark.parametrize(("on", "verdict"), [(True, Verdict.PASS), (False, Verdict.FAIL)])
def test_an_account_that_encrypts_by_default_does_so_whatever_a_template_says(
    on: bool, verdict: Verdict, tmp_path: Path
) -> None:
    account = {"get_ebs_encryption_by_default": {"EbsEncryptionByDefault": on}}
    mapping = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": False}}
    found = judged(template(account, BlockDeviceMappings=[mapping]), tmp_path)

    assert found[TEMPLATE]["instance-volumes-encrypted"] is verdict


@pytest.mark.parametrize(
    ("settings", "verdict"), [({"S3": True}, Verdict.PASS), ({"S3": False}, Verdict.FAIL), ({}, Verdict.UNKNOWN)]
)
def test_buckets_are_a_kind_that_backups_are_opted_in_to(
    settings: dict[str, bool], verdict: Verdict, tmp_path: Path
) -> None:
    plan = {"BackupPlanArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:p", "BackupPlanId": "p"}
    backup = {
        "list_backup_plans": {"BackupPlansList": [{**plan, "BackupPlanName": "daily"}]},
        "list_backup_selections": {"BackupSelectionsList": [{"SelectionId": "s", "SelectionName": "all"}]},
        "get_backup_selection": {"BackupSelection": {"SelectionName": "all", "Resources": ["*"]}},
        "describe_region_settings": {"ResourceTypeOptInPreference": settings},
    }
    answers = {"s3": {"list_buckets": BUCKETS["list_buckets"]}, "backup": backup}

    assert judged(answers, tmp_path)[BUCKET]["bucket-copied"] is verdict


TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"
WATCHED: dict[str, Any] = {
    "cloudtrail": {
        "describe_trails": {"trailList": [{"Name": "t", "TrailARN": TRAIL, "HomeRegion": REGION}]},
        "get_trail_status": {"IsLogging": True},
        "list_tags": {"ResourceTagList": [{"ResourceId": TRAIL, "TagsList": []}]},
    },
}


@pytest.mark.parametrize(
    ("alarm", "verdict"),
    [
        ({"Namespace": "audit", "AlarmActions": [TOPIC], "ActionsEnabled": True}, Verdict.PASS),
        ({"Namespace": "other", "AlarmActions": [TOPIC], "ActionsEnabled": True}, Verdict.FAIL),
        ({"Namespace": "audit", "AlarmActions": [TOPIC], "ActionsEnabled": False}, Verdict.FAIL),
        ({"Namespace": "audit", "AlarmActions": [], "ActionsEnabled": True}, Verdict.FAIL),
    ],
)
def test_an_alarm_watches_the_metric_of_its_namespace_while_it_acts(
    alarm: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    metric = {"metricName": "root", "metricNamespace": "audit", "metricValue": "1"}
    filter_ = {"filterName": "f", "filterPattern": '{ $.userIdentity.type = "Root" }', "logGroupName": "g"}
    named = {"AlarmName": "a", "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a", "MetricName": "root"}
    answers = {
        **WATCHED,
        "logs": {"describe_metric_filters": {"metricFilters": [{**filter_, "metricTransformations": [metric]}]}},
        "cloudwatch": {"describe_alarms": {"MetricAlarms": [{**named, **alarm}]}},
    }

    assert judged(answers, tmp_path)[f"account aws://{ACCOUNT}"]["alarm-root-use"] is verdict


@pytest.mark.parametrize(("bus", "verdict"), [("default", Verdict.PASS), ("orders", Verdict.UNKNOWN)])
def test_what_a_trail_records_goes_to_the_default_bus(bus: str, verdict: Verdict, tmp_path: Path) -> None:
    pattern = json.dumps({"detail": {"userIdentity": {"type": ["Root"]}}})
    rule = {"Name": "r", "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r", "EventBusName": bus, "State": "ENABLED"}
    events = {
        "list_event_buses": {
            "EventBuses": [{"Name": bus, "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"}]
        },
        "list_rules": {"Rules": [{**rule, "EventPattern": pattern}]},
        "list_targets_by_rule": {"Targets": [{"Id": "1", "Arn": TOPIC}]},
    }

    assert judged({**WATCHED, "events": events}, tmp_path)[f"account aws://{ACCOUNT}"]["alarm-root-use"] is verdict
