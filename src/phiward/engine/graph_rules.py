"""Rules that one resource cannot answer: named functions over the graph, as a rule's `graph:` names them."""

from __future__ import annotations

from phiward.engine.graph_rule import GraphRule
from phiward.engine.tenant_keys import TENANT_KEYS

GRAPH_RULES: dict[str, GraphRule] = {**TENANT_KEYS}
