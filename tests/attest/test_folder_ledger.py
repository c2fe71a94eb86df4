"""A ledger in a folder: what an append writes, what ends it at any byte, and what the next one makes of that."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from phiward import durable
from phiward.attest.canonical import canonical
from phiward.attest.checkpoint import parse_note, parse_proof
from phiward.attest.folder_ledger import FolderLedger
from phiward.attest.keys import write_pair
from phiward.attest.ledger import Entry, Event, append, open_ledger, parse_entry
from phiward.attest.tree import included, leaf_hash, root_of
from phiward.errors import LedgerError, UsageError
from tests.attest.conftest import NOW, event


def filled(directory: Path, key, number: int = 3) -> FolderLedger:
    ledger = FolderLedger(directory)
    for index in range(number):
        ledger.append(event(index), [key], NOW)
    return ledger


def entries(directory: Path) -> list[str]:
    return [parse_entry(line).event.uri for line in FolderLedger(directory).read().lines]


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_each_append_gives_a_proof_that_holds(tmp_path, key):
    ledger = FolderLedger(tmp_path / "ledger")
    for index in range(9):
        receipt = ledger.append(event(index), [key], NOW, "example.com/phi")
        proof = parse_proof(receipt.proof.content)
        checkpoint = proof.note.checkpoint
        assert proof.note.signed_by(key.public_key)
        assert (checkpoint.origin, checkpoint.size, proof.index) == ("example.com/phi", index + 1, index)
        assert included(leaf_hash(proof.entry), proof.index, checkpoint.size, proof.steps, checkpoint.root)
        assert (tmp_path / "ledger" / "checkpoint").read_bytes() == proof.note.content
        assert receipt.repaired == ""
    contents = ledger.read()
    assert root_of([leaf_hash(line) for line in contents.lines]) == checkpoint.root
    assert entries(tmp_path / "ledger") == [f"attestations/{index}" for index in range(9)]


def test_what_the_next_append_needs_is_remembered_and_never_believed(tmp_path, p256):
    ledger = filled(tmp_path, p256)
    for broken in (b"", b"{}", b'{"frontier":["00"],"length":3}', b'{"frontier":[],"length":"x"}'):
        (tmp_path / "ledger.state").write_bytes(broken)
        ledger.append(event(9), [p256], NOW)
    (tmp_path / "ledger.state").unlink()
    ledger.append(event(10), [p256], NOW)
    assert len(entries(tmp_path)) == 8
    contents = ledger.read()
    assert root_of([leaf_hash(line) for line in contents.lines]) == contents.note.checkpoint.root


def test_a_new_ledger_gets_a_name_of_its_own(tmp_path, p256):
    first = FolderLedger(tmp_path / "a").append(event(0), [p256], NOW).proof.note.checkpoint
    second = FolderLedger(tmp_path / "b").append(event(0), [p256], NOW).proof.note.checkpoint
    assert first.origin.startswith("phiward.dev/ledger/")
    assert first.origin != second.origin
    with pytest.raises(UsageError, match="cannot name a ledger"):
        FolderLedger(tmp_path / "c").append(event(0), [p256], NOW, "has a space")


class Killed(BaseException):
    """As if the process had ended there: nothing that runs after it may matter."""


class Killer:
    """Ends an append after so many bytes of writing, or system calls that change names."""

    def __init__(self, monkeypatch, after: int) -> None:
        self.left = after
        write, replace, unlink = os.write, Path.replace, Path.unlink

        def bytes_by_bytes(descriptor: int, data) -> int:
            for index in range(len(data)):
                self.step()
                write(descriptor, bytes(data[index : index + 1]))
            return len(data)

        def step_and(call):
            def run(*arguments, **named):
                self.step()
                return call(*arguments, **named)

            return run

        monkeypatch.setattr(durable.os, "write", bytes_by_bytes)
        monkeypatch.setattr(Path, "replace", step_and(replace))
        monkeypatch.setattr(Path, "unlink", step_and(unlink))

    def step(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


def test_an_append_that_ends_at_any_byte_loses_nothing(tmp_path, p256, monkeypatch):
    """Whatever was acknowledged before is there, and the next append goes on; the interrupted entry is whole or absent."""
    start = tmp_path / "start"
    filled(start, p256, 2)
    outcomes, finished, after = set(), False, 0
    while not finished:
        here = tmp_path / "here"
        shutil.copytree(start, here)
        with monkeypatch.context() as patch:
            Killer(patch, after)
            try:
                FolderLedger(here).append(event(2), [p256], NOW)
                finished = True
            except Killed:
                pass
        receipt = FolderLedger(here).append(event(3), [p256], NOW)
        found = entries(here)
        assert found in (
            ["attestations/0", "attestations/1", "attestations/3"],
            [f"attestations/{n}" for n in range(4)],
        )
        assert not finished or len(found) == 4
        contents = FolderLedger(here).read()
        assert (contents.torn, contents.problems) == ("", ())
        assert root_of([leaf_hash(line) for line in contents.lines]) == contents.note.checkpoint.root
        assert contents.note.content == receipt.proof.note.content
        outcomes.add((len(found), bool(receipt.repaired)))
        shutil.rmtree(here)
        after += 1 if after < 40 else 7
    assert outcomes == {(3, False), (4, True), (4, False)}, "before the rename of the journal, after it, at the end"


def test_the_very_first_append_may_end_at_any_byte_too(tmp_path, p256, monkeypatch):
    after, finished = 0, False
    while not finished:
        here = tmp_path / "here"
        with monkeypatch.context() as patch:
            Killer(patch, after)
            try:
                FolderLedger(here).append(event(0), [p256], NOW)
                finished = True
            except Killed:
                pass
        FolderLedger(here).append(event(1), [p256], NOW)
        assert entries(here) in (["attestations/1"], ["attestations/0", "attestations/1"])
        shutil.rmtree(here)
        after += 13


def test_finishing_an_append_may_be_interrupted_as_well(tmp_path, p256, monkeypatch):
    """Killed at some byte, killed again at some byte of the next run, which was finishing the first."""
    filled(tmp_path / "start", p256, 2)
    size = len((tmp_path / "start" / "checkpoint").read_bytes())
    seen = set()
    for first in range(2 * size, 12 * size, size):
        for second in range(0, 5 * size, size):
            here = tmp_path / "here"
            shutil.copytree(tmp_path / "start", here)
            for number, after in ((2, first), (3, second)):
                with monkeypatch.context() as patch, suppress(Killed):
                    Killer(patch, after)
                    FolderLedger(here).append(event(number), [p256], NOW)
            FolderLedger(here).append(event(4), [p256], NOW)
            found = [uri.removeprefix("attestations/") for uri in entries(here)]
            assert found[:2] + found[-1:] == ["0", "1", "4"]
            assert found == sorted(found)
            contents = FolderLedger(here).read()
            assert root_of([leaf_hash(line) for line in contents.lines]) == contents.note.checkpoint.root
            seen.add("".join(found))
            shutil.rmtree(here)
    assert seen >= {"014", "0124", "01234"}


@pytest.mark.parametrize("name", ["ledger.jsonl", "checkpoint"])
def test_a_file_that_is_cut_off_at_any_byte_is_refused_and_left_alone(tmp_path, p256, name):
    filled(tmp_path / "whole", p256, 2)
    whole = (tmp_path / "whole" / name).read_bytes()
    for length in range(len(whole)):
        here = tmp_path / "cut"
        shutil.copytree(tmp_path / "whole", here)
        (here / name).write_bytes(whole[:length])
        before = content(here)
        with pytest.raises(LedgerError, match="is not continued") as caught:
            FolderLedger(here).append(event(2), [p256], NOW)
        assert "\n" not in caught.value.message
        assert content(here) == before
        shutil.rmtree(here)


def test_entries_that_no_append_wrote_are_refused(tmp_path, p256):
    ledger = filled(tmp_path, p256)
    lines = (tmp_path / "ledger.jsonl").read_bytes()
    old = (tmp_path / "checkpoint").read_bytes()
    ledger.append(event(3), [p256], NOW)
    newest = content(tmp_path)
    (tmp_path / "checkpoint").write_bytes(old)
    with pytest.raises(LedgerError, match=r"signs 3 entries, and ledger.jsonl has 4"):
        ledger.append(event(4), [p256], NOW)
    (tmp_path / "checkpoint").write_bytes(newest["checkpoint"])
    (tmp_path / "ledger.jsonl").write_bytes(lines)
    with pytest.raises(LedgerError, match=r"signs 4 entries, and ledger.jsonl has 3"):
        ledger.append(event(4), [p256], NOW)
    (tmp_path / "ledger.jsonl").write_bytes(newest["ledger.jsonl"].replace(b"attestations/3", b"attestations/7"))
    with pytest.raises(LedgerError, match="not the ones that its checkpoint signs"):
        ledger.append(event(4), [p256], NOW)
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(LedgerError, match="no checkpoint"):
        ledger.append(event(4), [p256], NOW)


def test_a_journal_that_does_not_continue_the_ledger_is_refused(tmp_path, p256, stranger, monkeypatch):
    filled(tmp_path / "a", p256, 2)
    with monkeypatch.context() as patch:
        patch.setattr(FolderLedger, "_apply", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            FolderLedger(tmp_path / "a").append(event(2), [p256], NOW)
    journal = (tmp_path / "a" / "ledger.journal").read_bytes()
    filled(tmp_path / "other", p256, 2)
    filled(tmp_path / "longer", p256, 3)
    shutil.copytree(tmp_path / "a", tmp_path / "foreign")
    with (tmp_path / "foreign" / "ledger.jsonl").open("ab") as file:
        file.write(b'{"digest"?')
    cases = {
        "other": (journal, p256, "does not continue its checkpoint"),
        "longer": (journal, p256, "does not continue its checkpoint"),
        "foreign": (journal, p256, "began with"),
        "a": (journal[:-1], p256, "cannot be read"),
    }
    for name, (text, signer, why) in cases.items():
        (tmp_path / name / "ledger.journal").write_bytes(text)
        before = content(tmp_path / name)
        with pytest.raises(LedgerError, match=why):
            FolderLedger(tmp_path / name).append(event(9), [signer], NOW)
        assert content(tmp_path / name) == before
    shutil.copytree(tmp_path / "a", tmp_path / "cut")
    ledger = FolderLedger(tmp_path / "cut")
    (tmp_path / "cut" / "ledger.journal").write_bytes(journal)
    ledger.append(event(3), [p256], NOW)
    finished = json.loads(journal) | {"checkpoint": (tmp_path / "cut" / "checkpoint").read_text(), "offset": 0}
    (tmp_path / "cut" / "ledger.journal").write_bytes(canonical(finished))
    before = content(tmp_path / "cut")
    with pytest.raises(LedgerError, match="began with"):
        ledger.append(event(4), [p256], NOW)
    assert content(tmp_path / "cut") == before, "a journal cannot cut off what was acknowledged"
    (tmp_path / "a" / "ledger.journal").write_bytes(journal)
    with pytest.raises(LedgerError, match="not signed by this key"):
        FolderLedger(tmp_path / "a").append(event(9), [stranger], NOW)
    assert "entry 2" in FolderLedger(tmp_path / "a").append(event(9), [p256], NOW).repaired


def test_a_foreign_key_does_not_continue_a_ledger_and_both_together_replace_it(tmp_path, p256, stranger):
    ledger = filled(tmp_path, p256)
    with pytest.raises(LedgerError, match="not signed by this key"):
        ledger.append(event(3), [stranger], NOW)
    both = ledger.append(event(3), [p256, stranger], NOW).proof.note
    assert both.signed_by(p256.public_key)
    assert both.signed_by(stranger.public_key)
    ledger.append(event(4), [stranger], NOW)
    assert parse_note((tmp_path / "checkpoint").read_bytes()).signed_by(stranger.public_key)


def test_a_clock_that_runs_backwards_writes_nothing(tmp_path, p256):
    ledger = filled(tmp_path, p256)
    before = content(tmp_path)
    with pytest.raises(UsageError, match="the clock runs backwards: it says 2026-11-26T11:59:59Z"):
        ledger.append(event(3), [p256], NOW - timedelta(seconds=1))
    assert content(tmp_path) == before
    ledger.append(event(3), [p256], NOW)


@pytest.mark.parametrize(
    "wrong, why",
    [
        (Event("Attestation", "sha256:" + "0" * 64, "a"), "type"),
        (Event("attestation", "sha256:" + "0" * 63, "a"), "digest"),
        (Event("attestation", "sha256:" + "0" * 64, "a\nb"), "printable"),
        (Event("attestation", "sha256:" + "0" * 64, "a" * 2001), "printable"),
    ],
)
def test_what_is_no_event_is_refused(tmp_path, p256, wrong, why):
    with pytest.raises(UsageError, match=why):
        append(str(tmp_path / "ledger"), wrong, [p256], NOW)
    assert not (tmp_path / "ledger" / "ledger.jsonl").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_says_so(tmp_path, p256):
    filled(tmp_path, p256)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UsageError, match="cannot be written: Permission denied"):
            FolderLedger(tmp_path).append(event(3), [p256], NOW)
    finally:
        tmp_path.chmod(0o700)


def test_a_ledger_that_is_no_folder_says_so(tmp_path, p256):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        append(str(tmp_path / "file"), event(0), [p256], NOW)
    with pytest.raises(UsageError, match="there is no ledger"):
        open_ledger(str(tmp_path / "nowhere")).read()


def test_a_full_disk_loses_nothing(tmp_path, p256):
    """The kernel's limit on the size of a file stands for a full disk; each limit hits another write of an append."""
    ledger = filled(tmp_path, p256)
    before = content(tmp_path)
    size = len(before["ledger.jsonl"])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = set()
    for limit in (10, 300, size + 1, size + 200):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises((UsageError, LedgerError), match="File too large") as caught:
                ledger.append(event(3), [p256], NOW)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        said.add(caught.value.hint.split(" ")[0])
        assert not list(tmp_path.glob(".*")), "no draft stays behind"
    assert said == {"nothing", "entry"}
    assert "entry 3" in ledger.append(event(4), [p256], NOW).repaired
    assert entries(tmp_path) == [f"attestations/{n}" for n in range(5)]


LOOP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from phiward.attest.keys import read_private
from phiward.attest.ledger import Entry, Event, append
key = read_private(Path(sys.argv[2]), lambda: b"x")
for number in range(int(sys.argv[4])):
    uri = f"{sys.argv[3]}/{number}"
    append(sys.argv[1], Event("attestation", "sha256:" + "0" * 64, uri), [key], datetime.now(UTC))
    print(uri, flush=True)
"""


def looping(directory: Path, key: Path, name: str, number: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOOP, str(directory), str(key), name, str(number)], stdout=subprocess.PIPE, text=True
    )


def test_a_process_that_is_killed_loses_nothing_that_it_was_told(tmp_path, p256):
    write_pair(p256, tmp_path / "key", tmp_path / "pub", b"x")
    told: list[str] = []
    for turn in range(6):
        with looping(tmp_path / "ledger", tmp_path / "key", f"turn-{turn}", 10_000) as process:
            told += [process.stdout.readline().strip() for _ in range(1 + turn * 3)]
            process.send_signal(signal.SIGKILL)
            told += process.stdout.read().split()
    FolderLedger(tmp_path / "ledger").append(event(0), [p256], NOW.replace(year=2100))
    contents = FolderLedger(tmp_path / "ledger").read()
    found = entries(tmp_path / "ledger")
    assert [uri for uri in found if uri in set(told)] == told
    assert len(found) <= len(told) + 6 + 1, "at most one entry a kill that nobody was told of"
    assert root_of([leaf_hash(line) for line in contents.lines]) == contents.note.checkpoint.root


def test_two_writers_take_turns(tmp_path, p256):
    write_pair(p256, tmp_path / "key", tmp_path / "pub", b"x")
    processes = [looping(tmp_path / "ledger", tmp_path / "key", name, 12) for name in ("a", "b")]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    found = entries(tmp_path / "ledger")
    assert sorted(found) == sorted(f"{name}/{number}" for name in ("a", "b") for number in range(12))
    contents = FolderLedger(tmp_path / "ledger").read()
    assert root_of([leaf_hash(line) for line in contents.lines]) == contents.note.checkpoint.root


def test_a_line_is_canonical_json():
    entry = Entry(7, "2026-11-26T12:00:00Z", Event("attestation", "sha256:" + "0" * 64, 'Größe "q" \\ \U0001f3e5'), "")
    fields = {"seq": 7, "time": entry.time, "type": "attestation", "prev": "", "uri": entry.event.uri}
    assert entry.line == canonical(fields | {"digest": entry.event.digest})
    assert parse_entry(entry.line) == entry
