"""A ledger that has grown: `python bench/ledger.py [ENTRIES]`. How long one more entry takes, and verifying all."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from phiward.attest.checkpoint import Checkpoint, sign_checkpoint
from phiward.attest.keys import PrivateKey, generate
from phiward.attest.ledger import Entry, Event, append, next_entry, open_ledger
from phiward.attest.ledger_audit import audit
from phiward.attest.tree import Frontier

APPENDS = 20


def event(number: int) -> Event:
    return Event("attestation", f"sha256:{number:064x}", f"s3://evidence/attestations/{number}")


def grow(directory: Path, size: int, key: PrivateKey) -> None:
    """The files that so many appends would have left."""
    last: Entry | None = None
    frontier = Frontier()
    now = datetime.now(UTC)
    with (directory / "ledger.jsonl").open("wb") as file:
        for number in range(size):
            last = next_entry(last, event(number), now)
            frontier.append(last.leaf)
            file.write(last.line + b"\n")
    note = sign_checkpoint(Checkpoint("example.com/bench", size, frontier.root()), [key])
    (directory / "checkpoint").write_bytes(note.content)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    key = generate()
    with tempfile.TemporaryDirectory() as folder:
        grow(Path(folder), size, key)
        times = []
        for number in range(APPENDS + 1):
            started = time.perf_counter()
            append(folder, event(size + number), [key], datetime.now(UTC))
            times.append(time.perf_counter() - started)
        print(f"{size} entries: the first append, which walks all of it, {times[0]:.2f} s")
        print(f"append: median {median(times[1:]) * 1000:.1f} ms, longest {max(times[1:]) * 1000:.1f} ms (goal: 50 ms)")
        started = time.perf_counter()
        problems = audit(open_ledger(folder).read(), [key.public_key]).problems
        print(f"verify: {time.perf_counter() - started:.2f} s (goal: 5 s)")
        assert not problems, problems


if __name__ == "__main__":
    main()
