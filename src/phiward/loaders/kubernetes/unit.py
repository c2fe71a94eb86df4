"""What is applied to a cluster in one step."""

from __future__ import annotations

from phiward.loaders.kubernetes.manifest import Manifest
from phiward.model.finding import Diagnostic
from phiward.model.resource import Hole
from phiward.record import dataclass, field


@dataclass(slots=True, eq=False)
class Unit:
    """A file as it stands, a kustomization, or a release of a chart.

    `path` is repository-relative, and so is `directory`, where it stands among the others. `problems` say what of it
    could not be read; `holes` what it may bring besides that only the cluster decides.
    """

    path: str
    directory: str
    judged: bool
    apart: bool = False
    """Whether it lies beside a kustomization that does not name it: nothing tells to what it is applied, if at all."""
    manifests: list[Manifest] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
