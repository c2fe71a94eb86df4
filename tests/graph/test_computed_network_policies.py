"""What one network policy lets through."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.model.value import Unknown
from tests.graph.clusters import view

POLICY = """
apiVersion: %s
kind: NetworkPolicy
metadata: {name: p, namespace: ns}
spec: %s
"""
KUBERNETES, CALICO = "networking.k8s.io/v1", "projectcalico.org/v3"
IN, EVERY_POD, OUT = (
    "everyone connect to its pods",
    "every pod of the cluster connect to its pods",
    "its pods connect to every address",
)


def openings(spec: str, api: str = KUBERNETES) -> list[tuple[str, Any]]:
    found = view("NetworkPolicy/ns/p", POLICY % (api, spec)).property("network.openings")
    assert isinstance(found, list)
    return [(item["whom"], item["wide"]) for item in found if item["wide"] is not False]


@pytest.mark.parametrize(
    "spec, expected",
    [
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", []),
        ("{podSelector: {}, ingress: [{}], egress: [{}]}", [(IN, True), (OUT, True)]),
        ("{podSelector: {}, policyTypes: [Ingress], ingress: [{}], egress: [{}]}", [(IN, True)]),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", [(EVERY_POD, True)]),
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", []),
        ("{podSelector: {}, egress: [{to: [{namespaceSelector: {}}]}]}", []),
        ('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "::/0"}}]}]}', [(IN, True)]),
        ('{podSelector: "${S}", ingress: [{}]}', [(IN, True)]),
    ],
)
def test_everybody_is_let_through_by_entries_that_name_nobody(spec: str, expected: list[tuple[str, bool]]) -> None:
    assert openings(spec) == expected


@pytest.mark.parametrize(
    "spec, api",
    [
        ('{podSelector: {}, policyTypes: ["${T}"], ingress: [{}]}', KUBERNETES),
        ('{podSelector: {}, ingress: [{from: ["${P}"]}]}', KUBERNETES),
        ('"${SPEC}"', KUBERNETES),
        ('{types: ["${T}"], ingress: [{action: Allow}]}', CALICO),
    ],
)
def test_what_is_filled_in_later_leaves_an_entry_open(spec: str, api: str) -> None:
    found = openings(spec, api)
    assert found
    assert all(isinstance(wide, Unknown) for _, wide in found)
