"""Binary plans, shown by the Terraform that wrote them."""

from __future__ import annotations

import os
from pathlib import Path

from phiward.loaders.programs import OFFLINE, Limits, find, run
from phiward.loaders.tree import Tree
from phiward.outside import MAX_BYTES

_TIMEOUT = 120
_KEPT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TF_WORKSPACE")


def is_plan(data: bytes) -> bool:
    """Whether a zip file's content is a plan: Terraform keeps the changes in a member of that name."""
    from io import BytesIO
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(BytesIO(data)) as archive:
            return "tfplan" in archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def show(path: Path, tree: Tree) -> bytes | str:
    """What `terraform show -json` prints of a plan file; a text that says why there is none.

    Terraform is run in the plan's directory, for it needs the providers that were installed there: they are executed,
    as they were when the plan was made. It is given no way to the network and no arguments from the environment.
    """
    program = find(tree, "terraform", "tofu")
    if program is None:
        return "it is a binary plan, and there is no terraform here to show it"
    environment = {name: value for name, value in os.environ.items() if name in _KEPT}
    environment |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    environment |= {**OFFLINE, "NO_PROXY": "localhost,127.0.0.1"}  # Terraform talks to its providers there
    command = [str(program), "show", "-json", "-no-color", f"./{path.name}"]
    done = run(command, path.parent, environment, Limits(_TIMEOUT, output=MAX_BYTES))
    if isinstance(done, str):
        return f"it is a binary plan, and `terraform show` {done}"
    if done.status != 0:
        return f"it is a binary plan that terraform cannot show here: {_first_error(done.errors)}"
    return done.output


def _first_error(errors: str) -> str:
    lines = [line.strip(" │╷╵\t") for line in errors.splitlines()]
    said = next((line for line in lines if line.startswith("Error:")), "it gave no reason")
    return "".join(c if c.isprintable() else " " for c in said)[:200]
