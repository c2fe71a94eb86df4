"""What must hold of Linkerd, Consul and Cilium whatever was written: order means nothing, and stricter is never worse."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.meshes import Object, judge, service, space, thing, verdict, work

RULES = ("workload_mtls_enforced", "mesh_authorization_default_deny", "mesh_authorization_tenant")
RECORDS = "Deployment/ehr/records"
WORTH = {"not-applicable": 3, "pass": 2, "unknown": 1, "fail": 0}
FEW = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
L5D, CONSUL = "config.linkerd.io/", "consul.hashicorp.com/"
CLINIC = space("clinic", {"tenant": "lakeside"})


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def filled(**given: Any) -> Object:
    """What is there of some keys."""
    return {key: value for key, value in given.items() if value is not None}


names = st.integers(0, 2).map(lambda number: f"o{number}")
ports = some((8080,), (8080, 9090), (), ({"containerPort": 53, "protocol": "UDP"},))

# -- Linkerd

words = some("all-unauthenticated", "all-authenticated", "cluster-authenticated", "audit", "deny", "${W}")
annotated = st.builds(
    lambda default, skip, subnets: filled(
        **{f"{L5D}default-inbound-policy": default, f"{L5D}skip-inbound-ports": skip, f"{L5D}skip-subnets": subnets}
    ),
    st.none() | words,
    some(None, "", "8080", "${P}"),
    some(None, "", "0.0.0.0/0", "10.0.0.0/8"),
)
servers = st.builds(
    lambda name, port, access: thing(
        "policy.linkerd.io/v1beta3", "Server", name,
        spec={"podSelector": {"matchLabels": {"app": "records"}}, "port": port, **filled(accessPolicy=access)},
    ),
    names, some(8080, 9090), st.none() | words,
)  # fmt: skip
authorizations = st.builds(
    lambda name, kind, references: thing(
        "policy.linkerd.io/v1alpha1", "AuthorizationPolicy", name,
        spec={"targetRef": {"kind": kind, "name": "ehr" if kind == "Namespace" else "o0"}, "requiredAuthenticationRefs": references},
    ),
    names, some("Server", "Namespace"),
    some([], [{"kind": "ServiceAccount", "name": "portal"}], [{"kind": "ServiceAccount", "name": "a", "namespace": "clinic"}]),
)  # fmt: skip
installs = some(
    *(
        thing("v1", "ConfigMap", "linkerd-config", "linkerd", data={"values": text})
        for text in ("proxy: {defaultInboundPolicy: deny}", "proxyInit: {ignoreInboundPorts: '8080'}", "{}")
    )
)
linkerd = st.builds(
    lambda around, own, listed, more: [
        space(labels={"tenant": "mercy"}, annotations={"linkerd.io/inject": "enabled", **around}),
        work(annotations=own, ports=listed), *more,
    ],
    annotated, annotated, ports, st.lists(st.one_of(servers, authorizations, installs), max_size=4),
)  # fmt: skip

# -- Consul

modes = some(None, "strict", "permissive", "${M}")
exposed = some(None, {"paths": [{"path": "/patients"}]})
defaults = st.builds(
    lambda kind, name, mode, opened: thing(
        f"{CONSUL}v1alpha1", kind, "global" if kind == "ProxyDefaults" else name,
        spec=filled(mutualTLSMode=mode, expose=opened),
    ),
    some("ServiceDefaults", "ProxyDefaults"), some("records", "portal"), modes, exposed,
)  # fmt: skip
intentions = st.builds(
    lambda destination, sources: thing(
        f"{CONSUL}v1alpha1", "ServiceIntentions", f"to-{len(destination)}",
        spec={"destination": {"name": destination}, "sources": [{"name": n, "action": a} for n, a in sources.items()]},
    ),
    some("records", "*"), st.dictionaries(some("*", "portal", "intake"), some("allow", "deny"), min_size=1),
)  # fmt: skip
meshed = st.builds(
    lambda excluded, transparent, listed: work(
        annotations=filled(
            **{
                f"{CONSUL}connect-inject": "true",
                f"{CONSUL}transparent-proxy-exclude-inbound-ports": excluded,
                f"{CONSUL}transparent-proxy": transparent,
            }
        ),
        ports=listed,
    ),
    some(None, "8080"), some(None, "true", "false"), ports,
)  # fmt: skip
consul = st.builds(
    lambda own, more: [space(labels={"tenant": "mercy"}), own, service("records", {"app": "records"}, {"port": 80}), *more],
    meshed, st.lists(st.one_of(defaults, intentions), max_size=4),
)  # fmt: skip

# -- Cilium

asked = some(None, "required", "disabled", "${A}")
ingress = st.lists(
    st.builds(
        lambda mode, app: {
            "fromEndpoints": [{"matchLabels": {"app": app}}],
            **filled(authentication=mode and {"mode": mode}),
        },
        asked,
        some("portal", "intake"),
    ),
    max_size=2,
)
policies = st.builds(
    lambda name, rules, app, closing: thing(
        "cilium.io/v2", "CiliumNetworkPolicy", name,
        spec={"endpointSelector": {"matchLabels": {"app": app}}, "ingress": rules, **filled(enableDefaultDeny=closing)},
    ),
    names, ingress, some("records", "records", "portal"), some(None, {"ingress": False}),
)  # fmt: skip
configured = st.builds(
    lambda wireguard, enforced: thing(
        "v1", "ConfigMap", "cilium-config", "kube-system",
        data=filled(**{"enable-wireguard": wireguard, "enable-policy": enforced}),
    ),
    some(None, "true", "false"), some(None, "default", "never"),
)  # fmt: skip
cilium = st.builds(
    lambda listed, more: [space(labels={"tenant": "mercy"}), work(ports=listed), *more],
    ports, st.lists(st.one_of(policies, policies, configured), max_size=4),
)  # fmt: skip

clusters = st.one_of(linkerd, consul, cilium).map(
    lambda objects: list({(o["kind"], o["metadata"]["name"]): o for o in [*objects, CLINIC]}.values())
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


TIGHTER: dict[str, Any] = {
    f"{L5D}default-inbound-policy": "deny",
    f"{L5D}skip-inbound-ports": "",
    f"{L5D}skip-subnets": "",
    "accessPolicy": "deny",
    "mutualTLSMode": "strict",
    "expose": {},
    f"{CONSUL}transparent-proxy-exclude-inbound-ports": "",
    f"{CONSUL}transparent-proxy": "true",
    "authentication": {"mode": "required"},
    "enableDefaultDeny": {"ingress": True},
    "enable-wireguard": "true",
    "enable-policy": "default",
    "protocol": "TCP",
}
"""What is stricter than anything else that may be written there."""


def tightened(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is written that can be stricter."""
    if isinstance(value, dict):
        for key, own in value.items():
            if (key in TIGHTER and own != TIGHTER[key]) or (key == "action" and own == "allow"):
                yield (*path, key)
            else:
                yield from tightened(own, (*path, key))
    elif isinstance(value, list):
        for number, own in enumerate(value):
            yield from tightened(own, (*path, number))


@FEW
@given(clusters, st.data(), st.sampled_from(RULES))
def test_what_is_made_stricter_is_never_worse(objects: list[Object], data: Any, rule: str) -> None:
    places = list(tightened(objects))
    if not places:
        return
    *place, last = data.draw(st.sampled_from(places))
    stricter = deepcopy(objects)
    inside: Any = stricter
    for key in place:
        inside = inside[key]
    inside[last] = TIGHTER.get(last, "deny")
    before, after = verdict(rule, objects, RECORDS), verdict(rule, stricter, RECORDS)
    assert WORTH[after] >= WORTH[before], (*place, last)
