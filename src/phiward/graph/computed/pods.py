"""What the containers of a workload may do, with what they take over from their pod.

The catalog names each function by its key in `PODS`. Source: Kubernetes API reference, PodSpec, Container,
PodSecurityContext and SecurityContext: a container's own setting wins over its pod's.
"""

from __future__ import annotations

import re
from typing import Any

from phiward.graph.truth import why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Partial, Unknown, Value, undecided

_ROLES = {"initContainers": "init", "containers": "container", "ephemeralContainers": "ephemeral"}
_SECURITY = "securityContext"
_FIELDS: dict[str, AttributePath] = {
    "name": ("name",),
    "image": ("image",),
    "image_digest": ("image",),
    "privileged": (_SECURITY, "privileged"),
    "privilege_escalation": (_SECURITY, "allowPrivilegeEscalation"),
    "read_only_root": (_SECURITY, "readOnlyRootFilesystem"),
    "run_as_non_root": (_SECURITY, "runAsNonRoot"),
    "run_as_user": (_SECURITY, "runAsUser"),
    "seccomp": (_SECURITY, "seccompProfile", "type"),
    "proc_mount": (_SECURITY, "procMount"),
    "capabilities_added": (_SECURITY, "capabilities", "add"),
    "capabilities_dropped": (_SECURITY, "capabilities", "drop"),
    "host_ports": ("ports",),
    "cpu_limit": ("resources", "limits", "cpu"),
    "memory_limit": ("resources", "limits", "memory"),
    "cpu_request": ("resources", "requests", "cpu"),
    "memory_request": ("resources", "requests", "memory"),
    "environment": ("env",),
}
_digest = re.compile(r"@sha256:[0-9a-f]{64}$")


def pod_containers(view: View) -> Value | Derived:
    """Every container: name, role (container, init, sidecar, ephemeral), image and what it may do.

    Settings that a container takes over from its pod are filled in; what nobody writes has the API's default, or is
    absent where that depends on the image (`run_as_user`) or the node (`seccomp`).
    """
    spec = view.get("@pod.spec")
    if undecided(spec):
        return why(spec)
    if not isinstance(spec, dict):
        return None
    pod = spec.get("securityContext")
    found: list[Value] = []
    places: list[tuple[Resource, AttributePath]] = []
    for key, role in _ROLES.items():
        listed = spec.get(key)
        for number, container in enumerate(
            listed if isinstance(listed, list) else [listed] if undecided(listed) else []
        ):
            found.append(_container(container, role, pod if isinstance(pod, (dict, Unknown)) else {}))
            places.append((view.resource, (*view.row.parts["pod"], "spec", key, number)))
    return Derived(found, places=places, fields=_FIELDS)


def _container(container: Value, role: str, pod: Any) -> Value:
    if not isinstance(container, dict):
        return why(container) if undecided(container) else Unknown("it is not a container")
    own = container.get("securityContext") or {}
    capabilities = _inner(own, "capabilities")
    resources = container.get("resources") or {}
    if role == "init" and container.get("restartPolicy") == "Always":
        role = "sidecar"
    image = container.get("image")
    privileged = _own(own, "privileged", default=False)
    return {
        "name": container.get("name"),
        "role": role,
        "image": image,
        "image_digest": _pinned(image),
        "privileged": privileged,
        "privilege_escalation": _own(own, "allowPrivilegeEscalation", default=True),
        "read_only_root": _own(own, "readOnlyRootFilesystem", default=False),
        "run_as_non_root": _effective(own, pod, "runAsNonRoot", default=False),
        "run_as_user": _effective(own, pod, "runAsUser"),
        "seccomp": _effective(own, pod, "seccompProfile", inner="type"),
        "proc_mount": _own(own, "procMount", default="Default"),
        "capabilities_added": _words(_inner(capabilities, "add")),
        "capabilities_dropped": _words(_inner(capabilities, "drop")),
        "host_ports": [port["hostPort"] for port in _dicts(container.get("ports")) if port.get("hostPort")],
        "cpu_limit": _inner(_inner(resources, "limits"), "cpu"),
        "memory_limit": _inner(_inner(resources, "limits"), "memory"),
        "cpu_request": _inner(_inner(resources, "requests"), "cpu"),
        "memory_request": _inner(_inner(resources, "requests"), "memory"),
        "liveness": container.get("livenessProbe") is not None,
        "readiness": container.get("readinessProbe") is not None,
        "environment": _environment(container.get("env")),
    }


def _own(context: Any, name: str, *, default: Value) -> Value:
    value = _inner(context, name)
    return default if value is None else value


def _effective(own: Any, pod: Any, name: str, *, inner: str = "", default: Value = None) -> Value:
    """A setting of the container, else of its pod."""
    for context in (own, pod):
        value = _inner(context, name)
        if inner:
            value = _inner(value, inner)
        if value is not None:
            return value
    return default


def _inner(value: Any, name: str) -> Value:
    """A field of a mapping: unknown where the mapping is."""
    if undecided(value):
        return why(value)
    return value.get(name) if isinstance(value, dict) else None


def _words(value: Value) -> Value:
    """Capabilities in capitals, with or without `CAP_`, as one spelling."""
    if undecided(value):
        return [why(value)]
    items = value if isinstance(value, list) else []
    return [item.upper().removeprefix("CAP_") if isinstance(item, str) else item for item in items]


def _dicts(value: Value) -> list[dict[str, Value]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _pinned(image: Value) -> Value:
    """Whether an image is named by its digest."""
    if isinstance(image, Partial):
        last = image.parts[-1]
        return bool(_digest.search(last)) if isinstance(last, str) and "@" in last else why(image)
    if undecided(image):
        return why(image)
    return bool(_digest.search(image)) if isinstance(image, str) else None


def _environment(value: Value) -> Value:
    """Name, literal value and where a value comes from: literal, secret, config or field."""
    if undecided(value):
        return [why(value)]
    found: list[Value] = []
    for entry in value if isinstance(value, list) else []:
        if not isinstance(entry, dict):
            found.append(why(entry) if undecided(entry) else Unknown("it is not an environment variable"))
            continue
        source = entry.get("valueFrom") or {}
        kinds = {"secretKeyRef": "secret", "configMapKeyRef": "config"}
        kind = next((kinds.get(key, "field") for key in source), "literal") if isinstance(source, dict) else "literal"
        found.append({"name": entry.get("name"), "value": entry.get("value"), "from": kind})
    return found


PODS: dict[str, ComputedProperty] = {"pod_containers": pod_containers}
