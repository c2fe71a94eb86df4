"""Every resource of a scan, found by address, with its satellites attached."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.keys import ALIASES
from phiward.graph.reading import MISSING, outline, read_path
from phiward.graph.truth import why
from phiward.graph.variants import variant_of
from phiward.graph.view import View
from phiward.model.resource import Resource, Scope
from phiward.model.value import Deployed, Imported, Partial, Reference, Unknown, Value, left_to_the_provider, undecided
from phiward.pack import Pack, Row
from phiward.record import dataclass

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.identities import Identities
    from phiward.graph.keys import DeclaredKeys

_MAX_HOPS = 50
_NOTHING: frozenset[str] = frozenset()
_STANDS_FOR = {"AWS::SecretsManager::SecretTargetAttachment": ("SecretId",)}
"""CloudFormation types of which `Ref` gives what they attach to, and the property that names it."""
_GIVEN_BY_THE_PROVIDER = ("id", "arn")
"""By either of these the side resources of a state name their parent; source does not write them."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a satellite belongs: to `parents` for certain, and to one of `suspects` where there is a doubt.

    No suspects at all (None) means that it may be any of them.
    """

    parents: tuple[Resource, ...] = ()
    doubt: Unknown | None = None
    suspects: Sequence[Resource] | None = None


class _Names:
    """The resources of one row in one scope by the name that they write."""

    def __init__(self) -> None:
        self.exact: dict[Value, list[Resource]] = {}
        self._open: list[tuple[Unknown | Partial, Resource]] = []
        self._outlines: list[re.Pattern[str]] = []

    def add(self, name: Value, resource: Resource) -> None:
        if isinstance(name, (str, Partial, Reference)):
            holders = self.exact.setdefault(name, [])
            if resource not in holders[-1:]:
                holders.append(resource)
        if isinstance(name, (Unknown, Partial)):
            self._open.append((name, resource))

    def possible(self, text: str) -> Placement:
        """The doubt that falls on those whose name is not known and may be `text`, or what an ARN names."""
        if len(self._open) > _MANY:
            return Placement(doubt=why(self._open[0][0]))
        if not self._outlines:
            self._outlines = [outline(name) for name, _ in self._open]
        texts = _arn_names(text) if text.startswith("arn:") else [text]
        both = zip(self._open, self._outlines, strict=True)
        found = [(name, it) for (name, it), shape in both if any(map(shape.fullmatch, texts))]
        return Placement(doubt=why(found[0][0]), suspects=[it for _, it in found]) if found else Placement()


_BY_KIND_AND_NAME = ("aws_appautoscaling_target", "AWS::ApplicationAutoScaling::ScalableTarget")
"""Types that write what they belong to as `table/visits`."""
_MANY = 200
"""Candidates for one satellite; past this number it may belong to any resource, and work stays linear."""


class ResourceGraph:
    """`views` are the resources that the catalog describes, in the loader's order.

    `alone` are side resources of what is declared elsewhere, as far as each answers for itself.
    """

    def __init__(self, resources: Iterable[Resource], pack: Pack) -> None:
        self.pack = pack
        self._by_address: dict[tuple[int, str], Resource] = {}
        self._views: dict[tuple[int, str], View] = {}
        self.views: list[View] = []
        self.alone: list[View] = []
        self._of_type: dict[tuple[int, str], list[View]] = defaultdict(list)
        self._of_scope: dict[int, list[View]] = defaultdict(list)
        self.unmodelled: dict[str, int] = defaultdict(int)
        self.resources = 0
        by_type: dict[str, list[Resource]] = defaultdict(list)
        everything = list(resources)
        for resource in everything:
            self._by_address[id(resource.scope), resource.address] = resource
            by_type[resource.native_type].append(resource)
        self._satellites: dict[tuple[int, str, str], list[Resource]] = {}
        self._unplaced: dict[tuple[int, str, str], Unknown] = {}
        self._suspected: dict[tuple[int, str, str], Unknown] = {}
        self._names: dict[tuple[int, str], _Names] = {}
        self._aliases: dict[int, _Names] | None = None
        self._clusters: dict[int, Cluster] = {}
        self._keys: DeclaredKeys | None = None
        self._depth = 0
        self._attached: set[int] = set()
        for resource in everything:  # last: which row describes one may depend on what it refers to
            self._admit(resource)
        for row in {id(view.row): view.row for view in self.views}.values():
            self._attach(row, by_type)
        self._admit_alone(by_type)

    def _admit_alone(self, by_type: Mapping[str, list[Resource]]) -> None:
        """Judge by itself what belongs to nothing that is declared beside it: a rule of a group of another root."""
        for native, resources in by_type.items():
            row = self.pack.row_alone(native)
            if row is not None:
                self.alone += [View(one, row, self) for one in resources if id(one) not in self._attached]

    def _admit(self, resource: Resource) -> None:
        if resource.native_type.startswith("data."):
            return
        self.resources += not resource.unread
        row, doubt = variant_of(resource, self.pack, lambda reference: self.resolve(reference, resource.scope))
        if resource.source == "aws":
            hidden = resource.scope.not_shown.get(resource.native_type, _NOTHING)
            row = self.pack.row_live(row, resource.native_type, hidden)
        if row is not None:
            view = View(resource, row, self, doubt=doubt)
            self.views.append(view)
            self._views[id(resource.scope), resource.address] = view
            self._of_type[id(resource.scope), resource.native_type].append(view)
            self._of_scope[id(resource.scope)].append(view)
        elif resource.native_type not in self.pack.satellite_types and not resource.unread:
            self.unmodelled[resource.native_type] += 1

    def alias(self, name: Value, scope: Scope) -> Resource | Unknown | None:
        """The alias of a KMS key that a scope declares under a name; an `Unknown` where one may be declared."""
        if self._aliases is None:
            self._aliases = defaultdict(_Names)
            for (root, _), resource in self._by_address.items():
                if resource.native_type in ALIASES:
                    written = resource.attributes.get(ALIASES[resource.native_type][0])
                    resolved = self.resolve(written, resource.scope) if isinstance(written, Reference) else written
                    self._aliases[root].add(resolved, resource)
        names = self._aliases[id(scope)]
        placement = _among(names.exact[name]) if name in names.exact else Placement()
        if not placement.parents and placement.doubt is None and isinstance(name, str) and name.startswith("alias/"):
            placement = names.possible(name)
        for found in placement.parents:
            doubtful = isinstance(name, str) and not found.counted
            return how_many(found) if doubtful else found
        return placement.doubt

    def key_elsewhere(self, text: str, scope: Scope) -> Resource | Unknown | None:
        """The one KMS key of another scope that an object of a cluster names by its ARN, id or alias."""
        if scope.kind != "cluster":
            return None
        if self._keys is None:
            from phiward.graph.keys import DeclaredKeys

            self._keys = DeclaredKeys()
            for resource in self._by_address.values():
                self._keys.add(self, resource)
        return self._keys.find(text)

    def cluster(self, scope: Scope) -> Cluster:
        """What the objects of a Kubernetes scope say together."""
        found = self._clusters.get(id(scope))
        if found is None:
            from phiward.graph.cluster import Cluster

            found = self._clusters[id(scope)] = Cluster(self, scope)
        return found

    @cached_property
    def identities(self) -> Identities:
        """Which cloud roles the pods of the scan's clusters take, across sources."""
        from phiward.graph.identities import Identities

        return Identities(self)

    def of_type(self, native_type: str, scope: Scope) -> list[View]:
        """Every catalogued resource of a native type in a scope."""
        return self._of_type.get((id(scope), native_type), [])

    def of_scope(self, scope: Scope) -> list[View]:
        """Every catalogued resource of a scope, in the loader's order."""
        return self._of_scope.get(id(scope), [])

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
        path = reference.path or _STANDS_FOR.get(target.native_type, ())
        value, _ = read_path(target.attributes, path, lambda inner: self.resolve(inner, scope))
        if value is MISSING or not path:
            return left_to_the_provider(reference)
        return value

    def resolve(self, reference: Reference, scope: Scope) -> Value:
        """The configured value behind a reference, or an `Unknown`."""
        if self._depth >= _MAX_HOPS:
            return Unknown(f"{reference} goes in a circle")
        self._depth += 1
        try:
            value: Value = reference
            for _ in range(_MAX_HOPS):
                if not isinstance(value, Reference):
                    return value
                value = self.resolve_once(value, scope)
        finally:
            self._depth -= 1
        return Unknown(f"{reference} goes in a circle")

    # -- satellites

    def _attach(self, row: Row, by_type: Mapping[str, list[Resource]]) -> None:
        for alias, native, by in row.satellites:
            for satellite in by_type.get(native, ()):
                scope = id(satellite.scope)
                for placed in self._placements(row, satellite, by):
                    for parent in placed.parents:
                        self._attached.add(id(satellite))
                        self._satellites.setdefault((scope, parent.address, alias), []).append(satellite)
                    if placed.doubt is None:
                        continue
                    if placed.suspects is None:
                        self._unplaced.setdefault((scope, row.type, alias), placed.doubt)
                    for suspect in placed.suspects or ():
                        self._suspected.setdefault((scope, suspect.address, alias), placed.doubt)

    def _placements(self, row: Row, satellite: Resource, by: list[str | int]) -> list[Placement]:
        """Where a satellite belongs, for each parent that it names."""
        value, _ = read_path(satellite.attributes, by, lambda r: r)
        if value is MISSING:
            return []
        values = value if isinstance(value, list) else [value]
        by_id = str(by[-1]).removesuffix("s").endswith(("_id", "Id"))
        if satellite.native_type in _BY_KIND_AND_NAME:
            values = [item.partition("/")[2] if isinstance(item, str) else item for item in values]
            by_id = False
        return [self._placed(row, item, satellite, by_id=by_id) for item in values]

    def _placed(self, row: Row, value: Value, satellite: Resource, *, by_id: bool) -> Placement:
        scope = satellite.scope
        if _of_another_stack(value):
            return Placement()
        names = self._named(row, scope)
        if isinstance(value, Reference):
            value = self._followed(row, value, scope, names)
            if isinstance(value, Placement):
                return value
        if isinstance(value, (str, Partial)):
            named = names.exact.get(value, ())
            if not named and isinstance(value, str) and value.startswith("arn:"):
                named = next((names.exact[part] for part in _arn_names(value) if part in names.exact), ())
            elif satellite.source == "aws":  # another region of an account may hold one of the same name
                named = [one for one in named if one.provider == satellite.provider]
            if named:
                return _among(named)
        if isinstance(value, Partial):
            return self._inside(row, value, scope) or Placement(doubt=why(value))
        if isinstance(value, str):
            return Placement() if by_id and not value.startswith("arn:") else names.possible(value)
        return Placement(doubt=why(value)) if undecided(value) else Placement()

    def _followed(self, row: Row, reference: Reference, scope: Scope, names: _Names) -> Value | Placement:
        """The parent that a reference leads to, or the value that it ends in."""
        value: Value = reference
        for _ in range(_MAX_HOPS):
            if not isinstance(value, Reference):
                return value
            target = self.find(value.address, scope)
            if target is not None and target.native_type in row.native_types:
                return Placement((target,))
            if value in names.exact:
                return _among(names.exact[value])
            if target is None:
                return Placement()  # something that this root does not manage
            resolved = self.resolve_once(value, scope)
            if isinstance(resolved, Unknown):
                path = value.path or _STANDS_FOR.get(target.native_type, ())
                written = path and read_path(target.attributes, path, lambda r: r)[0] is not MISSING
                other = target.native_type.startswith(("data.", "aws_", "AWS::")) and not written
                return Placement() if other else Placement(doubt=resolved)  # `other`: the id of what is not one of ours
            value = resolved
        return Placement(doubt=Unknown(f"{reference} goes in a circle"))

    def _inside(self, row: Row, value: Partial, scope: Scope) -> Placement | None:
        """The parent that an ARN or address leads to: `"${aws_s3_bucket.b.arn}/prefix"`."""
        for position, part in enumerate(value.parts):
            if isinstance(part, Reference) and _stands_alone(value.parts, position):
                target = self.find(part.address, scope)
                if target is not None and target.native_type in row.native_types:
                    return Placement((target,))
                if target is not None and position == 0 and part.path in (("arn",), ("Arn",)):
                    return Placement()  # below another type of resource
        return None

    def _named(self, row: Row, scope: Scope) -> _Names:
        """Parents by the name that they write: literal, partly known, or taken from another resource."""
        key = (id(scope), row.type)
        if key not in self._names:
            names = self._names[key] = _Names()
            for native in row.native_types:
                for view in self.of_type(native, scope):
                    for path in row.name:
                        value, _ = read_path(view.resource.attributes, path, lambda r: r)
                        if value is not MISSING:
                            names.add(value, view.resource)
                            if isinstance(value, Reference):
                                names.add(self.resolve(value, scope), view.resource)
                    for own in _GIVEN_BY_THE_PROVIDER:
                        if isinstance(value := view.resource.attributes.get(own), str):
                            names.add(value, view.resource)
        return self._names[key]

    def satellites(self, resource: Resource, row: Row, alias: str) -> list[Resource | Unknown]:
        """The side resources of an alias; ends in an `Unknown` where one may be there that was not placed or read."""
        if row.alone:
            return [resource] if alias == row.alone else []
        scope = resource.scope
        found: list[Resource | Unknown] = []
        doubt = self._unplaced.get((id(scope), row.type, alias))
        doubt = doubt or self._suspected.get((id(scope), resource.address, alias))
        for satellite in self._satellites.get((id(scope), resource.address, alias), ()):
            doubt_of_it = perhaps_none(satellite, resource)
            doubt = doubt or doubt_of_it
            if doubt_of_it is None:
                found.append(satellite)
        for hole in scope.holes if doubt is None else ():
            if not hole.references or resource.address in hole.references:
                doubt = Unknown(f"{hole.reason}, and may hold a part of it", hole.hint)
                break
        return found if doubt is None else [*found, doubt]


def perhaps_none(resource: Resource, beside: Resource) -> Unknown | None:
    """The doubt about a resource of an unknown number: there may be none of it while the one beside it is there.

    One in a module whose number is not known is there with what is in the same module, one whose own number is not
    known with what has the same `count` or `for_each`, or stands under the same undecided conditions.
    """
    if "[*]" not in resource.address:
        with_it = resource.counted or set(resource.number.split("\n")) <= set(beside.number.split("\n"))
        return None if with_it else how_many(resource)
    *modules, last = resource.address.split("[*]")
    inside = ["[*]".join(modules[: depth + 1]) + "[*]." for depth in range(len(modules) if last else len(modules) - 1)]
    if not all(beside.address.startswith(module) for module in inside) or (
        modules and not last and not _as_many(resource, beside)
    ):
        return how_many(resource)
    return None


def how_many(resource: Resource) -> Unknown:
    """Why the number of what a resource stands for is not known."""
    if resource.unread and resource.uncounted is not None:
        return resource.uncounted
    many = (
        f"how many {resource.address} there are"
        if "[*]" in resource.address
        else f"whether {resource.address} is there"
    )
    reason, why = f"{many} is not known", resource.uncounted
    return Unknown(f"{reason}: {why.reason}", why.hint) if why else Unknown(reason)


def _as_many(resource: Resource, beside: Resource) -> bool:
    """Whether there surely is one of a resource for each of the one beside it."""
    module, own = _divided(beside)
    same_module = _divided(resource)[0] == module
    return same_module and beside.address.endswith("[*]") and resource.number in (beside.number, own)


def _divided(resource: Resource) -> tuple[str, str]:
    """The module part of an address, and the rest of it without the instance key."""
    start = max(0, resource.address.rfind(f"{resource.native_type}."))
    return resource.address[:start], resource.address[start:].removesuffix("[*]")


def _of_another_stack(value: Value) -> bool:
    """Whether a name, or all that is not known of it, is what another stack puts out."""
    parts = value.parts if isinstance(value, Partial) else (value,)
    open_parts = [part for part in parts if not isinstance(part, (str, Deployed))]
    return bool(open_parts) and all(isinstance(part, Imported) for part in open_parts)


def _stands_alone(parts: Sequence[object], position: int) -> bool:
    """Whether a piece of a text is one of its names, not the beginning or end of a longer one."""
    before = parts[position - 1] if position else ":"
    after = parts[position + 1] if position + 1 < len(parts) else ":"
    return str(before).endswith((":", "/")) and str(after).startswith((":", "/"))


def _among(named: Sequence[Resource]) -> Placement:
    if len(named) == 1:
        return Placement(tuple(named))
    both = " and ".join(resource.address for resource in named[:2])
    return Placement(doubt=Unknown(f"{both} carry the same name"), suspects=None if len(named) > _MANY else named)


def _arn_names(arn: str) -> list[str]:
    """The names that the last part of an ARN may hold: `arn:aws:s3:::bucket/key`, `arn:aws:rds:...:cluster:name`."""
    resource = arn.split(":", 5)[-1]
    return [resource, resource.split("/", 1)[0], resource.rsplit("/", 1)[-1], resource.rsplit(":", 1)[-1]]
