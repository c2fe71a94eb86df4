"""Rules about who can reach a pod and whom it can reach, by the union of every policy that selects it."""

from __future__ import annotations

from collections.abc import Iterator

from phiward.engine.graph_rule import NOT_APPLICABLE, Fact, GraphIndex, Judgement
from phiward.graph.cluster import POD
from phiward.graph.network_policies.enforcement import SAYS, Unenforced
from phiward.graph.network_policies.isolation import Isolation, Policies, admits, is_wide, pod_of
from phiward.graph.network_policies.model import EGRESS, INGRESS, Peer, Policy
from phiward.graph.truth import why
from phiward.graph.view import View
from phiward.model.location import Location
from phiward.model.value import Unknown, undecided

_PROPERTIES = {INGRESS: "network.ingress", EGRESS: "network.egress"}
_EXPECTED = {INGRESS: "only named peers may connect to it", EGRESS: "it may connect to named peers only"}
_OPENS = {INGRESS: "lets everyone in", EGRESS: "lets it reach every address"}
_ON_THE_NODE = Unknown(
    "whether network policies hold for pods on the network of their node is up to the network plugin"
)
MOST_FACTS = 5


def pod_ingress_restricted(view: View, index: GraphIndex) -> Judgement:
    """Whether a workload's pods are in default deny for ingress, and no policy lets everyone in."""
    return _restricted(view, index, INGRESS)


def pod_egress_restricted(view: View, index: GraphIndex) -> Judgement:
    """Whether a workload's pods are in default deny for egress, and no policy lets them reach every address."""
    return _restricted(view, index, EGRESS)


def _restricted(view: View, index: GraphIndex, direction: str) -> Judgement:
    if view.get(f"@{POD}.spec") is None:
        return NOT_APPLICABLE
    name, expected = _PROPERTIES[direction], _EXPECTED[direction]
    on_node = view.get(f"@{POD}.spec.hostNetwork")
    if on_node is True or undecided(on_node):
        reason = why(on_node) if undecided(on_node) else _ON_THE_NODE
        return Judgement(None, (Fact(name, reason, expected, view.header),))
    found = index.graph.cluster(view.resource.scope).policies.of(view, direction)
    wide = [(policy, peer) for policy in found.policies for peer in policy.peers[direction] if is_wide(peer, direction)]
    if wide:
        facts = tuple(_opening(name, policy, peer, direction) for policy, peer in wide[:MOST_FACTS])
        return Judgement(False, facts, f"{wide[0][0].view.resource.address} {_OPENS[direction]}")
    if found.off is not None:
        return Judgement(False, (_unenforced(found.off),), SAYS)
    if not found.policies and found.doubt is None:
        fact = Fact(name, "no network policy selects its pods", expected, view.header)
        return Judgement(False, (fact,), f"no network policy restricts its {direction}")
    doubt = _perhaps_open(found, direction)
    if doubt:
        return Judgement(None, (Fact(name, doubt[0], expected, doubt[1] or view.header),))
    return Judgement(True, tuple(_isolating(name, policy) for policy in found.policies[:MOST_FACTS]))


def _perhaps_open(found: Isolation, direction: str) -> tuple[Unknown, Location | None] | None:
    """Why pods that nothing seen opens may be open: an entry that is not known, or a policy that may be another's."""
    for policy in found.policies:
        for peer in policy.peers[direction]:
            if peer.doubt:
                return peer.doubt, policy.view.resource.origin.locate(peer.at)
    for policy, doubt in found.doubtful:
        if not found.policies or any(is_wide(peer, direction) or peer.doubt for peer in policy.peers[direction]):
            return doubt, policy.view.header
    return (found.hole, None) if found.hole else None


def _unenforced(off: Unenforced) -> Fact:
    return Fact(off.what, off.value, off.expected, off.view.resource.origin.locate(off.at))


def _isolating(name: str, policy: Policy) -> Fact:
    return Fact(f"{name} by {policy.view.resource.address}", "denied unless allowed", "", policy.view.header)


def _opening(name: str, policy: Policy, peer: Peer, direction: str) -> Fact:
    whom = "everyone" if peer.anyone else peer.cidr or "every pod of the cluster"
    where = policy.view.resource.origin.locate(peer.at)
    word = "from" if direction == INGRESS else "to"
    return Fact(f"{name} by {policy.view.resource.address}", f"allowed {word} {whom}", "named peers only", where)


# -- tenants


def tenant_network_isolated(view: View, index: GraphIndex) -> Judgement:
    """Whether no pod of another tenant can open a connection to a tenant's pods: both ends' policies considered."""
    tenant = view.tenancy.tenant
    if tenant is None or view.get(f"@{POD}.spec") is None:
        return NOT_APPLICABLE
    name, expected = "network.ingress", f"from pods of {tenant} only"
    if isinstance(tenant, Unknown):
        return Judgement(None, (Fact("tenant", tenant, "one tenant", view.header),))
    policies = index.graph.cluster(view.resource.scope).policies
    if not policies.owners - {tenant}:
        return NOT_APPLICABLE
    found = policies.of(view, INGRESS)
    doubts = [found.doubt] if found.doubt else []
    for fact, other, admitted in _let_in(view, policies, expected):
        reached = _leaves(other, view, policies) if admitted is True else admitted
        whose = other.tenancy.tenant
        if reached is True and not isinstance(whose, Unknown):
            facts = (fact, Fact(f"tenant of {other.resource.address}", whose, "", other.header))
            return Judgement(False, facts, f"pods of {whose} can reach it", at=view.header)
        doubts += [part for part in (reached, whose) if isinstance(part, Unknown)][: reached is not False]
    if doubts:
        return Judgement(None, (Fact(name, doubts[0], expected, view.header),))
    return Judgement(True, tuple(_isolating(name, policy) for policy in found.policies[:MOST_FACTS]))


def _let_in(view: View, policies: Policies, expected: str) -> Iterator[tuple[Fact, View, bool | Unknown]]:
    """Whom of the other tenants the policies of a workload let in, or may let in, and what says so."""
    name, found = _PROPERTIES[INGRESS], policies.of(view, INGRESS)
    if not found.policies and found.doubt is None:
        open_ = Fact(name, "no network policy selects its pods", expected, view.header)
        open_ = _unenforced(found.off) if found.off else open_
        everybody = (other for members in policies.tenants.values() for other in members)
        yield from ((open_, other, True) for other in everybody if other.tenancy.tenant != view.tenancy.tenant)
    for policy, peer in ((p, q) for p in found.policies for q in p.peers[INGRESS]):
        where = policy.view.resource.origin.locate(peer.at)
        for other, answer in policies.admitted(peer):
            if other.tenancy.tenant != view.tenancy.tenant:
                said = f"allowed from {other.tenancy.tenant}"
                yield Fact(f"{name} by {policy.view.resource.address}", said, expected, where), other, answer


def _leaves(source: View, target: View, policies: Policies) -> bool | Unknown:
    """Whether nothing keeps a workload from opening a connection to another one."""
    found = policies.of(source, EGRESS)
    if not found.policies:
        return found.doubt or True
    pod = pod_of(target, policies.cluster)
    answers = [admits(peer, pod) for policy in found.policies for peer in policy.peers[EGRESS]]
    if True in answers:
        return True
    return next((answer for answer in answers if isinstance(answer, Unknown)), found.doubt or False)
