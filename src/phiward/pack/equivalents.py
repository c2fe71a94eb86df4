"""Other tools' names for what our rules mean."""

from __future__ import annotations

from collections.abc import Iterable

from phiward.model.rule import Rule
from phiward.pack.reference import REASONS, Concept, Reference
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


def unmet(id_: str, reference: Reference) -> str:
    """Why no rule means what a check of another tool means."""
    name = canonical(id_)
    checks = [check for tool in reference.tools for check in tool.checks if canonical(check.id) == name]
    if not checks:
        return "no rule means the same: the check is not known here"
    concepts = [concept for concept in reference.concepts if concept.id in checks[0].concepts]
    return "; ".join(["no rule means the same", *(_told(checks[0].id, concept) for concept in concepts)])


def _told(id_: str, concept: Concept) -> str:
    outcome = concept.outcome
    if outcome.rules:
        return f"{id_} {concept.unlike.get(id_, '')}, unlike {', '.join(outcome.rules)}"
    return f"{REASONS[outcome.reason]}: {outcome.because}"
