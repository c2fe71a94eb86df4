"""Sign a statement: the files of a signature, each for the tools that read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from phiward.attest.canonical import canonical
from phiward.attest.dsse import seal
from phiward.attest.signers import Signer
from phiward.attest.sigstore_bundle import bundle_of
from phiward.errors import UsageError

STATEMENT = "statement.json"
PUBLIC_KEY = "public-key.pem"
Stamp = Callable[[bytes], bytes]
"""From a signature to the time stamp over it (RFC 3161, DER)."""


def sign(
    statement: bytes,
    signers: Sequence[Signer],
    *,
    name: str = "attestation",
    companions: Sequence[bytes] = (),
    stamp: Stamp | None = None,
) -> dict[str, bytes]:
    """The files of a signed statement by their names; nothing is written. Raises UsageError where one cannot sign.

    `NAME.dsse.json` has a signature of each signer, `NAME.sigstore.json` the first one's alone, and `NAME.intoto.jsonl`
    the envelope with those of the companions (other statements about the same subjects), one a line.
    """
    if not signers:
        raise UsageError("nobody signs", hint="name a key")
    first = signers[0].public_key
    envelope = seal(statement, signers)
    collection = [envelope, *(seal(companion, signers) for companion in companions)]
    token = stamp(envelope.signatures[0].value) if stamp else None
    files = {
        STATEMENT: statement,
        f"{name}.dsse.json": canonical(envelope.as_json()) + b"\n",
        f"{name}.sigstore.json": bundle_of(envelope, first, [token] if token else []) + b"\n",
        f"{name}.intoto.jsonl": b"".join(canonical(item.as_json()) + b"\n" for item in collection),
        PUBLIC_KEY: b"".join(signer.public_key.pem for signer in signers),
    }
    return {**files, f"{name}.tsr": token} if token else files
