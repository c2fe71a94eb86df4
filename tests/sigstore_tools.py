"""Sigstore's own verifier for the tests: `@sigstore/verify`, as the lock file beside its script pins it.

`python tests/sigstore_tools.py` fetches it with npm, once, into the user's cache; the tests look there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a script
from tests import npm_packages

SOURCE = Path(__file__).resolve().parent / "attest" / "sigstore_verifier"
VERSION = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))["dependencies"]["@sigstore/verify"]


def directory() -> Path:
    """Where the packages are, once they are fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "phiward-tests", f"sigstore-verify-{VERSION}")


def missing() -> str:
    """Why there is no verifier here; nothing where there is."""
    if shutil.which("node") and (directory() / "node_modules" / "@sigstore" / "verify").is_dir():
        return ""
    return "node with @sigstore/verify is not here (python tests/sigstore_tools.py fetches it)"


def ask(bundle: Path, **asked: Any) -> dict[str, Any]:
    """What it says of a bundle. `root` and `key` are paths; `options` and `policy` its own."""
    question = {name: str(value) if isinstance(value, Path) else value for name, value in asked.items()}
    done = subprocess.run(
        ["node", SOURCE / "verify.mjs", json.dumps({"bundle": str(bundle), **question})],
        env={"PATH": os.environ["PATH"], "VERIFIER_MODULES": str(directory())},
        capture_output=True,
        check=True,
        timeout=60,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def fetch() -> None:
    """Install exactly what the lock file pins."""
    if missing():
        npm_packages.install(SOURCE, directory())


if __name__ == "__main__":
    fetch()
    sys.stdout.write(f"{directory()}\n")
