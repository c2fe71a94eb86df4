"""What holds for every pod of a namespace, those to come included.

The catalog names each function by its key in `NAMESPACES`.
"""

from __future__ import annotations

from phiward.graph.network_policies.isolation import is_wide
from phiward.graph.network_policies.model import EGRESS, INGRESS, Pod, Policy
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value


def namespace_default_deny(view: View) -> Value | Derived:
    """The directions, `ingress` and `egress`, in which a policy denies by default whatever pod is made there."""
    name = view.name
    if not isinstance(name, str):
        return None
    cluster = view.graph.cluster(view.resource.scope)
    nameless = Pod(name, {}, cluster.namespace_labels(name))
    found: list[Value] = []
    places: list[tuple[Resource, AttributePath]] = []
    for direction in (INGRESS, EGRESS):
        isolation = cluster.policies.of_pod(nameless, direction)
        every = Pod(name, _AnyLabels(), nameless.namespace_labels)
        closed = [policy for policy in isolation.policies if policy.selects(every) is True]
        if any(is_wide(peer, direction) for policy in isolation.policies for peer in policy.peers[direction]):
            continue
        entries = (peer for policy in isolation.policies for peer in policy.peers[direction])
        reopened = next((peer.doubt for peer in entries if peer.doubt), None)
        for policy, reason in isolation.doubtful:
            if _may_open(policy, direction):
                reopened = reopened or reason
        doubt = reopened if closed else isolation.doubt
        if doubt is not None:
            found.append(doubt)
            places.append((view.resource, ()))
        elif closed:
            found.append(direction)
            places.append((closed[0].view.resource, ("spec",)))
    if isinstance(cluster.hole, Unknown) and found and not any(isinstance(item, Unknown) for item in found):
        return cluster.hole  # what was not read may open it again
    return Derived(found, places=places)


def _may_open(policy: Policy, direction: str) -> bool:
    return any(is_wide(peer, direction) or peer.doubt for peer in policy.peers[direction])


class _AnyLabels(dict[str, Value]):
    """Labels of which none is known, so that what is said of them holds for every pod."""

    def get(self, key: str, default: Value = None) -> Value:  # noqa: ARG002 - as a mapping has it
        return Unknown(f"any label {key}")


NAMESPACES: dict[str, ComputedProperty] = {"namespace_default_deny": namespace_default_deny}
