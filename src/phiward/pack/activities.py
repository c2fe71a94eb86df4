"""What NIST SP 800-66r2 tells entities to do, by the citation that each activity is about."""

from __future__ import annotations

from phiward.pack import pack_directory
from phiward.pack.compile import read_yaml
from phiward.record import dataclass

FRAMEWORK = "NIST SP 800-66r2"


@dataclass(frozen=True, slots=True)
class Activity:
    id: str
    title: str
    citations: tuple[str, ...]


def load_activities() -> tuple[Activity, ...]:
    """In NIST's order. Raises PackError."""
    rows = read_yaml(pack_directory() / "activities.yaml", "activities.yaml")
    return tuple(Activity(row["id"], row["title"], tuple(row["citations"])) for row in rows)
