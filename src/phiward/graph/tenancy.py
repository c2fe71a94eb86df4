"""Whose data a resource holds, and of which class."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from phiward.graph.truth import why
from phiward.model.project import Project
from phiward.model.value import Partial, Unknown, Value, undecided
from phiward.pattern import pattern
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Tenancy:
    """`tenant` is None where nothing names one. `found_by` tells `phiward explain` which entry decided."""

    tenant: str | Unknown | None
    found_by: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The namespace of a Kubernetes object. `labels` is a mapping; `Unknown` where the namespace is not declared.

    `tags` are the labels that a declared namespace has: nobody is asked to declare one only for its tags.
    """

    name: str
    labels: Value
    tags: Value = None


_group = pattern(r"\([^()]*\)")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def identify_tenant(
    project: Project, address: str, name: Value, tags: Value, namespace: Surroundings | None = None
) -> Tenancy:
    """The tenant by the first entry of `tenancy.identify` that matches the resource or else its namespace.

    An entry that might match, but whose tag or name is not known, ends the search: a later entry must not overrule it.
    """
    subject = _Named(address, name, tags, namespace)
    for entry in project.identify:
        found = _FINDERS[entry.kind](entry.pattern, subject)
        if found is not None:
            return found
    return Tenancy(None)


@dataclass(frozen=True, slots=True)
class _Named:
    """All that can tell whose a resource is."""

    address: str
    name: Value
    tags: Value
    namespace: Surroundings | None


def _by_tag(key: str, subject: _Named) -> Tenancy | None:
    found = tag_of(subject.tags, key)
    if found not in (None, ""):
        return Tenancy(found, f"tag {key}")
    namespace = subject.namespace
    if namespace is None:
        return None
    found = tag_of(namespace.tags, key)
    return Tenancy(found, f"label {key} of the namespace {namespace.name}") if found not in (None, "") else None


def _by_namespace_label(key: str, subject: _Named) -> Tenancy | None:
    found = tag_of(subject.namespace.labels, key) if subject.namespace else None
    return Tenancy(found, f"namespace_label {key}") if found not in (None, "") else None


def _by_instance_key(pattern: str, subject: _Named) -> Tenancy | None:
    match = _compiled(pattern).search(subject.address)
    if match:
        return Tenancy(match.group("tenant"), f"instance_key {pattern}")
    if "[*]" in subject.address and _may_match_instances(pattern, subject.address):
        return Tenancy(Unknown(f"the instances of {subject.address} are not known"), f"instance_key {pattern}")
    return None


def _by_name(pattern: str, subject: _Named) -> Tenancy | None:
    """By the resource's own name, or else by its namespace's."""
    name = subject.name
    match = _compiled(pattern).search(name) if isinstance(name, str) else None
    if match is None and subject.namespace:
        match = _compiled(pattern).search(subject.namespace.name)
    if match:
        return Tenancy(match.group("tenant"), f"name {pattern}")
    if undecided(name) and _may_match_name(pattern, name):
        return Tenancy(why(name), f"name {pattern}")
    return None


_FINDERS: dict[str, Callable[[str, _Named], Tenancy | None]] = {
    "tag": _by_tag,
    "instance_key": _by_instance_key,
    "name": _by_name,
    "namespace_label": _by_namespace_label,
}


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


def tag_of(tags: Value, key: str) -> str | Unknown | None:
    """The value of a tag; None where it is not there."""
    if undecided(tags):
        return why(tags)
    value = tags.get(key) if isinstance(tags, dict) else None
    if undecided(value):
        return why(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value is not None else None


def data_class(project: Project, tags: Value, namespace: Surroundings | None = None) -> str | Unknown:
    """The class of what a resource may hold: by its tag, its namespace's, or else the project's default."""
    found = tag_of(tags, project.class_tag)
    if found in (None, "") and namespace:
        found = tag_of(namespace.tags, project.class_tag)
    if isinstance(found, Unknown):
        return Unknown(f"its tag {project.class_tag} may name another class of data: {found.reason}", found.hint)
    return project.default_class if found is None or found == "" else found
