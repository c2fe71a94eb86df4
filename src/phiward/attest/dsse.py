"""DSSE envelopes: what is signed is the content together with its type, byte for byte, never JSON read again.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from phiward.attest.canonical import parse_mapping
from phiward.attest.keys import PublicKey
from phiward.attest.signers import Signer
from phiward.record import dataclass

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""Exactly this: sigstore's verifiers refuse every other one."""


@dataclass(frozen=True, slots=True)
class Signature:
    key_id: str
    """A hint at best: nobody signs it."""
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What each signature is over."""
        return pre_authentication_encoding(self.payload_type, self.payload)

    def signed_by(self, key: PublicKey) -> bool:
        """Whether one of the signatures is this key's, whatever key they say they are of."""
        return any(key.verifies(signature.value, self.signed_bytes) for signature in self.signatures)

    def as_json(self) -> dict[str, Any]:
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": s.key_id, "sig": base64.b64encode(s.value).decode()} for s in self.signatures],
        }


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, signers: Sequence[Signer], payload_type: str = PAYLOAD_TYPE) -> Envelope:
    """An envelope with one signature for each signer. Raises UsageError where one cannot sign."""
    message = pre_authentication_encoding(payload_type, payload)
    made = [Signature(signer.public_key.key_id, signer.sign(message)) for signer in signers]
    return Envelope(payload, payload_type, tuple(made))


def parse_envelope(content: bytes) -> Envelope:
    """An envelope as it stands in a file; nothing in it is trusted yet. Raises ValueError."""
    return envelope_from(parse_mapping(content))


def envelope_from(value: Any) -> Envelope:
    """As `parse_envelope`, of what was read already."""
    if not isinstance(value, dict) or not isinstance(value.get("signatures"), list):
        raise ValueError("not a DSSE envelope")  # noqa: TRY004 - as any other text that is not one
    signatures = tuple(_signature(item) for item in value["signatures"])
    if not signatures:
        raise ValueError("the envelope holds no signature")
    kind = value.get("payloadType")
    if kind != PAYLOAD_TYPE:
        raise ValueError(f"the payloadType is {kind!r}, not {PAYLOAD_TYPE!r}")
    return Envelope(decode(value.get("payload"), "payload"), PAYLOAD_TYPE, signatures)


def decode(text: Any, what: str) -> bytes:
    """Base64, taken strictly: one content has one spelling. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"the {what} is not base64")  # noqa: TRY004 - as any other text that is not base64
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"the {what} is not base64") from error
    if base64.b64encode(content).decode() != text:
        raise ValueError(f"the {what} is not base64")
    return content


def _signature(item: Any) -> Signature:
    if not isinstance(item, dict):
        raise ValueError("a signature is not an object")  # noqa: TRY004
    key_id = item.get("keyid", "")
    if not isinstance(key_id, str):
        raise ValueError("a keyid is not text")  # noqa: TRY004
    return Signature(key_id, decode(item.get("sig"), "signature"))
