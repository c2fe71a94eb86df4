"""What a loader brings to the pipeline."""

from __future__ import annotations

from phiward.model.resource import Resource, Scope
from phiward.record import dataclass, field


@dataclass(frozen=True, slots=True)
class Loaded:
    """Resources, the scopes that they were declared in, and the text of the files read."""

    resources: list[Resource] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
