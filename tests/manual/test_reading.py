"""`phiward.manual.yaml`: every bad entry is one problem at its place, and what the schema takes the reader takes."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest
import yaml

from phiward.errors import SettingsError
from phiward.loaders.tree import Tree
from phiward.manual import Statements, digests_of, find_statements
from phiward.pack import pack_directory
from phiward.pack.controls import load_controls

CONTROLS = load_controls()
SCHEMA = jsonschema.Draft202012Validator(json.loads((pack_directory() / "schema" / "manual.schema.json").read_text()))
GOOD = """statements:
  - control: restore-test
    stated_by: Jane Roe
    stated: 2026-10-01
    until: 2026-12-01
    evidence:
      - {title: protocol, link: "https://grc.example/1"}
      - {file: evidence/a.pdf}
"""


def read(folder: Path, text: str | bytes) -> Statements:
    (folder / ".git").mkdir(exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    (folder / "phiward.manual.yaml").write_bytes(data)
    return find_statements(folder, Tree.around((folder,)), CONTROLS)


def test_a_statement_is_read_with_its_place(tmp_path):
    found = read(tmp_path, GOOD)
    assert found.problems == ()
    [one] = found.statements
    assert (one.control, one.stated_by, one.stated, one.until) == (
        "restore-test", "Jane Roe", date(2026, 10, 1), date(2026, 12, 1),
    )  # fmt: skip
    assert [(proof.title, proof.link or proof.file) for proof in one.evidence] == [
        ("protocol", "https://grc.example/1"), ("evidence/a.pdf", "evidence/a.pdf"),
    ]  # fmt: skip
    assert str(one.location) == "phiward.manual.yaml:2:5"
    SCHEMA.validate(yaml.load(GOOD, Loader=yaml.BaseLoader))


def test_it_is_found_upwards_inside_of_the_repository_only(tmp_path):
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "phiward.manual.yaml").write_text(GOOD)
    (tmp_path / "repository" / ".git").mkdir()
    assert find_statements(inner, Tree.around((inner,)), CONTROLS).path == ""
    read(tmp_path / "repository", GOOD)
    assert find_statements(inner, Tree.around((inner,)), CONTROLS).path == "phiward.manual.yaml"


def test_a_statement_counts_as_long_as_the_cadence_at_most(tmp_path):
    [one] = read(tmp_path, GOOD.replace("    until: 2026-12-01\n", "")).statements
    assert one.until == date(2027, 1, 1)
    [problem] = read(tmp_path, GOOD.replace("2026-12-01", "2027-01-02")).problems
    assert (problem.line, problem.column) == (5, 5)
    assert "counts until 2027-01-01 at most" in problem.message


@pytest.mark.parametrize(
    "old, new, message, line",
    [
        ("restore-test", "no-such", "there is no control 'no-such'", 2),
        ("Jane Roe", "''", "stated_by is empty", 3),
        ("Jane Roe", "[x]", "stated_by is a text", 3),
        ("2026-10-01", "2026-02-30", "stated is not a date", 4),
        ("2026-10-01", "2026-10-01T10:00:00Z", "stated is not a date", 4),
        ("2026-10-01", "20261001", "stated is not a date", 4),
        ("2026-10-01", "9999-12-31", "stated is no day of ours", 4),
        ("2026-12-01", "2026-09-01", "until is before stated", 5),
        ("    stated_by: Jane Roe\n", "", "the statement has no stated_by", 2),
        ("stated_by", "state_by", "unknown key 'state_by'", 3),
        ("file: evidence/a.pdf", "file: ../../etc/passwd", "beside or below", 6),
        ("file: evidence/a.pdf", "file: /etc/passwd", "beside or below", 6),
        ("file: evidence/a.pdf", "file: a, link: 'https://x'", "a link or a file", 6),
        ("file: evidence/a.pdf", "title: x", "a link or a file", 6),
        ("file: evidence/a.pdf", "file: a, sha256: abc", "64 hexadecimal digits", 6),
        ("https://grc.example/1", "javascript:alert(1)", "no link", 6),
        ("https://grc.example/1", "https://x/<script>", "no link", 6),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_problem_at_its_place(tmp_path, old, new, message, line):
    text = GOOD.replace(old, new, 1)
    found = read(tmp_path, text)
    assert found.statements == ()
    [problem] = found.problems
    assert message in problem.message
    assert (problem.path, problem.line) == ("phiward.manual.yaml", line)
    assert problem.invalid
    with pytest.raises(SettingsError) as raised:
        found.refuse()
    assert raised.value.where == f"phiward.manual.yaml:{problem.line}:{problem.column}"


def test_the_schema_refuses_what_it_can_say(tmp_path):
    for old, new in [("Jane Roe", "''"), ("file: evidence/a.pdf", "title: x"), ("stated_by", "state_by"),
                     ("https://grc.example/1", "javascript:alert(1)"), ("evidence/a.pdf", "../a"),
                     ("evidence/a.pdf", "/a"), ("2026-10-01", "soon")]:  # fmt: skip
        assert not SCHEMA.is_valid(yaml.load(GOOD.replace(old, new, 1), Loader=yaml.BaseLoader)), new
        assert read(tmp_path, GOOD.replace(old, new, 1)).problems, new


@pytest.mark.parametrize(
    "text, message, line",
    [
        ("statements: [", "not valid YAML", 1),
        ("statements: {}", "statements is a list", 1),
        ("- a", "the file is a mapping", 1),
        ("statement: []", "unknown key 'statement'", 1),
        ("statements:\n  - x", "the statement is a mapping", 2),
        ("statements: []\nstatements: []", "not valid YAML", 2),
        ("statements: []\n---\nstatements: []", "a single document", 2),
        (b"\xff\xfe", "not UTF-8", 1),
        ("a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else '*a'] * 20)}]\n" for n in range(9)), "not valid YAML", 0),
        ("[" * 1000, "not valid YAML", 1),
        ("statements: !!python/object/apply:os.system [id]", "", 1),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_is_one_problem(tmp_path, text, message, line):
    found = read(tmp_path, text)
    [problem] = found.problems
    assert message in problem.message
    assert line in (0, problem.line)


def test_nothing_stated_is_no_problem(tmp_path):
    for text in ("", "# nothing yet\n", "statements:\n", "statements: []\n"):
        found = read(tmp_path, text)
        assert (found.statements, found.problems) == ((), ())


def test_digests_are_of_files_inside_of_the_tree(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("secret")
    folder = tmp_path / "repository"
    (folder / "evidence").mkdir(parents=True)
    (folder / "evidence" / "a.pdf").write_bytes(b"protocol")
    found = read(folder, GOOD)
    assert digests_of(found, Tree.around((folder,))) == {"evidence/a.pdf": sha256(b"protocol").hexdigest()}
    (folder / "evidence" / "a.pdf").unlink()
    (folder / "evidence" / "a.pdf").symlink_to(outside)
    assert digests_of(found, Tree.around((folder,))) == {"evidence/a.pdf": ""}
