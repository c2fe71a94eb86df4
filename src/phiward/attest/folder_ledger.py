"""A ledger in a folder: `ledger.jsonl`, `checkpoint`, and what makes an append quick and safe to interrupt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from phiward.attest.canonical import canonical, parse_mapping
from phiward.attest.checkpoint import Checkpoint, Note, Proof, parse_note, sign_checkpoint
from phiward.attest.ledger import (
    MAX_LINE,
    Contents,
    Entry,
    Event,
    Receipt,
    check_same,
    new_origin,
    next_entry,
    parse_entry,
    refused,
)
from phiward.attest.signers import Signer
from phiward.attest.tree import Frontier, leaf_hash
from phiward.durable import append_at, cannot_write, discard_drafts, flush_directory, locked, write_file
from phiward.errors import LedgerError, UsageError
from phiward.record import dataclass

LINES, CHECKPOINT = "ledger.jsonl", "checkpoint"
JOURNAL, STATE, LOCK = "ledger.journal", "ledger.state", "ledger.lock"


@dataclass(frozen=True, slots=True)
class _State:
    """A ledger at its last checkpoint: what the next entry needs to know. `length` is that of the lines in bytes."""

    length: int
    frontier: Frontier
    last: Entry | None
    note: Note | None


@dataclass(frozen=True, slots=True)
class _Journal:
    """An append that was decided."""

    offset: int
    line: bytes
    note: Note

    @property
    def number(self) -> int:
        return self.note.checkpoint.size - 1

    @property
    def content(self) -> bytes:
        return canonical({"checkpoint": self.note.content.decode(), "line": self.line.decode(), "offset": self.offset})


class FolderLedger:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lines = directory / LINES
        self._checkpoint = directory / CHECKPOINT
        self._journal = directory / JOURNAL

    def append(self, event: Event, signers: Sequence[Signer], now: datetime, origin: str = "") -> Receipt:
        """Write an event down. Raises UsageError and LedgerError; then nothing was acknowledged and nothing lost."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self._directory, error) from error
        with locked(self._directory / LOCK):
            discard_drafts(self._directory, (JOURNAL, CHECKPOINT, STATE))
            repaired = self._finish_interrupted(signers)
            state = self._load(signers)
            entry = next_entry(state.last, event, now)
            frontier = state.frontier.copy()
            steps = tuple(frontier.proof_of_next())
            frontier.append(entry.leaf)
            name = new_origin(origin) if state.note is None else state.note.checkpoint.origin
            check_same(str(self._directory), name, origin)
            note = sign_checkpoint(Checkpoint(name, frontier.size, frontier.root()), signers)
            journal = _Journal(state.length, entry.line, note)
            write_file(self._journal, journal.content)
            self._apply(journal)
            self._remember(state.frontier, state.length + len(entry.line) + 1)
            return Receipt(entry, Proof(entry.seq, steps, note, entry.line), repaired)

    def read(self) -> Contents:
        """Everything as it stands. Raises UsageError where there is no ledger."""
        content, note = self._read(self._lines), self._read(self._checkpoint)
        if content is None and note is None:
            raise UsageError(f"there is no ledger in {str(self._directory)!r}")
        *lines, rest = (content or b"").split(b"\n")
        torn = "an append was interrupted; the next one finishes it" if self._read(self._journal) is not None else ""
        problems = ("the last line of the ledger is cut off",) if rest and not torn else ()
        try:
            return Contents(lines, parse_note(note) if note is not None else None, torn, problems)
        except ValueError as error:
            return Contents(lines, None, torn, (*problems, f"the checkpoint cannot be read: {error}"))

    def _load(self, signers: Sequence[Signer]) -> _State:
        """The state at the checkpoint, whose signature and root were checked."""
        content = self._read(self._checkpoint)
        length = self._length()
        if content is None:
            if length:
                raise self._refused("it has entries and no checkpoint", "restore the file checkpoint beside it")
            return _State(0, Frontier(), None, None)
        note = self._parse_note(content)
        self._check_signature(note, signers)
        return self._remembered(note, length) or self._walked(note, length)

    def _parse_note(self, content: bytes) -> Note:
        try:
            return parse_note(content)
        except ValueError as error:
            raise self._refused(f"its checkpoint cannot be read: {error}") from error

    def _check_signature(self, note: Note, signers: Sequence[Signer]) -> None:
        if not any(note.signed_by(signer.public_key) for signer in signers):
            raise self._refused(
                "its checkpoint was not signed by this key",
                "sign with the ledger's own key, or with the old and the new one together to replace it",
            )

    def _remembered(self, note: Note, length: int) -> _State | None:
        """The state that the last append noted down, if with the last line it leads to the checkpoint's root."""
        if note.checkpoint.size == 0:
            return None
        try:
            value = parse_mapping(self._read(self._directory / STATE) or b"")
            hashes = [bytes.fromhex(text) for text in value["frontier"]]
            frontier = Frontier(note.checkpoint.size - 1, hashes)
            if value["length"] != length:
                return None
            last = parse_entry(self._last_line(length))
        except (ValueError, KeyError, TypeError):
            return None
        frontier.append(last.leaf)
        if frontier.root() != note.checkpoint.root or last.seq != frontier.size - 1:
            return None
        return _State(length, frontier, last, note)

    def _walked(self, note: Note, length: int, until: int | None = None) -> _State:
        """The state from every line. Raises LedgerError where they do not lead to the checkpoint's root."""
        content = (self._read(self._lines) or b"")[:until]
        lines = content.split(b"\n")
        size = note.checkpoint.size
        if lines.pop() or len(lines) != size:
            found = f"{len(lines)} whole lines" if lines else "no whole line"
            raise self._refused(
                f"its checkpoint signs {size} entries, and {LINES} has {found}",
                "entries were cut off or added, or an older checkpoint was put back: restore both from one copy",
            )
        frontier = Frontier()
        for line in lines:
            frontier.append(leaf_hash(line))
        if frontier.root() != note.checkpoint.root:
            raise self._refused("its entries are not the ones that its checkpoint signs", "`phiward verify` says where")
        try:
            last = parse_entry(lines[-1]) if lines else None
        except ValueError as error:
            raise self._refused(f"its last entry is not one: {error}") from error
        return _State(length if until is None else until, frontier, last, note)

    def _finish_interrupted(self, signers: Sequence[Signer]) -> str:
        """Finish an append that was decided when its process ended. Says so."""
        content = self._read(self._journal)
        if content is None:
            return ""
        journal = self._parse_journal(content)
        self._check_signature(journal.note, signers)
        note = self._read(self._checkpoint)
        self._check_begun(journal, finished=note == journal.note.content)
        if note != journal.note.content:
            self._check_leads_on(journal, note)
        self._apply(journal)
        return f"finished the append of entry {journal.number}, which had been interrupted"

    def _check_begun(self, journal: _Journal, *, finished: bool) -> None:
        """That behind what stood before there is the journal's line, as far as it was written, and nothing else."""
        content = self._read(self._lines) or b""
        written, line = content[journal.offset :], journal.line + b"\n"
        whole = written == line if finished else line.startswith(written)
        if len(content) < journal.offset or not whole:
            raise self._refused(f"{LINES} does not hold what its interrupted append began with")

    def _check_leads_on(self, journal: _Journal, note: bytes | None) -> None:
        """That the journal continues what the checkpoint signs."""
        frontier, origin = Frontier(), journal.note.checkpoint.origin
        if note is not None:
            before = self._parse_note(note)
            if before.checkpoint.size != journal.number:
                raise self._refused("its interrupted append does not continue its checkpoint")
            frontier = self._walked(before, journal.offset, journal.offset).frontier.copy()
            origin = before.checkpoint.origin
        frontier.append(leaf_hash(journal.line))
        if Checkpoint(origin, frontier.size, frontier.root()) != journal.note.checkpoint:
            raise self._refused("its interrupted append does not continue its checkpoint")

    def _parse_journal(self, content: bytes) -> _Journal:
        try:
            value: Any = parse_mapping(content)
            journal = _Journal(value["offset"], value["line"].encode(), parse_note(value["checkpoint"].encode()))
            parse_entry(journal.line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._refused(f"{JOURNAL} cannot be read: {error}") from error
        if type(journal.offset) is not int or journal.offset < 0 or journal.content != content:
            raise self._refused(f"{JOURNAL} is not as an append writes it")
        return journal

    def _apply(self, journal: _Journal) -> None:
        """Carry out what was decided; doing it once more changes nothing."""
        try:
            append_at(self._lines, journal.offset, journal.line + b"\n")
            flush_directory(self._directory)
            write_file(self._checkpoint, journal.note.content)
            self._journal.unlink()
        except (OSError, UsageError) as error:
            why = error.strerror if isinstance(error, OSError) else error.message
            raise LedgerError(
                f"the ledger {str(self._directory)!r} cannot be written: {why}",
                hint=f"entry {journal.number} stands in {JOURNAL}, and the next append finishes it; nothing is lost",
            ) from error

    def _remember(self, frontier: Frontier, length: int) -> None:
        """For the next append, which believes none of it unchecked, and does without it where it is not there."""
        hashes = [value.hex() for value in frontier.hashes]
        with suppress(UsageError):
            write_file(self._directory / STATE, canonical({"frontier": hashes, "length": length}), flush=False)

    def _length(self) -> int:
        try:
            return self._lines.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise UsageError(f"{str(self._lines)!r} cannot be read: {error.strerror}") from error

    def _last_line(self, length: int) -> bytes:
        with self._lines.open("rb") as file:
            file.seek(max(0, length - MAX_LINE - 2))
            tail = file.read()
        if not tail.endswith(b"\n"):
            raise ValueError("the last line is cut off")
        return tail[:-1].rpartition(b"\n")[2]

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}") from error

    def _refused(self, why: str, hint: str = "") -> LedgerError:
        return refused(str(self._directory), why, hint)
