"""Time stamps of others (RFC 3161): that the signature existed when they say."""

from __future__ import annotations

from phiward.attest.verify.found import TOKEN, Found
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Check, Problem, Trust
from phiward.record import replace

_NAME = "time stamp"


def check(found: Found, trust: Trust) -> Check:
    """Every token over the first signature. Raises UsageError where the roots that were named are none."""
    file = f"{found.name}{TOKEN}"
    try:
        bundle = found.bundle()
        single = found.read(file)
    except ValueError as error:
        return Check(_NAME, FAILED, str(error))
    tokens = list(bundle.timestamps) if bundle else []
    if single is not None and tokens and single not in tokens:
        return Check(_NAME, FAILED, "it is not the one in the bundle", (Problem(file, "changed"),))
    if single is not None and not tokens:
        tokens.append(single)
    if not tokens:
        outcome = FAILED if trust.tsa_roots else NOT_MADE
        return Check(_NAME, outcome, "there is none: only the signer says when it signed")
    if not trust.tsa_roots:
        return Check(_NAME, NOT_MADE, "no authority was named whose time is trusted (--tsa-root)")
    if not trust.identity and not _by_who_is_trusted(found, trust):
        return Check(_NAME, FAILED, "it is over a signature that is by nobody who was named")
    from phiward.attest.timestamp import verify_token

    try:
        times = [verify_token(token, found.envelope.signatures[0].value, trust.tsa_roots) for token in tokens]
    except ValueError as error:
        return Check(_NAME, FAILED, str(error))
    return Check(_NAME, PASSED, f"the signature existed at {min(times):%Y-%m-%dT%H:%M:%SZ}")


def _by_who_is_trusted(found: Found, trust: Trust) -> bool:
    """Whether the first signature is a named key's: an old stamp fits any signature that was made up around it."""
    first = replace(found.envelope, signatures=found.envelope.signatures[:1])
    return any(first.signed_by(key) for key in trust.keys)
