"""Envelopes and bundles: what others verify, and what we refuse."""

from __future__ import annotations

import base64
import json

import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from phiward.attest.dsse import PAYLOAD_TYPE, parse_envelope, pre_authentication_encoding
from phiward.attest.signing import sign
from phiward.attest.sigstore_bundle import parse_bundle
from phiward.attest.statement import PREDICATE_TYPE, file_descriptor, make_statement, parse_statement
from phiward.errors import UsageError
from tests.attest.conftest import STATEMENT


def test_the_encoding_is_the_one_of_the_protocols_own_example():
    assert pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_securesystemslib_verifies_our_envelope_and_refuses_a_changed_one(key):
    value = json.loads(sign(STATEMENT, [key])["attestation.dsse.json"])
    theirs = SSlibKey.from_crypto(key.public_key.raw, key.public_key.key_id)
    assert value["payloadType"] == PAYLOAD_TYPE == "application/vnd.in-toto+json"
    TheirEnvelope.from_dict(json.loads(json.dumps(value))).verify([theirs], 1)
    value["payload"] = base64.b64encode(STATEMENT.replace(b"findings", b"filings!")).decode()
    with pytest.raises(VerificationError):
        TheirEnvelope.from_dict(value).verify([theirs], 1)


def test_two_signers_stand_in_one_envelope_and_the_first_in_the_bundle(key, p256):
    files = sign(STATEMENT, [key, p256])
    theirs = [SSlibKey.from_crypto(one.public_key.raw, one.public_key.key_id) for one in (key, p256)]
    TheirEnvelope.from_dict(json.loads(files["attestation.dsse.json"])).verify(theirs, 2)
    bundle = parse_bundle(files["attestation.sigstore.json"])
    assert bundle.envelope.signed_by(key.public_key)
    assert not bundle.envelope.signed_by(p256.public_key)


def test_the_reference_library_reads_our_statement():
    read = ParseDict(json.loads(STATEMENT), statement_pb2.Statement())
    Statement.copy_from_pb(read).validate()
    assert read.predicate_type == PREDICATE_TYPE
    assert parse_statement(STATEMENT).subjects[0]["name"] == "findings.json"


def test_the_collection_has_an_envelope_a_line(p256):
    companion = make_statement([file_descriptor("findings.json", b"{}\n")], "https://example.com/other", {})
    files = sign(STATEMENT, [p256], name="q4", companions=[companion])
    lines = files["q4.intoto.jsonl"].splitlines()
    assert [parse_envelope(line).payload for line in lines] == [STATEMENT, companion]
    assert all(parse_envelope(line).signed_by(p256.public_key) for line in lines)
    assert files["statement.json"] == STATEMENT


def changed(**values) -> bytes:
    envelope = {"payload": "e30=", "payloadType": PAYLOAD_TYPE, "signatures": [{"keyid": "", "sig": "AAAA"}]}
    return json.dumps(envelope | values).encode()


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "Expecting value"),
        (b"[]", "not a JSON object"),
        (b"\xff", "utf-8"),
        (b'{"payload":"e30=","payload":"e30="}', "twice"),
        (b'{"payload":' * 200 + b"1" + b"}" * 200, "nested"),
        (b'{"signatures":NaN}', "NaN"),
        (changed(payloadType="application/json"), "payloadType"),
        (changed(payloadType="application/vnd.in-toto.provenance+json"), "payloadType"),
        (changed(payload="e30"), "base64"),
        (changed(payload="e3 0="), "base64"),
        (changed(payload="e31="), "base64"),
        (changed(payload=7), "base64"),
        (changed(signatures=[]), "no signature"),
        (changed(signatures={}), "not a DSSE envelope"),
        (changed(signatures=["x"]), "not an object"),
        (changed(signatures=[{"sig": "AAAA", "keyid": 1}]), "keyid"),
        (changed(signatures=[{"keyid": ""}]), "base64"),
    ],
)
def test_what_is_no_envelope_is_refused(content, why):
    with pytest.raises(ValueError, match=why):
        parse_envelope(content)


@pytest.mark.parametrize(
    "change, why",
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "type"),
        ({"more": 1}, "more"),
        ({"subject": []}, "subjects"),
        ({"subject": [{"name": "a"}]}, "digest"),
        ({"subject": [{"name": "a", "digest": {"sha256": "AB"}}]}, "64"),
        ({"subject": [{"name": 1, "digest": {"sha256": "0" * 64}}]}, "text"),
        ({"predicateType": None}, "predicate"),
        ({"predicate": []}, "predicate"),
    ],
)
def test_what_is_no_statement_is_refused(change, why):
    with pytest.raises(ValueError, match=why):
        parse_statement(json.dumps(json.loads(STATEMENT) | change).encode())


def test_what_no_verifier_would_take_is_not_written(p256):
    with pytest.raises(UsageError, match="1024"):
        make_statement([file_descriptor(str(number), b"") for number in range(1025)], PREDICATE_TYPE, {})
    with pytest.raises(UsageError, match="digest"):
        make_statement([{"name": "a"}], PREDICATE_TYPE, {})
    with pytest.raises(UsageError, match="nobody"):
        sign(STATEMENT, [])
