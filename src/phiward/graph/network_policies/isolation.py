"""Which policies isolate a workload's pods, and whose pods their entries let in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import POD, labels_of, namespace_of
from phiward.graph.network_policies import calico, cilium, kubernetes
from phiward.graph.network_policies.enforcement import Unenforced, unenforced
from phiward.graph.network_policies.model import INGRESS, Peer, Pod, Policy
from phiward.model.value import Unknown
from phiward.record import dataclass

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View


@dataclass(frozen=True, slots=True)
class Isolation:
    """The policies that put a pod into default deny in one direction, those that may, and why there may be others."""

    policies: tuple[Policy, ...]
    doubtful: tuple[tuple[Policy, Unknown], ...]
    hole: Unknown | None
    off: Unenforced | None = None
    """What has no policy enforced, so that none is among these."""

    @property
    def doubt(self) -> Unknown | None:
        """Why a pod that no policy selects may be isolated all the same."""
        return self.hole or next((why for _, why in self.doubtful), None)


class Policies:
    """The policies of one cluster, and what they say of a workload."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._by_namespace: dict[str | None, list[Policy]] = defaultdict(list)
        self._isolations: dict[tuple[int, str], Isolation] = {}
        self._admitted: dict[int, list[tuple[View, bool | Unknown]]] = {}
        for native, read in READERS.items():
            for view in cluster.of(native):
                here = None if "Clusterwide" in native or "Global" in native else namespace_of(view)
                self._by_namespace[here] += read(view)

    def of(self, view: View, direction: str) -> Isolation:
        """What isolates a workload's pods in one direction."""
        found = self._isolations.get((id(view), direction))
        if found is None:
            found = self._isolations[id(view), direction] = self.of_pod(pod_of(view, self.cluster), direction)
        return found

    def of_pod(self, pod: Pod, direction: str) -> Isolation:
        """What isolates a pod in one direction."""
        chosen: list[Policy] = []
        doubtful: list[tuple[Policy, Unknown]] = []
        for policy in (*self._by_namespace[pod.namespace], *self._by_namespace[None]):
            answer = policy.selects(pod) if direction in policy.peers else False
            if answer is True:
                chosen.append(policy)
            elif isinstance(answer, Unknown):
                doubtful.append((policy, answer))
        off = self.unenforced
        if off is not None and off.doubt is None:
            return Isolation((), (), None, off)
        if off is not None and off.doubt is not None:
            chosen, doubtful = [], [*((policy, off.doubt) for policy in chosen), *doubtful]
        isolated = any(direction not in policy.opens for policy in chosen)
        perhaps = isolated or any(direction not in policy.opens for policy, _ in doubtful)
        return Isolation(tuple(chosen) if isolated else (), tuple(doubtful) if perhaps else (), self.cluster.hole)

    @cached_property
    def unenforced(self) -> Unenforced | None:
        """What leaves the policies of the cluster alone."""
        return unenforced(self.cluster)

    def admitted(self, peer: Peer) -> list[tuple[View, bool | Unknown]]:
        """The tenants' workloads that an entry lets in, or may let in: one of each class, worked out once."""
        found = self._admitted.get(id(peer))
        if found is None:
            found = self._admitted[id(peer)] = list(self._let_in(peer))
        return found

    def _let_in(self, peer: Peer) -> Iterable[tuple[View, bool | Unknown]]:
        for namespace, members in self.tenants.items():
            labels = self.cluster.namespace_labels(namespace)
            if admits(peer, Pod(namespace, _ANY_LABELS, labels)) is False:
                continue  # whatever its labels are
            for view in members:
                answer = admits(peer, pod_of(view, self.cluster))
                if answer is not False:
                    yield view, answer

    @cached_property
    def owners(self) -> frozenset[str | Unknown | None]:
        """Every tenant that has workloads here."""
        return frozenset(view.tenancy.tenant for members in self.tenants.values() for view in members)

    @cached_property
    def tenants(self) -> dict[str, list[View]]:
        """Tenants' workloads by namespace, one of each set of labels: policies cannot tell more apart."""
        found: dict[str, dict[object, View]] = defaultdict(dict)
        for view in self.cluster.workloads:
            tenant = view.tenancy.tenant
            if tenant is not None:
                labels = labels_of(view, f"@{POD}.metadata")
                key = (tenant, labels if isinstance(labels, Unknown) else _frozen(labels.items()))
                found[namespace_of(view)].setdefault(key, view)
        return {namespace: list(views.values()) for namespace, views in found.items()}


_ANY_LABELS = Unknown("any labels")
READERS = {
    kubernetes.TYPE: kubernetes.read,
    **dict.fromkeys(cilium.TYPES, cilium.read),
    **dict.fromkeys(calico.TYPES, calico.read),
}


def pod_of(view: View, cluster: Cluster) -> Pod:
    """A workload's pods as selectors see them."""
    namespace = namespace_of(view)
    return Pod(namespace, labels_of(view, f"@{POD}.metadata"), cluster.namespace_labels(namespace))


def _frozen(pairs: Iterable[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, str(value)) for key, value in pairs))


def is_wide(peer: Peer, direction: str) -> bool:
    """Whether an entry takes in everybody: every address, or, of those who may connect, every pod."""
    return peer.open_to_world or (direction == INGRESS and peer.everywhere)


def admits(peer: Peer, pod: Pod) -> bool | Unknown:
    """Whether an entry of a policy takes in a pod."""
    if peer.doubt is not None:
        return peer.doubt
    if peer.anyone or peer.everywhere or peer.open_to_world:
        return True
    if peer.cidr:
        return Unknown(f"which pods have an address in {peer.cidr} is not known")
    return peer.pods(pod) if peer.pods else False
