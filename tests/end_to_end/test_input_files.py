"""Files that cannot be read: each is loud, with its place and the right status; nothing outside of the tree is read."""

from __future__ import annotations

import json
import os
from xml.etree import ElementTree as ET

import pytest
from harness import FORMATS, OPEN_STORE, RULE, STORE, write_tree

BROKEN = 'resource "aws_db_instance" "b" {\n  storage_encrypted =\n}\n'


def test_a1_a_syntax_error_is_an_error_in_every_format(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": STORE, "broken/main.tf": BROKEN})
    outputs = [part for name in FORMATS[1:] for part in ("--format", name, "--output", f"{name}.out")]
    done = phiward("scan", ".", *RULE, *outputs, "--format", "console")
    assert done.returncode == 4
    assert done.stderr == ""
    assert "broken/main.tf:2:22" in done.stdout
    assert "syntax error" in done.stdout
    record = json.loads((tmp_path / "json.out").read_text())
    [error] = record["diagnostics"]
    assert (error["level"], error["code"]) == ("error", "syntax")
    assert (error["path"], error["line"], error["column"]) == ("broken/main.tf", 2, 22)
    assert record["summary"]["exit_status"] == 4
    [invocation] = json.loads((tmp_path / "sarif.out").read_text())["runs"][0]["invocations"]
    [notification] = [n for n in invocation["toolExecutionNotifications"] if n["level"] == "error"]
    region = notification["locations"][0]["physicalLocation"]
    assert region["artifactLocation"]["uri"] == "broken/main.tf"
    assert region["region"]["startLine"] == 2
    cases = ET.parse(tmp_path / "junit.out").getroot().iter("testcase")
    assert [case.get("name") for case in cases if case.find("error") is not None] == ["scan broken/main.tf"]


def test_a_hole_is_accepted_aloud_only(scan):
    assert scan({"main.tf": STORE, "b/main.tf": BROKEN}, "--exit-zero").status == 4
    accepted = scan(None, "--allow-incomplete")
    assert accepted.status == 0
    assert "holes were accepted" in accepted.record["gate"]


@pytest.mark.parametrize("name", ["nowhere", "nowhere/main.tf", "main.tf/below", "x" * 5000])
def test_a2_a3_what_does_not_exist_is_one_clear_line(scan, name):
    done = scan({"main.tf": STORE}, path=name)
    assert (done.status, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert name[:50] in done.stderr


@pytest.mark.parametrize(
    "content, place, word",
    [
        (b"\x7fELF\x00\x01\x02" * 50, 1, "binary"),
        (b"a = 1\nb = \x00\n", 2, "binary"),
        (b'# fine\nresource "aws_db_instance" "m\xfcnchen" {}\n', 2, "UTF-8"),
        ('resource "aws_db_instance" "a" {}'.encode("utf-16"), 1, "UTF-8"),
        (b"\xff\xfe\xfd" * 1000, 1, "UTF-8"),
    ],
    ids=["elf", "nul", "latin-1", "utf-16", "noise"],
)
def test_a_file_that_is_not_text(scan, content, place, word):
    done = scan({"sound/main.tf": STORE, "odd/main.tf": content})
    assert done.status == 4
    assert done.holes == [("encoding", "odd/main.tf", place)]
    assert word in done.message()
    assert done.verdicts == {"aws_db_instance.a": "pass"}


def test_a_file_that_is_only_hashed_need_not_be_text(scan):
    text = (
        'resource "aws_lambda_function" "a" {\n  filename = "code.zip"\n'
        '  source_code_hash = filebase64sha256("../root/code.zip")\n}\n'
    )
    done = scan({"root/main.tf": text, "root/code.zip": b"PK\x03\x04\xff\x00"}, rules=("--rule", "function-in-vpc"))
    assert (done.holes, done.status) == ([], 1)


def test_a_file_that_git_crypt_keeps_is_named_as_such(scan):
    done = scan({"main.tf": "", "terraform.tfvars": b"\0GITCRYPT\0\x17\xfe"})
    assert (done.status, done.holes) == (4, [("encoding", "terraform.tfvars", 0)])
    assert "git-crypt unlock" in done.record["diagnostics"][0]["hint"]


def test_a_byte_order_mark_and_windows_line_ends_are_text(scan):
    done = scan({"main.tf": b"\xef\xbb\xbf" + OPEN_STORE.replace("\n", "\r\n").encode()})
    assert (done.status, done.verdicts) == (1, {"aws_db_instance.a": "fail"})
    assert done.record["findings"][0]["location"]["line"] == 2


def test_a_file_of_20_mb_is_judged_and_a_larger_one_than_the_limit_is_a_hole(scan):
    filler = "# " + "x" * 1021 + "\n"
    long_text = f'resource "aws_sqs_queue" "a" {{\n  name = "{"y" * 9_000_000}"\n}}\n'
    done = scan({"main.tf": filler * 11_000 + long_text + STORE, "huge/main.tf": b"#" * (51 * 2**20)})
    assert done.status == 4
    assert done.holes == [("too-large", "huge/main.tf", 0)]
    assert done.verdicts["aws_db_instance.a"] == "pass"
    assert len(done.stdout) < 100_000


def test_an_empty_file_and_one_of_comments_only_are_no_error(scan):
    done = scan({"a.tf": "", "b.tf": "# nothing\n", "main.tf": STORE})
    assert (done.status, done.holes) == (0, [])


@pytest.mark.parametrize(
    "files", [{}, {"README.md": "# x\n"}, {".hidden/main.tf": STORE}], ids=["empty", "other", "hidden"]
)
def test_nothing_to_scan(scan, files):
    done = scan(files)
    assert done.status == 3
    assert "no Terraform, no CloudFormation template and no Kubernetes manifest was found" in done.stderr


def test_a_rule_that_applies_to_nothing_is_not_a_pass(scan):
    done = scan({"main.tf": 'resource "aws_vpc" "a" {}\n'})
    assert done.status == 3
    assert "no rule applied" in done.record["gate"]


# -- links, special files


def test_links_that_go_in_circles_end(tmp_path, scan):
    write_tree(tmp_path, {"main.tf": STORE})
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "self.tf").symlink_to("self.tf")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    done = scan()
    assert done.status == 4
    assert [(code, path) for code, path, _ in done.holes] == [("unreadable", "self.tf")]


def test_a_path_that_is_a_circle_of_links_is_one_clear_line(tmp_path, scan):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    done = scan(path="one")
    assert done.status == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_dangling_link_is_a_hole(tmp_path, scan):
    (tmp_path / "gone.tf").symlink_to("not-here.tf")
    done = scan({"main.tf": STORE})
    assert done.status == 4
    assert [(code, path) for code, path, _ in done.holes] == [("unreadable", "gone.tf")]


def test_a_link_inside_of_the_tree_is_read(tmp_path, scan):
    write_tree(tmp_path, {"shared/store.txt": OPEN_STORE, "root/main.tf": ""})
    (tmp_path / "root" / "linked.tf").symlink_to("../shared/store.txt")
    (tmp_path / ".git").mkdir()
    done = scan(path="root")
    assert (done.status, done.verdicts) == (1, {"aws_db_instance.a": "fail"})


def test_nothing_outside_of_the_tree_is_read(tmp_path, scan):
    secret = 'resource "aws_db_instance" "outside_marker" {\n  storage_encrypted = false\n}\n'
    write_tree(
        tmp_path, {"outside/main.tf": secret, "outside/key.txt": "outside_marker", "outside/x.tfvars": "enc = false"}
    )
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "linked.tf").symlink_to(tmp_path / "outside" / "main.tf")
    (tmp_path / "tree" / "terraform.tfvars").symlink_to(tmp_path / "outside" / "x.tfvars")
    (tmp_path / "tree" / "directory").symlink_to(tmp_path / "outside")
    main = (
        'variable "enc" {\n  default = true\n}\n'
        'module "relative" {\n  source = "../outside"\n}\n'
        f'module "absolute" {{\n  source = "{tmp_path}/outside"\n}}\n'
        'module "linked" {\n  source = "./directory"\n}\n'
        'resource "aws_db_instance" "a" {\n  storage_encrypted = var.enc\n'
        '  identifier = file("../outside/key.txt")\n  name = file("directory/key.txt")\n}\n'
    )
    done = scan({"tree/main.tf": main}, path="tree")
    assert done.status == 4
    assert "outside_marker" not in done.stdout + done.stderr
    assert done.verdicts["aws_db_instance.a"] == "unknown"
    modules = [(path, line) for code, path, line in done.holes if code == "module"]
    assert modules == [("main.tf", 4), ("main.tf", 7), ("main.tf", 10)]
    assert {path for code, path, _ in done.holes if code == "outside"} == {"linked.tf", "terraform.tfvars"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_and_a_directory_with_the_name_of_a_file_do_not_hang(tmp_path, scan):
    os.mkfifo(tmp_path / "pipe.tf")
    os.mkfifo(tmp_path / "terraform.tfvars")
    (tmp_path / "directory.tf").mkdir()
    done = scan({"main.tf": STORE})
    assert done.status == 4
    assert {path for _, path, _ in done.holes} >= {"pipe.tf", "directory.tf"}
    assert "not a regular file" in done.message()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything: a pipe and a directory stand in for this above")
def test_a_file_without_permission(tmp_path, scan):
    write_tree(tmp_path, {"main.tf": STORE, "locked.tf": STORE})
    (tmp_path / "locked.tf").chmod(0)
    done = scan()
    assert done.status == 4
    assert done.holes == [("unreadable", "locked.tf", 0)]
    assert "permission" in done.message()
