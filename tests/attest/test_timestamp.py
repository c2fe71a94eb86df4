"""Time stamps by openssl's authority: asked for over HTTP, held by openssl, the library and the verification."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from phiward import __version__
from phiward.attest.dsse import parse_envelope
from phiward.attest.timestamp import request_token, verify_token
from phiward.attest.verify import verify
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Check, Installed, Request, Trust
from phiward.errors import UsageError
from tests.attest.authority import MISSING, Authority, openssl
from tests.attest.conftest import NOW
from tests.attest.folders import make_folder

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture
def folder(tmp_path, p256, authority):
    with authority.serving() as url:
        return make_folder(tmp_path / "stamped", [p256], stamp=partial(request_token, url))


def stamp_of(folder, key, roots) -> Check:
    trust = Trust(keys=(key.public_key,), tsa_roots=tuple(roots))
    found = verify(Request(str(folder), trust, NOW, Installed(__version__, "", "")))
    return next(check for check in found.checks if check.name == "time stamp")


def test_openssl_and_the_library_hold_the_token_over_the_signature(folder, authority, tmp_path):
    signature = parse_envelope((folder / "attestation.dsse.json").read_bytes()).signatures[0].value
    token = (folder / "attestation.tsr").read_bytes()
    time = verify_token(token, signature, [authority.root])
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=5)
    (tmp_path / "signature").write_bytes(signature)
    told = openssl(
        tmp_path, "ts", "-verify", "-data", "signature", "-in", str(folder / "attestation.tsr"),
        "-CAfile", str(authority.root), "-untrusted", str(authority.folder / "leaf.pem"),
    )  # fmt: skip
    assert b"Verification: OK" in told


def test_the_verification_says_the_time_and_refuses_other_authorities(folder, p256, authority, other):
    assert stamp_of(folder, p256, [authority.root]).outcome == PASSED
    assert stamp_of(folder, p256, [other.root]).outcome == FAILED
    assert stamp_of(folder, p256, [other.root, authority.root]).outcome == PASSED
    assert stamp_of(folder, p256, []).outcome == NOT_MADE


def test_a_token_over_another_signature_or_a_broken_one_fails(folder, p256, authority, tmp_path):
    with authority.serving() as url:
        second = make_folder(tmp_path / "second", [p256], stamp=partial(request_token, url))
    token = second / "attestation.tsr"
    shutil.copy(token, folder / "attestation.tsr")
    check = stamp_of(folder, p256, [authority.root])
    assert (check.outcome, check.files[0].path) == (FAILED, "attestation.tsr")
    bundle = json.loads((folder / "attestation.sigstore.json").read_bytes())
    theirs = json.loads((second / "attestation.sigstore.json").read_bytes())
    name = "timestampVerificationData"
    bundle["verificationMaterial"][name] = theirs["verificationMaterial"][name]
    (folder / "attestation.sigstore.json").write_text(json.dumps(bundle))
    assert "does not hold" in stamp_of(folder, p256, [authority.root]).detail
    bundle["verificationMaterial"][name] = {"rfc3161Timestamps": [{"signedTimestamp": "MDAwMA=="}]}
    (folder / "attestation.sigstore.json").write_text(json.dumps(bundle))
    (folder / "attestation.tsr").unlink()
    assert "cannot be read" in stamp_of(folder, p256, [authority.root]).detail
    del bundle["verificationMaterial"][name]
    (folder / "attestation.sigstore.json").write_text(json.dumps(bundle))
    assert stamp_of(folder, p256, [authority.root]).outcome == FAILED, "a trusted time was asked for, and there is none"


def test_answers_that_are_no_time_stamps_are_one_line(authority):
    for answer, why in [
        (lambda _: b"hello", "no time stamp that can be read"),
        (lambda _: b"x" * 300_000, "too long"),
        (lambda _: authority.answer(openssl_query(authority)), "did not grant"),
    ]:
        with authority.serving(answer) as url, pytest.raises(UsageError, match=why) as caught:
            request_token(url, b"signature")
        assert "\n" not in caught.value.message
    with authority.serving() as url:
        pass
    with pytest.raises(UsageError, match="cannot be asked"):
        request_token(url, b"signature")
    with pytest.raises(UsageError, match="no address"):
        request_token("file:///etc/passwd", b"signature")


def openssl_query(authority: Authority) -> bytes:
    """A query that nobody here asked."""
    (authority.folder / "data").write_text("other")
    return openssl(authority.folder, "ts", "-query", "-data", "data", "-sha256", "-cert")


def test_roots_that_are_none_are_a_question_wrongly_asked(folder, p256, tmp_path):
    (tmp_path / "text").write_text("hello")
    for name, why in [("text", "no certificate"), ("nowhere", "cannot be read")]:
        with pytest.raises(UsageError, match=why):
            stamp_of(folder, p256, [tmp_path / name])
