"""`CiliumNetworkPolicy` and `CiliumClusterwideNetworkPolicy`.

Source: docs.cilium.io, "Policy Enforcement Modes", "Layer 3 Policies" and "Using Kubernetes Constructs In Policy": a
policy with a rule for a direction puts the endpoints that it selects into default deny there, unless
`enableDefaultDeny` says otherwise, and then its rules still add to what others allow; a list without any rule does
nothing; an empty rule allows nothing; `{}` as an endpoint selector is every endpoint of the
policy's namespace; labels carry their source as a prefix (`k8s:`), namespaces are the label
`io.kubernetes.pod.namespace`, and a namespace's own labels begin with `io.cilium.k8s.namespace.labels.`.
"""

from __future__ import annotations

from typing import Any

from phiward.graph.cluster import Labels, selects, takes_all
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
from phiward.graph.reading import inner
from phiward.graph.truth import why
from phiward.graph.view import View
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided

TYPES = ("cilium.io/CiliumNetworkPolicy", "cilium.io/CiliumClusterwideNetworkPolicy")
_NAMESPACE = "io.kubernetes.pod.namespace"
_NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
_WORLD = ("world", "all", "world-ipv4", "world-ipv6")
_SIDES = {INGRESS: "from", EGRESS: "to"}
_OTHERS = ("Services", "Groups", "Nodes", "Requires")
"""Kinds of peer whose members no manifest tells."""


def read(view: View) -> list[Policy]:
    """The policies of one object: `spec`, and each of `specs`."""
    namespace = view.get("metadata.namespace") if view.resource.native_type == TYPES[0] else None
    found = []
    for at, spec in _specs(view.resource.attributes):
        if undecided(spec):
            here = None if namespace is None else str(namespace)
            found.append(closed(view, _endpoints({}, here), spec, _SIDES))
        if isinstance(spec, dict) and "endpointSelector" in spec:
            chosen = _endpoints(spec["endpointSelector"], None if namespace is None else str(namespace))
            chosen = _perhaps(chosen, spec.get("enableDefaultDeny"))
            peers = {
                direction: tuple(_peers(spec, direction, at, namespace))
                for direction in (INGRESS, EGRESS)
                if _has_rules(spec, direction)
            }
            opens = frozenset(direction for direction in peers if not _isolates(spec, direction))
            found.append(Policy(view, chosen, peers, opens))
    return found


def _specs(attributes: Any) -> list[tuple[AttributePath, Value]]:
    found: list[tuple[AttributePath, Value]] = [(("spec",), attributes.get("spec"))]
    more = attributes.get("specs")
    if undecided(more):
        return [*found, (("specs",), more)]
    return [*found, *((("specs", number), spec) for number, spec in enumerate(entries(more)))]


def _perhaps(chosen: Selector, closing: Value) -> Selector:
    """A selector that is not sure of any pod where it is not known whether the policy denies what it does not allow."""
    open_values = [closing, *closing.values()] if isinstance(closing, dict) else [closing]
    doubt = next((why(value) for value in open_values if undecided(value)), None)
    return chosen if doubt is None else unsure(chosen, doubt)


def _has_rules(spec: dict[str, Value], direction: str) -> bool:
    return any(spec.get(key) not in (None, []) for key in (direction, f"{direction}Deny"))


def _isolates(spec: dict[str, Value], direction: str) -> bool:
    own = spec.get("enableDefaultDeny")
    return not isinstance(own, dict) or own.get(direction) is not False


def _peers(spec: dict[str, Value], direction: str, at: AttributePath, namespace: Value) -> list[Peer]:
    if undecided(spec.get(direction)):
        return [Peer((*at, direction), doubt=why(spec[direction]))]
    found: list[Peer] = []
    for number, rule in enumerate(entries(spec.get(direction))):
        place = (*at, direction, number)
        if not isinstance(rule, dict):
            found.append(Peer(place, doubt=why(rule) if undecided(rule) else Unknown("it is no rule")))
            continue
        side = _SIDES[direction]
        own = [key for key in rule if key.startswith(side) and key != "toPorts"]
        if not own and rule.get("toPorts") is not None:
            found.append(Peer(place, anyone=True))  # ports alone: everyone may use them
        for key in own:
            found += _side(key.removeprefix(side), rule[key], (*place, key), namespace)
    return found


def _side(kind: str, value: Value, at: AttributePath, namespace: Value) -> list[Peer]:
    """The peers of `fromEndpoints`, `toEntities` and their like; an empty list of them is nobody."""
    if undecided(value):
        return [Peer(at, doubt=why(value))]
    found: list[Peer] = []
    for number, entry in enumerate(entries(value)):
        place = (*at, number)
        if undecided(entry):
            found.append(Peer(place, doubt=why(entry)))
        elif kind == "Endpoints":
            own = None if namespace is None else str(namespace)
            every = own is None and takes_all(entry)
            doubt = every if isinstance(every, Unknown) else None
            found.append(Peer(place, everywhere=every is True, pods=_endpoints(entry, own), doubt=doubt))
        elif kind == "Entities":
            found += [_entity(str(entry), place)]
        elif kind == "CIDR":
            found.append(ranged(entry, place))
        elif kind == "CIDRSet":
            found.append(ranged(inner(entry, "cidr"), place))
        elif kind == "FQDNs":
            pattern = inner(entry, "matchPattern")
            doubt = why(pattern) if undecided(pattern) else None
            found.append(Peer(place, anyone=pattern in ("*", "**"), doubt=doubt))
        elif kind in _OTHERS:
            found.append(Peer(place, doubt=Unknown(f"whom {at[-1]} takes in is not in what was scanned")))
    return found


def _entity(name: str, at: AttributePath) -> Peer:
    if name in _WORLD:
        return Peer(at, anyone=True)
    return Peer(at, everywhere=name == "cluster", pods=(lambda _: True) if name == "cluster" else None)


def _endpoints(selector: Value, namespace: str | None) -> Selector:
    """An endpoint selector; without a namespace of its own it stays in the policy's."""

    def select(pod: Pod) -> Answer:
        if undecided(selector):
            return why(selector)
        if namespace is not None and not _names_namespace(selector) and pod.namespace != namespace:
            return False
        return selects(_plain(selector), _labels(pod))

    return select


def _names_namespace(selector: Value) -> bool:
    if not isinstance(selector, dict):
        return False
    pairs = selector.get("matchLabels")
    keys = list(pairs) if isinstance(pairs, dict) else []
    keys += [e.get("key", "") for e in entries(selector.get("matchExpressions")) if isinstance(e, dict)]
    return any(_bare(str(key)) == _NAMESPACE or _bare(str(key)).startswith(_NAMESPACE_LABELS) for key in keys)


def _bare(key: str) -> str:
    """A label's key without the source in front of it: `k8s:app`, `any:app`."""
    source, colon, name = key.partition(":")
    return name if colon and source in ("k8s", "any") else key


def _plain(selector: Value) -> Value:
    if not isinstance(selector, dict):
        return selector
    pairs = selector.get("matchLabels")
    return {
        "matchLabels": {_bare(str(k)): value for k, value in pairs.items()} if isinstance(pairs, dict) else pairs,
        "matchExpressions": [
            {**e, "key": _bare(str(e.get("key")))} if isinstance(e, dict) else e
            for e in entries(selector.get("matchExpressions"))
        ],
    }


def _labels(pod: Pod) -> Labels | Unknown:
    if isinstance(pod.labels, Unknown):
        return pod.labels
    found: dict[str, Value] = {**pod.labels, _NAMESPACE: pod.namespace}
    if isinstance(pod.namespace_labels, Unknown):
        return _OpenLabels(found, pod.namespace_labels)
    return {**found, **{f"{_NAMESPACE_LABELS}{key}": value for key, value in pod.namespace_labels.items()}}


class _OpenLabels(dict[str, Value]):
    """A pod's labels of which those that come from its namespace are not known."""

    def __init__(self, labels: dict[str, Value], doubt: Unknown) -> None:
        super().__init__(labels)
        self._doubt = doubt

    def get(self, key: str, default: Value = None) -> Value:
        return self._doubt if key.startswith(_NAMESPACE_LABELS) else super().get(key, default)
