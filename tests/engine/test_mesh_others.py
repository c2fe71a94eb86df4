"""Consul and Cilium: their documentation's rules, case by case, in our own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.meshes import VERDICTS, Object, judge, service, space, thing, told, verdict, work

PLAINTEXT, CALLERS, TENANT = "workload_mtls_enforced", "mesh_authorization_default_deny", "mesh_authorization_tenant"
ANNOTATIONS = "developer.hashicorp.com/consul/docs/reference/k8s/annotation-label"
TRANSPARENT = "developer.hashicorp.com/consul/docs/connect/proxy/transparent-proxy"
DEFAULTS = "developer.hashicorp.com/consul/docs/reference/config-entry/service-defaults"
EXTENSIONS = "developer.hashicorp.com/consul/docs/envoy-extension/property-override"
INTENTIONS = "developer.hashicorp.com/consul/docs/secure-mesh/intention"
HELM = "developer.hashicorp.com/consul/docs/reference/k8s/helm"
MUTUAL = "docs.cilium.io/en/stable/network/servicemesh/mutual-authentication/mutual-authentication/"
ENCRYPTION = "docs.cilium.io/en/stable/security/network/encryption-wireguard/"
NODES = "docs.cilium.io/en/stable/configuration/per-node-config/"
POLICY = "docs.cilium.io/en/stable/security/policy/intro/"
P = "consul.hashicorp.com/"
ON = {f"{P}connect-inject": "true"}
SERVICE = service("records", {"app": "records"}, {"port": 80, "targetPort": 8080})


def case(reference: str, title: str, expected: str, *objects: Object) -> Any:
    return pytest.param(expected, objects, id=f"{title} [{reference}]")


def entry(kind: str, name: str, namespace: str = "ehr", **spec: Any) -> Object:
    return thing("consul.hashicorp.com/v1alpha1", kind, name, namespace, spec=spec)


def injector(*flags: str) -> Object:
    command = ["/bin/sh", "-ec", " ".join(["exec consul-k8s-control-plane inject-connect", *flags])]
    container = {"name": "sidecar-injector", "image": "hashicorp/consul-k8s-control-plane:1.9", "command": command}
    return work("consul-connect-injector", "consul", labels={"app": "consul"}, containers=[container])


STRICT = entry("ProxyDefaults", "global", "consul", mutualTLSMode="strict")
EMPTY = entry("ProxyDefaults", "global", "consul")
CONSUL = [
    case(ANNOTATIONS, "the pods ask", "pass", space(), work(annotations=ON), SERVICE, STRICT),
    case(ANNOTATIONS, "the pods ask in another word for it", "pass", space(), work(annotations={f"{P}connect-inject": "1"}), SERVICE, STRICT),
    case(ANNOTATIONS, "the pods refuse", "fail", space(), work(annotations={f"{P}connect-inject": "false"}), SERVICE, STRICT),
    case(HELM, "the pods say nothing, and the injector was not scanned", "unknown", space(), work(), SERVICE, STRICT),
    case(HELM, "the pods say nothing, and are not injected by default", "fail", space(), work(), SERVICE, STRICT, injector("-default-inject=false")),
    case(HELM, "the pods say nothing, and are injected by default", "pass", space(), work(), SERVICE, STRICT, injector("-default-inject=true")),
    case(HELM, "the namespace is denied", "fail", space(), work(annotations=ON), SERVICE, STRICT, injector('-deny-k8s-namespace="ehr"')),
    case(HELM, "the namespace is not among those that are allowed", "fail", space(), work(annotations=ON), SERVICE, STRICT, injector('-allow-k8s-namespace="labs"')),
    case(HELM, "every namespace is allowed", "pass", space(), work(annotations=ON), SERVICE, STRICT, injector('-allow-k8s-namespace="*"')),
    case(ANNOTATIONS, "pods on the node's network", "fail", space(), work(annotations=ON, hostNetwork=True), SERVICE, STRICT),
    case(ANNOTATIONS, "a gateway", "not-applicable", space(), work(annotations={f"{P}gateway-kind": "api-gateway"}), STRICT),
    case(DEFAULTS, "the modes were not scanned", "unknown", space(), work(annotations=ON), SERVICE),
    case(DEFAULTS, "no mode is written: strict", "pass", space(), work(annotations=ON), SERVICE, EMPTY),
    case(DEFAULTS, "the service before all, to the better", "pass", space(), work(annotations=ON), SERVICE, entry("ServiceDefaults", "records", mutualTLSMode="strict"),
         entry("ProxyDefaults", "global", mutualTLSMode="permissive")),
    case(DEFAULTS, "the service before all, to the worse", "fail", space(), work(annotations=ON), SERVICE, entry("ServiceDefaults", "records", mutualTLSMode="permissive"), STRICT),
    case(DEFAULTS, "the service says nothing of it", "fail", space(), work(annotations=ON), SERVICE, entry("ServiceDefaults", "records", protocol="http"),
         entry("ProxyDefaults", "global", mutualTLSMode="permissive")),
    case(DEFAULTS, "another service is permissive", "pass", space(), work(annotations=ON), SERVICE, entry("ServiceDefaults", "portal", mutualTLSMode="permissive"), STRICT),
    case(ANNOTATIONS, "the pods name their service", "fail", space(), work(annotations={**ON, f"{P}connect-service": "charts"}), SERVICE,
         entry("ServiceDefaults", "charts", mutualTLSMode="permissive"), STRICT),
    case(DEFAULTS, "which service it is, is not known", "unknown", space(), work(annotations=ON), entry("ServiceDefaults", "charts", mutualTLSMode="permissive"), STRICT),
    case(DEFAULTS, "a mode that is filled in later", "unknown", space(), work(annotations=ON), SERVICE, entry("ServiceDefaults", "records", mutualTLSMode="${MODE}"), STRICT),
    case(TRANSPARENT, "without transparent proxy", "unknown", space(), work(annotations={**ON, f"{P}transparent-proxy": "false"}), SERVICE, STRICT),
    case(TRANSPARENT, "without transparent proxy in the namespace", "unknown", space(labels={f"{P}transparent-proxy": "false"}), work(annotations=ON), SERVICE, STRICT),
    case(TRANSPARENT, "the pods before the namespace", "pass", space(labels={f"{P}transparent-proxy": "false"}), work(annotations={**ON, f"{P}transparent-proxy": "true"}), SERVICE, STRICT),
    case(TRANSPARENT, "without transparent proxy by default", "unknown", space(), work(annotations=ON), SERVICE, STRICT, injector("-default-enable-transparent-proxy=false")),
    case(DEFAULTS, "a path is opened to callers without a certificate", "fail", space(), work(annotations=ON), SERVICE, STRICT,
         entry("ServiceDefaults", "records", expose={"paths": [{"path": "/patients", "listenerPort": 21500, "localPathPort": 8080}]})),
    case(DEFAULTS, "a path of every service is opened", "fail", space(), work(annotations=ON), SERVICE, entry("ProxyDefaults", "global", mutualTLSMode="strict", expose={"paths": [{"path": "/patients"}]})),
    case(DEFAULTS, "a path of another service is opened", "pass", space(), work(annotations=ON), SERVICE, STRICT, entry("ServiceDefaults", "portal", expose={"paths": [{"path": "/"}]})),
    case(DEFAULTS, "a path of which service, is not known", "unknown", space(), work(annotations=ON), STRICT, entry("ServiceDefaults", "portal", expose={"paths": [{"path": "/"}]})),
    case(DEFAULTS, "nothing but a probe's path is opened", "pass", space(), SERVICE, STRICT, entry("ServiceDefaults", "records", expose={"paths": [{"path": "/alive"}]}),
         work(annotations=ON, containers=[{"name": "a", "image": "a", "ports": [{"containerPort": 8080}], "livenessProbe": {"httpGet": {"path": "/alive", "port": 8080}}}])),
    case(DEFAULTS, "which paths are opened is filled in later", "unknown", space(), work(annotations=ON), SERVICE, STRICT, entry("ServiceDefaults", "records", expose={"paths": [{"path": "${PATH}"}]})),
    case(EXTENSIONS, "something patches the proxy's listeners", "unknown", space(), work(annotations=ON), SERVICE, STRICT,
         entry("ServiceDefaults", "records", envoyExtensions=[{"name": "builtin/property-override", "arguments": {}}])),
    case(EXTENSIONS, "an extension that looks at requests", "pass", space(), work(annotations=ON), SERVICE, STRICT, entry("ServiceDefaults", "records", envoyExtensions=[{"name": "builtin/lua"}])),
    case(DEFAULTS, "two objects of one name that differ", "unknown", space(), work(annotations=ON), SERVICE, STRICT,
         entry("ServiceDefaults", "records", mutualTLSMode="strict"), entry("ServiceDefaults", "records", "labs", mutualTLSMode="permissive")),
    case(ANNOTATIONS, "datagrams are not proxied", "fail", space(), work(annotations=ON, ports=({"containerPort": 53, "protocol": "UDP"},)), SERVICE, STRICT),
    case(ANNOTATIONS, "a pod with everything that was injected", "pass", space(), SERVICE, STRICT,
         work(initContainers=[{"name": "consul-connect-inject-init", "image": "a"}, {"name": "consul-dataplane", "image": "hashicorp/consul-dataplane:1.6", "restartPolicy": "Always"}])),
    case(ANNOTATIONS, "a proxy by hand to which nothing redirects", "unknown", space(), SERVICE, STRICT, work(containers=[{"name": "consul-dataplane", "image": "hashicorp/consul-dataplane:1.6"}])),
    case(ANNOTATIONS, "an init container of the proxy's name that ends", "unknown", space(), work(initContainers=[{"name": "consul-dataplane", "image": "a"}]), SERVICE, STRICT),
    case(TRANSPARENT, "a port is left out", "fail", space(), work(annotations={**ON, f"{P}transparent-proxy-exclude-inbound-ports": "8080"}), SERVICE, STRICT),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", CONSUL)
def test_consul_refuses_plaintext(expected: str, objects: tuple[Object, ...]) -> None:
    judgement = judge(PLAINTEXT, objects, "Deployment/ehr/records")
    found = VERDICTS[judgement.truth] if judgement.applies else "not-applicable"
    assert found == expected, told(judgement)


def intention(destination: str, **sources: str) -> Object:
    listed = [{"name": "*" if name == "everyone" else name, "action": action} for name, action in sources.items()]
    return entry(
        "ServiceIntentions", f"to-{destination.replace('*', 'all')}", destination={"name": destination}, sources=listed
    )


def servers(**settings: Any) -> Object:
    import json

    return thing(
        "v1",
        "ConfigMap",
        "consul-server-config",
        "consul",
        metadata={"labels": {"app": "consul"}},
        data={"acl-config.json": json.dumps(settings)},
    )


INJECTED = [space(labels={"tenant": "mercy"}), work(annotations=ON), SERVICE]
CALLED = [
    case(INTENTIONS, "the servers' default was not scanned", "unknown", *INJECTED, intention("records", portal="allow")),
    case(INTENTIONS, "the servers deny by default", "pass", *INJECTED, intention("records", portal="allow"), servers(acl={"enabled": True, "default_policy": "deny"})),
    case(INTENTIONS, "the servers allow by default", "fail", *INJECTED, intention("records", portal="allow"), servers(acl={"enabled": True, "default_policy": "allow"})),
    case(INTENTIONS, "the servers say nothing: they allow", "fail", *INJECTED, servers(server=True)),
    case(INTENTIONS, "a policy for intentions goes before that for lists", "pass", *INJECTED, servers(default_intention_policy="deny", acl={"default_policy": "allow"})),
    case(INTENTIONS, "every source to every service is denied", "pass", *INJECTED, intention("*", everyone="deny")),
    case(INTENTIONS, "every source to every service is allowed", "fail", *INJECTED, intention("*", everyone="allow")),
    case(INTENTIONS, "an exact destination goes before a wildcard, to the better", "pass", *INJECTED, intention("records", everyone="deny"), intention("*", everyone="allow")),
    case(INTENTIONS, "an exact destination goes before a wildcard, to the worse", "fail", *INJECTED, intention("records", everyone="allow"), intention("*", everyone="deny")),
    case(INTENTIONS, "permissions allow everyone something", "fail", *INJECTED,
         entry("ServiceIntentions", "r", destination={"name": "records"}, sources=[{"name": "*", "permissions": [{"action": "allow", "http": {"pathPrefix": "/"}}]}])),
    case(INTENTIONS, "which service it is, is not known", "unknown", *INJECTED[:2], intention("*", everyone="deny")),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", CALLED)
def test_consul_names_callers(expected: str, objects: tuple[Object, ...]) -> None:
    judgement = judge(CALLERS, objects, "Deployment/ehr/records")
    assert VERDICTS[judgement.truth] == expected, told(judgement)


APART = [
    *INJECTED,
    space("clinic", {"tenant": "lakeside"}),
    service("intake", {"app": "intake"}, {"port": 80}, namespace="clinic"),
    intention("*", everyone="deny"),
]


@pytest.mark.parametrize("expected, sources", [
    ("pass", {"portal": "allow"}),
    ("fail", {"intake": "allow"}),
    ("fail", {"everyone": "allow"}),
    ("pass", {"everyone": "allow", "intake": "deny"}),
])  # fmt: skip
def test_consul_keeps_tenants_apart(expected: str, sources: dict[str, str]) -> None:
    """An exact source goes before a wildcard."""
    judgement = judge(TENANT, [*APART, intention("records", **sources)], "Deployment/ehr/records")
    assert VERDICTS[judgement.truth] == expected, told(judgement)


# -- Cilium


def policy(*rules: Object, name: str = "records", kind: str = "CiliumNetworkPolicy", **spec: Any) -> Object:
    body = {"endpointSelector": {"matchLabels": {"app": "records"}}, "ingress": list(rules), **spec}
    return thing("cilium.io/v2", kind, name, None if "wide" in kind else "ehr", spec=body)


def rule(mode: str | None = "required", **sources: Any) -> Object:
    own = sources or {"fromEndpoints": [{"matchLabels": {"app": "portal"}}]}
    return own if mode is None else {**own, "authentication": {"mode": mode}}


def config(**data: str) -> Object:
    return thing(
        "v1",
        "ConfigMap",
        "cilium-config",
        "kube-system",
        data={key.replace("_", "-"): value for key, value in data.items()},
    )


def nodes(**defaults: str) -> Object:
    own = {key.replace("_", "-"): value for key, value in defaults.items()}
    return thing("cilium.io/v2", "CiliumNodeConfig", "some", "kube-system", spec={"nodeSelector": {}, "defaults": own})


WIREGUARD = config(enable_wireguard="true")
ASKING = policy(rule(), name="other", endpointSelector={"matchLabels": {"app": "portal"}})
CILIUM = [
    case(MUTUAL, "authenticated and encrypted", "pass", space(), work(), policy(rule()), WIREGUARD),
    case(ENCRYPTION, "IPsec encrypts, too", "pass", space(), work(), policy(rule()), config(enable_ipsec="true")),
    case(MUTUAL, "authenticated and not encrypted", "fail", space(), work(), policy(rule()), config(enable_wireguard="false")),
    case(MUTUAL, "authenticated, and the installation says nothing of encryption", "fail", space(), work(), policy(rule()), config()),
    case(MUTUAL, "authenticated, and the installation was not scanned", "unknown", space(), work(), policy(rule())),
    case(MUTUAL, "one rule does not ask", "fail", space(), work(), policy(rule(), rule(None)), WIREGUARD),
    case(MUTUAL, "one rule asks for none", "fail", space(), work(), policy(rule("disabled"), rule()), WIREGUARD),
    case(MUTUAL, "whether a rule asks is filled in later", "unknown", space(), work(), policy(rule("${MODE}")), WIREGUARD),
    case(MUTUAL, "another policy lets clients in", "fail", space(), work(), policy(rule()), policy(rule(None), name="more"), WIREGUARD),
    case(MUTUAL, "a policy of the whole cluster lets clients in", "fail", space(), work(), policy(rule()), policy(rule(None), name="more", kind="CiliumClusterwideNetworkPolicy"), WIREGUARD),
    case(MUTUAL, "a plain network policy lets clients in", "fail", space(), work(), policy(rule()), WIREGUARD,
         thing("networking.k8s.io/v1", "NetworkPolicy", "more", spec={"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]})),
    case(POLICY, "policies are not enforced", "fail", space(), work(), policy(rule()), config(enable_wireguard="true", enable_policy="never")),
    case(POLICY, "policies are enforced for whom they select", "pass", space(), work(), policy(rule()), config(enable_wireguard="true", enable_policy="default")),
    case(NODES, "some nodes do not encrypt", "unknown", space(), work(), policy(rule()), WIREGUARD, nodes(enable_wireguard="false")),
    case(NODES, "some nodes do something else differently", "pass", space(), work(), policy(rule()), WIREGUARD, nodes(bpf_lb_acceleration="native")),
    case(POLICY, "policies are only audited", "fail", space(), work(), policy(rule()), config(enable_wireguard="true", policy_audit_mode="true")),
    case(NODES, "some nodes enforce no policy", "unknown", space(), work(), policy(rule()), WIREGUARD, nodes(enable_policy="never")),
    case(MUTUAL, "datagrams are authenticated, too", "pass", space(), work(ports=({"containerPort": 53, "protocol": "UDP"},)), policy(rule()), WIREGUARD),
    case(POLICY, "a policy that denies nothing by default", "fail", space(), work(), policy(rule(), enableDefaultDeny={"ingress": False}), WIREGUARD),
    case(POLICY, "a policy that denies nothing by default adds to what another allows", "fail", space(), work(), policy(rule()),
         policy(rule(None), name="more", enableDefaultDeny={"ingress": False}), WIREGUARD),
    case(POLICY, "a policy that adds callers who are authenticated, too", "pass", space(), work(), policy(rule()),
         policy(rule(), name="more", enableDefaultDeny={"ingress": False}), WIREGUARD),
    case(POLICY, "whether a policy denies by default is filled in later", "unknown", space(), work(), policy(rule(), enableDefaultDeny={"ingress": "${DENY}"}), WIREGUARD),
    case(POLICY, "a list without any rule denies nothing", "fail", space(), work(), ASKING, policy(), WIREGUARD),
    case(POLICY, "no policy selects the pods", "fail", space(), work(), ASKING, WIREGUARD),
    case(POLICY, "a policy lets nobody in", "pass", space(), work(), ASKING, policy({}), WIREGUARD),
    case(POLICY, "pods on the node's network", "fail", space(), work(hostNetwork=True), policy(rule()), WIREGUARD),
    case(MUTUAL, "nothing asks for authentication: it is not in use", "not-applicable", space(), work(), policy(rule(None)), WIREGUARD),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", CILIUM)
def test_cilium_refuses_plaintext(expected: str, objects: tuple[Object, ...]) -> None:
    judgement = judge(PLAINTEXT, objects, "Deployment/ehr/records")
    found = VERDICTS[judgement.truth] if judgement.applies else "not-applicable"
    assert found == expected, told(judgement)


def test_one_mesh_is_enough() -> None:
    """A workload outside of one mesh may be guarded by another; a namespace outside of both is not."""
    peers = thing(
        "security.istio.io/v1", "PeerAuthentication", "mesh", "istio-system", spec={"mtls": {"mode": "STRICT"}}
    )
    linkerd = {"linkerd.io/inject": "enabled", "config.linkerd.io/default-inbound-policy": "deny"}
    both = [space(annotations=linkerd), space("clinic", {"istio-injection": "enabled"}), space("labs"), peers]
    objects = [*both, work(), work(namespace="clinic"), work(namespace="labs")]
    found = [verdict(PLAINTEXT, objects, f"Deployment/{place}/records") for place in ("ehr", "clinic", "labs")]
    assert found == ["pass", "pass", "fail"]
