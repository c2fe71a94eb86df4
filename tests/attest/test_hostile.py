"""Whatever the bytes of a file are, a reader gives a value or says in one line why not; and without an extra, so does
every command that needs it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phiward.attest.checkpoint import parse_note, parse_proof
from phiward.attest.dsse import parse_envelope
from phiward.attest.folder_ledger import FolderLedger
from phiward.attest.keys import generate, parse_public
from phiward.attest.ledger import parse_entry
from phiward.attest.signing import sign
from phiward.attest.sigstore_bundle import parse_bundle
from phiward.attest.statement import parse_statement
from tests.attest.conftest import NOW, STATEMENT, event

READERS = {
    parse_envelope: "attestation.dsse.json",
    parse_bundle: "attestation.sigstore.json",
    parse_statement: "statement.json",
    parse_public: "public-key.pem",
    parse_note: "checkpoint",
    parse_proof: "proof",
    parse_entry: "entry",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, bytes]:
    key = generate()
    folder = tmp_path_factory.mktemp("ledger")
    receipts = [FolderLedger(folder).append(event(number), [key], NOW) for number in range(5)]
    proof = receipts[-1].proof
    return sign(STATEMENT, [key]) | {"checkpoint": proof.note.content, "proof": proof.content, "entry": proof.entry}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_reader_gives_a_value_or_a_reason(reader, samples):
    sample = samples[READERS[reader]]
    reader(sample)

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(
        start=st.integers(0, len(sample)),
        end=st.integers(0, len(sample)),
        put=st.binary(max_size=12),
        times=st.integers(1, 3),
    )
    def changed(start: int, end: int, put: bytes, times: int) -> None:
        content = sample[:start] + put * times + sample[max(start, end) :]
        with suppress(ValueError):
            reader(content)

    changed()


WITHOUT = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
from phiward.__main__ import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "blocked, arguments, extra",
    [
        (["cryptography"], ["keys", "generate"], "phiward[attest]"),
        (["cryptography"], ["keys", "show", "org.pub"], "phiward[attest]"),
        (["cryptography"], ["verify", "folder", "--key", "org.pub"], "phiward[attest]"),
        (["boto3"], ["keys", "show", "awskms:///alias/a"], "phiward[aws]"),
        (["boto3"], ["ledger", "show", "s3://bucket/ledger"], "phiward[aws]"),
        (
            ["sigstore"],
            ["verify", "folder", "--identity", "a@example.com", "--issuer", "https://i.example"],
            "phiward[sigstore]",
        ),
        (["rfc3161_client"], ["verify", "folder", "--key", "org.pub", "--tsa-root", "org.pub"], "phiward[tsa]"),
    ],
)
def test_what_needs_an_extra_says_which(tmp_path, p256, blocked, arguments, extra):
    (tmp_path / "org.pub").write_bytes(p256.public_key.pem)
    (tmp_path / "folder").mkdir()
    for name, content in sign(STATEMENT, [p256], stamp=lambda _: b"0").items():
        (tmp_path / "folder" / name).write_bytes(content)
    if extra == "phiward[sigstore]":  # the library is needed where a bundle has a certificate
        bundle = tmp_path / "folder" / "attestation.sigstore.json"
        bundle.write_bytes(bundle.read_bytes().replace(b'"publicKey":{"hint"', b'"certificate":{"rawBytes"'))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(blocked=blocked), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PHIWARD_KEY_PASSPHRASE": "x", "AWS_DEFAULT_REGION": "eu-central-1"},
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert extra in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2
