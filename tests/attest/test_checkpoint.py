"""Checkpoints and proofs as transparency logs write them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from phiward.attest.checkpoint import Checkpoint, check_origin, note_key_id, parse_note, parse_proof, sign_checkpoint
from phiward.attest.folder_ledger import FolderLedger
from phiward.attest.keys import public_key
from tests.attest.conftest import NOW, event

ROOT = base64.b64encode(b"\0" * 32).decode()


def test_gos_own_example_of_a_signed_note():
    """golang.org/x/mod/sumdb/note: the id of a key, and what a signature is over."""
    name, key_id, key = "PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    kind, *raw = base64.b64decode(key)
    found = public_key(Ed25519PublicKey.from_public_bytes(bytes(raw)))
    value = base64.b64decode(signature)
    assert (kind, note_key_id(name, found).hex(), value[:4].hex()) == (1, key_id, key_id)
    assert found.verifies(value[4:], text.encode())


def test_a_checkpoint_is_written_as_the_specification_says(key):
    note = sign_checkpoint(Checkpoint("example.com/phi", 7, b"\1" * 32), [key])
    head, separator, signature = note.content.decode().partition("\n\n")
    assert head.split("\n") == ["example.com/phi", "7", base64.b64encode(b"\1" * 32).decode()]
    assert separator
    mark, name, value = signature.removesuffix("\n").split(" ")
    assert (mark, name) == ("\N{EM DASH}", "example.com/phi")
    assert base64.b64decode(value)[:4] == note_key_id("example.com/phi", key.public_key)
    assert key.public_key.verifies(base64.b64decode(value)[4:], f"{head}\n".encode())
    assert parse_note(note.content) == note


def test_signatures_of_others_are_ignored_and_a_false_one_of_ours_is_not(key, stranger):
    checkpoint = Checkpoint("example.com/phi", 7, b"\1" * 32)
    ours = sign_checkpoint(checkpoint, [key])
    witness = base64.b64encode(b"1234 a signature of a kind that nobody here knows").decode()
    with_witness = parse_note(ours.content + f"\N{EM DASH} witness.example {witness}\n".encode())
    assert with_witness.signed_by(key.public_key)
    assert not with_witness.signed_by(stranger.public_key)
    false = base64.b64encode(note_key_id("example.com/phi", key.public_key) + b"false").decode()
    assert not parse_note(ours.content + f"\N{EM DASH} example.com/phi {false}\n".encode()).signed_by(key.public_key)


@pytest.mark.parametrize(
    "content",
    [
        "",
        f"a\n1\n{ROOT}\n",
        f"a\n1\n{ROOT}\n\n",
        f"a\n01\n{ROOT}\n\n\N{EM DASH} a AAAAAAAA\n",
        f"a\n-1\n{ROOT}\n\n\N{EM DASH} a AAAAAAAA\n",
        f"a b\n1\n{ROOT}\n\n\N{EM DASH} a AAAAAAAA\n",
        f"a+b\n1\n{ROOT}\n\n\N{EM DASH} a AAAAAAAA\n",
        "a\n1\nAAAA\n\n\N{EM DASH} a AAAAAAAA\n",
        f"a\n1\n{ROOT}\nextension\n\n\N{EM DASH} a AAAAAAAA\n",
        f"a\n1\n{ROOT}\n\n-- a AAAAAAAA\n",
        f"a\n1\n{ROOT}\n\n\N{EM DASH} a\n",
        f"a\n1\n{ROOT}\n\n\N{EM DASH} a AAAAAAAA",
        f"a\n1\n{ROOT}\n\n" + "\N{EM DASH} a AAAAAAAA\n" * 101,
    ],
)
def test_what_is_no_checkpoint_is_refused(content):
    with pytest.raises(ValueError, match=r"\w"):
        parse_note(content.encode())


def test_a_proof_is_written_as_the_specification_says(tmp_path, p256):
    for number in range(6):
        receipt = FolderLedger(tmp_path).append(event(number), [p256], NOW, "example.com/phi")
    lines = receipt.proof.content.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert base64.b64decode(lines[1].removeprefix("extra ")) == receipt.entry.line
    assert lines[2] == "index 5"
    assert [len(base64.b64decode(line)) for line in lines[3:5]] == [32, 32]
    assert lines[5:7] == ["", "example.com/phi"]
    assert parse_proof(receipt.proof.content) == receipt.proof


def test_an_origin_is_a_name_that_a_line_can_hold():
    for good in ("example.com/log42", "phiward.dev/ledger/0123"):
        check_origin(good)
    for bad in ("", "a b", "a+b", "a\n", "\N{EM DASH}", "x" * 201):
        with pytest.raises(ValueError, match="origin"):
            check_origin(bad)
