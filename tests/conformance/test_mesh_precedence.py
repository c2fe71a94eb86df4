"""Istio's and Linkerd's precedence against tiny models of our own, written from their documentation and charts alone.

The models know nothing of ours: they try every order in which policies may have been made, and evaluate the selectors
of the webhooks as the API server does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.meshes import Object, judge, peer, space, thing, told, verdict, work

RULE = "workload_mtls_enforced"
RECORDS = "Deployment/ehr/records"
MODES = ("STRICT", "PERMISSIVE", "DISABLE", "UNSET")
OTHER = 0
"""Stands for any port that nothing mentions."""


# -- PeerAuthentication

Policy = tuple[str, str, tuple[tuple[int, str], ...]]
"""Level (mesh, namespace, workload), mode, modes of ports."""


def holding(policies: tuple[Policy, ...], level: str) -> Policy | None:
    """Of the policies of a level, in the order in which they were made, the one that holds."""
    return next((policy for policy in policies if policy[0] == level), None)


def mode_of(port: int, policies: tuple[Policy, ...]) -> str:
    """The mode of a port: the narrowest one that is set, PERMISSIVE where none is."""
    workload = holding(policies, "workload")
    chosen = [dict(workload[2]).get(port, "UNSET"), workload[1]] if workload else []
    chosen += [found[1] for found in (holding(policies, "namespace"), holding(policies, "mesh")) if found]
    return next((mode for mode in chosen if mode != "UNSET"), "PERMISSIVE")


def answer(policies: tuple[Policy, ...], declared: frozenset[int]) -> str:
    """What one order comes to: a mentioned or declared port that is open fails, any other one may not exist."""
    mentioned = {port for _, _, ports in policies for port, _ in ports}
    open_ports = {port for port in (*declared, *mentioned, OTHER) if mode_of(port, policies) != "STRICT"}
    if not open_ports:
        return "pass"
    return "unknown" if open_ports == {OTHER} and declared else "fail"


def possible(policies: tuple[Policy, ...], declared: frozenset[int], *, root_seen: bool) -> set[str]:
    """What each order comes to, and each policy that the mesh may have where that was not scanned."""
    unseen = not root_seen and holding(policies, "mesh") is None
    hidden: list[tuple[Policy, ...]] = [(("mesh", mode, ()),) for mode in MODES[:3]] if unseen else [()]
    return {answer((*order, *extra), declared) for order in permutations(policies) for extra in hidden}


def objects_of(policies: tuple[Policy, ...], declared: frozenset[int], *, root_seen: bool) -> list[Object]:
    found = [space(labels={"istio-injection": "enabled"}), work(ports=sorted(declared))]
    found += [space("istio-system")] if root_seen else []
    for number, (level, mode, ports) in enumerate(policies):
        namespace, app = ("istio-system" if level == "mesh" else "ehr"), ("records" if level == "workload" else "")
        found.append(peer(mode, namespace, name=f"p{number}", app=app, ports=dict(ports)))
    return found


ports = st.dictionaries(st.sampled_from([8080, 9090, 7000]), st.sampled_from(MODES), max_size=2)
policies_of = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["mesh", "namespace"]), st.sampled_from(MODES), st.just(())),
        st.tuples(st.just("workload"), st.sampled_from(MODES), ports.map(lambda own: tuple(sorted(own.items())))),
    ),
    max_size=4,
).map(tuple)
declared_of = st.sets(st.sampled_from([8080, 9090])).map(frozenset)


@settings(deadline=None, max_examples=400)
@given(policies_of, declared_of, st.booleans())
def test_peer_authentication_against_every_order(policies: Any, declared: Any, root_seen: bool) -> None:
    expected = possible(policies, declared, root_seen=root_seen)
    judgement = judge(RULE, objects_of(policies, declared, root_seen=root_seen), RECORDS)
    found = {True: "pass", False: "fail", None: "unknown"}[judgement.truth]
    if not declared and found != "pass":
        assert found == "unknown"  # nothing says that it takes connections at all
        assert expected != {"pass"}
        return
    if found != "unknown":
        assert expected == {found}, told(judgement)
    levels = [level for level, _, _ in policies]
    if len(set(levels)) == len(levels):  # no ties: what is decided has to be found
        assert found == (next(iter(expected)) if len(expected) == 1 else "unknown"), told(judgement)


def test_every_single_policy_of_each_level() -> None:
    """All modes on all levels, with and without a port: nothing is left to chance."""
    for mesh, namespace, workload, port in product((None, *MODES), (None, *MODES), (None, *MODES), (None, *MODES)):
        policies = tuple(
            policy
            for policy in (
                ("mesh", mesh, ()) if mesh else None,
                ("namespace", namespace, ()) if namespace else None,
                ("workload", workload, ((8080, port),) if port else ()) if workload else None,
            )
            if policy
        )
        declared = frozenset({8080})
        [expected] = possible(policies, declared, root_seen=True)
        assert verdict(RULE, objects_of(policies, declared, root_seen=True), RECORDS) == expected, policies


# -- injection of sidecars

Labels = dict[str, str]
Selector = list[tuple[str, str, list[str]]]
INJECT, REVISION, LEGACY = "sidecar.istio.io/inject", "istio.io/rev", "istio-injection"


def selected(labels: Labels, selector: Selector) -> bool:
    """`matchExpressions`, as the API server evaluates them."""
    results = {
        "In": lambda key, values: labels.get(key) in values,
        "NotIn": lambda key, values: labels.get(key) not in values,
        "Exists": lambda key, _: key in labels,
        "DoesNotExist": lambda key, _: key not in labels,
    }
    return all(results[operator](key, values) for key, operator, values in selector)


def webhooks(revision: str) -> Iterator[tuple[Selector, Selector]]:
    """The namespace and object selectors that istiod's chart gives the webhooks of a revision."""
    not_refused = (INJECT, "NotIn", ["false"])
    yield [(REVISION, "In", [revision]), (LEGACY, "DoesNotExist", [])], [not_refused]
    yield [(REVISION, "DoesNotExist", []), (LEGACY, "DoesNotExist", [])], [not_refused, (REVISION, "In", [revision])]
    if revision == "default":
        yield [(LEGACY, "In", ["enabled"])], [not_refused]
        yield (
            [(LEGACY, "DoesNotExist", []), (REVISION, "DoesNotExist", [])],
            [(INJECT, "In", ["true"]), (REVISION, "DoesNotExist", [])],
        )


def injected(namespace: Labels, labels: Labels, annotation: str | None) -> bool:
    """Whether some webhook takes the pod, and the injector then does not leave it alone."""
    called = any(
        selected(namespace, around) and selected(labels, own)
        for revision in ("default", "canary")
        for around, own in webhooks(revision)
    )
    return called and labels.get(INJECT, annotation) != "false"


@pytest.mark.parametrize("legacy", [None, "enabled", "disabled", "yes"])
@pytest.mark.parametrize("revision", [None, "canary", "default"])
@pytest.mark.parametrize("inject", [None, "true", "false", "other"])
@pytest.mark.parametrize("own_revision", [None, "canary"])
@pytest.mark.parametrize("annotation", [None, "true", "false"])
def test_injection_against_the_webhooks(
    legacy: Any, revision: Any, inject: Any, own_revision: Any, annotation: Any
) -> None:
    namespace = {key: value for key, value in ((LEGACY, legacy), (REVISION, revision)) if value}
    labels = {key: value for key, value in ((INJECT, inject), (REVISION, own_revision)) if value}
    pods = work(labels=labels, annotations={INJECT: annotation} if annotation else {})
    found = verdict(RULE, [space(labels=namespace), pods, peer("STRICT", "istio-system")], RECORDS)
    assert found == ("pass" if injected(namespace, labels, annotation) else "fail")


# -- injection by Linkerd


@pytest.mark.parametrize("namespace", [None, "enabled", "disabled", "bad"])
@pytest.mark.parametrize("own", [None, "enabled", "disabled", "bad"])
def test_injection_by_linkerd_against_its_table(namespace: Any, own: Any) -> None:
    """A value that is none injects nothing; else the pods' word counts, and the namespace's where they say none."""
    word = own or namespace
    expected = word == "enabled" and "bad" not in (namespace, own)
    key = "linkerd.io/inject"
    objects = [
        space(annotations={key: namespace} if namespace else {}),
        work(annotations={key: own} if own else {}),
        thing("v1", "ConfigMap", "linkerd-config", "linkerd", data={"values": "proxy: {defaultInboundPolicy: deny}"}),
    ]
    assert verdict(RULE, objects, RECORDS) == ("pass" if expected else "fail")
