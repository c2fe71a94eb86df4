"""What a verification is asked, and what it answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from phiward.attest.keys import PublicKey
from phiward.record import dataclass

PASSED, FAILED, NOT_MADE = "passed", "failed", "not-made"
IDENTITY = "identity"
"""The check without which nothing is verified: that it is known whose signature this is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file: `changed`, `missing`, `extra`, or in words."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    outcome: str
    detail: str
    files: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is trusted. Every key must have signed; the identity is for signatures without keys."""

    keys: tuple[PublicKey, ...] = ()
    identity: str = ""
    issuer: str = ""
    trust_config: Path | None = None
    ledger_keys: tuple[PublicKey, ...] = ()
    """Of the ledger, where they are not `keys`."""
    previous_keys: tuple[PublicKey, ...] = ()
    """Of earlier attestations, each of which one of these may have signed instead."""
    tsa_roots: tuple[Path, ...] = ()

    @property
    def pinned(self) -> bool:
        return bool(self.keys or self.identity)


@dataclass(frozen=True, slots=True)
class Installed:
    """The Phiward that verifies, which may know the pack that an attestation names."""

    version: str
    pack_version: str
    pack_digest: str


@dataclass(frozen=True, slots=True)
class Request:
    target: str
    """A path, or a ledger's place in S3."""
    trust: Trust
    now: datetime
    installed: Installed
    previous: tuple[Path, ...] = ()
    ledger: str = ""
    checkpoint: Path | None = None
    """One that was kept elsewhere: a checkpoint, or a proof that ends with one."""
    max_age: int | None = None
    """Days."""


@dataclass(frozen=True, slots=True)
class Verification:
    target: str
    checks: tuple[Check, ...]

    @property
    def verified(self) -> bool:
        """Whether it is known who signed, and nothing that was checked is wrong."""
        known = any(check.name == IDENTITY and check.outcome == PASSED for check in self.checks)
        return known and not any(check.outcome == FAILED for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "phiward/verification/v1",
            "target": self.target,
            "verified": self.verified,
            "checks": [
                {
                    "name": check.name,
                    "outcome": check.outcome,
                    "detail": check.detail,
                    "files": [{"path": item.path, "problem": item.problem} for item in check.files],
                }
                for check in self.checks
            ],
        }
