"""Failures on record: counted by fingerprint, never hidden, and fixed only where the scan would have shown them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phiward.errors import SettingsError
from phiward.gate.baseline import Looked, compare, recorded
from phiward.gate.baseline_file import Baseline, as_text, read_baseline, write_baseline
from phiward.model.finding import Evidence, Finding, Report, Verdict
from phiward.model.location import Location, Span
from phiward.outside import Outside
from phiward.record import replace
from tests.cache.test_codec import RULE, SUBJECT
from tests.conftest import TODAY

ALL = Looked(frozenset({"r", "s"}), lambda _: True)
DB = 'resource "aws_db_instance" "{}" {{\n  storage_encrypted = {}\n}}\n'
ENCRYPTION = ("encryption-at-rest",)


def finding(
    address: str = "a", line: int = 1, verdict: Verdict = Verdict.FAIL, path: str = "a.tf", rule: str = "r"
) -> Finding:
    at = Location(path, Span(line, 1, line, 2))
    subject = replace(SUBJECT, address=address, path=path)
    return Finding(replace(RULE, id=rule), verdict, subject, at, "m", (Evidence("p", 1, 2, at),))


findings = st.lists(
    st.builds(
        finding,
        st.sampled_from("abc"),
        st.integers(1, 9),
        st.sampled_from([Verdict.FAIL, Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN]),
        st.sampled_from(["a.tf", "b.tf"]),
        st.sampled_from("rs"),
    ),
    max_size=12,
)


def failing(of: list[Finding]) -> Counter[str]:
    return Counter(one.fingerprint for one in of if one.failing)


@given(findings, findings)
def test_existing_ones_are_what_both_have_counted_by_fingerprint(before, now):
    annotated, found = compare(now, recorded(before, TODAY), "b.json", ALL)
    assert [replace(one, baseline="") for one in annotated] == now, "nothing is hidden, and no order changes"
    existing = Counter(one.fingerprint for one in annotated if one.baseline == "existing")
    new = Counter(one.fingerprint for one in annotated if one.baseline == "new")
    assert existing == failing(before) & failing(now)
    assert new == failing(now) - failing(before)
    assert (found.existing, found.new) == (existing.total(), new.total())
    gone = Counter()
    for one in (*found.fixed, *(left.recorded for left in found.remaining)):
        gone[one.fingerprint] += one.count
    assert gone == failing(before) - failing(now)
    assert all((one.baseline != "") is one.failing for one in annotated)


@given(findings, st.integers(1, 50))
def test_moving_lines_changes_nothing(before, by):
    moved = [replace(one, location=Location(one.location.path, Span(by, 1, by, 2))) for one in before]
    _, found = compare(moved, recorded(before, TODAY), "b.json", ALL)
    assert (found.new, found.fixed, found.remaining) == (0, (), ())


@given(findings)
def test_a_file_of_it_comes_back_as_it_was(before):
    of = Baseline(".", "sha256:0", TODAY, tuple(recorded(before, TODAY)))
    assert recorded(list(reversed(before)), TODAY) == list(of.findings)

    class Given(Outside):
        def read(self, *_: object, **__: object) -> bytes:
            return as_text(of).encode()

    from pathlib import Path

    assert read_baseline(Path("x"), Given()) == of


@pytest.mark.parametrize(
    "now, looked, why",
    [
        ([finding(verdict=Verdict.PASS)], ALL, ""),
        ([finding(verdict=Verdict.NOT_APPLICABLE)], ALL, ""),
        ([], ALL, ""),
        ([], Looked(frozenset(), lambda _: True), "its rule did not run"),
        ([], Looked(ALL.rules, lambda _: False), "its root was not read as a whole"),
        ([finding(verdict=Verdict.UNKNOWN)], ALL, "it could not be decided"),
        ([finding(path="b.tf")], ALL, "it fails in another way or place"),
    ],
)
def test_only_what_is_seen_to_pass_is_fixed(now, looked, why):
    _, found = compare(now, recorded([finding()], TODAY), "b.json", looked)
    assert [one.address for one in found.fixed] == ([] if why else ["a"])
    assert [left.why for left in found.remaining] == ([why] if why else [])


@pytest.fixture
def scan(scan_files):
    def run(files: dict[str, str], **settings: object) -> Report:
        return scan_files(files, **{"rules": ENCRYPTION, **settings})

    return run


@pytest.fixture
def baseline(tmp_path):
    def write(report: Report) -> object:
        path = tmp_path / "phiward.baseline.json"
        write_baseline(Baseline(".", "sha256:0", TODAY, tuple(recorded(report.findings, TODAY))), path)
        return path

    return write


def states(report: Report) -> dict[str, str]:
    return {f"{f.subject.path}:{f.subject.address}": f.baseline for f in report.findings if f.failing}


def test_a16_the_same_address_in_another_file_is_new(scan, baseline, tmp_path):
    (tmp_path / ".git").mkdir()
    path = baseline(scan({"a/main.tf": DB.format("a", "false")}))
    report = scan({"a/main.tf": DB.format("a", "false"), "b/main.tf": DB.format("a", "false")}, baseline=path)
    assert states(report) == {"a/main.tf:aws_db_instance.a": "existing", "b/main.tf:aws_db_instance.a": "new"}
    assert report.exit_status == 1
    assert report.gate.startswith("1 new finding at or above low; 1 finding tolerated")
    moved = scan({"a/main.tf": "", "a/other.tf": DB.format("a", "false"), "b/main.tf": ""}, baseline=path)
    assert states(moved) == {"a/other.tf:aws_db_instance.a": "new"}
    assert [left.why for left in moved.baseline.remaining] == ["it fails in another way or place"]


def test_the_gate_tolerates_what_is_on_record_and_says_so(scan, baseline):
    path = baseline(scan({"main.tf": DB.format("a", "false")}))
    report = scan({"main.tf": "\n\n" + DB.format("a", "false")}, baseline=path)
    assert (report.exit_status, report.summary.failed) == (0, 1)
    assert report.gate == "no new finding at or above low; 1 finding tolerated that the baseline has on record"
    assert (report.baseline.path, report.baseline.existing, report.baseline.new) == ("phiward.baseline.json", 1, 0)


def test_what_is_fixed_is_told_and_what_is_gone_too(scan, baseline):
    path = baseline(scan({"main.tf": DB.format("a", "false"), "b/main.tf": DB.format("b", "false")}))
    report = scan({"main.tf": DB.format("a", "true"), "b/main.tf": ""}, baseline=path)
    assert {one.address for one in report.baseline.fixed} == {"aws_db_instance.a", "aws_db_instance.b"}


@pytest.mark.parametrize(
    "files, settings, why",
    [
        ({"main.tf": "resource {"}, {"allow_incomplete": True}, "not read as a whole"),
        ({"main.tf": 'variable "x" {}\n' + DB.format("a", "var.x")}, {}, "could not be decided"),
        ({"main.tf": ""}, {"rules": ("backup-retention",)}, "did not run"),
        ({"main.tf": "", "other/main.tf": ""}, {"path": "other"}, "not read as a whole"),
        (
            {
                "main.tf": f"# phiward:ignore {ENCRYPTION[0]} until=2027-01-31 owner=a -- moved\n{DB.format('a', 'false')}"
            },
            {},
            "under an exception",
        ),
    ],
)
@pytest.mark.parametrize("repository", [True, False])
def test_what_is_not_known_to_be_fixed_stays_on_record(scan, baseline, tmp_path, files, settings, why, repository):
    if repository:
        (tmp_path / ".git").mkdir()
    path = baseline(scan({"main.tf": DB.format("a", "false")}))
    report = scan(files, **{**settings, "baseline": path})
    assert report.baseline.fixed == ()
    assert why in report.baseline.remaining[0].why


ROW = {
    "fingerprint": "f" * 32,
    "rule": "r",
    "address": "a",
    "scope": "",
    "path": "a.tf",
    "since": "2026-11-01",
    "count": 1,
}
HEAD = {"schema": "phiward/baseline/v1", "target": ".", "pack": "sha256:0", "taken": "2026-11-01"}


@pytest.mark.parametrize(
    "text, message, where",
    [
        ("", "not valid JSON", ":1:1"),
        ('{\n "a": ,\n}', "not valid JSON", ":2:7"),
        ("[" * 100_000, "not valid JSON", ""),
        ("\xff", "not valid JSON", ""),
        ("[]", "no baseline", ""),
        (json.dumps({"schema": "phiward/report/v1"}), "no baseline", ""),
        (json.dumps({"schema": "phiward/baseline/v2"}), "of another version, 'phiward/baseline/v2'", ""),
        (json.dumps(HEAD), "no list of findings", ""),
        (json.dumps({**HEAD, "findings": [3]}), "findings[1] is a mapping", ""),
        (json.dumps({**HEAD, "findings": [{**ROW, "count": 0}]}), "findings[1].count", ""),
        (json.dumps({**HEAD, "findings": [{**ROW, "count": True}]}), "findings[1].count", ""),
        (json.dumps({**HEAD, "findings": [ROW, {**ROW, "fingerprint": "x"}]}), "findings[2].fingerprint", ""),
        (json.dumps({**HEAD, "findings": [{**ROW, "since": "soon"}]}), "findings[1].since is not a date", ""),
        (json.dumps({**HEAD, "findings": [{**ROW, "rule": None}]}), "findings[1].rule is a text", ""),
        (json.dumps({**HEAD, "findings": [ROW, ROW]}), "a fingerprint twice", ""),
        (json.dumps({**HEAD, "findings": [], "target": 3}), "taken of", ""),
        (json.dumps({**HEAD, "findings": [], "taken": None}), "taken is not a date", ""),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path, text, message, where):
    path = tmp_path / "b.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as raised:
        read_baseline(path, Outside())
    assert message in raised.value.message
    assert raised.value.where == f"{path}{where}"
    assert raised.value.exit_status == 2


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file or directory"):
        read_baseline(tmp_path / "none.json", Outside())


def test_writing_leaves_the_old_file_where_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "b.json"
    path.write_text("old")
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(Exception, match="cannot be written: No space left on device"):
        write_baseline(Baseline(".", "", date(2026, 1, 1), ()), path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["b.json"]
