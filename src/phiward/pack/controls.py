"""What people do and record, where no configuration shows it: by citation, and of an EHR's practices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.pack import pack_directory
from phiward.pack.compile import read_yaml
from phiward.record import dataclass

DAYS = {"month": 31, "quarter": 92, "half-year": 184, "year": 366, "event": 366}
"""How long a statement may count, by the word that the data uses."""


@dataclass(frozen=True, slots=True)
class Control:
    """`evidence` and `cadence` are words for people; `days` is how long a statement of it may count."""

    id: str
    control: str
    evidence: str
    cadence: str
    days: int
    citations: tuple[str, ...]


def load_controls() -> tuple[Control, ...]:
    """Every manual control of the bundled pack: those by citation, then those of practices. Raises PackError."""
    own = read_yaml(pack_directory() / "controls.yaml", "controls.yaml")
    practices = read_yaml(pack_directory() / "practices.yaml", "practices.yaml")
    return tuple(map(control_of, [*own, *(each for one in practices for each in one.get("manual", ()))]))


def control_of(raw: Mapping[str, Any]) -> Control:
    days = DAYS[raw["every"]]
    return Control(raw["id"], raw["control"], raw["evidence"], raw["cadence"], days, tuple(raw["citations"]))
