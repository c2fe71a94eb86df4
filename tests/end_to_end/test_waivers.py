"""`phiward waivers` on the command line, and what each source bears."""

from __future__ import annotations

import json

import pytest
from harness import OPEN_STORE, write_tree

FILE = "phiward.waivers.yaml"
ENTRY = """waivers:
  - rule: encryption-at-rest
    resources: {address: aws_db_instance.a}
    reason: it is migrated in January
    owner: platform
    approver: ciso
    expires: 2027-01-31
"""
STACK = "Resources:\n  A:\n    Type: AWS::RDS::DBInstance\n    Properties: {StorageEncrypted: false}\n"
POD = """apiVersion: v1
kind: Pod
metadata:
  name: a
  namespace: b
  annotations:
    phiward.dev/ignore.pod-image-digest: %s
spec:
  containers: [{name: c, image: "x:1"}]
"""


@pytest.mark.parametrize(
    "text, status, said",
    [
        (ENTRY, 0, ""),
        (ENTRY.replace("2027-01-31", "2026-12-01"), 0, "phiward.waivers.yaml:2:5: the exception to encryption-at-rest ends on"),
        (ENTRY.replace("2027-01-31", "2026-01-31"), 1, "phiward.waivers.yaml:2:5: the exception to encryption-at-rest ended on"),
        (ENTRY.replace("instance.a", "instance.b"), 1, "phiward.waivers.yaml:2:5: the exception to encryption-at-rest covers"),
        (ENTRY.replace("approver: ciso", "approver: platform"), 2, "phiward.waivers.yaml:6:5: the approver is another person"),
        (ENTRY.replace("encryption-at-rest", "no-rule"), 2, "phiward.waivers.yaml:2:5: the exception names a rule that does not"),
        (ENTRY + " x", 2, "phiward.waivers.yaml:8:"),
        (ENTRY.replace("2027-01-31", "2029-01-31"), 2, "phiward.waivers.yaml:2:5: the exception to encryption-at-rest ends on"),
    ],
)  # fmt: skip
def test_check(tmp_path, phiward, text, status, said):
    write_tree(tmp_path, {"main.tf": OPEN_STORE, FILE: text})
    done = phiward("waivers", "check", ".")
    assert (done.returncode, done.stdout[: len(said)]) == (status, said), (done.stdout, done.stderr)
    if status == 2:
        assert phiward("scan", ".").returncode == 2


def test_list(tmp_path, phiward):
    inline = "# phiward:ignore deletion-protection until=2026-12-24 owner=data -- a test database\n"
    write_tree(tmp_path, {"main.tf": inline + OPEN_STORE, FILE: ENTRY})
    lines = phiward("waivers", "list").stdout.splitlines()
    assert lines == [
        "in force: deletion-protection, 1 finding, until 2026-12-24 by data: a test database (main.tf:1:1)",
        (
            "in force: encryption-at-rest on address aws_db_instance.a, 1 finding, until 2027-01-31 by platform,"
            " approved by ciso: it is migrated in January (phiward.waivers.yaml:2:5)"
        ),
    ]
    rows = json.loads(phiward("waivers", "list", "--format", "json").stdout)
    assert [(row["rule"], row["kind"], row["standing"]) for row in rows] == [
        ("deletion-protection", "inline", "in-force"), ("encryption-at-rest", "file", "in-force"),
    ]  # fmt: skip


def test_list_of_nothing_and_of_what_is_wrong(tmp_path, phiward):
    assert phiward("waivers", "list", "--format", "json").stdout == "[]\n"
    write_tree(tmp_path, {"main.tf": OPEN_STORE})
    assert phiward("waivers", "list").stdout == "no exception was found\n"
    write_tree(tmp_path, {FILE: ENTRY + "  - {}\n"})
    wrong = phiward("waivers", "list")
    assert wrong.returncode == 2
    assert "encryption-at-rest" in wrong.stdout
    assert wrong.stderr.startswith("phiward.waivers.yaml:8:5: the exception has no rule")


@pytest.mark.parametrize("name", [FILE, "phiward.yaml"])
def test_a_commit_that_changes_what_holds_for_a_directory_judges_the_directory(tmp_path, phiward, name):
    files = {"infra/stack.yaml": STACK, "infra/main.tf": OPEN_STORE, "infra/pod.yaml": POD % "x"}
    write_tree(tmp_path, {**files, f"infra/{name}": "waivers: {}\n" if name == "phiward.yaml" else "waivers: []\n"})
    done = phiward("scan", "--changed", f"infra/{name}", "--format", "json")
    addresses = {finding["resource"]["address"] for finding in json.loads(done.stdout)["findings"]}
    assert {"A", "aws_db_instance.a", "Pod/b/a"} <= addresses


@pytest.mark.parametrize(
    "value, verdict",
    [
        ("until=2027-01-31 owner=platform approver=ciso -- the vendor publishes none", "waived"),
        ("until=2027-01-31 owner=platform type=false-positive -- it is a digest", "waived"),
        ("until=2026-01-31 owner=platform -- the vendor publishes none", "fail"),
        ("until=2027-01-31 owner=platform approver=Platform -- mine", "fail"),
    ],
)
def test_an_object_bears_its_exception(tmp_path, scan, value, verdict):
    done = scan({"pod.yaml": POD % value}, rules=("--rule", "pod-image-digest"))
    assert done.verdicts == {"Pod/b/a": verdict}
