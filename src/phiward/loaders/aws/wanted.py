"""The native types that some rules look at, so that a scan by them makes no other calls.

What a rule reads beside the types that it speaks to is what its examples declare: they kill every mutant of the rule,
so that nothing which decides it is missing there. If one were, it would be unread in the graph: the verdict, unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from phiward.engine.predicate import properties_of
from phiward.engine.selecting import selects
from phiward.pack import Outline, Pack, Row

_DECLARED = re.compile(r'(?:resource|data)\s+"(aws_\w+)"')
_ALWAYS = frozenset(
    {"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"}
    | {"aws_kms_alias", "data.aws_kms_key"}
)
"""Any key argument leads to them."""
_SETTINGS = {
    "aws.ec2.": ("aws_ebs_encryption_by_default", "aws_ec2_instance_metadata_defaults"),
    "aws.ecr.": ("aws_ecr_registry_scanning_configuration",),
}
"""Settings of an account that decide what its resources leave open, by how the types of those begin."""


def wanted_types(pack: Pack, rules: Sequence[Outline]) -> frozenset[str]:
    """What to collect for some rules."""
    rows = [row for row in pack.rows() if row.dialect in ("terraform", "aws")]
    found: set[str] = set(_ALWAYS)
    for outline in rules:
        rule = pack.rule(outline.id)
        select = rule.check[1] if "scope" in rule.select else rule.select
        asked = properties_of(rule.check, rule.when)
        for row in rows:
            if selects(select, row):
                found.update(row.native_types, _beside(row, asked, everything=rule.graph is not None))
                found.update(one for head, all_ in _SETTINGS.items() if row.type.startswith(head) for one in all_)
        found.update(_DECLARED.findall(str(pack.document(rule).get("examples", ""))))
    return frozenset(found)


def _beside(row: Row, asked: Sequence[str], *, everything: bool) -> Iterator[str]:
    """The side resources that some properties are read from: all of them where a function decides what it reads."""
    specs = [row.properties[name] for name in asked if name in row.properties]
    everything = everything or any("compute" in spec for spec in specs)
    heads = {str(path[0]) for spec in specs for path in (*spec.get("paths", ()), *spec.get("inherits", ()))}
    return (native for alias, native, _ in row.satellites if everything or f"@{alias}" in heads)
