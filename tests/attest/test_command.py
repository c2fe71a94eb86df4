"""`phiward attest` as a user meets it: a folder that is whole or not there, and one clear line where it cannot be."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from phiward import durable
from phiward.__main__ import run
from phiward.attest import formats
from phiward.attest.keys import generate, write_pair

SETTINGS = """\
attestation:
  entity: Mercy Health
  role: covered-entity
  systems: [EHR]
  accounts: ['123456789012']
  regions: [us-east-1]
  signatories:
    - {role: preparer, name: A. Smith, title: engineer}
    - {role: approver, name: B. Jones, title: security officer}
"""
STORES = """\
resource "aws_db_instance" "open" {
  storage_encrypted = false
}
resource "aws_db_instance" "closed" {
  storage_encrypted = true
}
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ALWAYS = {"findings.json", "evidence-manifest.json", "statement.json", "test-result.json", "VERIFY.txt"}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A repository with one store that fails, on 26 November 2026."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/main.tf").write_text(STORES)
    (tmp_path / "phiward.yaml").write_text(SETTINGS)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git/packed-refs").write_text(f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n")
    monkeypatch.chdir(tmp_path)
    on(monkeypatch, "2026-11-26")
    return tmp_path


def on(monkeypatch, day: str) -> None:
    from datetime import UTC, datetime

    moment = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=12)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(moment.timestamp())))


def record(name: str = "record.json") -> str:
    assert run(["scan", "infra", "--no-cache", "--format", "json", "--output", name]) in (0, 1)
    return name


def held(folder: str) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()
    }


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def findings(folder: str):
    return json.loads((Path(folder) / "findings.json").read_bytes())


def refused(capsys, *arguments: str, status: int = 2) -> str:
    """What is said, in one line and a hint, and nothing is left behind."""
    before = names()
    capsys.readouterr()
    assert run(["attest", *arguments]) == status
    assert names() == before
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) <= 2
    return said.err


def test_a_scan_becomes_a_folder(tree, capsys):
    assert run(["attest", "infra"]) == 0
    folder = "attestation-2026-11-26"
    assert f"{folder}: " in capsys.readouterr().out
    files = held(folder)
    assert files.keys() >= ALWAYS | {"findings.sarif", "junit.xml", "ocsf.json", "asff.json", "oscal/catalog.json"}
    found = findings(folder)
    assert found["cover"]["entity"] == "Mercy Health"
    assert found["scope"]["commit"] == COMMIT
    assert found["scope"]["roots"] == ["infra"]
    assert found["summary"]["result"] == "FAILED"
    assert {row["path"] for row in found["evidence"]} == {name for name in files if name.startswith("evidence/")}
    assert not [name for name in names() if name.startswith(".") and name != ".git"], "no draft is left"


def test_the_fifteen_sections_stand_in_their_order_of_the_documentation(tree):
    assert run(["attest", "infra", "--output", "out", "-q"]) == 0
    assert findings("out").keys() == {
        "schema", "written_by", "cover", "management", "disclaimer", "scope", "method", "summary", "controls", "findings",
        "exceptions", "changes", "population", "continuity", "evidence", "crosswalk", "limitations",
    }  # fmt: skip


def test_a_record_says_what_the_scan_would_and_the_same_one_is_the_same_folder(tree):
    name = record()
    assert run(["attest", "infra", "--output", "fresh", "-q"]) == 0
    for folder in ("one", "two"):
        assert run(["attest", "--from", name, "--commit", COMMIT, "--output", folder, "-q"]) == 0
    assert held("one") == held("two") == held("fresh")


def test_the_day_is_the_records_and_not_todays(tree, monkeypatch):
    name = record()
    on(monkeypatch, "2027-03-01")
    assert run(["attest", "--from", name, "-q"]) == 0
    assert findings("attestation-2026-11-26")["cover"]["window"]["as_of"] == "2026-11-26"


def test_only_the_formats_that_are_asked_for(tree):
    assert run(["attest", "infra", "--output", "out", "-q", "--format", "ocsf", "--format", "oscal",
                "--oscal-version", "1.2.2"]) == 0  # fmt: skip
    assert {name.split("/")[0] for name in held("out")} == ALWAYS | {"ocsf.json", "oscal", "evidence"}
    catalog = json.loads(Path("out/oscal/catalog.json").read_bytes())
    assert catalog["catalog"]["metadata"]["oscal-version"] == "1.2.2"


def test_what_is_not_installed_is_left_out_and_said(tree, capsys, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "typst" else object())
    assert run(["attest", "infra", "--output", "out", "-q"]) == 0
    assert capsys.readouterr().err == "phiward: pdf is left out: pip install 'phiward[pdf]'\n"
    assert "report.pdf" not in held("out")
    assert "report.html" in held("out")


def test_a_period_with_its_runs_and_the_one_before(tree, monkeypatch):
    on(monkeypatch, "2026-09-30")
    assert run(["attest", "infra", "--period", "2026-Q3", "-q"]) == 0
    on(monkeypatch, "2026-10-05")
    first = record("october.json")
    on(monkeypatch, "2026-12-20")
    Path("infra/main.tf").write_text(STORES.replace("false", "true"))
    last = record("december.json")
    arguments = ["--from", last, "--from", first, "--period", "2026-Q4", "--previous", "attestation-2026-Q3", "-q"]
    assert run(["attest", *arguments]) == 0
    found = findings("attestation-2026-Q4")
    assert found["cover"]["window"] == {
        "type": "period",
        "start": "2026-10-01",
        "end": "2026-12-31",
        "as_of": "2026-12-20",
    }
    assert [one["date"] for one in found["continuity"]["runs"]] == ["2026-10-05", "2026-12-20"]
    assert [one["start"] for one in found["continuity"]["gaps"]] == ["2026-10-05"]
    assert "encryption-at-rest" in {one["rule"] for one in found["changes"]["fixed"]}
    statement = json.loads(Path("attestation-2026-Q4/statement.json").read_bytes())
    from phiward.attest.canonical import sha256

    before = sha256(Path("attestation-2026-Q3/findings.json").read_bytes())
    assert statement["predicate"]["changes"]["previous"] == {"sha256": before}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--period", "2026-Q5"], "there is no period '2026-Q5'"),
        (["--period", "2026-13"], "there is no period"),
        (["--period", "2026-12-01..2026-11-01"], "there is no period"),
        (["--period", "2026-Q3"], "that is not in 2026-07-01 to 2026-09-30"),
        (["--as-of", "2026-11-25"], "which is after --as-of 2026-11-25"),
        (["--as-of", "2026-11-27"], "that day has not come"),
        (["--region", "us-east-1"], "need --aws"),
        (["--var", "a=b"], "--from is a scan that was made"),
        (["--format", "docx"], "there is no format 'docx'"),
        (["--oscal-version", "2.0"], "OSCAL '2.0' is not written"),
        (["--ledger", "ledger"], "only what is signed goes into a ledger"),
        (["infra"], "is scanned afresh, --from is a scan that was made"),
        (["--aws"], "is scanned afresh, --from is a scan that was made"),
        (["--commit", "main"], "'main' is no commit"),
        (["--previous", "nowhere"], "nowhere/findings.json: cannot be read"),
        (["--sign", "no.key"], "no.key"),
        (["--settings", "no.yaml"], "no.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tree, capsys, arguments, match):
    assert match in refused(capsys, "--from", record(), *arguments)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('"phiward/report/v1"', '"phiward/report/v2"', "newer than this one"),
        ('"name":"phiward","version":"0', '"name":"phiward","version":"99', "newer than this one"),
        ('"scanned_on": "2026-11-26"', '"scanned_on": null', "give the day with --as-of"),
        ('"findings"', '"found"', "is not the record of a scan"),
    ],
)
def test_a_record_that_cannot_be_attested(tree, capsys, old, new, match):
    text = Path(record()).read_text()
    assert old in text
    Path("other.json").write_text(text.replace(old, new, 1))
    assert match in refused(capsys, "--from", "other.json")


def test_records_of_different_scans_are_no_runs_of_one(tree, capsys):
    name = record()
    Path("other.json").write_text(Path(name).read_text().replace('"target": "infra"', '"target": "elsewhere"'))
    assert "other.json: is the record of another scan" in refused(capsys, "--from", name, "--from", "other.json")


def test_a_record_without_a_day_is_attested_on_the_one_that_is_given(tree, monkeypatch):
    text = Path(record()).read_text().replace('"scanned_on": "2026-11-26"', '"scanned_on": null')
    Path("old.json").write_text(text)
    on(monkeypatch, "2026-11-30")
    assert run(["attest", "--from", "old.json", "--as-of", "2026-11-30", "-q"]) == 0
    said = findings("attestation-2026-11-30")["limitations"]["statements"]
    assert any("the day was given by hand" in one for one in said)


def test_a_clock_that_ran_backwards(tree, capsys, monkeypatch):
    assert run(["attest", "infra", "--output", "before", "-q"]) == 0
    on(monkeypatch, "2026-11-20")
    assert "is of 2026-11-26, which is after 2026-11-20" in refused(capsys, "infra", "--previous", "before")


def test_an_attestation_before_that_is_not_as_it_was_made(tree, capsys):
    assert run(["attest", "infra", "--output", "before", "-q"]) == 0
    path = Path("before/findings.json")
    path.write_bytes(path.read_bytes().replace(b'"status":"fail"', b'"status":"pass"', 1))
    assert "before/findings.json: was changed since" in refused(capsys, "infra", "--previous", "before")


def test_a_statement_of_people_that_cannot_be_read(tree, capsys):
    Path("phiward.manual.yaml").write_text("statements: 7\n")
    assert "phiward.manual.yaml" in refused(capsys, "infra")


def test_an_exception_that_cannot_be_read(tree, capsys):
    Path("infra/main.tf").write_text("# phiward:ignore no-such-rule until=2027-01-31 owner=me -- because\n" + STORES)
    said = refused(capsys, "infra")
    assert "infra/main.tf:1" in said
    assert "no-such-rule" in said


def test_a_folder_that_is_no_attestation_is_never_replaced(tree, capsys):
    Path("out").mkdir()
    Path("out/mine.txt").write_text("kept")
    for more in ([], ["--replace"]):
        assert "is not empty, and is no attestation" in refused(capsys, "infra", "--output", "out", *more)
    assert held("out") == {"mine.txt": b"kept"}


def test_an_attestation_is_replaced_where_that_is_asked_for(tree, capsys):
    assert run(["attest", "infra", "--output", "out", "-q"]) == 0
    assert "holds an attestation" in refused(capsys, "infra", "--output", "out")
    assert run(["attest", "infra", "--output", "out", "--format", "ocsf", "--replace", "-q"]) == 0
    assert "junit.xml" not in held("out")


def test_where_something_else_stands(tree, capsys):
    Path("file").write_text("x")
    assert "is no folder" in refused(capsys, "infra", "--output", "file")
    assert "cannot be written" in refused(capsys, "infra", "--output", "file/below")


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be made read-only")
def test_a_folder_that_may_not_be_written(tree, capsys, monkeypatch):
    def refuse(self, *arguments, **more):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert "'out' cannot be written: Permission denied" in refused(capsys, "infra", "--output", "out")


@pytest.mark.parametrize("replacing", [False, True])
def test_a_disk_that_is_full(tree, capsys, monkeypatch, replacing):
    if replacing:
        assert run(["attest", "infra", "--output", "out", "-q"]) == 0
        before = held("out")
    real, left = durable._write_all, iter(range(4))

    def write(descriptor, content):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor, content)

    monkeypatch.setattr(durable, "_write_all", write)
    said = refused(capsys, "infra", "--output", "out", *(["--replace"] if replacing else []))
    assert "No space left on device" in said
    assert not replacing or held("out") == before


@pytest.mark.parametrize("replacing", [False, True])
def test_a_run_that_is_killed_while_it_writes(tree, replacing):
    if replacing:
        assert run(["attest", "infra", "--output", "out", "--format", "ocsf", "-q"]) == 0
        before = held("out")
    code = (
        "import os, sys; from phiward.attest import folder; from phiward.__main__ import run; left = iter(range(5)); "
        "real = folder.write_file; "
        "folder.write_file = lambda *a: os._exit(9) if next(left, None) is None else real(*a); "
        "run(sys.argv[1:])"
    )
    arguments = ["attest", "infra", "--output", "out", "-q", *(["--replace"] if replacing else [])]
    assert subprocess.run([sys.executable, "-c", code, *arguments], check=False).returncode == 9
    assert held("out") == before if replacing else not Path("out").exists()
    assert run(arguments) == 0


@pytest.fixture
def key(tree, monkeypatch):
    monkeypatch.setenv("PHIWARD_KEY_PASSPHRASE", "correct horse")
    write_pair(generate(), Path("k.key"), Path("k.pub"), b"correct horse")
    return "k.key"


def test_what_is_signed_is_verified_and_each_file_that_is_changed_is_named(key, capsys):
    assert run(["attest", "infra", "--output", "out", "--sign", key, "--ledger", "ledger", "-q"]) == 0
    verify = ["verify", "out", "--key", "k.pub", "--ledger", "ledger", "--ledger-key", "k.pub"]
    assert run(verify) == 0, capsys.readouterr().out
    for name, content in held("out").items():
        (Path("out") / name).write_bytes(content.replace(b"a", b"b", 1) + b" ")
        capsys.readouterr()
        assert run(verify) == 1, name
        assert name in capsys.readouterr().out
        (Path("out") / name).write_bytes(content)
    assert run(verify) == 0


def test_the_companion_is_signed_with_it(key):
    assert run(["attest", "infra", "--output", "out", "--sign", key, "-q"]) == 0
    lines = Path("out/attestation.intoto.jsonl").read_bytes().splitlines()
    from base64 import b64decode

    types = [json.loads(b64decode(json.loads(line)["payload"]))["predicateType"] for line in lines]
    assert types == [
        "https://phiward.dev/attestation/hipaa-assessment/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
    ]


def test_a_scan_loads_nothing_of_attestations(tree):
    code = (
        "import sys; from phiward.__main__ import run; run(['scan', 'infra', '-q']);"
        "sys.exit(any(name.startswith('phiward.attest') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_record_of_the_severe_rules_alone_satisfies_nothing(tree):
    Path("infra/main.tf").write_text(STORES.replace("false", "true"))
    assert run(["scan", "infra", "--severity", "high", "--no-cache", "--format", "json", "--output", "high.json"]) in (
        0,
        1,
    )
    assert run(["attest", "--from", "high.json", "-q"]) == 0
    found = findings("attestation-2026-11-26")
    assert found["scope"]["partial"]
    assert "satisfied" not in {one["status"] for one in found["controls"]}
