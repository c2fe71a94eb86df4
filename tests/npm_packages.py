"""Packages of npm that the tests use: exactly what a lock file pins, by its digests; no script of a package is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def install(source: Path, target: Path) -> None:
    """Install what the lock file of a folder pins into another folder, whole or not at all."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm fetches it, and is not here")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder, "draft")
        draft.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, draft / name)
        command = [npm, "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=draft, check=True, stdout=sys.stderr)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
