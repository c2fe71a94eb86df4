"""Signing by an identity, against a sigstore of our own on this machine; sigstore's verifiers of both kinds hold it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phiward import __version__
from phiward.attest.keyless import TOKEN_VARIABLE, check_bundle, sign_keyless
from phiward.attest.sigstore_bundle import parse_bundle
from phiward.attest.verify import verify
from phiward.attest.verify.model import FAILED, PASSED, Installed, Request, Trust, Verification
from phiward.errors import UsageError
from tests import sigstore_tools
from tests.attest.conftest import NOW, STATEMENT
from tests.attest.fake_sigstore import ISSUER, FakeSigstore, token

WHO = "officer@example.com"


@pytest.fixture
def fake():
    with FakeSigstore().serving() as made:
        yield made


@pytest.fixture
def config(tmp_path, fake, monkeypatch) -> Path:
    monkeypatch.setenv(TOKEN_VARIABLE, token(WHO))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(fake.trust_config()))
    return path


@pytest.fixture
def signed(tmp_path, config) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in sign_keyless(STATEMENT, config).items():
        (folder / name).write_bytes(content)
    (folder / "findings.json").write_bytes(b"{}\n")
    return folder


def verified(folder: Path, config: Path, **trust) -> Verification:
    asked = {"identity": WHO, "issuer": ISSUER, "trust_config": config} | trust
    return verify(Request(str(folder), Trust(**asked), NOW, Installed(__version__, "", "")))


def outcome(found: Verification, name: str) -> str:
    return next(check.outcome for check in found.checks if check.name == name)


def test_the_identity_is_verified_offline(signed, config, fake):
    before = len(fake.entries)
    fake.answer = None  # whoever asks it now gets nothing
    found = verified(signed, config)
    assert (outcome(found, "signature"), outcome(found, "identity")) == (PASSED, PASSED)
    assert len(fake.entries) == before


@pytest.mark.parametrize(
    "trust", [{"identity": "other@example.com"}, {"issuer": "https://other.example"}], ids=["identity", "issuer"]
)
def test_another_identity_is_refused(signed, config, trust):
    found = verified(signed, config, **trust)
    assert outcome(found, "signature") == FAILED
    assert not found.verified


def test_an_instance_that_is_not_trusted_is_refused(signed, tmp_path):
    with FakeSigstore().serving() as other:
        path = tmp_path / "other.json"
        path.write_text(json.dumps(other.trust_config()))
    assert not verified(signed, path).verified


def test_a_key_or_half_an_identity_does_not_do(signed, config, p256):
    asked = Request(str(signed), Trust(keys=(p256.public_key,)), NOW, Installed(__version__, "", ""))
    assert outcome(verify(asked), "signature") == FAILED
    assert not verified(signed, config, issuer="").verified
    assert not verified(signed, config, identity="", issuer="").verified


def test_an_envelope_that_is_not_the_bundles_is_refused(signed, config):
    other = sign_keyless(STATEMENT, config)
    (signed / "attestation.dsse.json").write_bytes(other["attestation.dsse.json"])
    found = verified(signed, config)
    assert outcome(found, "signature") == FAILED
    assert "not the one in the bundle" in found.checks[0].detail


def test_a_changed_bundle_is_refused_in_one_line(signed, config):
    path = signed / "attestation.sigstore.json"
    value = json.loads(path.read_bytes())
    signature = value["dsseEnvelope"]["signatures"][0]["sig"]
    value["dsseEnvelope"]["signatures"][0]["sig"] = "MEUC" + signature[4:-4] + "AAAA"
    path.write_text(json.dumps(value))
    why = check_bundle(parse_bundle(path.read_bytes()), WHO, ISSUER, config)
    assert why
    assert "\n" not in why


@pytest.mark.skipif(bool(sigstore_tools.missing()), reason=sigstore_tools.missing())
def test_sigstores_other_verifier_holds_it_too(signed, tmp_path, fake):
    root = tmp_path / "root.json"
    root.write_text(json.dumps(fake.trusted_root()))
    bundle = signed / "attestation.sigstore.json"
    assert sigstore_tools.ask(bundle, root=root) == {"verified": True, "identity": WHO}
    wrong = {"subjectAlternativeName": "other@example.com"}
    assert not sigstore_tools.ask(bundle, root=root, policy=wrong)["verified"]


def test_what_cannot_sign_is_one_line(tmp_path, config, monkeypatch, fake):
    def refused(why: str, path: Path = config) -> None:
        with pytest.raises(UsageError, match=why) as caught:
            sign_keyless(STATEMENT, path)
        assert "\n" not in caught.value.message

    monkeypatch.setenv(TOKEN_VARIABLE, "no token")
    refused("malformed")
    monkeypatch.setenv(TOKEN_VARIABLE, token(WHO))
    (tmp_path / "text").write_text("hello")
    refused("trust configuration .* cannot be used", tmp_path / "text")
    refused("trust configuration .* cannot be used", tmp_path / "nowhere")
    fake.certify = lambda *_: []
    refused("sigstore cannot sign")
    monkeypatch.delenv(TOKEN_VARIABLE)
    for name in ("GITHUB_ACTIONS", "BUILDKITE", "GITLAB_CI", "CIRCLECI", "GOOGLE_SERVICE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)
    refused("no identity to sign with")
