"""Key pairs: ECDSA on P-256, which every tool and AWS KMS take, or Ed25519. Private keys stand in encrypted PKCS#8."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phiward.durable import create_file
from phiward.errors import UsageError
from phiward.record import dataclass

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ECDSA = "ecdsa-p256"
ED25519 = "ed25519"
ALGORITHMS = (ECDSA, ED25519)
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`key_id` is the SHA-256 of the key's DER (SubjectPublicKeyInfo), as hexadecimal text."""

    algorithm: str
    spki: bytes
    pem: bytes
    raw: EllipticCurvePublicKey | Ed25519PublicKey

    @property
    def key_id(self) -> str:
        return hashlib.sha256(self.spki).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature over the message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as PLAIN_ECDSA
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            if isinstance(self.raw, Ed25519PublicKey):
                self.raw.verify(signature, message)
            else:
                self.raw.verify(signature, message, PLAIN_ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Signs by itself; see `phiward.attest.signers` for what else can."""

    raw: EllipticCurvePrivateKey | Ed25519PrivateKey
    public_key: PublicKey

    def sign(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as PLAIN_ECDSA
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        if isinstance(self.raw, Ed25519PrivateKey):
            return self.raw.sign(message)
        return self.raw.sign(message, PLAIN_ECDSA(SHA256()))


def generate(algorithm: str = ECDSA) -> PrivateKey:
    """A fresh key pair. Raises UsageError where the library is not installed."""
    need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _private(Ed25519PrivateKey.generate() if algorithm == ED25519 else generate_private_key(SECP256R1()))


def write_pair(key: PrivateKey, private: Path, public: Path, passphrase: bytes) -> None:
    """Write both halves, the private one encrypted and for its owner alone. Overwrites nothing. Raises UsageError."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    if not passphrase:
        raise UsageError("the passphrase is empty", hint="a private key is always written encrypted")
    check_absent(private, public)
    encryption = BestAvailableEncryption(passphrase)
    pem = key.raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        create_file(private, pem, mode=0o600)
        create_file(public, key.public_key.pem)
    except FileExistsError as error:
        raise _already_there(Path(error.filename)) from error


def check_absent(*paths: Path) -> None:
    """Raises UsageError for a file that is there."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise _already_there(path)


def read_private(path: Path, passphrase: Callable[[], bytes]) -> PrivateKey:
    """A private key from a PEM file; the passphrase is asked for where it is encrypted. Raises UsageError."""
    need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = _read(path)
    if not holds_private(pem):
        public = b"PUBLIC KEY-----" in pem
        raise UsageError(
            f"{str(path)!r} holds a {'public key, which cannot sign' if public else 'file that is no PEM private key'}",
            hint="`phiward keys generate` makes a key pair",
        )
    encrypted = b"ENCRYPTED" in pem
    try:
        raw = load_pem_private_key(pem, passphrase() if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        why = "the passphrase is wrong, or the file is damaged" if encrypted else "it is no PEM private key"
        raise UsageError(f"the private key {str(path)!r} cannot be read: {why}") from error
    try:
        return _private(raw)
    except ValueError as error:
        raise UsageError(f"{str(path)!r} cannot sign: {error}", hint=f"use {' or '.join(ALGORITHMS)}") from error


def read_public(path: Path) -> PublicKey:
    """A public key from a PEM file. Raises UsageError."""
    need_cryptography()
    pem = _read(path)
    if holds_private(pem):
        raise UsageError(
            f"{str(path)!r} holds a private key; verifying takes the public one",
            hint="`phiward keys show` prints it; hand the private key to nobody",
        )
    try:
        return parse_public(pem)
    except ValueError as error:
        raise UsageError(f"the public key {str(path)!r} cannot be used: {error}") from error


def read_either(path: Path, passphrase: Callable[[], bytes]) -> PublicKey:
    """The public key of a file with either half. Raises UsageError."""
    return read_private(path, passphrase).public_key if holds_private(_read(path)) else read_public(path)


def holds_private(pem: bytes) -> bool:
    return b"PRIVATE KEY-----" in pem


def parse_public(pem: bytes) -> PublicKey:
    """A public key in PEM. Raises ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        raw = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("it is no PEM public key") from error
    return public_key(raw)


def parse_spki(der: bytes) -> PublicKey:
    """A public key in DER, as AWS KMS gives it. Raises ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        raw = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("it is no public key") from error
    return public_key(raw)


def public_key(raw: Any) -> PublicKey:
    """A key of the library as one of ours. Raises ValueError for other kinds and curves."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(raw, Ed25519PublicKey):
        algorithm = ED25519
    elif isinstance(raw, EllipticCurvePublicKey) and isinstance(raw.curve, SECP256R1):
        algorithm = ECDSA
    else:
        raise ValueError("it is neither ECDSA on P-256 nor Ed25519")  # noqa: TRY004 - a kind of key, not of value
    spki = raw.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(algorithm, spki, pem, raw)


def need_cryptography() -> None:
    """Raises UsageError where signatures cannot be made or checked."""
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "signatures need the package cryptography", hint="install Phiward with it: pip install 'phiward[attest]'"
        ) from error


def _private(raw: Any) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not isinstance(raw, (EllipticCurvePrivateKey, Ed25519PrivateKey)):
        raise ValueError("it is neither ECDSA on P-256 nor Ed25519")  # noqa: TRY004 - a kind of key, not of value
    return PrivateKey(raw, public_key(raw.public_key()))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the key {str(path)!r} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{str(path)!r} is too long for a key")
    return content


def _already_there(path: Path) -> UsageError:
    return UsageError(f"{str(path)!r} is there already", hint="a key is never overwritten; name another file")
