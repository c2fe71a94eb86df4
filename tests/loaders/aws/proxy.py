"""A proxy between a scan and the server, which lets some calls end as calls to AWS may end.

    with Proxy(moto.url, [Fault("denied", "kms", "get_key_policy")]) as proxy:
        report = moto.scan(url=proxy.url)

Which operation a request is for is read from the request by the services' own models, as AWS does it.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from botocore import xform_name
from botocore.model import OperationModel, ServiceModel
from tests.conformance.aws_shapes import service

from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

PREFLIGHT = ("sts", "organizations", "ec2", "iam", "lambda")
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><p>Guest network</p></body></html>\n"

ERRORS: dict[str, tuple[int, str, str]] = {
    "denied": (403, "AccessDenied", "User is not authorized to perform this, with an explicit deny"),
    "throttled": (400, "ThrottlingException", "Rate exceeded"),
    "expired": (403, "ExpiredToken", "The security token included in the request is expired"),
    "skewed": (
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20200101T000000Z is now earlier than 20200101T000500Z",
    ),
    "off": (403, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "internal": (500, "InternalFailure", "We encountered an internal error."),
    "unavailable": (503, "ServiceUnavailable", "Service is unable to handle the request."),
    "unsupported": (400, "UnknownOperationException", ""),
    "odd": (404, "SomethingElseNotFound", "A code that nobody has written down."),
}
BROKEN = ("reset", "closed", "cut", "half", "empty", "page", "page500", "slow")
"""What else may happen to an answer: the connection is reset or closed, the answer is cut off with its length told
truly or not, nothing is in it, a web page comes in its place, with either status, or it comes late."""
KINDS = (*ERRORS, *BROKEN)


@dataclass(frozen=True)
class Fault:
    """How calls end. An empty name stands for any; `calls` are the numbers of those of an operation, 0 for the first."""

    kind: str
    service: str = ""
    operation: str = ""
    calls: frozenset[int] | None = None
    region: str = ""
    after: int = 0
    """Only from this call of the whole scan on."""

    def strikes(self, request: Request) -> bool:
        return (
            self.service in ("", request.service)
            and self.operation in ("", request.operation)
            and self.region in ("", request.region)
            and (self.calls is None or request.number in self.calls)
            and request.total >= self.after
        )


@dataclass(frozen=True)
class Request:
    """A call as the server sees it. `number` counts those of its operation, `total` all of them."""

    service: str
    operation: str
    region: str
    number: int
    total: int
    protocol: str
    key: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


@cache
def models() -> dict[str, list[ServiceModel]]:
    """The services that a scan may call, by the name that is signed."""
    found: dict[str, list[ServiceModel]] = {}
    called = {name for name, _ in load_collectors(pack_directory()).operations}
    for name in sorted({*called, *PREFLIGHT}):
        found.setdefault(service(name).signing_name, []).append(service(name))
    return found


@cache
def _routes(signed: str) -> list[tuple[str, re.Pattern[str], frozenset[str], int, ServiceModel, str]]:
    """Method, path and parameters of each operation that is told by them; the most literal one first."""
    found = []
    for model in models().get(signed, ()):
        for name in model.operation_names:
            http = model.operation_model(name).http
            path, _, query = http.get("requestUri", "/").partition("?")
            pattern = re.sub(r"\\\{[^}]*\\\+\\\}", ".+", re.escape(path))
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", pattern)
            wanted = frozenset(parse_qs(query, keep_blank_values=True))
            literal = len(re.sub(r"\{[^}]*\}", "", path)) + 100 * len(wanted)
            if model.operation_model(name).deprecated:
                continue
            found.append((http.get("method", "POST"), re.compile(pattern + "/?"), wanted, literal, model, name))
    return sorted(found, key=lambda route: -route[3])


def operation_of(method: str, url: str, headers: Any, body: bytes) -> tuple[ServiceModel | None, str]:
    """The service and the operation of a request; nothing where it is none."""
    signed = _SCOPE.search(headers.get("Authorization", ""))
    name = signed[3] if signed else "sts"
    parts = urlsplit(url)
    if name == "s3express":  # S3's directory buckets: signed for a service of their own, and listed at the same path
        name = "s3"
        if method == "GET" and parts.path in ("", "/"):
            return models()[name][0], "ListDirectoryBuckets"
    candidates = models().get(name, [])
    target = headers.get("X-Amz-Target", "")
    rpc = re.fullmatch(r"/service/[^/]+/operation/(\w+)", parts.path)
    form = parse_qs(body.decode("latin-1")) if b"Action=" in body else {}
    asked = rpc[1] if rpc else target.rpartition(".")[2] or form.get("Action", [""])[0]
    if asked:
        version = form.get("Version", [""])[0]
        fitting = [m for m in candidates if asked in m.operation_names]
        exact = [m for m in fitting if version in ("", m.api_version)]
        return next(iter(exact or fitting), None), asked
    given = parse_qs(parts.query, keep_blank_values=True).keys()
    for verb, pattern, wanted, _, model, operation in _routes(name):
        if verb == method and wanted <= given and pattern.fullmatch(parts.path):
            return model, operation
    return None, ""


class Proxy:
    """The proxy while it runs. `seen` is every call that came, `struck` those that a fault ended."""

    def __init__(self, upstream: str, faults: Sequence[Fault] = (), slow: float = 0.2) -> None:
        self.upstream = urlsplit(upstream)
        self.faults = list(faults)
        self.slow = slow
        self.seen: list[Request] = []
        self.struck: list[tuple[Request, str]] = []
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def calls(self) -> Counter[str]:
        return Counter(request.name for request in self.seen)

    def take(self, method: str, url: str, headers: Any, body: bytes) -> tuple[Request, str, OperationModel | None]:
        """Note a request; with the fault that it meets, if any."""
        model, asked = operation_of(method, url, headers, body)
        signed = _SCOPE.search(headers.get("Authorization", ""))
        known = model.operation_model(asked) if model is not None else None
        named = model.service_name if model is not None else "unknown"
        operation = xform_name(asked) if asked else f"{method} {url}"
        protocol = model.resolved_protocol if model is not None else ""
        with self._lock:
            number = self._counts[f"{named}:{operation}"]
            self._counts[f"{named}:{operation}"] += 1
            region = signed[2] if signed else ""
            request = Request(named, operation, region, number, len(self.seen), protocol, signed[1] if signed else "")
            self.seen.append(request)
            kind = next((fault.kind for fault in self.faults if fault.strikes(request)), "")
            if kind:
                self.struck.append((request, kind))
        return request, kind, known


def error_body(protocol: str, code: str, message: str) -> bytes:
    """An error as the services of a protocol write it."""
    if protocol == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return f"<Response>{inner}<RequestID>r-1</RequestID></Response>".encode()
    if protocol in ("query", "rest-xml"):
        inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId>"
        return f"<ErrorResponse>{inner}</ErrorResponse>".encode()
    return json.dumps({"__type": code, "message": message}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """A test reads what was seen from the proxy."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy = self.server.proxy
        request, kind, _ = proxy.take(self.command, self.path, self.headers, body)
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if kind == "closed":
            self.close_connection = True
            return
        if kind in ERRORS:
            status, code, message = ERRORS[kind]
            if request.service == "s3":
                self._answer(
                    status,
                    [("Content-Type", "application/xml")],
                    f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(),
                )
            else:
                self._answer(status, [("x-amzn-RequestId", "r-1")], error_body(request.protocol, code, message))
            return
        if kind in ("page", "page500"):
            self._answer(200 if kind == "page" else 500, [("Content-Type", "text/html")], _PAGE)
            return
        if kind == "slow":
            time.sleep(proxy.slow)
        status, headers, answer = self._forward(body)
        self._spoilt(kind, status, headers, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = self.server.proxy.upstream
        connection = HTTPConnection(upstream.hostname or "", upstream.port, timeout=120)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers.items()))
            response = connection.getresponse()
            kept = [(k, v) for k, v in response.getheaders() if k.lower() not in _HOP]
            return response.status, kept, response.read()
        finally:
            connection.close()

    def _spoilt(self, kind: str, status: int, headers: Iterable[tuple[str, str]], answer: bytes) -> None:
        if kind == "empty":
            self._answer(status, headers, b"")
        elif kind == "half":
            self._answer(status, headers, answer[: len(answer) // 2])
        elif kind == "cut":
            self._answer(status, headers, answer[: len(answer) // 2], told=len(answer) + 1)
            self.close_connection = True
        else:
            self._answer(status, headers, answer)

    def _answer(self, status: int, headers: Iterable[tuple[str, str]], body: bytes, told: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if told is None else told))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}
