"""Hold an attestation against its signature, its files, its predecessors and the ledger; say what was not checked."""

from __future__ import annotations

from pathlib import Path

from phiward.attest.folder_ledger import CHECKPOINT, LINES
from phiward.attest.ledger import S3_SCHEME
from phiward.attest.verify import chain, claims, files, ledger, signature, times
from phiward.attest.verify.found import Found, find
from phiward.attest.verify.model import FAILED, NOT_MADE, Check, Request, Verification

_FOLLOW = ("signature", "identity", "files", "previous", "ledger", "time stamp", "pack", "freshness")


def verify(request: Request) -> Verification:
    """Every check that can be made. Raises UsageError where there is nothing to check, or a key cannot be used."""
    if request.target.startswith(S3_SCHEME) or is_ledger(Path(request.target)):
        return Verification(request.target, tuple(ledger.check_alone(request)))
    found = find(Path(request.target))
    if not isinstance(found, Found):
        rest = (Check(name, NOT_MADE, "the envelope cannot be read") for name in _FOLLOW)
        return Verification(request.target, (Check("envelope", FAILED, str(found)), *rest))
    checks = [
        *signature.check(found, request.trust),
        files.check(found),
        chain.check(found, request),
        *ledger.check(found, request),
        times.check(found, request.trust),
        claims.check_pack(found, request),
        claims.check_freshness(found, request),
    ]
    return Verification(request.target, tuple(checks))


def is_ledger(target: Path) -> bool:
    """Whether a folder holds a ledger and no attestation."""
    holds = (target / LINES).is_file() or (target / CHECKPOINT).is_file()
    return holds and not next(target.glob("*.dsse.json"), None)
