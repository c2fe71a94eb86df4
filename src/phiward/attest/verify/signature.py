"""Whose signature it is: of the keys or the identity that were named, never of what the folder itself says."""

from __future__ import annotations

from phiward.attest.dsse import Envelope, parse_envelope
from phiward.attest.keys import PublicKey, parse_public
from phiward.attest.signing import PUBLIC_KEY, STATEMENT
from phiward.attest.sigstore_bundle import Bundle
from phiward.attest.verify.found import BUNDLE, COLLECTION, Found
from phiward.attest.verify.model import FAILED, IDENTITY, NOT_MADE, PASSED, Check, Problem, Trust

_NOBODY = (
    "nobody was named whose signature this should be: the public key in the folder proves nothing, since whoever "
    "changes the files can put another one there. Get the key from its owner and name it with --key"
)
_END = b"-----END PUBLIC KEY-----"
_MOST_LINES = 64


def check(found: Found, trust: Trust) -> list[Check]:
    """The signature, who made it, and the other files that carry it."""
    try:
        bundle = found.bundle()
    except ValueError as error:
        name = f"{found.name}{BUNDLE}"
        broken = Check("bundle", FAILED, f"{name}: {error}", (Problem(name, "changed"),))
        return [*_by_keys(found, trust), broken, *_surroundings(found, trust)]
    if trust.identity or (bundle is not None and bundle.keyless and not trust.keys):
        return _keyless(found, bundle, trust)
    return [*_by_keys(found, trust), *_bundle(found, bundle, trust), *_surroundings(found, trust)]


def own_keys(found: Found) -> tuple[PublicKey, ...]:
    """The keys that the folder says are its own. They are nobody's word."""
    try:
        content = found.read(PUBLIC_KEY) or b""
        return tuple(parse_public(pem + _END + b"\n") for pem in content.split(_END)[:-1][:_MOST_LINES])
    except ValueError:
        return ()


def _by_keys(found: Found, trust: Trust) -> list[Check]:
    keys = trust.keys or own_keys(found)
    missing = [key for key in keys if not found.envelope.signed_by(key)]
    hints = ", ".join(signature.key_id[:16] or "nobody" for signature in found.envelope.signatures[:4])
    if not keys:
        return [
            Check("signature", NOT_MADE, "no key was named, and the folder holds none"),
            Check(IDENTITY, NOT_MADE, _NOBODY),
        ]
    if missing:
        whose = "the key that was named" if trust.keys else "the key in the folder"
        detail = f"not made by {whose}, {missing[0].key_id[:16]}; the envelope says that it is by {hints}"
        return [
            Check("signature", FAILED, detail),
            Check(IDENTITY, NOT_MADE, "the signature is not valid" if trust.keys else _NOBODY),
        ]
    names = ", ".join(f"{key.algorithm} {key.key_id[:16]}" for key in keys)
    if not trust.keys:
        return [
            Check("signature", PASSED, f"fits the key in the folder itself, {names}, and so says nothing about whose"),
            Check(IDENTITY, NOT_MADE, _NOBODY),
        ]
    return [Check("signature", PASSED, names), Check(IDENTITY, PASSED, f"signed by every key that was named: {names}")]


def _keyless(found: Found, bundle: Bundle | None, trust: Trust) -> list[Check]:
    if bundle is None:
        return [
            Check("signature", NOT_MADE, "there is no bundle with a certificate"),
            Check(IDENTITY, FAILED, "an identity was named, and this was signed by a key"),
        ]
    if not trust.identity or not trust.issuer:
        return [
            Check(
                "signature", NOT_MADE, "a signature without a key is checked for an identity: --identity and --issuer"
            ),
            Check(IDENTITY, NOT_MADE, "nobody was named whose signature this should be"),
        ]
    from phiward.attest.keyless import check_bundle

    why = check_bundle(bundle, trust.identity, trust.issuer, trust.trust_config)
    if why:
        return [Check("signature", FAILED, why), Check(IDENTITY, NOT_MADE, "the signature is not valid")]
    same = found.envelope.payload == bundle.envelope.payload
    same = same and found.envelope.signatures[0].value == bundle.envelope.signatures[0].value
    if not same:
        return [
            Check("signature", FAILED, "the envelope is not the one in the bundle", (_changed(found, BUNDLE),)),
            Check(IDENTITY, NOT_MADE, "the signature is not valid"),
        ]
    return [
        Check("signature", PASSED, "valid under a certificate, which was logged when it was valid"),
        Check(IDENTITY, PASSED, f"{trust.identity}, by {trust.issuer}"),
        *_surroundings(found, trust),
    ]


def _bundle(found: Found, bundle: Bundle | None, trust: Trust) -> list[Check]:
    if bundle is None:
        return [Check("bundle", NOT_MADE, f"there is no {found.name}{BUNDLE}")]
    keys = trust.keys or own_keys(found)
    if bundle.envelope.payload != found.envelope.payload:
        return [Check("bundle", FAILED, "it holds another statement than the envelope", (_changed(found, BUNDLE),))]
    signers = [key for key in keys if bundle.envelope.signed_by(key)]
    if not signers:
        return [Check("bundle", FAILED, "its signature is not valid", (_changed(found, BUNDLE),))]
    if bundle.envelope.signatures[0] not in found.envelope.signatures or not any(map(bundle.hints_at, signers)):
        return [Check("bundle", FAILED, "it says that another key signed it", (_changed(found, BUNDLE),))]
    return [Check("bundle", PASSED, "the same statement, signed by the same key")]


def _surroundings(found: Found, trust: Trust) -> list[Check]:
    """The copies of what was verified: the collection, the bare statement, the public key."""
    checks = []
    try:
        collection = found.read(f"{found.name}{COLLECTION}")
        if collection is None:
            checks.append(Check("collection", NOT_MADE, f"there is no {found.name}{COLLECTION}"))
        else:
            checks.append(_collection(found, collection, trust))
        if (statement := found.read(STATEMENT)) not in (None, found.envelope.payload):
            detail = f"{len(statement or b'')} bytes that are not the statement that was signed"
            checks.append(Check("statement", FAILED, detail, (Problem(STATEMENT, "changed"),)))
        if trust.keys and not _names_signers(found, trust):
            detail = "what the folder says are the keys are not those of its signatures, or not the one that was named"
            checks.append(Check("public key", FAILED, detail, (Problem(PUBLIC_KEY, "changed"),)))
    except ValueError as error:
        checks.append(Check("statement", FAILED, f"a file beside the envelope: {error}"))
    return checks


def _names_signers(found: Found, trust: Trust) -> bool:
    content = found.read(PUBLIC_KEY)
    keys = own_keys(found)
    told = {key.key_id for key in trust.keys} <= {key.key_id for key in keys}
    whole = content == b"".join(key.pem for key in keys)
    return content is None or (told and whole and all(found.envelope.signed_by(key) for key in keys))


def _collection(found: Found, content: bytes, trust: Trust) -> Check:
    file = (_changed(found, COLLECTION),)
    lines = content.removesuffix(b"\n").split(b"\n")
    try:
        envelopes = [parse_envelope(line) for line in lines[:_MOST_LINES]]
    except ValueError as error:
        return Check("collection", FAILED, str(error), file)
    if len(lines) > _MOST_LINES or envelopes[0].payload != found.envelope.payload:
        return Check("collection", FAILED, "it does not begin with the statement of the envelope", file)
    keys = trust.keys or own_keys(found)
    if keys and not all(_signed(envelope, keys) for envelope in envelopes):
        return Check("collection", FAILED, "a signature in it is not valid", file)
    if envelopes[0].signatures != found.envelope.signatures:
        return Check("collection", FAILED, "its signature is not the one of the envelope", file)
    if any(_key_ids(envelope) != _key_ids(found.envelope) for envelope in envelopes):
        return Check("collection", FAILED, "it says that other keys signed it", file)
    return Check("collection", PASSED, f"{len(envelopes)} statement{'' if len(envelopes) == 1 else 's'}")


def _key_ids(envelope: Envelope) -> list[str]:
    return [signature.key_id for signature in envelope.signatures]


def _signed(envelope: Envelope, keys: tuple[PublicKey, ...]) -> bool:
    return all(envelope.signed_by(key) for key in keys)


def _changed(found: Found, ending: str) -> Problem:
    return Problem(f"{found.name}{ending}", "changed")
