"""What of the node's memory and processors a container may take, with what its pod and namespace say for it.

Sources: kubernetes.io, "Resource Management for Pods and Containers" (a limit without a request is the request too;
pod-level resources), and "Limit Ranges" with the API reference of LimitRangeItem (`max` is the default where none is
written, the default limit the default request, else `min`).
"""

from __future__ import annotations

from collections.abc import Mapping

from phiward.graph.cluster import namespace_of
from phiward.graph.reading import inner, items
from phiward.graph.truth import why
from phiward.graph.view import View
from phiward.model.value import Value, undecided
from phiward.record import dataclass

_RESOURCES = ("cpu", "memory")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a container that writes nothing: by resource."""

    limits: Mapping[str, Value]
    requests: Mapping[str, Value]


def defaults(view: View, spec: Mapping[str, Value]) -> Defaults:
    """What a pod's containers get without writing it: from the pod itself, else from the LimitRanges around it."""
    cluster = view.graph.cluster(view.resource.scope)
    ranges = [item for each in cluster.of("LimitRange", namespace_of(view)) for item in _items(each)]
    limits: dict[str, Value] = {}
    requests: dict[str, Value] = {}
    for name in _RESOURCES:
        pod = [inner(spec, "resources", kind, name) for kind in ("limits", "requests")]
        limit = _first(*(_first(inner(item, "default", name), inner(item, "max", name)) for item in ranges))
        request = _first(*(inner(item, "defaultRequest", name) for item in ranges))
        least = _first(*(inner(item, "min", name) for item in ranges))
        limits[name] = _first(pod[0], limit, cluster.hole)
        requests[name] = _first(pod[1], pod[0], request, limit, least, cluster.hole)
    return Defaults(limits, requests)


def resources_of(container: Mapping[str, Value], around: Defaults) -> dict[str, Value]:
    """`cpu_limit`, `memory_limit`, `cpu_request` and `memory_request` of a container."""
    found: dict[str, Value] = {}
    for name in _RESOURCES:
        limit = inner(container, "resources", "limits", name)
        found[f"{name}_limit"] = _first(limit, around.limits[name])
        found[f"{name}_request"] = _first(inner(container, "resources", "requests", name), limit, around.requests[name])
    return found


def _items(view: View) -> list[Value]:
    """What a LimitRange says of containers."""
    found: list[Value] = []
    for item in items(view.get("spec.limits")):
        kind = inner(item, "type")
        if kind == "Container" or undecided(kind):
            found.append(why(kind) if undecided(kind) else item)
    return found


def _first(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)
