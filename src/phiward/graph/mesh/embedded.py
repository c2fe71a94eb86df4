"""Configuration that stands as a text inside of a ConfigMap."""

from __future__ import annotations

from typing import Any

from phiward.graph.truth import why
from phiward.model.value import Unknown, Value, undecided


def embedded(value: Value) -> dict[str, Any] | Unknown:
    """A YAML or JSON document as a mapping; unknown where it cannot be read as one."""
    if undecided(value):
        return why(value)
    if not isinstance(value, str):
        return {}
    import yaml

    try:
        found = yaml.load(value, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return Unknown("what stands in the ConfigMap could not be read")
    return found if isinstance(found, dict) else {}
