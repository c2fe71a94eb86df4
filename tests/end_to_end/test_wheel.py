"""The built wheel in an empty environment, far from any checkout: the pack is inside, and it is this checkout's."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from harness import OPEN_STORE, RULE, copy_project, environment, write_tree

from phiward import __version__

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    top = tmp_path_factory.mktemp("wheel")
    source = copy_project(top / "source")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(top / "dist"),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=top)
    assert done.returncode == 0, done.stderr[-2000:]
    [built] = (top / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Run:
    """`phiward` of an environment that holds the wheel and what it depends on, nothing else."""
    top = tmp_path_factory.mktemp("installed")
    venv.create(top / "venv", with_pip=True)
    scripts = top / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    clean = {k: v for k, v in environment().items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", str(wheel)], capture_output=True, text=True, env=clean
    )
    assert done.returncode == 0, done.stderr[-2000:]

    def run(*arguments: str, cwd: Path = top) -> subprocess.CompletedProcess[str]:
        return subprocess.run([scripts / "phiward", *arguments], capture_output=True, text=True, env=clean, cwd=cwd)

    return run


def test_the_wheel_holds_the_package_and_the_compiled_pack_only(wheel):
    names = ZipFile(wheel).namelist()
    assert "phiward/_pack/pack.jsonl" in names
    assert any(name.startswith("phiward/_pack/rules/hipaa/") for name in names)
    assert any(name.endswith("report.schema.json") for name in names)
    assert {name.split("/")[0] for name in names} == {"phiward", f"phiward-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.startswith("phiward/tests")]


def test_it_says_its_version(installed):
    done = installed("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"phiward {__version__}\n", "")


def test_it_lists_the_rules_of_this_checkout(installed, pack):
    done = installed("rules", "list", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [rule["id"] for rule in json.loads(done.stdout)] == [rule.id for rule in pack.rules]


def test_it_says_what_the_pack_covers_and_writes_its_pages(installed, pack, tmp_path):
    done = installed("coverage", "--by", "practice", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["pack"]["digest"] == pack.identity.digest
    assert installed("rules", "docs", str(tmp_path / "rules")).returncode == 0
    assert {f"{rule.id}.md" for rule in pack.rules} < {path.name for path in (tmp_path / "rules").iterdir()}


def test_it_scans_with_the_pack_of_this_checkout(installed, pack, tmp_path):
    write_tree(tmp_path, {"main.tf": OPEN_STORE})
    done = installed("scan", ".", *RULE, "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    record = json.loads(done.stdout)
    assert record["tool"]["pack"]["digest"] == pack.identity.digest
    assert [finding["verdict"] for finding in record["findings"]] == ["fail"]
    console = installed("scan", ".", *RULE, cwd=tmp_path)
    assert console.returncode == 1
    assert "main.tf:2:3" in console.stdout


def test_a_hook_installs_little(wheel):
    [name] = [name for name in ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA")]
    lines = ZipFile(wheel).read(name).decode().splitlines()
    required = {
        line.split()[1].split(">")[0] for line in lines if line.startswith("Requires-Dist:") and "extra ==" not in line
    }
    assert required == {"click", "pyyaml"}
