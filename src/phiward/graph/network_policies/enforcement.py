"""Whether network policies are enforced at all: Cilium can be told to leave them alone.

Source: docs.cilium.io, "Policy Enforcement Modes" (`enable-policy: never` enforces none), "Creating Policies from
Verdicts" (with `policy-audit-mode` what is not allowed is recorded and let through) and "Per-node configuration" (a
CiliumNodeConfig goes before the ConfigMap cilium-config, on the nodes that it selects).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phiward.graph.reading import inner
from phiward.graph.truth import why
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

CONFIG_MAP, CONFIG = "ConfigMap", "cilium-config"
NODE_CONFIG = "cilium.io/CiliumNodeConfig"
SAYS = "Cilium enforces no network policy"
_SETTINGS = (("enable-policy", "never", "default"), ("policy-audit-mode", "true", "false"))
"""Each with the value that switches policies off, and one that does not."""


@dataclass(frozen=True, slots=True)
class Unenforced:
    """The setting by which policies are enforced nowhere, or, with a doubt, perhaps not everywhere."""

    view: View
    at: AttributePath
    value: Value
    expected: str
    doubt: Unknown | None

    @property
    def what(self) -> str:
        return f"{self.at[-1]} of {self.view.resource.address}"


def unenforced(cluster: Cluster) -> Unenforced | None:
    """What leaves policies alone; None where nothing that was scanned does."""
    whole = [(view, ("data",)) for view in cluster.of(CONFIG_MAP) if view.name == CONFIG]
    found: list[Unenforced] = []
    for view, place in whole:
        found += _settings(view, place, None)
    for view in cluster.of(NODE_CONFIG):
        doubt = Unknown(f"{view.resource.address} has some nodes enforce no network policy")
        found += _settings(view, ("spec", "defaults"), doubt)
    return min(found, key=lambda each: (each.doubt is not None, each.what), default=None)


def _settings(view: View, place: AttributePath, doubt: Unknown | None) -> list[Unenforced]:
    found = []
    for key, off, on in _SETTINGS:
        value = inner(view.resource.attributes, *map(str, place), key)
        if undecided(value):
            found.append(Unenforced(view, (*place, key), value, on, why(value)))
        elif str(value).lower() == off:
            found.append(Unenforced(view, (*place, key), value, on, doubt))
    return found
