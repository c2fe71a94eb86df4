"""What a team's settings make of the pack's rules: switched off, or of another severity, for its scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from phiward.errors import SettingsError
from phiward.model.finding import Loosened
from phiward.model.project import Override, Project
from phiward.model.resource import Scope
from phiward.model.rule import Rule, Severity
from phiward.pack import Outline, Pack
from phiward.record import replace

_Item = TypeVar("_Item")
_AS_IT_IS = Override()


class Overrides:
    """Which rules are asked of which scopes. `least` is the severity below which none is. Raises SettingsError."""

    def __init__(self, pack: Pack, scopes: Sequence[Scope], least: Severity) -> None:
        self._pack = pack
        self._least = least
        projects = {id(scope.project): scope.project for scope in scopes if scope.project.rules}
        self._any = bool(projects)
        self._rules: dict[tuple[str, Severity], Rule] = {}
        for project in projects.values():
            _check(project, pack)

    def split(
        self, outline: Outline, items: Sequence[_Item], scope_of: Callable[[_Item], Scope]
    ) -> Iterable[tuple[Rule, Sequence[_Item]]]:
        """The rule as it is for some items, with the items that it is asked of."""
        if not self._any:
            if outline.severity >= self._least and items:
                yield self._pack.rule(outline.id), items
            return
        asked: dict[Severity, list[_Item]] = {}
        for item in items:
            override = scope_of(item).project.rules.get(outline.id, _AS_IT_IS)
            severity = override.severity or outline.severity
            if override.enabled and severity >= self._least:
                asked.setdefault(severity, []).append(item)
        for severity, chosen in asked.items():
            yield self._rule(outline, severity), chosen

    def _rule(self, outline: Outline, severity: Severity) -> Rule:
        if severity == outline.severity:
            return self._pack.rule(outline.id)
        key = outline.id, severity
        if key not in self._rules:
            self._rules[key] = replace(self._pack.rule(outline.id), severity=severity)
        return self._rules[key]


def _check(project: Project, pack: Pack) -> None:
    known = [outline.id for outline in pack.outlines]
    for id_ in project.rules:
        if id_ not in known:
            from difflib import get_close_matches

            near = get_close_matches(id_, known, 1)
            hint = f"did you mean {near[0]}?" if near else "`phiward rules list` shows them all"
            raise SettingsError(f"there is no rule {id_!r}", hint=hint, where=project.path)


def loosened_rules(project: Project, pack: Pack) -> list[Loosened]:
    """The rules that a project switches off or takes less seriously than the pack does; every report shows them."""
    severities = {outline.id: outline.severity for outline in pack.outlines}
    found = []
    for id_, override in project.rules.items():
        own = severities[id_]
        if not override.enabled:
            found.append(Loosened(f"rules.{id_}", own.label, f"off: {override.reason}"))
        elif override.severity is not None and override.severity < own:
            found.append(Loosened(f"rules.{id_}", own.label, f"{override.severity.label}: {override.reason}"))
    return found
