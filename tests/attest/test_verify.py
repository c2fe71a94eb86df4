"""Tampering with each thing in turn: verification says which, and says what it did not look at."""

from __future__ import annotations

import base64
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from random import Random

import jsonschema
import pytest

from phiward import __version__
from phiward.attest.canonical import sha256
from phiward.attest.ledger import append
from phiward.attest.verify import verify
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Installed, Request, Trust, Verification
from phiward.errors import UsageError
from tests.attest.conftest import NOW, event
from tests.attest.folders import FILES, make_folder, resigned


@pytest.fixture
def check(pack, p256):
    def run(target: Path, *, key=p256, **more) -> Verification:
        trust = Trust((key.public_key,) if key else (), previous_keys=more.pop("previous_keys", ()))
        installed = Installed(__version__, pack.identity.version, pack.identity.digest)
        return verify(Request(str(target), trust, more.pop("now", NOW), installed, **more))

    return run


@pytest.fixture
def folder(tmp_path, p256) -> Path:
    return make_folder(tmp_path / "2026-q4", [p256], ledger=tmp_path / "ledger")


def outcomes(verification: Verification) -> dict[str, str]:
    return {check.name: check.outcome for check in verification.checks}


def detail(verification: Verification, name: str) -> str:
    return next(check.detail for check in verification.checks if check.name == name)


def named(verification: Verification) -> dict[str, str]:
    return {item.path: item.problem for check in verification.checks for item in check.files}


def test_an_untouched_folder_is_verified_and_what_was_not_checked_is_said(check, folder):
    found = check(folder)
    assert found.verified
    assert outcomes(found) == {
        "signature": PASSED,
        "identity": PASSED,
        "bundle": PASSED,
        "collection": PASSED,
        "files": PASSED,
        "previous": NOT_MADE,
        "inclusion": PASSED,
        "ledger": NOT_MADE,
        "time stamp": NOT_MADE,
        "pack": PASSED,
        "freshness": NOT_MADE,
    }
    assert "5 files as they were signed" in detail(found, "files")


def every_file() -> list[str]:
    signed = [
        "attestation.dsse.json",
        "attestation.sigstore.json",
        "attestation.intoto.jsonl",
        "attestation.tlog-proof",
    ]
    return [*FILES, "evidence-manifest.json", "statement.json", "public-key.pem", *signed]


@pytest.mark.parametrize("name", every_file())
@pytest.mark.parametrize("how", ["first byte", "last byte", "appended", "emptied"])
def test_each_file_that_is_changed_is_named(check, folder, name, how):
    path = folder / name
    content = bytearray(path.read_bytes())
    if how == "first byte":
        content[0] ^= 1
    elif how == "last byte":
        content[-2] ^= 1
    path.write_bytes({"appended": bytes(content) + b"x", "emptied": b""}.get(how, bytes(content)))
    found = check(folder)
    assert not found.verified
    assert name in named(found) or any(name in item.detail for item in found.checks), found.checks


def test_a_flipped_bit_anywhere_is_found(check, folder):
    """Any bit of any file, of the ledger's too; hints at keys, which nobody signs, among them."""
    ledger, chance = folder.parent / "ledger", Random(5)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    files += [ledger / "ledger.jsonl", ledger / "checkpoint"]
    for path in files:
        whole = path.read_bytes()
        for _ in range(25):
            changed = bytearray(whole)
            changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            found = check(folder, ledger=str(ledger))
            assert FAILED in outcomes(found).values(), (path.name, bytes(changed))
            assert not found.verified
        path.write_bytes(whole)
    assert check(folder, ledger=str(ledger)).verified


@pytest.mark.parametrize("name", [*FILES, "evidence-manifest.json"])
def test_each_file_that_is_missing_is_named(check, folder, name):
    (folder / name).unlink()
    found = check(folder)
    assert not found.verified
    assert named(found)[name] == "missing"


def test_a_file_that_nobody_vouches_for_is_named(check, folder):
    (folder / "evidence" / "added.json").write_text("{}")
    (folder / "VERIFY.txt").write_text("trust me")
    found = check(folder)
    assert named(found) == {"evidence/added.json": "extra", "VERIFY.txt": "extra"}
    assert not found.verified


def test_links_and_other_things_in_place_of_files_are_not_followed(check, folder, tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_bytes(FILES["findings.json"])
    (folder / "findings.json").unlink()
    (folder / "findings.json").symlink_to(outside)
    (folder / "report.html").unlink()
    os.mkfifo(folder / "report.html")
    (folder / "loop").symlink_to(folder)
    problems = named(check(folder))
    assert "cannot be read" in problems["findings.json"]
    assert "no regular file" in problems["report.html"]
    assert problems["loop"] == "extra"
    assert len(problems) == 3


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "C:/x", "a\\b", "./a", "a//b", ""])
def test_a_statement_cannot_point_out_of_its_folder(check, folder, p256, name):
    resigned(folder, [p256], lambda value: value["subject"].append({"name": name, "digest": {"sha256": "0" * 64}}))
    assert named(check(folder))[name] == "is no path inside of the folder"


def test_a_file_under_two_digests_is_a_contradiction(check, folder, p256):
    resigned(
        folder, [p256], lambda value: value["subject"].append({"name": "findings.json", "digest": {"sha256": "0" * 64}})
    )
    assert named(check(folder))["findings.json"] == "is named twice with different digests"


def test_without_a_key_nothing_is_verified(check, folder):
    found = check(folder, key=None)
    assert not found.verified
    assert FAILED not in outcomes(found).values()
    assert outcomes(found)["identity"] == NOT_MADE
    assert "proves nothing" in detail(found, "identity")
    (folder / "public-key.pem").unlink()
    assert outcomes(check(folder, key=None))["signature"] == NOT_MADE


def test_everything_replaced_under_another_key_fails_for_who_knows_the_key(check, tmp_path, stranger):
    forged = make_folder(tmp_path / "forged", [stranger], ledger=tmp_path / "ledger")
    found = check(forged)
    assert not found.verified
    assert outcomes(found)["signature"] == FAILED
    assert "\n" not in detail(found, "signature")
    assert stranger.public_key.key_id[:16] in detail(found, "signature")
    assert not check(forged, key=None).verified


def test_a_key_that_did_not_sign_is_not_named_beside_the_one_that_did(check, folder, stranger):
    with (folder / "public-key.pem").open("ab") as file:
        file.write(stranger.public_key.pem)
    assert named(check(folder)) == {"public-key.pem": "changed"}


def test_a_keyid_is_believed_by_nobody(check, folder, p256, stranger):
    """An envelope that says it is by the right key and is not, and the other way about."""
    path = folder / "attestation.dsse.json"
    value = json.loads(path.read_bytes())
    value["signatures"][0]["keyid"] = "0" * 64
    path.write_text(json.dumps(value))
    assert outcomes(check(folder))["signature"] == PASSED
    forged = make_folder(folder.parent / "forged", [stranger])
    value = json.loads((forged / "attestation.dsse.json").read_bytes())
    value["signatures"][0]["keyid"] = p256.public_key.key_id
    (forged / "attestation.dsse.json").write_text(json.dumps(value))
    assert outcomes(check(forged))["signature"] == FAILED


def test_every_key_that_is_named_must_have_signed(pack, tmp_path, p256, stranger):
    installed = Installed(__version__, pack.identity.version, pack.identity.digest)
    both = Trust(keys=(p256.public_key, stranger.public_key))
    assert verify(Request(str(make_folder(tmp_path / "both", [p256, stranger])), both, NOW, installed)).verified
    found = verify(Request(str(make_folder(tmp_path / "one", [p256])), both, NOW, installed))
    assert outcomes(found)["signature"] == FAILED


def test_files_of_two_attestations_do_not_mix(check, folder, p256):
    other = make_folder(folder.parent / "other", [p256], ledger=folder.parent / "ledger", note="other")
    for name in ("attestation.sigstore.json", "attestation.intoto.jsonl", "statement.json", "attestation.tlog-proof"):
        mixed = folder.parent / "mixed"
        shutil.copytree(folder, mixed)
        shutil.copy(other / name, mixed / name)
        found = check(mixed)
        assert not found.verified
        assert name in named(found)
        shutil.rmtree(mixed)


@pytest.mark.parametrize("name", ["attestation.dsse.json", "attestation.sigstore.json", "attestation.intoto.jsonl"])
def test_a_signed_file_alone_is_verified_with_what_stands_beside_it(check, folder, tmp_path, name):
    assert check(folder / name).verified
    (folder / "report.html").write_text("changed")
    assert named(check(folder / name)) == {"report.html": "changed"}
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(folder / name, alone / name)
    found = check(alone / name)
    assert found.verified
    assert outcomes(found)["files"] == NOT_MADE


def test_what_is_no_attestation_is_a_question_wrongly_asked(check, tmp_path, folder):
    shutil.copy(folder / "attestation.dsse.json", folder / "second.dsse.json")
    (tmp_path / "empty").mkdir()
    for target, why in [
        (tmp_path / "nowhere", "there is no attestation"),
        (tmp_path / "empty", "holds no signed attestation, and no ledger"),
        (folder, "holds several attestations"),
        (folder / "report.html", "ends with none of"),
    ]:
        with pytest.raises(UsageError, match=why):
            check(target)


def test_an_envelope_that_cannot_be_read_fails_and_the_rest_is_not_made(check, folder):
    (folder / "attestation.dsse.json").write_text('{"payload": 1}')
    found = check(folder)
    assert outcomes(found).pop("envelope") == FAILED
    assert {check.outcome for check in found.checks[1:]} == {NOT_MADE}
    statement = base64.b64encode(b'{"_type":"https://in-toto.io/Link/v1"}').decode()
    envelope = {"payload": statement, "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": "AAAA"}]}
    (folder / "attestation.dsse.json").write_text(json.dumps(envelope))
    assert "Statement/v1" in detail(check(folder), "envelope")


# The pack, and freshness


@pytest.mark.parametrize(
    "change, outcome, word",
    [
        ({"origin": "custom-unsigned"}, FAILED, "unsigned"),
        ({"origin": "signed:abc"}, NOT_MADE, "signed:abc"),
        ({"digest": {"sha256": "0" * 64}}, FAILED, "is not the pack"),
        ({"version": "99.0"}, NOT_MADE, "comes with"),
        ({"digest": None}, FAILED, "does not say"),
    ],
)
def test_the_pack_is_held_against_the_one_that_is_here(check, folder, p256, change, outcome, word):
    resigned(folder, [p256], lambda value: value["predicate"]["rulePack"].update(change))
    found = check(folder)
    assert (outcomes(found)["pack"], word in detail(found, "pack")) == (outcome, True)


def test_freshness_is_held_against_a_clock(check, folder, p256):
    assert outcomes(check(folder, max_age=6))["freshness"] == PASSED
    assert outcomes(check(folder, max_age=5))["freshness"] == FAILED
    early = check(folder, now=NOW - timedelta(days=30))
    assert outcomes(early)["freshness"] == FAILED
    assert "which is after 2026-10-27" in detail(early, "freshness")
    resigned(folder, [p256], lambda value: value["predicate"].update(assessment={"end": "yesterday"}))
    assert outcomes(check(folder))["freshness"] == NOT_MADE
    assert outcomes(check(folder, max_age=6))["freshness"] == FAILED


# The chain of periods


def test_the_chain_is_walked_as_far_as_it_was_given(check, tmp_path, p256, stranger):
    first = make_folder(tmp_path / "q1", [p256])
    by_statement = sha256((first / "statement.json").read_bytes())
    second = make_folder(tmp_path / "q2", [p256], previous=by_statement, note="two")
    by_findings = sha256((second / "findings.json").read_bytes())
    third = make_folder(tmp_path / "q3", [p256], previous=by_findings)
    assert outcomes(check(third))["previous"] == NOT_MADE
    assert by_findings in detail(check(third), "previous")
    assert "1 attestation back, which is the first" in detail(check(second, previous=(first,)), "previous")
    apart = make_folder(tmp_path / "apart", [p256], previous="0" * 64, note="apart")
    forged = make_folder(tmp_path / "forged", [stranger])
    for target, previous in [(second, apart), (first, second), (second, forged), (second, tmp_path / "nowhere")]:
        assert outcomes(check(target, previous=(previous,)))["previous"] == FAILED


def test_earlier_attestations_may_be_by_the_key_before(check, tmp_path, p256, stranger):
    first = make_folder(tmp_path / "q1", [stranger])
    second = make_folder(tmp_path / "q2", [p256], previous=sha256((first / "statement.json").read_bytes()))
    assert outcomes(check(second, previous=(first,)))["previous"] == FAILED
    assert outcomes(check(second, previous=(first,), previous_keys=(stranger.public_key,)))["previous"] == PASSED


# What a hostile statement can say


@pytest.mark.parametrize(
    "change",
    [
        {"reports": "x"},
        {
            "reports": [
                "x",
                1,
                None,
                {},
                {"name": 1},
                {"name": "a", "digest": "x"},
                {"name": [], "digest": {"sha256": 1}},
            ]
        },
        {"reports": [{"name": "\ud800", "digest": {"sha256": "0" * 64}}]},
        {"reports": [{"name": "a" * 5000, "digest": {"sha256": "0" * 64}}]},
        {"reports": [{"name": "a\u0000b", "digest": {"sha256": "0" * 64}}]},
        {"reports": [{"name": "/".join("a" * 300), "digest": {"sha256": "0" * 64}}]},
        {"rulePack": [], "changes": "x", "assessment": 7},
        {"rulePack": {"version": 1, "origin": {}, "digest": []}, "changes": {"previous": {"sha256": 5}}},
        {"assessment": {"end": "9999-12-31T23:59:59-23:59", "asOf": "0001-01-01T00:00:00+23:59"}},
    ],
)
def test_whatever_a_statement_says_it_is_answered(check, folder, p256, change):
    resigned(folder, [p256], lambda value: value["predicate"].update(change))
    for target in (folder, folder / "attestation.dsse.json"):
        assert not check(target, previous=(folder,), max_age=3).verified


def test_a_manifest_that_lists_nonsense_is_named(check, tmp_path, p256):
    for number, rows in enumerate([7, [7], [{"path": 1}], {"rows": []}, [{"path": "a", "sha256": None}]]):
        folder = make_folder(tmp_path / str(number), [p256])
        content = json.dumps(rows if isinstance(rows, dict) else {"files": rows}).encode()
        (folder / "evidence-manifest.json").write_bytes(content)

        def change(value: dict, content: bytes = content) -> None:
            value["subject"][1]["digest"]["sha256"] = sha256(content)

        resigned(folder, [p256], change)
        assert set(named(check(folder))) & {"evidence-manifest.json", "a"}


# The ledger


def test_the_ledger_that_grew_holds_it_still(check, folder, p256):
    ledger = folder.parent / "ledger"
    for number in range(5):
        append(str(ledger), event(number), [p256], NOW)
    found = check(folder, ledger=str(ledger))
    assert outcomes(found)["ledger"] == PASSED
    assert "6 entries" in detail(found, "ledger")
    (folder / "attestation.tlog-proof").unlink()
    assert outcomes(check(folder, ledger=str(ledger)))["ledger"] == PASSED
    other = make_folder(folder.parent / "other", [p256], note="never written down")
    assert "no entry" in detail(check(other, ledger=str(ledger)), "ledger")


def test_a_ledger_that_was_rolled_back_or_forked_is_found(check, folder, p256):
    ledger = folder.parent / "ledger"
    shutil.copytree(ledger, folder.parent / "copy")
    append(str(ledger), event(1), [p256], NOW)
    later = make_folder(folder.parent / "later", [p256], ledger=ledger, note="later")
    rolled_back = check(later, ledger=str(folder.parent / "copy"))
    assert "rolled back: it had 3 entries and has 1" in detail(rolled_back, "ledger")
    for number in range(7, 12):
        append(str(folder.parent / "copy"), event(number), [p256], NOW)
    forked = check(later, ledger=str(folder.parent / "copy"))
    assert "forked: its first 3 entries" in detail(forked, "ledger")
    assert not forked.verified
    append(str(folder.parent / "foreign"), event(0), [p256], NOW)
    assert "another ledger" in detail(check(later, ledger=str(folder.parent / "foreign")), "ledger")
    assert "there is no ledger" in detail(check(later, ledger=str(folder.parent / "nowhere")), "ledger")
    assert outcomes(check(later, ledger=str(ledger), previous=()))["ledger"] == PASSED


def test_a_ledger_alone(check, folder, p256, stranger):
    ledger = folder.parent / "ledger"
    for number in range(4):
        append(str(ledger), event(number), [p256], NOW)
    proof = folder / "attestation.tlog-proof"
    assert outcomes(check(ledger)) == {"identity": PASSED, "ledger": PASSED, "growth": NOT_MADE}
    assert outcomes(check(ledger, checkpoint=proof)) == {"identity": PASSED, "ledger": PASSED, "growth": PASSED}
    kept = folder.parent / "kept"
    shutil.copy(ledger / "checkpoint", kept)
    assert check(ledger, checkpoint=kept).verified
    assert not check(ledger, key=None).verified
    assert outcomes(check(ledger, key=stranger))["identity"] == FAILED
    lines = (ledger / "ledger.jsonl").read_bytes().split(b"\n")
    changes = {
        "entry 2 does not follow entry 1": [
            *lines[:1],
            lines[1].replace(b"attestations/0", b"attestations/9"),
            *lines[2:],
        ],
        "entry 1: it is not written as": [lines[0], b" " + lines[1], *lines[2:]],
        "entry 1 calls itself 2": [lines[0], *lines[2:]],
        "are not the ones": [*lines[:4], lines[4].replace(b"attestations/3", b"attestations/9"), b""],
        "some were cut off": [*lines[:4], b""],
        "it was rolled back, or": [*lines[:5], lines[4].replace(b'"seq":4', b'"seq":5'), b""],
        "the last line of the ledger is cut off": [*lines[:4], lines[4][:-3]],
    }
    for why, changed in changes.items():
        (ledger / "ledger.jsonl").write_bytes(b"\n".join(changed))
        found = check(ledger)
        assert why in detail(found, "ledger"), found.checks
        assert not found.verified
    (ledger / "ledger.jsonl").write_bytes(b"\n".join(lines))
    with pytest.raises(UsageError, match="cannot be read"):
        check(ledger, checkpoint=folder / "report.html")
    with pytest.raises(UsageError, match="there is no checkpoint"):
        check(ledger, checkpoint=folder / "nowhere")


# The command


def test_the_command_says_it_in_text_and_json(phiward, folder, p256):
    key = folder.parent / "org.pub"
    key.write_bytes(p256.public_key.pem)
    done = phiward("verify", folder, "--key", key)
    assert (done.returncode, done.stderr) == (0, "")
    assert "VERIFIED: " in done.stdout
    assert "not checked  ledger" in done.stdout
    unpinned = phiward("verify", folder)
    assert unpinned.returncode == 1
    assert "NOBODY WAS NAMED WHOSE SIGNATURE THIS SHOULD BE" in unpinned.stdout
    (folder / "report.html").write_text("x")
    (folder / "a\x1b[31m\nb").write_text("x")
    changed = phiward("verify", folder, "--key", key)
    assert changed.returncode == 1
    assert "changed: report.html" in changed.stdout
    assert "\x1b" not in changed.stdout
    told = phiward("verify", folder, "--key", key, "--format", "json")
    value = json.loads(told.stdout)
    schema = json.loads(phiward("schema", "verification").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)
    named_there = schema["properties"]["checks"]["items"]["properties"]["name"]["description"].rstrip(".").split(", ")
    assert {check["name"] for check in value["checks"]} < set(named_there)
    assert (told.returncode, value["schema"], value["verified"]) == (1, "phiward/verification/v1", False)
    files = next(check for check in value["checks"] if check["name"] == "files")
    assert {"path": "report.html", "problem": "changed"} in files["files"]


def test_what_is_asked_wrongly_is_one_line(phiward, folder):
    for arguments, word in [
        (("verify", "nowhere", "--key", "nowhere"), "nowhere"),
        (("verify", folder, "--key", folder / "report.html"), "no PEM public key"),
        (("verify", folder / "report.html"), "no attestation"),
    ]:
        done = phiward(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert word in done.stderr
        assert len(done.stderr.splitlines()) <= 2
