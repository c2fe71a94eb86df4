"""A ledger in S3 that nobody can rewrite: each entry is one locked object, which holds the checkpoint that signs it.

An append is one conditional PUT (`If-None-Match`), so that it happens whole or not at all, and only one of two writers
gets a number. Versions are listed, not objects: a delete marker hides an object and removes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from phiward.attest.canonical import canonical, parse_mapping
from phiward.attest.checkpoint import Checkpoint, Note, Proof, parse_note, sign_checkpoint
from phiward.attest.ledger import (
    Contents,
    Entry,
    Event,
    Receipt,
    Retention,
    check_same,
    new_origin,
    next_entry,
    parse_entry,
    refused,
)
from phiward.attest.signers import Signer
from phiward.attest.tree import Frontier, leaf_hash
from phiward.errors import LedgerError, UsageError
from phiward.record import dataclass

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
MODES = (GOVERNANCE, COMPLIANCE)
DAYS = 2222
"""Six years, of which two may be leap years, and thirty days: 45 CFR 164.316(b)(2)(i)."""
_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?((?:[\w!*'().-]+/?)*)")
_MAX_BYTES = 64 * 1024
_ATTEMPTS = 8
"""Of an append, while others take the number first."""
_AT_A_TIME = 10
"""As many connections as the SDK keeps."""
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the ledger was begun with, and every entry of it is kept by."""

    origin: str
    mode: str
    days: int

    def end(self, now: datetime) -> datetime:
        return now + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class _Stored:
    """One entry as its object holds it: the line, the checkpoint over all up to it, and what the next one needs."""

    line: bytes
    note: Note
    frontier: Frontier
    retention: Retention | None = None

    @property
    def content(self) -> bytes:
        return canonical(
            {
                "checkpoint": self.note.content.decode(),
                "frontier": [value.hex() for value in self.frontier.hashes],
                "line": self.line.decode(),
            }
        )


@dataclass(frozen=True, slots=True)
class _Version:
    key: str
    id: str
    deleted: bool
    """It is a delete marker."""


class S3Ledger:
    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._name = f"s3://{bucket}/{prefix}".rstrip("/")

    @staticmethod
    def of(where: str) -> S3Ledger:
        """The ledger below `s3://BUCKET/PREFIX`. Raises UsageError."""
        found = _PLACE.fullmatch(where)
        if found is None:
            raise UsageError(f"{where!r} is no place in S3", hint="s3://BUCKET/PREFIX")
        return S3Ledger(_client(), found[1], found[2].rstrip("/"))

    def create(self, origin: str, mode: str, days: int, now: datetime) -> Terms:
        """Begin a ledger in a bucket that has Object Lock. Raises UsageError."""
        terms = Terms(new_origin(origin), mode, days)
        try:
            self._call("get_object_lock_configuration")
        except _Refused as error:
            raise UsageError(
                f"the bucket {self._bucket!r} has no Object Lock: {error.code}",
                hint="Object Lock is switched on when a bucket is made, or by AWS's own steps for one that is there",
            ) from error
        content = canonical({"days": days, "mode": mode, "origin": terms.origin})
        try:
            self._put(self._terms_key, content, terms, now)
        except _Refused as error:
            if error.code in _TAKEN:
                raise UsageError(f"there is a ledger in {self._name!r} already") from error
            raise self._failed(error) from error
        return terms

    def append(self, event: Event, signers: Sequence[Signer], now: datetime, origin: str = "") -> Receipt:
        """Write an event down. Raises UsageError and LedgerError; then nothing was acknowledged."""
        terms = self.terms()
        check_same(self._name, terms.origin, origin)
        for _ in range(_ATTEMPTS):
            before = self._newest(signers)
            entry = next_entry(parse_entry(before.line) if before else None, event, now)
            frontier = before.frontier.copy() if before else Frontier()
            steps = tuple(frontier.proof_of_next())
            frontier.append(entry.leaf)
            note = sign_checkpoint(Checkpoint(terms.origin, frontier.size, frontier.root()), signers)
            stored = _Stored(entry.line, note, frontier)
            if self._claim(entry, stored, terms, now):
                return Receipt(entry, Proof(entry.seq, steps, note, entry.line))
        raise LedgerError(
            f"the ledger {self._name!r} is being written by others all the time", hint="nothing was written; try again"
        )

    def read(self) -> Contents:
        """Everything as it stands, the oldest version of each entry. Raises UsageError where there is no ledger."""
        self.terms()
        oldest, problems = self._oldest()
        lines, note, frontier, retention = list[bytes](), None, Frontier(), list[Retention | None]()
        for number, stored in enumerate(self._all(oldest)):
            if isinstance(stored, str):
                problems.append(f"entry {number} cannot be read: {stored}")
                break
            lines.append(stored.line)
            retention.append(stored.retention)
            note = stored.note
            frontier.append(leaf_hash(stored.line))
            if (note.checkpoint.size, note.checkpoint.root) != (frontier.size, frontier.root()):
                problems.append(f"the checkpoint of entry {number} does not sign the entries up to it")
        return Contents(lines, note, "", tuple(problems), tuple(retention))

    def _oldest(self) -> tuple[list[_Version], list[str]]:
        """The version of each entry that counts, and what is odd about the others."""
        by_key: dict[str, list[_Version]] = {}
        for version in self._versions(self._entries):
            by_key.setdefault(version.key, []).append(version)
        oldest, problems = list[_Version](), list[str]()
        while versions := by_key.pop(self._key(len(oldest)), None):
            problems += _oddities(len(oldest), versions)
            kept = [version for version in versions if not version.deleted]
            if not kept:
                break
            oldest.append(kept[-1])
        if by_key:
            problems.append(f"{min(by_key)} does not continue the entries: one is missing, or it is none")
        return oldest, problems

    def extend(self, until: datetime) -> int:
        """Keep every object at least until a time; how many were kept for less. Raises UsageError."""
        terms = self.terms()
        extended = 0
        for version in [*self._kept(self._terms_key), *self._versions(self._entries)]:
            if version.deleted:
                continue
            named = {"Key": version.key, "VersionId": version.id}
            kept = self._asked("head_object", **named).get("ObjectLockRetainUntilDate")
            if kept is None or kept < until:
                retention = {"Mode": terms.mode, "RetainUntilDate": until}
                self._asked("put_object_retention", **named, Retention=retention)
                extended += 1
        return extended

    def terms(self) -> Terms:
        """What the ledger was begun with. Raises UsageError where it was not, LedgerError where that cannot be read."""
        kept = self._kept(self._terms_key)
        if not kept:
            raise UsageError(f"there is no ledger in {self._name!r}", hint="`phiward ledger create` begins one")
        try:
            value = parse_mapping(self._content(kept[-1]))
            terms = Terms(value["origin"], value["mode"], value["days"])
        except (ValueError, KeyError) as error:
            raise refused(self._name, f"its {self._terms_key} cannot be read: {error}") from error
        if terms.mode not in MODES or type(terms.days) is not int or not isinstance(terms.origin, str):
            raise refused(self._name, f"its {self._terms_key} is not as it is written")
        return terms

    @property
    def _terms_key(self) -> str:
        return f"{self._prefix}ledger.json"

    @property
    def _entries(self) -> str:
        return f"{self._prefix}entries/"

    def _key(self, number: int) -> str:
        return f"{self._entries}{number:012d}.json"

    def _newest(self, signers: Sequence[Signer]) -> _Stored | None:
        """The last entry, whose checkpoint was signed by one of these and is what it holds. Raises LedgerError."""
        size = self._size()
        if size == 0:
            return None
        versions = self._kept(self._key(size - 1))
        if not versions:
            raise refused(self._name, f"entry {size - 1} was deleted, and no version of it is left")
        try:
            stored = self._get(versions[-1])
        except ValueError as error:
            raise refused(self._name, f"entry {size - 1} cannot be read: {error}") from error
        if not any(stored.note.signed_by(signer.public_key) for signer in signers):
            raise refused(
                self._name,
                "its checkpoint was not signed by this key",
                "sign with the ledger's own key, or with the old and the new one together to replace it",
            )
        checkpoint = stored.note.checkpoint
        if (checkpoint.size, checkpoint.root) != (size, stored.frontier.root()) or stored.frontier.size != size:
            raise refused(self._name, f"entry {size - 1} is not what its checkpoint signs")
        return stored

    def _size(self) -> int:
        """How many entries there are: the numbers have no gap, so it is found by halving."""
        low, high = 0, 1
        while self._reaches(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._reaches(middle) else (low, middle)
        return low

    def _reaches(self, size: int) -> bool:
        """Whether the entry of the number `size - 1` was ever written."""
        answer = self._asked("list_object_versions", Prefix=self._key(size - 1), MaxKeys=1)
        return bool(answer.get("Versions") or answer.get("DeleteMarkers"))

    def _claim(self, entry: Entry, stored: _Stored, terms: Terms, now: datetime) -> bool:
        """Put the entry under its number, unless somebody else was first."""
        try:
            self._put(self._key(entry.seq), stored.content, terms, now)
        except _Refused as error:
            if error.code not in _TAKEN:
                raise self._failed(error) from error
            return self._is_ours(entry, stored)  # the answer to a first attempt may have been lost on the way
        return True

    def _is_ours(self, entry: Entry, stored: _Stored) -> bool:
        versions = self._kept(self._key(entry.seq))
        return bool(versions) and self._content(versions[-1]) == stored.content

    def _get(self, version: _Version) -> _Stored:
        answer = self._object(version)
        value: Any = parse_mapping(_body(answer))
        mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
        retention = Retention(mode, until) if mode and until else None
        try:
            note = parse_note(value["checkpoint"].encode())
            hashes = [bytes.fromhex(text) for text in value["frontier"]]
            return _Stored(value["line"].encode(), note, Frontier(note.checkpoint.size, hashes), retention)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("it is not as a ledger writes it") from error

    def _all(self, versions: Sequence[_Version]) -> Iterator[_Stored | str]:
        """Entries in their order, or why one cannot be read; many are asked for at a time."""
        from concurrent.futures import ThreadPoolExecutor

        def get(version: _Version) -> _Stored | str:
            try:
                return self._get(version)
            except ValueError as error:
                return str(error)

        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            yield from pool.map(get, versions)

    def _content(self, version: _Version) -> bytes:
        return _body(self._object(version))

    def _object(self, version: _Version) -> Any:
        return self._asked("get_object", Key=version.key, VersionId=version.id)

    def _versions(self, prefix: str) -> Iterator[_Version]:
        """Every version below a prefix; of one key the newest first."""
        more: dict[str, Any] = {}
        while True:
            answer = self._asked("list_object_versions", Prefix=prefix, **more)
            for kind, deleted in (("Versions", False), ("DeleteMarkers", True)):
                for item in answer.get(kind, ()):
                    yield _Version(item["Key"], item["VersionId"], deleted)
            if not answer.get("IsTruncated"):
                return
            more = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}

    def _kept(self, key: str) -> list[_Version]:
        """The versions of one object that are there, the oldest last: that is the one that counts."""
        return [version for version in self._versions(key) if version.key == key and not version.deleted]

    def _put(self, key: str, content: bytes, terms: Terms, now: datetime) -> None:
        self._call(
            "put_object",
            Key=key,
            Body=content,
            IfNoneMatch="*",
            ChecksumAlgorithm="SHA256",
            ContentType="application/json",
            ObjectLockMode=terms.mode,
            ObjectLockRetainUntilDate=terms.end(now),
        )

    def _asked(self, operation: str, **arguments: Any) -> Any:
        """A call that there is no other way around."""
        try:
            return self._call(operation, **arguments)
        except _Refused as error:
            raise self._failed(error) from error

    def _call(self, operation: str, **arguments: Any) -> Any:
        import botocore.exceptions

        try:
            return getattr(self._client, operation)(Bucket=self._bucket, **arguments)
        except botocore.exceptions.ClientError as error:
            raise _Refused(operation, error.response["Error"]["Code"]) from error
        except botocore.exceptions.BotoCoreError as error:
            raise UsageError(f"S3 cannot be asked for {self._name!r}: {error}") from error

    def _failed(self, error: _Refused) -> UsageError:
        hint = {
            "InvalidRequest": "the bucket needs Object Lock, and the caller s3:PutObjectRetention",
            "NoSuchBucket": "make the bucket first, with Object Lock",
            "AccessDenied": f"the caller needs the permission for {error.operation}",
        }.get(error.code, "")
        return UsageError(f"S3 refuses {error.operation} in {self._name!r}: {error.code}", hint=hint)


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    """S3 said no."""

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(operation, code)
        self.operation = operation
        self.code = code


def _body(answer: Any) -> bytes:
    """Raises ValueError for more than any entry has."""
    content: bytes = answer["Body"].read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("it is too long")
    return content


def _oddities(number: int, versions: Sequence[_Version]) -> list[str]:
    hidden = any(version.deleted for version in versions)
    written = sum(not version.deleted for version in versions)
    found = [f"entry {number} was deleted: a delete marker hides it"] if hidden else []
    return [*found, f"entry {number} was written {written} times; the first counts"] if written > 1 else found


def _client() -> Any:
    try:
        import boto3
        import botocore.exceptions
    except ImportError as error:
        raise UsageError(
            "a ledger in S3 needs the package boto3", hint="install Phiward with it: pip install 'phiward[aws]'"
        ) from error
    try:
        return boto3.client("s3")
    except botocore.exceptions.BotoCoreError as error:
        raise UsageError(f"S3 cannot be asked: {error}") from error
