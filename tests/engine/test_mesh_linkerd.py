"""Whether Linkerd refuses unauthenticated clients: its documentation's rules, case by case, in our own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.meshes import VERDICTS, Object, judge, service, space, thing, told, work

RULE = "workload_mtls_enforced"
INJECTION = "linkerd.io/docs/features/proxy-injection/"
POLICY = "linkerd.io/docs/features/server-policy/"
REFERENCE = "linkerd.io/docs/reference/authorization-policy/"
PROXY = "linkerd.io/docs/reference/proxy-configuration/"
PORTS = "linkerd.io/docs/features/protocol-detection/"
INJECT, DEFAULT = "linkerd.io/inject", "config.linkerd.io/default-inbound-policy"
SKIP = "config.linkerd.io/skip-inbound-ports"
SUBNETS = "config.linkerd.io/skip-subnets"
ON = {INJECT: "enabled"}
CLOSED = {**ON, DEFAULT: "all-authenticated"}
V1 = "policy.linkerd.io/v1beta3"


def case(reference: str, title: str, expected: str, *objects: Object) -> Any:
    return pytest.param(expected, objects, id=f"{title} [{reference}]")


def around(annotations: Object | None = None, /, **given: Any) -> list[Object]:
    """A workload in a namespace with these annotations."""
    return [space(annotations=annotations), work(**given)]


def installed(**values: Any) -> Object:
    import json

    return thing("v1", "ConfigMap", "linkerd-config", "linkerd", data={"values": json.dumps(values)})


def server(name: str = "records", port: Any = 8080, **spec: Any) -> Object:
    return thing(
        V1,
        "Server",
        name,
        metadata={"labels": {"app": "records"}},
        spec={"podSelector": {"matchLabels": {"app": "records"}}, "port": port, **spec},
    )


def allow(*references: Object, kind: str = "Server", name: str = "records", policy: str = "callers") -> Object:
    return thing(
        "policy.linkerd.io/v1alpha1",
        "AuthorizationPolicy",
        policy,
        spec={"targetRef": {"kind": kind, "name": name}, "requiredAuthenticationRefs": list(references)},
    )


def mesh_tls(name: str = "portal", namespace: str = "ehr", **spec: Any) -> Object:
    return thing("policy.linkerd.io/v1alpha1", "MeshTLSAuthentication", name, namespace, spec=spec)


def authorization(client: Object, **chosen: Any) -> Object:
    return thing(
        "policy.linkerd.io/v1beta1",
        "ServerAuthorization",
        "older",
        spec={"server": chosen or {"name": "records"}, "client": client},
    )


def network(*cidrs: str) -> Object:
    return thing(
        "policy.linkerd.io/v1alpha1",
        "NetworkAuthentication",
        "nodes",
        spec={"networks": [{"cidr": cidr} for cidr in cidrs]},
    )


TLS = {"kind": "MeshTLSAuthentication", "name": "portal"}
NODES = {"kind": "NetworkAuthentication", "name": "nodes"}
ACCOUNT = {"kind": "ServiceAccount", "name": "portal"}
PROBE = {"livenessProbe": {"httpGet": {"path": "/alive", "port": 8080}}}


def route(path: str, type_: str = "Exact", parent: str = "records") -> Object:
    rules = [{"matches": [{"path": {"type": type_, "value": path}}]}]
    return thing(V1, "HTTPRoute", "r", spec={"parentRefs": [{"kind": "Server", "name": parent}], "rules": rules})


PROXIES = [
    case(INJECTION, "the namespace asks", "pass", *around(CLOSED)),
    case(INJECTION, "the pods ask", "pass", *around(annotations=CLOSED)),
    case(INJECTION, "nobody asks", "fail", *around({DEFAULT: "deny"})),
    case(INJECTION, "the pods refuse", "fail", *around(CLOSED, annotations={INJECT: "disabled"})),
    case(INJECTION, "the namespace refuses, and the pods ask", "pass", *around({**CLOSED, INJECT: "disabled"}, annotations=ON)),
    case(INJECTION, "the namespace refuses", "fail", *around({**CLOSED, INJECT: "disabled"})),
    case(INJECTION, "a value that is none", "fail", *around({**CLOSED, INJECT: "true"})),
    case(INJECTION, "a value of the pods that is none", "fail", *around(CLOSED, annotations={INJECT: "yes"})),
    case(INJECTION, "a value of the namespace that is none, and the pods ask", "fail", *around({**CLOSED, INJECT: "on"}, annotations=ON)),
    case(INJECTION, "the namespace is not declared", "unknown", work(annotations={DEFAULT: "deny"}), space("labs", annotations=ON)),
    case(INJECTION, "the namespace is not declared, and may skip ports", "unknown", work(annotations=CLOSED)),
    case(INJECTION, "the namespace is not declared, and the pods ask and skip none", "pass", work(annotations={**CLOSED, SKIP: "", SUBNETS: ""})),
    case(INJECTION, "the namespace is not declared, and the pods refuse", "fail", work(annotations={INJECT: "disabled"})),
    case(INJECTION, "a namespace that is never injected", "fail", space("cert-manager", annotations=CLOSED), work(namespace="cert-manager")),
    case(INJECTION, "a namespace that is closed to the injector", "fail", space(labels={"config.linkerd.io/admission-webhooks": "disabled"}, annotations=CLOSED), work()),
    case(INJECTION, "an ingress takes in what comes from outside", "not-applicable", *around({**CLOSED, INJECT: "ingress"})),
    case(INJECTION, "pods on the node's network", "fail", *around(CLOSED, hostNetwork=True)),
    case(INJECTION, "injected by hand", "pass", *around({DEFAULT: "deny"}, containers=[{"name": "a", "image": "a", "ports": [{"containerPort": 1}]}, {"name": "linkerd-proxy", "image": "cr.l5d.io/linkerd/proxy:edge"}], initContainers=[{"name": "linkerd-init", "image": "cr.l5d.io/linkerd/proxy-init:v2"}])),
    case(INJECTION, "a proxy by hand to which nothing redirects", "unknown", *around({DEFAULT: "deny"}, containers=[{"name": "a", "image": "a", "ports": [{"containerPort": 1}]}, {"name": "linkerd-proxy", "image": "cr.l5d.io/linkerd/proxy:edge"}])),
    case(INJECTION, "a container of the proxy's name that is something else", "unknown", *around(CLOSED, containers=[{"name": "linkerd-proxy", "image": "nginx", "ports": [{"containerPort": 1}]}])),
    case(INJECTION, "an init container of the proxy's name that ends", "fail", *around({DEFAULT: "deny"}, initContainers=[{"name": "linkerd-proxy", "image": "cr.l5d.io/linkerd/proxy:edge"}])),
    case(INJECTION, "a pod that runs without the proxy", "fail", space(annotations=CLOSED), {**work(kind="Pod"), "status": {"phase": "Running"}}),
    case(INJECTION, "the control plane", "not-applicable", space("linkerd", annotations={INJECT: "disabled"}),
         work(namespace="linkerd", labels={"linkerd.io/control-plane-component": "identity"}, containers=[{"name": "identity", "image": "cr.l5d.io/linkerd/controller:edge"}])),
    case(INJECTION, "an application that calls itself the control plane", "fail", *around(labels={"linkerd.io/control-plane-component": "x"}), installed()),
]  # fmt: skip

DEFAULTS = [
    *[case(POLICY, f"the default policy {word}", verdict, *around({**ON, DEFAULT: word})) for word, verdict in (
        ("all-unauthenticated", "fail"), ("cluster-unauthenticated", "fail"), ("audit", "fail"), ("all-authenticated", "pass"),
        ("cluster-authenticated", "pass"), ("deny", "pass"), ("closed", "unknown"), ("${POLICY}", "unknown"))],
    case(POLICY, "the pods before the namespace, to the better", "pass", *around({**ON, DEFAULT: "all-unauthenticated"}, annotations={DEFAULT: "deny"})),
    case(POLICY, "the pods before the namespace, to the worse", "fail", *around(CLOSED, annotations={DEFAULT: "audit"})),
    case(POLICY, "the installation was not scanned", "unknown", *around(ON)),
    case(POLICY, "the installation says nothing: everyone", "fail", *around(ON), installed()),
    case(POLICY, "the installation denies", "pass", *around(ON), installed(proxy={"defaultInboundPolicy": "deny"})),
    case(POLICY, "the namespace before the installation", "fail", *around({**ON, DEFAULT: "all-unauthenticated"}), installed(proxy={"defaultInboundPolicy": "deny"})),
    case(PROXY, "a port asks for an identity, and others do not: nothing else is declared", "unknown",
         *around({**ON, DEFAULT: "all-unauthenticated", "config.linkerd.io/proxy-require-identity-inbound-ports": "8080"})),
    case(PROXY, "a port asks for an identity, and another that is declared does not", "fail",
         *around({**ON, DEFAULT: "all-unauthenticated", "config.linkerd.io/proxy-require-identity-inbound-ports": "8080"}, ports=(8080, 9090))),
    case(PORTS, "a port is skipped", "fail", *around(CLOSED, annotations={SKIP: "8080"})),
    case(PORTS, "a range is skipped", "fail", *around({**CLOSED, SKIP: "9000-9100"})),
    case(PORTS, "a list that is none", "unknown", *around({**CLOSED, SKIP: "http"})),
    case(PROXY, "clients of every network pass by the proxy", "fail", *around(CLOSED, annotations={SUBNETS: "10.0.0.0/8,0.0.0.0/0"})),
    case(PROXY, "clients of some network pass by the proxy", "unknown", *around({**CLOSED, SUBNETS: "10.0.0.0/8"})),
    case(PROXY, "the installation skips a network", "unknown", *around(CLOSED), installed(proxyInit={"skipSubnets": "10.0.0.0/8"})),
    case(PROXY, "the installation skips a network, and the pods skip none", "pass", *around(CLOSED, annotations={SUBNETS: ""}), installed(proxyInit={"skipSubnets": "10.0.0.0/8"})),
    case(PORTS, "outbound ports are skipped, which lets nobody in", "pass", *around({**CLOSED, "config.linkerd.io/skip-outbound-ports": "8080"})),
    case(PORTS, "datagrams are not proxied", "fail", *around(CLOSED, ports=(8080, {"containerPort": 53, "protocol": "UDP"}))),
    case(PORTS, "installations skip Galera's ports", "fail", *around(CLOSED, ports=(4567,))),
    case(PORTS, "this one skips nothing", "pass", *around(CLOSED, ports=(4567,)), installed(proxyInit={"ignoreInboundPorts": ""})),
    case(PORTS, "opaque ports are still authenticated", "pass", *around({**CLOSED, "config.linkerd.io/opaque-ports": "8080"})),
]  # fmt: skip

SERVERS = [
    case(REFERENCE, "a Server denies what nothing authorizes", "pass", *around(CLOSED), server()),
    case(REFERENCE, "a Server of one port, and no default that was scanned", "unknown", *around(ON), server()),
    case(REFERENCE, "a Server of one port, and everyone on all others", "unknown", *around({**ON, DEFAULT: "all-unauthenticated"}), server()),
    case(REFERENCE, "a Server of one port, and everyone on another that is declared", "fail", *around({**ON, DEFAULT: "all-unauthenticated"}, ports=(8080, 9090)), server()),
    case(REFERENCE, "a Server only audits", "fail", *around(CLOSED), server(accessPolicy="audit")),
    case(REFERENCE, "a Server lets in whoever is meshed", "pass", *around(CLOSED), server(accessPolicy="all-authenticated")),
    case(REFERENCE, "a Server for a port by its name", "fail", *around(CLOSED, ports=({"name": "http", "containerPort": 8080},)), server(port="http", accessPolicy="audit")),
    case(REFERENCE, "a Server for a name that no port has", "pass", *around(CLOSED), server(port="http", accessPolicy="audit")),
    case(REFERENCE, "a Server of other pods", "pass", *around(CLOSED), {**server(accessPolicy="audit"), "spec": {"podSelector": {"matchLabels": {"app": "portal"}}, "port": 8080}}),
    case(REFERENCE, "a Server of machines outside of the cluster", "pass", *around(CLOSED), {**server(), "spec": {"externalWorkloadSelector": {}, "port": 8080, "accessPolicy": "audit"}}),
    case(REFERENCE, "a Server of every pod", "fail", *around(CLOSED), {**server(), "spec": {"podSelector": {}, "port": 8080, "accessPolicy": "audit"}}),
    case(REFERENCE, "two Servers for a port that differ: the oldest one holds", "unknown", *around(CLOSED), server("a"), server("b", accessPolicy="audit")),
    case(REFERENCE, "authorized by an identity", "pass", *around(CLOSED), server(), allow(TLS), mesh_tls(identities=["portal.ehr.serviceaccount.identity.linkerd.cluster.local"])),
    case(REFERENCE, "authorized by an account", "pass", *around(CLOSED), server(), allow(ACCOUNT)),
    case(REFERENCE, "authorized by an authentication that is not there, which authorizes nobody", "pass", *around(CLOSED), server(), allow(TLS)),
    case(REFERENCE, "authorized by a network alone", "fail", *around(CLOSED), server(), allow(NODES), network("10.0.0.0/8")),
    case(REFERENCE, "authorized by a network and an identity together", "pass", *around(CLOSED), server(), allow(NODES, TLS), network("10.0.0.0/8"), mesh_tls(identities=["*"])),
    case(REFERENCE, "authorized by nothing that is asked for", "fail", *around(CLOSED), server(), allow()),
    case(REFERENCE, "authorized for the whole namespace", "fail", *around(CLOSED), server(), allow(kind="Namespace", name="ehr")),
    case(REFERENCE, "authorized for another Server", "pass", *around(CLOSED), server(), allow(name="portal")),
    case(REFERENCE, "without a Server an authorization means nothing", "pass", *around(CLOSED), allow(kind="Namespace", name="ehr")),
    case(REFERENCE, "the older kind: by an account", "pass", *around(CLOSED), server(), authorization({"meshTLS": {"serviceAccounts": [{"name": "portal"}]}})),
    case(REFERENCE, "the older kind: anybody", "fail", *around(CLOSED), server(), authorization({"unauthenticated": True})),
    case(REFERENCE, "the older kind: TLS without an identity", "fail", *around(CLOSED), server(), authorization({"meshTLS": {"unauthenticatedTLS": True}})),
    case(REFERENCE, "the older kind: by the Server's labels", "fail", *around(CLOSED), server(), authorization({"unauthenticated": True}, selector={"matchLabels": {"app": "records"}})),
    case(REFERENCE, "the older kind: by labels of another Server", "pass", *around(CLOSED), server(), authorization({"unauthenticated": True}, selector={"matchLabels": {"app": "portal"}})),
    case(REFERENCE, "the older kind: it is filled in later", "unknown", *around(CLOSED), server(), authorization({"unauthenticated": "${OPEN}"})),
    case(REFERENCE, "a route is opened", "fail", *around(CLOSED), server(), route("/patients"), allow(NODES, kind="HTTPRoute", name="r"), network("0.0.0.0/0")),
    case(REFERENCE, "a route of another Server is opened", "pass", *around(CLOSED), server(), route("/patients", parent="portal"), allow(kind="HTTPRoute", name="r")),
    case(REFERENCE, "a route that was not scanned is opened", "unknown", *around(CLOSED), server(), allow(kind="HTTPRoute", name="r")),
    case(REFERENCE, "a route for nothing but a probe is opened", "pass", *around(CLOSED, containers=[{"name": "a", "image": "a", "ports": [{"containerPort": 8080}], **PROBE}]),
         server(), route("/alive"), allow(NODES, kind="HTTPRoute", name="r"), network("0.0.0.0/0")),
    case(REFERENCE, "a route that begins like a probe is opened", "fail", *around(CLOSED, containers=[{"name": "a", "image": "a", "ports": [{"containerPort": 8080}], **PROBE}]),
         server(), route("/alive", "PathPrefix"), allow(NODES, kind="HTTPRoute", name="r"), network("0.0.0.0/0")),
    case(REFERENCE, "a job with a port", "pass", *around(CLOSED, kind="Job")),
    case(REFERENCE, "a job that nobody calls", "not-applicable", *around(CLOSED, kind="CronJob", ports=())),
    case(REFERENCE, "a job that a Service sends to", "fail", *around(kind="CronJob", ports=()), service("s", {"app": "records"}, {"port": 80}), installed()),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", [*PROXIES, *DEFAULTS, *SERVERS])
def test_documented_case(expected: str, objects: tuple[Object, ...]) -> None:
    made = next(
        each
        for each in objects
        if each["metadata"]["name"] == "records" and each["kind"] in ("Deployment", "Pod", "Job", "CronJob")
    )
    judgement = judge(RULE, objects, f"{made['kind']}/{made['metadata']['namespace']}/records")
    found = VERDICTS[judgement.truth] if judgement.applies else "not-applicable"
    assert found == expected, told(judgement)


def test_the_chain_names_the_authorization_and_what_it_authenticates() -> None:
    judgement = judge(RULE, [*around(CLOSED), server(), allow(NODES), network("10.0.0.0/8")], "Deployment/ehr/records")
    assert judgement.message == "AuthorizationPolicy/ehr/callers lets clients in that show no identity"
    told_ = [fact.property for fact in judgement.facts]
    assert told_[0] == "plaintext"
    assert "annotation linkerd.io/inject of the namespace ehr" in told_
    assert "Server/ehr/records" in told_
