"""What the containers of a workload may do, with what they take over from their pod.

The catalog names each function by its key in `PODS`. Source: Kubernetes API reference, PodSpec, Container,
PodSecurityContext and SecurityContext: a container's own setting wins over its pod's.
"""

from __future__ import annotations

from typing import Any

from phiward.graph.computed.images import pinned, prefixes, tag
from phiward.graph.computed.pod_resources import Defaults, defaults, resources_of
from phiward.graph.reading import inner, items
from phiward.graph.truth import why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

_ROLES = {"initContainers": "init", "containers": "container", "ephemeralContainers": "ephemeral"}
_SECURITY = "securityContext"
_FIELDS: dict[str, AttributePath] = {
    "name": ("name",),
    "image": ("image",),
    "image_digest": ("image",),
    "image_tag": ("image",),
    "image_prefixes": ("image",),
    "privileged": (_SECURITY, "privileged"),
    "privilege_escalation": (_SECURITY, "allowPrivilegeEscalation"),
    "read_only_root": (_SECURITY, "readOnlyRootFilesystem"),
    "run_as_non_root": (_SECURITY, "runAsNonRoot"),
    "run_as_user": (_SECURITY, "runAsUser"),
    "seccomp": (_SECURITY, "seccompProfile", "type"),
    "proc_mount": (_SECURITY, "procMount"),
    "host_process": (_SECURITY, "windowsOptions", "hostProcess"),
    "capabilities_added": (_SECURITY, "capabilities", "add"),
    "capabilities_dropped": (_SECURITY, "capabilities", "drop"),
    "host_ports": ("ports",),
    "cpu_limit": ("resources", "limits", "cpu"),
    "memory_limit": ("resources", "limits", "memory"),
    "cpu_request": ("resources", "requests", "cpu"),
    "memory_request": ("resources", "requests", "memory"),
    "liveness": ("livenessProbe",),
    "readiness": ("readinessProbe",),
    "environment": ("env",),
}
_HANDLERS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


@dataclass(frozen=True, slots=True)
class _Pod:
    """What containers take over from their pod and its namespace."""

    security: Value
    host_network: Value
    defaults: Defaults


def pod_containers(view: View) -> Value | Derived:
    """Every container: name, role (container, init, sidecar, ephemeral), image and what it may do.

    Settings that a container takes over from its pod are filled in; what nobody writes has the API's default, or is
    absent where that depends on the image (`run_as_user`) or the node (`seccomp`).
    """
    spec = pod_spec(view)
    if not isinstance(spec, dict):
        return spec
    pod = _Pod(spec.get(_SECURITY), spec.get("hostNetwork"), defaults(view, spec))
    found: list[Value] = []
    places: list[tuple[Resource, AttributePath]] = []
    for container, role, place in each_container(view, spec):
        found.append(_container(container, role, pod))
        places.append(place)
    return Derived(found, places=places, fields=_FIELDS)


def pod_spec(view: View) -> Any:
    """The pod's spec: a mapping, `Unknown`, or an empty list where another object of the scan holds it."""
    spec = view.get("@pod.spec")
    if isinstance(spec, dict):
        return spec
    reference = view.get("spec.workloadRef")  # Argo Rollouts: the pod template of a Deployment
    if not isinstance(reference, dict):
        return why(spec) if undecided(spec) else Unknown("it has no pod template")
    kind, name = reference.get("kind"), reference.get("name")
    cluster = view.graph.cluster(view.resource.scope)
    own = view.resource.attributes.get("metadata")
    namespace = own.get("namespace") if isinstance(own, dict) else None
    declared = cluster.of(f"apps/{kind}", "" if namespace is None else str(namespace))
    if any(other.name == name for other in declared):
        return []  # judged there
    return Unknown(f"the {kind} {name}, whose pods it takes over, is not in what was scanned")


def each_container(view: View, spec: dict[str, Value]) -> list[tuple[Value, str, tuple[Resource, AttributePath]]]:
    """Every container of a pod: as written, its role, and where it stands."""
    found: list[tuple[Value, str, tuple[Resource, AttributePath]]] = []
    for key, role in _ROLES.items():
        for number, container in enumerate(items(spec.get(key))):
            place = view.resource, (*view.row.parts["pod"], "spec", key, number)
            always = isinstance(container, dict) and container.get("restartPolicy") == "Always"
            found.append((container, "sidecar" if role == "init" and always else role, place))
    return found


def _container(container: Value, role: str, pod: _Pod) -> Value:
    if not isinstance(container, dict):
        return container if isinstance(container, Unknown) else Unknown("it is not a container")
    own = container.get(_SECURITY)
    capabilities = inner(own, "capabilities")
    image = container.get("image")
    return {
        "name": container.get("name"),
        "role": role,
        "image": image,
        "image_digest": pinned(image),
        "image_tag": tag(image),
        "image_prefixes": prefixes(image),
        "privileged": _own(own, "privileged", default=False),
        "privilege_escalation": _own(own, "allowPrivilegeEscalation", default=True),
        "read_only_root": _own(own, "readOnlyRootFilesystem", default=False),
        "run_as_non_root": _effective(own, pod, "runAsNonRoot", default=False),
        "run_as_user": _effective(own, pod, "runAsUser"),
        "seccomp": _effective(own, pod, "seccompProfile", "type"),
        "proc_mount": _own(own, "procMount", default="Default"),
        "host_process": _effective(own, pod, "windowsOptions", "hostProcess", default=False),
        "capabilities_added": items(inner(capabilities, "add")),
        "capabilities_dropped": items(inner(capabilities, "drop")),
        "host_ports": _host_ports(container.get("ports"), pod.host_network),
        "handler_hosts": [host for path in _HANDLERS for host in _hosts(inner(container, *path))],
        **resources_of(container, pod.defaults),
        "liveness": _written(container.get("livenessProbe")),
        "readiness": _written(container.get("readinessProbe")),
        "environment": _environment(container.get("env")),
    }


def _own(context: Any, name: str, *, default: Value) -> Value:
    value = inner(context, name)
    return default if value is None else value


def _effective(own: Any, pod: _Pod, *path: str, default: Value = None) -> Value:
    """A setting of the container, else of its pod."""
    for context in (own, pod.security):
        value = inner(context, *path)
        if value is not None:
            return value
    return default


def _written(value: Value) -> Value:
    return why(value) if undecided(value) else value is not None


def _host_ports(ports: Value, host_network: Value) -> Value:
    """The ports of the node that a container takes; on the node's own network each of its ports is one of them."""
    found: list[Value] = []
    for port in items(ports):
        taken = inner(port, "hostPort")
        if taken in (None, 0) and host_network is True:
            taken = inner(port, "containerPort")
        elif taken in (None, 0) and undecided(host_network):
            taken = why(host_network)
        if taken not in (None, 0):
            found.append(taken)
    return found


def _hosts(handler: Value) -> list[Value]:
    """The hosts that a probe or a lifecycle hook calls in place of its own pod."""
    if undecided(handler):
        return [why(handler)]
    called = (inner(handler, way, "host") for way in ("httpGet", "tcpSocket"))
    return [host for host in called if host not in (None, "")]


def _environment(value: Value) -> list[Value]:
    """Name, literal value and where a value comes from: literal, secret, config or field."""
    found: list[Value] = []
    for entry in items(value):
        if not isinstance(entry, dict):
            found.append(entry if isinstance(entry, Unknown) else Unknown("it is not an environment variable"))
            continue
        source = entry.get("valueFrom") or {}
        kinds = {"secretKeyRef": "secret", "configMapKeyRef": "config"}
        kind = next((kinds.get(key, "field") for key in source), "literal") if isinstance(source, dict) else "literal"
        found.append({"name": entry.get("name"), "value": entry.get("value"), "from": kind})
    return found


PODS: dict[str, ComputedProperty] = {"pod_containers": pod_containers}
