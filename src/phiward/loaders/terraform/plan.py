"""`terraform show -json` of a plan -> the resources as they will be when it is applied.

What is only destroyed is not among the planned values and so is not judged. What is known only after apply is a
`Reference` where the configuration in the plan, or the source beside it, shows what it refers to; else `Unknown`.
"""

from __future__ import annotations

from typing import Any

from phiward.loaders.loaded import Loaded
from phiward.loaders.terraform.document_resources import (
    link,
    native_type,
    newer_format,
    note,
    partial,
    unreadable,
)
from phiward.loaders.terraform.document_values import layered, listing, mapping, module_path, resources_of, text
from phiward.loaders.terraform.documents import Document, DocumentOrigin
from phiward.loaders.terraform.plan_origin import SourceBeside
from phiward.loaders.terraform.plan_references import Configuration, Planned
from phiward.loaders.terraform.versions import planned_majors
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic, Level
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope
from phiward.model.value import Unknown, Value, unknowns
from phiward.record import dataclass, field

SOURCE = "terraform-plan"
_KNOWN_MAJOR = 1
_UNUSED = ("resource_drift", "relevant_attributes", "checks", "output_changes", "proposed_unknown", "timestamp")
_GONE = (["delete"], ["forget"])
_SUPERSEDED = {
    "aws_s3_bucket": frozenset(
        {
            "cors_rule",
            "grant",
            "lifecycle_rule",
            "logging",
            "object_lock_configuration",
            "replication_configuration",
            "server_side_encryption_configuration",
            "versioning",
            "website",
        }
    )
}
"""Blocks that the provider shows of every new bucket as known after apply, and that resources of their own replaced.

Source: provider documentation of aws_s3_bucket, where each is deprecated in favour of such a resource.
"""


@dataclass(slots=True)
class _Changes:
    """What will change, by address, and how many resources end."""

    by_address: dict[str, dict[str, Any]] = field(default_factory=dict)
    destroyed: int = 0
    replaced: int = 0


def load_plan(document: Document, tree: Tree, project: Project, loaded: Loaded) -> None:
    """Add the planned resources of a document. What its format does not allow is a diagnostic, never an exception."""
    content = document.content
    for name in _UNUSED:
        content.pop(name, None)
    holes = _holes(document, tree)
    changes = _changes(content.pop("resource_changes", None))
    if changes.destroyed:
        note(tree, document, "destroyed", _destruction(changes))
    planned = _planned(content, changes)
    malformed = sum(1 for address in planned if not address)
    planned.pop("", None)
    if malformed or not isinstance(content.get("planned_values", {}), dict):
        holes.append(unreadable(tree, document, "resources of the plan have no address or no type and were not read"))
    configuration = Configuration(content.get("configuration"), planned)
    beside = SourceBeside.find(document, tree, configuration)
    content.clear()
    _decide(planned, configuration, beside)
    majors = planned_majors(configuration.providers, document.path.parent, tree)
    scope = Scope(SOURCE, document.relative, tuple(holes), project, majors=majors)
    resources = [_resource(item, document, scope, beside) for item in planned.values()]
    link(resources)
    loaded.scopes.append(scope)
    loaded.resources.extend(resources)
    if beside is not None:
        loaded.sources.kept.update(beside.texts())


def _holes(document: Document, tree: Tree) -> list[Hole]:
    content = document.content
    holes = [newer_format(document, _KNOWN_MAJOR, "plan", tree)]
    if content.get("errored") is True:
        message = "the plan ended with an error: what it did not come to is missing from it"
        diagnostic = Diagnostic(
            Level.ERROR, "errored-plan", message, document.relative,
            hint="correct what `terraform plan` complains about, and plan again", incomplete=True,
        )  # fmt: skip
        tree.diagnostics.append(diagnostic)
        holes.append(Hole(message))
    elif content.get("complete") is False:
        message = "the plan leaves changes out, as one with -target does"
        holes.append(partial(tree, document, message, "plan everything"))
    return [hole for hole in holes if hole is not None]


def _changes(entries: Any) -> _Changes:
    found = _Changes()
    for entry in listing(entries):
        change = mapping(mapping(entry).get("change"))
        if not change or "deposed" in entry:
            continue
        actions = listing(change.get("actions"))
        ends = "delete" in actions and entry.get("mode") != "data"
        found.destroyed += ends
        found.replaced += ends and len(actions) > 1
        change.pop("before", None)
        change.pop("before_sensitive", None)
        found.by_address[text(entry.get("address"))] = entry
    return found


def _destruction(changes: _Changes) -> str:
    ends = changes.destroyed - changes.replaced
    parts = []
    if ends:
        parts.append(f"destroys {ends} resource{'' if ends == 1 else 's'}, not judged")
    if changes.replaced:
        count = changes.replaced
        parts.append(f"replaces {count} resource{'' if count == 1 else 's'}, judged as planned")
    return f"the plan {' and '.join(parts)}"


# -- resources


def _planned(content: dict[str, Any], changes: _Changes) -> dict[str, Planned]:
    """Every resource by its address; one that cannot be addressed is noted under the empty address."""
    found: dict[str, Planned] = {}
    values = content.get("planned_values")
    entries = [entry for entry, _ in resources_of(mapping(values).get("root_module"))]
    if not isinstance(values, dict):
        entries = [_as_planned(entry) for entry in changes.by_address.values()]
    else:
        entries += [_as_planned(e) for e in changes.by_address.values() if e.get("mode") == "data"]
    prior = mapping(mapping(mapping(content.pop("prior_state", None)).get("values")).get("root_module"))
    entries += [entry for entry, _ in resources_of(prior) if entry.get("mode") == "data"]
    for entry in entries:
        address = text(entry.get("address"))
        if address in found and address:
            continue
        change = mapping(changes.by_address.get(address, {}).get("change"))
        if change.get("actions") in _GONE:
            continue
        item = _read(entry, change, address)
        found[item.address if item else ""] = item or Planned("", "", "", "", {})
    return found


def _as_planned(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "values": mapping(entry.get("change")).get("after")}


def _read(entry: dict[str, Any], change: dict[str, Any], address: str) -> Planned | None:
    type_, name = text(entry.get("type")), text(entry.get("name"))
    if not address or not type_ or not name:
        return None
    sensitive = entry.get("sensitive_values")
    marked = sensitive if isinstance(sensitive, dict) else change.get("after_sensitive")
    values = layered(entry.get("values"), change.get("after_unknown"), marked)
    if not isinstance(values, dict):
        values = {}
    mode = "data" if entry.get("mode") == "data" else "managed"
    index = entry.get("index")
    return Planned(
        address=address,
        mode=mode,
        type=type_,
        name=name,
        attributes=values,
        module=module_path(address),
        key=text(index) if isinstance(index, str) else index if isinstance(index, int) else None,
        shapes=marked if isinstance(marked, dict) else None,
    )


def _decide(planned: dict[str, Planned], configuration: Configuration, beside: SourceBeside | None) -> None:
    """Put what the configuration or the source shows in the place of what is known only after apply."""
    open_ones = [item for item in planned.values() if next(unknowns(item.attributes), None) is not None]
    decided = [_decided(item, configuration, beside) for item in open_ones]
    named = [(item, configuration.named(item)) for item in planned.values()]
    for item, attributes in zip(open_ones, decided, strict=True):  # not before: whether one is unknown decides another
        item.attributes = attributes
    for item, references in named:
        item.attributes.update(references)
    configuration.documents()


def _decided(item: Planned, configuration: Configuration, beside: SourceBeside | None) -> dict[str, Value]:
    result: dict[str, Value] = {}
    written = beside.values(item, configuration) if beside is not None else {}
    for name, value in item.attributes.items():
        if next(unknowns(value), None) is None:
            result[name] = value
        elif name in written:
            result[name] = written[name]
        elif not _provider_decides(item, name, configuration, beside):
            result[name] = configuration.decide(item, name, value)
    return result


def _provider_decides(item: Planned, name: str, configuration: Configuration, beside: SourceBeside | None) -> bool:
    """Whether an unknown attribute is not written at all, so that it is absent and the catalog's default applies.

    Dynamic blocks are not in a plan's configuration: of a collection that is unknown as a whole, it does not show
    whether one is written. Scalars have no outline in `sensitive_values`, collections have an empty one.
    """
    expressions = configuration.expressions(item)
    unknown = isinstance(item.attributes[name], Unknown)
    if item.mode == "data" or not unknown or expressions is None or name in expressions or item.shapes is None:
        return False
    if name == "tags_all":
        return not configuration.default_tags(item)
    if not item.shapes.get(name) and item.shapes.get(name) not in ([], {}):
        return True
    if beside is not None:
        return beside.leaves_out(item, name, expressions)
    return name in _SUPERSEDED.get(item.type, ())


def _resource(item: Planned, document: Document, scope: Scope, beside: SourceBeside | None) -> Resource:
    instance = beside.instance(item) if beside is not None else None
    return Resource(
        source=SOURCE,
        native_type=native_type(item.mode, item.type),
        address=item.address,
        attributes=item.attributes,
        origin=DocumentOrigin(document, item.address) if instance is None else instance.origin,
        scope=scope,
        module_calls=() if instance is None else instance.calls,
    )
