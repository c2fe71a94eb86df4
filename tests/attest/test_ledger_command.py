"""`phiward ledger`: what is written, proven and asked before."""

from __future__ import annotations

import json

import boto3
import pytest
from click.testing import CliRunner

from phiward.attest.canonical import sha256
from phiward.attest.checkpoint import parse_proof
from phiward.attest.keys import write_pair
from phiward.cli.ledger import command
from phiward.errors import UsageError
from tests.attest.aws import REGION, aws
from tests.attest.conftest import NOW, PASSPHRASE

WHERE = "s3://evidence/ledger"


@pytest.fixture
def key(tmp_path, p256):
    write_pair(p256, tmp_path / "org.key", tmp_path / "org.pub", PASSPHRASE)
    return tmp_path / "org.key"


def test_files_are_written_down_and_proven(tmp_path, phiward, key, p256):
    for number in range(12):
        (tmp_path / f"{number}.json").write_text(str(number))
        done = phiward(
            "ledger", "add", "ledger", f"{number}.json", "--key", key, "--proof", "last.tlog-proof",
            PHIWARD_KEY_PASSPHRASE=PASSPHRASE.decode(),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"entry {number}  ")
    shown = phiward("ledger", "show", "ledger")
    assert [json.loads(line)["seq"] for line in shown.stdout.splitlines()] == list(range(2, 12))
    assert "12 entries" in shown.stderr
    assert len(phiward("ledger", "show", "ledger", "--all").stdout.splitlines()) == 12
    proof = parse_proof(phiward("ledger", "prove", "ledger", "3.json").stdout.encode())
    assert (proof.index, proof.note.checkpoint.size) == (3, 12)
    assert json.loads(proof.entry)["digest"] == f"sha256:{sha256(b'3')}"
    assert proof.note.signed_by(p256.public_key)
    verified = phiward("verify", "ledger", "--key", "org.pub", "--checkpoint", "last.tlog-proof")
    assert (verified.returncode, "VERIFIED" in verified.stdout) == (0, True)
    for arguments, word in [
        (("prove", "ledger", "org.pub"), "no entry"),
        (("prove", "ledger", "nowhere"), "no file"),
        (("prove", "nowhere", "3.json"), "there is no ledger"),
        (("add", "ledger", "nowhere", "--key", key), "no file"),
        (("add", "ledger", "3.json", "--key", "org.pub"), "cannot sign"),
        (("create", "folder"), "no place in S3"),
    ]:
        done = phiward("ledger", *arguments, PHIWARD_KEY_PASSPHRASE=PASSPHRASE.decode())
        assert (done.returncode, done.stdout) == (2, "")
        assert word in done.stderr


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setattr("phiward.cli.ledger.clock", lambda: NOW)
    with aws(monkeypatch):
        client = boto3.client("s3", region_name=REGION)
        place = {"LocationConstraint": REGION}
        client.create_bucket(Bucket="evidence", CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
        yield client


def run(*arguments: str):
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_compliance_is_asked_for_with_its_end(s3):
    asked = run("create", WHERE, "--mode", "compliance")
    assert isinstance(asked.exception, UsageError)
    assert "2222 days: today's until 2032-12-26" in asked.stderr
    assert "KeyCount" not in s3.list_objects_v2(Bucket="evidence") or "Contents" not in s3.list_objects_v2(
        Bucket="evidence"
    )
    begun = run("create", WHERE, "--mode", "compliance", "--origin", "example.com/phi", "--yes")
    assert (begun.exception, begun.stdout) == (None, "example.com/phi\n")
    assert s3.head_object(Bucket="evidence", Key="ledger/ledger.json")["ObjectLockMode"] == "COMPLIANCE"
    assert isinstance(run("extend", WHERE, "--until", "2040-01-01").exception, UsageError)
    extended = run("extend", WHERE, "--until", "2040-01-01", "--yes")
    assert extended.exception is None
    assert "until 2040-01-01" in extended.stderr
    kept = s3.head_object(Bucket="evidence", Key="ledger/ledger.json")["ObjectLockRetainUntilDate"]
    assert f"{kept:%Y-%m-%d %H:%M}" == "2040-01-02 00:00"
    assert isinstance(run("extend", WHERE, "--until", "2020-01-01", "--yes").exception, UsageError)


def test_governance_is_not_asked_for(s3):
    assert run("create", WHERE).exception is None
    assert s3.head_object(Bucket="evidence", Key="ledger/ledger.json")["ObjectLockMode"] == "GOVERNANCE"
    assert run("extend", WHERE, "--until", "2040-01-01").exception is None


def test_the_time_in_a_ledger_is_the_real_one(tmp_path, phiward, key):
    """SOURCE_DATE_EPOCH makes reports reproducible; a ledger says when something was written down."""
    done = phiward(
        "ledger", "add", "ledger", "org.pub", "--key", key,
        PHIWARD_KEY_PASSPHRASE=PASSPHRASE.decode(), SOURCE_DATE_EPOCH="0",
    )  # fmt: skip
    assert done.returncode == 0
    assert not done.stdout.startswith("entry 0  1970")
