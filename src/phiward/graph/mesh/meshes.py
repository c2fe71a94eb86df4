"""All meshes of a cluster, and what they come to for a workload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import NAMESPACE
from phiward.graph.mesh.access import Accesses
from phiward.graph.mesh.cilium import Cilium
from phiward.graph.mesh.consul import Consul
from phiward.graph.mesh.istio import Istio
from phiward.graph.mesh.linkerd import Linkerd
from phiward.graph.mesh.model import Answer, Inbound, every
from phiward.graph.mesh.workload import Workload
from phiward.graph.tenancy import identify_tenant
from phiward.model.value import Unknown

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces of Kubernetes itself, which no mesh takes in."""
_LABELLED = ("tag", "namespace_label")
"""Ways to tell a tenant that read labels."""
Mesh = Istio | Linkerd | Consul | Cilium


class Others(Mapping[str, str | Unknown]):
    """Namespaces with their tenants but for those of one tenant: kept once for all tenants, of whom there are many."""

    def __init__(self, tenants: Mapping[str, str | Unknown], tenant: str) -> None:
        self._tenants = tenants
        self._tenant = tenant

    def __getitem__(self, namespace: str) -> str | Unknown:
        found = self._tenants[namespace]
        if found == self._tenant:
            raise KeyError(namespace)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name, whose in self._tenants.items() if whose != self._tenant)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None


class Meshes:
    """What the meshes of one cluster do, worked out once for each workload."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._workloads = {id(view): Workload(view, cluster) for view in cluster.workloads}
        self._plaintext: dict[int, Answer] = {}
        self._guards: dict[int, tuple[Answer, Inbound, Accesses] | None] = {}

    @property
    def workloads(self) -> list[Workload]:
        """Everything that makes pods."""
        return list(self._workloads.values())

    def workload(self, view: View) -> Workload:
        """The workload of a view that makes pods."""
        return self._workloads[id(view)]

    @cached_property
    def istio(self) -> Istio:
        """Istio, whether it is in use or not."""
        return Istio(self._cluster)

    def others(self, tenant: str) -> Others:
        """The namespaces of other tenants, or of those who may be others, each with its tenant."""
        return Others(self._tenants, tenant)

    @cached_property
    def _tenants(self) -> dict[str, str | Unknown]:
        project = self._cluster.scope.project
        names = {*self._cluster.namespaces, *(workload.namespace for workload in self.workloads)} - {""}
        found: dict[str, str | Unknown] = {}
        for name in sorted(names):
            around = self._cluster.surroundings(name)
            tenant = identify_tenant(project, f"{NAMESPACE}//{name}", name, {}, around).tenant
            if (
                tenant is None
                and isinstance(around.labels, Unknown)
                and any(e.kind in _LABELLED for e in project.identify)
            ):
                tenant = around.labels
            if tenant is not None:
                found[name] = tenant
        return found

    def behind(self, service: View) -> list[Workload]:
        """The workloads that a Service sends to."""
        return self._behind.get(id(service), [])

    @cached_property
    def _behind(self) -> dict[int, list[Workload]]:
        found: dict[int, list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            for service in workload.services:
                found[id(service)].append(workload)
        return found

    @cached_property
    def present(self) -> list[Mesh]:
        """The meshes of which anything that was scanned speaks."""
        known: list[Mesh] = [self.istio, Linkerd(self._cluster), Consul(self._cluster), Cilium(self._cluster)]
        return [mesh for mesh in known if mesh.appears(self.workloads)]

    def subject(self, view: View) -> Workload | None:
        """The workload of a view; None where no mesh is in use, or where it is not for a mesh to guard it.

        What belongs to a mesh or to Kubernetes itself is not, nor are tasks that nobody calls.
        """
        workload = self._workloads.get(id(view))
        if workload is None or not self.present or workload.namespace in SYSTEM_NAMESPACES:
            return None
        if any(mesh.is_part(workload) for mesh in self.present) or (workload.is_task and not workload.serves):
            return None
        return workload

    def refuses_plaintext(self, workload: Workload) -> Answer:
        """Whether one of the meshes lets nothing to the pods that is not mutually authenticated and encrypted."""
        found = self._plaintext.get(id(workload))
        if found is None:
            found = self._plaintext[id(workload)] = _best(
                [mesh.refuses_plaintext(workload) for mesh in self.present], self._members(workload)
            )
        return found

    def _members(self, workload: Workload) -> list[Answer]:
        return [mesh.member(workload) for mesh in self.present]

    def guard(self, workload: Workload) -> tuple[Answer, Inbound, Accesses] | None:
        """The mesh whose proxy stands before the pods, or may; None where there is none.

        Whether there is a proxy and all that comes is TCP, which ports pass it, and whom it lets in there.
        """
        if id(workload) not in self._guards:
            self._guards[id(workload)] = self._guard(workload)
        return self._guards[id(workload)]

    def _guard(self, workload: Workload) -> tuple[Answer, Inbound, Accesses] | None:
        for mesh, member in sorted(
            zip(self.present, self._members(workload), strict=True), key=lambda each: _rank(each[1])
        ):
            if member.truth is False or isinstance(mesh, Cilium):
                continue
            return every([member, workload.datagrams]), mesh.captured(workload), mesh.accesses(workload)
        return None


def _best(answers: list[Answer], members: list[Answer]) -> Answer:
    """The answer that is true, else one that is not known; of false ones that of the mesh that the pods are in."""
    for answer in answers:
        if answer.truth is True:
            return answer
    for answer in answers:
        if isinstance(answer.truth, Unknown):
            return answer
    return min(zip(answers, members, strict=True), key=lambda each: _rank(each[1]))[0]


def _rank(member: Answer) -> int:
    return 0 if member.truth is True else 2 if member.truth is False else 1
