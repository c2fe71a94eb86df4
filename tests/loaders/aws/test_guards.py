"""What guards an account and what is kept beside its stores: detectors, contacts, organizations, parameters, streams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import judged, rules

from phiward.loaders.aws.client import CallFailed, _by_last
from phiward.loaders.aws.written import ACCOUNT, REGION
from phiward.model.finding import Verdict

DENIED = {"error": "AccessDeniedException", "http": 403}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
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
BUCKET = {"list_buckets": {"Buckets": [{"Name": "records"}]}}
HERE = f"account aws://{ACCOUNT}/{REGION}"


@pytest.mark.parametrize(
    ("hub", "verdict"),
    [
        ({"HubArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:hub/default"}, Verdict.PASS),
        (
            {
                "error": "InvalidAccessException",
                "http": 401,
                "message": f"Account {ACCOUNT} is not subscribed to AWS Security Hub",
            },
            Verdict.FAIL,
        ),
        ({"error": "InvalidAccessException", "http": 401, "message": "The account may not do this"}, Verdict.UNKNOWN),
        (DENIED, Verdict.UNKNOWN),
    ],
)
def test_security_hub_is_absent_only_where_it_says_so(hub: dict[str, Any], verdict: Verdict, tmp_path: Path) -> None:
    found = judged({"s3": BUCKET, "securityhub": {"describe_hub": hub}}, tmp_path)

    assert found[HERE]["security-hub-exists"] is verdict


@pytest.mark.parametrize(
    ("session", "verdict"),
    [
        ({"status": "ENABLED"}, Verdict.PASS),
        ({"status": "PAUSED"}, Verdict.FAIL),
        ({"error": "AccessDeniedException", "http": 403, "message": "Macie is not enabled"}, None),
        (DENIED, Verdict.UNKNOWN),
    ],
)
def test_macie_says_by_a_denial_that_it_is_off(
    session: dict[str, Any], verdict: Verdict | None, tmp_path: Path
) -> None:
    found = judged({"macie2": {"get_macie_session": session}}, tmp_path)
    about = [by_rule for address, by_rule in found.items() if "macie2" in address and "detection-running" in by_rule]

    assert [by_rule["detection-running"] for by_rule in about] == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("contact", "verdict"),
    [
        ({"AlternateContact": {"AlternateContactType": "SECURITY"}}, Verdict.PASS),
        ({"error": "ResourceNotFoundException", "http": 404}, Verdict.FAIL),
        (DENIED, Verdict.UNKNOWN),
    ],
)
def test_somebody_is_named_for_security(contact: dict[str, Any], verdict: Verdict, tmp_path: Path) -> None:
    answers = {
        "account": {"get_alternate_contact": contact},
        "iam": {"get_account_password_policy": {"PasswordPolicy": {"MinimumPasswordLength": 14}}},
    }
    found = judged(answers, tmp_path)

    assert found[f"account aws://{ACCOUNT}"]["security-contact-exists"] is verdict


@pytest.mark.parametrize(
    ("status", "verdict"), [("ACTIVE", Verdict.PASS), ("FAILED", Verdict.FAIL), ("DISABLED", Verdict.FAIL)]
)
def test_an_analyzer_counts_while_it_works(status: str, verdict: Verdict, tmp_path: Path) -> None:
    analyzer = {
        "arn": f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/a",
        "name": "a",
        "type": "ACCOUNT",
        "status": status,
    }
    found = judged({"s3": BUCKET, "accessanalyzer": {"list_analyzers": {"analyzers": [analyzer]}}}, tmp_path)

    assert found[HERE]["access-analyzer-exists"] is verdict


POLICY = f"arn:aws:organizations::{ACCOUNT}:policy/o-1/service_control_policy/p-guards"
GUARDS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Action": ["cloudtrail:*", "config:*", "guardduty:*", "securityhub:*"], "Resource": "*"}
        ],
    }
)


def organization(manager: str = ACCOUNT, **targets: Any) -> dict[str, Any]:
    return {
        "describe_organization": {"Organization": {"Id": "o-1", "MasterAccountId": manager}},
        "list_policies": [
            {
                "params": {"Filter": "SERVICE_CONTROL_POLICY"},
                "answer": {"Policies": [{"Id": "p-guards", "Arn": POLICY, "Name": "guards", "AwsManaged": False}]},
            }
        ],
        "describe_policy": {"Policy": {"Content": GUARDS}},
        "list_targets_for_policy": targets or {"Targets": [{"TargetId": "r-1", "Type": "ROOT"}]},
    }


def test_an_attached_policy_of_the_organization_guards(tmp_path: Path) -> None:
    found = judged({"organizations": organization()}, tmp_path)[f"account aws://{ACCOUNT}"]

    assert found["organization-guards-audit"] is Verdict.PASS
    assert found["organization-guards-keys-and-backups"] is Verdict.FAIL


@pytest.mark.parametrize("answers", [organization(Targets=[]), organization(manager="444455556666")])
def test_nothing_is_held_against_an_account_that_is_shown_no_policies(answers: dict[str, Any], tmp_path: Path) -> None:
    """An organization's policies are its management account's to show; one that is attached nowhere guards nothing."""
    found = judged({"organizations": answers}, tmp_path)

    assert [by_rule for by_rule in found.values() if "organization-guards-audit" in by_rule] == []


INSTANCE = "arn:aws:sso:::instance/ssoins-1"
SET = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"


@pytest.mark.parametrize(
    ("change", "failing", "undecided"),
    [
        ({}, {SET: ["session-duration"]}, {}),
        (
            {
                "get_inline_policy_for_permission_set": {
                    "InlinePolicy": json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
                }
            },
            {f"{SET}#inline": ["policy-everything"]},
            {},
        ),
        (
            {
                "list_managed_policies_in_permission_set": {
                    "AttachedManagedPolicies": [{"Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]
                }
            },
            {f"{SET}#arn:aws:iam::aws:policy/AdministratorAccess": ["policy-everything"]},
            {},
        ),
        ({"describe_permission_set": DENIED}, {}, {SET: ["session-duration"]}),
    ],
)
def test_permission_sets(
    change: dict[str, Any], failing: dict[str, list[str]], undecided: dict[str, list[str]], tmp_path: Path
) -> None:
    answers = {
        "list_instances": {"Instances": [{"InstanceArn": INSTANCE, "OwnerAccountId": ACCOUNT}]},
        "list_permission_sets": {"PermissionSets": [SET]},
        "describe_permission_set": {"PermissionSet": {"Name": "doctors", "SessionDuration": "PT12H"}},
    }
    found = judged({"sso-admin": answers | change}, tmp_path)

    for wanted, verdict in ((failing, Verdict.FAIL), (undecided, Verdict.UNKNOWN)):
        for address, named in wanted.items():
            assert set(named) <= set(rules(found[address], verdict))


def parameter(name: str, kind: str, **more: str) -> dict[str, Any]:
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name}"
    return {"describe_parameters": {"Parameters": [{"Name": name, "ARN": arn, "Type": kind, **more}]}}


@pytest.mark.parametrize(
    ("answers", "rule", "verdict"),
    [
        (parameter("ward/title", "String"), "secret-not-in-plain-text", Verdict.PASS),
        (parameter("db/password", "String"), "secret-not-in-plain-text", Verdict.UNKNOWN),
        (parameter("db/password", "SecureString"), "secret-customer-key", Verdict.FAIL),
        (parameter("db/password", "SecureString", KeyId=KEY), "secret-customer-key", Verdict.PASS),
    ],
)
def test_what_a_parameter_holds_is_not_read(
    answers: dict[str, Any], rule: str, verdict: Verdict, tmp_path: Path
) -> None:
    found = judged({"ssm": answers, "kms": KEYS}, tmp_path)
    (about,) = (by_rule for address, by_rule in found.items() if ":parameter/" in address)

    assert about[rule] is verdict


@pytest.mark.parametrize(
    ("accounts", "verdict"), [(["all"], Verdict.FAIL), (["444455556666"], Verdict.PASS), ([], Verdict.PASS)]
)
def test_documents_that_everybody_may_run(accounts: list[str], verdict: Verdict, tmp_path: Path) -> None:
    answers = {
        "list_documents": {"DocumentIdentifiers": [{"Name": "restart", "DocumentType": "Command"}]},
        "describe_document_permission": {"AccountIds": accounts},
    }
    found = judged({"ssm": answers}, tmp_path)[f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/restart"]

    assert found["document-not-shared"] is verdict


STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/vitals"
DELIVERY = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/vitals"


def kinesis(**stream: str) -> dict[str, Any]:
    return {
        "list_streams": {"StreamNames": ["vitals"]},
        "describe_stream_summary": {"StreamDescriptionSummary": {"StreamARN": STREAM, **stream}},
    }


def firehose(**description: Any) -> dict[str, Any]:
    return {
        "list_delivery_streams": {"DeliveryStreamNames": ["vitals"]},
        "describe_delivery_stream": {"DeliveryStreamDescription": {"DeliveryStreamARN": DELIVERY, **description}},
    }


BEHIND = firehose(
    DeliveryStreamType="KinesisStreamAsSource",
    DeliveryStreamEncryptionConfiguration={"Status": "DISABLED"},
    Source={"KinesisStreamSourceDescription": {"KinesisStreamARN": STREAM}},
)


@pytest.mark.parametrize(
    ("answers", "address", "failing"),
    [
        ({"kinesis": kinesis(EncryptionType="NONE")}, STREAM, ["encryption-at-rest"]),
        ({"kinesis": kinesis(EncryptionType="KMS", KeyId=KEY)}, STREAM, []),
        (
            {"kinesis": kinesis(EncryptionType="KMS", KeyId="alias/aws/kinesis")},
            STREAM,
            ["customer-managed-key"],
        ),
        (
            {
                "firehose": firehose(
                    DeliveryStreamType="DirectPut", DeliveryStreamEncryptionConfiguration={"Status": "DISABLED"}
                )
            },
            DELIVERY,
            ["encryption-at-rest"],
        ),
        ({"firehose": BEHIND, "kinesis": kinesis(EncryptionType="KMS", KeyId=KEY)}, DELIVERY, []),
        ({"firehose": BEHIND, "kinesis": kinesis(EncryptionType="NONE")}, DELIVERY, ["encryption-at-rest"]),
    ],
)
def test_streams(answers: dict[str, Any], address: str, failing: list[str], tmp_path: Path) -> None:
    found = judged({"kms": KEYS, **answers}, tmp_path)[address]

    assert rules(found, Verdict.FAIL) == failing
    assert rules(found, Verdict.UNKNOWN) == []


@pytest.mark.parametrize(("state", "verdict"), [("ENABLED", Verdict.PASS), ("DISABLED", Verdict.FAIL)])
def test_a_rule_of_events_that_is_switched_off_tells_nobody(state: str, verdict: Verdict, tmp_path: Path) -> None:
    trail = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
    pattern = json.dumps({"detail": {"userIdentity": {"type": ["Root"]}}})
    answers = {
        "cloudtrail": {"describe_trails": {"trailList": [{"Name": "audit", "TrailARN": trail}]}},
        "events": {
            "list_event_buses": {
                "EventBuses": [{"Name": "default", "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}]
            },
            "list_rules": {
                "Rules": [
                    {
                        "Name": "root",
                        "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/root",
                        "EventPattern": pattern,
                        "State": state,
                        "EventBusName": "default",
                    }
                ]
            },
            "list_targets_by_rule": {"Targets": [{"Id": "1", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"}]},
        },
    }

    assert judged(answers, tmp_path)[f"account aws://{ACCOUNT}"]["alarm-root-use"] is verdict


POINT = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/labs"
ANYBODY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{POINT}/*"}]}
)
OPEN = {
    "PublicAccessBlockConfiguration": dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False
    )
}


@pytest.mark.parametrize(
    ("listed", "point", "verdict"),
    [
        ({}, OPEN, Verdict.FAIL),
        ({"VpcConfiguration": {"VpcId": "vpc-0123456789abcdef0"}}, OPEN, Verdict.PASS),
        ({}, DENIED, Verdict.UNKNOWN),
    ],
)
def test_access_points(listed: dict[str, Any], point: dict[str, Any], verdict: Verdict, tmp_path: Path) -> None:
    answers = {
        "list_access_points": {
            "AccessPointList": [{"Name": "labs", "AccessPointArn": POINT, "Bucket": "records", **listed}]
        },
        "get_access_point": point,
        "get_access_point_policy": {"Policy": ANYBODY},
    }
    found = judged({"s3control": answers}, tmp_path)[POINT]

    assert rules(found, verdict) != []
    assert rules(found, Verdict.FAIL) == [] or verdict is Verdict.FAIL


@pytest.mark.parametrize("origin", ["AWS_KMS", "EXTERNAL"])
@pytest.mark.parametrize("kind", ["PRIMARY", "REPLICA"])
def test_every_key_of_a_customer_is_one_whatever_its_material(origin: str, kind: str, tmp_path: Path) -> None:
    metadata = {
        "KeyManager": "CUSTOMER",
        "Origin": origin,
        "MultiRegionConfiguration": {"MultiRegionKeyType": kind},
        "Enabled": True,
    }
    answers = {
        "kms": KEYS | {"describe_key": {"KeyMetadata": metadata}},
        "sqs": {
            "list_queues": {"QueueUrls": [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/labs"]},
            "get_queue_attributes": {"Attributes": {"KmsMasterKeyId": KEY}},
        },
    }
    found = judged(answers, tmp_path)

    assert found[f"arn:aws:sqs:{REGION}:{ACCOUNT}:labs"]["customer-managed-key"] is Verdict.PASS
    assert KEY in found


def test_a_list_goes_on_behind_its_last_name() -> None:
    pages = {"": {"Names": ["a", "b"], "HasMore": True}, "b": {"Names": ["c"], "HasMore": False}}

    def ask(**params: Any) -> dict[str, Any]:
        return pages[params.get("ExclusiveStart", "")]

    found = [page["Names"] for page in _by_last(ask, {}, "HasMore", "ExclusiveStart", "Names")]
    assert found == [["a", "b"], ["c"]]


def test_a_list_that_leads_to_itself_ends() -> None:
    def ask(**_: Any) -> dict[str, Any]:
        return {"Tags": [{"Key": "tenant"}], "HasMoreTags": True}

    with pytest.raises(CallFailed):
        list(_by_last(ask, {}, "HasMoreTags", "ExclusiveStartTagKey", "Tags"))
