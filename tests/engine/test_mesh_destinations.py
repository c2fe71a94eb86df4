"""What Istio's DestinationRules have clients do: its documentation's rules, case by case, in our own words."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.model.value import Unknown
from tests.engine.meshes import Object, service, space, thing, view_of, work

REFERENCE = "istio.io/docs/reference/config/networking/destination-rule/"
SCOPING = "istio.io/docs/ops/configuration/mesh/configuration-scoping/"
IN = {"istio-injection": "enabled"}
OFF, SIMPLE, ON = {"tls": {"mode": "DISABLE"}}, {"tls": {"mode": "SIMPLE"}}, {"tls": {"mode": "ISTIO_MUTUAL"}}
FULL = "records.ehr.svc.cluster.local"


def rule(
    host: str = "records", namespace: str | None = "ehr", *, name: str = "rule", day: int = 0, **spec: Any
) -> Object:
    made = {"metadata": {"creationTimestamp": f"2026-01-0{day}T00:00:00Z"}} if day else {}
    return thing("networking.istio.io/v1", "DestinationRule", name, namespace, spec={"host": host, **spec}, **made)


def entry(location: str, *hosts: str) -> Object:
    return thing("networking.istio.io/v1", "ServiceEntry", "entry", spec={"hosts": list(hosts), "location": location})


def modes(*objects: Object) -> Any:
    """What the first object has clients do: None for nothing, else part and mode of each setting."""
    first = objects[0]
    view = view_of(objects, f"DestinationRule/{first['metadata'].get('namespace', '')}/{first['metadata']['name']}")
    value = view.property("mutual_tls.clients")
    return [(item["part"], item["mode"]) for item in value] if isinstance(value, list) else value


ALL = "every port"
SAME = service("records", {"app": "records"}, {"port": 80})


@pytest.mark.parametrize("expected, objects", [
    pytest.param([(ALL, "DISABLE")], [rule(trafficPolicy=OFF)], id=f"a host without a dot is of the rule's namespace [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule(FULL, "labs", trafficPolicy=OFF)], id=f"a complete host of another namespace [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule("*.local", "istio-system", trafficPolicy=OFF)], id=f"every service of the cluster [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule("*", trafficPolicy=OFF)], id=f"every host there is [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule("*.ehr.svc.cluster.local", trafficPolicy=OFF)], id=f"every service of a namespace [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule("records.ehr.svc.ehr.internal", trafficPolicy=OFF)], id=f"a cluster with a domain of its own [{REFERENCE}]"),
    pytest.param(None, [rule("*.example.org", trafficPolicy=OFF)], id=f"hosts outside by a wildcard [{REFERENCE}]"),
    pytest.param(None, [rule("hie.example.org", trafficPolicy=SIMPLE)], id=f"a host outside [{REFERENCE}]"),
    pytest.param(None, [rule("10.0.0.1", trafficPolicy=OFF)], id=f"an address [{REFERENCE}]"),
    pytest.param(None, [rule("hie.example.org", trafficPolicy=OFF), entry("MESH_EXTERNAL", "hie.example.org")], id=f"a host that is declared as outside [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule("hie.example.org", trafficPolicy=OFF), entry("MESH_INTERNAL", "hie.example.org")], id=f"a host that is counted to the mesh [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule("a.vm.internal", trafficPolicy=OFF), entry("MESH_INTERNAL", "*.vm.internal")], id=f"a host that a wildcard counts to the mesh [{REFERENCE}]"),
    pytest.param(None, [rule("kubernetes.default.svc.cluster.local", trafficPolicy=OFF)], id=f"the API server [{REFERENCE}]"),
    pytest.param(None, [rule(trafficPolicy={"connectionPool": {}})], id=f"nothing of TLS: clients use mutual TLS by themselves [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule(trafficPolicy={"tls": {}})], id=f"a tls block without a mode is DISABLE [{REFERENCE}]"),
    pytest.param([(ALL, "ISTIO_MUTUAL"), ("port 8080", "DISABLE")],
                 [rule(trafficPolicy={**ON, "portLevelSettings": [{"port": {"number": 8080}, **OFF}]})], id=f"a port of its own [{REFERENCE}]"),
    pytest.param([(ALL, "ISTIO_MUTUAL")],
                 [rule(trafficPolicy={**ON, "portLevelSettings": [{"port": {"number": 8080}, "connectionPool": {}}]})], id=f"a port without TLS settings [{REFERENCE}]"),
    pytest.param([(ALL, "ISTIO_MUTUAL"), ("port 8080", "DISABLE")],
                 [rule(trafficPolicy={**ON, "portLevelSettings": [{"port": {"number": 8080}, "connectionPool": {}}]}),
                  thing("install.istio.io/v1alpha1", "IstioOperator", "i", "istio-system", spec={"meshConfig": {"enableAutoMtls": False}})],
                 id=f"a port without TLS settings, where clients do nothing by themselves [{REFERENCE}]"),
    pytest.param([(ALL, "MUTUAL")], [rule(trafficPolicy={"tls": {"mode": "MUTUAL"}}), space(labels=IN), work(), SAME], id=f"certificates of its own, towards a proxy [{REFERENCE}]"),
    pytest.param([("subset canary", "DISABLE"), ("port 80 of subset canary", "ISTIO_MUTUAL")],
                 [rule(subsets=[{"name": "canary", "trafficPolicy": {**OFF, "portLevelSettings": [{"port": {"number": 80}, **ON}]}}])], id=f"subsets [{REFERENCE}]"),
    pytest.param([(ALL, "SIMPLE")], [rule(trafficPolicy=SIMPLE), space(labels=IN), work(), SAME], id=f"TLS of the server's alone, towards a proxy [{REFERENCE}]"),
    pytest.param(None, [rule(trafficPolicy=SIMPLE), space(), work(), SAME], id=f"TLS of the server's alone, towards a server without a proxy [{REFERENCE}]"),
    pytest.param([(ALL, "SIMPLE")], [rule("*.local", trafficPolicy=SIMPLE)], id=f"TLS of the server's alone, towards every service [{REFERENCE}]"),
    pytest.param(None, [rule("istiod.istio-system.svc.cluster.local", trafficPolicy=SIMPLE)], id=f"the control plane ends TLS itself [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule(trafficPolicy=OFF), space(), work(), SAME], id=f"plaintext towards a server without a proxy [{REFERENCE}]"),
    pytest.param(None, [rule(FULL, "istio-system", trafficPolicy=OFF), rule(trafficPolicy=ON)], id=f"the service's namespace goes before the root namespace [{SCOPING}]"),
    pytest.param([(ALL, "DISABLE")], [rule(FULL, "istio-system", trafficPolicy=OFF), rule(trafficPolicy=ON, exportTo=["."])],
                 id=f"but not for clients elsewhere, where it is not exported [{SCOPING}]"),
    pytest.param([(ALL, "DISABLE")], [rule("*.local", "istio-system", trafficPolicy=OFF), rule(trafficPolicy=ON)], id=f"and not for other services [{SCOPING}]"),
    pytest.param([(ALL, "DISABLE")], [rule(FULL, "labs", trafficPolicy=OFF), rule(trafficPolicy=ON)], id=f"the client's namespace goes before the service's [{SCOPING}]"),
    pytest.param([(ALL, "DISABLE")], [rule(trafficPolicy=OFF, day=1), rule(FULL, name="later", trafficPolicy=ON, day=2)], id=f"the older rule for a host [{REFERENCE}]"),
    pytest.param(None, [rule(trafficPolicy=OFF, day=2), rule(FULL, name="earlier", trafficPolicy=ON, day=1)], id=f"the newer rule for a host [{REFERENCE}]"),
    pytest.param([("subset canary", "DISABLE")],
                 [rule(trafficPolicy=OFF, day=2, subsets=[{"name": "canary", "trafficPolicy": OFF}]), rule(FULL, name="earlier", trafficPolicy=ON, day=1)],
                 id=f"subsets of the newer rule are added [{REFERENCE}]"),
    pytest.param([(ALL, "DISABLE")], [rule(trafficPolicy=OFF), rule(FULL, name="same", trafficPolicy=OFF)], id=f"two rules for a host that agree [{REFERENCE}]"),
])  # fmt: skip
def test_documented_case(expected: Any, objects: list[Object]) -> None:
    assert modes(*objects) == expected


@pytest.mark.parametrize("reason, objects", [
    ("several rules for the host differ", [rule(trafficPolicy=OFF), rule(FULL, name="other", trafficPolicy=ON)]),
    ("the namespace ehr is not declared", [rule(trafficPolicy=SIMPLE), work(), SAME]),
    ("what answers as records.ehr.svc.cluster.local is not", [rule(trafficPolicy=SIMPLE)]),
    ("is filled in by another tool", [rule(trafficPolicy={"tls": {"mode": "${MODE}"}})]),
])  # fmt: skip
def test_a_mode_that_is_not_known_says_why(reason: str, objects: list[Object]) -> None:
    [(_, mode)] = modes(*objects)
    assert isinstance(mode, Unknown)
    assert reason in mode.reason


@pytest.mark.parametrize("reason, objects", [
    ("is filled in by another tool", [rule("${HOST}", trafficPolicy=OFF)]),
    ("completes no name that has a dot", [rule("records.ehr", "labs", trafficPolicy=OFF), SAME]),
    ("completes no name that has a dot", [rule("records.ehr.svc", "labs", trafficPolicy=OFF), SAME]),
])  # fmt: skip
def test_a_host_that_is_not_known_says_why(reason: str, objects: list[Object]) -> None:
    found = modes(*objects)
    assert isinstance(found, Unknown)
    assert reason in found.reason
