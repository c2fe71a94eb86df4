"""Istio: whether a workload refuses plaintext."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import labels_of
from phiward.graph.mesh.access import Accesses
from phiward.graph.mesh.istio_authorization import Authorizations
from phiward.graph.mesh.istio_capture import Captures
from phiward.graph.mesh.istio_config import IstioConfig
from phiward.graph.mesh.istio_destinations import Destinations
from phiward.graph.mesh.istio_peers import PeerAuthentications
from phiward.graph.mesh.istio_proxy import DATAPLANE, INJECT, LEGACY, PROXY, REVISION, TEMPLATES, Proxy, proxy_of
from phiward.graph.mesh.model import Answer, Inbound, doubted, every, of_ports, together
from phiward.graph.mesh.workload import Workload, bypassed, entry, repository

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster

_GROUPS = ("security.istio.io/", "networking.istio.io/", "install.istio.io/", "sailoperator.io/")
_MARKS = (INJECT, REVISION, DATAPLANE, LEGACY)
_COMPONENTS = ("/pilot", "/ztunnel", "/install-cni", "/operator")
"""How the images of Istio's own components end."""


class Istio:
    """Istio in one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.config = IstioConfig(cluster)
        self.peers = PeerAuthentications(self.config)
        self.captures = Captures(self.config)
        self.authorizations = Authorizations(self.config)
        self._proxies: dict[int, Proxy] = {}

    @cached_property
    def destinations(self) -> Destinations:
        """Its DestinationRules."""
        return Destinations(self)

    def appears(self, workloads: list[Workload]) -> bool:
        """Whether anything that was scanned speaks of it."""
        labels = (labels_of(view) for view in self.cluster.namespaces.values())
        return (
            self.config.installed
            or any(native.startswith(_GROUPS) for native in self.cluster.by_type)
            or any(isinstance(own, dict) and any(key in own for key in _MARKS) for own in labels)
            or any(_marked(workload) for workload in workloads)
        )

    def is_part(self, workload: Workload) -> bool:
        """Whether the pods belong to the mesh itself: a gateway, or a component in its root namespace.

        What a gateway takes in comes from outside of the mesh, and its own TLS settings decide there.
        """
        found = workload.container(PROXY)
        templates = entry(workload.annotations, TEMPLATES)
        if found and isinstance(templates, str) and "gateway" in templates.split(","):
            return True
        arguments = found[0].get("args") if found else None
        if isinstance(arguments, list) and ("router" in arguments or "ztunnel" in arguments):
            return True
        images = (repository(container.get("image")) for container, _ in workload.containers())
        known = entry(workload.labels, "app") == "istiod" or any(image.endswith(_COMPONENTS) for image in images)
        return known and workload.namespace in (self.config.root, "")

    def proxy(self, workload: Workload) -> Proxy:
        """The proxy before a workload's pods."""
        found = self._proxies.get(id(workload))
        if found is None:
            found = self._proxies[id(workload)] = proxy_of(workload, self.config)
        return found

    def member(self, workload: Workload) -> Answer:
        """Whether a proxy of the mesh stands before the pods."""
        return self.proxy(workload).answer

    def refuses_plaintext(self, workload: Workload) -> Answer:
        """Whether every connection has to be mutually authenticated: proxy, capture and policy together."""
        proxy = self.proxy(workload)
        if proxy.answer.truth is False:
            return proxy.answer
        captured = self.captured(workload)
        reached = of_ports(together(captured, self.peers.inbound(workload)), workload.serving)
        answer = every([proxy.answer, reached, workload.datagrams])
        return answer if bypassed(captured, workload) else doubted(answer, self.cluster.hole)

    def accesses(self, workload: Workload) -> Accesses:
        """Whom a workload lets in, on all of its ports."""
        enforced = self.refuses_plaintext(workload).truth
        return self.authorizations.accesses(workload, enforced=enforced)

    def captured(self, workload: Workload) -> Inbound:
        """Whether connections to each port pass the proxy."""
        return self.captures.inbound(workload, self.proxy(workload).mode)


def _marked(workload: Workload) -> bool:
    own = isinstance(workload.labels, dict) and any(key in workload.labels for key in _MARKS)
    return own or workload.container(PROXY) is not None
