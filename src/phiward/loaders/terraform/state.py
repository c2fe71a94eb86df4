"""A state -> the resources that it records: `terraform show -json`, or `terraform.tfstate` (version 4) itself."""

from __future__ import annotations

from typing import Any

from phiward.loaders.loaded import Loaded
from phiward.loaders.terraform.document_resources import link, make, native_type, newer_format, unreadable
from phiward.loaders.terraform.document_values import layered, listing, mapping, resources_of, text
from phiward.loaders.terraform.documents import Document, DocumentOrigin, Kind
from phiward.loaders.terraform.expansion import key_text
from phiward.loaders.tree import Tree
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope

SOURCE = "terraform-state"
_SHOWN_MAJOR, _FILE_VERSION = 1, 4
_TYPES = ("string", "number", "bool", "dynamic", "list", "set", "map", "tuple", "object")


def load_state(document: Document, tree: Tree, project: Project, loaded: Loaded) -> None:
    """Add the recorded resources of a document. What its format does not allow is a diagnostic, never an exception."""
    holes: list[Hole] = []
    scope = Scope(SOURCE, document.relative, (), project)
    if document.kind is Kind.STATE_FILE:
        resources, unread = _of_file(document, scope, tree, holes)
    else:
        resources, unread = _of_shown(document, scope, tree, holes)
    if unread:
        holes.append(unreadable(tree, document, f"{unread} of the state's resources cannot be read"))
    if holes:
        scope = Scope(SOURCE, document.relative, tuple(holes), project)
        resources = [
            Resource(SOURCE, r.native_type, r.address, r.attributes, r.origin, scope) for r in resources
        ]  # fmt: skip
    document.content.clear()
    link(resources)
    loaded.scopes.append(scope)
    loaded.resources.extend(resources)


def _of_shown(document: Document, scope: Scope, tree: Tree, holes: list[Hole]) -> tuple[list[Resource], int]:
    content = document.content
    newer = newer_format(document, _SHOWN_MAJOR, "state", tree)
    if newer:
        holes.append(newer)
    values = content.get("values")
    found: dict[str, Resource] = {}
    unread = 0 if values is None or isinstance(values, dict) else 1
    for entry, _ in resources_of(mapping(values).get("root_module")):
        address, type_ = text(entry.get("address")), text(entry.get("type"))
        attributes = layered(entry.get("values"), sensitive=entry.get("sensitive_values"))
        if not address or not type_ or not isinstance(attributes, dict):
            unread += 1
        elif "deposed_key" not in entry:
            found[address] = make(document, SOURCE, scope, (native_type(entry.get("mode"), type_), address, attributes))
    return list(found.values()), unread


# -- terraform.tfstate


def _of_file(document: Document, scope: Scope, tree: Tree, holes: list[Hole]) -> tuple[list[Resource], int]:
    version = document.content["version"]
    if version < _FILE_VERSION:
        hint = "show it with the Terraform that wrote it, or let `terraform init` and `apply` upgrade it"
        holes.append(unreadable(tree, document, f"a state file of version {version} cannot be read", hint))
        return [], 0
    if version > _FILE_VERSION:
        newer = newer_format(document, _FILE_VERSION, "state", tree)
        holes += [newer] if newer else []
    found: dict[str, Resource] = {}
    entries = document.content.get("resources")
    unread = 0 if isinstance(entries, list) else 1
    for entry in listing(entries):
        block = _block_address(entry)
        if block is None:
            unread += 1
            continue
        for instance in map(mapping, listing(entry.get("instances"))):
            resource = _instance(entry, instance, block, document, scope)
            if resource is None:
                unread += 1
            elif "deposed" not in instance:
                found[resource.address] = resource
    return list(found.values()), unread


def _block_address(entry: Any) -> str | None:
    known = mapping(entry)
    type_, name, module = text(known.get("type")), text(known.get("name")), text(known.get("module"))
    if not type_ or not name:
        return None
    data = "data." if known.get("mode") == "data" else ""
    return f"{module}.{data}{type_}.{name}" if module else f"{data}{type_}.{name}"


def _instance(
    entry: dict[str, Any], instance: dict[str, Any], block: str, document: Document, scope: Scope
) -> Resource | None:
    attributes = instance.get("attributes")
    if not isinstance(attributes, dict):
        return None  # a state that Terraform 0.11 wrote and nothing has upgraded has `attributes_flat`
    index = instance.get("index_key")
    key = text(index) if isinstance(index, str) else index if isinstance(index, int) else None
    attributes = {name: _untyped(name, value) for name, value in attributes.items()}
    values = layered(attributes, sensitive=_marks(instance.get("sensitive_attributes")))
    type_ = native_type(entry.get("mode"), text(entry.get("type")))
    origin = DocumentOrigin(document, block)
    return Resource(SOURCE, type_, block + key_text(key), values, origin, scope)


def _untyped(name: str, value: Any) -> Any:
    """The value of an attribute that may be of any type: a state file notes the type beside it."""
    if not isinstance(value, dict) or value.keys() != {"value", "type"} or name.startswith("tags"):
        return value
    type_ = value["type"]
    word = type_[0] if isinstance(type_, list) and type_ else type_
    return value["value"] if word in _TYPES else value


def _marks(paths: Any) -> Any:
    """`sensitive_attributes`, a list of paths of steps, as the layer that `terraform show` would print."""
    root: dict[str, Any] = {}
    for path in listing(paths):
        steps = [_step(step) for step in listing(path)]
        current = root
        for position, step in enumerate(steps):
            if not isinstance(step, str) or position == len(steps) - 1 or not isinstance(steps[position + 1], str):
                current[str(step)] = True  # an element of a list: all of the list is hidden
                break
            inner = current.setdefault(step, {})
            if inner is True:
                break
            current = inner
    return root


def _step(step: Any) -> Any:
    value = mapping(step).get("value")
    return mapping(value).get("value") if isinstance(value, dict) else value
