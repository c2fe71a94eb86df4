"""Build hook: compile the rule pack into the wheel, so that a start reads one file instead of 200 YAML files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `phiward/_pack/pack.jsonl` to a wheel; an editable install reads the checkout's `rules/` instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["force_include"].clear()
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from phiward.pack.compile import Compiler
        from phiward.pack.stored import write

        target = root / "build" / "pack.jsonl"
        target.parent.mkdir(exist_ok=True)
        compiled = Compiler(root / "rules").compile()
        target.write_text(write(compiled), encoding="ascii")
        build_data["force_include"][str(target)] = "phiward/_pack/pack.jsonl"
