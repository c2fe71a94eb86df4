"""The folder of an attestation: every file made first, written beside, and put in place by one rename."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from phiward.attest import predicate
from phiward.attest.assessment.build import Assessed
from phiward.attest.assessment.document import render, to_plain
from phiward.attest.canonical import canonical, sha256
from phiward.attest.formats import emitter
from phiward.attest.formats.source import Source
from phiward.attest.signing import STATEMENT
from phiward.attest.statement import PREDICATE_TYPE
from phiward.durable import cannot_write, flush_directory, write_file
from phiward.errors import UsageError

MANIFEST_SCHEMA = "phiward/evidence-manifest/v1"
VERIFY, COMPANION = "VERIFY.txt", "test-result.json"
Sign = Callable[[bytes, Sequence[bytes]], Mapping[str, bytes]]
"""From a statement and its companions to the files of the signature."""

_VERIFY = """\
How to check this folder, without a network:

  phiward verify . --key PUBLIC-KEY.pem

PUBLIC-KEY.pem is the key as its owner gave it to you: the copy in this folder proves nothing by itself.
The command says which checks were made and which were not, and names a file that was changed.

By other tools, where cosign is at hand:

  cosign verify-blob-attestation --bundle attestation.sigstore.json --key PUBLIC-KEY.pem \\
    --insecure-ignore-tlog=true --type {type} findings.json

Report {id}, as of {as_of}. SHA-256 of findings.json: {digest}
"""


def files_of(assessed: Assessed, source: Source, formats: Sequence[str], sign: Sign | None) -> dict[str, bytes]:
    """Every file by its path in the folder. The statement names each by its digest; the signature is about it."""
    assessment = assessed.assessment
    files = {
        predicate.FINDINGS: render(assessment),
        predicate.MANIFEST: _manifest(assessed),
        **assessed.evidence,
    }
    for name in formats:
        files |= emitter(name)(source)
    files[VERIFY] = _how_to_verify(assessed, files).encode()
    companion = predicate.test_result(assessment, files)
    files[COMPANION] = companion + b"\n"
    made = predicate.statement(assessment, files)
    return files | dict(sign(made, [companion]) if sign else {STATEMENT: made})


def _manifest(assessed: Assessed) -> bytes:
    found = assessed.assessment
    told = {"schema": MANIFEST_SCHEMA, "report_id": found.cover.report_id, "files": to_plain(found.evidence)}
    return canonical(told) + b"\n"


def _how_to_verify(assessed: Assessed, files: Mapping[str, bytes]) -> str:
    cover = assessed.assessment.cover
    digest = sha256(files[predicate.FINDINGS])
    return _VERIFY.format(type=PREDICATE_TYPE, id=cover.report_id, as_of=cover.window.as_of, digest=digest)


def check_free(folder: Path, *, replace: bool) -> None:
    """Raises UsageError where something stands in the way."""
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{str(folder)!r} is no folder")
        if folder.is_dir() and any(folder.iterdir()):
            _check_replaceable(folder, replace=replace)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _check_replaceable(folder: Path, *, replace: bool) -> None:
    """Nothing but an attestation is ever taken away."""
    if not all((folder / name).is_file() for name in (predicate.FINDINGS, STATEMENT)):
        raise UsageError(f"the folder {str(folder)!r} is not empty, and is no attestation", hint="name another")
    if not replace:
        raise UsageError(f"the folder {str(folder)!r} holds an attestation", hint="name another, or say --replace")


def write(folder: Path, files: Mapping[str, bytes], *, replace: bool) -> None:
    """Put the files in place, all or none. Raises UsageError."""
    check_free(folder, replace=replace)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.draft")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, content)
        _put(draft, folder)
        flush_directory(folder.parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, folder: Path) -> None:
    """Where a folder stands it is set aside first, and comes back if the new one cannot be put in its place."""
    if not folder.exists():
        os.rename(draft, folder)  # noqa: PTH104 - replace() would take a file for a folder
        return
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.old")
    folder.rename(aside)
    try:
        draft.rename(folder)
    except OSError:
        with suppress(OSError):
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
