"""The chain of periods: each statement names the digest of the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phiward.attest.canonical import sha256
from phiward.attest.verify import signature
from phiward.attest.verify.found import FINDINGS, Found, find
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Check, Request, Trust
from phiward.errors import UsageError
from phiward.record import replace


def check(found: Found, request: Request) -> Check:
    """Walk from the attestation to the ones before it, as far as they were named."""
    name = "previous"
    if previous_of(found) is None:
        if request.previous:
            return Check(name, FAILED, "the statement names no attestation before it, and one was given")
        return Check(name, NOT_MADE, "the statement names no attestation before it: it is the first of its chain")
    if not request.previous:
        wanted = previous_of(found)
        return Check(name, NOT_MADE, f"it follows sha256:{wanted}; name that one's folder with --previous")
    known: dict[str, Found] = {}
    for path in request.previous:
        earlier = _signed(path, request)
        if isinstance(earlier, str):
            return Check(name, FAILED, f"{path}: {earlier}")
        known |= dict.fromkeys(_digests(earlier), earlier)
    at, walked = found, 0
    while (wanted := previous_of(at)) is not None and wanted in known:
        at, walked = known.pop(wanted), walked + 1
    if walked < len(request.previous):
        return Check(name, FAILED, f"it does not follow what was given: it names sha256:{wanted} as the one before")
    end = "which is the first" if wanted is None else f"which follows sha256:{wanted}, which was not given"
    return Check(name, PASSED, f"{walked} attestation{'' if walked == 1 else 's'} back, {end}")


def previous_of(found: Found) -> Any:
    """The digest of the attestation before, or None."""
    value = found.predicate("changes", "previous", "sha256")
    return value if isinstance(value, str) and value else None


def _signed(path: Path, request: Request) -> Found | str:
    """An earlier attestation whose signature was checked by the same trust, or why it is none."""
    try:
        earlier = find(path)
    except UsageError as error:
        return error.message
    if isinstance(earlier, str):
        return earlier
    others = [replace(request.trust, keys=(key,), identity="", issuer="") for key in request.trust.previous_keys]
    wrong = [_wrong(earlier, trust) for trust in (request.trust, *others)]
    return earlier if "" in wrong else wrong[0]


def _wrong(earlier: Found, trust: Trust) -> str:
    return next((one.detail for one in signature.check(earlier, trust) if one.outcome == FAILED), "")


def _digests(earlier: Found) -> set[str]:
    """By which the next attestation may name it: its statement, or its findings."""
    subjects = earlier.statement.subjects
    findings = {subject["digest"]["sha256"] for subject in subjects if _is_findings(subject)}
    return {sha256(earlier.envelope.payload), *findings}


def _is_findings(subject: Any) -> bool:
    return subject.get("name") == FINDINGS and "uri" not in subject and "sha256" in subject["digest"]
