"""The words of the rule language that are not data."""

from __future__ import annotations

OPERATORS = (
    "equals", "not_equals", "in", "not_in", "at_least", "at_most", "matches", "not_matches", "exists", "contains",
    "contains_all", "contains_any", "lacks", "all", "any", "none", "size",
)  # fmt: skip
QUANTIFIED = ("all", "any", "none", "size")
BUILT_IN = ("name", "tags", "tenant", "tier", "data.class", "type", "address")
DIALECTS = ("terraform", "kubernetes", "cloudformation")
"""The languages that a catalog row can be written in; plans and states speak Terraform's."""
