"""Whose data a resource holds, and of which class."""

from __future__ import annotations

import re
from functools import lru_cache

from phiward.graph.truth import why
from phiward.model.project import Project
from phiward.model.value import Partial, Unknown, Value, undecided
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Tenancy:
    """`tenant` is None where nothing names one. `found_by` tells `phiward explain` which entry decided."""

    tenant: str | Unknown | None
    found_by: str = ""


_group = re.compile(r"\([^()]*\)")


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
            if "[*]" in address and _may_match_instances(entry.pattern, address):
                return Tenancy(Unknown(f"the instances of {address} are not known"), f"instance_key {entry.pattern}")
        elif entry.kind == "name":
            if isinstance(name, str):
                match = _compiled(entry.pattern).search(name)
                if match:
                    return Tenancy(match.group("tenant"), f"name {entry.pattern}")
            elif undecided(name) and _may_match_name(entry.pattern, name):
                return Tenancy(why(name), f"name {entry.pattern}")
    return Tenancy(None)


def _may_match_instances(pattern: str, address: str) -> bool:
    """Whether an index that is not known could be the key that a pattern asks for, by what stands before the index."""
    before, bracket, _ = pattern.partition(r"\[")
    if not bracket:
        return False
    try:
        return _compiled(before + r"\[\*\]").search(address) is not None
    except re.error:  # the bracket stands inside a group
        return True


def _may_match_name(pattern: str, name: Value) -> bool:
    """Whether a name could still match: it cannot where its known beginning contradicts the pattern's literal one."""
    literal = re.match(r"\^([A-Za-z0-9_-]*)(?![?*{|A-Za-z0-9_-])", pattern)
    start = name.parts[0] if isinstance(name, Partial) else ""
    if literal is None or not isinstance(start, str) or "|" in _group.sub("", pattern):
        return True
    wanted = literal.group(1)
    return start.startswith(wanted) or wanted.startswith(start)


def _tag(tags: Value, key: str) -> str | Unknown | None:
    if undecided(tags):
        return why(tags)
    value = tags.get(key) if isinstance(tags, dict) else None
    if undecided(value):
        return why(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value is not None else None


def data_class(project: Project, tags: Value) -> str | Unknown:
    """The class of what a resource may hold; the project's default unless its tag says otherwise."""
    found = _tag(tags, project.class_tag)
    return project.default_class if found is None or found == "" else found
