"""`networking.k8s.io/NetworkPolicy`.

Source: kubernetes.io, "Network Policies": a policy isolates the pods that it selects in the directions of
`policyTypes` (Ingress always where that is not written, Egress where the policy has egress rules); what any policy
allows is allowed; a rule without `from` or `to` allows everyone.
"""

from __future__ import annotations

from phiward.graph.cluster import selects, takes_all
from phiward.graph.network_policies.model import (
    EGRESS,
    INGRESS,
    Answer,
    Peer,
    Pod,
    Policy,
    Selector,
    closed,
    entries,
    unsure,
)
from phiward.graph.truth import all_of, why
from phiward.graph.view import View
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided

TYPE = "networking.k8s.io/NetworkPolicy"
_OTHER_SIDE = {INGRESS: "from", EGRESS: "to"}


def read(view: View) -> list[Policy]:
    """The policy of one object, and what it may do besides."""
    spec = view.resource.attributes.get("spec")
    namespace = str(view.get("metadata.namespace") or "")
    if undecided(spec):
        return [closed(view, lambda pod: pod.namespace == namespace, spec, _OTHER_SIDE)]
    if not isinstance(spec, dict):
        return []
    chosen = spec.get("podSelector")

    def select(pod: Pod) -> Answer:
        return pod.namespace == namespace and selects(chosen or {}, pod.labels)

    def toward(directions: list[str]) -> dict[str, tuple[Peer, ...]]:
        return {direction: tuple(_peers(spec.get(direction), direction, namespace)) for direction in directions}

    sure, doubt = directions(spec, "policyTypes", _without_types(spec))
    found = [Policy(view, select, toward(sure))]
    if doubt is not None:
        others = toward([each for each in _OTHER_SIDE if each not in sure])
        found.append(Policy(view, unsure(select, doubt), others, doubt=doubt))
    return found


def directions(spec: dict[str, Value], key: str, otherwise: list[str]) -> tuple[list[str], Unknown | None]:
    """The directions in which a policy isolates, and why it may do so in the others as well."""
    written = spec.get(key)
    if undecided(written):
        return [], why(written)
    if not isinstance(written, list) or not written:
        doubt = next((why(spec[side]) for side in _OTHER_SIDE if undecided(spec.get(side))), None)
        return otherwise, doubt
    found = [str(name).lower() for name in written if str(name).lower() in _OTHER_SIDE]
    return found, next((why(name) for name in written if undecided(name)), None)


def _without_types(spec: dict[str, Value]) -> list[str]:
    egress = spec.get(EGRESS)
    return [INGRESS, EGRESS] if egress and not undecided(egress) else [INGRESS]


def _peers(rules: Value, direction: str, namespace: str) -> list[Peer]:
    if undecided(rules):
        return [Peer(("spec", direction), doubt=why(rules))]
    found: list[Peer] = []
    for number, rule in enumerate(entries(rules)):
        at: AttributePath = ("spec", direction, number)
        others = rule.get(_OTHER_SIDE[direction]) if isinstance(rule, dict) else rule
        if undecided(others):
            found.append(Peer(at, doubt=why(others)))
        elif not others:
            found.append(Peer(at, anyone=True))
        for place, other in enumerate(entries(others)):
            found.append(_peer(other, (*at, _OTHER_SIDE[direction], place), namespace))
    return found


def _peer(other: Value, at: AttributePath, namespace: str) -> Peer:
    if not isinstance(other, dict):
        return Peer(at, doubt=why(other) if undecided(other) else Unknown("it is no peer of a network policy"))
    block = other.get("ipBlock")
    if block is not None:
        cidr = block.get("cidr") if isinstance(block, dict) else block
        return Peer(at, cidr=cidr) if isinstance(cidr, str) else Peer(at, doubt=why(cidr))
    pods, namespaces = other.get("podSelector"), other.get("namespaceSelector")
    everywhere = namespaces is not None and all_of([takes_all(namespaces), takes_all(pods)])
    if isinstance(everywhere, Unknown):
        return Peer(at, doubt=everywhere)
    return Peer(at, everywhere=everywhere, pods=_selector(pods, namespaces, namespace))


def _selector(pods: Value, namespaces: Value, namespace: str) -> Selector:
    """The pods of a peer: those of its own namespace where no other is selected."""

    def select(pod: Pod) -> Answer:
        if namespaces is None:
            return pod.namespace == namespace and selects(pods or {}, pod.labels)
        return all_of([selects(namespaces, pod.namespace_labels), selects(pods or {}, pod.labels)])

    return select
