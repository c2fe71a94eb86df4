"""What would make a verification say VERIFIED of what is not what it looks like, tried."""

from __future__ import annotations

import json
import shutil
from functools import partial

import pytest

from phiward import __version__
from phiward.__main__ import run
from phiward.attest.canonical import sha256
from phiward.attest.ledger import append
from phiward.attest.timestamp import request_token
from phiward.attest.verify import ledger as verify_ledger
from phiward.attest.verify import verify
from phiward.attest.verify.chain import previous_of
from phiward.attest.verify.found import Found, find
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Installed, Request, Trust
from tests.attest.authority import MISSING, Authority
from tests.attest.conftest import NOW, event
from tests.attest.folders import make_folder
from tests.attest.test_verify import check, detail, folder, outcomes

__all__ = ["check", "folder"]
ENVELOPE = "attestation.dsse.json"


def test_the_companion_is_no_assessment(check, folder):
    """It says nothing of the pack and of the day, so that it cannot stand in for the statement that does."""
    companion = (folder / "attestation.intoto.jsonl").read_bytes().splitlines()[1]
    for path in (*folder.glob("attestation.*"), folder / "statement.json", folder / "report.html"):
        path.unlink()
    (folder / ENVELOPE).write_bytes(companion)
    found = check(folder)
    assert outcomes(found)["pack"] == FAILED
    assert "is about the findings, and is no assessment" in detail(found, "pack")
    assert not found.verified
    assert outcomes(check(folder / ENVELOPE))["pack"] == FAILED


def test_an_older_state_of_the_ledger_is_held_against_the_ledger_without_a_proof_of_ours(check, tmp_path, p256):
    ledger = tmp_path / "ledger"
    first = make_folder(tmp_path / "q3", [p256], ledger=ledger)
    by_statement = sha256((first / "statement.json").read_bytes())
    second = make_folder(tmp_path / "q4", [p256], previous=by_statement)
    shutil.rmtree(ledger)
    line = event(0)
    append(
        str(ledger), line, [p256], NOW, (first / "attestation.tlog-proof").read_text().split("\n\n")[1].split("\n")[0]
    )
    envelope = sha256((second / ENVELOPE).read_bytes())
    from phiward.attest.ledger import Event

    append(str(ledger), Event("attestation", f"sha256:{envelope}", "q4"), [p256], NOW)
    found = check(second, ledger=str(ledger), previous=(first,))
    assert outcomes(found)["ledger"] == FAILED
    assert "forked" in detail(found, "ledger")


def test_a_ledger_of_nobody_who_is_known_vouches_for_nothing(folder, stranger, tmp_path):
    """Where an identity is named and no key, anybody can have made the ledger."""
    found = find(folder)
    assert isinstance(found, Found)
    trust = Trust(identity="officer@example.com", issuer="https://issuer.example")
    request = Request(str(folder), trust, NOW, Installed(__version__, "", ""), ledger=str(tmp_path / "ledger"))
    told = {one.name: one for one in verify_ledger.check(found, request)}
    assert told["ledger"].outcome == NOT_MADE
    assert "no key was named" in told["ledger"].detail


def test_an_earlier_attestation_by_a_key_is_known_by_its_key_beside_an_identity(tmp_path, p256):
    from phiward.attest.verify import chain

    first = make_folder(tmp_path / "q3", [p256])
    second = make_folder(tmp_path / "q4", [p256], previous=sha256((first / "statement.json").read_bytes()))
    trust = Trust(identity="officer@example.com", issuer="https://x.example", previous_keys=(p256.public_key,))
    request = Request(str(second), trust, NOW, Installed(__version__, "", ""), previous=(first,))
    found = find(second)
    assert isinstance(found, Found)
    assert previous_of(found)
    assert chain.check(found, request).outcome == PASSED


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_stamp_over_somebody_elses_signature_dates_nothing(tmp_path, p256, stranger):
    """An old token needs but an old signature: it is put in front of the one that is made today."""
    authority = Authority(tmp_path / "authority")
    with authority.serving() as url:
        old = make_folder(tmp_path / "old", [p256], stamp=partial(request_token, url))
    new = make_folder(tmp_path / "new", [p256], note="made today")
    stamped, signed = (json.loads((one / ENVELOPE).read_bytes()) for one in (old, new))
    signed["signatures"] = [*stamped["signatures"], *signed["signatures"]]
    (new / ENVELOPE).write_text(json.dumps(signed))
    shutil.copy(old / "attestation.tsr", new / "attestation.tsr")
    trust = Trust(keys=(p256.public_key,), tsa_roots=(authority.root,))
    found = verify(Request(str(new), trust, NOW, Installed(__version__, "", "")))
    assert outcomes(found)["signature"] == PASSED
    assert outcomes(found)["time stamp"] == FAILED
    assert not found.verified


def test_a_day_that_was_given_by_hand_makes_nothing_fresh(check, tmp_path, p256):
    told = {"asOf": "2026-11-26T00:00:00Z", "end": "2026-11-26T00:00:00Z"}
    made = [
        make_folder(tmp_path / f"{n}", [p256], assessment=told | more) for n, more in enumerate(({}, {"scanned": ""}))
    ]
    assert [outcomes(check(one, max_age=1))["freshness"] for one in made] == [PASSED, FAILED]


def test_a_key_and_an_identity_are_not_named_together(folder, p256, tmp_path, capsys):
    """One of them would not be looked at."""
    key = tmp_path / "k.pub"
    key.write_bytes(p256.public_key.pem)
    assert run(["verify", str(folder), "--key", str(key), "--identity", "a@example.com", "--issuer", "https://x"]) == 2
    assert "give one of both" in capsys.readouterr().err
