"""Objects of a mesh that are no such thing, and clusters that are large: no crash, and time in proportion."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phiward.engine.graph_rule import GraphIndex
from phiward.engine.graph_rules import graph_rule
from tests import clusters
from tests.engine.meshes import Object, peer, service, space, thing, work

RULES = ("workload_mtls_enforced", "mesh_authorization_default_deny", "mesh_authorization_tenant")
PROPERTIES = ("mutual_tls.clients", "mutual_tls.modes", "mesh.outbound", "mesh.declared", "tls.minimum_version")
LINKERD = {"linkerd.io/inject": "enabled", "config.linkerd.io/skip-inbound-ports": "9000-9001"}
SOURCE = {"principals": ["cluster.local/ns/ehr/sa/a"], "notNamespaces": ["labs"], "ipBlocks": ["10.0.0.0/8"]}
RULE = {
    "from": [{"source": SOURCE}],
    "to": [{"operation": {"paths": ["/x"]}}],
    "when": [{"key": "source.namespace", "values": ["a"], "notValues": ["b"]}],
}
V1, OLD = "policy.linkerd.io/v1beta3", "policy.linkerd.io/v1alpha1"
CONSUL = "consul.hashicorp.com/v1alpha1"
OBJECTS: list[Object] = [
    space(labels={"istio-injection": "enabled", "tenant": "mercy"}, annotations=LINKERD),
    space("clinic", {"tenant": "lakeside", "io.cilium/mtls-enabled": "true"}),
    work(labels={"istio.io/rev": "a"}, annotations={"consul.hashicorp.com/connect-inject": "true", "traffic.sidecar.istio.io/excludeInboundPorts": "1,2", "traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.0.0.0/8"},
         initContainers=[{"name": "istio-proxy", "image": "x/proxyv2:1", "args": ["proxy"]}], ports=({"name": "http", "containerPort": 8080},)),
    work("intake", "clinic", kind="CronJob"),
    service("records", {"app": "records"}, {"port": 80, "targetPort": "http"}),
    peer("STRICT", app="records", ports={8080: "DISABLE"}, creationTimestamp="2026-01-01T00:00:00Z"),
    peer("STRICT", "istio-system", name="mesh"),
    thing("security.istio.io/v1", "AuthorizationPolicy", "callers", spec={"action": "ALLOW", "selector": {"matchLabels": {"app": "records"}}, "rules": [RULE]}),
    thing("security.istio.io/v1", "AuthorizationPolicy", "others", spec={"action": "DENY", "rules": [RULE]}),
    thing("networking.istio.io/v1", "DestinationRule", "d", spec={"host": "records", "exportTo": ["*"], "trafficPolicy": {"tls": {"mode": "DISABLE"}, "portLevelSettings": [{"port": {"number": 1}, "tls": {"mode": "SIMPLE"}}]},
          "subsets": [{"name": "v", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}]}),
    thing("networking.istio.io/v1", "ServiceEntry", "e", spec={"hosts": ["a.example"], "location": "MESH_INTERNAL"}),
    thing("networking.istio.io/v1alpha3", "EnvoyFilter", "f", spec={"workloadSelector": {"labels": {"app": "x"}}, "configPatches": [{"applyTo": "LISTENER", "match": {"context": "ANY"}}]}),
    thing("install.istio.io/v1alpha1", "IstioOperator", "i", "istio-system", spec={"meshConfig": {"rootNamespace": "istio-system", "meshMTLS": {"minProtocolVersion": "TLSV1_2"}}, "values": {"global": {"proxy": {"excludeInboundPorts": "1"}}}}),
    thing("v1", "ConfigMap", "istio", "istio-system", data={"mesh": "rootNamespace: istio-system\ndefaultConfig: {interceptionMode: NONE}"}),
    thing("v1", "ConfigMap", "istio-sidecar-injector", "istio-system", data={"config": "policy: enabled\nneverInjectSelector: [{matchLabels: {a: b}}]"}),
    thing("v1", "ConfigMap", "linkerd-config", "linkerd", data={"values": "proxy: {defaultInboundPolicy: deny}"}),
    thing("v1", "ConfigMap", "cilium-config", "kube-system", data={"enable-wireguard": "true"}),
    thing("v1", "ConfigMap", "consul-server-config", "consul", metadata={"labels": {"app": "consul"}}, data={"a.json": '{"acl": {"default_policy": "deny"}}'}),
    thing("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "w", None, metadata={"labels": {"app": "sidecar-injector", "istio.io/rev": "a"}}),
    thing(V1, "Server", "s", spec={"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["records"]}]}, "port": "http", "accessPolicy": "audit"}),
    thing(V1, "HTTPRoute", "r", spec={"parentRefs": [{"kind": "Server", "name": "s"}], "rules": [{"matches": [{"path": {"type": "Exact", "value": "/"}}]}]}),
    thing(OLD, "AuthorizationPolicy", "l", spec={"targetRef": {"kind": "Server", "name": "s"}, "requiredAuthenticationRefs": [{"kind": "MeshTLSAuthentication", "name": "m"}, {"kind": "NetworkAuthentication", "name": "n1"}]}),
    thing(OLD, "AuthorizationPolicy", "l2", spec={"targetRef": {"kind": "HTTPRoute", "name": "r"}, "requiredAuthenticationRefs": [{"kind": "NetworkAuthentication", "name": "n1"}]}),
    thing(OLD, "MeshTLSAuthentication", "m", spec={"identities": ["*.ehr.serviceaccount.identity.linkerd.cluster.local"], "identityRefs": [{"kind": "ServiceAccount", "name": "a"}]}),
    thing(OLD, "NetworkAuthentication", "n1", spec={"networks": [{"cidr": "10.0.0.0/8"}]}),
    thing("policy.linkerd.io/v1beta1", "ServerAuthorization", "z", spec={"server": {"selector": {"matchLabels": {"a": "b"}}}, "client": {"meshTLS": {"serviceAccounts": [{"name": "a"}]}, "networks": [{"cidr": "::/0"}]}}),
    thing(CONSUL, "ServiceIntentions", "si", spec={"destination": {"name": "records"}, "sources": [{"name": "portal", "action": "allow", "permissions": [{"action": "deny"}]}]}),
    thing(CONSUL, "ServiceDefaults", "records", spec={"mutualTLSMode": "permissive"}),
    thing(CONSUL, "ProxyDefaults", "global", spec={"mutualTLSMode": "strict"}),
    thing(CONSUL, "Mesh", "mesh", spec={"allowEnablingPermissiveMutualTLS": True, "tls": {"incoming": {"tlsMinVersion": "TLSv1_0"}}}),
    thing("cilium.io/v2", "CiliumNetworkPolicy", "c", spec={"endpointSelector": {}, "ingress": [{"fromEndpoints": [{}], "authentication": {"mode": "required"}}]}),
]  # fmt: skip
JUNK = (
    None,
    "",
    "x",
    "*",
    "${X}",
    0,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"matchLabels": []},
    "9" * 5000,
    ["${X}", 3],
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside an object that may be something else, but for what makes it an object of its name."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        if (*path, key) not in (
            ("apiVersion",),
            ("kind",),
            ("metadata",),
            ("metadata", "name"),
            ("metadata", "namespace"),
        ):
            yield from places(each, (*path, key))


PLACES = [(number, path) for number, each in enumerate(OBJECTS) for path in places(each)]


def ask_everything(objects: list[Object]) -> None:
    """All that is ever asked of a mesh."""
    graph = clusters.graph_of(clusters.text_of(objects))
    index = GraphIndex(graph)
    for view in graph.views:
        for name in PROPERTIES:
            if view.models(name):
                view.reading(name).location()
        if "pods" in view.row.kinds:
            for rule in RULES:
                graph_rule(rule)(view, index)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK)), min_size=1, max_size=4))
def test_what_is_no_such_object_crashes_nothing(changes: Any) -> None:
    objects = copy.deepcopy(OBJECTS)
    for (number, path), junk in changes:
        holder = objects[number]
        try:
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    ask_everything(objects)


@pytest.mark.heavy
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_place_of_every_object_may_be_anything(place: Any) -> None:
    number, path = place
    for junk in JUNK:
        objects = copy.deepcopy(OBJECTS)
        holder = objects[number]
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = copy.deepcopy(junk)
        ask_everything(objects)


@pytest.mark.parametrize(
    "text",
    [
        "a: [b",
        "&a [*a]",
        "[" * 5000,
        "- 1",
        "\t",
        "a: &a {b: 1}\nc: *a\n<<: *a",
        "!!python/object:x {}",
        "x: 1\n---\ny: 2",
    ],
)
def test_configuration_that_cannot_be_read_crashes_nothing(text: str) -> None:
    maps = [thing("v1", "ConfigMap", name, "istio-system", metadata={"labels": {"app": "consul"}}, data=dict.fromkeys(("mesh", "config", "values"), text))
            for name in ("istio", "istio-sidecar-injector", "linkerd-config", "consul-server-config", "cilium-config")]  # fmt: skip
    ask_everything([*OBJECTS[:8], *maps])


def cluster_of(namespaces: int) -> list[Object]:
    """A cluster of tenants, each workload with policies of its own."""
    found = [peer("STRICT", "istio-system", name="mesh")]
    for number in range(namespaces):
        place = f"team-{number}"
        found.append(space(place, {"istio-injection": "enabled", "tenant": place}))
        for name in ("records", "portal", "intake"):
            caller = {"from": [{"source": {"principals": [f"cluster.local/ns/{place}/sa/portal"]}}]}
            chosen = {"selector": {"matchLabels": {"app": name}}}
            found += [
                work(name, place),
                service(name, {"app": name}, {"port": 80, "targetPort": 8080}, namespace=place),
                peer("UNSET", place, name=name, app=name),
                thing("security.istio.io/v1", "AuthorizationPolicy", name, place, spec={**chosen, "rules": [caller]}),
            ]
    return found


def calls(namespaces: int) -> int:
    """How many functions are called to judge a cluster: unlike time, the same on every machine."""
    graph = clusters.graph_of(clusters.text_of(cluster_of(namespaces)))
    index, counted = GraphIndex(graph), 0

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        for view in graph.views:
            for rule in RULES if "pods" in view.row.kinds else ():
                graph_rule(rule)(view, index)
    finally:
        sys.setprofile(None)
    return counted


def test_work_grows_with_the_cluster_and_not_with_its_square() -> None:
    small, large = calls(20), calls(80)
    assert large < 4.4 * small
