"""Calico's `NetworkPolicy` and `GlobalNetworkPolicy`.

Source: docs.tigera.io, "Network policy", "Global network policy" and their selectors: a policy isolates what it
selects in the directions of `types` (where that is not written: those of its rules, else ingress); traffic that no rule
of any policy allows is then denied. Deny rules are left aside here, so that what is taken for allowed may be too much
and is never too little.
"""

from __future__ import annotations

from phiward.graph.network_policies.calico_selector import Expression, parse_selector
from phiward.graph.network_policies.kubernetes import directions
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
    ranged,
    unsure,
)
from phiward.graph.truth import all_of, why
from phiward.graph.view import View
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided

_GROUPS = ("crd.projectcalico.org", "projectcalico.org")
TYPES = tuple(f"{group}/{kind}" for group in _GROUPS for kind in ("NetworkPolicy", "GlobalNetworkPolicy"))
_SIDES = {INGRESS: "source", EGRESS: "destination"}
_NAMESPACE_NAME = "projectcalico.org/name"


def read(view: View) -> list[Policy]:
    """The policy of one object, and what it may do besides."""
    spec = view.resource.attributes.get("spec")
    everywhere = view.resource.native_type.endswith("/GlobalNetworkPolicy")
    namespace = None if everywhere else str(view.get("metadata.namespace") or "")
    if undecided(spec):
        return [closed(view, lambda pod: namespace in (None, pod.namespace), spec, _SIDES)]
    if not isinstance(spec, dict):
        return []
    chosen = _selector(spec.get("selector"), spec.get("namespaceSelector"), namespace)

    def toward(directions: list[str]) -> dict[str, tuple[Peer, ...]]:
        return {direction: tuple(_peers(spec.get(direction), direction, namespace)) for direction in directions}

    ruled = [direction for direction in _SIDES if spec.get(direction) and not undecided(spec[direction])]
    sure, doubt = directions(spec, "types", ruled or [INGRESS])
    found = [Policy(view, chosen, toward(sure))]
    if doubt is not None:
        others = toward([each for each in _SIDES if each not in sure])
        found.append(Policy(view, unsure(chosen, doubt), others, doubt=doubt))
    return found


def _peers(rules: Value, direction: str, namespace: str | None) -> list[Peer]:
    if undecided(rules):
        return [Peer(("spec", direction), doubt=why(rules))]
    found: list[Peer] = []
    for number, rule in enumerate(entries(rules)):
        at: AttributePath = ("spec", direction, number)
        if not isinstance(rule, dict):
            found.append(Peer(at, doubt=why(rule) if undecided(rule) else Unknown("it is no rule")))
        elif undecided(rule.get("action")):
            found.append(Peer(at, doubt=why(rule["action"])))
        elif rule.get("action") == "Pass":
            found.append(Peer(at, doubt=Unknown("what it passes on is decided by the next tier or profile")))
        elif rule.get("action") == "Allow":
            found += _allowed(rule.get(_SIDES[direction]) or {}, (*at, _SIDES[direction]), namespace)
    return found


def _allowed(side: Value, at: AttributePath, namespace: str | None) -> list[Peer]:
    if undecided(side):
        return [Peer(at, doubt=why(side))]
    if not isinstance(side, dict):
        return [Peer(at, doubt=Unknown("it says nobody"))]
    if side.get("serviceAccounts") or side.get("services") or side.get("domains"):
        return [Peer(at, doubt=Unknown(f"whom {at[-1]} takes in is not in what was scanned"))]
    nets = side.get("nets")
    if undecided(nets):
        return [Peer(at, doubt=why(nets))]
    if nets:
        return [ranged(net, (*at, "nets", number)) for number, net in enumerate(nets)]
    if not side.get("selector") and not side.get("namespaceSelector") and not side.get("notSelector"):
        return [Peer(at, anyone=not side.get("notNets"), cidr="0.0.0.0/0" if side.get("notNets") else "")]
    for written in (side.get("selector"), side.get("namespaceSelector")):
        if undecided(written):
            return [Peer(at, doubt=why(written))]
    own = None if side.get("namespaceSelector") else namespace
    every = side.get("namespaceSelector") in ("all()", "global()") and side.get("selector") in (None, "", "all()")
    return [Peer(at, everywhere=every, pods=_selector(side.get("selector"), side.get("namespaceSelector"), own))]


def _selector(pods: Value, namespaces: Value, namespace: str | None) -> Selector:
    try:
        of_pods = parse_selector(pods or "all()")
        of_namespaces = parse_selector(namespaces) if namespaces else None
    except ValueError as error:
        doubt = Unknown(str(error))
        return lambda _: doubt

    def select(pod: Pod) -> Answer:
        if namespace is not None and pod.namespace != namespace:
            return False
        own: Expression = of_pods
        answers = [own(pod.labels if isinstance(pod.labels, Unknown) else _with_namespace(pod))]
        if of_namespaces is not None:
            labels = pod.namespace_labels
            answers.append(of_namespaces(labels if isinstance(labels, Unknown) else _named(labels, pod.namespace)))
        return all_of(answers)

    return select


def _with_namespace(pod: Pod) -> dict[str, Value]:
    labels = pod.labels if not isinstance(pod.labels, Unknown) else {}
    return {"projectcalico.org/namespace": pod.namespace, **labels}


def _named(labels: object, namespace: str) -> dict[str, Value]:
    return {_NAMESPACE_NAME: namespace, **(labels if isinstance(labels, dict) else {})}
