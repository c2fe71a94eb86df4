"""Nothing of a scan looks at the outside but `phiward.outside`, and what that answers is what the system says."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from phiward.outside import Outside
from tests.outside_tree import make

WATCH = """
import builtins, io, json, os, sys
from datetime import date
from itertools import product
from pathlib import Path

top, variables = sys.argv[1], sys.argv[2]
seen = {"outside": set(), "elsewhere": set()}

def note(path):
    if isinstance(path, (str, bytes, os.PathLike)) and os.path.abspath(os.fsdecode(path)).startswith(top):
        frame, found = sys._getframe(1), False
        while frame is not None and not found:
            found = frame.f_code.co_filename.endswith(os.path.join("phiward", "outside.py"))
            frame = frame.f_back
        seen["outside" if found else "elsewhere"].add(os.path.relpath(os.fsdecode(path), top))

def watched(function):
    def call(path, *arguments, **options):
        note(path)
        return function(path, *arguments, **options)
    return call

from phiward.model.rule import Severity
from phiward.pipeline import scan
from phiward.settings import Settings
import phiward.pack, yaml

for name in ("stat", "lstat", "readlink", "access", "open", "scandir", "listdir"):
    setattr(os, name, watched(getattr(os, name)))
sys.addaudithook(lambda event, given: note(given[0]) if event in ("open", "os.listdir", "os.scandir") else None)
for paths, changed in json.loads(sys.argv[3]):
    settings = Settings(
        paths=tuple(Path(top, p) for p in paths), today=date(2026, 11, 22), variable_files=(Path(variables),), changed=changed
    )
    scan(settings)
print(json.dumps({name: sorted(found) for name, found in seen.items()}))
"""


def test_a_scan_looks_at_its_tree_through_one_place_only(tmp_path):
    top = make(tmp_path / "repository")
    runs = [
        (["."], False),
        (["live", "other", "plan.json", "state.tfstate"], False),
        (["README.md", "phiward.yaml", "modules/store/main.tf", "live/policy.json"], True),
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(top), str(top / "given.tfvars"), json.dumps(runs)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["elsewhere"] == []
    expected = {"live/main.tf", "live/tenant.txt", "live/list/a.txt", "given.tfvars", "plan.json", "state.tfstate"}
    assert set(seen["outside"]) >= expected | {"k8s/pod.yaml", "k8s/values.yml", "k8s/base/pod.json"} | {
        "linked",
        "phiward.yaml",
        "latin.tf",
        "live/.terraform/modules/modules.json",
    }


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_each_question_is_asked_once(tmp_path, outside):
    file = tmp_path / "a.tf"
    file.write_text("a")
    asked = [outside.kind(file), outside.read(file), outside.names(tmp_path, (".tf",)), outside.resolve(file)]
    file.unlink()
    assert [outside.kind(file), outside.read(file), outside.names(tmp_path, (".tf",)), outside.resolve(file)] == asked
    assert asked == ["file", b"a", ["a.tf"], file.resolve()]
    assert outside.complete


def test_the_kinds_of_things(tmp_path, outside):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "nowhere").symlink_to("nothing")
    kinds = {
        name: outside.kind(tmp_path / name) for name in ("file", "link", "circle", "nowhere", "file/below", "a\0b")
    }
    assert kinds == {"file": "file", "link": "file", "circle": "", "nowhere": "", "file/below": "", "a\0b": ""}
    assert outside.kind(tmp_path) == "directory"
    assert outside.kind(Path(os.devnull)) == "other"
    assert not outside.is_directory(tmp_path / ("x" * 5000))
    with pytest.raises(OSError, match="too long"):
        outside.is_file(tmp_path / ("x" * 5000))


def test_links_lead_where_the_system_says(tmp_path, outside):
    for number, (name, target) in enumerate(
        [("a", None), ("a/b", None), ("up", "a/.."), ("in", "a/b"), ("twice", "in"), ("circle", "other"), ("other", "circle"),
         ("a/b/out", "../../.."), ("gone", "nothing/here"), ("a/whole", str(tmp_path / "a")), ("self", "self/below")]
    ):  # fmt: skip
        path = tmp_path / name
        path.symlink_to(target) if target else path.mkdir()
        (tmp_path / f"file{number}").write_text("")
    names = [path.name for path in tmp_path.rglob("*")] + ["..", ".", "none", "a\N{LATIN SMALL LETTER E WITH ACUTE}"]
    paths = [tmp_path.joinpath(*parts) for number in (1, 2, 3) for parts in product(names, repeat=number)]
    paths += [Path("a/b"), Path(), Path("/"), Path("//x"), tmp_path / ("x/" * 20_000)]
    assert len(paths) > 5_000
    for path in paths:
        assert str(outside.resolve(path)) == str(Path(os.path.realpath(path)))


def test_names_are_those_that_were_asked_for(tmp_path, outside):
    for name in ("b.tf", "a.tf", ".c.tf", "notes.md"):
        (tmp_path / name).write_text("")
    for name in ("sub", ".git", "node_modules", "d.tf"):
        (tmp_path / name).mkdir()
    (tmp_path / "e.tf").symlink_to("sub")
    assert outside.names(tmp_path, (".tf", ".json")) == [".c.tf", "a.tf", "b.tf", "d.tf/", "e.tf", "sub/"]
    with pytest.raises(FileNotFoundError):
        outside.names(tmp_path / "gone", (".tf",))


def test_a_file_past_the_limit_is_refused(tmp_path, outside):
    (tmp_path / "a").write_text("abc")
    for _ in range(2):
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            outside.read(tmp_path / "a", 2)
    assert outside.read(tmp_path / "a", 3) == b"abc"
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        outside.read(tmp_path / "a", 2)


def test_what_changes_between_two_looks_is_noticed(tmp_path, outside):
    (tmp_path / "a").write_text("abc")
    outside.read(tmp_path / "a", keep=False)
    assert outside.complete
    (tmp_path / "a").write_text("abd")
    outside.read(tmp_path / "a", keep=False)
    assert not outside.complete


def test_what_is_asked_again_gets_the_answer_of_now(tmp_path, outside):
    (tmp_path / "a").write_text("abc")
    (tmp_path / "link").symlink_to("a")
    today = date(2026, 11, 22)
    outside.read(tmp_path / "a")
    outside.begins(tmp_path / "a", b"ab")
    outside.kind(tmp_path / "b")
    outside.resolve(tmp_path / "link")
    outside.names(tmp_path, ("a", "b"))
    outside.glob(tmp_path, "*")
    outside.today(today)
    with pytest.raises(FileNotFoundError):
        outside.read(tmp_path / "gone")
    unchanged = Outside()
    assert {q: unchanged.again(q, today) for q in outside.trace} == outside.trace
    (tmp_path / "a").write_text("xyz")
    (tmp_path / "b").write_text("")
    (tmp_path / "gone").write_text("")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("b")
    now = Outside()
    changed = {q for q in outside.trace if now.again(q, date(2026, 11, 23)) != outside.trace[q]}
    assert changed == set(outside.trace)
