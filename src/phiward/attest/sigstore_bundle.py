"""Sigstore bundles, version 0.3: one signature with what verifies it, as cosign and sigstore's libraries take it.

https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from phiward.attest.canonical import canonical, parse_mapping
from phiward.attest.dsse import Envelope, decode, envelope_from
from phiward.attest.keys import PublicKey
from phiward.record import dataclass, replace

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_MOST_TIMESTAMPS = 32


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read. `hint` names the key; where there is none, a certificate stands in its place."""

    envelope: Envelope
    hint: str | None
    timestamps: tuple[bytes, ...]
    content: bytes

    @property
    def keyless(self) -> bool:
        return self.hint is None

    def hints_at(self, key: PublicKey) -> bool:
        """Whether it names the key, or none: other makers leave that open."""
        return self.hint in ("", hint_at(key))


def hint_at(key: PublicKey) -> str:
    return base64.b64encode(hashlib.sha256(key.spki).digest()).decode()


def bundle_of(envelope: Envelope, key: PublicKey, timestamps: Sequence[bytes] = ()) -> bytes:
    """The bundle of an envelope's first signature, which is this key's."""
    material: dict[str, Any] = {"publicKey": {"hint": hint_at(key)}, "tlogEntries": []}
    if timestamps:
        tokens = [{"signedTimestamp": base64.b64encode(token).decode()} for token in timestamps]
        material["timestampVerificationData"] = {"rfc3161Timestamps": tokens}
    single = replace(envelope, signatures=envelope.signatures[:1])
    return canonical({"mediaType": MEDIA_TYPE, "verificationMaterial": material, "dsseEnvelope": single.as_json()})


def parse_bundle(content: bytes) -> Bundle:
    """A bundle as it stands in a file; nothing in it is trusted yet. Raises ValueError."""
    value = parse_mapping(content)
    kind = value.get("mediaType")
    if kind != MEDIA_TYPE:
        raise ValueError(f"the mediaType is {kind!r}, not {MEDIA_TYPE!r}")
    envelope = envelope_from(value.get("dsseEnvelope"))
    material = value.get("verificationMaterial")
    if not isinstance(material, dict) or len(envelope.signatures) != 1:
        raise ValueError("a bundle has one signature and its verification material")
    return Bundle(envelope, _hint(material), tuple(_timestamps(material)), content)


def _hint(material: Mapping[str, Any]) -> str | None:
    if "publicKey" not in material:
        return None
    key = material["publicKey"]
    hint = key.get("hint", "") if isinstance(key, dict) else None
    if not isinstance(hint, str):
        raise ValueError("the public key of the bundle is not hinted at in text")  # noqa: TRY004 - a text all the same
    return hint


def _timestamps(material: Mapping[str, Any]) -> list[bytes]:
    data = material.get("timestampVerificationData") or {}
    tokens = data.get("rfc3161Timestamps", []) if isinstance(data, dict) else None
    if not isinstance(tokens, list) or len(tokens) > _MOST_TIMESTAMPS:
        raise ValueError("the time stamps of the bundle are not a list")
    if not all(isinstance(token, dict) for token in tokens):
        raise ValueError("a time stamp of the bundle is not one")
    return [decode(token.get("signedTimestamp"), "time stamp") for token in tokens]
