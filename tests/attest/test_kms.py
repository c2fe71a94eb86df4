"""Keys in AWS KMS: the digest is signed, others verify it, and a key that cannot sign says so in one line."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.stub import Stubber
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer import SSlibKey

from phiward.attest.kms import KmsSigner
from phiward.attest.ledger import append
from phiward.attest.signers import open_signer, public_key_of
from phiward.attest.signing import sign
from phiward.attest.statement import PREDICATE_TYPE, file_descriptor, make_statement
from phiward.errors import UsageError
from tests.attest.aws import REGION, aws, sign_digests_truly
from tests.attest.conftest import NOW, event
from tests.attest.folders import make_folder


@pytest.fixture
def client(monkeypatch):
    with aws(monkeypatch):
        yield boto3.client("kms", region_name=REGION)


def made(client, **more) -> str:
    arguments = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"} | more
    return client.create_key(**arguments)["KeyMetadata"]["Arn"]


def nobody() -> bytes:
    pytest.fail("a key in KMS has no passphrase")


def test_a_statement_of_any_length_is_signed_and_others_verify_it(client, monkeypatch, tmp_path):
    arn = made(client)
    sign_digests_truly(monkeypatch)
    signer = open_signer(f"awskms:///{arn}", nobody)
    long = make_statement([file_descriptor("findings.json", b"{}")], PREDICATE_TYPE, {"more": "x" * 10_000})
    files = sign(long, [signer])
    theirs = SSlibKey.from_crypto(signer.public_key.raw, signer.public_key.key_id)
    TheirEnvelope.from_dict(json.loads(files["attestation.dsse.json"])).verify([theirs], 1)
    assert files["public-key.pem"] == public_key_of(f"awskms:///{arn}", nobody).pem
    folder = make_folder(tmp_path / "folder", [signer], ledger=tmp_path / "ledger")
    assert (folder / "attestation.tlog-proof").is_file()
    assert append(str(tmp_path / "ledger"), event(1), [signer], NOW).proof.note.signed_by(signer.public_key)


def test_a_key_goes_by_its_alias_too(client, monkeypatch):
    client.create_alias(AliasName="alias/attest", TargetKeyId=made(client))
    sign_digests_truly(monkeypatch)
    assert KmsSigner.of("alias/attest").sign(b"message")


def test_what_cannot_sign_is_one_line(client):
    rsa = made(client, KeySpec="RSA_2048")
    k1 = made(client, KeySpec="ECC_SECG_P256K1")
    symmetric = made(client, KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT")
    for key, why in [
        (rsa, "cannot sign"),
        (k1, "cannot sign"),
        (symmetric, "cannot sign|refuses the key"),
        (f"arn:aws:kms:{REGION}:123456789012:key/nowhere", "refuses the key"),
        ("alias/nowhere", "refuses the key"),
    ]:
        with pytest.raises(UsageError, match=why) as caught:
            KmsSigner.of(key)
        assert "\n" not in caught.value.message


def test_a_key_that_was_disabled_since_and_a_false_signature_are_one_line(client):
    signer = KmsSigner.of(made(client))
    with Stubber(signer.client) as stub:
        stub.add_client_error("sign", "DisabledException", http_status_code=400)
        stub.add_response("sign", {"Signature": b"\x30\x00"})
        with pytest.raises(UsageError, match=r"refuses the key .*: DisabledException"):
            signer.sign(b"message")
        with pytest.raises(UsageError, match="its public key does not verify"):
            signer.sign(b"message")


def test_without_a_region_or_credentials_it_is_one_line(monkeypatch):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(UsageError, match="cannot be asked"):
        KmsSigner.of("alias/attest")
    with pytest.raises(UsageError, match="credentials"):
        KmsSigner.of(f"arn:aws:kms:{REGION}:123456789012:key/1")
