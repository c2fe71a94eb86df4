"""The command line as a user meets it: a tree of files in, a status and parsed reports out; never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FORMATS = ("console", "json", "sarif", "junit")
STORE = 'resource "aws_db_instance" "a" {\n  storage_encrypted = true\n}\n'
OPEN_STORE = 'resource "aws_db_instance" "a" {\n  storage_encrypted = false\n}\n'
RULE = ("--rule", "encryption-at-rest")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run left behind; `record` is the JSON report, empty where the run ended before there was one."""

    status: int
    stdout: str
    stderr: str
    record: dict[str, Any]

    @property
    def verdicts(self) -> dict[str, str]:
        """Address -> verdict, of a run of one rule; what does not apply is left out, a waived one says so."""
        return {
            finding["resource"]["address"]: "waived" if finding["waiver"] else finding["verdict"]
            for finding in self.record["findings"]
            if finding["verdict"] != "not-applicable"
        }

    @property
    def holes(self) -> list[tuple[str, str, int]]:
        """Code, path and line of every error about the input."""
        return [(d["code"], d["path"], d["line"]) for d in self.record["diagnostics"] if d["level"] == "error"]

    def message(self) -> str:
        """All that was said about the input, in one text."""
        return "\n".join(f"{d['message']} {d.get('hint') or ''}" for d in self.record.get("diagnostics", []))


def write_tree(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a folder; the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
    return folder


def environment(**more: str) -> dict[str, str]:
    """A scrubbed environment with a fixed date and no cache, in which this checkout is importable."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "VIRTUAL_ENV", "PYTHONPATH")}
    return {**kept, "SOURCE_DATE_EPOCH": "1795305600", "PYTHONUTF8": "1", "PHIWARD_NO_CACHE": "1", **more}


def outcome(done: subprocess.CompletedProcess[str]) -> Outcome:
    """A finished run of `--format json`, held to what every run owes: a fixed status and no traceback."""
    assert "Traceback" not in done.stderr + done.stdout, done.stderr[-3000:]
    assert done.returncode in (0, 1, 2, 3, 4), (done.returncode, done.stderr[-2000:])
    record = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if record:
        assert record["summary"]["exit_status"] == done.returncode
    else:
        assert done.stderr.startswith(("phiward: ", "Usage: ")), (done.stdout[:500], done.stderr[:500])
    return Outcome(done.returncode, done.stdout, done.stderr, record)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "phiward", *map(str, arguments)]


PROJECT = (
    "src", "rules", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml",
)  # fmt: skip


def copy_project(folder: Path) -> Path:
    """What a build of the project needs, as it stands in this checkout; the folder."""
    import shutil

    for name in PROJECT:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_pack"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder
