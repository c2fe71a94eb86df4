"""Time stamps by somebody else's clock (RFC 3161), over a signature.

Asking for one is the only thing here that opens a connection, to the authority that was named. Checking one does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from phiward.errors import UsageError

_LONGEST = 256 * 1024
_PATIENCE = 30
"""Seconds."""
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


def request_token(url: str, signature: bytes) -> bytes:
    """The authority's answer over a signature, in DER. Raises UsageError where it gives none for it."""
    client = _library()
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"{url!r} is no address of a time stamping authority", hint="https://... or http://...")
    query = client.TimestampRequestBuilder().data(signature).nonce(nonce=True).cert_request(cert_request=True).build()
    token = _post(url, query.as_bytes())
    try:
        answer = client.decode_timestamp_response(token)
    except ValueError as error:
        raise UsageError(
            f"what {url} answers is no time stamp that can be read: {error}",
            hint="some authorities order their certificates in a way that is not strict DER; name another one",
        ) from error
    if answer.status != client.PKIStatus.GRANTED or answer.tst_info.nonce != query.nonce:
        raise UsageError(f"{url} did not grant a time stamp for this signature")
    return token


def verify_token(token: bytes, signature: bytes, roots: Sequence[Path]) -> datetime:
    """The time of a token that leads to one of the roots. Raises ValueError, and UsageError without the extra."""
    client = _library()
    from cryptography.x509 import load_pem_x509_certificates

    certificates = []
    for path in roots:
        try:
            certificates += load_pem_x509_certificates(path.read_bytes())
        except OSError as error:
            raise UsageError(f"the root {str(path)!r} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise UsageError(f"the root {str(path)!r} holds no certificate in PEM") from error
    try:
        answer = client.decode_timestamp_response(token)
        client.VerifierBuilder(roots=certificates).build().verify_message(answer, signature)
    except client.VerificationError as error:
        raise ValueError(f"it does not hold for this signature and these roots: {error}") from error
    except ValueError as error:
        raise ValueError(f"it cannot be read ({error}); `openssl ts -verify` may") from error
    time: datetime = answer.tst_info.gen_time
    return time.astimezone(UTC)


def _post(url: str, query: bytes) -> bytes:
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    headers = {"Content-Type": _QUERY, "Accept": _REPLY}
    try:
        with urlopen(Request(url, query, headers), timeout=_PATIENCE) as response:  # noqa: S310 - checked by the caller
            content: bytes = response.read(_LONGEST + 1)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UsageError(f"the time stamping authority {url} cannot be asked: {reason}") from error
    if len(content) > _LONGEST:
        raise UsageError(f"the answer of {url} is too long for a time stamp")
    return content


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise UsageError(
            "time stamps need the package rfc3161-client", hint="install Phiward with it: pip install 'phiward[tsa]'"
        ) from error
    return rfc3161_client
