"""Where an organisation's settings ask for less than the pack does: what passes then does not show what is cited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from phiward.model.finding import Loosened
from phiward.model.rule import Rule

_RULES, _OFF = "rules.", "off: "


def switched_off(loosened: Iterable[Loosened]) -> dict[str, str]:
    """The rules that are switched off, everywhere or for a part, each with the reason."""
    return {
        one.parameter.removeprefix(_RULES): str(one.value).removeprefix(_OFF)
        for one in loosened
        if one.parameter.startswith(_RULES) and str(one.value).startswith(_OFF)
    }


def weakened(loosened: Sequence[Loosened], rules: Iterable[Rule]) -> dict[str, str]:
    """By citation, why its rules do not show all that the pack asks for."""
    if not loosened:
        return {}
    off, names = switched_off(loosened), {one.parameter for one in loosened}
    found: dict[str, str] = {}
    for rule in rules:
        why = _why(rule, off, names)
        for citation in rule.citations if why else ():
            found.setdefault(citation, why)
    return found


def _why(rule: Rule, off: Mapping[str, str], names: set[str]) -> str:
    if rule.id in off:
        return f"the rule {rule.id} is switched off somewhere: {off[rule.id]}"
    weaker = names.intersection(_parameters((rule.select, rule.when, rule.check, rule.graph)))
    return f"{rule.id} is held against less than the pack asks for: {', '.join(sorted(weaker))}" if weaker else ""


def _parameters(part: Any) -> Iterable[str]:
    """The parameters that an expression of a rule names."""
    if isinstance(part, Mapping):
        if isinstance(part.get("parameter"), str):
            yield part["parameter"]
        part = part.values()
    elif not isinstance(part, (list, tuple)):
        return
    for item in part:
        yield from _parameters(item)
