"""A resource seen through the catalog: properties instead of attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from phiward.graph.keys import CUSTODIES, KeyUse, key_use
from phiward.graph.reading import MISSING, Step, read_path
from phiward.graph.tenancy import Surroundings, Tenancy, data_class, identify_tenant
from phiward.graph.truth import why, written
from phiward.graph.words import Words, translated, within
from phiward.model.finding import NOT_KNOWN, Subject
from phiward.model.location import Location
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import OpenAttributes, Reference, Unknown, Value, like, undecided
from phiward.record import dataclass

if TYPE_CHECKING:
    from phiward.graph.resource_graph import ResourceGraph
    from phiward.pack import Row

_NO_FIELDS: Mapping[str, AttributePath] = MappingProxyType({})
_NO_WORDS: Words = MappingProxyType({})
TAGS = {
    "terraform": ("tags_all", "tags"),
    "aws": ("tags_all", "tags"),
    "cloudformation": ("Tags", "HostedZoneTags", "UserPoolTags", "FileSystemTags", "BackupVaultTags", "BackupPlanTags"),
}
"""The attributes that hold tags; the first that is written counts."""
ABSENT = None
"""What a property reads as where nothing is written and the catalog names no default."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A computed value with the attributes that it was computed from, most telling first.

    `paths` are written as in the catalog (`@policy.policy`). `places` say, for a list, where each
    element stands: the resource and the attribute path; `fields` where its fields stand inside of that.
    """

    value: Value
    paths: Sequence[str] = ()
    places: Sequence[tuple[Resource, AttributePath]] = ()
    fields: Mapping[str, AttributePath] = _NO_FIELDS


ComputedProperty = Callable[..., "Value | Derived"]


@dataclass(slots=True, eq=False)
class Reading:
    """A property as read. `value` is plain, `Unknown`, or None where it is absent without a default.

    Nothing changes it once `View.reading` has handed it out.
    """

    value: Value
    resource: Resource
    path: AttributePath = ()
    by_default: bool = False
    places: Sequence[tuple[Resource, AttributePath]] = ()
    fields: Mapping[str, AttributePath] = _NO_FIELDS
    spec: Mapping[str, Any] | None = None
    """The catalog's dialect that it was read by."""
    key: KeyUse | None = None
    """For a property of type `key` that is written: which key."""
    dialect: str = ""
    """The dialect of `spec`."""

    def location(self, element: int | None = None, field: str = "") -> Location:
        """Where it, an element of it or a field of that stands; the resource's opening line where it is not written."""
        if element is not None and element < len(self.places):
            owner, path = self.places[element]
            return owner.origin.locate((*path, *self.fields.get(field, ())))
        if element is None and self.places and not self.path:  # the list as a whole: its first element
            owner, path = self.places[0]
            return owner.origin.locate(path) if path else owner.origin.header()
        return self.resource.origin.locate(self.path) if self.path else self.resource.origin.header()


class View:
    """A resource that the catalog describes."""

    __slots__ = ("_header", "_readings", "_subject", "_tags", "_tenancy", "doubt", "graph", "resource", "row", "words")

    def __init__(
        self,
        resource: Resource,
        row: Row,
        graph: ResourceGraph,
        words: Words | None = None,
        doubt: Unknown | None = None,
    ) -> None:
        """`doubt` is why another row may describe it."""
        self.resource = resource
        self.row = row
        self.graph = graph
        self.doubt = doubt
        self.words = row.words if words is None else words
        self._readings: dict[str, Reading] = {}
        self._tenancy: Tenancy | None = None
        self._tags: Value = MISSING
        self._subject: Subject | None = None
        self._header: Location | None = None

    # -- identity

    @property
    def name(self) -> Value:
        """The resource's own name, None where it writes none."""
        for path in self.row.name:
            value, _ = self.read(path)
            if value is not MISSING:
                return self._resolve(value) if isinstance(value, Reference) else value
        return None

    @property
    def tags(self) -> Value:
        if self._tags is MISSING:
            self._tags = self._read_tags()
        return self._tags

    def _read_tags(self) -> Value:
        attributes = self.resource.attributes
        if self.row.dialect == "kubernetes":
            labels = self.get("metadata.labels")
            return labels if labels is not None else {}
        own = self._own_tags(attributes)
        return own if self.row.dialect != "cloudformation" else self._with_tags_of_the_stack(own)

    def _with_tags_of_the_stack(self, own: Value) -> Value:
        """Its tags, and those of the nested stacks around it: CloudFormation puts a stack's tags on what is in it."""
        around = self.resource.address.rpartition(".")[0]
        while around and not undecided(own):
            stack = self.graph.find(around, self.resource.scope)
            outer = self._own_tags(stack.attributes) if stack is not None else {}
            own = OpenAttributes(own, why(outer)) if undecided(outer) else like(own, {**outer, **own})
            around = around.rpartition(".")[0]
        return own

    def _own_tags(self, attributes: Mapping[str, Value]) -> Value:
        names = TAGS[self.row.dialect]
        value = next((found for name in names if (found := attributes.get(name)) is not None), None)
        if isinstance(value, Reference):
            value = self._resolve(value)
        if isinstance(value, list):  # autoscaling's blocks, CloudFormation's lists
            return self._listed_tags(value)
        if isinstance(value, dict):
            return {k: self._resolve(v) if isinstance(v, Reference) else v for k, v in value.items()}
        return value if undecided(value) else {}

    def _listed_tags(self, value: list[Value]) -> Value:
        key, content = ("Key", "Value") if self.row.dialect == "cloudformation" else ("key", "value")
        tags: dict[str, Value] = {}
        for tag in value:
            name = tag.get(key) if isinstance(tag, dict) else tag
            if undecided(name):
                return why(name)
            if isinstance(tag, dict) and isinstance(name, str):
                inner = tag.get(content)
                tags[name] = self._resolve(inner) if isinstance(inner, Reference) else inner
        return tags

    @property
    def tenancy(self) -> Tenancy:
        if self._tenancy is None:
            resource = self.resource
            project = resource.scope.project
            self._tenancy = identify_tenant(project, resource.address, self.name, self.tags, self.surroundings)
        return self._tenancy

    @property
    def data_class(self) -> str | Unknown:
        return data_class(self.resource.scope.project, self.tags, self.surroundings)

    @property
    def surroundings(self) -> Surroundings | None:
        """The namespace that a Kubernetes object stands in (or is); None for anything else."""
        if self.row.dialect != "kubernetes":
            return None
        metadata = self.resource.attributes.get("metadata")
        if not isinstance(metadata, dict):
            return None
        name = metadata.get("name" if self.resource.native_type == "Namespace" else "namespace")
        return self.graph.cluster(self.resource.scope).surroundings(name) if isinstance(name, str) else None

    @property
    def header(self) -> Location:
        """The resource's opening line, looked up once for all of its findings."""
        if self._header is None:
            self._header = self.resource.origin.header()
        return self._header

    @property
    def subject(self) -> Subject:
        """Who a finding is about. An undecided tenant or class is shown as such, never as none."""
        if self._subject is None:
            resource, tenant, class_ = self.resource, self.tenancy.tenant, self.data_class
            self._subject = Subject(
                address=resource.address,
                type=self.row.type,
                native_type=resource.native_type,
                source=resource.source,
                tenant=NOT_KNOWN if isinstance(tenant, Unknown) else tenant,
                data_class=NOT_KNOWN if isinstance(class_, Unknown) else class_,
                scope=resource.scope.path,
                called_from=self.resource.module_calls,
                path=self.header.path,
            )
        return self._subject

    # -- what computed properties ask

    def get(self, path: str) -> Value:
        """The value at a path of Terraform's, or of the source's own dialect: None where absent, undecided kept.

        Where the row has `words` for the dialect, a path of Terraform's is translated, and so are the names in a block.
        """
        from phiward.pack.paths import steps

        value, _ = translated(self, steps(path, self.row.type))
        return None if value is MISSING else value

    def read(self, path: Sequence[Step]) -> tuple[Value, tuple[Resource, AttributePath]]:
        """The value at a compiled path, and the resource and attribute where it stands; `MISSING` where absent."""
        head = path[0]
        if isinstance(head, str) and head.startswith("@"):
            part = self.row.parts.get(head[1:])
            if part is None:
                return self._read_satellite(head[1:], path[1:])
            return self._read_part(part, (*part, *path[1:]))
        value, at = read_path(self.resource.attributes, path, self._resolve)
        return value, (self.resource, at)

    def _read_part(self, part: Sequence[Step], path: Sequence[Step]) -> tuple[Value, tuple[Resource, AttributePath]]:
        """A value inside of a part. Where the whole part is not written, as in a patch, no default of it applies."""
        value, at = read_path(self.resource.attributes, path, self._resolve)
        if value is MISSING and part and read_path(self.resource.attributes, part, self._resolve)[0] is MISSING:
            value = Unknown(f"it writes no {'.'.join(map(str, part))}", "scan what this is a part of as it is applied")
        return value, (self.resource, at)

    def _read_satellite(self, alias: str, rest: Sequence[Step]) -> tuple[Value, tuple[Resource, AttributePath]]:
        attached = self.graph.satellites(self.resource, self.row, alias)
        if not rest:
            values = [s if isinstance(s, Unknown) else dict(s.attributes) for s in attached]
            owner = next((s for s in attached if isinstance(s, Resource)), self.resource)
            return (values or MISSING), (owner, ())
        hidden: Value = MISSING
        found: tuple[Value, tuple[Resource, AttributePath]] | None = None
        for satellite in attached:
            if isinstance(satellite, Unknown):
                hidden = satellite
                continue
            value, at = read_path(satellite.attributes, rest, self._resolve)
            if value is MISSING or (found is not None and found[0] == value):
                continue
            if found is not None:
                both = f"{found[1][0].address} and {satellite.address} write it differently"
                return Unknown(both), (self.resource, ())
            found = value, (satellite, at)
        return found or (hidden, (self.resource, ()))

    def satellites(self, alias: str) -> list[View | Unknown]:
        """Views of the side resources; may end in an `Unknown` where one may be hidden.

        What the dialect writes into the resource itself comes first.
        """
        at, words = self.words.get(f"@{alias}", (None, _NO_WORDS))
        inside: list[View | Unknown] = [
            part if isinstance(part, Unknown) else View(part, self.row, self.graph, words)
            for part in (within(self, at) if at is not None else ())
        ]
        attached = self.graph.satellites(self.resource, self.row, alias) if self.attaches(alias) else ()
        return inside + [s if isinstance(s, Unknown) else View(s, self.row, self.graph, words) for s in attached]

    def attaches(self, alias: str) -> bool:
        """Whether side resources are attached under an alias."""
        return any(alias == name for name, _, _ in self.row.satellites)

    @property
    def is_described(self) -> bool:
        """Whether the row is about this resource, and not about the one that it was reached from."""
        return self.resource.native_type in self.row.native_types

    def follow(self, reference: Value) -> View | None:
        """The view of the resource that a reference leads to, catalogued or not; None for anything else."""
        if not isinstance(reference, Reference):
            return None
        resource = self.graph.find(reference.address, self.resource.scope)
        if resource is None:
            return None
        return self.graph.view_of(resource) or View(resource, self.row, self.graph, _NO_WORDS)

    def _resolve(self, reference: Reference) -> Value:
        return self.graph.resolve(reference, self.resource.scope)

    # -- properties

    def models(self, name: str) -> bool:
        """Whether the catalog says where this property stands for this type."""
        return name in self.row.properties or name in _BUILT_IN

    def property(self, name: str) -> Value:
        """The value of a property; None where absent without a default."""
        return self.reading(name).value

    def reading(self, name: str) -> Reading:
        found = self._readings.get(name)
        if found is None:
            self._readings[name] = _UNDER_WAY
            built_in = _BUILT_IN.get(name)
            found = built_in(self) if built_in and name not in self.row.properties else self._modelled(name)
            found.spec, found.dialect = self.row.properties.get(name), self.row.dialect
            self._readings[name] = found
        elif found is _UNDER_WAY:
            return Reading(Unknown(f"{self.resource.address} takes it over from itself"), self.resource)
        return found

    def _modelled(self, name: str) -> Reading:
        spec = self.row.properties.get(name)
        if spec is None:
            return Reading(Unknown(f"the catalog does not say where {name} stands for {self.row.type}"), self.resource)
        if self.doubt is not None:
            return Reading(self.doubt, self.resource)
        if "constant" in spec:
            return Reading(spec["constant"], self.resource, by_default=True)
        type_ = self.graph.pack.property_types[name]
        if "compute" in spec:
            return self._computed(spec, type_)
        return self._written(spec, type_, name)

    def _computed(self, spec: Mapping[str, Any], type_: str) -> Reading:
        from phiward.graph.computed import computed

        result = computed(spec["compute"])(self, **spec["with"])
        derived = result if isinstance(result, Derived) else Derived(result)
        if derived.value is None or derived.value is MISSING:
            return self._default(spec)
        owner, at = self._first_written(derived.paths)
        reading = self._converted(derived.value, type_, owner, at)
        reading.places, reading.fields = derived.places, derived.fields
        return reading

    def _first_written(self, paths: Sequence[str]) -> tuple[Resource, AttributePath]:
        from phiward.pack.paths import steps

        for path in paths:
            value, where = translated(self, steps(path, self.row.type))
            if value is not MISSING and where[1]:
                return where
        return self.resource, ()

    def _written(self, spec: Mapping[str, Any], type_: str, name: str) -> Reading:
        hidden: tuple[Value, tuple[Resource, AttributePath]] | None = None
        for path in spec["paths"]:
            value, (owner, at) = self._key_or_value(path, type_, present="present" in spec)
            if isinstance(value, Unknown) and str(path[0]).startswith("@") and not at:
                hidden = hidden or (value, (owner, at))  # a satellite may be hidden; an inline value would still decide
            elif value is not MISSING and value != "":
                return self._read_value(spec, value, owner, at, type_)
        if hidden is not None:
            return Reading(hidden[0], self.resource)
        if spec.get("present"):
            return Reading(False, self.resource, by_default=True)
        return self._inherited(spec, name) or self._default(spec)

    def _key_or_value(
        self, path: Sequence[Step], type_: str, *, present: bool
    ) -> tuple[Value, tuple[Resource, AttributePath]]:
        value, where = self.read(path)
        if isinstance(value, Reference) and type_ != "key" and not present:
            value = self._resolve(value)
        return value, where

    def _read_value(
        self, spec: Mapping[str, Any], value: Value, owner: Resource, at: AttributePath, type_: str
    ) -> Reading:
        if spec.get("present"):
            return Reading(written(value), owner, at)
        values = spec.get("values")
        if values is not None:
            value = _mapped(value, values)
            if value is None:
                return self._default(spec)
        return self._converted(value, type_, owner, at)

    def _inherited(self, spec: Mapping[str, Any], name: str) -> Reading | None:
        for path in spec.get("inherits", ()):
            value, (owner, at) = self.read(path)
            if value is MISSING or value == "":
                continue
            source = self.graph.view(value.address, self.resource.scope) if isinstance(value, Reference) else None
            if source is not None and name in source.row.properties:
                taken = source.reading(name)
                return Reading(taken.value, owner, at, key=taken.key)
            text = ".".join(str(step) for step in path)
            return Reading(Unknown(f"it follows {text}, which is not in what was scanned"), owner, at)
        return None

    def _default(self, spec: Mapping[str, Any]) -> Reading:
        default = spec.get("default")
        if isinstance(default, dict) and "by_provider_major" in default:
            return Reading(self._by_major(default["by_provider_major"]), self.resource, by_default=True)
        if isinstance(default, dict):
            return Reading(Unknown(default["unknown"], default.get("hint", "")), self.resource, by_default=True)
        return Reading(default, self.resource, by_default="default" in spec)

    def _by_major(self, defaults: Sequence[Sequence[Any]]) -> Value:
        """What the provider makes of what is not written; `Unknown` where versions may be in use that differ in it."""
        majors = self.resource.scope.majors
        possible = [entry for entry in defaults if majors is None or any(entry[0] <= m < entry[1] for m in majors)]
        values = [value for _, _, value in possible]
        if values and all(value == values[0] for value in values):
            return values[0]
        changed = " and ".join(str(first) for first, _, _ in defaults[1:])
        reason = f"its default changed with version {changed} of the AWS provider, and which one is used is not decided"
        return Unknown(reason, "write it, or pin the provider's major version in required_providers")

    def _converted(self, value: Value, type_: str, owner: Resource, at: AttributePath) -> Reading:
        """The value as its property's type wants it."""
        if type_ == "key":
            if (
                isinstance(value, str)
                and value in CUSTODIES
                and read_path(owner.attributes, at, lambda r: r)[0] == value
            ):
                return Reading(Unknown("what is written is not recognisable as a KMS key"), owner, at)
            use = key_use(value, self.graph, self.resource.scope)
            return Reading(use.custody, owner, at, key=use)
        if undecided(value):
            return Reading(why(value), owner, at)
        return Reading(_CONVERT[type_](value), owner, at)

    def key(self, name: str) -> KeyUse:
        """Which key a property of type `key` names."""
        reading = self.reading(name)
        return reading.key or KeyUse(reading.value if isinstance(reading.value, (str, Unknown)) else "none")


def _boolean(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return Unknown("what is written is neither true nor false")


def _integer(value: Value) -> Value:
    if isinstance(value, bool):
        return Unknown("what is written is not a number")
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return Unknown("what is written is not a number")


def _string(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else Unknown("not a text")


def _list(value: Value) -> Value:
    return value if isinstance(value, list) else [value]


def _mapped(value: Value, values: Mapping[str, Any]) -> Value:
    """A raw value, or each of a list, as the catalog maps it; one that it does not name as it is."""
    if isinstance(value, list):
        return [_mapped(item, values) for item in value]
    if not isinstance(value, (str, bool, int, float)):
        return value
    return values.get(str(value).lower() if isinstance(value, bool) else str(value), value)


_CONVERT: dict[str, Callable[[Value], Value]] = {
    "boolean": _boolean,
    "integer": _integer,
    "string": _string,
    "list": _list,
    "items": _list,
    "mapping": lambda value: value,
}


def _tenant(view: View) -> Reading:
    return Reading(view.tenancy.tenant, view.resource)


def _tier(view: View) -> Reading:
    tenant = view.tenancy.tenant
    if isinstance(tenant, Unknown):
        return Reading(tenant, view.resource)
    return Reading(view.resource.scope.project.tenants.get(tenant) if tenant else None, view.resource)


_UNDER_WAY: Any = object()
"""Stands for a reading while it is being worked out, so that one that needs itself is found out."""
_BUILT_IN: dict[str, Callable[[View], Reading]] = {
    "name": lambda view: Reading(why(view.name) if undecided(view.name) else view.name, view.resource),
    "tags": lambda view: Reading(why(view.tags) if undecided(view.tags) else view.tags, view.resource),
    "tenant": _tenant,
    "tier": _tier,
    "data.class": lambda view: Reading(view.data_class, view.resource),
    "type": lambda view: Reading(view.row.type, view.resource),
    "address": lambda view: Reading(view.resource.address, view.resource),
}
