"""Linkerd: whether a workload refuses unauthenticated connections, and whom it lets in.

Sources: linkerd.io, features "Automatic Proxy Injection", "Authorization Policy" and "Automatic mTLS", reference
"Proxy Configuration": the pods' annotation `linkerd.io/inject` goes before their namespace's, and a value that is none
of the three means no injection; the default policy is the pods', else the namespace's, else the cluster's; ports and
networks that are skipped pass by the proxy.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import annotations_of
from phiward.graph.mesh.access import Access, Accesses, Grant, authenticated
from phiward.graph.mesh.embedded import embedded
from phiward.graph.mesh.linkerd_identity import of_identities
from phiward.graph.mesh.linkerd_servers import Servers, by_word
from phiward.graph.mesh.model import Answer, Inbound, Step, doubted, every, of_ports, together
from phiward.graph.mesh.workload import Workload, bypassed, entry, port_numbers, repository
from phiward.graph.network_policies.model import whole_range
from phiward.graph.reading import inner
from phiward.graph.truth import why
from phiward.model.value import Unknown, Value, undecided
from phiward.record import replace

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

CONFIG_MAP = "ConfigMap"
INJECT = "linkerd.io/inject"
DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy"
SKIP = "config.linkerd.io/skip-inbound-ports"
SUBNETS = "config.linkerd.io/skip-subnets"
IDENTITY_PORTS = "config.linkerd.io/proxy-require-identity-inbound-ports"
WEBHOOKS = "config.linkerd.io/admission-webhooks"
COMPONENT = "linkerd.io/control-plane-component"
PROXY = "linkerd-proxy"
NEVER_INJECTED = frozenset({"kube-system", "cert-manager"})
_KEYS = ("linkerd.io/", "config.linkerd.io/")
_REDIRECTING = ("linkerd-init", "linkerd-network-validator")
"""Init containers that send connections to the proxy, or that make sure that the network's plugin does."""
_WAYS = ("enabled", "ingress", "disabled")
_SKIPPED = "4567,4568"
"""Ports that an installation skips unless it is told otherwise: those of Galera."""
_DOUBT = "several Servers select the port, and the oldest one, which manifests do not show, holds"


class Linkerd:
    """Linkerd in one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.servers = Servers(cluster)

    def appears(self, workloads: list[Workload]) -> bool:
        """Whether anything that was scanned speaks of it."""
        annotations = [annotations_of(view) for view in self.cluster.namespaces.values()]
        annotations += [workload.annotations for workload in workloads]
        return (
            self._install is not None
            or any(native.startswith("policy.linkerd.io/") for native in self.cluster.by_type)
            or any(isinstance(own, dict) and any(key.startswith(_KEYS) for key in own) for own in annotations)
            or any(workload.container(PROXY) for workload in workloads)
        )

    def is_part(self, workload: Workload) -> bool:
        """Whether the pods are of its control plane, or of an ingress, which takes in what comes from outside."""
        if self._setting(workload, INJECT)[0] == "ingress":
            return True
        images = (repository(container.get("image")) for container, _ in workload.containers())
        return entry(workload.labels, COMPONENT) is not None and any("linkerd/" in image for image in images)

    @cached_property
    def _install(self) -> View | None:
        """What it was installed with, where that was scanned."""
        return next((view for view in self.cluster.of(CONFIG_MAP) if view.name == "linkerd-config"), None)

    @cached_property
    def _values(self) -> dict[str, Value] | Unknown:
        return embedded(self._install.get("data.values")) if self._install else {}

    @staticmethod
    def _setting(workload: Workload, key: str, expected: Value = None) -> tuple[Value, Step]:
        """An annotation of the pods, else of their namespace."""
        own = entry(workload.annotations, key)
        if own is not None:
            return own, workload.annotation_step(key, expected)
        return entry(workload.namespace_annotations, key), workload.namespace_step(key, expected, "annotations")

    # -- the proxy

    def member(self, workload: Workload) -> Answer:
        """Whether a proxy of the mesh stands before the pods."""
        if isinstance(workload.spec_doubt, Unknown):
            return Answer(workload.spec_doubt)
        written = workload.proxy(PROXY, "proxy", _REDIRECTING)
        if written:
            return written
        if workload.host_network is not False:
            truth = workload.host_network if isinstance(workload.host_network, Unknown) else False
            step = workload.step("hostNetwork of the pods", workload.host_network, False, "spec", "hostNetwork")
            return Answer(truth, "its pods are on the network of their node, where no proxy is injected", (step,))
        if workload.is_running or workload.namespace in NEVER_INJECTED:
            step = workload.step(f"container {PROXY}", "not there", "there", "spec", "containers")
            return Answer(False, "no proxy of Linkerd stands before its pods", (step,))
        return self._asked_for(workload)

    def _asked_for(self, workload: Workload) -> Answer:
        """What the annotations of the pods and of their namespace come to."""
        own, around = entry(workload.annotations, INJECT), entry(workload.namespace_annotations, INJECT)
        value, step = self._setting(workload, INJECT, "enabled")
        if own == "disabled" or (own is not None and not isinstance(own, Unknown) and own not in _WAYS):
            return Answer(False, f"its pods say {INJECT}: {own}", (step,))
        if around is not None and not isinstance(around, Unknown) and around not in _WAYS:
            why = f"{around!r} is no way to inject, and nothing is injected in its namespace"
            return Answer(False, why, (workload.namespace_step(INJECT, "enabled", "annotations"),))
        if entry(workload.namespace_labels, WEBHOOKS) == "disabled":
            step = workload.namespace_step(WEBHOOKS, None)
            return Answer(False, "its namespace is closed to the injector", (step,))
        if isinstance(value, Unknown):
            return Answer(value, "", (step,))
        injected = value in ("enabled", "ingress")
        return Answer(injected, "neither its pods nor their namespace ask for a proxy of Linkerd", (step,))

    # -- whom it lets in

    def accesses(self, workload: Workload) -> Accesses:
        """Whom each port lets in that is not skipped."""
        default = self._default(workload)
        numbers, step = self._identity_ports(workload)
        ports: dict[int, list[Access]] = {number: [_of_the_mesh(default, step)] for number in numbers}
        return Accesses(default, {**ports, **self.servers.ports(workload, default)}, _DOUBT)

    def _default(self, workload: Workload) -> Access:
        value, step = self._setting(workload, DEFAULT_POLICY, "deny")
        if value is not None:
            return by_word(value, step)
        installed = self._install
        if installed is None:
            doubt = Unknown(
                "the default policy of Linkerd's installation is not in what was scanned",
                f"write {DEFAULT_POLICY} at the namespace, or scan the ConfigMap linkerd-config too",
            )
            return Access((), (Step("default inbound policy of the cluster", doubt, "deny", step.resource),), doubt)
        value = inner(self._values, "proxy", "defaultInboundPolicy") or "all-unauthenticated"
        place = ("data", "values")
        return by_word(value, Step("default inbound policy of the cluster", value, "deny", installed.resource, place))

    def _identity_ports(self, workload: Workload) -> tuple[list[int], Step]:
        """Ports that ask for an identity where the default policy does not."""
        value, step = self._setting(workload, IDENTITY_PORTS)
        numbers = port_numbers(value or "")
        return [] if isinstance(numbers, Unknown) else numbers, step

    def _skipped(self, workload: Workload) -> dict[int, Answer]:
        """Ports that pass by the proxy; those that installations skip by themselves only where something is there."""
        value, step = self._setting(workload, SKIP)
        written = value is not None
        if not written:
            value = inner(self._values, "proxyInit", "ignoreInboundPorts")
            value = _SKIPPED if value is None else value
            step = Step("ports that the installation skips", value, None, step.resource)
        numbers = port_numbers(value)
        if isinstance(numbers, Unknown):
            return {0: Answer(numbers, "", (step,))} if written else {}
        left = numbers if written else [number for number in numbers if number in workload.serving]
        return {n: Answer(False, f"connections to port {n} pass by the proxy ({step.what})", (step,)) for n in left}

    def refuses_plaintext(self, workload: Workload) -> Answer:
        """Whether every connection needs the identity of a meshed client: proxy, skipped ports and policies."""
        member = self.member(workload)
        if member.truth is False:
            return member
        captured = self.captured(workload)
        inbound = together(captured, self.accesses(workload).inbound(authenticated))
        answer = every([member, of_ports(inbound, workload.serving), workload.datagrams])
        return answer if bypassed(captured, workload) else doubted(answer, self.cluster.hole)

    def captured(self, workload: Workload) -> Inbound:
        """Whether connections to each port pass the proxy."""
        return Inbound(self._from_everywhere(workload), self._skipped(workload))

    def _from_everywhere(self, workload: Workload) -> Answer:
        """Whether they pass it from wherever they come: networks can be skipped as ports can."""
        value, step = self._setting(workload, SUBNETS)
        if value is None:
            value = inner(self._values, "proxyInit", "skipSubnets")
            step = replace(step, what="networks that the installation skips", observed=value)
        if not value:
            return Answer()
        wide = not isinstance(value, Unknown) and any(whole_range(part.strip()) for part in str(value).split(","))
        doubt = why(value) if undecided(value) else Unknown(f"connections from {value} pass by the proxy ({step.what})")
        return Answer(False if wide else doubt, f"connections from everywhere pass by the proxy ({step.what})", (step,))


def _of_the_mesh(default: Access, step: Step) -> Access:
    """Whom a port lets in that asks for an identity, whatever the default policy says."""
    if default.doubt:
        return Access((Grant(step, default.doubt, lambda _: default.doubt or False, alike=True),), default.steps)
    return Access(tuple(of_identities(step, ["*"]) for _ in default.grants), default.steps)
