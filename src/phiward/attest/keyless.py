"""Sign without a key that has to be kept: an identity, a certificate of minutes, and a public log (sigstore).

Off unless it is asked for: identity and digests become public, for ever, unless the instance is a private one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phiward.attest.canonical import canonical
from phiward.attest.signing import STATEMENT
from phiward.attest.sigstore_bundle import Bundle, parse_bundle
from phiward.errors import UsageError

WARNING = (
    "keyless signing writes your identity (mail address or workflow) and the digests of this attestation into a public "
    "log, where they stay for ever"
)
TOKEN_VARIABLE = "SIGSTORE_ID_TOKEN"  # noqa: S105 - the name of a variable


def sign_keyless(
    statement: bytes, trust_config: Path | None, *, name: str = "attestation", companions: Sequence[bytes] = ()
) -> dict[str, bytes]:
    """The files of a statement signed by the identity of the environment; see `signing.sign`. Raises UsageError."""
    _need_sigstore()
    from sigstore.dsse import Statement
    from sigstore.sign import SigningContext

    try:
        context = SigningContext.from_trust_config(_config(trust_config, offline=False))
        with context.signer(_identity()) as signer:
            made = [signer.sign_dsse(Statement(one)).to_json().encode() for one in (statement, *companions)]
    except Exception as error:
        if not _is_theirs(error):
            raise
        raise UsageError(f"sigstore cannot sign: {_first_line(error)}") from error
    envelopes = [parse_bundle(content).envelope for content in made]
    if [envelope.payload for envelope in envelopes] != [statement, *companions]:
        raise UsageError("sigstore signed something else than the statement")
    lines = [canonical(envelope.as_json()) + b"\n" for envelope in envelopes]
    return {
        STATEMENT: statement,
        f"{name}.dsse.json": lines[0],
        f"{name}.sigstore.json": made[0] + b"\n",
        f"{name}.intoto.jsonl": b"".join(lines),
    }


def check_identity() -> None:
    """That there is somebody to sign as, before any work is done. Raises UsageError."""
    _need_sigstore()
    try:
        _identity()
    except Exception as error:
        if not _is_theirs(error):
            raise
        raise UsageError(f"sigstore cannot sign: {_first_line(error)}") from error


def check_bundle(bundle: Bundle, identity: str, issuer: str, trust_config: Path | None) -> str:
    """Why the bundle is not signed by the identity, or nothing where it is. Raises UsageError without the extra."""
    _need_sigstore()
    from sigstore.models import Bundle as Theirs
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    try:
        theirs = Theirs.from_json(bundle.content)
        verifier = Verifier(trusted_root=_config(trust_config, offline=True).trusted_root)
        _, payload = verifier.verify_dsse(theirs, Identity(identity=identity, issuer=issuer))
    except Exception as error:
        if not _is_theirs(error):
            raise
        return _first_line(error)
    return "" if payload == bundle.envelope.payload else "it is over something else"


def _need_sigstore() -> None:
    """Raises UsageError without the extra."""
    try:
        import sigstore  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "keyless signatures need the package sigstore",
            hint="install Phiward with it: pip install 'phiward[sigstore]'",
        ) from error


def _is_theirs(error: Exception) -> bool:
    """Whether sigstore refuses; what its services answer wrongly is raised as classes that it keeps to itself."""
    return isinstance(error, (ValueError, OSError)) or type(error).__module__.partition(".")[0] == "sigstore"


def _config(path: Path | None, *, offline: bool) -> Any:
    from sigstore.models import ClientTrustConfig

    if path is None:
        return ClientTrustConfig.production(offline=offline)
    try:
        return ClientTrustConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the trust configuration {str(path)!r} cannot be used: {_first_line(error)}") from error


def _identity() -> Any:
    from sigstore.oidc import IdentityToken, detect_credential

    token = os.environ.get(TOKEN_VARIABLE) or detect_credential()
    if not token:
        raise UsageError(
            "there is no identity to sign with",
            hint=f"run in a pipeline that gives OIDC tokens, or set {TOKEN_VARIABLE}",
        )
    return IdentityToken(token)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
