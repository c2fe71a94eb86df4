"""AWS on this machine: moto, made true in the one point where it is not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from moto import mock_aws
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey

from phiward.attest.keys import parse_spki

REGION = "eu-central-1"
MOST_RAW = 4096
"""Bytes of a message that the real KMS hashes itself."""


@contextmanager
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def sign_digests_truly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have moto's KMS heed MessageType, unless it does: 5.2 hashes a digest once more (getmoto/moto#10202)."""
    client = boto3.client("kms", region_name=REGION)
    made = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    answer = client.sign(
        KeyId=made, Message=hashlib.sha256(b"x").digest(), MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
    )
    if parse_spki(client.get_public_key(KeyId=made)["PublicKey"]).verifies(answer["Signature"], b"x"):
        return
    respond, sign = KmsResponse.sign, ECDSAPrivateKey.sign
    kinds: list[Any] = []

    def noting(self: KmsResponse) -> str:
        message = self._get_param("Message")
        kinds.append(self._get_param("MessageType") or "RAW")
        assert kinds[-1] == "DIGEST" or len(message) <= MOST_RAW, "the real KMS refuses longer messages"
        return respond(self)

    def signing(self: ECDSAPrivateKey, message: bytes, algorithm: str) -> bytes:
        if kinds[-1] != "DIGEST" or algorithm != "ECDSA_SHA_256":
            return sign(self, message, algorithm)
        return self.private_key.sign(message, ec.ECDSA(utils.Prehashed(SHA256())))

    monkeypatch.setattr(KmsResponse, "sign", noting)
    monkeypatch.setattr(ECDSAPrivateKey, "sign", signing)
