"""Shared by every test: a scan in this process, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from phiward.model.finding import Report
from phiward.pack import Pack, load_pack
from phiward.pipeline import scan
from phiward.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 22)
ScanText = Callable[..., Report]


@pytest.fixture
def scan_files(tmp_path: Path) -> Callable[..., Report]:
    """Write files below a fresh directory and scan it: `scan_files({"main.tf": "..."}, rules=("id",))`."""

    def run(files: dict[str, str], path: str = "", **settings: object) -> Report:
        for name, text in files.items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return scan(Settings(paths=(tmp_path / path,), today=TODAY, **settings))  # type: ignore[arg-type]

    return run


@pytest.fixture
def phiward(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The real command line in a scrubbed environment, without a cache; the working directory is the test's own."""

    def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "VIRTUAL_ENV", "PYTHONPATH")}
        return subprocess.run(
            [sys.executable, "-m", "phiward", *map(str, arguments)],
            cwd=cwd or tmp_path,
            env={**kept, "SOURCE_DATE_EPOCH": "1795305600", "PYTHONUTF8": "1", "PHIWARD_NO_CACHE": "1", **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The bundled pack, compiled once for all tests of a process."""
    return load_pack()


@pytest.fixture(autouse=True)
def _one_pack(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phiward.engine.packs.load_pack", lambda: pack)
