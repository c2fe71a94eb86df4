"""What is to be verified, read: an attestation's folder, or one of its signed files. Links are not followed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from phiward.attest.canonical import MAX_BYTES
from phiward.attest.dsse import Envelope, parse_envelope
from phiward.attest.signing import PUBLIC_KEY, STATEMENT
from phiward.attest.sigstore_bundle import Bundle, parse_bundle
from phiward.attest.statement import Statement, parse_statement
from phiward.errors import UsageError
from phiward.record import dataclass

ENVELOPE, BUNDLE, COLLECTION = ".dsse.json", ".sigstore.json", ".intoto.jsonl"
TOKEN, PROOF = ".tsr", ".tlog-proof"
FINDINGS = "findings.json"
_DEEPEST = 32
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """An attestation whose envelope and statement could be read. `whole` says that a folder was named, not a file."""

    directory: Path
    name: str
    whole: bool
    envelope: Envelope
    statement: Statement

    @property
    def own_files(self) -> frozenset[str]:
        """What signs or surrounds the statement, and so cannot stand in it; each has a check of its own."""
        endings = (ENVELOPE, BUNDLE, COLLECTION, TOKEN, PROOF)
        return frozenset({STATEMENT, PUBLIC_KEY, *(f"{self.name}{ending}" for ending in endings)})

    def read(self, name: str) -> bytes | None:
        """One of its files, or None where there is none. Raises ValueError where it is not to be read."""
        return read_regular(self.directory / name)

    def bundle(self) -> Bundle | None:
        """Raises ValueError."""
        content = self.read(f"{self.name}{BUNDLE}")
        return None if content is None else parse_bundle(content)

    def predicate(self, *keys: str) -> Any:
        """A value inside the predicate, or None."""
        value: Any = self.statement.predicate
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


def find(target: Path) -> Found | str:
    """The attestation in a folder or file, or why it cannot be read. Raises UsageError where there is none."""
    path, ending = _signed_file(target)
    try:
        content = read_regular(path)
        if content is None:
            raise UsageError(f"there is no attestation {str(target)!r}")
        if ending == BUNDLE:
            envelope = parse_bundle(content).envelope
        else:
            envelope = parse_envelope(content.partition(b"\n")[0] if ending == COLLECTION else content)
        statement = parse_statement(envelope.payload)
    except ValueError as error:
        return f"{path.name} cannot be read: {error}"
    return Found(path.parent, path.name.removesuffix(ending), target.is_dir(), envelope, statement)


def _signed_file(target: Path) -> tuple[Path, str]:
    if not target.is_dir():
        if not target.exists():
            raise UsageError(f"there is no attestation {str(target)!r}")
        for ending in (ENVELOPE, BUNDLE, COLLECTION):
            if target.name.endswith(ending):
                return target, ending
        raise UsageError(
            f"{str(target)!r} is no attestation: it ends with none of {ENVELOPE}, {BUNDLE}, {COLLECTION}",
            hint="name the folder of `phiward attest`, a signed file in it, or the folder of a ledger",
        )
    candidates = [(path, ending) for ending in (ENVELOPE, BUNDLE) for path in sorted(target.glob(f"*{ending}"))]
    envelopes = [one for one in candidates if one[1] == candidates[0][1]]
    if len(envelopes) != 1:
        many = "several attestations: name one of their files" if envelopes else "no signed attestation, and no ledger"
        unsigned = not envelopes and (target / STATEMENT).is_file()
        hint = "its statement was never signed: `phiward attest --sign KEY`" if unsigned else ""
        raise UsageError(f"the folder {str(target)!r} holds {many}", hint=hint)
    return envelopes[0]


def read_regular(path: Path) -> bytes | None:
    """A regular file of bounded size, or None where there is none. Raises ValueError for anything else."""
    descriptor = _open(path)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError("it is too long")
    return content


def digest(path: Path, algorithm: str = "sha256") -> str | None:
    """The digest of a regular file of any size, or None where there is none. Raises ValueError for anything else."""
    descriptor = _open(path)
    if descriptor is None:
        return None
    found = hashlib.new(algorithm)
    with os.fdopen(descriptor, "rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _open(path: Path) -> int | None:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is no regular file")
    return descriptor


def walk(directory: Path, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Every file below a folder by its path in it; links are not followed. Raises UsageError."""
    if depth > _DEEPEST:
        yield prefix.rstrip("/")
        return
    try:
        with os.scandir(directory) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"the folder {str(directory)!r} cannot be read: {error.strerror}") from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from walk(Path(entry.path), f"{prefix}{entry.name}/", depth + 1)
        else:
            yield f"{prefix}{entry.name}"
