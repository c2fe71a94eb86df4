"""Whom Istio's AuthorizationPolicy lets in: its documentation's rules, case by case, in our own words."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.model.resource import Hole
from tests.engine.meshes import VERDICTS, Object, judge, peer, space, thing, told, verdict, work

DENY_BY_DEFAULT, TENANT = "mesh_authorization_default_deny", "mesh_authorization_tenant"
REFERENCE = "istio.io/docs/reference/config/security/authorization-policy/"
CONCEPTS = "istio.io/docs/concepts/security/#authorization"
DEPENDENCY = "istio.io/docs/concepts/security/#dependency-on-mutual-tls"
DRY_RUN = "istio.io/docs/tasks/security/authorization/authz-dry-run/"
L4 = "istio.io/docs/ambient/usage/l4-policy/"
CAPTURE = "istio.io/docs/reference/config/annotations/"
EXCLUDE = "traffic.sidecar.istio.io/excludeInboundPorts"
IN = {"istio-injection": "enabled"}
MESHED = [space(labels=IN), work()]
ROOT = space("istio-system")


def policy(
    *rules: Object | None,
    namespace: str = "ehr",
    name: str = "callers",
    app: str = "",
    annotations: Object | None = None,
    **spec: Any,
) -> Object:
    if app:
        spec["selector"] = {"matchLabels": {"app": app}}
    body = {"rules": list(rules), **spec} if rules else spec
    return thing(
        "security.istio.io/v1",
        "AuthorizationPolicy",
        name,
        namespace,
        metadata={"annotations": annotations or {}},
        spec=body,
    )


def source(**fields: Any) -> Object:
    return {"from": [{"source": fields}]}


def case(reference: str, title: str, expected: str, *objects: Object) -> Any:
    return pytest.param(expected, objects, id=f"{title} [{reference}]")


NOTHING = policy(namespace="istio-system", name="nothing")
PORTAL = source(principals=["cluster.local/ns/ehr/sa/portal"])
DEFAULT_DENY = [
    case(CONCEPTS, "no policy allows: everyone may", "fail", *MESHED, ROOT),
    case(CONCEPTS, "no policy, and the mesh's were not scanned", "unknown", *MESHED),
    case(CONCEPTS, "a policy that allows nothing", "pass", *MESHED, policy()),
    case(CAPTURE, "what passes by the proxy is asked by no policy", "fail", MESHED[0], work(annotations={EXCLUDE: "8080"}), NOTHING),
    case(CAPTURE, "datagrams pass by the proxy", "fail", MESHED[0], work(ports=(8080, {"containerPort": 53, "protocol": "UDP"})), NOTHING),
    case(CAPTURE, "the ztunnel is passed by", "fail", space(labels={"istio.io/dataplane-mode": "ambient"}), work(annotations={"ambient.istio.io/bypass-inbound-capture": "true"}), NOTHING),
    case(L4, "a policy of a waypoint is asked by nobody who calls the pods themselves", "fail", space(labels={"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint"}), work(), ROOT,
         policy(targetRefs=[{"kind": "Service", "group": "", "name": "records"}])),
    case(CONCEPTS, "a policy of the mesh that allows nothing", "pass", *MESHED, NOTHING),
    case(CONCEPTS, "a policy that allows nothing to other workloads", "fail", *MESHED, ROOT, policy(app="portal")),
    case(CONCEPTS, "a policy that allows nothing to this workload", "pass", *MESHED, policy(app="records")),
    case(CONCEPTS, "a policy of another namespace", "fail", *MESHED, ROOT, policy(namespace="labs")),
    case(CONCEPTS, "an empty rule allows everyone", "fail", *MESHED, policy({})),
    case(CONCEPTS, "policies add up", "fail", *MESHED, policy(PORTAL), policy({}, name="open")),
    case(CONCEPTS, "policies of the mesh add up, too", "fail", *MESHED, policy(PORTAL), policy({}, name="open", namespace="istio-system")),
    case(CONCEPTS, "a named account", "pass", *MESHED, policy(PORTAL)),
    case(CONCEPTS, "a named namespace", "pass", *MESHED, policy(source(namespaces=["ehr"]))),
    case(REFERENCE, "a named service account", "pass", *MESHED, policy(source(serviceAccounts=["ehr/portal"]))),
    case(REFERENCE, "whoever has an identity", "fail", *MESHED, policy(source(principals=["*"]))),
    case(REFERENCE, "an empty source", "fail", *MESHED, policy(source())),
    case(REFERENCE, "one source that is named, and one that is not", "fail", *MESHED, policy({"from": [{"source": {"namespaces": ["ehr"]}}, {"source": {}}]})),
    case(REFERENCE, "methods name nobody", "fail", *MESHED, policy({"to": [{"operation": {"methods": ["GET"]}}]})),
    case(REFERENCE, "ports name nobody", "fail", *MESHED, policy({"to": [{"operation": {"ports": ["8080"]}}]})),
    case(REFERENCE, "written-out paths open no more than themselves", "pass", *MESHED, policy({"to": [{"operation": {"paths": ["/healthz"]}}]})),
    case(REFERENCE, "a pattern of paths", "fail", *MESHED, policy({"to": [{"operation": {"paths": ["/patients/*"]}}]})),
    case(REFERENCE, "a template of paths", "fail", *MESHED, policy({"to": [{"operation": {"paths": ["/patients/{*}"]}}]})),
    case(REFERENCE, "one operation with a path, and one without", "fail", *MESHED, policy({"to": [{"operation": {"paths": ["/healthz"]}}, {"operation": {"methods": ["GET"]}}]})),
    case(REFERENCE, "a condition names callers", "pass", *MESHED, policy({"when": [{"key": "source.namespace", "values": ["ehr"]}]})),
    case(REFERENCE, "a condition on the principal holds beside the source's own", "pass", *MESHED,
         policy({**source(principals=["*"]), "when": [{"key": "source.principal", "values": ["cluster.local/ns/ehr/sa/portal"]}]})),
    case(REFERENCE, "a condition on a header names nobody", "fail", *MESHED, policy({"when": [{"key": "request.headers[x-internal]", "values": ["1"]}]})),
    case(REFERENCE, "a condition on a user's token names users", "pass", *MESHED, policy({"when": [{"key": "request.auth.claims[iss]", "values": ["https://id.example"]}]})),
    case(REFERENCE, "users who show a token", "pass", *MESHED, policy(source(requestPrincipals=["*"]))),
    case(REFERENCE, "addresses", "pass", *MESHED, policy(source(ipBlocks=["10.4.0.0/16"]))),
    case(REFERENCE, "all addresses", "fail", *MESHED, policy(source(ipBlocks=["0.0.0.0/0"]))),
    case(REFERENCE, "everyone but some", "fail", *MESHED, policy(source(notNamespaces=["labs"]))),
    case(REFERENCE, "whom a rule names is filled in later", "unknown", *MESHED, policy(source(principals=["${CALLER}"]))),
    case(REFERENCE, "a denial alone lets everyone else in", "fail", *MESHED, ROOT, policy(source(namespaces=["labs"]), action="DENY")),
    case(REFERENCE, "a denial of whoever is not named", "pass", *MESHED, policy(source(notNamespaces=["ehr"]), action="DENY")),
    case(REFERENCE, "a denial of whoever is not named, for one path", "fail", *MESHED, ROOT,
         policy({**source(notNamespaces=["ehr"]), "to": [{"operation": {"paths": ["/admin"]}}]}, action="DENY")),
    case(REFERENCE, "a denial of whoever has no identity lets the whole mesh in", "fail", *MESHED, ROOT, policy(source(notPrincipals=["*"]), action="DENY")),
    case(REFERENCE, "a denial of everybody", "pass", *MESHED, policy({}, action="DENY")),
    case(REFERENCE, "a denial without rules denies nobody", "fail", *MESHED, ROOT, policy(action="DENY")),
    case(REFERENCE, "an audit lets everyone in", "fail", *MESHED, ROOT, policy({}, action="AUDIT")),
    case(REFERENCE, "somebody else decides", "unknown", *MESHED, ROOT, policy({}, action="CUSTOM", provider={"name": "opa"})),
    case(REFERENCE, "the action is filled in later", "unknown", *MESHED, ROOT, policy(action="${ACTION}")),
    case(DRY_RUN, "a policy in dry run", "fail", *MESHED, ROOT, policy(annotations={"istio.io/dry-run": "true"})),
    case(REFERENCE, "a policy for a gateway or waypoint", "fail", *MESHED, ROOT, policy(targetRefs=[{"kind": "Service", "name": "records"}])),
    case(L4, "ambient mode obeys the same policies", "pass", space(labels={"istio.io/dataplane-mode": "ambient"}), work(), policy(PORTAL)),
    case(CONCEPTS, "no proxy stands there", "not-applicable", space(), work(), NOTHING),
    case(CONCEPTS, "whether a proxy stands there is not known", "unknown", work(), NOTHING),
    case(CONCEPTS, "whether a proxy stands there or not, everyone may", "fail", work(), policy({})),
    case(CONCEPTS, "whom the policy selects is not known", "unknown", MESHED[0], work(labels={"tier": "${TIER}"}), ROOT,
         policy(selector={"matchLabels": {"tier": "phi"}})),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", DEFAULT_DENY)
def test_default_deny(expected: str, objects: tuple[Object, ...]) -> None:
    judgement = judge(DENY_BY_DEFAULT, objects, "Deployment/ehr/records")
    found = VERDICTS[judgement.truth] if judgement.applies else "not-applicable"
    assert found == expected, told(judgement)


OTHERS = [
    space(labels={**IN, "tenant": "mercy"}),
    space("clinic", {**IN, "tenant": "lakeside"}),
    space("edge", IN),
    work(),
]
STRICT, PERMISSIVE = peer("STRICT", "istio-system", name="mesh"), peer("PERMISSIVE", "istio-system", name="mesh")
TENANTS = [
    case(CONCEPTS, "everyone may", "fail", *OTHERS, ROOT),
    case(CONCEPTS, "nobody may", "pass", *OTHERS, NOTHING),
    case(CONCEPTS, "its own namespace, and one that the tenants share", "pass", *OTHERS, policy(source(namespaces=["ehr", "edge"]))),
    case(CONCEPTS, "another tenant's namespace", "fail", *OTHERS, policy(source(namespaces=["ehr", "clinic"]))),
    case(REFERENCE, "another tenant's account", "fail", *OTHERS, policy(source(principals=["cluster.local/ns/clinic/sa/intake"]))),
    case(REFERENCE, "another trust domain's namespace of that name", "fail", *OTHERS, policy(source(principals=["other.example/ns/clinic/sa/intake"]))),
    case(REFERENCE, "another tenant's service account", "fail", *OTHERS, policy(source(serviceAccounts=["clinic/intake"]))),
    case(REFERENCE, "a service account of the policy's own namespace", "pass", *OTHERS, policy(source(serviceAccounts=["portal"]))),
    case(REFERENCE, "a prefix of principals that is its own", "pass", *OTHERS, policy(source(principals=["cluster.local/ns/ehr/*"]))),
    case(REFERENCE, "a prefix of principals that takes the other in", "fail", *OTHERS, policy(source(principals=["cluster.local/ns/c*"]))),
    case(REFERENCE, "a prefix of the trust domain alone", "fail", *OTHERS, policy(source(principals=["cluster.local*"]))),
    case(REFERENCE, "a suffix that every namespace can have", "fail", *OTHERS, policy(source(principals=["*/sa/portal"]))),
    case(REFERENCE, "a suffix with its own namespace", "pass", *OTHERS, policy(source(principals=["*/ns/ehr/sa/portal"]))),
    case(REFERENCE, "a suffix of the other's name", "fail", *OTHERS, policy(source(principals=["*inic/sa/portal"]))),
    case(REFERENCE, "a pattern of namespaces", "fail", *OTHERS, policy(source(namespaces=["cl*"]))),
    case(REFERENCE, "fields of one source all hold", "pass", *OTHERS, policy(source(principals=["*"], namespaces=["ehr"]))),
    case(REFERENCE, "a condition holds beside the source", "pass", *OTHERS, policy({**source(principals=["*"]), "when": [{"key": "source.namespace", "values": ["ehr"]}]})),
    case(REFERENCE, "two conditions on the namespace both hold", "pass", *OTHERS,
         policy({"when": [{"key": "source.namespace", "values": ["ehr"]}, {"key": "source.namespace", "values": ["ehr", "clinic"]}]})),
    case(REFERENCE, "addresses may be anybody's", "unknown", *OTHERS, policy(source(ipBlocks=["10.0.0.0/8"]))),
    case(REFERENCE, "users' tokens may be sent by anybody", "unknown", *OTHERS, policy(source(requestPrincipals=["*"]))),
    case(REFERENCE, "everyone may ask for its health", "unknown", *OTHERS, policy({"to": [{"operation": {"paths": ["/healthz"]}}]})),
    case(DEPENDENCY, "all but the other tenant, by certificate", "pass", *OTHERS, STRICT, policy(source(notNamespaces=["clinic"]))),
    case(DEPENDENCY, "all but the other tenant, who may come without a certificate", "fail", *OTHERS, PERMISSIVE, policy(source(notNamespaces=["clinic"]))),
    case(DEPENDENCY, "all but the other tenant's principals, by certificate", "pass", *OTHERS, STRICT, policy(source(notPrincipals=["cluster.local/ns/clinic/*"]))),
    case(DEPENDENCY, "all but one account of the other tenant's", "fail", *OTHERS, STRICT, policy(source(notPrincipals=["cluster.local/ns/clinic/sa/intake"]))),
    case(DEPENDENCY, "the other tenant is denied, by certificate", "pass", *OTHERS, STRICT, policy(source(namespaces=["clinic"]), action="DENY")),
    case(DEPENDENCY, "the other tenant is denied, and may come without a certificate", "fail", *OTHERS, PERMISSIVE, policy(source(namespaces=["clinic"]), action="DENY")),
    case(DEPENDENCY, "whoever is not its own is denied, certificate or not", "pass", *OTHERS, PERMISSIVE, policy(source(notNamespaces=["ehr"]), action="DENY")),
    case(CONCEPTS, "a denial goes before what is allowed", "pass", *OTHERS, STRICT, policy({}), policy(source(namespaces=["clinic"]), action="DENY", name="no")),
    case(CONCEPTS, "a denial for one path leaves the others", "fail", *OTHERS, STRICT, policy({}),
         policy({**source(namespaces=["clinic"]), "to": [{"operation": {"paths": ["/admin"]}}]}, action="DENY", name="no")),
    case(CONCEPTS, "the only tenant", "not-applicable", OTHERS[0], work(), ROOT),
    case(CONCEPTS, "a workload of no tenant", "not-applicable", space(labels=IN), *OTHERS[1:], ROOT),
]  # fmt: skip


@pytest.mark.parametrize("expected, objects", TENANTS)
def test_tenants(expected: str, objects: tuple[Object, ...]) -> None:
    judgement = judge(TENANT, objects, "Deployment/ehr/records")
    found = VERDICTS[judgement.truth] if judgement.applies else "not-applicable"
    assert found == expected, told(judgement)


def test_a_namespace_that_was_not_scanned_may_be_anybodys() -> None:
    objects = [*OTHERS, work("intake", "labs"), policy(source(namespaces=["labs"]))]
    judgement = judge(TENANT, objects, "Deployment/ehr/records")
    assert judgement.truth is None
    assert told(judgement).startswith("the namespace labs is not declared")


def test_what_could_not_be_read_may_open_or_close() -> None:
    holes = (Hole("policies/a.yaml:3 could not be read"),)
    assert verdict(DENY_BY_DEFAULT, [*MESHED, NOTHING], "Deployment/ehr/records", holes=holes) == "unknown"
    assert verdict(DENY_BY_DEFAULT, [*MESHED, ROOT], "Deployment/ehr/records", holes=holes) == "unknown"
