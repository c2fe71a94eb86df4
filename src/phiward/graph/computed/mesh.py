"""What objects say of a service mesh, each for itself.

The catalog names each function by its key in `MESH`. What they come to together for a workload is in `graph.mesh`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from phiward.graph.cluster import NAMESPACE, annotations_of, labels_of, namespace_of
from phiward.graph.mesh import consul, linkerd
from phiward.graph.mesh.cilium import ENCRYPTION
from phiward.graph.mesh.embedded import embedded
from phiward.graph.mesh.istio_peers import PEER_AUTHENTICATION, UNSET
from phiward.graph.mesh.istio_proxy import DATAPLANE, INJECT, LEGACY, PROXY, REVISION
from phiward.graph.mesh.workload import Workload, entry
from phiward.graph.network_policies.enforcement import CONFIG as CILIUM_CONFIG
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, any_of, flag, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value, undecided

_VERSIONS = {"TLSV1_2": "TLSv1.2", "TLSV1_3": "TLSv1.3", "TLS_AUTO": "TLSv1.2"}
_ANY_ADDRESS = ("*", "0.0.0.0/0")
_OUTBOUND = {
    "traffic.sidecar.istio.io/excludeOutboundPorts": "ports",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": "addresses",
    "traffic.sidecar.istio.io/includeOutboundIPRanges": "only",
    "config.linkerd.io/skip-outbound-ports": "ports",
    "config.linkerd.io/skip-subnets": "addresses",
    "consul.hashicorp.com/transparent-proxy-exclude-outbound-ports": "ports",
    "consul.hashicorp.com/transparent-proxy-exclude-outbound-cidrs": "addresses",
}
"""Annotations by which connections of a pod pass by its proxy, and what each lists."""
Placed = tuple[dict[str, Value], Resource, AttributePath]


def mesh_clients(view: View) -> Value | Derived:
    """Each TLS setting of a DestinationRule towards a host of the mesh: host, part of its ports, mode, verified."""
    found = view.graph.cluster(view.resource.scope).meshes.istio.destinations.settings(view)
    if found is None or isinstance(found, Unknown):
        return found
    return _derived((item, view.resource, at) for item, at in found)


def mesh_modes(view: View) -> Value | Derived:
    """Every mode of mutual TLS, or default policy for inbound connections, that an object sets: mode, part."""
    return _derived(_modes(view)) or None


def mesh_outbound(view: View) -> Value | Derived:
    """Every annotation by which outbound connections may pass by the proxy: setting, value, bypassed."""
    meshes = view.graph.cluster(view.resource.scope).meshes
    workload = meshes.subject(view)
    return None if workload is None else _derived(_outbound(workload)) or []


def _derived(items: Iterator[Placed]) -> Derived | None:
    found = list(items)
    if not found:
        return None
    fields: dict[str, AttributePath] = {}
    return Derived([item for item, _, _ in found], places=[(owner, at) for _, owner, at in found], fields=fields)


# -- modes


def _modes(view: View) -> Iterator[Placed]:
    native = view.resource.native_type
    if native == PEER_AUTHENTICATION:
        yield from _peer_modes(view)
        return
    if native == NAMESPACE:
        mode = entry(annotations_of(view), linkerd.DEFAULT_POLICY)
        if mode is not None:
            yield _mode(view, mode, "every port", ("metadata", "annotations", linkerd.DEFAULT_POLICY))
    elif native == consul.MESH:
        at = ("spec", "allowEnablingPermissiveMutualTLS")
        allowed = flag(inner(view.resource.attributes, *at), default=False)
        if allowed is not False:
            yield _mode(view, allowed if isinstance(allowed, Unknown) else "permissive", "services that ask for it", at)
    else:
        name = "accessPolicy" if native.endswith("/Server") else "mutualTLSMode"
        mode = inner(view.resource.attributes, "spec", name)
        if mode not in (None, ""):
            yield _mode(view, mode, "every port", ("spec", name))


def _peer_modes(view: View) -> Iterator[Placed]:
    spec = view.resource.attributes.get("spec")
    mode = inner(spec, "mtls", "mode")
    root = view.graph.cluster(view.resource.scope).meshes.istio.config.root
    if mode not in (None, UNSET):
        yield _mode(view, mode, "every port", ("spec", "mtls", "mode"))
    elif namespace_of(view) == root and not inner(spec, "selector", "matchLabels"):
        yield _mode(view, "PERMISSIVE", "every port, by default", ("spec", "mtls", "mode"))
    ports = inner(spec, "portLevelMtls")
    for port in ports if isinstance(ports, dict) else ():
        own = inner(ports, port, "mode")
        if own not in (None, UNSET):
            yield _mode(view, own, f"port {port}", ("spec", "portLevelMtls", port, "mode"))


def _mode(view: View, mode: Value, part: str, at: AttributePath) -> Placed:
    return {"mode": why(mode) if undecided(mode) else mode, "part": part}, view.resource, at


# -- outbound


def _outbound(workload: Workload) -> Iterator[Placed]:
    for key, kind in _OUTBOUND.items():
        value, step = entry(workload.annotations, key), workload.annotation_step(key, None)
        if value is None and key.startswith("config.linkerd.io/"):
            value = entry(workload.namespace_annotations, key)
            step = workload.namespace_step(key, None, "annotations")
            if workload.namespace not in workload.cluster.namespaces:
                value = None  # a namespace that was not scanned rarely says it
        if value is not None:
            bypassed: Truth = value if isinstance(value, Unknown) else _passes_by(value, kind)
            yield {"setting": key, "value": value, "bypassed": bypassed}, step.resource, step.at


def _passes_by(value: Value, kind: str) -> bool:
    """Whether a list takes connections out of the proxy's way; to the node itself, as metadata are read, it may."""
    listed = [part.strip() for part in str(value).split(",") if part.strip()]
    if kind == "only":
        return not any(part in _ANY_ADDRESS for part in listed)
    return any(kind == "ports" or not _is_link_local(part) for part in listed)


def _is_link_local(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).is_link_local
    except ValueError:
        return False


# -- what shows a mesh


def mesh_declared(view: View) -> Value:
    """Whether an object shows that its cluster has a mesh, or encrypts between its nodes."""
    if view.resource.native_type == NAMESPACE:
        return _shown(labels_of(view), annotations_of(view))
    if view.resource.native_type == "ConfigMap":
        data = inner(view.resource.attributes, "data")
        return view.name == CILIUM_CONFIG and any_of(flag(inner(data, key), default=False) for key in ENCRYPTION)
    workload = view.graph.cluster(view.resource.scope).meshes.workload(view)
    proxies = (PROXY, linkerd.PROXY, consul.PROXY)
    return any(workload.container(name) for name in proxies) or _shown(workload.labels, workload.annotations)


def _shown(labels: object, annotations: object) -> Truth:
    """Whether labels and annotations have a proxy injected."""
    own = labels if isinstance(labels, (dict, Unknown)) else {}
    notes = annotations if isinstance(annotations, (dict, Unknown)) else {}
    wanted = [
        (entry(own, LEGACY), ("enabled",)),
        (entry(own, INJECT), ("true",)),
        (entry(own, DATAPLANE), ("ambient",)),
        (entry(notes, linkerd.INJECT), ("enabled", "ingress")),
        (entry(notes, consul.INJECT), ("true", "1", "t")),
    ]
    answers: list[Truth] = [value if isinstance(value, Unknown) else value in words for value, words in wanted]
    revision = entry(own, REVISION)
    return any_of([*answers, revision if isinstance(revision, Unknown) else revision is not None])


def mesh_version(view: View) -> Value:
    """The oldest TLS version that the proxies of Istio speak with each other, where its MeshConfig is written."""
    attributes = view.resource.attributes
    if view.resource.native_type == "ConfigMap":
        text = view.get("data.mesh") if str(view.name).startswith("istio") else None
        config: Value = None if text is None else embedded(text)
    else:
        config = inner(attributes, "spec", "meshConfig") or inner(attributes, "spec", "values", "meshConfig")
    if config is None or undecided(config):
        return config
    least = inner(config, "meshMTLS", "minProtocolVersion")
    return why(least) if undecided(least) else _VERSIONS.get(str(least or "TLS_AUTO"), str(least))


MESH: dict[str, ComputedProperty] = {
    "mesh_clients": mesh_clients,
    "mesh_declared": mesh_declared,
    "mesh_modes": mesh_modes,
    "mesh_outbound": mesh_outbound,
    "mesh_version": mesh_version,
}
