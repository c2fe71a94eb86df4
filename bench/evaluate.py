"""Terraform read and every attribute of every resource evaluated, nothing judged: `evaluate.py DIRECTORY`.

`run.py` starts it in the environment of the wheel, as it starts tfparse in its own.
"""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime
from pathlib import Path

from phiward.loaders.terraform.loader import load
from phiward.loaders.tree import Tree
from phiward.settings import Settings

if __name__ == "__main__":
    gc.disable()  # as phiward's own command does
    sys.setrecursionlimit(20_000)
    directory = Path(sys.argv[1]).resolve()
    tree = Tree.around((directory,))
    settings = Settings(paths=(directory,), today=datetime.now(UTC).date())
    loaded = load((directory,), tree, settings, lambda _: None)
    if tree.diagnostics:
        sys.exit(f"not read whole: {tree.diagnostics[0].message}")
    print(f"{len(loaded.resources)} resources and data sources")
