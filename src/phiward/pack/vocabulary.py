"""The words of the rule language that are not data."""

from __future__ import annotations

OPERATORS = (
    "equals", "not_equals", "in", "not_in", "at_least", "at_most", "matches", "not_matches", "exists", "contains",
    "contains_all", "contains_any", "lacks", "all", "any", "none", "size",
)  # fmt: skip
QUANTIFIED = ("all", "any", "none", "size")
BUILT_IN = ("name", "tags", "tenant", "tier", "data.class", "type", "address")
DIALECTS = ("terraform", "kubernetes", "cloudformation", "aws")
"""The languages that a catalog row can be written in; plans and states speak Terraform's.

What runs in an account is read into Terraform's attributes, so that `aws` stands only where Terraform has nothing like
it: a type that is not declared, or a property of one that is, such as when a key will be deleted.
"""
