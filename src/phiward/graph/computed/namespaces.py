"""What holds for every pod of a namespace, those to come included.

The catalog names each function by its key in `NAMESPACES`.
"""

from __future__ import annotations

from phiward.graph.network_policies.isolation import is_wide
from phiward.graph.network_policies.model import EGRESS, INGRESS, Pod
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value


def namespace_default_deny(view: View) -> Value | Derived:
    """The directions, `ingress` and `egress`, in which a policy denies by default whatever pod is made there."""
    name = view.name
    if not isinstance(name, str):
        return None
    cluster = view.graph.cluster(view.resource.scope)
    nameless = Pod(name, {}, cluster.namespace_labels(name))  # what selects a pod without labels selects every one
    found: list[Value] = []
    places: list[tuple[Resource, AttributePath]] = []
    for direction in (INGRESS, EGRESS):
        isolation = cluster.policies.of_pod(nameless, direction)
        closed = [p for p in isolation.policies if not any(is_wide(peer, direction) for peer in p.peers[direction])]
        if closed and len(closed) == len(isolation.policies):
            found.append(direction)
            places.append((closed[0].view.resource, ("spec",)))
        elif not isolation.policies and isolation.doubt:
            found.append(isolation.doubt)
            places.append((view.resource, ()))
    if isinstance(cluster.hole, Unknown) and found and not any(isinstance(item, Unknown) for item in found):
        return cluster.hole  # what was not read may open it again
    return Derived(found, places=places)


NAMESPACES: dict[str, ComputedProperty] = {"namespace_default_deny": namespace_default_deny}
