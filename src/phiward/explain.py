"""What Phiward knows of one resource, and how it came to know it."""

from __future__ import annotations

import json
from typing import Any

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.model.resource import Resource
from phiward.model.secrecy import decoded, is_secret, may_be_secret, secrets_in
from phiward.model.value import Partial, Reference, Sensitive, Unknown, Value
from phiward.outside import Outside
from phiward.pack import load_pack
from phiward.pipeline import inputs, load_all
from phiward.record import dataclass
from phiward.settings import Settings

_CONTENT = {"value": "secret"}
"""A resource's own `value` is its content: of a parameter, a variable, a secret."""


@dataclass(frozen=True, slots=True)
class Line:
    """A name, its value as shown, and where it came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Explanation:
    address: str
    native_type: str
    type: str
    kinds: tuple[str, ...]
    location: str
    scope: str
    tenant: str
    data_class: str
    attributes: tuple[Line, ...]
    properties: tuple[Line, ...]
    satellites: tuple[Line, ...]


def explain(address: str, settings: Settings) -> list[Explanation]:
    """The resources of that address: one for each root that declares it."""
    outside = Outside()
    pack = load_pack()
    loaded = load_all(settings, inputs(settings, outside), pack, pack.outlines, lambda _: None)
    graph = ResourceGraph(loaded.resources, pack)
    return [_explained(resource, graph) for resource in loaded.resources if resource.address == address]


def _explained(resource: Resource, graph: ResourceGraph) -> Explanation:
    view = graph.view_of(resource)
    attributes = tuple(
        Line(name, shown(value, _CONTENT.get(name, name)), str(resource.origin.locate((name,))))
        for name, value in resource.attributes.items()
    )
    return Explanation(
        address=resource.address,
        native_type=resource.native_type,
        type=view.row.type if view else "not in the catalog",
        kinds=tuple(sorted(view.row.kinds)) if view else (),
        location=str(resource.origin.header()),
        scope=resource.scope.path,
        tenant=_tenant(view) if view else "",
        data_class=str(view.data_class) if view else "",
        attributes=attributes,
        properties=tuple(_property(view, name) for name in view.row.properties) if view else (),
        satellites=tuple(_satellites(view)) if view else (),
    )


def _tenant(view: View) -> str:
    tenancy = view.tenancy
    if tenancy.tenant is None:
        return "none"
    tier = view.resource.scope.project.tenants.get(str(tenancy.tenant), "")
    return f"{tenancy.tenant}{f', tier {tier}' if tier else ''} (by {tenancy.found_by})"


def _property(view: View, name: str) -> Line:
    reading = view.reading(name)
    spec = view.row.properties[name]
    if "constant" in spec:
        origin = "always, for this service"
    elif reading.by_default:
        origin = "the provider's default"
    elif reading.path:
        path = ".".join(str(step) for step in reading.path)
        owner = "" if reading.resource is view.resource else f"{reading.resource.address} "
        origin = f"{owner}{path} at {reading.location()}"
    else:
        origin = f"computed by {spec['compute']}" if "compute" in spec else "not written"
    return Line(name, shown(reading.value), origin)


def _satellites(view: View) -> list[Line]:
    found = []
    for alias in dict.fromkeys(alias for alias, _, _ in view.row.satellites):
        for satellite in view.graph.satellites(view.resource, view.row, alias):
            if isinstance(satellite, Unknown):
                found.append(Line(alias, "may be hidden", satellite.reason))
            else:
                found.append(Line(alias, satellite.address, str(satellite.origin.header())))
    return found


def shown(value: Value, name: str = "") -> str:
    """A value for a person; secrets, by their mark or by the attribute's name, are not shown."""
    return (
        json.dumps(plain(value, name), ensure_ascii=False)
        if not isinstance(value, (Unknown, Reference))
        else str(value)
    )


def plain(value: Value, name: str = "") -> Any:
    if isinstance(value, Sensitive):
        return "(sensitive)"
    if isinstance(value, dict):
        label = value.get("name", value.get("Name"))  # a pair, as of a container: {name = "DB_PASSWORD", value = "..."}
        named = {"value": label, "Value": label} if isinstance(label, str) else {}
        return {key: plain(item, str(named.get(key, key))) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, name) for item in value]
    if isinstance(value, (Unknown, Reference, Partial)):
        return f"{value}"
    if isinstance(value, str) and value and _hides(value, name):
        return "(hidden: it may be a secret)"
    return value


def _hides(value: str, name: str) -> bool:
    """Whether a text is a secret, or a script that spells one out, in Base64 or not."""
    return may_be_secret(name) or is_secret(name, value) or bool(secrets_in(value) or secrets_in(decoded(value)))


def as_text(found: Explanation) -> str:
    """Aligned plain text; control characters are shown as escapes."""
    lines = [
        f"{found.address}",
        f"  type        {found.native_type} ({found.type}{': ' + ', '.join(found.kinds) if found.kinds else ''})",
        f"  declared    {found.location}, root {found.scope}",
        f"  tenant      {found.tenant}",
        f"  data class  {found.data_class}",
    ]
    for title, rows in (
        ("attributes", found.attributes), ("properties", found.properties), ("attached", found.satellites),
    ):  # fmt: skip
        if rows:
            width = min(34, max(len(row.name) for row in rows))
            lines += ["", title]
            lines += [f"  {row.name:<{width}}  {row.value}   <- {row.origin}" for row in rows]
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in "\n".join(lines))


def as_json(found: list[Explanation]) -> str:
    from dataclasses import asdict

    return json.dumps([asdict(item) for item in found], indent=2)
