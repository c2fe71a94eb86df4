"""The native types that some rules look at, so that a scan by them makes no other calls.

What a rule reads beside the types that it speaks to is what its examples declare: they kill every mutant of the rule,
so that nothing which decides it is missing there. If one were, it would be unread in the graph: the verdict, unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from phiward.engine.judge import selects
from phiward.pack import Outline, Pack

_DECLARED = re.compile(r'(?:resource|data)\s+"(aws_\w+)"')
_ALWAYS = frozenset({"aws_kms_key", "aws_kms_alias", "data.aws_kms_key"})
"""Any key argument leads to them."""


def wanted_types(pack: Pack, rules: Sequence[Outline]) -> frozenset[str]:
    """What to collect for some rules."""
    rows = [row for row in pack.rows() if row.dialect == "terraform"]
    found: set[str] = set(_ALWAYS)
    for outline in rules:
        rule = pack.rule(outline.id)
        select = rule.check[1] if "scope" in rule.select else rule.select
        for row in rows:
            if selects(select, row):
                found.update(row.native_types, (native for _, native, _ in row.satellites))
        found.update(_DECLARED.findall(str(pack.document(rule).get("examples", ""))))
    return frozenset(found)
