"""A ledger in S3 with Object Lock, on moto. Not asserted, because moto errs there: reading a retention back by its own
call, shortening COMPLIANCE, and locking a bucket that holds objects."""

from __future__ import annotations

import shutil
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from phiward import __version__
from phiward.attest.checkpoint import parse_proof
from phiward.attest.folder_ledger import FolderLedger
from phiward.attest.ledger import append, open_ledger
from phiward.attest.ledger_audit import audit
from phiward.attest.tree import included, leaf_hash
from phiward.attest.verify import verify
from phiward.attest.verify.model import Installed, Request, Trust
from phiward.attest.worm import COMPLIANCE, DAYS, GOVERNANCE, S3Ledger
from phiward.errors import LedgerError, UsageError
from tests.attest.aws import REGION, aws
from tests.attest.conftest import NOW, event

WHERE = "s3://evidence/hipaa/ledger"


@pytest.fixture
def s3(monkeypatch):
    with aws(monkeypatch):
        client = boto3.client("s3", region_name=REGION)
        place = {"LocationConstraint": REGION}
        client.create_bucket(Bucket="evidence", CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
        client.create_bucket(Bucket="plain", CreateBucketConfiguration=place)
        yield client


@pytest.fixture
def ledger(s3) -> S3Ledger:
    made = S3Ledger.of(WHERE)
    made.create("example.com/phi", GOVERNANCE, DAYS, NOW)
    return made


def key(number: int) -> str:
    return f"hipaa/ledger/entries/{number:012d}.json"


def test_every_entry_is_locked_for_six_years_and_thirty_days_and_proven(s3, ledger, p256):
    for number in range(9):
        receipt = append(WHERE, event(number), [p256], NOW)
        proof = parse_proof(receipt.proof.content)
        checkpoint = proof.note.checkpoint
        assert (checkpoint.origin, checkpoint.size, proof.index) == ("example.com/phi", number + 1, number)
        assert included(leaf_hash(proof.entry), proof.index, checkpoint.size, proof.steps, checkpoint.root)
        head = s3.head_object(Bucket="evidence", Key=key(number))
        assert head["ObjectLockMode"] == "GOVERNANCE"
        assert head["ObjectLockRetainUntilDate"] == NOW + timedelta(days=6 * 365 + 2 + 30)
    contents = open_ledger(WHERE).read()
    assert [*audit(contents, [p256.public_key]).problems] == []
    assert len(contents.lines) == 9


def test_a_ledger_keeps_its_name(tmp_path, ledger, p256):
    for made in (FolderLedger(tmp_path), ledger):
        made.append(event(0), [p256], NOW, "example.com/phi")
        with pytest.raises(UsageError, match=r"is example.com/phi, not example.com/other"):
            made.append(event(1), [p256], NOW, "example.com/other")


def test_it_holds_what_a_folder_would_hold(tmp_path, ledger, p256):
    folder = FolderLedger(tmp_path)
    for number in range(5):
        folder.append(event(number), [p256], NOW, "example.com/phi")
        ledger.append(event(number), [p256], NOW, "example.com/phi")
    here, there = folder.read(), ledger.read()
    assert here.lines == there.lines
    assert here.note.checkpoint == there.note.checkpoint


def test_what_is_locked_cannot_be_removed(s3, p256):
    made = S3Ledger.of("s3://evidence/strict")
    made.create("", COMPLIANCE, DAYS, NOW)
    made.append(event(0), [p256], NOW)
    name = "strict/entries/000000000000.json"
    [version] = s3.list_object_versions(Bucket="evidence", Prefix=name)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="evidence", Key=name, VersionId=version["VersionId"], BypassGovernanceRetention=True)


def test_a_deleted_entry_is_found_and_its_number_is_not_given_again(s3, ledger, p256):
    for number in range(3):
        ledger.append(event(number), [p256], NOW)
    s3.delete_object(Bucket="evidence", Key=key(1))
    s3.delete_object(Bucket="evidence", Key=key(2))
    assert ledger.append(event(3), [p256], NOW).entry.seq == 3
    problems = audit(ledger.read(), [p256.public_key]).problems
    assert problems == tuple(f"entry {number} was deleted: a delete marker hides it" for number in (1, 2))


def test_an_entry_that_is_written_over_changes_nothing_and_is_found(s3, ledger, p256, stranger):
    for number in range(3):
        ledger.append(event(number), [p256], NOW)
    other = S3Ledger.of("s3://evidence/other")
    other.create("example.com/phi", GOVERNANCE, DAYS, NOW)
    for number in (7, 8, 9):
        other.append(event(number), [stranger], NOW)
    forged = s3.get_object(Bucket="evidence", Key="other/entries/000000000002.json")["Body"].read()
    s3.put_object(Bucket="evidence", Key=key(2), Body=forged)
    ledger.append(event(3), [p256], NOW)
    contents = ledger.read()
    assert len(contents.lines) == 4
    assert audit(contents, [p256.public_key]).problems == ("entry 2 was written 2 times; the first counts",)


def test_two_writers_get_different_numbers(ledger, p256, monkeypatch):
    """One writes just when the other has decided on the same number."""
    ledger.append(event(0), [p256], NOW)
    claim, once = S3Ledger._claim, []

    def interrupted(self, *arguments):
        if not once:
            once.append(True)
            S3Ledger.of(WHERE).append(event(1), [p256], NOW)
        return claim(self, *arguments)

    monkeypatch.setattr(S3Ledger, "_claim", interrupted)
    assert ledger.append(event(2), [p256], NOW).entry.seq == 2
    contents = ledger.read()
    assert audit(contents, [p256.public_key]).problems == ()
    assert len(contents.lines) == 3


def test_an_answer_that_was_lost_on_the_way_is_no_second_entry(ledger, p256, monkeypatch):
    """What a client does that tries again by itself: the number is taken, and by our own entry."""
    put = S3Ledger._put

    def twice(self, *arguments):
        put(self, *arguments)
        put(self, *arguments)

    monkeypatch.setattr(S3Ledger, "_put", twice)
    assert ledger.append(event(0), [p256], NOW).entry.seq == 0
    assert len(ledger.read().lines) == 1


def test_a_bucket_without_object_lock_says_so(s3, p256):
    with pytest.raises(UsageError, match="has no Object Lock"):
        S3Ledger.of("s3://plain/ledger").create("", GOVERNANCE, DAYS, NOW)
    with pytest.raises(UsageError, match="has no Object Lock"):
        S3Ledger.of("s3://nowhere-at-all/ledger").create("", GOVERNANCE, DAYS, NOW)
    assert "Contents" not in s3.list_objects_v2(Bucket="plain")


def test_what_cannot_be_continued_is_refused_in_one_line(s3, ledger, p256, stranger):
    with pytest.raises(UsageError, match="there is a ledger"):
        ledger.create("", GOVERNANCE, DAYS, NOW)
    with pytest.raises(UsageError, match="there is no ledger"):
        append("s3://evidence/nowhere", event(0), [p256], NOW)
    with pytest.raises(UsageError, match="is no place in S3"):
        append("s3://e/../x", event(0), [p256], NOW)
    ledger.append(event(0), [p256], NOW)
    with pytest.raises(LedgerError, match="not signed by this key"):
        ledger.append(event(1), [stranger], NOW)
    with pytest.raises(UsageError, match="clock runs backwards"):
        ledger.append(event(1), [p256], NOW - timedelta(days=1))
    with pytest.raises(UsageError, match=r"is example.com/phi, not"):
        ledger.append(event(1), [p256], NOW, "example.com/other")
    s3.put_object(Bucket="evidence", Key=key(1), Body=b"{}")
    with pytest.raises(LedgerError, match="entry 1 cannot be read"):
        ledger.append(event(1), [p256], NOW)
    assert "entry 1 cannot be read" in ledger.read().problems[0]


def test_an_object_that_is_no_entry_is_found(s3, ledger, p256):
    for number in range(2):
        ledger.append(event(number), [p256], NOW)
    s3.put_object(Bucket="evidence", Key=key(7), Body=b"{}")
    s3.put_object(Bucket="evidence", Key="hipaa/ledger/entries/note.txt", Body=b"hello")
    contents = ledger.read()
    assert len(contents.lines) == 2
    assert contents.problems == (f"{key(7)} does not continue the entries: one is missing, or it is none",)


def test_verifying_says_how_long_entries_are_kept(s3, ledger, p256):
    for number in range(2):
        ledger.append(event(number), [p256], NOW)

    def retention(now=NOW):
        request = Request(WHERE, Trust(keys=(p256.public_key,)), now, Installed(__version__, "", ""))
        return next(check for check in verify(request).checks if check.name == "retention")

    assert (retention().outcome, "GOVERNANCE mode, the first until 2032-12-26" in retention().detail) == (
        "passed",
        True,
    )
    assert retention(NOW + timedelta(days=DAYS + 1)).outcome == "failed"
    entry = s3.get_object(Bucket="evidence", Key=key(1))["Body"].read()
    [version] = s3.list_object_versions(Bucket="evidence", Prefix=key(1))["Versions"]
    s3.delete_object(Bucket="evidence", Key=key(1), VersionId=version["VersionId"], BypassGovernanceRetention=True)
    s3.put_object(Bucket="evidence", Key=key(1), Body=entry)
    assert (retention().outcome, retention().detail) == ("failed", "entry 1 is not locked")


def test_what_is_kept_is_extended_and_never_shortened(s3, ledger, p256):
    for number in range(3):
        ledger.append(event(number), [p256], NOW + timedelta(days=number))
    until = NOW + timedelta(days=DAYS + 1)
    assert ledger.extend(until) == 2, "the terms and the first entry; the second ends then, the third later"
    kept = [s3.head_object(Bucket="evidence", Key=key(number))["ObjectLockRetainUntilDate"] for number in range(3)]
    assert kept == [until, until, until + timedelta(days=1)]
    assert ledger.extend(until) == 0


def test_a_forked_or_shortened_copy_is_found_by_an_older_proof(tmp_path, s3, ledger, p256):
    old = [ledger.append(event(number), [p256], NOW).proof.note.checkpoint for number in range(4)]
    assert [audit(ledger.read(), []).conflict(checkpoint) for checkpoint in old] == [""] * 4
    copy = FolderLedger(tmp_path)
    for number in (0, 1):
        copy.append(event(number), [p256], NOW, "example.com/phi")
    assert "rolled back" in audit(copy.read(), []).conflict(old[3])
    for number in (8, 9):
        copy.append(event(number), [p256], NOW)
    assert "forked" in audit(copy.read(), []).conflict(old[3])
    shutil.rmtree(tmp_path)


def test_it_is_verified_by_its_place(ledger, p256, stranger):
    old = [ledger.append(event(number), [p256], NOW) for number in range(3)]
    assert len(old) == 3
    for key, verified in [(p256, True), (stranger, False)]:
        request = Request(WHERE, Trust(keys=(key.public_key,)), NOW, Installed(__version__, "", ""))
        assert verify(request).verified is verified
