"""The ledger: one canonical JSON line for each event, each naming the one before, under a signed Merkle tree.

An append is decided by one rename, of `ledger.journal`: it holds the new line and the checkpoint that signs it. Before
that nothing has happened; after it the next run finishes what was begun, so that no two checkpoints of one size are
ever signed. What the journal does not explain is nobody's accident, and is refused.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import Protocol

from phiward.attest.canonical import parse_mapping, sha256
from phiward.attest.checkpoint import Note, Proof, check_origin
from phiward.attest.signers import Signer
from phiward.attest.tree import leaf_hash
from phiward.errors import LedgerError, UsageError
from phiward.record import dataclass

S3_SCHEME = "s3://"
MAX_LINE = 8192
FIELDS = ("digest", "prev", "seq", "time", "type", "uri")
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MOST_URI = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """What is written down: that something of this digest exists, and where."""

    type: str
    digest: str
    """`sha256:` and 64 hexadecimal digits."""
    uri: str


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    time: str
    event: Event
    prev: str
    """The digest of the line before; empty for the first."""

    @property
    def line(self) -> bytes:
        """As `canonical` writes it, which takes three times as long; without the line feed."""
        event, quoted = self.event, encode_basestring_ascii
        start = f'{{"digest":{quoted(event.digest)},"prev":{quoted(self.prev)},"seq":{self.seq},"time":'
        return f'{start}{quoted(self.time)},"type":{quoted(event.type)},"uri":{quoted(event.uri)}}}'.encode()

    @property
    def leaf(self) -> bytes:
        return leaf_hash(self.line)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an append gives: nothing of it can be lost any more."""

    entry: Entry
    proof: Proof
    repaired: str = ""
    """What an interrupted append before this one had left, and what became of it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How an entry is kept from being removed."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """A ledger as it stands, not verified. `torn` says that an append was interrupted."""

    lines: list[bytes]
    note: Note | None
    torn: str = ""
    problems: tuple[str, ...] = ()
    """What the store itself shows to be wrong: a deleted entry, one that was written twice."""
    retention: tuple[Retention | None, ...] = ()
    """Of each entry, in a store that can lock it; None where the answer did not say."""


class Ledger(Protocol):
    """Where a ledger is kept."""

    def append(self, event: Event, signers: Sequence[Signer], now: datetime, origin: str = "") -> Receipt: ...

    def read(self) -> Contents: ...


def open_ledger(where: str) -> Ledger:
    """The ledger in a folder, or below `s3://BUCKET/PREFIX`. One in a folder need not exist yet."""
    if where.startswith(S3_SCHEME):
        from phiward.attest.worm import S3Ledger

        return S3Ledger.of(where)
    from phiward.attest.folder_ledger import FolderLedger

    return FolderLedger(Path(where))


def append(where: str, event: Event, signers: Sequence[Signer], now: datetime, origin: str = "") -> Receipt:
    """Write an event down; a ledger that is not there is begun, as `origin`. Raises UsageError and LedgerError."""
    return open_ledger(where).append(event, signers, now, origin)


def check_event(event: Event) -> None:
    """Raises UsageError."""
    if not _TYPE.fullmatch(event.type):
        raise UsageError(f"{event.type!r} is no type of an event", hint="small letters, digits and hyphens")
    if not _DIGEST.fullmatch(event.digest):
        raise UsageError("the digest of an event is sha256: and 64 hexadecimal digits")
    if not event.uri.isprintable() or len(event.uri) > _MOST_URI:
        raise UsageError(f"the place of an event is at most {_MOST_URI} printable characters")


def new_origin(wanted: str) -> str:
    """The name of a ledger that is begun. Raises UsageError."""
    origin = wanted or f"phiward.dev/ledger/{secrets.token_hex(8)}"
    try:
        check_origin(origin)
    except ValueError as error:
        raise UsageError(f"{origin!r} cannot name a ledger: {error}") from error
    return origin


def check_same(where: str, origin: str, wanted: str) -> None:
    """Raises UsageError where a ledger is continued by another name than it has."""
    if wanted not in ("", origin):
        raise UsageError(f"the ledger {where!r} is {origin}, not {wanted}")


def next_entry(last: Entry | None, event: Event, now: datetime) -> Entry:
    """The entry after the last one. Raises UsageError for an event or a clock that cannot be right."""
    check_event(event)
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if last is None:
        return Entry(0, time, event, "")
    if time < last.time:
        raise UsageError(
            f"the clock runs backwards: it says {time}, and the ledger's last entry is of {last.time}",
            hint="nothing was written; set the clock right and run again",
        )
    return Entry(last.seq + 1, time, event, f"sha256:{sha256(last.line)}")


def parse_entry(line: bytes) -> Entry:
    """A line of a ledger. Raises ValueError."""
    if len(line) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE} bytes")
    value = parse_mapping(line)
    if tuple(sorted(value)) != FIELDS:
        raise ValueError(f"it has not exactly the keys {', '.join(FIELDS)}")
    texts = {name: value[name] for name in FIELDS if name != "seq"}
    if type(value["seq"]) is not int or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a value has the wrong type")
    if not _TIME.fullmatch(texts["time"]) or not _DIGEST.fullmatch(texts["digest"]):
        raise ValueError("its time or digest is not one")
    entry = Entry(value["seq"], texts["time"], Event(texts["type"], texts["digest"], texts["uri"]), texts["prev"])
    if entry.line != line:
        raise ValueError("it is not written as a ledger writes it")
    return entry


def refused(where: str, why: str, hint: str = "") -> LedgerError:
    """One line: the ledger cannot be continued as it is."""
    return LedgerError(f"the ledger {where!r} is not continued: {why}", hint=hint)
