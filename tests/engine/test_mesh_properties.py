"""What must hold for every mesh there may be: order means nothing, stricter is never worse, and less never passes."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phiward.model.value import Unknown
from tests.engine.meshes import Object, judge, peer, service, space, thing, verdict, work

RULES = ("workload_mtls_enforced", "mesh_authorization_default_deny", "mesh_authorization_tenant")
RECORDS = "Deployment/ehr/records"
MODES = ("STRICT", "PERMISSIVE", "DISABLE", "UNSET")
FEW = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def policy(name: str, namespace: str, action: str, rules: list[Object], app: str) -> Object:
    spec: Object = {"action": action, "rules": rules, **({"selector": {"matchLabels": {"app": app}}} if app else {})}
    return thing("security.istio.io/v1", "AuthorizationPolicy", name, namespace, spec=spec)


words = st.sampled_from([None, "enabled", "disabled", "${X}"])
maybe = st.sampled_from([None, "true", "false"])
sources = st.fixed_dictionaries(
    {},
    optional={
        "namespaces": st.lists(st.sampled_from(["ehr", "clinic", "cl*", "*"]), min_size=1, max_size=2),
        "notNamespaces": st.lists(st.sampled_from(["ehr", "clinic"]), min_size=1, max_size=2),
        "principals": st.lists(
            st.sampled_from(["*", "cluster.local/ns/ehr/sa/a", "*/sa/a", "${P}"]), min_size=1, max_size=2
        ),
    },
)
rules = st.lists(st.one_of(st.just({}), sources.map(lambda own: {"from": [{"source": own}]})), max_size=2)
pods = st.builds(
    lambda inject, annotation, ports, excluded, host: work(
        labels={"sidecar.istio.io/inject": inject} if inject else {},
        annotations={
            **({"linkerd.io/inject": annotation} if annotation else {}),
            **({"traffic.sidecar.istio.io/excludeInboundPorts": excluded} if excluded else {}),
        },
        ports=ports,
        **({"hostNetwork": host} if host is not None else {}),
    ),
    maybe,
    words,
    st.sampled_from([(), (8080,), (8080, 9090)]),
    st.sampled_from([None, "8080", "15020", "${P}"]),
    st.sampled_from([None, True, "${H}"]),
)
namespaces = st.builds(
    lambda istio, linkerd, tenant, default: space(
        labels={**({"istio-injection": istio} if istio else {}), **({"tenant": tenant} if tenant else {})},
        annotations={
            **({"linkerd.io/inject": linkerd} if linkerd else {}),
            **({"config.linkerd.io/default-inbound-policy": default} if default else {}),
        },
    ),
    words,
    words,
    st.sampled_from([None, "mercy"]),
    st.sampled_from([None, "deny", "all-authenticated", "audit", "${D}"]),
)
peers = st.builds(
    lambda mode, namespace, app, ports, number: peer(
        mode, namespace, name=f"peer-{number}", app=app, ports=ports if app else None
    ),
    st.sampled_from(MODES),
    st.sampled_from(["ehr", "istio-system"]),
    st.sampled_from(["", "records"]),
    st.dictionaries(st.sampled_from([8080, 9090]), st.sampled_from(MODES), max_size=1),
    st.integers(0, 9),
)
callers = st.builds(
    policy,
    st.integers(0, 9).map(lambda number: f"callers-{number}"),
    st.sampled_from(["ehr", "istio-system"]),
    st.sampled_from(["ALLOW", "DENY", "CUSTOM"]),
    rules,
    st.sampled_from(["", "records"]),
)
servers = st.builds(
    lambda port, access, number: thing(
        "policy.linkerd.io/v1beta3", "Server", f"server-{number}",
        spec={"podSelector": {"matchLabels": {"app": "records"}}, "port": port, **({"accessPolicy": access} if access else {})},
    ),
    st.sampled_from([8080, 9090]),
    st.sampled_from([None, "audit", "deny", "all-authenticated"]),
    st.integers(0, 9),
)  # fmt: skip
others = st.sampled_from(
    [
        space("istio-system"),
        space("clinic", {"tenant": "lakeside", "istio-injection": "enabled"}),
        service("records", {"app": "records"}, {"port": 80, "targetPort": 8080}),
        *(
            thing("install.istio.io/v1alpha1", "IstioOperator", name, "istio-system", spec=spec)
            for name, spec in (
                ("a", {"meshConfig": {"rootNamespace": "ehr"}}),
                ("b", {"values": {"global": {"proxy": {"excludeInboundPorts": "8080"}}}}),
                ("c", {"values": {"global": {"proxy": {"autoInject": "disabled", "excludeInboundPorts": ""}}}}),
            )
        ),
        thing("v1", "ConfigMap", "linkerd-config", "linkerd", data={"values": "proxy: {defaultInboundPolicy: deny}"}),
    ]
)
extras = st.lists(st.one_of(peers, callers, servers, others), max_size=5)


def key(each: Object) -> tuple[str, str, str]:
    return each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]


def cluster(*objects: Object) -> list[Object]:
    """Each object once: what is applied together has no two of a name."""
    return list({key(each): each for each in objects}.values())


clusters = st.builds(
    lambda place, own, more: cluster(own, *([place] if place else []), *more), st.none() | namespaces, pods, extras
)


@FEW
@given(clusters, st.randoms(use_true_random=False), st.sampled_from(RULES))
def test_the_order_of_documents_means_nothing(objects: list[Object], random: Any, rule: str) -> None:
    shuffled = list(objects)
    random.shuffle(shuffled)
    before, after = judge(rule, objects, RECORDS), judge(rule, shuffled, RECORDS)
    assert (before.truth, before.applies, before.message) == (after.truth, after.applies, after.message)
    facts = [[(fact.property, fact.observed, fact.expected) for fact in found.facts] for found in (before, after)]
    assert facts[0] == facts[1]


@FEW
@given(clusters, st.sampled_from(["istio-system", "ehr", "records"]))
def test_a_strict_policy_more_never_turns_a_pass_into_anything_else(objects: list[Object], level: str) -> None:
    extra = peer(
        "STRICT",
        "istio-system" if level == "istio-system" else "ehr",
        name="extra",
        app="records" if level == "records" else "",
    )
    if verdict(RULES[0], objects, RECORDS) == "pass":
        assert verdict(RULES[0], [*objects, extra], RECORDS) == "pass"


@FEW
@given(clusters, st.data())
def test_a_mode_made_strict_never_makes_a_verdict_worse(objects: list[Object], data: Any) -> None:
    """fail < unknown < pass: what one policy opens, closing it cannot harm."""
    worth = {"not-applicable": 3, "pass": 2, "unknown": 1, "fail": 0}
    open_ones = [
        each
        for each in objects
        if each["kind"] == "PeerAuthentication" and each["spec"].get("mtls", {}).get("mode") != "STRICT"
    ]
    if not open_ones:
        return
    chosen = data.draw(st.sampled_from(open_ones))
    stricter = {**chosen, "spec": {**chosen["spec"], "mtls": {"mode": "STRICT"}, "portLevelMtls": {}}}
    before = verdict(RULES[0], objects, RECORDS)
    after = verdict(RULES[0], [stricter if each is chosen else each for each in objects], RECORDS)
    assert worth[after] >= worth[before]


@FEW
@given(clusters, st.sampled_from(RULES))
def test_what_is_not_scanned_never_passes_in_place_of_a_verdict(objects: list[Object], rule: str) -> None:
    """Without an object that closes something, what failed or was not known does not pass."""
    before = verdict(rule, objects, RECORDS)
    for left_out in [each for each in objects if closes(each)]:
        after = verdict(rule, [each for each in objects if each is not left_out], RECORDS)
        assert after != "pass" or before == "pass", key(left_out)


def closes(each: Object) -> bool:
    """Whether an object takes nothing away from what is closed: without it, there is less to hold or the same."""
    if each["kind"] == "PeerAuthentication":
        ports = each["spec"].get("portLevelMtls", {}).values()
        return each["spec"].get("mtls", {}).get("mode") == "STRICT" and all(
            own["mode"] in ("STRICT", "UNSET") for own in ports
        )
    if each["kind"] == "AuthorizationPolicy":
        return each["spec"]["action"] == "DENY" or not each["spec"]["rules"]
    if each["kind"] == "Server":
        return each["spec"].get("accessPolicy") in (None, "deny")
    return each["kind"] in ("Service", "ConfigMap") or (
        each["kind"] == "Namespace" and each["metadata"]["name"] == "istio-system"
    )


@FEW
@given(clusters, st.sampled_from(RULES))
def test_every_verdict_that_is_not_a_pass_says_why(objects: list[Object], rule: str) -> None:
    judgement = judge(rule, objects, RECORDS)
    if judgement.truth is False:
        assert judgement.message
        assert judgement.facts[0].observed == judgement.message
    if judgement.truth is None:
        head = judgement.facts[0].observed
        assert isinstance(head, Unknown)
        assert head.reason
