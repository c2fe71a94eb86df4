"""Other tools' names for what our rules mean."""

from __future__ import annotations

from collections.abc import Iterable

from phiward.model.rule import Rule
from phiward.pattern import pattern

_short = pattern(r"ksv-?(\d+)")


def canonical(id_: str) -> str:
    """How a check of another tool is looked up: its case, the prefix of Trivy's database and a file's path say nothing.

    `AVD-AWS-0080` is `aws-0080`, `KSV012` is `ksv-0012`, `amazon_ec2/restricted_ssh.guard` is `restricted_ssh`.
    """
    name = id_.strip().lower().removeprefix("avd-").removesuffix(".guard").rpartition("/")[2]
    short = _short.fullmatch(name)
    return f"ksv-{int(short.group(1)):04}" if short else name


def by_equivalent(rules: Iterable[Rule]) -> dict[str, list[str]]:
    """Each equivalent, as it is looked up, with the ids of the rules that mean the same."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        names = {canonical(id_) for ids in rule.equivalents.values() for id_ in ids}
        for name in names:
            found.setdefault(name, []).append(rule.id)
    return found
