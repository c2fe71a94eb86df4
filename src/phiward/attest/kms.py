"""Sign with a key that never leaves AWS KMS. The digest is made here: KMS takes messages of 4096 bytes at most."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from phiward.attest.keys import ECDSA, PublicKey, need_cryptography, parse_spki
from phiward.errors import UsageError
from phiward.record import dataclass

_SIGNATURE = "ECDSA_SHA_256"
_REGION = re.compile(r"arn:[^:]+:kms:([a-z0-9-]+):")


@dataclass(frozen=True, slots=True)
class KmsSigner:
    """`key` is what KMS knows the key by: an ARN, an id, or `alias/...`."""

    key: str
    public_key: PublicKey
    client: Any

    @staticmethod
    def of(key: str) -> KmsSigner:
        """The signer of a key. Raises UsageError where it cannot be asked for or cannot sign."""
        need_cryptography()
        client = _client(key)
        answer = _call(client.get_public_key, key, KeyId=key)
        algorithms = answer.get("SigningAlgorithms", ())
        try:
            public = parse_spki(answer["PublicKey"])
        except ValueError as error:
            raise _cannot_sign(key, str(error)) from error
        if answer.get("KeyUsage") != "SIGN_VERIFY" or _SIGNATURE not in algorithms or public.algorithm != ECDSA:
            raise _cannot_sign(key, f"it does not sign with {_SIGNATURE}")
        return KmsSigner(key, public, client)

    def sign(self, message: bytes) -> bytes:
        """Raises UsageError, also where what comes back is not this key's signature."""
        answer = _call(
            self.client.sign,
            self.key,
            KeyId=self.key,
            Message=hashlib.sha256(message).digest(),
            MessageType="DIGEST",
            SigningAlgorithm=_SIGNATURE,
        )
        signature: bytes = answer["Signature"]
        if not self.public_key.verifies(signature, message):
            raise UsageError(f"AWS KMS gave a signature by {self.key!r} that its public key does not verify")
        return signature


def _client(key: str) -> Any:
    try:
        import boto3
        import botocore.exceptions
    except ImportError as error:
        raise UsageError(
            "a key in AWS KMS needs the package boto3", hint="install Phiward with it: pip install 'phiward[aws]'"
        ) from error
    found = _REGION.match(key)
    try:
        return boto3.client("kms", region_name=found[1] if found else None)
    except botocore.exceptions.BotoCoreError as error:
        raise UsageError(
            f"AWS KMS cannot be asked: {error}", hint="name the key by its ARN, or set AWS_REGION"
        ) from error


def _call(operation: Any, key: str, **arguments: Any) -> Any:
    import botocore.exceptions

    try:
        return operation(**arguments)
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        raise UsageError(
            f"AWS KMS refuses the key {key!r}: {code}",
            hint="the caller needs kms:GetPublicKey and kms:Sign on an enabled key of the spec ECC_NIST_P256",
        ) from error
    except botocore.exceptions.BotoCoreError as error:
        raise UsageError(f"AWS KMS cannot be asked for the key {key!r}: {error}") from error


def _cannot_sign(key: str, why: str) -> UsageError:
    return UsageError(f"the key {key!r} cannot sign: {why}", hint="make one of the spec ECC_NIST_P256 for SIGN_VERIFY")
