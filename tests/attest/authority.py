"""A time stamping authority of openssl's, answering over HTTP on this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = leaf.pem
signer_key = leaf.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
"""


def openssl(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True).stdout


class Authority:
    """`root` is what a verifier trusts; `leaf` signs the time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        (folder / "serial").write_text("01")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        for name in ("root", "leaf"):
            (folder / f"{name}.cnf").write_text(CONFIGURATION.format(name=f"test {name}"))
        openssl(folder, "req", "-x509", *curve, "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
                "-config", "root.cnf", "-extensions", "root")  # fmt: skip
        openssl(folder, "req", *curve, "-keyout", "leaf.key", "-out", "leaf.csr", "-config", "leaf.cnf")
        openssl(folder, "x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "3650",
                "-CAcreateserial", "-out", "leaf.pem", "-extfile", "leaf.cnf", "-extensions", "leaf")  # fmt: skip

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        openssl(self.folder, "ts", "-reply", "-queryfile", "query", "-out", "reply", "-config", "leaf.cnf",
                "-section", "here")  # fmt: skip
        return (self.folder / "reply").read_bytes()

    @contextmanager
    def serving(self, answer=None) -> Iterator[str]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                content = (answer or authority.answer)(query)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()
                thread.join()


MISSING = "" if shutil.which("openssl") else "the openssl command is not here"
