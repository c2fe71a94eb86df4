"""The server that stands for AWS: real, empty at the start of each test, and the only one that can be reached."""

from __future__ import annotations

import socket

import pytest
from tests.loaders.aws.server import ACCOUNT, SECRET, Moto, OtherMachineError, is_loopback

from phiward.model.finding import Verdict


def test_what_runs_there_is_judged(moto: Moto) -> None:
    kms = moto.client("kms")
    keys = [kms.create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)["KeyMetadata"]["Arn"] for _ in range(2)]
    kms.enable_key_rotation(KeyId=keys[0])
    report = moto.scan(rules=("key-rotation",), live={"services": ("kms",)})
    verdicts = {f.subject.address: f.verdict for f in report.findings if f.subject.address in keys}
    assert verdicts == {keys[0]: Verdict.PASS, keys[1]: Verdict.FAIL}
    assert set(report.roots) == {f"aws://{ACCOUNT}"}


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_an_empty_account(moto: Moto, turn: int) -> None:
    assert moto.client("s3").list_buckets()["Buckets"] == []
    moto.client("s3").create_bucket(Bucket=f"left-by-{turn}")


def test_accounts_are_apart(moto: Moto) -> None:
    there = moto.client("sqs", keys=moto.account("222233334444"))
    there.create_queue(QueueName="intake")
    assert "QueueUrls" not in moto.client("sqs").list_queues()
    assert there.list_queues()["QueueUrls"][0].endswith("/222233334444/intake")


def test_policies_are_held_to_where_a_test_asks_for_it(moto: Moto) -> None:
    from botocore.exceptions import ClientError

    iam = moto.client("iam")
    iam.create_user(UserName="nobody")
    made = iam.create_access_key(UserName="nobody")["AccessKey"]
    keys = {"AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"], "SessionToken": ""}
    assert moto.client("s3", keys=keys).list_buckets()["Buckets"] == []
    moto.enforce(on=True)
    with pytest.raises(ClientError, match="AccessDenied"):
        moto.client("s3", keys=keys).list_buckets()


@pytest.mark.usefixtures("only_loopback")
def test_no_other_machine_can_be_reached() -> None:
    with socket.socket() as opened, pytest.raises(OtherMachineError):
        opened.connect(("192.0.2.1", 443))


def test_an_address_elsewhere_is_no_server() -> None:
    assert is_loopback("http://127.0.0.1:5000")
    assert is_loopback("http://[::1]:5000")
    assert not is_loopback("https://sts.amazonaws.com")
    with pytest.raises(AssertionError, match="not on this machine"):
        Moto("https://sts.amazonaws.com")


def test_the_secret_of_the_tests_is_one_that_would_be_found(moto: Moto) -> None:
    """Outputs are searched for it, so it must not be a text that stands elsewhere."""
    assert moto.environment["AWS_SECRET_ACCESS_KEY"] == SECRET
    assert len(SECRET) == 40
