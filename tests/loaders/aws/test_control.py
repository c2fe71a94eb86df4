"""Identities, trails, logs, queues and secrets of an account: what is read of them, and what the rules say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import judged, misshapen, rules

from phiward.loaders.aws.resources import load
from phiward.loaders.aws.written import ACCOUNT, REGION, collect
from phiward.loaders.loaded import Loaded
from phiward.model.finding import Verdict
from phiward.model.project import Project
from phiward.model.value import Unknown
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

IAM = f"arn:aws:iam::{ACCOUNT}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
DENIED = {"error": "AccessDenied", "http": 403}
COLUMNS = "user,arn,password_enabled,password_last_used,password_last_changed,mfa_active,access_key_1_last_used_date"


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def trust(principal: dict[str, str]) -> str:
    """As AWS writes it: the SDK takes it apart, a written answer may have it either way."""
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


def tls_only(arn: str, action: str) -> str:
    bare = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": arn, "Condition": bare}
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]})


def attached(arn: str) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}]


IDENTITIES: dict[str, Any] = {
    "get_account_authorization_details": {
        "UserDetailList": [
            {
                "UserName": "ann",
                "Path": "/",
                "Arn": f"{IAM}:user/ann",
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": json.dumps(allow("*"))}],
                "AttachedManagedPolicies": attached("arn:aws:iam::aws:policy/AdministratorAccess"),
                "GroupList": [],
            },
            {"UserName": "bob", "Path": "/", "Arn": f"{IAM}:user/bob", "GroupList": ["clinicians"]},
        ],
        "GroupDetailList": [
            {"GroupName": "clinicians", "Arn": f"{IAM}:group/clinicians"},
            {"GroupName": "empty", "Arn": f"{IAM}:group/empty"},
        ],
        "RoleDetailList": [
            {
                "RoleName": "open",
                "Path": "/",
                "Arn": f"{IAM}:role/open",
                "AssumeRolePolicyDocument": trust({"AWS": "*"}),
                "AttachedManagedPolicies": attached(f"{IAM}:policy/reads"),
            },
            {
                "RoleName": "worker",
                "Path": "/",
                "Arn": f"{IAM}:role/worker",
                "AssumeRolePolicyDocument": trust({"Service": "ecs-tasks.amazonaws.com"}),
            },
            {
                "RoleName": "AWSReservedSSO_Doctors_0123456789abcdef",
                "Path": "/aws-reserved/sso.amazonaws.com/",
                "Arn": f"{IAM}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Doctors_0123456789abcdef",
                "AssumeRolePolicyDocument": trust({"Federated": f"{IAM}:saml-provider/AWSSSO_DO_NOT_DELETE"}),
                "AttachedManagedPolicies": attached("arn:aws:iam::aws:policy/AdministratorAccess"),
            },
        ],
        "Policies": [
            {
                "PolicyName": "reads",
                "Path": "/",
                "Arn": f"{IAM}:policy/reads",
                "PolicyVersionList": [
                    {"VersionId": "v1", "IsDefaultVersion": False, "Document": json.dumps(allow("*"))},
                    {"VersionId": "v2", "IsDefaultVersion": True, "Document": json.dumps(allow("s3:Get*"))},
                ],
            }
        ],
    },
    "list_roles": {
        "Roles": [
            {"RoleName": "open", "Arn": f"{IAM}:role/open", "MaxSessionDuration": 43200},
            {"RoleName": "worker", "Arn": f"{IAM}:role/worker", "MaxSessionDuration": 3600},
        ]
    },
    "get_login_profile": [{"params": {"UserName": "ann"}, "answer": {"LoginProfile": {"UserName": "ann"}}}],
    "list_access_keys": [
        {
            "params": {"UserName": "ann"},
            "answer": {
                "AccessKeyMetadata": [
                    {"AccessKeyId": "AKIAANN1", "Status": "Active", "CreateDate": "2026-06-01T00:00:00+00:00"}
                ]
            },
        }
    ],
    "get_account_password_policy": {"PasswordPolicy": {"MinimumPasswordLength": 8}},
    "get_credential_report": {
        "Content": f"{COLUMNS}\n"
        f"ann,{IAM}:user/ann,true,no_information,2025-11-26T00:00:00+00:00,false,N/A\n"
        f"<root_account>,{IAM}:root,not_supported,2026-11-20T00:00:00+00:00,not_supported,false,N/A\n"
    },
    "get_account_summary": {"SummaryMap": {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1}},
}


def attributes(answers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The attributes of what is read, by address."""
    collectors = load_collectors(pack_directory())
    loaded = Loaded()
    assert misshapen(answers) == []
    load(collect(answers, collectors), frozenset(), collectors, Project(), loaded)
    return {one.address: dict(one.attributes) for one in loaded.resources}


def test_identities_are_judged_as_they_are(tmp_path: Path) -> None:
    found = judged({"iam": IDENTITIES}, tmp_path)

    assert {"user-in-group", "user-without-console"} <= set(rules(found[f"{IAM}:user/ann"], Verdict.FAIL))
    assert rules(found[f"{IAM}:user/bob"], Verdict.FAIL) == []
    assert "access-key-static" in rules(found[f"{IAM}:user/ann#AKIAANN1"], Verdict.FAIL)
    assert {"policy-everything", "policy-not-inline", "user-without-own-policies"} <= set(
        rules(found[f"{IAM}:user/ann#own"], Verdict.FAIL)
    )
    administrator = found[f"{IAM}:user/ann#arn:aws:iam::aws:policy/AdministratorAccess"]
    assert {"policy-everything", "user-without-own-policies"} <= set(rules(administrator, Verdict.FAIL))
    assert rules(found[f"{IAM}:group/clinicians"], Verdict.FAIL) == []
    assert rules(found[f"{IAM}:group/empty"], Verdict.FAIL) == ["user-in-group"]
    assert rules(found[f"{IAM}:role/open"], Verdict.FAIL) == ["role-trust-public", "session-duration"]
    assert rules(found[f"{IAM}:role/worker"], Verdict.FAIL) == []
    assert rules(found[f"{IAM}:role/open#{IAM}:policy/reads"], Verdict.FAIL) == []
    assert rules(found[f"{IAM}:password-policy"], Verdict.FAIL) == ["password-length", "password-reuse"]


def test_only_the_version_of_a_policy_that_is_in_force_counts(tmp_path: Path) -> None:
    found = judged({"iam": IDENTITIES}, tmp_path)[f"{IAM}:policy/reads"]

    assert found["policy-everything"] is Verdict.PASS
    assert found["policy-reads-everything"] is Verdict.FAIL


def test_a_role_that_services_keep_is_nobodys_to_change_but_what_it_may_do_counts(tmp_path: Path) -> None:
    reserved = f"{IAM}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Doctors_0123456789abcdef"
    found = judged({"iam": IDENTITIES}, tmp_path)

    assert reserved not in found
    assert "policy-everything" in rules(found[f"{reserved}#arn:aws:iam::aws:policy/AdministratorAccess"], Verdict.FAIL)


def test_ages_are_days_until_the_collection_began() -> None:
    found = attributes({"iam": IDENTITIES})

    assert found[f"{IAM}:user/ann"]["password_unused_days"] == 365  # never used, since it was set
    assert found[f"{IAM}:user/ann#AKIAANN1"]["age_days"] == 178
    assert found[f"{IAM}:root"]["password_used_days"] == 6
    assert (found[f"{IAM}:root"]["mfa"], found[f"{IAM}:root"]["has_access_keys"]) == ("none", True)


def test_what_a_report_does_not_tell_of_a_user_is_unknown() -> None:
    """It may be four hours old, and the user younger."""
    found = attributes({"iam": IDENTITIES})[f"{IAM}:user/bob"]["password_unused_days"]

    assert isinstance(found, Unknown)
    assert "does not tell of" in found.reason


@pytest.mark.parametrize(
    ("operation", "undecided"),
    [
        ("list_roles", {f"{IAM}:role/worker": {"session-duration"}}),
        ("get_login_profile", {f"{IAM}:user/bob": {"user-without-console"}}),
    ],
)
def test_nothing_passes_by_a_call_about_identities_that_is_denied(
    operation: str, undecided: dict[str, set[str]], tmp_path: Path
) -> None:
    found = judged({"iam": IDENTITIES | {operation: DENIED}}, tmp_path)

    for address, wanted in undecided.items():
        assert wanted <= set(rules(found[address], Verdict.UNKNOWN))


def test_where_identities_cannot_be_listed_nothing_is_said_of_them(tmp_path: Path) -> None:
    found = judged({"iam": IDENTITIES | {"get_account_authorization_details": DENIED}}, tmp_path)

    about = {verdict for address, by_rule in found.items() if "aws_iam" in address for verdict in by_rule.values()}
    assert about <= {Verdict.UNKNOWN, Verdict.NOT_APPLICABLE}


TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
TRAILS: dict[str, Any] = {
    "describe_trails": {
        "trailList": [
            {
                "Name": "audit",
                "S3BucketName": "audit-logs",
                "IncludeGlobalServiceEvents": True,
                "IsMultiRegionTrail": True,
                "HomeRegion": REGION,
                "TrailARN": TRAIL,
                "LogFileValidationEnabled": True,
                "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit:*",
                "KmsKeyId": KEY,
                "IsOrganizationTrail": False,
            }
        ]
    },
    "get_trail_status": {"IsLogging": True},
    "get_event_selectors": {
        "EventSelectors": [
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
                "ExcludeManagementEventSources": [],
            }
        ]
    },
}
KEYS = {
    "list_keys": {"Keys": [{"KeyArn": KEY, "KeyId": KEY.rpartition("/")[2]}]},
    "describe_key": {
        "KeyMetadata": {
            "KeyId": KEY.rpartition("/")[2],
            "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS",
            "KeyState": "Enabled",
            "Enabled": True,
        }
    },
    "get_key_rotation_status": {"KeyRotationEnabled": True},
}


def test_a_sound_trail_passes_all_rules_about_trails(tmp_path: Path) -> None:
    found = judged({"cloudtrail": TRAILS, "kms": KEYS}, tmp_path)[TRAIL]

    assert {verdict for verdict in found.values() if verdict is not Verdict.NOT_APPLICABLE} == {Verdict.PASS}
    assert {"trail-recording", "trail-data-events", "trail-encrypted", "trail-multi-region"} <= set(
        rules(found, Verdict.PASS)
    )


@pytest.mark.parametrize(
    ("operation", "answer", "rule", "verdict"),
    [
        ("get_trail_status", {"IsLogging": False}, "trail-recording", Verdict.FAIL),
        ("get_trail_status", DENIED, "trail-recording", Verdict.UNKNOWN),
        ("get_event_selectors", {"EventSelectors": []}, "trail-data-events", Verdict.FAIL),
        ("get_event_selectors", DENIED, "trail-data-events", Verdict.UNKNOWN),
        ("get_event_selectors", DENIED, "trail-management-events", Verdict.UNKNOWN),
    ],
)
def test_a_trail_is_judged_by_what_it_does(
    operation: str, answer: dict[str, Any], rule: str, verdict: Verdict, tmp_path: Path
) -> None:
    found = judged({"cloudtrail": TRAILS | {operation: answer}, "kms": KEYS}, tmp_path)

    assert found[TRAIL][rule] is verdict


def test_whoever_watches_a_trail_may_do_so_in_another_region(tmp_path: Path) -> None:
    """A trail of all regions is watched from one of them: the account is asked as one."""
    found = judged({"cloudtrail": TRAILS, "kms": KEYS}, tmp_path)

    assert "alarm-root-use" in found[f"account aws://{ACCOUNT}"]


RECORDER = f"arn:aws:config:{REGION}:{ACCOUNT}:config-recorder/default"
RECORDERS: dict[str, Any] = {
    "describe_configuration_recorders": {
        "ConfigurationRecorders": [
            {"name": "default", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}
        ]
    },
    "describe_configuration_recorder_status": {
        "ConfigurationRecordersStatus": [{"name": "default", "recording": True}]
    },
}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({"ConfigurationRecordersStatus": [{"name": "default", "recording": True}]}, Verdict.PASS),
        ({"ConfigurationRecordersStatus": [{"name": "default", "recording": False}]}, Verdict.FAIL),
        ({"ConfigurationRecordersStatus": []}, Verdict.UNKNOWN),
        (DENIED, Verdict.UNKNOWN),
    ],
)
def test_a_recorder_counts_where_it_is_started(status: dict[str, Any], verdict: Verdict, tmp_path: Path) -> None:
    answers = {"config": RECORDERS | {"describe_configuration_recorder_status": status}}

    assert judged(answers, tmp_path)[RECORDER]["config-recorder-coverage"] is verdict


@pytest.mark.parametrize(
    ("detector", "verdict"),
    [({"Status": "ENABLED"}, Verdict.PASS), ({"Status": "DISABLED"}, Verdict.FAIL), (DENIED, Verdict.UNKNOWN)],
)
def test_a_suspended_detector_does_not_run(detector: dict[str, Any], verdict: Verdict, tmp_path: Path) -> None:
    answers = {"guardduty": {"list_detectors": {"DetectorIds": ["12abc34d567e"]}, "get_detector": detector}}
    found = judged(answers, tmp_path)

    assert found[f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/12abc34d567e"]["detection-running"] is verdict


GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:ehr"


@pytest.mark.parametrize(
    ("group", "failing"),
    [
        (
            {"logGroupName": "ehr", "retentionInDays": 7},
            ["log-data-protection", "log-group-encrypted", "log-retention", "log-store-deletion-protection"],
        ),
        (
            {
                "logGroupName": "ehr",
                "kmsKeyId": KEY,
                "dataProtectionStatus": "ACTIVATED",
                "deletionProtectionEnabled": True,
            },
            [],
        ),
        (
            {
                "logGroupName": "ehr",
                "kmsKeyId": KEY,
                "inheritedProperties": ["ACCOUNT_DATA_PROTECTION"],
                "deletionProtectionEnabled": True,
                "retentionInDays": 2192,
            },
            [],
        ),
    ],
)
def test_log_groups(group: dict[str, Any], failing: list[str], tmp_path: Path) -> None:
    found = judged({"logs": {"describe_log_groups": {"logGroups": [group]}}, "kms": KEYS}, tmp_path)

    assert rules(found[GROUP], Verdict.FAIL) == failing
    assert rules(found[GROUP], Verdict.UNKNOWN) == []


def test_an_alarm_stands_for_the_filter_whose_metric_it_watches(tmp_path: Path) -> None:
    alarm = {"AlarmName": "root", "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:root", "MetricName": "Root"}
    answers = {
        "cloudtrail": TRAILS,
        "kms": KEYS,
        "logs": {
            "describe_metric_filters": {
                "metricFilters": [
                    {
                        "filterName": "root",
                        "logGroupName": "audit",
                        "filterPattern": '{ $.userIdentity.type = "Root" }',
                        "metricTransformations": [{"metricName": "Root", "metricNamespace": "audit"}],
                    }
                ]
            }
        },
        "cloudwatch": {
            "describe_alarms": {"MetricAlarms": [alarm | {"AlarmActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"]}]}
        },
    }
    found = judged(answers, tmp_path)

    assert found[f"account aws://{ACCOUNT}"]["alarm-root-use"] is Verdict.PASS
    assert found[alarm["AlarmArn"]]["alarm-has-action"] is Verdict.PASS


TOPIC, QUEUE = f"arn:aws:sns:{REGION}:{ACCOUNT}:results", f"arn:aws:sqs:{REGION}:{ACCOUNT}:results"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/results"
OWNER_ONLY = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe"],
                "Resource": TOPIC,
                "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
            }
        ]
    }
)
"""The policy that SNS gives each topic."""


@pytest.mark.parametrize(
    ("topic", "failing", "undecided"),
    [
        ({"Attributes": {"Policy": OWNER_ONLY}}, ["encryption-at-rest", "queue-tls-only"], []),
        ({"Attributes": {"Policy": tls_only(TOPIC, "sns:Publish"), "KmsMasterKeyId": KEY}}, [], []),
        (DENIED, [], ["customer-managed-key", "encryption-at-rest", "policy-not-public", "queue-tls-only"]),
    ],
)
def test_topics(topic: dict[str, Any], failing: list[str], undecided: list[str], tmp_path: Path) -> None:
    answers = {"sns": {"list_topics": {"Topics": [{"TopicArn": TOPIC}]}, "get_topic_attributes": topic}, "kms": KEYS}
    found = judged(answers, tmp_path)[TOPIC]

    assert (rules(found, Verdict.FAIL), rules(found, Verdict.UNKNOWN)) == (failing, undecided)


@pytest.mark.parametrize(
    ("queue", "failing", "undecided"),
    [
        ({"Attributes": {"SqsManagedSseEnabled": "false"}}, ["encryption-at-rest", "queue-tls-only"], []),
        (
            {
                "Attributes": {
                    "SqsManagedSseEnabled": "false",
                    "KmsMasterKeyId": KEY,
                    "Policy": tls_only(QUEUE, "sqs:*"),
                }
            },
            [],
            [],
        ),
        (DENIED, [], ["customer-managed-key", "encryption-at-rest", "policy-not-public", "queue-tls-only"]),
    ],
)
def test_queues(queue: dict[str, Any], failing: list[str], undecided: list[str], tmp_path: Path) -> None:
    answers = {"sqs": {"list_queues": {"QueueUrls": [URL]}, "get_queue_attributes": queue}, "kms": KEYS}
    found = judged(answers, tmp_path)[QUEUE]

    assert (rules(found, Verdict.FAIL), rules(found, Verdict.UNKNOWN)) == (failing, undecided)


SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:database-AbCdEf"
ANYBODY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}
)


@pytest.mark.parametrize(
    ("secret", "policy", "failing"),
    [
        ({}, {}, ["secret-customer-key", "secret-rotation"]),
        ({"KmsKeyId": KEY}, {"ResourcePolicy": ANYBODY}, ["policy-not-public", "secret-rotation"]),
        (
            {"KmsKeyId": KEY, "RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 30}},
            {},
            [],
        ),
    ],
)
def test_secrets(secret: dict[str, Any], policy: dict[str, Any], failing: list[str], tmp_path: Path) -> None:
    listed = {"list_secrets": {"SecretList": [{"ARN": SECRET, "Name": "database", **secret}]}}
    found = judged({"secretsmanager": listed | {"get_resource_policy": policy}, "kms": KEYS}, tmp_path)[SECRET]

    assert rules(found, Verdict.FAIL) == failing
