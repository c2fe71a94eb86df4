"""`phiward attest` signing in each of its ways, and `phiward verify` over what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phiward.attest.keys import write_pair
from phiward.cli.signing import signing
from tests.attest.authority import MISSING, Authority
from tests.attest.conftest import PASSPHRASE
from tests.attest.fake_sigstore import ISSUER, FakeSigstore, token

STORE = 'resource "aws_db_instance" "a" {\n  storage_encrypted = true\n}\n'
WHO = "officer@example.com"


@pytest.fixture
def attest(tmp_path, phiward, p256):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(STORE)
    write_pair(p256, tmp_path / "org.key", tmp_path / "org.pub", PASSPHRASE)

    def run(*arguments, **environment):
        return phiward(
            "attest", "infra", "--output", "out", "--replace", "--format", "sarif", *arguments,
            PHIWARD_KEY_PASSPHRASE=PASSPHRASE.decode(), NO_PROXY="127.0.0.1", **environment,
        )  # fmt: skip

    return run


def outcomes(done) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in json.loads(done.stdout)["checks"]}


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_key_a_time_stamp_and_a_ledger(tmp_path, attest, phiward):
    authority = Authority(tmp_path / "authority")
    with authority.serving() as url:
        done = attest("--sign", "org.key", "--tsa", url, "--ledger", "ledger")
    assert (done.returncode, done.stderr) == (0, "")
    # the authority's clock is the real one, the run's stands still
    verified = phiward(
        "verify", "out", "--key", "org.pub", "--ledger", "ledger", "--tsa-root", authority.root, "--max-age", "1",
        "--format", "json",
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout
    assert {name for name, outcome in outcomes(verified).items() if outcome != "passed"} == {"previous"}


def test_an_identity_and_a_ledger_with_a_key_of_its_own(tmp_path, attest, phiward):
    with FakeSigstore().serving() as fake:
        (tmp_path / "trust.json").write_text(json.dumps(fake.trust_config()))
        done = attest(
            "--keyless", "--trust-config", "trust.json", "--ledger", "ledger", "--ledger-key", "org.key",
            SIGSTORE_ID_TOKEN=token(WHO),
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    verified = phiward(
        "verify", "out", "--identity", WHO, "--issuer", ISSUER, "--trust-config", "trust.json", "--ledger", "ledger",
        "--ledger-key", "org.pub", "--format", "json",
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout
    assert outcomes(verified)["identity"] == outcomes(verified)["ledger"] == outcomes(verified)["inclusion"] == "passed"


def test_a_ledger_that_refuses_leaves_the_folder_and_says_what_to_do(tmp_path, attest, phiward):
    assert attest("--sign", "org.key", "--ledger", "ledger").returncode == 0
    (tmp_path / "ledger" / "checkpoint").unlink()
    done = attest("--sign", "org.key", "--ledger", "ledger")
    assert done.returncode == 2
    assert "has entries and no checkpoint" in done.stderr
    assert "phiward ledger add" in done.stderr
    assert phiward("verify", "out", "--key", "org.pub").returncode == 0


def test_signing_in_public_is_warned_of(monkeypatch, capsys):
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token(WHO))
    options = {"keys": (), "ledger_keys": (), "ledger": "", "tsa": "", "keyless": True, "passphrase_file": None}
    signing(options | {"trust_config": Path("private.json")})
    assert capsys.readouterr().err == ""
    signing(options | {"trust_config": None})
    assert "stay for ever" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, word",
    [
        (("--sign", "org.key", "--keyless"), "give one of both"),
        (("--trust-config", "x"), "--keyless"),
        (("--tsa", "https://tsa.example"), "--sign"),
        (("--keyless", "--tsa", "https://tsa.example"), "--sign"),
        (("--ledger", "ledger"), "--sign"),
        (("--keyless", "--ledger", "ledger"), "--ledger-key"),
        (("--ledger-key", "org.key"), "--ledger"),
        (("--sign", "org.key", "--tsa", "ftp://tsa.example"), "no address"),
        (("--sign", "org.pub"), "cannot sign"),
        (("--keyless",), "no identity to sign with"),
    ],
)
def test_what_does_not_go_together_is_one_line_and_writes_nothing(tmp_path, attest, arguments, word):
    done = attest(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not (tmp_path / "out").exists()
