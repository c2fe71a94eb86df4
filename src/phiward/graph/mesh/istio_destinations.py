"""How Istio's DestinationRules have clients talk to the services of the mesh.

Sources: istio.io, reference "Destination Rule" (a host without a dot is of the rule's own namespace, others are taken
as they stand; ports and subsets override the rule; ISTIO_MUTUAL uses the mesh's certificates, DISABLE none, SIMPLE
those of the server alone) and "Configuration Scoping": the client's namespace is asked first, then the service's, then
the root namespace; of several rules for one host in one namespace the oldest one's policy holds. Without TLS settings
clients use mutual TLS by themselves, unless `enableAutoMtls` is off; what is written for a port takes nothing over
from the rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import SERVICE, namespace_of
from phiward.graph.mesh.istio_identity import text_matches
from phiward.graph.mesh.oldest import oldest
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, any_of, flag, negate, why
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.mesh.istio import Istio
    from phiward.graph.view import View

DESTINATION_RULE = "networking.istio.io/DestinationRule"
SERVICE_ENTRY = "networking.istio.io/ServiceEntry"
_DOMAIN = ".svc.cluster.local"
_API_SERVER = f"kubernetes.default{_DOMAIN}"
_PLAIN = "DISABLE"
Setting = tuple[dict[str, Value], AttributePath]


class Destinations:
    """The DestinationRules of one cluster."""

    def __init__(self, istio: Istio) -> None:
        self._istio = istio
        self._cluster = istio.cluster
        self._rivals: dict[tuple[str, str], list[View]] = defaultdict(list)
        self._open: dict[str, Unknown] = {}
        for view in self._cluster.of(DESTINATION_RULE):
            if undecided(host := view.get("spec.host")):
                self._open[namespace_of(view)] = why(host)
            self._rivals[namespace_of(view), host_of(view)].append(view)

    def settings(self, view: View) -> list[Setting] | Unknown | None:
        """Each TLS setting towards a host of the mesh, and where it stands; None where the host is none of it."""
        host = view.get("spec.host")
        if undecided(host):
            return why(host)
        inside = self._in_mesh(host_of(view))
        if inside is not True or self._overruled(view):
            return inside if isinstance(inside, Unknown) else None
        rivals = self._rivals[namespace_of(view), host_of(view)]
        return [found for setting in _written(view) for found in self._effective(view, setting, oldest(rivals))]

    def _effective(self, view: View, setting: tuple[str, Value, AttributePath], first: list[View]) -> Iterator[Setting]:
        part, tls, at = setting
        if tls is None:
            by_themselves = self._istio.config.auto_mtls
            if by_themselves is True:
                return
            tls = by_themselves if isinstance(by_themselves, Unknown) else {}
        mode: Value = why(tls) if undecided(tls) else inner(tls, "mode") or _PLAIN
        doubt = self._open.get(namespace_of(view))
        if part == "every port" and doubt is not None:
            mode = doubt  # a rule of which the host is not known may be the older one
        if part == "every port" and view not in first:
            return  # an older rule for the host speaks for the ports
        if part == "every port" and len(first) > 1 and not undecided(mode) and not all(_says(v, mode) for v in first):
            mode = Unknown("several rules for the host differ, and the oldest one, which manifests do not show, holds")
        if mode in ("SIMPLE", "MUTUAL"):
            member = self._target(host_of(view))
            if member is False:
                return  # whatever answers there ends TLS itself
            mode = member if isinstance(member, Unknown) else mode
        verified = negate(flag(inner(tls, "insecureSkipVerify"), default=False))
        yield {"host": host_of(view), "part": part, "mode": mode, "verified": verified}, at

    # -- hosts

    def _in_mesh(self, host: str) -> Truth:
        """Whether a host is of a service of the mesh."""
        if host == _API_SERVER:
            return False
        if any(text_matches(own, host) for own in self._entries) or ".svc." in host.removeprefix("*"):
            return True
        if host.startswith("*"):
            end = host[1:]
            return _DOMAIN.endswith(end) or any(own.endswith(end) for own in self._entries)
        partial = self._partial(host)
        return self._entry_doubt or partial if partial is False else partial

    def _partial(self, host: str) -> Truth:
        """A name with dots that is not complete: Istio takes it as it stands, and so for no service of the cluster."""
        name, _, rest = host.partition(".")
        if (rest.removesuffix(".svc"), name) in self._services:
            return Unknown(f"Istio completes no name that has a dot, so {host} may stand for nothing")
        return False

    @cached_property
    def _entries(self) -> frozenset[str]:
        """Hosts that ServiceEntries count to the mesh."""
        views = [v for v in self._cluster.of(SERVICE_ENTRY) if v.get("spec.location") == "MESH_INTERNAL"]
        listed = [view.get("spec.hosts") for view in views]
        return frozenset(str(host) for hosts in listed if isinstance(hosts, list) for host in hosts)

    @cached_property
    def _entry_doubt(self) -> Unknown | None:
        """Why a host may be of the mesh that no ServiceEntry names."""
        for view in self._cluster.of(SERVICE_ENTRY):
            location = view.get("spec.location")
            if undecided(location):
                return why(location)
            doubt = next((host for host in items(view.get("spec.hosts")) if isinstance(host, Unknown)), None)
            if location == "MESH_INTERNAL" and doubt is not None:
                return doubt
        return None

    @cached_property
    def _services(self) -> dict[tuple[str, str], View]:
        return {(namespace_of(view), str(view.name)): view for view in self._cluster.of(SERVICE)}

    def _target(self, host: str) -> Truth:
        """Whether proxies of the mesh stand before what a host leads to; true of a wildcard, which leads to many."""
        if "*" in host:
            return True
        name, _, rest = host.removesuffix(_DOMAIN).partition(".")
        if rest == self._istio.config.root and name.startswith("istiod"):
            return False
        service = self._services.get((rest, name))
        members = (
            [self._istio.member(workload).truth for workload in self._cluster.meshes.behind(service)] if service else []
        )
        if not members:
            return Unknown(f"what answers as {host} is not in what was scanned", "scan its Service and workload too")
        return any_of(members)

    def _overruled(self, view: View) -> bool:
        """Whether no client ever follows a rule of the root namespace: the service's namespace has its own."""
        host = host_of(view)
        if namespace_of(view) != self._istio.config.root or not host.endswith(_DOMAIN) or host.startswith("*"):
            return False
        namespace = host.removesuffix(_DOMAIN).partition(".")[2]
        nearer = self._rivals.get((namespace, host), []) if namespace != self._istio.config.root else []
        return any(_for_all(other) for other in nearer)


def host_of(view: View) -> str:
    """The host of a rule, completed where it has no dot."""
    host = str(view.get("spec.host") or "")
    return host if "." in host or host == "*" else f"{host}.{namespace_of(view)}{_DOMAIN}"


def _for_all(view: View) -> bool:
    """Whether a rule is for clients of every namespace and workload."""
    exported = view.get("spec.exportTo")
    return view.get("spec.workloadSelector") is None and (not exported or exported == ["*"])


def _says(view: View, mode: Value) -> bool:
    own = inner(view.resource.attributes, "spec", "trafficPolicy", "tls", "mode")
    return bool(own == mode)


def _written(view: View) -> Iterator[tuple[str, Value, AttributePath]]:
    """Every TLS setting of a rule: of all ports, of one, of a subset; None where a port goes without."""
    spec = view.resource.attributes.get("spec")
    yield from _of_policy(inner(spec, "trafficPolicy"), ("spec", "trafficPolicy"), "")
    subsets = inner(spec, "subsets")
    for number, subset in enumerate(subsets if isinstance(subsets, list) else ()):
        place = ("spec", "subsets", number, "trafficPolicy")
        yield from _of_policy(inner(subset, "trafficPolicy"), place, f"subset {inner(subset, 'name')}")


def _of_policy(policy: Value, at: AttributePath, part: str) -> Iterator[tuple[str, Value, AttributePath]]:
    if undecided(policy):
        yield part or "every port", why(policy), at
        return
    tls = inner(policy, "tls")
    if tls is not None:
        yield part or "every port", tls, (*at, "tls")
    ports = inner(policy, "portLevelSettings")
    for number, setting in enumerate(ports if isinstance(ports, list) else ()):
        own = inner(setting, "tls")
        if own is not None or tls is not None:
            name = f"port {inner(setting, 'port', 'number')}"
            place = (*at, "portLevelSettings", number)
            yield f"{name} of {part}" if part else name, own, place if own is None else (*place, "tls")
