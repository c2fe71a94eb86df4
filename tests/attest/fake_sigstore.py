"""A sigstore of our own on this machine: Fulcio with an embedded SCT, a CT log's key, and Rekor's first version.

What it signs with is made for one test, and its trust configuration is what sigstore's clients take for a private
instance. It believes every token.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from phiward.attest.checkpoint import Checkpoint, sign_checkpoint
from phiward.attest.keys import PrivateKey, generate
from phiward.attest.tree import inclusion_proof, leaf_hash, root_of

ISSUER = "https://issuer.example"
START = "2020-01-01T00:00:00Z"
SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
ISSUER_V1 = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
ISSUER_V2 = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def token(subject: str) -> str:
    """An identity token that nobody signed."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": subject, "aud": "sigstore", "iat": now, "exp": now + 600}
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*texts, "c2ln"])


class FakeSigstore:
    def __init__(self) -> None:
        self.ca, self.ct, self.log = generate(), generate(), generate()
        self.entries: list[bytes] = []
        self.url = ""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test fulcio")])
        public = self.ca.public_key.raw
        builder = self._builder(name, name, public, timedelta(days=365)).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.root = builder.add_extension(_usage(cert_sign=True), critical=True).sign(self.ca.raw, SHA256())

    def _builder(self, subject, issuer, public, valid: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca.public_key.raw)
        builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(minutes=1)).not_valid_after(now + valid)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        return builder.add_extension(authority, critical=False)

    def certify(self, request: x509.CertificateSigningRequest, subject: str) -> list[str]:
        """Fulcio: a certificate of minutes for the key, with the CT log's promise in it."""
        builder = self._builder(x509.Name([]), self.root.subject, request.public_key(), timedelta(minutes=10))
        issuer = ISSUER.encode()
        for extension, critical in [
            (_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (x509.SubjectAlternativeName([x509.RFC822Name(subject)]), True),
            (x509.UnrecognizedExtension(ISSUER_V1, issuer), False),
            (x509.UnrecognizedExtension(ISSUER_V2, bytes([0x0C, len(issuer)]) + issuer), False),
        ]:
            builder = builder.add_extension(extension, critical)
        before = builder.sign(self.ca.raw, SHA256())
        promise = x509.UnrecognizedExtension(SCT_LIST, self._promise(before.tbs_certificate_bytes))
        leaf = builder.add_extension(promise, critical=False).sign(self.ca.raw, SHA256())
        return [one.public_bytes(Encoding.PEM).decode() for one in (leaf, self.root)]

    def _promise(self, body: bytes) -> bytes:
        """RFC 6962, section 3.2, as the extension holds it."""
        stamp = int(time.time() * 1000)
        issuer = hashlib.sha256(self.ca.public_key.spki).digest()
        entry = issuer + len(body).to_bytes(3, "big") + body
        signature = self.ct.sign(struct.pack("!BBQH", 0, 0, stamp, 1) + entry + struct.pack("!H", 0))
        log = hashlib.sha256(self.ct.public_key.spki).digest()
        sct = struct.pack("!B32sQH", 0, log, stamp, 0) + struct.pack("!BBH", 4, 3, len(signature)) + signature
        inner = struct.pack("!HH", len(sct) + 2, len(sct)) + sct
        return bytes([0x04, len(inner)]) + inner if len(inner) < 128 else bytes([0x04, 0x81, len(inner)]) + inner

    def record(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """Rekor: the entry in the log, with the proof of it."""
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        payload = base64.b64decode(envelope["payload"])
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(content["envelope"].encode()).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": envelope["signatures"][0]["sig"], "verifier": content["verifiers"][0]}],
        }
        body = canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        self.entries.append(body)
        leaves, index, now = [leaf_hash(entry) for entry in self.entries], len(self.entries) - 1, int(time.time())
        origin = self.url.removeprefix("http://")
        note = sign_checkpoint(Checkpoint(origin, len(leaves), root_of(leaves)), [self.log])
        log = hashlib.sha256(self.log.public_key.spki).hexdigest()
        promised = {"body": b64(body), "integratedTime": now, "logID": log, "logIndex": index}
        proof = {
            "logIndex": index,
            "rootHash": root_of(leaves).hex(),
            "treeSize": len(leaves),
            "hashes": [step.hex() for step in inclusion_proof(leaves, index)],
            "checkpoint": note.content.decode(),
        }
        signed = b64(self.log.sign(canonical(promised)))
        return {
            leaves[-1].hex(): promised | {"verification": {"signedEntryTimestamp": signed, "inclusionProof": proof}}
        }

    def trusted_root(self) -> dict[str, Any]:
        certificate = {"rawBytes": b64(self.root.public_bytes(Encoding.DER))}
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_instance(self.log, self.url)],
            "ctlogs": [_instance(self.ct, self.url)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "test", "commonName": "test fulcio"},
                    "uri": self.url,
                    "certChain": {"certificates": [certificate]},
                    "validFor": {"start": START},
                }
            ],
            "timestampAuthorities": [],
        }

    def trust_config(self) -> dict[str, Any]:
        service = {"url": self.url, "majorApiVersion": 1, "validFor": {"start": START}, "operator": "test"}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [],
                "rekorTlogUrls": [service],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaUrls": [],
                "tsaConfig": {"selector": "ANY"},
            },
        }

    def answer(self, path: str, asked: dict[str, Any], identity: str) -> dict[str, Any]:
        if path == "/api/v1/log/entries":
            return self.record(asked)
        request = x509.load_pem_x509_csr(base64.b64decode(asked["certificateSigningRequest"]))
        claims = identity.split(".")[1]
        subject = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": self.certify(request, subject)}}}

    @contextmanager
    def serving(self) -> Iterator[FakeSigstore]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                content = json.dumps(fake.answer(self.path, asked, self.headers.get("Authorization", ""))).encode()
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}"
            thread = Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def canonical(value: dict[str, Any]) -> bytes:
    """RFC 8785 for what stands here: ASCII texts and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _instance(key: PrivateKey, url: str) -> dict[str, Any]:
    public = {
        "rawBytes": b64(key.public_key.spki),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {"start": START},
    }
    log = {"keyId": b64(hashlib.sha256(key.public_key.spki).digest())}
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": log}


def _usage(*, digital_signature: bool = False, cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=cert_sign, crl_sign=cert_sign, encipher_only=False, decipher_only=False,
    )  # fmt: skip
