"""The pack: rules, catalog, citations and parameters, compiled and fingerprinted.

A wheel carries `_pack/pack.jsonl`, compiled when it was built; a checkout compiles `rules/` each time it starts, so
that an edited rule is the rule that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from phiward.errors import PackError, SettingsError
from phiward.model.finding import Loosened, PackIdentity
from phiward.model.project import Project
from phiward.model.rule import SEVERITIES, Rule, Severity
from phiward.model.value import Value
from phiward.pack.services import EligibleServices
from phiward.pack.stored import index, part, read, with_rules
from phiward.record import dataclass, replace

_PACKAGE = Path(__file__).resolve().parent.parent


def pack_directory() -> Path:
    """Where the pack's YAML stands: beside the package in a wheel, at the top of a checkout."""
    shipped = _PACKAGE / "_pack" / "rules"
    return shipped if shipped.is_dir() else _PACKAGE.parent.parent / "rules"


def pack_source() -> Path:
    """What `load_pack` reads: a wheel's compiled pack, a checkout's directory of YAML."""
    compiled = _PACKAGE / "_pack" / "pack.jsonl"
    return compiled if compiled.is_file() else pack_directory()


def load_pack() -> Pack:
    """The bundled pack. Raises PackError."""
    source = pack_source()
    if source.is_file():
        return Pack(read(source.read_bytes()))
    from phiward.pack.compile import Compiler

    if not source.is_dir():
        raise PackError("the rule pack is missing", where=str(source), hint="reinstall phiward")
    return Pack(Compiler(source).compile())


@dataclass(frozen=True, slots=True)
class Row:
    """A catalog row in one dialect: `properties` say where each stands there, and are read by `graph.view`."""

    type: str
    title: str
    kinds: frozenset[str]
    dialect: str
    native_types: tuple[str, ...]
    name: list[list[str | int]]
    satellites: list[tuple[str, str, list[str | int]]]
    properties: Mapping[str, Mapping[str, Any]]
    parts: Mapping[str, list[str | int]]
    """Places inside the resource that paths begin at: `@pod.spec` of a Deployment is `spec.template.spec`."""
    read_by: tuple[str, ...]
    """The rules that read it to judge other resources."""
    words: Mapping[str, Any]
    """What computed properties call an attribute, to where it stands in this dialect: see `graph.words`."""
    alone: str = ""
    """For what a satellite decides by itself: its alias; empty for a resource that stands for itself."""
    left_out: frozenset[str] = frozenset()
    """The properties that it does not decide, and the resource that it belongs to has."""
    discriminator: Mapping[str, Any] | None = None
    """Which resources of its native types it describes, where not all: a path, and the words that stand there.

    `in` is None where whatever is written there will do.
    """


@dataclass(frozen=True, slots=True)
class Outline:
    """What of a rule decides whether it is asked for at all."""

    id: str
    severity: Severity
    select: Mapping[str, Any]


class Pack:
    """The compiled pack with its tables as the engine and the reports want them.

    `outlines` are its rules, of which the whole is had when it is asked for; `satellite_types` the native types that
    are judged as part of another resource.
    """

    def __init__(self, compiled: Mapping[str, Any], documents: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._compiled = compiled
        self._documents = documents
        self.title: str = compiled["title"]
        self.identity = PackIdentity(compiled["version"], compiled["digest"])
        self.property_types: Mapping[str, str] = compiled["properties"]
        self.parameters: Mapping[str, Mapping[str, Any]] = compiled["parameters"]
        self.profiles: Mapping[str, Mapping[str, Value]] = compiled["profiles"]
        known = compiled["index"] if "index" in compiled else index(compiled)
        self.outlines = tuple(Outline(id_, SEVERITIES[severity], select) for id_, severity, select in known["rules"])
        self.satellite_types = frozenset(known["satellites"])
        self._numbers = {outline.id: number for number, outline in enumerate(self.outlines)}
        self._natives: Mapping[str, list[Any]] = known["natives"]
        self._alone: Mapping[str, list[Any]] = known["alone"]
        self._alone_rows: dict[str, Row] = {}
        self._live: Mapping[str, list[Any]] = known["live"]
        self._live_rows: dict[tuple[str, frozenset[str]], Row] = {}
        self._variants: Mapping[str, list[list[Any]]] = known["variants"]
        self._rows: dict[tuple[int, str], Row] = {}
        self._rules: dict[str, Rule] = {}

    def row(self, native_type: str) -> Row | None:
        """The catalog row of a native type, or None where the catalog does not know it or has but `variants` of it."""
        found = self._natives.get(native_type) or self._natives.get(f"{native_type.rpartition('/')[0]}/*")
        return self._row(*found) if found is not None else None

    def variants(self, native_type: str) -> list[Row]:
        """The rows of which each describes only some of the resources of a native type."""
        return [self._row(*found) for found in self._variants.get(native_type, ())]

    def _row(self, number: int, dialect: str) -> Row:
        made = self._rows.get((number, dialect))
        if made is None:
            raw = part(self._compiled["rows"][number])
            spoken = raw["dialects"][dialect]
            made = self._rows[number, dialect] = Row(
                type=raw["type"],
                title=raw["title"],
                kinds=frozenset(raw["kinds"]),
                dialect=dialect,
                native_types=tuple(spoken["natives"]),
                name=spoken["name"],
                satellites=[(alias, native, by) for alias, native, by in spoken["satellites"]],
                properties=spoken["properties"],
                parts=spoken["parts"],
                read_by=tuple(raw["read_by"]),
                words=spoken["words"],
                discriminator=spoken["discriminator"],
            )
        return made

    def row_live(self, row: Row | None, native_type: str, not_shown: frozenset[str]) -> Row | None:
        """The row of what runs: with what only an account shows, and without what only a declaration does."""
        found = self._live.get(native_type)
        if found is None and not not_shown:
            return row
        key = row.type if row is not None else native_type, not_shown
        if key not in self._live_rows:
            more = self._row(*found) if found is not None else None
            base = row or more
            assert base is not None
            properties = {**base.properties, **(more.properties if more is not None else {})}
            kept = {name: spec for name, spec in properties.items() if name not in not_shown}
            self._live_rows[key] = replace(base, properties=kept)
        return self._live_rows[key]

    def row_alone(self, native_type: str) -> Row | None:
        """What a side resource decides by itself; None where it decides nothing without what it belongs to."""
        if native_type not in self._alone:
            return None
        made = self._alone_rows.get(native_type)
        if made is None:
            number, dialect, alias = self._alone[native_type]
            row = self._row(number, dialect)
            names = part(self._compiled["rows"][number])["dialects"][dialect]["alone"][alias]
            made = self._alone_rows[native_type] = replace(
                row,
                native_types=(native_type,),
                name=[by for one, native, by in row.satellites if (one, native) == (alias, native_type)],
                properties={name: row.properties[name] for name in names},
                alone=alias,
                left_out=frozenset(row.properties) - set(names),
            )
        return made

    def rows(self) -> list[Row]:
        """Every row, once for each of its dialects, in the catalog's order."""
        seen: dict[int, Row] = {}
        variants = (one for some in self._variants.values() for one in some)
        for number, dialect in [*self._natives.values(), *variants, *self._live.values()]:
            row = self._row(number, dialect)
            seen[id(row)] = row
        return list(seen.values())

    def document(self, rule: Rule) -> Mapping[str, Any]:
        """The file of a rule as it is written."""
        from phiward.pack.compile import read_yaml

        own = self._documents.get(rule.id)
        found: Mapping[str, Any] = own or read_yaml(
            pack_directory() / "hipaa" / rule.theme / f"{rule.id}.yaml", rule.id
        )
        return found

    def extended(self, rules: Sequence[Mapping[str, Any]], documents: Mapping[str, Any], digest: str) -> Pack:
        """The pack with more rules and their files, whose digest is in its own and, shortened, in its version."""
        from hashlib import sha256

        total = sha256(f"{self.identity.digest}\0{digest}".encode()).hexdigest()
        version = f"{self.identity.version}+own.{digest[:8]}"
        return Pack({**with_rules(self._compiled, rules), "version": version, "digest": f"sha256:{total}"}, documents)

    @cached_property
    def citations(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = part(self._compiled["citations"])
        return found

    @cached_property
    def services(self) -> EligibleServices:
        return EligibleServices(part(self._compiled["services"]))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(self.rule(outline.id) for outline in self.outlines)

    def rule(self, id_: str) -> Rule:
        """The whole of a rule. Raises KeyError for one that there is not."""
        found = self._rules.get(id_)
        if found is None:
            number = self._numbers[id_]
            found = self._rules[id_] = _rule(part(self._compiled["rules"][number]), self.outlines[number])
        return found

    def parameters_for(self, project: Project) -> tuple[dict[str, Value], tuple[Loosened, ...]]:
        """Every parameter's value under a project's settings, and those that it loosens. Raises SettingsError."""
        if project.profile not in self.profiles:
            known = ", ".join(self.profiles)
            raise SettingsError(f"there is no profile {project.profile!r}", hint=f"known: {known}", where=project.path)
        values = {name: spec["default"] for name, spec in self.parameters.items()}
        values.update(self.profiles[project.profile])
        loosened = []
        for name, value in project.parameters.items():
            if name not in values:
                known = ", ".join(values)
                raise SettingsError(f"there is no parameter {name!r}", hint=f"known: {known}", where=project.path)
            default = self.parameters[name]["default"]
            if not _same_kind(default, value):
                raise SettingsError(f"parameters.{name} must be like {default!r}", where=project.path)
            if looser(default, value, self.parameters[name]["stricter"]):
                loosened.append(Loosened(name, default, value))
            values[name] = value
        return values, tuple(loosened)


def _rule(raw: Mapping[str, Any], outline: Outline) -> Rule:
    return Rule(
        id=outline.id,
        title=raw["title"],
        theme=raw["theme"],
        severity=outline.severity,
        citations=tuple(raw["citations"]),
        message=raw["message"],
        because=raw["because"],
        fix=raw["fix"],
        fix_snippets=raw["fix_snippets"],
        equivalents={tool: tuple(ids) for tool, ids in raw["equivalents"].items()},
        select=outline.select,
        when=raw["when"],
        check=raw["check"],
        graph=raw["graph"],
        needs=raw["needs"],
    )


def _same_kind(default: Value, value: Value) -> bool:
    if isinstance(default, list):
        like = type(default[0]) if default else str
        return isinstance(value, list) and all(type(item) is like for item in value)
    return type(value) is type(default)


def looser(default: Value, value: Value, stricter: str) -> bool:
    """Whether a value asks for less than the default. `stricter`: higher, lower, more, fewer or `true`."""
    if stricter == "higher":
        return bool(value < default)
    if stricter == "lower":
        return bool(value > default)
    if stricter == "more":
        return not set(default) <= set(value)
    if stricter == "fewer":
        return bool(default) and not set(value) <= set(default)  # an empty default asks for nothing yet
    return bool(value != default)
