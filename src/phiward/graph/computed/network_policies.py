"""What one network policy lets through, whatever others do: what they come to together is in `graph.network_policies`.

The catalog names each function by its key in `NETWORK_POLICIES`.
"""

from __future__ import annotations

from phiward.graph.network_policies.isolation import READERS, is_wide
from phiward.graph.network_policies.model import EGRESS, INGRESS, Peer
from phiward.graph.truth import Truth
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown


def policy_openings(view: View) -> Derived:
    """Every entry by which a policy lets through: whom, and whether that is everybody."""
    found = [
        ({"whom": _whom(peer, direction), "wide": _wide(peer, direction, policy.doubt)}, peer.at)
        for policy in READERS[view.resource.native_type](view)
        for direction in (INGRESS, EGRESS)
        for peer in policy.peers.get(direction, ())
    ]
    return Derived([item for item, _ in found], places=[(view.resource, at) for _, at in found])


def _wide(peer: Peer, direction: str, doubt: Unknown | None) -> Truth:
    wide = peer.doubt or is_wide(peer, direction)
    return doubt if doubt and wide is True else wide


def _whom(peer: Peer, direction: str) -> str:
    if direction == EGRESS:
        return "its pods connect to every address"
    everyone = "everyone" if peer.open_to_world else "every pod of the cluster"
    return f"{everyone} connect to its pods"


NETWORK_POLICIES: dict[str, ComputedProperty] = {"policy_openings": policy_openings}
