"""Resources of plans and states: what both have in common."""

from __future__ import annotations

from typing import Any

from phiward.loaders.terraform.document_values import text
from phiward.loaders.terraform.documents import Document, DocumentOrigin
from phiward.loaders.tree import Tree
from phiward.model.finding import PARTIAL_PLAN, Diagnostic, Level
from phiward.model.resource import Hole, Resource, Scope
from phiward.model.value import Reference, Sensitive, Value

_KEY_TYPES = frozenset({"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"})
_OWN = frozenset({"arn", "id", "key_id"})


def native_type(mode: Any, type_: str) -> str:
    return f"data.{type_}" if mode == "data" else type_


def newer_format(document: Document, known: int, what: str, tree: Tree) -> Hole | None:
    """A hole, with its diagnostic, where the document is of a format that came after this program."""
    version = document.content.get("format_version", document.content.get("version"))
    major = text(version).partition(".")[0] if isinstance(version, str) else version
    number = int(major) if isinstance(major, int) or (isinstance(major, str) and major.isdecimal()) else None
    if number is not None and number <= known:
        return None
    shown = text(version)[:20] if isinstance(version, str) else version if isinstance(version, int) else "none"
    reason = f"the {what} is of format version {shown}, and the newest known one is {known}"
    message = f"{reason}: what could be read was read"
    _warn(tree, document, "format-version", message, "update phiward", incomplete=True)
    return Hole(reason, "update phiward")


def note(tree: Tree, document: Document, code: str, message: str) -> None:
    tree.diagnostics.append(Diagnostic(Level.NOTE, code, message, document.relative))


def unreadable(tree: Tree, document: Document, message: str, hint: str = "") -> Hole:
    """A part of the document that is not what its format says; a diagnostic, and the hole that it leaves."""
    _warn(tree, document, "malformed", message, hint or "write it again with `terraform show -json`", incomplete=True)
    return Hole(message)


def _warn(tree: Tree, document: Document, code: str, message: str, hint: str, *, incomplete: bool) -> None:
    level = Level.WARNING
    tree.diagnostics.append(Diagnostic(level, code, message, document.relative, hint=hint, incomplete=incomplete))


def partial(tree: Tree, document: Document, message: str, hint: str) -> Hole:
    """Something that the document says it leaves out: absence proves nothing, though all of it was read."""
    _warn(tree, document, PARTIAL_PLAN, message, hint, incomplete=False)
    return Hole(message, hint)


def make(document: Document, source: str, scope: Scope, found: tuple[str, str, Value]) -> Resource:
    """A resource of (native type, address, attributes) that stands in the document itself."""
    type_, address, attributes = found
    return Resource(source, type_, address, attributes, DocumentOrigin(document, address), scope)


def link(resources: list[Resource]) -> None:
    """Put references in place of the ARNs and generated ids by which resources of one document name each other.

    ARNs are unique in the world and so are the ids of KMS keys and those of the form `sg-0a1b2c3d`; one that two
    resources bear is left alone, and so is every other id, for it may just be somebody's name.
    """
    owners: dict[str, Reference | None] = {}
    for resource in resources:
        if resource.native_type.startswith("data."):
            continue
        for name in _OWN if resource.native_type in _KEY_TYPES else ("arn", "id"):
            value = resource.attributes.get(name)
            if isinstance(value, str) and not isinstance(value, Sensitive) and _unique(value, resource.native_type):
                other = owners.get(value)
                same = value not in owners or (other is not None and other.address == resource.address)
                owners[value] = (other or Reference(resource.address, (name,))) if same else None
    found = {value: reference for value, reference in owners.items() if reference is not None}
    if not found:
        return
    for resource in resources:
        attributes = resource.attributes
        assert isinstance(attributes, dict)
        for name, value in attributes.items():
            if name not in _OWN or name == "key_id":
                attributes[name] = _linked(value, found, resource.address)


def _unique(value: str, type_: str) -> bool:
    if value.startswith("arn:"):
        return True
    if type_ in _KEY_TYPES:
        return True
    head, dash, tail = value.partition("-")
    long_enough = len(tail) in (8, 17)
    return bool(dash) and head.isalpha() and long_enough and all(c in "0123456789abcdef" for c in tail)


def _linked(value: Value, owners: dict[str, Reference], own: str) -> Value:
    if isinstance(value, str):
        reference = owners.get(value)
        return value if reference is None or reference.address == own else reference
    if isinstance(value, list):
        return [_linked(item, owners, own) for item in value] if value else value
    if isinstance(value, dict):
        return {key: _linked(item, owners, own) for key, item in value.items()} if value else value
    return value
