"""Our bundles before sigstore's own verifier, which shares no code with us."""

from __future__ import annotations

import base64
import json
from functools import partial

import pytest

from phiward.attest.signing import sign
from phiward.attest.timestamp import request_token
from tests import sigstore_tools
from tests.attest.authority import MISSING as NO_OPENSSL
from tests.attest.authority import Authority
from tests.attest.conftest import STATEMENT

pytestmark = pytest.mark.skipif(bool(sigstore_tools.missing()), reason=sigstore_tools.missing())

NO_LOGS = {"tlogThreshold": 0, "ctlogThreshold": 0, "timestampThreshold": 0}


@pytest.fixture
def written(tmp_path, key):
    """A bundle and the public key that goes with it."""
    files = sign(STATEMENT, [key])
    for name in ("attestation.sigstore.json", "public-key.pem"):
        (tmp_path / name).write_bytes(files[name])
    return tmp_path / "attestation.sigstore.json", tmp_path / "public-key.pem"


def test_it_verifies_our_bundle_with_the_public_key(written):
    bundle, key = written
    assert sigstore_tools.ask(bundle, key=key, options=NO_LOGS)["verified"]


def test_it_refuses_a_changed_payload_and_another_key(written, tmp_path, stranger):
    bundle, key = written
    (tmp_path / "other.pem").write_bytes(stranger.public_key.pem)
    assert sigstore_tools.ask(bundle, key=tmp_path / "other.pem", options=NO_LOGS)["code"] == "SIGNATURE_ERROR"
    value = json.loads(bundle.read_bytes())
    value["dsseEnvelope"]["payload"] = base64.b64encode(STATEMENT + b" ").decode()
    bundle.write_text(json.dumps(value))
    assert sigstore_tools.ask(bundle, key=key, options=NO_LOGS)["code"] == "SIGNATURE_ERROR"


@pytest.mark.skipif(bool(NO_OPENSSL), reason=NO_OPENSSL)
def test_it_takes_our_time_stamp_where_one_is_asked_for(tmp_path, p256):
    authority = Authority(tmp_path / "authority")
    with authority.serving() as url:
        stamped = sign(STATEMENT, [p256], stamp=partial(request_token, url))
    (tmp_path / "key.pem").write_bytes(p256.public_key.pem)
    chain = [pem_to_der(authority.folder / name) for name in ("leaf.pem", "root.pem")]
    root = {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [],
        "certificateAuthorities": [],
        "ctlogs": [],
        "timestampAuthorities": [
            {
                "subject": {"organization": "test", "commonName": "test"},
                "certChain": {"certificates": [{"rawBytes": der} for der in chain]},
                "validFor": {"start": "2020-01-01T00:00:00Z"},
            }
        ],
    }
    (tmp_path / "root.json").write_text(json.dumps(root))
    asked = NO_LOGS | {"timestampThreshold": 1}
    ask = partial(sigstore_tools.ask, root=tmp_path / "root.json", key=tmp_path / "key.pem", options=asked)
    for files, verified in [(stamped, True), (sign(STATEMENT, [p256]), False)]:
        (tmp_path / "bundle.json").write_bytes(files["attestation.sigstore.json"])
        assert ask(tmp_path / "bundle.json")["verified"] is verified


def pem_to_der(path) -> str:
    return "".join(path.read_text().split("-----")[2].split())
