"""What AWS's own managed policies allow, as they were on a day: what SecurityAudit has, and who reads stored data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phiward.graph.policy import glob_covers
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Managed:
    """`reads_data` names, by policy, what of `DATA_READS` it allows; `*` is all of it."""

    version: str
    updated: str
    actions: tuple[str, ...]
    restricted: Mapping[str, tuple[str, ...]]
    """Actions that SecurityAudit allows on some ARNs only."""
    reads_data: Mapping[str, tuple[str, ...]]

    def covers(self, action: str, arns: tuple[str, ...]) -> bool:
        """Whether SecurityAudit allows an action, on all of the ARNs that it is asked on."""
        if any(glob_covers(pattern.lower(), action.lower()) for pattern in self.actions):
            return True
        held = self.restricted.get(action, ())
        return bool(arns) and all(any(glob_covers(pattern, arn) for pattern in held) for arn in arns)


def load_managed(directory: Path) -> Managed:
    """The copy that a pack directory has."""
    content: dict[str, Any] = json.loads((directory / "collectors" / "managed-policies.json").read_text())
    audit = content["security_audit"]
    return Managed(
        audit["version"],
        audit["updated"],
        tuple(audit["actions"]),
        {action: tuple(arns) for action, arns in audit["restricted"].items()},
        {name: tuple(read) for name, read in content["reads_data"].items()},
    )
