"""The whole of a ledger held against its checkpoint: every line, the chain, the root, and what was known before."""

from __future__ import annotations

from collections.abc import Sequence

from phiward.attest.canonical import sha256
from phiward.attest.checkpoint import Checkpoint, Note, Proof
from phiward.attest.keys import PublicKey
from phiward.attest.ledger import Contents, open_ledger, parse_entry
from phiward.attest.tree import inclusion_proof, leaf_hash, root_of
from phiward.errors import UsageError
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Audit:
    """`problems` is empty for a ledger that is what its checkpoint says."""

    problems: tuple[str, ...]
    leaves: list[bytes]
    note: Note | None

    def conflict(self, earlier: Checkpoint) -> str:
        """Why the ledger does not continue what a checkpoint said of it; empty where it does."""
        if self.note is None:
            return "the ledger has no checkpoint"
        now = self.note.checkpoint
        if earlier.origin != now.origin:
            return f"it is another ledger: {now.origin}, not {earlier.origin}"
        if earlier.size > len(self.leaves):
            return f"the ledger was rolled back: it had {earlier.size} entries and has {len(self.leaves)}"
        if root_of(self.leaves[: earlier.size]) != earlier.root:
            return f"the ledger was forked: its first {earlier.size} entries are not the ones that were signed before"
        return ""


def prove(where: str, digest: str) -> Proof:
    """The proof for the first entry about a digest. Raises UsageError without one, or where the ledger is not whole."""
    contents = open_ledger(where).read()
    found = audit(contents, ())
    if found.problems or found.note is None:
        raise UsageError(f"the ledger {where!r} proves nothing: {found.problems[0]}", hint="`phiward verify` says more")
    lines = contents.lines[: found.note.checkpoint.size]
    for number, line in enumerate(lines):
        if parse_entry(line).event.digest == digest:
            steps = inclusion_proof(found.leaves[: len(lines)], number)
            return Proof(number, tuple(steps), found.note, line)
    raise UsageError(f"no entry of the ledger {where!r} is about {digest}")


def audit(contents: Contents, keys: Sequence[PublicKey]) -> Audit:
    """Check everything; where no keys are given, all but whose the checkpoint is."""
    problems = [*contents.problems]
    time = prev = ""
    for number, line in enumerate(contents.lines):
        try:
            entry = parse_entry(line)
        except ValueError as error:
            problems.append(f"entry {number}: {error}")
            break
        if entry.seq != number:
            problems.append(f"entry {number} calls itself {entry.seq}")
            break
        if entry.prev != prev:
            problems.append(f"entry {number} does not follow entry {number - 1}: that one was changed")
            break
        if entry.time < time:
            problems.append(f"entry {number} is older than entry {number - 1}")
        time, prev = entry.time, f"sha256:{sha256(line)}"
    leaves = [leaf_hash(line) for line in contents.lines]
    return Audit((*problems, *_root_problems(contents, leaves), *_signature(contents, keys)), leaves, contents.note)


def _root_problems(contents: Contents, leaves: list[bytes]) -> list[str]:
    if contents.note is None:
        return ["there is no checkpoint that could be read"]
    checkpoint = contents.note.checkpoint
    extra = len(leaves) - checkpoint.size
    if extra < 0:
        return [f"the checkpoint signs {checkpoint.size} entries, and {len(leaves)} are there: some were cut off"]
    found = []
    if extra and not contents.torn:
        found.append(f"{extra} entries stand behind what the checkpoint signs: it was rolled back, or they were added")
    if root_of(leaves[: checkpoint.size]) != checkpoint.root:
        found.append("the entries are not the ones that the checkpoint signs")
    return found


def _signature(contents: Contents, keys: Sequence[PublicKey]) -> list[str]:
    if contents.note is None or not keys or any(contents.note.signed_by(key) for key in keys):
        return []
    return [f"the checkpoint was not signed by the key that was named, {keys[0].key_id[:16]}"]
