"""The policy that is printed, held to by a server: it is enough to read accounts, and not to read what they store."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.loaders.aws.server import ACCOUNT, Moto

from phiward.loaders.aws.policy import needed, policies
from phiward.model.finding import Level, Report
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

SERVICES = (
    "athena",
    "cognito-idp",
    "ecr",
    "ecs",
    "elbv2",
    "glue",
    "iam",
    "kms",
    "logs",
    "rds",
    "sns",
    "sqs",
    "transfer",
)
"""Of those that the server holds to policies as IAM does: for S3 it takes operations for actions."""


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OURS = {f"ours{n}": one for n, one in enumerate(policies(needed(load_collectors(pack_directory()), "aws")))}


def reader(moto: Moto, monkeypatch: pytest.MonkeyPatch, **documents: Any) -> dict[str, str]:
    """Keys of a user with these policies; the environment has them from now on."""
    iam = moto.client("iam")
    iam.create_user(UserName="reader")
    for name, document in documents.items():
        iam.put_user_policy(UserName="reader", PolicyName=name, PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", made["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made["SecretAccessKey"])
    return {"AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"], "SessionToken": ""}


def said(report: Report, code: str) -> list[Any]:
    return [one for one in report.diagnostics if one.code == code]


def estate(moto: Moto) -> None:
    moto.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="records")
    s3.put_object(Bucket="records", Key="a", Body=b"stored")
    moto.client("cognito-idp").create_user_pool(PoolName="patients")
    moto.client("transfer").create_server(Protocols=["SFTP"])


def test_it_is_enough_to_read_an_account(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    estate(moto)
    reader(moto, monkeypatch, **OURS)
    moto.enforce(on=True)
    report = moto.scan(live={"services": SERVICES})
    assert [one.message for one in said(report, "call-denied")] == []
    assert {call.operation.partition(":")[0] for call in report.calls if call.status == "ok"} == set(SERVICES)
    assert said(report, "identity-reads-phi") == []


def test_stored_data_stays_closed_to_who_may_do_anything_else(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    estate(moto)
    keys = reader(moto, monkeypatch, everything=EVERYTHING, **OURS)
    moto.enforce(on=True)
    assert said(moto.scan(live={"services": ("iam", "s3")}), "identity-reads-phi") == []
    with pytest.raises(ClientError, match="AccessDenied"):
        moto.client("s3", keys=keys).get_object(Bucket="records", Key="a")


def test_without_it_the_reader_is_warned(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    estate(moto)
    reader(moto, monkeypatch, everything=EVERYTHING)
    (one,) = said(moto.scan(live={"services": ("iam", "s3")}), "identity-reads-phi")
    assert one.level is Level.WARNING
    assert (
        f"arn:aws:iam::{ACCOUNT}:user/reader, which read the account, could read PHI: everything allows" in one.message
    )
