"""The cache as a user meets it: equal bytes in every format, switches that work, and nothing said where it cannot be."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from harness import FORMATS, REPOSITORY, STORE, command, environment, write_tree

ESTATE = REPOSITORY / "fixtures" / "ehr-saas" / "flawed"


def kept(directory: Path | str, **more: str) -> dict[str, str]:
    """An environment with a cache."""
    return environment(PHIWARD_NO_CACHE="", PHIWARD_CACHE_DIR=str(directory), PYTHONPROFILEIMPORTTIME="1", **more)


def run(cwd: Path, env: dict[str, str], *arguments: object) -> tuple[int, str, bool]:
    """The status and output of a run, and whether it scanned; what it says beside that is nothing."""
    done = subprocess.run(command(*arguments), cwd=cwd, env=env, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert said == [], said
    return done.returncode, done.stdout, "phiward.pipeline\n" in done.stderr


@pytest.fixture(scope="module")
def estate(tmp_path_factory) -> Path:
    """The flawed estate, with an exception, a hole, something undecided and a plan's absence."""
    top = tmp_path_factory.mktemp("estate") / "repository"
    shutil.copytree(ESTATE, top / "live")
    (top / ".git").mkdir()
    more = (
        "# phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- empty until the migration\n"
        'resource "aws_ebs_volume" "waived" {\n  encrypted = false\n}\n'
        'variable "unk" {}\nresource "aws_ebs_volume" "unknown" {\n  encrypted = var.unk\n}\n'
    )
    return write_tree(top, {"live/more.tf": more, "broken/main.tf": 'resource "x" {\n'})


@pytest.mark.parametrize("options", [(), ("--verbose",), ("--allow-incomplete", "--unknown", "fail"), ("--changed",)])
def test_every_format_of_a_remembered_scan_is_that_of_a_scan(estate, tmp_path, options):
    scanned = []
    for turn, more in enumerate(((), (), ("--no-cache",))):
        pairs = [part for f in FORMATS for part in ("--format", f, "--output", tmp_path / f"{f}{turn}")]
        path = "live/more.tf" if "--changed" in options else "."
        scanned.append(run(estate, kept(tmp_path / "cache"), "scan", path, *pairs, *options, *more))
    assert [afresh for _, _, afresh in scanned] == [True, False, True]
    assert len({status for status, _, _ in scanned}) == 1
    for name in FORMATS:
        first, *others = [(tmp_path / f"{name}{turn}").read_bytes() for turn in range(3)]
        assert others == [first, first]
        assert len(first) > 1_000


def test_formats_and_verbosity_share_an_entry(estate, tmp_path):
    assert run(estate, kept(tmp_path), "scan", ".")[2]
    for options in (("--format", "sarif"), ("--format", "junit"), ("--verbose",), ("--format", "json")):
        plain = run(estate, environment(), "scan", ".", *options)
        remembered = run(estate, kept(tmp_path), "scan", ".", *options)
        assert plain[:2] == remembered[:2]
        assert not remembered[2]
    assert len(list(tmp_path.iterdir())) == 1


def test_it_can_be_switched_off(tmp_path):
    write_tree(tmp_path / "tree", {"main.tf": STORE})
    run(tmp_path / "tree", kept(tmp_path / "cache"), "scan", "--no-cache")
    run(tmp_path / "tree", kept(tmp_path / "cache") | {"PHIWARD_NO_CACHE": "1"}, "scan")
    assert not (tmp_path / "cache").exists()
    run(tmp_path / "tree", kept(tmp_path / "cache"), "scan")
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert run(tmp_path / "tree", kept(tmp_path / "cache"), "scan", "--no-cache")[2]


def test_it_stands_where_the_platform_keeps_caches(tmp_path):
    write_tree(tmp_path / "tree", {"main.tf": STORE})
    env = {**kept(""), "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "xdg")}
    run(tmp_path / "tree", env, "scan")
    assert [path.suffix for path in (tmp_path / "xdg" / "phiward").iterdir()] == [".scan"]
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null", "", "relative", None])
def test_a_home_that_is_missing_or_cannot_be_written_is_silently_fine(tmp_path, home):
    write_tree(tmp_path / "tree", {"main.tf": STORE})
    env = kept("")
    del env["HOME"]
    if home is not None:
        env["HOME"] = home
    plain = run(tmp_path / "tree", environment(), "scan")
    assert [run(tmp_path / "tree", env, "scan")[:2] for _ in range(2)] == [plain[:2]] * 2
    assert {path.name for path in (tmp_path / "tree").iterdir()} == {"main.tf"}


def test_runs_at_the_same_time_agree(estate, tmp_path):
    for turn in range(2):
        started = [
            subprocess.Popen(command("scan", "."), cwd=estate, env=kept(tmp_path), stdout=-1, stderr=-1, text=True)
            for _ in range(4)
        ]
        outputs = {process.communicate()[0] for process in started}
        assert len(outputs) == 1
        assert {process.returncode for process in started} == {4}
        assert len(list(tmp_path.iterdir())) == 1, turn


def test_what_needs_no_cache_loads_none(tmp_path):
    for arguments in (("--version",), ("--help",), ("scan", "--help"), ("rules", "list")):
        done = subprocess.run(command(*arguments), cwd=tmp_path, env=kept(tmp_path), capture_output=True, text=True)
        assert done.returncode == 0
        assert "phiward.cli" in done.stderr
        assert "phiward.cache" not in done.stderr
