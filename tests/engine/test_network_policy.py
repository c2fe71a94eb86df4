"""The union of network policies, beside a model of the same rules that knows nothing of ours."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phiward.engine.graph_rule import GraphIndex
from phiward.engine.network_policy import pod_egress_restricted, pod_ingress_restricted, tenant_network_isolated
from phiward.graph.network_policies.calico_selector import parse_selector
from phiward.model.resource import Hole
from phiward.model.value import Unknown
from tests.clusters import graph_of, text_of, view_of

NAMESPACES = ("ehr-mercy", "ehr-lakeside", "shared")
LABELS = ({}, {"app": "api"}, {"app": "db"}, {"app": "api", "tier": "web"})
Object = dict[str, Any]

selectors = st.sampled_from(
    [
        {},
        {"matchLabels": {"app": "api"}},
        {"matchLabels": {"app": "db"}},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]},
        {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
    ]
)
of_namespaces = st.sampled_from(
    [None, {}, {"matchLabels": {"team": "ehr"}}, {"matchLabels": {"kubernetes.io/metadata.name": "shared"}}]
)


@st.composite
def peers(draw: st.DrawFn) -> Object:
    namespaces = draw(of_namespaces)
    pods = draw(st.none() | selectors)
    if namespaces is None and pods is None:
        return {"podSelector": {}}
    return {
        **({"namespaceSelector": namespaces} if namespaces is not None else {}),
        **({"podSelector": pods} if pods is not None else {}),
    }


@st.composite
def policies(draw: st.DrawFn) -> Object:
    spec: Object = {"podSelector": draw(selectors)}
    for direction, side in (("ingress", "from"), ("egress", "to")):
        rules = draw(
            st.none() | st.lists(st.lists(peers(), max_size=2).map(lambda p, side=side: {side: p}), max_size=2)
        )
        if rules is not None:
            spec[direction] = rules
    types = draw(st.none() | st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]))
    if types:
        spec["policyTypes"] = types
    name = draw(st.integers(0, 10**6))
    metadata = {"name": f"p{name}", "namespace": draw(st.sampled_from(NAMESPACES))}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def estate() -> list[Object]:
    """Three namespaces, two of them tenants', each with a pod of every set of labels."""
    found: list[Object] = []
    for namespace in NAMESPACES:
        labels = {"team": "ehr"} if namespace.startswith("ehr") else {}
        if namespace.startswith("ehr-"):
            labels["tenant"] = namespace.removeprefix("ehr-")
        found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
        for number, own in enumerate(LABELS):
            metadata = {"name": f"pod{number}", "namespace": namespace, "labels": own}
            spec = {"containers": [{"name": "c", "image": "a"}]}
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return found


# -- the independent model


def chosen(selector: Object, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions", []):
        there = labels.get(expression["key"])
        holds = {
            "Exists": there is not None,
            "DoesNotExist": there is None,
            "NotIn": there not in expression.get("values", ()),
        }[expression["operator"]]
        if not holds:
            return False
    return True


def directions(spec: Object) -> set[str]:
    if "policyTypes" in spec:
        return {name.lower() for name in spec["policyTypes"]}
    return {"ingress"} | ({"egress"} if spec.get("egress") else set())


def applying(world: list[Object], pod: Object, direction: str) -> list[Object]:
    return [
        o["spec"]
        for o in world
        if o["kind"] == "NetworkPolicy"
        and o["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and direction in directions(o["spec"])
        and chosen(o["spec"]["podSelector"], pod["metadata"]["labels"])
    ]


def allows(world: list[Object], pod: Object, other: Object | None, direction: str) -> bool:
    """Whether the policies of `pod` let a connection with `other` (None: an address outside) through."""
    found = applying(world, pod, direction)
    if not found:
        return True
    side = "from" if direction == "ingress" else "to"
    labels = {o["metadata"]["name"]: o["metadata"]["labels"] for o in world if o["kind"] == "Namespace"}
    for spec in found:
        for rule in spec.get(direction, []):
            if not rule[side]:
                return True
            for peer in rule[side]:
                if other is None:
                    continue
                namespace = other["metadata"]["namespace"]
                if "namespaceSelector" in peer:
                    own = {**labels[namespace], "kubernetes.io/metadata.name": namespace}
                    inside = chosen(peer["namespaceSelector"], own)
                else:
                    inside = namespace == pod["metadata"]["namespace"]
                if inside and chosen(peer.get("podSelector", {}), other["metadata"]["labels"]):
                    return True
    return False


def address(pod: Object) -> str:
    return f"Pod/{pod['metadata']['namespace']}/{pod['metadata']['name']}"


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(policies(), max_size=5))
def test_who_reaches_a_pod_is_what_an_independent_model_says(made: list[Object]) -> None:
    world = [*estate(), *made]
    graph = graph_of(text_of(world))
    index = GraphIndex(graph)
    pods = [o for o in world if o["kind"] == "Pod"]
    for pod in pods:
        view = view_of(graph, address(pod))
        stranger = {"metadata": {"namespace": "shared", "labels": {"app": "stranger"}}}
        if allows(world, pod, None, "ingress"):
            assert pod_ingress_restricted(view, index).truth is False
        elif not allows(world, pod, stranger, "ingress"):
            assert pod_ingress_restricted(view, index).truth is True
        assert pod_egress_restricted(view, index).truth is not allows(world, pod, None, "egress")
        tenant = pod["metadata"]["namespace"].removeprefix("ehr-")
        if tenant == "shared":
            continue
        others = [o for o in pods if o["metadata"]["namespace"] not in ("shared", f"ehr-{tenant}")]
        reached = any(allows(world, pod, o, "ingress") and allows(world, o, pod, "egress") for o in others)
        assert tenant_network_isolated(view, index).truth is not reached, address(pod)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(policies(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_documents_changes_nothing(made: list[Object], random: Any) -> None:
    world = [*estate(), *made]
    shuffled = list(world)
    random.shuffle(shuffled)
    assert answers(world) == answers(shuffled)


def answers(world: list[Object]) -> dict[str, list[bool | None]]:
    graph = graph_of(text_of(world))
    index = GraphIndex(graph)
    rules = (pod_ingress_restricted, pod_egress_restricted, tenant_network_isolated)
    pods = [view for view in graph.views if view.resource.native_type == "Pod"]
    return {view.resource.address: [rule(view, index).truth for rule in rules] for view in pods}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(policies(), max_size=3))
def test_what_could_not_be_read_leaves_no_pass(made: list[Object]) -> None:
    """A file that was not read may hold a policy that opens everything."""
    world = [*estate(), *made]
    whole, holed = graph_of(text_of(world)), graph_of(text_of(world), holes=(Hole("x.yaml could not be read"),))
    for graph, other in itertools.product((whole,), (holed,)):
        for view in (view for view in graph.views if view.resource.native_type == "Pod"):
            again = view_of(other, view.resource.address)
            before = pod_ingress_restricted(view, GraphIndex(graph)).truth
            after = pod_ingress_restricted(again, GraphIndex(other)).truth
            assert after is not True
            assert before is not False or after in (False, None)


@pytest.mark.parametrize(
    "selector, labels, expected",
    [
        ("", {}, True),
        ("all()", {"a": "b"}, True),
        ("a == 'b'", {"a": "b"}, True),
        ("a == 'b'", {}, False),
        ("a != 'b'", {}, True),
        ('a != "b" && c == "d"', {"c": "d"}, True),
        ("has(a)", {"a": ""}, True),
        ("!has(a)", {"a": ""}, False),
        ("a in {'x', 'y'}", {"a": "y"}, True),
        ("a not in {'x'}", {}, True),
        ("a starts with 'x' || a ends with 'z'", {"a": "yz"}, True),
        ("a contains 'y'", {"a": "xyz"}, True),
        ("(a == 'b' || c == 'd') && !(e == 'f')", {"c": "d", "e": "f"}, False),
        ("example.org/a-b.c == 'x'", {"example.org/a-b.c": "x"}, True),
    ],
)
def test_calico_selectors(selector: str, labels: dict[str, str], expected: bool) -> None:
    assert parse_selector(selector)(labels) is expected


@pytest.mark.parametrize(
    "selector", ["a ==", "a == b", "has(", "a in {'x'", "(a == 'b'", "&& a == 'b'", "a == 'b' c == 'd'"]
)
def test_what_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="is not a selector"):
        parse_selector(selector)


def test_labels_that_are_not_known_leave_a_selector_open() -> None:
    assert isinstance(parse_selector("a == 'b'")({"a": Unknown("x")}), Unknown)
    assert parse_selector("a == 'b' && c == 'd'")({"a": Unknown("x"), "c": "e"}) is False


DENIED = """
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: ehr}
spec: {containers: [{name: api, image: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: ehr}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
"""
CONFIGURED = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: cilium-config, namespace: kube-system}}
data: {{{0}}}
"""
ON_SOME_NODES = """
apiVersion: cilium.io/v2
kind: CiliumNodeConfig
metadata: {{name: some, namespace: kube-system}}
spec: {{nodeSelector: {{}}, defaults: {{{0}}}}}
"""


@pytest.mark.parametrize(
    "expected, installed",
    [
        (True, CONFIGURED.format("enable-policy: default")),
        (True, CONFIGURED.format("policy-audit-mode: 'false'")),
        (False, CONFIGURED.format("enable-policy: never")),
        (False, CONFIGURED.format("policy-audit-mode: 'true'")),
        (None, CONFIGURED.format("enable-policy: '${MODE}'")),
        (None, ON_SOME_NODES.format("enable-policy: never")),
        (True, ON_SOME_NODES.format("bpf-lb-acceleration: native")),
        (True, CONFIGURED.format("enable-policy: never").replace("cilium-config", "other")),
    ],
)
def test_policies_that_are_not_enforced_restrict_nobody(expected: bool | None, installed: str) -> None:
    graph = graph_of(DENIED + installed)
    judgement = pod_ingress_restricted(view_of(graph, "Pod/ehr/api"), GraphIndex(graph))
    assert judgement.truth is expected
    if expected is False:
        assert judgement.message == "Cilium enforces no network policy"
