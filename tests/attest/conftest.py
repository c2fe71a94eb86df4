"""Keys that are made once, and a clock that stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from phiward.attest.canonical import sha256
from phiward.attest.keys import ALGORITHMS, ECDSA, PrivateKey, generate
from phiward.attest.ledger import Event
from phiward.attest.statement import PREDICATE_TYPE, file_descriptor, make_statement

NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
PASSPHRASE = b"correct horse battery staple"
STATEMENT = make_statement(
    [file_descriptor("findings.json", b"{}\n")],
    PREDICATE_TYPE,
    {"assessment": {"end": "2026-11-26T12:00:00Z"}, "note": "Größe"},
)


@pytest.fixture(scope="session", params=ALGORITHMS)
def key(request) -> PrivateKey:
    return generate(request.param)


@pytest.fixture(scope="session")
def p256() -> PrivateKey:
    return generate(ECDSA)


@pytest.fixture(scope="session")
def stranger() -> PrivateKey:
    return generate(ECDSA)


def event(number: int) -> Event:
    return Event("attestation", f"sha256:{sha256(str(number).encode())}", f"attestations/{number}")
