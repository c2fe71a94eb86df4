"""The list of services that may hold PHI under the agreement with their provider, and which types belong to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """Values of a property that the list includes or excludes; with `doubt`, it may mean the others, too."""

    property: str
    covered: str
    excluded: str
    doubt: bool
    because: str


@dataclass(frozen=True, slots=True)
class Service:
    """An entry. `doubt` says why it is not known whether the list means it."""

    name: str
    covered: bool
    doubt: str
    limits: Sequence[Limit]


class EligibleServices:
    """The list of one day. What a type's name begins with says which service it belongs to; the longest counts."""

    def __init__(self, compiled: Mapping[str, Any]) -> None:
        self.listed_on: str = compiled["listed_on"]
        self._services = {raw["service"]: _service(raw) for raw in compiled["services"]}
        self._by_type: dict[str, dict[str, str]] = {}
        for raw in compiled["services"]:
            for dialect in ("terraform", "cloudformation"):
                names = self._by_type.setdefault(dialect, {})
                names.update(dict.fromkeys(raw.get(dialect, ()), raw["service"]))
        self._found: dict[str, Service | None] = {}

    def of(self, native_type: str, dialect: str) -> Service | None:
        """The service of a type; None where the list names none."""
        if native_type not in self._found:
            names = self._by_type.get(dialect, {})
            matching = [name for name in names if _named(name, native_type)]
            self._found[native_type] = self._services[names[max(matching, key=len)]] if matching else None
        return self._found[native_type]


def _named(name: str, native_type: str) -> bool:
    return name == native_type or (name.endswith(("_", "::")) and native_type.startswith(name))


def _service(raw: Mapping[str, Any]) -> Service:
    limits = tuple(
        Limit(
            property=limit["property"],
            covered=limit.get("covered", ""),
            excluded=limit.get("excluded", ""),
            doubt=limit.get("doubt", False),
            because=limit["because"],
        )
        for limit in raw.get("limits", ())
    )
    return Service(raw["service"], raw.get("covered", True), raw.get("doubt", ""), limits)
