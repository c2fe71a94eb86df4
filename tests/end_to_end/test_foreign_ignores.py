"""Comments for other scanners waive nothing; where one covers a finding of ours, a warning says what to write."""

from __future__ import annotations

import pytest


def store(*comments: str, inside: str = "", encrypted: str = "false") -> str:
    above = "".join(f"{comment}\n" for comment in comments)
    return f'{above}resource "aws_db_instance" "a" {{\n  {inside}\n  storage_encrypted = {encrypted}\n}}\n'


def told(done):
    return [(d["path"], d["line"], d["column"]) for d in done.record["diagnostics"] if d["code"] == "foreign-ignore"]


@pytest.mark.parametrize(
    "comment",
    [
        "#checkov:skip=CKV_AWS_16:legacy",
        "# checkov:skip=CKV_AWS_99,CKV_AWS_16",
        "// bridgecrew:skip=CKV_AWS_16:legacy",
        "#trivy:ignore:AVD-AWS-0080",
        "# trivy:ignore:aws-0080[name=a] exp:2020-01-01",
        "/* tfsec:ignore:AWS-0080 */",
        "#tfsec:ignore:aws-rds-encrypt-instance-storage-data tfsec:ignore:aws-rds-enable-performance-insights",
    ],
)
def test_a_comment_of_another_scanner_waives_nothing_and_says_what_to_write(scan, comment):
    for text, line in ((store(comment), 1), (store(inside=comment), 2)):
        done = scan({"main.tf": text})
        assert (done.status, done.verdicts) == (1, {"aws_db_instance.a": "fail"})
        [(path, at, column)] = told(done)
        assert (path, at) == ("main.tf", line)
        assert text.splitlines()[at - 1][column - 1 :].startswith(("checkov:", "bridgecrew:", "trivy:", "tfsec:"))
        assert "no owner and no end" in done.message()
        assert "# phiward:ignore encryption-at-rest until=YYYY-MM-DD owner=NAME -- reason" in done.message()


@pytest.mark.parametrize(
    "text",
    [
        store("#checkov:skip=CKV_AWS_16:legacy", encrypted="true"),
        store("#checkov:skip=CKV_AWS_18:another check"),
        store("#checkov:skip=CKV_NONE_1:no such check"),
        store("#trivy:ignore:*"),
        store("#tfsec:ignore:AWS080"),
        store(inside='identifier = "checkov:skip=CKV_AWS_16"'),
        'resource "aws_ebs_volume" "b" {\n  #checkov:skip=CKV_AWS_16:elsewhere\n  encrypted = true\n}\n' + store(),
    ],
)
def test_it_says_nothing_where_no_finding_of_ours_is_meant(scan, text):
    assert told(scan({"main.tf": text})) == []


def test_it_says_it_once_for_each_file_and_check(scan):
    twice = store("#trivy:ignore:AVD-AWS-0080", "#trivy:ignore:aws-0080 checkov:skip=CKV_AWS_16")
    done = scan({"main.tf": twice, "more.tf": twice.replace('"a"', '"b"')})
    assert [path for path, _, _ in told(done)] == ["main.tf", "main.tf", "more.tf", "more.tf"]


def test_our_own_exception_beside_it_leaves_nothing_to_say(scan):
    ours = "# phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- legacy"
    done = scan({"main.tf": store("#checkov:skip=CKV_AWS_16:legacy", ours)})
    assert (done.status, done.verdicts, told(done)) == (0, {"aws_db_instance.a": "waived"}, [])


POD = """apiVersion: v1
kind: Pod
metadata:
  name: a
  annotations:
    checkov.io/skip1: CKV_K8S_16=it needs the host
spec:
  containers:
    - name: a
      image: a@sha256:0
      securityContext: {privileged: true}
"""


def test_an_annotation_of_another_scanner_names_ours(scan):
    done = scan({"pod.yaml": POD}, rules=("--rule", "pod-not-privileged"))
    assert told(done) == [("pod.yaml", 6, 5)]
    assert 'phiward.dev/ignore.pod-not-privileged: "until=YYYY-MM-DD' in done.message()


def test_a_comment_in_a_manifest_is_read(scan):
    text = POD.replace(
        "    checkov.io/skip1: CKV_K8S_16=it needs the host\n", "    note: x # trivy:ignore:AVD-KSV-0017\n"
    )
    done = scan({"pod.yaml": text}, rules=("--rule", "pod-not-privileged"))
    assert told(done) == [("pod.yaml", 6, 15)]


def test_hostile_comments_are_read_in_one_pass_and_print_nothing_raw(scan):
    many = "checkov:skip=A " * 20_000
    text = store(f"# {many}", "# checkov:skip=" + "A," * 20_000, "# trivy:ignore:\x1b[31mAVD-AWS-0080", "#" * 50_000)
    done = scan({"main.tf": text})
    assert (done.status, told(done)) == (1, [])
