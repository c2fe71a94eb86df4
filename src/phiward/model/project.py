"""What a team says about its estate in `phiward.yaml`."""

from __future__ import annotations

from collections.abc import Mapping

from phiward.model.value import Value
from phiward.record import dataclass, field


@dataclass(frozen=True, slots=True)
class Identify:
    """One way to tell a resource's tenant. `kind`: tag, instance_key, name or namespace_label."""

    kind: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Project:
    """The settings file that applies to a scope, or the defaults where there is none.

    `path` is repository-relative, empty for the defaults. `complete_roots` are relative to the file's directory.
    """

    path: str = ""
    directory: str = ""
    identify: tuple[Identify, ...] = (Identify("tag", "tenant"),)
    tiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tenants: Mapping[str, str] = field(default_factory=dict)
    default_class: str = "phi"
    class_tag: str = "data-class"
    profile: str = "hipaa"
    parameters: Mapping[str, Value] = field(default_factory=dict)
    complete_roots: tuple[str, ...] = ()

    def is_complete(self, root: str) -> bool:
        """Whether the file says that a root, by its repository-relative path, declares its whole account and region."""
        base = self.directory.rstrip("/")
        for entry in self.complete_roots:
            parts = [p for p in f"{base}/{entry}".split("/") if p not in ("", ".")]
            if "/".join(parts) == root.strip("/").removeprefix("./") or (not parts and root in ("", ".")):
                return True
        return False
