"""Static mode opens no socket and reads nothing that it was not pointed at; a start imports next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness import REPOSITORY, environment, write_tree
from tests.conftest import TODAY

from phiward.pipeline import scan
from phiward.reporters import FORMATS, Style, render
from phiward.settings import Settings

ESTATE = REPOSITORY / "fixtures" / "ehr-saas" / "flawed"
HEAVY = {
    "yaml",
    "rich",
    "jsonschema",
    "json",
    "phiward.pack",
    "phiward.engine",
    "phiward.loaders",
    "hashlib",
    "asyncio",
}
WATCH = """
import json, os, sys
events = []
def watch(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")):
        events.append([event, ""])
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        events.append([event, os.path.realpath(os.fsdecode(arguments[0]))])
sys.addaudithook(watch)
from phiward.__main__ import run
status = run(sys.argv[1:])
print(json.dumps([status, events]), file=sys.stderr)
"""


def watched(*arguments: str, cwd: Path) -> tuple[int, list[list[str]]]:
    """A run in a process that writes down every file, socket and process that it opens: the interpreter tells."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], capture_output=True, text=True, cwd=cwd, env=environment()
    )
    status, events = json.loads(done.stderr.splitlines()[-1])
    return status, events


@pytest.fixture
def blocked(monkeypatch) -> None:
    import socket

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("blocked")
def test_a_scan_and_its_reports_need_no_socket():
    report = scan(Settings(paths=(ESTATE,), today=TODAY))
    assert report.findings
    assert all(render(report, name, Style()) for name in FORMATS)


def test_a_run_opens_no_socket_starts_no_process_and_reads_nothing_outside(tmp_path):
    store = 'resource "aws_db_instance" "a" {\n  storage_encrypted = true\n  name = file("../outside/x.txt")\n}\n'
    calls = 'module "o" {\n  source = "../outside"\n}\nmodule "r" {\n  source = "terraform-aws-modules/rds/aws"\n}\n'
    outside = {"outside/main.tf": store, "outside/x.txt": "x", "outside/phiward.yaml": "no: 1\n"}
    write_tree(tmp_path, {"tree/main.tf": store + calls, "tree/sub/a.tf": "", "phiward.yaml": "no: 1\n", **outside})
    (tmp_path / "tree" / "linked.tf").symlink_to("../outside/main.tf")
    (tmp_path / "tree" / "link").symlink_to("../outside")
    status, events = watched("scan", "tree", "--format", "json", cwd=tmp_path)
    assert status == 4
    assert [event for event, _ in events if event != "open"] == []
    opened = {path for _, path in events if path.startswith(f"{tmp_path}/")}
    assert opened == {str(tmp_path / "tree" / "main.tf"), str(tmp_path / "tree" / "sub" / "a.tf")}


def test_an_attestation_opens_no_socket_and_starts_no_process(tmp_path):
    files = {"tree/main.tf": 'resource "aws_db_instance" "a" {}\n', "tree/.git/HEAD": "ref: ../../../outside\n"}
    write_tree(tmp_path, {**files, "outside": "0" * 40, "phiward.yaml": "no: 1\n"})
    status, events = watched("attest", "tree", "--output", "out", "--quiet", cwd=tmp_path)
    assert status == 0
    assert [event for event, _ in events if event != "open"] == []
    written = (f"{tmp_path}/out/", f"{tmp_path}/.out.")
    opened = {path for _, path in events if path.startswith(f"{tmp_path}/") and not path.startswith(written)}
    assert opened == {str(tmp_path / "tree" / "main.tf"), str(tmp_path / "tree" / ".git" / "HEAD")}
    assert json.loads((tmp_path / "out" / "findings.json").read_text())["scope"]["commit"] == ""


def test_a_start_imports_next_to_nothing():
    program = (
        "import sys\nfrom phiward.__main__ import run\nstatus = run(['--version'])\n"
        "import json\nprint(json.dumps([status, sorted(before)]))"
    ).replace("import json", "before = set(sys.modules)\nimport json")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment())
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    assert HEAVY.isdisjoint(loaded), HEAVY & set(loaded)


def test_a_scan_imports_neither_a_terminal_library_nor_a_schema_validator(tmp_path):
    write_tree(tmp_path, {"main.tf": 'resource "aws_db_instance" "a" {}\n'})
    program = "import sys\nfrom phiward.__main__ import run\nrun(['scan', '.', '--quiet'])\nprint(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    loaded = set(eval(done.stdout.splitlines()[-1]))
    assert "phiward.engine.judge" in loaded
    unwanted = {"rich", "jsonschema", "boto3", "asyncio", "unittest", "ssl", "socket", "urllib.request", "hypothesis"}
    assert unwanted.isdisjoint(loaded), unwanted & loaded
