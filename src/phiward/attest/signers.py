"""What can sign: a private key in a file, a key in AWS KMS. Keyless signing makes whole bundles: `keyless.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from phiward.attest.keys import PublicKey, read_either, read_private

KMS_SCHEME = "awskms:///"


class Signer(Protocol):
    """Signs messages of any length; ECDSA signatures are DER over SHA-256."""

    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """Raises UsageError where it cannot."""
        ...


def open_signer(reference: str, passphrase: Callable[[], bytes]) -> Signer:
    """The signer of a path to a PEM file, or of `awskms:///KEY`. Raises UsageError."""
    if reference.startswith(KMS_SCHEME):
        from phiward.attest.kms import KmsSigner

        return KmsSigner.of(reference.removeprefix(KMS_SCHEME))
    return read_private(Path(reference), passphrase)


def public_key_of(reference: str, passphrase: Callable[[], bytes]) -> PublicKey:
    """The public key of a signer, or of a file that holds it alone. Raises UsageError."""
    if reference.startswith(KMS_SCHEME):
        return open_signer(reference, passphrase).public_key
    return read_either(Path(reference), passphrase)
