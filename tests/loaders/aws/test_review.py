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
