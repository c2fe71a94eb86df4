"""Which mutual TLS mode Istio's PeerAuthentication policies set for a workload, and for each of its ports.

Source: istio.io, concepts "Security": policies of the workload go before those of its namespace, and these before
those of the mesh; UNSET takes over from above, and PERMISSIVE is what the mesh has where nothing says otherwise; of
several policies of one level the oldest one holds; policies for the mesh stand in the root namespace without a
selector, and those with one are ignored there; modes of single ports count only beside a selector.
"""

from __future__ import annotations

from collections import defaultdict

from phiward.graph.cluster import namespace_of
from phiward.graph.mesh.istio_config import IstioConfig
from phiward.graph.mesh.model import Answer, Inbound, Step, agreed
from phiward.graph.mesh.oldest import oldest
from phiward.graph.mesh.workload import Workload
from phiward.graph.reading import inner
from phiward.graph.selectors import Selectors
from phiward.graph.truth import why
from phiward.graph.view import View
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided

PEER_AUTHENTICATION = "security.istio.io/PeerAuthentication"
STRICT, UNSET = "STRICT", "UNSET"
_OPEN = {"PERMISSIVE": "allows plaintext", "DISABLE": "switches mutual TLS off"}
_DOUBT = "several policies of one level apply, and the oldest one, which manifests do not show, holds"


class PeerAuthentications:
    """The policies of one cluster."""

    def __init__(self, config: IstioConfig) -> None:
        self._config = config
        self._whole: dict[str, list[View]] = defaultdict(list)
        self._selecting: Selectors[View] = Selectors()
        for view in config.cluster.of(PEER_AUTHENTICATION):
            selector = inner(view.resource.attributes, "spec", "selector", "matchLabels")
            namespace = namespace_of(view)
            if not selector:
                self._whole[namespace].append(view)
            elif namespace != config.root:
                self._selecting.add(namespace, {"matchLabels": selector}, view)

    def inbound(self, workload: Workload) -> Inbound:
        """Whether plaintext is refused: on ports of which a policy speaks, and on all others."""
        chosen = list(self._selecting.of(workload.namespace, workload.labels))
        if not chosen:
            return Inbound(agreed(self._of_namespace(workload), _DOUBT), {})
        certain = [view for view, answer in chosen if answer is True]
        doubtful = [answer for _, answer in chosen if answer is not True]
        options = [self._of_policy(view, workload) for view in oldest([view for view, _ in chosen])]
        if not certain:
            options += [(answer, {}) for answer in self._of_namespace(workload)]
        reason = min((doubt.reason for doubt in doubtful if isinstance(doubt, Unknown)), default=_DOUBT)
        numbers = sorted({number for _, ports in options for number in ports})
        ports = {n: agreed([own.get(n, default) for default, own in options], reason) for n in numbers}
        return Inbound(agreed([default for default, _ in options], reason), ports)

    def _of_policy(self, view: View, workload: Workload) -> tuple[Answer, dict[int, Answer]]:
        """What a policy of the workload says, where it is the one that holds."""
        inherited = agreed(self._of_namespace(workload), _DOUBT)
        default = self._mode(view, ("spec", "mtls", "mode"), "of the workload", inherited)
        listed = view.get("spec.portLevelMtls")
        if undecided(listed):
            return Answer(why(listed)), {}
        ports: dict[int, Answer] = {}
        for port in listed if isinstance(listed, dict) else ():
            at = ("spec", "portLevelMtls", port, "mode")
            own = self._mode(view, at, f"of port {port} of the workload", default, f" on port {port}")
            ports[int(port) if str(port).isascii() and str(port).isdigit() else 0] = own
        return default, ports

    def _of_namespace(self, workload: Workload) -> list[Answer]:
        """What may hold where no policy of the workload does."""
        own = oldest(self._whole[workload.namespace]) if workload.namespace != self._config.root else []
        if not own:
            return self._of_mesh(workload)
        mesh = agreed(self._of_mesh(workload), _DOUBT)
        return [self._mode(view, ("spec", "mtls", "mode"), "of the namespace", mesh) for view in own]

    def _of_mesh(self, workload: Workload) -> list[Answer]:
        root = self._config.root
        step = workload.step(f"PeerAuthentication of the mesh (namespace {root})", None, STRICT)
        default = Answer(
            False, "no PeerAuthentication sets a mode, and Istio's default PERMISSIVE allows plaintext", (step,)
        )
        if self._config.root_doubt:
            return [Answer(self._config.root_doubt, "", (step,))]
        found = oldest(self._whole[root])
        if found:
            return [self._mode(view, ("spec", "mtls", "mode"), "of the mesh", default) for view in found]
        if self._config.root_seen:
            return [default]
        reason = f"the mesh-wide PeerAuthentication (namespace {root}) is not in what was scanned"
        hint = f"scan what is applied to {root} too, or set a mode for the namespace"
        return [Answer(Unknown(reason, hint), "", (Step(step.what, Unknown(reason, hint), STRICT, step.resource),))]

    @staticmethod
    def _mode(view: View, at: AttributePath, level: str, inherited: Answer, place: str = "") -> Answer:
        mode: Value = inner(view.resource.attributes, *map(str, at))
        what = f"{view.resource.address}, the policy {level}"
        if mode in (None, UNSET):
            return inherited.after(Step(what, UNSET, STRICT, view.resource, at))
        step = Step(what, mode, STRICT, view.resource, at)
        if isinstance(mode, str) and (mode == STRICT or mode in _OPEN):
            says = f"{view.resource.address} {_OPEN.get(mode, '')}{place} ({mode})"
            return Answer(mode == STRICT, says, (step,))
        return Answer(why(mode) if undecided(mode) else Unknown(f"{mode!r} is no mode of mutual TLS"), "", (step,))
