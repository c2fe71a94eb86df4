"""Key pairs on disk: encrypted, never overwritten, read by openssl; and what cannot sign says so in one line."""

from __future__ import annotations

import os
import pty
import shutil
import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from phiward.attest.keys import generate, read_private, read_public, write_pair
from phiward.errors import UsageError
from tests.attest.conftest import PASSPHRASE

OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not here")


def one_line(done, *words: str) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("phiward: ")
    assert len(done.stderr.strip().splitlines()) <= 2
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "ed25519"])
def test_a_pair_is_made_encrypted_and_never_overwritten(tmp_path, phiward, algorithm):
    made = phiward("keys", "generate", "--algorithm", algorithm, PHIWARD_KEY_PASSPHRASE="pass phrase")
    assert (made.returncode, made.stderr) == (0, "")
    private = tmp_path / "phiward.key"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert private.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    key = read_private(private, lambda: b"pass phrase")
    assert key.public_key.pem == (tmp_path / "phiward.pub").read_bytes()
    assert key.public_key.algorithm == algorithm
    assert f"sha256:{key.public_key.key_id}" in made.stdout
    before = private.read_bytes()
    one_line(phiward("keys", "generate", PHIWARD_KEY_PASSPHRASE="other"), "phiward.key", "there already")
    private.unlink()
    one_line(phiward("keys", "generate", PHIWARD_KEY_PASSPHRASE="other"), "phiward.pub", "there already")
    assert not private.exists()
    private.write_bytes(before)
    shown = phiward("keys", "show", "phiward.key", PHIWARD_KEY_PASSPHRASE="pass phrase")
    assert shown.stdout.encode() == key.public_key.pem == phiward("keys", "show", "phiward.pub").stdout.encode()


def test_the_passphrase_comes_from_a_file_and_never_from_the_command_line(tmp_path, phiward):
    (tmp_path / "phrase").write_bytes(b"from a file\r\nsecond line\n")
    assert phiward("keys", "generate", "--passphrase-file", "phrase", "--output", "a").returncode == 0
    read_private(tmp_path / "a.key", lambda: b"from a file")
    (tmp_path / "empty").write_bytes(b"\n")
    one_line(phiward("keys", "generate", "--passphrase-file", "empty", "--output", "b"), "empty")
    one_line(phiward("keys", "generate", "--passphrase-file", "nowhere", "--output", "b"), "nowhere")
    one_line(phiward("keys", "generate", "--output", "b"), "no terminal", "PHIWARD_KEY_PASSPHRASE")
    assert phiward("keys", "generate", "--passphrase", "x", "--output", "b").returncode == 2
    assert not list(tmp_path.glob("b.*"))


def test_on_a_terminal_it_is_asked_for_twice(tmp_path):
    """Typed into a real terminal, which does not show it."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "phiward", "keys", "generate"])
    seen = b""
    for text in (b"Passphrase for the new key", b"epeat"):
        while text not in seen.rpartition(b"\n")[2]:
            seen += os.read(terminal, 1000)
        os.write(terminal, b"typed secret\n")
    try:
        while chunk := os.read(terminal, 1000):
            seen += chunk
    except OSError:
        pass
    assert os.waitpid(process, 0)[1] == 0, seen
    os.close(terminal)
    assert b"typed secret" not in seen
    read_private(tmp_path / "phiward.key", lambda: b"typed secret")


def test_a_folder_that_is_not_there_says_so(phiward):
    one_line(phiward("keys", "generate", "--output", "no/where", PHIWARD_KEY_PASSPHRASE="x"), "no/where", "No such")


@OPENSSL
def test_openssl_reads_the_private_key_and_verifies_what_it_signed(tmp_path, key):
    private, public = tmp_path / "k", tmp_path / "p"
    write_pair(key, private, public, PASSPHRASE)
    (tmp_path / "message").write_bytes(b"a message")
    (tmp_path / "signature").write_bytes(read_private(private, lambda: PASSPHRASE).sign(b"a message"))
    digest = [] if key.public_key.algorithm == "ed25519" else ["-digest", "sha256"]
    subprocess.run(
        [
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            public,
            "-rawin",
            *digest,
            "-in",
            tmp_path / "message",
            "-sigfile",
            tmp_path / "signature",
        ],
        check=True,
        capture_output=True,
    )
    told = subprocess.run(
        ["openssl", "pkey", "-in", private, "-passin", f"pass:{PASSPHRASE.decode()}", "-pubout"],
        check=True,
        capture_output=True,
    )
    assert told.stdout == key.public_key.pem


def written(path, raw, form=PrivateFormat.PKCS8) -> None:
    path.write_bytes(raw.private_bytes(Encoding.PEM, form, NoEncryption()))


@pytest.mark.parametrize(
    "raw",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())],
    ids=["RSA", "P-384"],
)
def test_other_kinds_of_keys_cannot_sign_here(tmp_path, raw):
    written(tmp_path / "k", raw)
    with pytest.raises(UsageError, match="cannot sign: it is neither"):
        read_private(tmp_path / "k", lambda: b"")
    public = raw.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "p").write_bytes(public)
    with pytest.raises(UsageError, match="cannot be used: it is neither"):
        read_public(tmp_path / "p")


def test_a_key_that_is_not_encrypted_is_taken_from_who_keeps_it_elsewhere(tmp_path):
    key = generate()
    written(tmp_path / "k", key.raw, PrivateFormat.TraditionalOpenSSL)
    assert read_private(tmp_path / "k", lambda: pytest.fail("asked")).public_key == key.public_key


def test_what_is_no_key_says_so(tmp_path, p256):
    private, public = tmp_path / "k", tmp_path / "p"
    write_pair(p256, private, public, PASSPHRASE)
    (tmp_path / "text").write_text("hello")
    (tmp_path / "cut").write_bytes(private.read_bytes()[:-60])
    (tmp_path / "long").write_bytes(b"x" * 100_000)
    cases = [
        (read_private, private, lambda: b"wrong", "passphrase is wrong"),
        (read_private, tmp_path / "cut", lambda: PASSPHRASE, "cannot be read"),
        (read_private, public, lambda: b"", "public key, which cannot sign"),
        (read_private, tmp_path / "text", lambda: b"", "no PEM private key"),
        (read_private, tmp_path / "nowhere", lambda: b"", "cannot be read"),
        (read_private, tmp_path, lambda: b"", "cannot be read"),
        (read_private, tmp_path / "long", lambda: b"", "too long"),
    ]
    for read, path, phrase, why in cases:
        with pytest.raises(UsageError, match=why):
            read(path, phrase)
    for path, why in [(private, "holds a private key"), (tmp_path / "text", "no PEM public key")]:
        with pytest.raises(UsageError, match=why):
            read_public(path)
    with pytest.raises(UsageError, match="empty"):
        write_pair(p256, tmp_path / "x", tmp_path / "y", b"")
