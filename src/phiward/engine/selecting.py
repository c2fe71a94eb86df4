"""Which rules can speak to which rows of the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phiward.engine.predicate import fit
from phiward.model.rule import Rule
from phiward.pack import Row
from phiward.pack.vocabulary import BUILT_IN


def selects(select: Any, row: Row) -> bool:
    """Whether a rule's `resources` (or `given`) takes in a catalog row."""
    kinds, types = select.get("kind"), select.get("type")
    if (kinds or types) and not (row.kinds.intersection(kinds or ()) or row.type in (types or ())):
        return False
    return not row.kinds.intersection(select.get("not_kind", ())) and row.type not in select.get("not_type", ())


def reach(rule: Rule, row: Row) -> bool:
    """Whether a rule can say something about resources of a catalog row."""
    if "scope" in rule.select:
        declared_in = "cluster" if row.dialect == "kubernetes" else "account"
        return declared_in in rule.select["scope"] and selects(rule.check[1], row)
    if not selects(rule.select, row):
        return False
    if rule.graph is not None:
        return True

    def models(name: str) -> bool:
        return name in row.properties or name in BUILT_IN

    if fit(rule.check, models) is None:
        return False
    return row.dialect == "aws" or fit_when(rule.when, models) is not False  # or it asks for what Terraform has, too


def fit_when(when: Any, models: Callable[[str], bool]) -> Any:
    """The condition fitted to a type: a test of a property that the type does not model cannot hold.

    False where the condition can never hold, None where it always does.
    """
    if when is None:
        return None
    head = when[0]
    if head not in ("all", "any", "none"):
        return when if models(when[1]) else False
    parts = [fit_when(part, models) for part in when[1]]
    if head == "all":
        kept = [part for part in parts if part is not None]
        return False if False in kept else ["all", kept] if kept else None
    if None in parts:
        return None if head == "any" else False
    kept = [part for part in parts if part is not False]
    return [head, kept] if kept else (False if head == "any" else None)
