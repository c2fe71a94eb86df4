"""Cilium: whether a workload takes nothing but authenticated connections over an encrypted network.

Source: docs.cilium.io, "Mutual Authentication" (`authentication.mode: required` of a rule proves who calls and
encrypts nothing; encryption is switched on beside it), "Transparent Encryption" (`enable-wireguard`, `enable-ipsec` in
the ConfigMap cilium-config), "Per-node configuration" (a CiliumNodeConfig goes before that ConfigMap), "Policy
Enforcement Modes" (`enable-policy: never` enforces none), "Creating Policies from Verdicts" (nor does
`policy-audit-mode`) and "Ztunnel Transparent Encryption" (the label `io.cilium/mtls-enabled` of a namespace).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.mesh.model import Answer, Step, every
from phiward.graph.mesh.workload import Workload, entry
from phiward.graph.network_policies.cilium import TYPES
from phiward.graph.network_policies.enforcement import CONFIG, CONFIG_MAP, NODE_CONFIG, SAYS
from phiward.graph.network_policies.model import INGRESS, Peer, Policy
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, any_of, flag, why
from phiward.model.value import Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

ENCRYPTION = ("enable-wireguard", "enable-ipsec")
ZTUNNEL = "io.cilium/mtls-enabled"
_REQUIRED = "required"


class Cilium:
    """Cilium's mutual authentication in one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def appears(self, workloads: list[Workload]) -> bool:
        """Whether anything that was scanned asks for authentication."""
        views = [view for native in TYPES for view in self.cluster.of(native)]
        return any(_asks(view) for view in views) or any(
            entry(workload.namespace_labels, ZTUNNEL) == "true" for workload in workloads
        )

    def is_part(self, _: Workload) -> bool:
        """Cilium's own pods are on the network of their node and in the namespaces of Kubernetes itself."""
        return False

    @cached_property
    def _config(self) -> View | None:
        return next((view for view in self.cluster.of(CONFIG_MAP) if view.name == CONFIG), None)

    def member(self, workload: Workload) -> Answer:
        """Whether Cilium's policies reach the pods."""
        if isinstance(workload.spec_doubt, Unknown):
            return Answer(workload.spec_doubt)
        truth: Truth = workload.host_network
        step = workload.step("hostNetwork of the pods", truth, False, "spec", "hostNetwork")
        reached = truth if isinstance(truth, Unknown) else not truth
        why_not = "its pods are on the network of their node, which Cilium's policies do not reach"
        return Answer(reached, why_not, (step,) if reached is not True else ())

    def refuses_plaintext(self, workload: Workload) -> Answer:
        """Whether whoever calls is authenticated, and the network encrypts."""
        member = self.member(workload)
        if member.truth is False:
            return member
        if entry(workload.namespace_labels, ZTUNNEL) == "true":
            step = workload.namespace_step(ZTUNNEL, "true")
            doubt = Unknown("whether Cilium's ztunnel refuses clients outside of the mesh is not documented")
            return Answer(doubt, "", (step,))
        return every([member, self._enforced(), self._authenticated(workload), self._encrypted(workload)])

    def _authenticated(self, workload: Workload) -> Answer:
        found = self.cluster.policies.of(workload.view, INGRESS)
        if not found.policies:
            step = workload.step("network policies that select the pods", None, "one that asks for authentication")
            return Answer(
                found.doubt or False, "no network policy selects its pods, and everyone may call them", (step,)
            )
        chosen = sorted(found.policies, key=lambda policy: policy.view.resource.address)
        answers = [_of_peer(policy, peer) for policy in chosen for peer in policy.peers[INGRESS]]
        doubtful = [
            Answer(doubt)
            for policy, doubt in sorted(found.doubtful, key=lambda each: each[0].view.resource.address)
            if any(_of_peer(policy, peer).truth is not True for peer in policy.peers[INGRESS])
        ]
        named = tuple(
            Step(p.view.resource.address, "denies what nothing allows", None, p.view.resource) for p in chosen
        )
        hole = [Answer(found.hole)] if found.hole else []
        return every([Answer(True, "", named), *answers, *doubtful, *hole])

    def _enforced(self) -> Answer:
        """Whether policies are enforced at all."""
        off = self.cluster.policies.unenforced
        if off is None:
            return Answer()
        return Answer(off.doubt or False, SAYS, (Step(off.what, off.value, off.expected, off.view.resource, off.at),))

    def _overridden(self) -> Answer:
        """Whether no node is told not to encrypt: which ones a pod comes to is not written anywhere."""
        for view in self.cluster.of(NODE_CONFIG):
            for key in ENCRYPTION:
                value = inner(view.resource.attributes, "spec", "defaults", key)
                if value is not None and flag(value, default=False) is not True:
                    place = ("spec", "defaults", key)
                    step = Step(f"{key} of {view.resource.address}", value, "true", view.resource, place)
                    doubt = Unknown(f"{view.resource.address} takes encryption from some nodes")
                    return Answer(why(value) if undecided(value) else doubt, "", (step,))
        return Answer()

    def _encrypted(self, workload: Workload) -> Answer:
        view = self._config
        if view is None:
            reason = f"whether Cilium encrypts is not in what was scanned (ConfigMap {CONFIG})"
            step = workload.step(f"encryption in {CONFIG}", None, "true")
            return Answer(Unknown(reason, "scan Cilium's installation too"), "", (step,))
        data = inner(view.resource.attributes, "data")
        if undecided(data):
            return Answer(why(data))
        values = {key: inner(data, key) for key in ENCRYPTION}
        truth = any_of(flag(value, default=False) for value in values.values())
        steps = tuple(_of_config(view, key, value) for key, value in values.items() if value is not None)
        whole = (Step(f"encryption in {CONFIG}", None, "true", view.resource),)
        found = Answer(truth, "Cilium authenticates callers and encrypts nothing", steps or whole)
        return every([found, self._overridden()])


def _of_config(view: View, key: str, value: Value) -> Step:
    return Step(f"{key} in {CONFIG}", value, "true", view.resource, ("data", key))


def _of_peer(policy: Policy, peer: Peer) -> Answer:
    """Whether whom an entry of a policy lets in has to be authenticated."""
    at = peer.at[: peer.at.index(INGRESS) + 2] if INGRESS in peer.at else peer.at
    rule: Value = policy.view.resource.attributes
    for key in at:
        rule = rule[key] if isinstance(rule, dict) or isinstance(key, int) else None
    mode = inner(rule, "authentication", "mode") if policy.view.resource.native_type in TYPES else None
    step = Step(f"authentication of {policy.view.resource.address}", mode, _REQUIRED, policy.view.resource, at)
    truth: Truth = why(mode) if undecided(mode) else mode == _REQUIRED
    return Answer(truth, f"{policy.view.resource.address} lets clients in without authentication", (step,))


def _asks(view: View) -> bool:
    """Whether a policy asks for authentication anywhere."""
    attributes = view.resource.attributes
    listed = attributes.get("specs")
    specs = [attributes.get("spec"), *(listed if isinstance(listed, list) else ())]
    sides = [inner(spec, side) for spec in specs for side in ("ingress", "egress")]
    rules = [rule for side in sides if isinstance(side, list) for rule in side]
    return any(inner(rule, "authentication", "mode") is not None for rule in rules)
