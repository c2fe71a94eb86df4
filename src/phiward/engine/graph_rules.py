"""Rules that one resource cannot answer: named functions over the graph, as a rule's `graph:` names them."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from phiward.engine.graph_rule import GraphRule

GRAPH_RULES = {
    "key_shared_by_tenants": "tenant_keys",
    "mesh_authorization_default_deny": "mesh",
    "mesh_authorization_tenant": "mesh",
    "pod_egress_restricted": "network_policy",
    "pod_ingress_restricted": "network_policy",
    "store_on_foreign_key": "tenant_keys",
    "tenant_network_isolated": "network_policy",
    "tenant_store_shared": "tenant_stores",
    "workload_mtls_enforced": "mesh",
}
"""Function -> the module of `phiward.engine` that holds it: a scan imports only those whose rules it runs."""


def graph_rule(name: str) -> GraphRule:
    """The function that a rule names."""
    return cast("GraphRule", getattr(import_module(f"phiward.engine.{GRAPH_RULES[name]}"), name))
