"""Binary plans, shown by the Terraform that wrote them."""

from __future__ import annotations

import os
from pathlib import Path

_TIMEOUT = 120
_KEPT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TF_WORKSPACE")
_NOWHERE = "http://127.0.0.1:9"


def is_plan(data: bytes) -> bool:
    """Whether a zip file's content is a plan: Terraform keeps the changes in a member of that name."""
    from io import BytesIO
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(BytesIO(data)) as archive:
            return "tfplan" in archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def show(path: Path) -> bytes | str:
    """What `terraform show -json` prints of a plan file; a text that says why there is none.

    Terraform is run in the plan's directory, for it needs the providers that were installed there: they are executed,
    as they were when the plan was made. It is given no way to the network and no arguments from the environment.
    """
    import shutil
    import subprocess

    program = shutil.which("terraform") or shutil.which("tofu")
    if program is None:
        return "it is a binary plan, and there is no terraform here to show it"
    environment = {name: value for name, value in os.environ.items() if name in _KEPT}
    environment |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    environment |= {"HTTP_PROXY": _NOWHERE, "HTTPS_PROXY": _NOWHERE, "NO_PROXY": "localhost,127.0.0.1"}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own terraform, on a file that the user named
            [program, "show", "-json", "-no-color", f"./{path.name}"],
            cwd=path.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it is a binary plan, and `terraform show` did not end within {_TIMEOUT} seconds"
    except OSError as error:
        return f"it is a binary plan, and terraform cannot be run: {error.strerror}"
    if done.returncode != 0:
        return f"it is a binary plan that terraform cannot show here: {_first_error(done.stderr)}"
    return done.stdout


def _first_error(stderr: bytes) -> str:
    lines = [line.strip(" │╷╵\t") for line in stderr.decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if line.startswith("Error:")]
    return "".join(c if c.isprintable() else " " for c in (errors or ["it gave no reason"])[0])[:200]
