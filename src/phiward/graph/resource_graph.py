"""Every resource of a scan, found by address, with its satellites attached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from phiward.graph.reading import MISSING, read_path
from phiward.graph.truth import why
from phiward.graph.view import View
from phiward.model.resource import Resource, Scope
from phiward.model.value import Partial, Reference, Unknown, Value, undecided
from phiward.pack import Pack, Row

_MAX_HOPS = 50


class ResourceGraph:
    """`views` are the resources that the catalog describes, in the loader's order."""

    def __init__(self, resources: Iterable[Resource], pack: Pack) -> None:
        self.pack = pack
        self._by_address: dict[tuple[int, str], Resource] = {}
        self._views: dict[tuple[int, str], View] = {}
        self.views: list[View] = []
        self._of_type: dict[tuple[int, str], list[View]] = defaultdict(list)
        self.unmodelled: dict[str, int] = defaultdict(int)
        self.resources = 0
        by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in resources:
            self._by_address[id(resource.scope), resource.address] = resource
            by_type[resource.native_type].append(resource)
            self._admit(resource)
        self._satellites: dict[tuple[int, str, str], list[Resource]] = {}
        self._unplaced: dict[tuple[int, str, str], Unknown] = {}
        self._names: dict[tuple[int, str], dict[Value, Resource]] = {}
        for row in {row.type: row for view in self.views for row in (view.row,)}.values():
            self._attach(row, by_type)

    def _admit(self, resource: Resource) -> None:
        if resource.native_type.startswith("data."):
            return
        self.resources += 1
        row = self.pack.row(resource.native_type)
        if row is not None:
            view = View(resource, row, self)
            self.views.append(view)
            self._views[id(resource.scope), resource.address] = view
            self._of_type[id(resource.scope), resource.native_type].append(view)
        elif resource.native_type not in self.pack.satellite_types:
            self.unmodelled[resource.native_type] += 1

    def of_type(self, native_type: str, scope: Scope) -> list[View]:
        """Every catalogued resource of a native type in a scope."""
        return self._of_type.get((id(scope), native_type), [])

    # -- references

    def find(self, address: str, scope: Scope) -> Resource | None:
        """The resource of an address in a scope; data sources too."""
        return self._by_address.get((id(scope), address))

    def view(self, address: str, scope: Scope) -> View | None:
        """The view of an address, where the catalog describes the resource."""
        return self._views.get((id(scope), address))

    def view_of(self, resource: Resource) -> View | None:
        return self.view(resource.address, resource.scope)

    def resolve_once(self, reference: Reference, scope: Scope) -> Value:
        """One step: the configured attribute that a reference points to, which may be a reference again."""
        target = self.find(reference.address, scope)
        if target is None:
            return Unknown(f"{reference} is not in what was scanned")
        value, _ = read_path(target.attributes, reference.path, lambda inner: self.resolve(inner, scope))
        if value is MISSING or not reference.path:
            return Unknown(f"{reference} is known only after apply")
        return value

    def resolve(self, reference: Reference, scope: Scope) -> Value:
        """The configured value behind a reference, or an `Unknown`."""
        value: Value = reference
        for _ in range(_MAX_HOPS):
            if not isinstance(value, Reference):
                return value
            value = self.resolve_once(value, scope)
        return Unknown(f"{reference} goes in a circle")

    # -- satellites

    def _attach(self, row: Row, by_type: Mapping[str, list[Resource]]) -> None:
        for alias, native, by in row.satellites:
            for satellite in by_type.get(native, ()):
                parents = self._parents(row, satellite, by)
                scope = id(satellite.scope)
                if isinstance(parents, Unknown):
                    self._unplaced.setdefault((scope, row.type, alias), parents)
                    continue
                for parent in parents:
                    self._satellites.setdefault((scope, parent.address, alias), []).append(satellite)

    def _parents(self, row: Row, satellite: Resource, by: list[str | int]) -> list[Resource] | Unknown:
        """The parents that a satellite names; `Unknown` where it may belong to any of them."""
        value, _ = read_path(satellite.attributes, by, lambda r: r)
        if value is MISSING:
            return []
        found: list[Resource] = []
        for item in value if isinstance(value, list) else [value]:
            parent = self._parent(row, item, satellite.scope)
            if isinstance(parent, Unknown):
                return parent
            if parent is not None:
                found.append(parent)
        return found

    def _parent(self, row: Row, value: Value, scope: Scope) -> Resource | Unknown | None:
        for _ in range(_MAX_HOPS):
            if not isinstance(value, Reference):
                break
            target = self.find(value.address, scope)
            if target is not None and target.native_type in row.native_types:
                return target
            if target is None or target.native_type.startswith("data."):
                return None  # something that this root does not manage
            resolved = self.resolve_once(value, scope)
            if isinstance(resolved, Unknown):
                return None  # an attribute of another type of resource: not one of ours
            value = resolved
        if isinstance(value, Partial) and isinstance(value.parts[0], Reference):
            return self._parent(row, value.parts[0], scope)  # "${aws_s3_bucket.b.arn}/prefix"
        names = self._named(row, scope) if isinstance(value, (str, Partial)) else {}
        if value in names:
            return names[value]
        if isinstance(value, str) and value.startswith("arn:"):
            return next((names[part] for part in _arn_names(value) if part in names), None)
        return why(value) if undecided(value) else None

    def _named(self, row: Row, scope: Scope) -> dict[Value, Resource]:
        """Parents by the name that they write, literal or partly known; an ambiguous one is left out."""
        key = (id(scope), row.type)
        if key not in self._names:
            names: dict[Value, Resource | None] = {}
            for view in self.views:
                if view.row.type == row.type and view.resource.scope is scope:
                    for path in row.name:
                        if str(path[-1]).endswith("_prefix"):
                            continue  # the provider completes it: nobody else can write the name
                        value, _ = read_path(view.resource.attributes, path, lambda r: r)
                        if isinstance(value, (str, Partial)):
                            names[value] = None if value in names else view.resource
            self._names[key] = {name: resource for name, resource in names.items() if resource is not None}
        return self._names[key]

    def satellites(self, resource: Resource, row: Row, alias: str) -> list[Resource | Unknown]:
        """The side resources of an alias; ends in an `Unknown` where one may be there that was not placed or read."""
        scope = resource.scope
        found: list[Resource | Unknown] = list(self._satellites.get((id(scope), resource.address, alias), ()))
        unplaced = self._unplaced.get((id(scope), row.type, alias))
        if unplaced is not None:
            found.append(unplaced)
        for hole in scope.holes:
            if not hole.references or resource.address in hole.references:
                found.append(Unknown(hole.reason, hole.hint))
                break
        return found


def _arn_names(arn: str) -> list[str]:
    """The names that the last part of an ARN may hold: `arn:aws:s3:::bucket/key`, `arn:aws:rds:...:cluster:name`."""
    resource = arn.split(":", 5)[-1]
    return [resource, resource.split("/", 1)[0], resource.rsplit("/", 1)[-1], resource.rsplit(":", 1)[-1]]
