"""BLAKE2b, for what only this program compares; fingerprints that others keep are SHA-256."""

from __future__ import annotations

from typing import Protocol

try:  # as the standard library's `random` does: hashlib loads OpenSSL, a twentieth of what a commit hook takes
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

SIZE = 32


class Hash(Protocol):
    """The part of a hash object that is used here."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


def keyed(key: str) -> Hash:
    """A hash to be fed; texts under different keys never have the same digest."""
    return blake2b(digest_size=SIZE, key=key.encode()[: blake2b.MAX_KEY_SIZE])


def digest(content: bytes) -> str:
    """The digest of a content, as hexadecimal text."""
    return blake2b(content, digest_size=SIZE).hexdigest()
