"""Whether Istio refuses plaintext: its documentation's rules of precedence, case by case, in our own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phiward.model.resource import Hole
from tests.engine.meshes import Object, judge, peer, service, space, thing, told, verdict, work

RULE = "workload_mtls_enforced"
IN = {"istio-injection": "enabled"}
MESHED = [space(labels=IN), work()]
STRICT = peer("STRICT", "istio-system", name="mesh")
CONCEPTS = "istio.io/docs/concepts/security/#authentication-policies"
REFERENCE = "istio.io/docs/reference/config/security/peer_authentication/"
INJECTION = "istio.io/docs/setup/additional-setup/sidecar-injection/"
AMBIENT = "istio.io/docs/ambient/usage/add-workloads/"
L4 = "istio.io/docs/ambient/usage/l4-policy/"
ANNOTATIONS = "istio.io/docs/reference/config/annotations/"
MESHCONFIG = "istio.io/docs/reference/config/istio.mesh.v1alpha1/"
UPGRADE = "istio.io/docs/setup/upgrade/canary/"
GATEWAYS = "istio.io/docs/setup/additional-setup/gateway/"
PROTOCOLS = "istio.io/docs/ops/configuration/traffic-management/protocol-selection/"
FILTERS = "istio.io/docs/reference/config/networking/envoy-filter/"


def old(day: int) -> dict[str, Any]:
    return {"creationTimestamp": f"2026-01-0{day}T00:00:00Z"}


def config(**mesh: Any) -> Object:
    return thing("v1", "ConfigMap", "istio", mesh.pop("at", "istio-system"), data={"mesh": json.dumps(mesh)})


def case(reference: str, title: str, expected: str, *objects: Object) -> Any:
    return pytest.param(expected, objects, id=f"{title} [{reference}]")


PRECEDENCE = [
    case(CONCEPTS, "the mesh is strict", "pass", *MESHED, STRICT),
    case(CONCEPTS, "the mesh is permissive", "fail", *MESHED, peer("PERMISSIVE", "istio-system")),
    case(CONCEPTS, "the mesh is switched off", "fail", *MESHED, peer("DISABLE", "istio-system")),
    case(CONCEPTS, "the mesh's policy leaves its mode unset: permissive", "fail", *MESHED, peer("UNSET", "istio-system")),
    case(CONCEPTS, "the mesh's policy has no mode at all: permissive", "fail", *MESHED, peer(None, "istio-system")),
    case(CONCEPTS, "no policy, and the root namespace was scanned: permissive", "fail", *MESHED, space("istio-system")),
    case(CONCEPTS, "no policy, and the root namespace was not scanned", "unknown", *MESHED),
    case(CONCEPTS, "the namespace before the mesh, to the better", "pass", *MESHED, peer("STRICT"), peer("PERMISSIVE", "istio-system")),
    case(CONCEPTS, "the namespace before the mesh, to the worse", "fail", *MESHED, peer("PERMISSIVE"), STRICT),
    case(CONCEPTS, "the namespace decides without the mesh", "pass", *MESHED, peer("STRICT")),
    case(CONCEPTS, "another namespace's policy says nothing here", "unknown", *MESHED, peer("PERMISSIVE", "labs")),
    case(CONCEPTS, "the namespace inherits", "pass", *MESHED, peer("UNSET"), STRICT),
    case(CONCEPTS, "the namespace inherits from a mesh that was not scanned", "unknown", *MESHED, peer("UNSET")),
    case(CONCEPTS, "an empty selector is a policy of the namespace", "pass", *MESHED,
         {**peer("STRICT"), "spec": {"selector": {"matchLabels": {}}, "mtls": {"mode": "STRICT"}}}),
    case(CONCEPTS, "the workload before the namespace, to the better", "pass", *MESHED, peer("STRICT", app="records", name="w"), peer("PERMISSIVE")),
    case(CONCEPTS, "the workload before the namespace, to the worse", "fail", *MESHED, peer("DISABLE", app="records", name="w"), peer("STRICT")),
    case(CONCEPTS, "the workload inherits from the namespace", "fail", *MESHED, peer("UNSET", app="records", name="w"), peer("PERMISSIVE"), STRICT),
    case(CONCEPTS, "the workload inherits through the namespace from the mesh", "pass", *MESHED, peer(None, app="records", name="w"), peer("UNSET"), STRICT),
    case(CONCEPTS, "another workload's policy", "pass", *MESHED, peer("DISABLE", app="portal", name="w"), STRICT),
    case(REFERENCE, "a selector in the root namespace is ignored", "pass", *MESHED, peer("DISABLE", "istio-system", app="records", name="w"), STRICT),
    case(CONCEPTS, "the root namespace's own workloads obey the mesh", "fail", space("istio-system", IN), work(namespace="istio-system"),
         peer("PERMISSIVE", "istio-system")),
    case(CONCEPTS, "two policies of a namespace that agree", "pass", *MESHED, peer("STRICT", name="a"), peer("STRICT", name="b")),
    case(CONCEPTS, "two policies of a namespace that do not: the oldest holds, and manifests do not tell", "unknown", *MESHED,
         peer("STRICT", name="a"), peer("PERMISSIVE", name="b")),
    case(CONCEPTS, "two policies, the older one strict", "pass", *MESHED, peer("PERMISSIVE", name="a", **old(2)), peer("STRICT", name="b", **old(1))),
    case(CONCEPTS, "two policies, the older one permissive", "fail", *MESHED, peer("PERMISSIVE", name="a", **old(1)), peer("STRICT", name="b", **old(2))),
    case(CONCEPTS, "two policies of the workload that do not agree", "unknown", *MESHED,
         peer("STRICT", name="a", app="records"), peer("DISABLE", name="b", app="records")),
    case(CONCEPTS, "two policies of the mesh, and a namespace that does not ask them", "pass", *MESHED, peer("STRICT"),
         peer("STRICT", "istio-system", name="a"), peer("DISABLE", "istio-system", name="b")),
    case(CONCEPTS, "two policies that come to the same through inheritance", "pass", *MESHED, peer("UNSET", name="a"), peer("STRICT", name="b"), STRICT),
    case(REFERENCE, "a port is opened", "fail", *MESHED, peer("STRICT", app="records", ports={8080: "DISABLE"})),
    case(REFERENCE, "a port is opened that nothing declares", "fail", *MESHED, peer("STRICT", app="records", ports={9999: "PERMISSIVE"})),
    case(REFERENCE, "a port inherits", "pass", *MESHED, peer("STRICT", app="records", ports={8080: "UNSET"})),
    case(REFERENCE, "a port inherits from the namespace", "fail", *MESHED, peer(None, app="records", name="w", ports={8080: "UNSET"}), peer("PERMISSIVE")),
    case(REFERENCE, "a port is closed, and others are not", "fail", *MESHED[:1], work(ports=(8080, 9090)), peer("PERMISSIVE", app="records", ports={8080: "STRICT"})),
    case(REFERENCE, "every port that is declared is closed: others may listen", "unknown", *MESHED, peer("PERMISSIVE", app="records", ports={8080: "STRICT"})),
    case(REFERENCE, "a Service sends to a port that is not closed", "fail", *MESHED, service("s", {"app": "records"}, {"port": 80, "targetPort": 9090}),
         peer("PERMISSIVE", app="records", ports={8080: "STRICT"})),
    case(REFERENCE, "ports without a selector mean nothing", "pass", *MESHED, peer("STRICT", ports={8080: "DISABLE"})),
    case(REFERENCE, "a mode that does not exist", "unknown", *MESHED, peer("strict")),
    case(REFERENCE, "a mode that another tool fills in", "unknown", *MESHED, peer("${MODE}")),
    case(CONCEPTS, "an older version of the API", "pass", *MESHED, {**peer("STRICT"), "apiVersion": "security.istio.io/v1beta1"}),
    case(MESHCONFIG, "the root namespace is another one", "pass", *MESHED, config(rootNamespace="mesh"), peer("STRICT", "mesh")),
    case(MESHCONFIG, "the root namespace is another one, and istio-system is not", "fail", *MESHED, config(rootNamespace="mesh"), STRICT),
    case(MESHCONFIG, "the root namespace is where Istio is installed", "pass", *MESHED, config(at="istio-control"), peer("STRICT", "istio-control")),
    case(MESHCONFIG, "the operator's object names the root namespace", "pass", *MESHED, peer("STRICT", "mesh"),
         thing("install.istio.io/v1alpha1", "IstioOperator", "i", "istio-system", spec={"meshConfig": {"rootNamespace": "mesh"}})),
    case(MESHCONFIG, "the operator's object is a file for istioctl, and has no name", "pass", *MESHED, peer("STRICT", "mesh"),
         {"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "spec": {"meshConfig": {"rootNamespace": "mesh"}}}),
    case(MESHCONFIG, "a mesh configuration that cannot be read names no root", "pass", *MESHED, STRICT,
         thing("v1", "ConfigMap", "istio", "istio-system", data={"mesh": "a: [b"})),
]  # fmt: skip


def pod(**given: Any) -> list[Object]:
    """A workload in a namespace that is declared without labels, under a strict mesh."""
    return [space(labels=given.pop("around", None)), work(**given), STRICT]


def operated(values: Object) -> Object:
    return thing("install.istio.io/v1alpha1", "IstioOperator", "i", "istio-system", spec={"values": values})


INJECT = "sidecar.istio.io/inject"
REDIRECTED: dict[str, Any] = {"initContainers": [{"name": "istio-init", "image": "docker.io/istio/proxyv2:1.26"}]}
PROXIES = [
    case(INJECTION, "the namespace is not labelled", "fail", *pod()),
    case(INJECTION, "the namespace is labelled", "pass", *pod(around=IN)),
    case(INJECTION, "the namespace is labelled out", "fail", *pod(around={"istio-injection": "disabled"})),
    case(INJECTION, "the namespace is not declared", "unknown", work(), STRICT),
    case(INJECTION, "the namespace is left open", "unknown", work(namespace=None), STRICT),
    case(INJECTION, "the pods refuse", "fail", *pod(around=IN, labels={INJECT: "false"})),
    case(INJECTION, "the pods refuse by the old annotation", "fail", *pod(around=IN, annotations={INJECT: "false"})),
    case(INJECTION, "the label goes before the annotation, to the better", "pass", *pod(around=IN, labels={INJECT: "true"}, annotations={INJECT: "false"})),
    case(INJECTION, "the label goes before the annotation, to the worse", "fail", *pod(around=IN, labels={INJECT: "false"}, annotations={INJECT: "true"})),
    case(INJECTION, "the pods ask, and the namespace says nothing", "pass", *pod(labels={INJECT: "true"})),
    case(INJECTION, "the pods ask, and the namespace is labelled out", "fail", *pod(around={"istio-injection": "disabled"}, labels={INJECT: "true"})),
    case(INJECTION, "the annotation alone calls no webhook", "fail", *pod(annotations={INJECT: "true"})),
    case(INJECTION, "a label that is neither true nor false", "pass", *pod(around=IN, labels={INJECT: "yes"})),
    case(INJECTION, "a label that is neither, without the namespace's", "fail", *pod(labels={INJECT: "yes"})),
    case(UPGRADE, "the namespace names a revision", "pass", *pod(around={"istio.io/rev": "1-26"})),
    case(UPGRADE, "the old label goes before the revision", "fail", *pod(around={"istio.io/rev": "1-26", "istio-injection": "disabled"})),
    case(UPGRADE, "the pods name a revision", "pass", *pod(labels={"istio.io/rev": "1-26"})),
    case(UPGRADE, "the pods name a revision and refuse", "fail", *pod(labels={"istio.io/rev": "1-26", INJECT: "false"})),
    case(UPGRADE, "the namespace's revision has no control plane here", "unknown", *pod(around={"istio.io/rev": "1-25"}),
         thing("apps/v1", "Deployment", "istiod-1-26", "istio-system", metadata={"labels": {"app": "istiod", "istio.io/rev": "1-26"}},
               spec={"template": {"spec": {"containers": [{"name": "discovery", "image": "docker.io/istio/pilot:1.26"}]}}})),
    case(UPGRADE, "the namespace's revision is a tag", "pass", *pod(around={"istio.io/rev": "prod"}),
         thing("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "istio-revision-tag-prod", None,
               metadata={"labels": {"app": "sidecar-injector", "istio.io/rev": "1-26", "istio.io/tag": "prod"}}, webhooks=[])),
    case(INJECTION, "pods on the node's network", "fail", *pod(around=IN, hostNetwork=True)),
    case(INJECTION, "whether they are on the node's network is open", "unknown", *pod(around=IN, hostNetwork="${HOST}")),
    case(INJECTION, "the injector's policy is off", "fail", *pod(around=IN),
         thing("v1", "ConfigMap", "istio-sidecar-injector", "istio-system", data={"config": "policy: disabled"})),
    case(INJECTION, "the injector's policy is off, and the pods ask", "pass", *pod(around=IN, labels={INJECT: "true"}),
         thing("v1", "ConfigMap", "istio-sidecar-injector", "istio-system", data={"config": "policy: disabled"})),
    case(INJECTION, "the injector leaves some pods alone", "fail", *pod(around=IN),
         thing("v1", "ConfigMap", "istio-sidecar-injector", "istio-system",
               data={"config": "policy: enabled\nneverInjectSelector: [{matchLabels: {app: records}}]"})),
    case(INJECTION, "the injector always takes some pods", "pass", *pod(around=IN),
         thing("v1", "ConfigMap", "istio-sidecar-injector", "istio-system",
               data={"config": "policy: disabled\nalwaysInjectSelector: [{matchLabels: {app: records}}]"})),
    case(INJECTION, "the operator switches the injector's policy off", "fail", *pod(around=IN), operated({"global": {"proxy": {"autoInject": "disabled"}}})),
    case(INJECTION, "the operator leaves the injector's policy on", "pass", *pod(around=IN), operated({"global": {"proxy": {"autoInject": "enabled"}}})),
    case(INJECTION, "the operator leaves the injector's policy to be filled in", "unknown", *pod(around=IN), operated({"global": {"proxy": {"autoInject": "${INJECT}"}}})),
    case(INJECTION, "the operator has the injector leave some pods alone", "fail", *pod(around=IN),
         operated({"sidecarInjectorWebhook": {"neverInjectSelector": [{"matchLabels": {"app": "records"}}]}})),
    case(INJECTION, "the operator has the injector leave other pods alone", "pass", *pod(around=IN),
         operated({"sidecarInjectorWebhook": {"neverInjectSelector": [{"matchLabels": {"app": "portal"}}]}})),
    case(INJECTION, "namespaces are injected by default", "pass", *pod(),
         thing("install.istio.io/v1alpha1", "IstioOperator", "i", "istio-system",
               spec={"values": {"sidecarInjectorWebhook": {"enableNamespacesByDefault": True}}})),
    case(INJECTION, "injected by hand", "pass", space(), STRICT,
         work(containers=[{"name": "records", "image": "a", "ports": [{"containerPort": 80}]}, {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26"}], **REDIRECTED)),
    case(INJECTION, "injected by hand as a native sidecar", "pass", space(), STRICT,
         work(initContainers=[*REDIRECTED["initContainers"], {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26", "restartPolicy": "Always"}])),
    case(INJECTION, "injected by hand, and the network's plugin redirects", "pass", space(), STRICT,
         work(initContainers=[{"name": "istio-validation", "image": "docker.io/istio/proxyv2:1.26"}, {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26", "restartPolicy": "Always"}])),
    case(INJECTION, "a proxy by hand to which nothing redirects", "unknown", space(), STRICT,
         work(initContainers=[{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26", "restartPolicy": "Always"}])),
    case(INJECTION, "an init container of that name that ends", "fail", space(), STRICT,
         work(initContainers=[*REDIRECTED["initContainers"], {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26"}])),
    case(INJECTION, "a container of that name that is only to be merged", "fail", space(), STRICT,
         work(containers=[{"name": "istio-proxy", "image": "auto"}, {"name": "records", "image": "a", "ports": [{"containerPort": 80}]}])),
    case(INJECTION, "a container of that name that is something else", "fail", space(), STRICT,
         work(containers=[{"name": "istio-proxy", "image": "nginx", "ports": [{"containerPort": 80}]}])),
    case(INJECTION, "another template is injected than the sidecar's", "unknown", *pod(around=IN, annotations={"inject.istio.io/templates": "grpc-agent"})),
    case(INJECTION, "the sidecar's template and another one", "pass", *pod(around=IN, annotations={"inject.istio.io/templates": "sidecar,spire"})),
    case(INJECTION, "a pod that runs without a sidecar, whatever the labels say now", "fail", space(labels=IN), STRICT,
         {**work(kind="Pod"), "status": {"phase": "Running"}}),
    case(INJECTION, "a CronJob that a Service sends to", "fail", *pod(kind="CronJob"), service("s", {"app": "records"}, {"port": 80})),
    case(INJECTION, "a label that another tool fills in", "unknown", *pod(around={"istio-injection": "${MODE}"})),
    case(INJECTION, "whatever the injection is, permissive is permissive", "fail", work(), peer("PERMISSIVE")),
]  # fmt: skip

MODE = "istio.io/dataplane-mode"
AROUND = {MODE: "ambient"}
ZTUNNEL = [
    case(AMBIENT, "the namespace is in ambient mode", "pass", *pod(around=AROUND)),
    case(AMBIENT, "the pods are in ambient mode", "pass", *pod(labels={MODE: "ambient"})),
    case(AMBIENT, "the pods opt out", "fail", *pod(around=AROUND, labels={MODE: "none"})),
    case(AMBIENT, "the namespace opts out", "fail", *pod(around={MODE: "none"})),
    case(AMBIENT, "pods on the node's network", "fail", *pod(around=AROUND, hostNetwork=True)),
    case(AMBIENT, "both modes: the sidecar goes before", "fail", *pod(around={**AROUND, **IN}, annotations={"traffic.sidecar.istio.io/excludeInboundPorts": "8080"})),
    case(AMBIENT, "both modes, and the pods refuse the sidecar", "pass", *pod(around={**AROUND, **IN}, labels={INJECT: "false"})),
    case(AMBIENT, "the namespace of the system is left out", "not-applicable", space("kube-system", AROUND), work(namespace="kube-system"), STRICT),
    case(L4, "permissive", "fail", space(labels=AROUND), work(), peer("PERMISSIVE")),
    case(L4, "switched off is not supported, and lets plaintext in", "fail", space(labels=AROUND), work(), peer("DISABLE")),
    case(L4, "a port is opened", "fail", space(labels=AROUND), work(), peer("STRICT", app="records", ports={8080: "PERMISSIVE"})),
    case(L4, "no policy", "unknown", space(labels=AROUND), work()),
    case(ANNOTATIONS, "inbound connections pass by the ztunnel", "fail", *pod(around=AROUND, annotations={"ambient.istio.io/bypass-inbound-capture": "true"})),
    case(ANNOTATIONS, "they do not", "pass", *pod(around=AROUND, annotations={"ambient.istio.io/bypass-inbound-capture": "false"})),
    case(ANNOTATIONS, "a sidecar's exceptions mean nothing to the ztunnel", "pass", *pod(around=AROUND, annotations={"traffic.sidecar.istio.io/excludeInboundPorts": "8080"})),
    case(AMBIENT, "a pod that runs, and is redirected", "pass", space(), STRICT,
         {**work(kind="Pod", annotations={"ambient.istio.io/redirection": "enabled"}), "status": {"phase": "Running"}}),
    case(AMBIENT, "a pod that runs, and is not redirected", "fail", space(labels=AROUND), STRICT, {**work(kind="Pod"), "status": {"phase": "Running"}}),
]  # fmt: skip

EXCLUDE, INCLUDE = "traffic.sidecar.istio.io/excludeInboundPorts", "traffic.sidecar.istio.io/includeInboundPorts"


def rewriting(namespace: str, selector: Object | None, **patch: Any) -> Object:
    spec: Object = {"configPatches": [patch]} | ({"workloadSelector": {"labels": selector}} if selector else {})
    return thing("networking.istio.io/v1alpha3", "EnvoyFilter", "f", namespace, spec=spec)


def charts(**proxy: str) -> Object:
    """What the injector reads of the values of the charts."""
    values = json.dumps({"global": {"proxy": proxy}})
    data = {"config": "policy: enabled", "values": values}
    return thing("v1", "ConfigMap", "istio-sidecar-injector", "istio-system", data=data)


CAPTURE = [
    case(ANNOTATIONS, "a port passes by the proxy", "fail", *pod(around=IN, annotations={EXCLUDE: "8080"})),
    case(ANNOTATIONS, "a port that nothing declares passes by the proxy", "fail", *pod(around=IN, annotations={EXCLUDE: "9404"})),
    case(ANNOTATIONS, "the proxy's own ports may", "pass", *pod(around=IN, annotations={EXCLUDE: "15020,15090"})),
    case(ANNOTATIONS, "an empty list of exceptions", "pass", *pod(around=IN, annotations={EXCLUDE: ""})),
    case(ANNOTATIONS, "a list that is none", "unknown", *pod(around=IN, annotations={EXCLUDE: "http"})),
    case(ANNOTATIONS, "a list that another tool fills in", "unknown", *pod(around=IN, annotations={EXCLUDE: "${PORTS}"})),
    case(ANNOTATIONS, "only some ports are redirected, not all that are declared", "fail", *pod(around=IN, ports=(8080, 9090), annotations={INCLUDE: "8080"})),
    case(ANNOTATIONS, "only some ports are redirected, all that are declared", "unknown", *pod(around=IN, annotations={INCLUDE: "8080"})),
    case(ANNOTATIONS, "ports are excluded only where all others are redirected", "unknown", *pod(around=IN, annotations={INCLUDE: "8080", EXCLUDE: "8080"})),
    case(ANNOTATIONS, "every port but one is redirected", "fail", *pod(around=IN, annotations={INCLUDE: "*", EXCLUDE: "8080"})),
    case(ANNOTATIONS, "outbound ports pass by the proxy, which lets nobody in", "pass",
         *pod(around=IN, annotations={"traffic.sidecar.istio.io/excludeOutboundPorts": "8080", "traffic.sidecar.istio.io/excludeOutboundIPRanges": "0.0.0.0/0"})),
    case(ANNOTATIONS, "the installation redirects no port", "fail", *pod(around=IN), charts(includeInboundPorts="")),
    case(ANNOTATIONS, "the installation redirects every port", "pass", *pod(around=IN), charts(includeInboundPorts="*", excludeInboundPorts="")),
    case(ANNOTATIONS, "the installation redirects no port, and the pods all", "pass", *pod(around=IN, annotations={INCLUDE: "*"}), charts(includeInboundPorts="")),
    case(ANNOTATIONS, "what the injector reads excludes a port", "fail", *pod(around=IN), charts(excludeInboundPorts="8080")),
    case(ANNOTATIONS, "what the injector reads excludes a port, and the pods none", "pass", *pod(around=IN, annotations={EXCLUDE: ""}), charts(excludeInboundPorts="8080")),
    case(ANNOTATIONS, "the pods' own configuration redirects nothing", "unknown", *pod(around=IN, annotations={"proxy.istio.io/config": "interceptionMode: NONE"})),
    case(ANNOTATIONS, "the pods' own configuration says nothing of it", "pass", *pod(around=IN, annotations={"proxy.istio.io/config": "concurrency: 2"})),
    case(ANNOTATIONS, "the pods' own configuration is filled in later", "unknown", *pod(around=IN, annotations={"proxy.istio.io/config": "${CONFIG}"})),
    case(PROTOCOLS, "a container takes datagrams", "fail", *pod(around=IN, ports=(8080, {"containerPort": 8443, "protocol": "UDP"}))),
    case(PROTOCOLS, "a container takes another protocol that is not TCP", "fail", *pod(around=IN, ports=({"containerPort": 9899, "protocol": "SCTP"},))),
    case(PROTOCOLS, "a Service sends datagrams", "fail", *pod(around=IN), service("s", {"app": "records"}, {"port": 53, "protocol": "UDP", "targetPort": 8080})),
    case(PROTOCOLS, "a Service of other pods sends datagrams", "pass", *pod(around=IN), service("s", {"app": "portal"}, {"port": 53, "protocol": "UDP"})),
    case(PROTOCOLS, "TCP is written out", "pass", *pod(around=IN, ports=({"containerPort": 8080, "protocol": "TCP"},))),
    case(PROTOCOLS, "a protocol that another tool fills in", "unknown", *pod(around=IN, ports=({"containerPort": 8080, "protocol": "${P}"},))),
    case(PROTOCOLS, "the ztunnel takes no datagrams, either", "fail", *pod(around=AROUND, ports=(8080, {"containerPort": 53, "protocol": "UDP"}))),
    case(CONCEPTS, "a headless Service changes nothing", "pass", *pod(around=IN),
         {**service("s", {"app": "records"}, {"port": 8080}), "spec": {"clusterIP": "None", "selector": {"app": "records"}, "ports": [{"port": 8080}]}}),
    case(CONCEPTS, "a headless Service opens nothing that is not there, and closes nothing", "fail", *pod(around=IN, ports=(8080,))[:2], peer("PERMISSIVE"),
         {**service("s", {"app": "records"}, {"port": 8080}), "spec": {"clusterIP": "None", "selector": {"app": "records"}, "ports": [{"port": 8080}]}}),
    case(ANNOTATIONS, "no port is redirected", "fail", *pod(around=IN, annotations={INCLUDE: ""})),
    case(ANNOTATIONS, "every port is redirected", "pass", *pod(around=IN, annotations={INCLUDE: "*"})),
    case(ANNOTATIONS, "nothing is redirected: the application may listen on the loopback interface only", "unknown",
         *pod(around=IN, annotations={"sidecar.istio.io/interceptionMode": "NONE"})),
    case(ANNOTATIONS, "another way to redirect", "pass", *pod(around=IN, annotations={"sidecar.istio.io/interceptionMode": "TPROXY"})),
    case(MESHCONFIG, "nothing is redirected in the whole mesh", "unknown", *pod(around=IN), config(defaultConfig={"interceptionMode": "NONE"})),
    case(ANNOTATIONS, "an interface passes by the proxy", "unknown", *pod(around=IN, annotations={"traffic.sidecar.istio.io/excludeInterfaces": "eth1"})),
    case(MESHCONFIG, "the installation excludes a port", "fail", *pod(around=IN),
         thing("install.istio.io/v1alpha1", "IstioOperator", "i", "istio-system", spec={"values": {"global": {"proxy": {"excludeInboundPorts": "8080"}}}})),
    case(FILTERS, "a filter rewrites inbound listeners", "unknown", *pod(around=IN), rewriting("ehr", None, applyTo="LISTENER", match={"context": "SIDECAR_INBOUND"})),
    case(FILTERS, "a filter of the mesh rewrites inbound listeners", "unknown", *pod(around=IN), rewriting("istio-system", None, applyTo="FILTER_CHAIN")),
    case(FILTERS, "a filter of another workload", "pass", *pod(around=IN), rewriting("ehr", {"app": "portal"}, applyTo="LISTENER")),
    case(FILTERS, "a filter of another namespace", "pass", *pod(around=IN), rewriting("labs", None, applyTo="LISTENER")),
    case(FILTERS, "a filter of outbound listeners", "pass", *pod(around=IN), rewriting("ehr", None, applyTo="LISTENER", match={"context": "SIDECAR_OUTBOUND"})),
    case(FILTERS, "a filter of requests leaves the connection alone", "pass", *pod(around=IN), rewriting("ehr", None, applyTo="HTTP_FILTER", match={"context": "SIDECAR_INBOUND"})),
]  # fmt: skip

SUBJECTS = [
    case(GATEWAYS, "a gateway that is injected", "not-applicable", space(labels=IN), STRICT,
         work(annotations={"inject.istio.io/templates": "gateway"}, containers=[{"name": "istio-proxy", "image": "auto"}])),
    case(GATEWAYS, "a gateway that is written out", "not-applicable", space(), STRICT,
         work(containers=[{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26", "args": ["proxy", "router"]}])),
    case(GATEWAYS, "the annotation without the proxy", "fail", *pod(annotations={"inject.istio.io/templates": "gateway"})),
    case(INJECTION, "the control plane", "not-applicable", space("istio-system"), STRICT,
         work(namespace="istio-system", containers=[{"name": "discovery", "image": "docker.io/istio/pilot:1.26"}])),
    case(INJECTION, "an application that is called like it", "fail", space(), STRICT,
         work(containers=[{"name": "pilot", "image": "registry.example/flights/pilot", "ports": [{"containerPort": 80}]}])),
    case(INJECTION, "a job that nobody calls", "not-applicable", *pod(kind="Job", ports=())),
    case(INJECTION, "a job with a port", "fail", *pod(kind="Job")),
    case(INJECTION, "a worker that nothing says to take connections", "unknown", *pod(ports=())),
    case(INJECTION, "a worker behind a strict proxy", "pass", *pod(around=IN, ports=())),
    case(CONCEPTS, "a cluster without any mesh", "not-applicable", space(), work()),
    case(CONCEPTS, "a cluster in which another namespace is meshed", "fail", space(), space("labs", IN), work()),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", [*PRECEDENCE, *PROXIES, *ZTUNNEL, *CAPTURE, *SUBJECTS])
def test_documented_case(expected: str, objects: tuple[Object, ...]) -> None:
    made = next(
        each
        for each in objects
        if each["kind"] in ("Deployment", "Pod", "Job", "CronJob") and each["metadata"]["name"] == "records"
    )
    place = made["metadata"].get("namespace") or ""
    judgement = judge(RULE, objects, f"{made['kind']}/{place}/records")
    found = {True: "pass", False: "fail", None: "unknown"}[judgement.truth] if judgement.applies else "not-applicable"
    assert found == expected, told(judgement)
    if expected == "fail":
        assert judgement.message


def test_the_chain_names_each_object_that_decided_with_its_line() -> None:
    judgement = judge(
        RULE,
        [*MESHED, peer("UNSET", app="records", name="w"), peer("PERMISSIVE", name="whole"), STRICT],
        "Deployment/ehr/records",
    )
    assert judgement.message == "PeerAuthentication/ehr/whole allows plaintext (PERMISSIVE)"
    chain = {fact.property: (fact.observed, fact.expected) for fact in judgement.facts[1:]}
    assert chain == {
        "label istio-injection of the namespace ehr": ("enabled", "enabled"),
        "PeerAuthentication/ehr/w, the policy of the workload": ("UNSET", "STRICT"),
        "PeerAuthentication/ehr/whole, the policy of the namespace": ("PERMISSIVE", "STRICT"),
    }
    lines = [fact.location.span.line for fact in judgement.facts]
    assert len(set(lines)) == len(lines)


def test_what_could_not_be_read_may_hold_a_policy() -> None:
    holes = (Hole("policies/a.yaml:3 could not be read"),)
    assert verdict(RULE, [*MESHED, STRICT], "Deployment/ehr/records", holes=holes) == "unknown"
    assert verdict(RULE, [*MESHED, peer("PERMISSIVE")], "Deployment/ehr/records", holes=holes) == "unknown"
    refusing = work(labels={INJECT: "false"})
    assert verdict(RULE, [MESHED[0], refusing, STRICT], "Deployment/ehr/records", holes=holes) == "fail"
    excluded = work(annotations={EXCLUDE: "8080"})
    assert verdict(RULE, [MESHED[0], excluded, STRICT], "Deployment/ehr/records", holes=holes) == "fail"
