"""Whose data a resource holds, and of which class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from phiward.graph.truth import why
from phiward.model.project import Project
from phiward.model.value import Unknown, Value, undecided


@dataclass(frozen=True, slots=True)
class Tenancy:
    """`tenant` is None where nothing names one. `found_by` tells `phiward explain` which entry decided."""

    tenant: str | Unknown | None
    found_by: str = ""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def identify_tenant(project: Project, address: str, name: Value, tags: Value) -> Tenancy:
    """The tenant by the first entry of `tenancy.identify` that matches.

    An entry that might match, but whose tag or name is not known, ends the search: a later entry must not overrule it.
    """
    for entry in project.identify:
        if entry.kind == "tag":
            found = _tag(tags, entry.pattern)
            if found is not None and found != "":
                return Tenancy(found, f"tag {entry.pattern}")
        elif entry.kind == "instance_key":
            match = _compiled(entry.pattern).search(address)
            if match:
                return Tenancy(match.group("tenant"), f"instance_key {entry.pattern}")
        elif entry.kind == "name":
            if isinstance(name, str):
                match = _compiled(entry.pattern).search(name)
                if match:
                    return Tenancy(match.group("tenant"), f"name {entry.pattern}")
            elif undecided(name):
                known = "".join(p if isinstance(p, str) else "" for p in getattr(name, "parts", ()))
                if not known or _compiled(entry.pattern).search(known):
                    return Tenancy(why(name), f"name {entry.pattern}")
    return Tenancy(None)


def _tag(tags: Value, key: str) -> str | Unknown | None:
    if undecided(tags):
        return why(tags)
    value = tags.get(key) if isinstance(tags, dict) else None
    if undecided(value):
        return why(value)
    return str(value) if value is not None else None


def data_class(project: Project, tags: Value) -> str | Unknown:
    """The class of what a resource may hold; the project's default unless its tag says otherwise."""
    found = _tag(tags, project.class_tag)
    return project.default_class if found is None or found == "" else found
