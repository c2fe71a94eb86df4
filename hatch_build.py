"""Build hook: compile the rule pack into the wheel, so that a start reads one JSON file instead of 200 YAML files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `phiward/_pack/pack.json` to a wheel; an editable install reads the checkout's `rules/` instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["force_include"].clear()
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from phiward.pack.compile import Compiler

        target = root / "build" / "pack.json"
        target.parent.mkdir(exist_ok=True)
        compiled = Compiler(root / "rules").compile()
        target.write_text(json.dumps(compiled, separators=(",", ":"), ensure_ascii=False, sort_keys=True))
        build_data["force_include"][str(target)] = "phiward/_pack/pack.json"
