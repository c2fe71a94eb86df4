"""What the statement says of itself, held against what is known here: which pack judged, and how old it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from phiward.attest.statement import PREDICATE_TYPE
from phiward.attest.verify.found import FINDINGS, Found
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Check, Request

_BUNDLED = "bundled"
_CLOCKS_DIFFER = timedelta(minutes=10)


def check_pack(found: Found, request: Request) -> Check:
    """Whether the rules were the ones that this program comes with. A signature says nothing about that."""
    if found.statement.predicate_type != PREDICATE_TYPE:
        if any(subject.get("name") == FINDINGS for subject in found.statement.subjects):
            return Check("pack", FAILED, "the statement is about the findings, and is no assessment: it names no rules")
        return Check("pack", NOT_MADE, "the statement is no assessment of Phiward's")
    version, origin = found.predicate("rulePack", "version"), found.predicate("rulePack", "origin")
    digest = found.predicate("rulePack", "digest", "sha256")
    if not all(isinstance(text, str) and text for text in (version, origin, digest)):
        return Check("pack", FAILED, "the statement does not say which rules judged")
    what = f"version {version}, sha256:{digest}"
    if origin != _BUNDLED and not str(origin).startswith("signed:"):
        return Check("pack", FAILED, f"the rules are somebody's own and unsigned ({origin}): {what}")
    ours = request.installed
    if origin != _BUNDLED:
        return Check("pack", NOT_MADE, f"{what}, which its author signed ({origin}); that signature is not here")
    if version != ours.pack_version:
        return Check(
            "pack", NOT_MADE, f"{what}; this Phiward {ours.version} comes with {ours.pack_version}, not with it"
        )
    if digest != ours.pack_digest.removeprefix("sha256:"):
        return Check(
            "pack", FAILED, f"{what} is not the pack that Phiward {ours.version} comes with, though it says so"
        )
    return Check("pack", PASSED, f"{what}: the one that Phiward {ours.version} comes with")


def check_freshness(found: Found, request: Request) -> Check:
    """How old the assessment is, by its own word; the ledger and time stamps say when it existed at the latest.

    A scan does not become younger by being told on a later day.
    """
    end = _time(found.predicate("assessment", "asOf")) or _time(found.predicate("assessment", "end"))
    scanned = found.predicate("assessment", "scanned")
    read = end if scanned is None else _time(scanned)
    if end is None or read is None:
        outcome = NOT_MADE if request.max_age is None else FAILED
        return Check("freshness", outcome, f"the statement does not say when it was{' scanned' if end else ''}")
    told = f"it says that it was made on {end:%Y-%m-%d}"
    if request.now - end < -_CLOCKS_DIFFER:
        return Check("freshness", FAILED, f"{told}, which is after {request.now:%Y-%m-%d}")
    if read < end:
        told, end = f"{told}, and that what it is about was read on {read:%Y-%m-%d}", read
    age = request.now - end
    days = max(age.days, 0)
    if request.max_age is None:
        return Check(
            "freshness",
            NOT_MADE,
            f"{told}, {days} days before {request.now:%Y-%m-%d}; --max-age says how old it may be",
        )
    outcome = FAILED if age > timedelta(days=request.max_age) else PASSED
    return Check(
        "freshness",
        outcome,
        f"{told}, {days} days before {request.now:%Y-%m-%d}; at most {request.max_age} are allowed",
    )


def _time(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
