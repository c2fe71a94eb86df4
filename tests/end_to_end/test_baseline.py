"""`phiward baseline` and `scan --baseline` on the command line."""

from __future__ import annotations

import json

import pytest
from harness import FORMATS, OPEN_STORE, STORE, write_tree

NAME = "phiward.baseline.json"


def test_create_scan_fix_update_show(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": OPEN_STORE})
    assert phiward("scan", ".").returncode == 1
    made = phiward("baseline", "create")
    assert made.returncode == 0, made.stderr
    again = phiward("baseline", "create")
    assert (again.returncode, again.stderr.split("\n")[0]) == (2, f"phiward: there is a baseline '{NAME}' already")
    scanned = phiward("scan", ".", "--baseline", NAME)
    assert scanned.returncode == 0
    assert "baseline: existing" in scanned.stdout
    write_tree(tmp_path, {"main.tf": STORE, "more.tf": OPEN_STORE.replace('"a"', '"b"')})
    worse = phiward("scan", ".", "--baseline", NAME)
    assert worse.returncode == 1
    assert "fixed[encryption-at-rest] aws_db_instance.a, since" in worse.stdout
    before = json.loads((tmp_path / NAME).read_text())
    updated = phiward("baseline", "update")
    assert updated.returncode == 0
    assert "not on record (--accept-new)" in updated.stdout
    after = json.loads((tmp_path / NAME).read_text())
    known = {row["fingerprint"] for row in before["findings"]}
    assert {row["fingerprint"] for row in after["findings"]} < known
    assert phiward("scan", ".", "--baseline", NAME).returncode == 1
    assert phiward("baseline", "update", "--accept-new").returncode == 0
    assert phiward("scan", ".", "--baseline", NAME).returncode == 0
    shown = phiward("baseline", "show")
    assert "[encryption-at-rest] aws_db_instance.b, since" in shown.stdout
    assert json.loads(phiward("baseline", "show", "--format", "json").stdout)["schema"] == "phiward/baseline/v1"


def test_every_format_says_what_is_new(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": OPEN_STORE})
    phiward("baseline", "create")
    write_tree(tmp_path, {"more.tf": OPEN_STORE.replace('"a"', '"b"')})
    text = {name: phiward("scan", ".", "--baseline", NAME, "--format", name).stdout for name in FORMATS}
    results = json.loads(text["sarif"])["runs"][0]["results"]
    assert {result["baselineState"] for result in results} == {"new", "unchanged"}
    found = [f["baseline"] for f in json.loads(text["json"])["findings"] if f["verdict"] == "fail"]
    assert found.count("new") == found.count("existing") > 0
    assert text["junit"].count('<property name="baseline" value="new"') == found.count("new")
    assert "Against the baseline phiward.baseline.json" in text["console"]


@pytest.mark.parametrize("command", [("scan", ".", "--baseline", "none.json"), ("baseline", "update", "--file", "none.json"),
                                     ("baseline", "show", "--file", "none.json")])  # fmt: skip
def test_a_baseline_that_is_not_there(tmp_path, phiward, command):
    write_tree(tmp_path, {"main.tf": STORE})
    done = phiward(*command)
    assert done.returncode == 2
    assert done.stderr == "phiward: none.json: the baseline cannot be read: No such file or directory\n"


def test_no_baseline_is_taken_of_what_was_not_read(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": "resource {"})
    done = phiward("baseline", "create")
    assert done.returncode == 4
    assert done.stderr.startswith("phiward: something could not be read")
    assert not (tmp_path / NAME).exists()


def test_a_changed_baseline_is_found_by_the_cache(tmp_path, phiward):
    cached = {"PHIWARD_NO_CACHE": "", "PHIWARD_CACHE_DIR": str(tmp_path / "cache")}
    tree = write_tree(tmp_path / "tree", {"main.tf": OPEN_STORE})
    phiward("baseline", "create", cwd=tree)
    for _ in range(2):
        assert phiward("scan", ".", "--baseline", NAME, cwd=tree, **cached).returncode == 0
    document = json.loads((tree / NAME).read_text())
    (tree / NAME).write_text(json.dumps({**document, "findings": []}))
    assert phiward("scan", ".", "--baseline", NAME, cwd=tree, **cached).returncode == 1


def test_a_changed_file_of_exceptions_is_found_by_the_cache(tmp_path, phiward):
    cached = {"PHIWARD_NO_CACHE": "", "PHIWARD_CACHE_DIR": str(tmp_path / "cache")}
    tree = write_tree(tmp_path / "tree", {"main.tf": OPEN_STORE})
    rule = ("--rule", "encryption-at-rest")
    for _ in range(2):
        assert phiward("scan", ".", *rule, cwd=tree, **cached).returncode == 1
    entry = (
        "waivers:\n- {rule: encryption-at-rest, resources: {address: '*'}, reason: it is migrated in January,"
        " owner: a, approver: b, expires: 2027-01-31}\n"
    )
    write_tree(tree, {"phiward.waivers.yaml": entry})
    assert phiward("scan", ".", *rule, cwd=tree, **cached).returncode == 0
    later = phiward("scan", ".", *rule, cwd=tree, SOURCE_DATE_EPOCH="1801440000", **cached)
    assert later.returncode == 1
    assert "ended on 2027-01-31" in later.stdout
    write_tree(tree, {"phiward.waivers.yaml": entry.replace("2027-01-31", "2027-01-32")})
    wrong = phiward("scan", ".", *rule, cwd=tree, **cached)
    assert wrong.returncode == 2
    assert "phiward.waivers.yaml:2:" in wrong.stdout
