"""A pack of a few rows, and resources made by hand: what the graph and the engine do, without the bundled rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.model.location import Lines, Location, Span
from phiward.model.project import Project
from phiward.model.resource import AttributePath, Hole, Resource, Scope
from phiward.model.value import Value
from phiward.pack import Pack
from phiward.pack.compile import Compiler

ROWS = """
- type: t.bucket
  title: bucket
  kinds: [datastore]
  terraform: [aws_bucket, aws_old_bucket]
  name: {terraform: bucket}
  satellites:
    terraform:
      versioning: {type: aws_bucket_versioning, by: bucket}
      policy: {type: aws_bucket_policy, by: bucket}
      access: {type: aws_bucket_access, by: bucket_id}
      feeds: {type: aws_feed, by: "targets[].arn"}
  properties:
    encryption.at_rest: {terraform: {constant: true}, doc: d}
    encryption.key: {terraform: kms_key_id, default: service, doc: d}
    versioned:
      terraform: {path: ["@versioning.settings.status", versioning.enabled], values: {Enabled: true, Suspended: false}}
      default: false
      doc: d
    declared: {terraform: {path: "@policy.policy", present: true}}
- type: t.database
  title: database
  kinds: [datastore, database]
  terraform: aws_database
  name: {terraform: identifier}
  properties:
    encryption.at_rest: {terraform: {path: storage_encrypted, inherits: [source, settings.snapshot]}, default: false, doc: d}
    encryption.key: {terraform: {path: kms_key_id, inherits: [source]}, default: aws, doc: d}
    days: {terraform: days, default: {unknown: it depends on the region, hint: write days}, doc: d}
    engine: {terraform: {path: engine, values: {pg: postgres, none: null}}, default: mysql, doc: d}
    ports: {terraform: "rule[].port"}
    rules: {terraform: rule}
    size: {terraform: [size, settings.size]}
    declared: {terraform: {path: [storage_encrypted, logs], present: true}}
- type: t.key
  title: key
  kinds: [key]
  terraform: aws_kms_key
  properties:
    days: {terraform: deletion_window_in_days, default: 30, doc: d}
- type: t.trail
  title: trail
  kinds: [trail]
  terraform: aws_trail
  properties:
    versioned: {terraform: multi_region, default: false, doc: d}
- type: t.lake
  title: lake
  kinds: [trail]
  terraform: aws_lake
  properties:
    days: {terraform: days, default: 1, doc: d}
"""
TYPES = {
    "encryption.at_rest": "boolean",
    "encryption.key": "key",
    "versioned": "boolean",
    "declared": "boolean",
    "days": "integer",
    "engine": "string",
    "ports": "list",
    "rules": "items",
    "size": "integer",
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "least_days": {"default": 7, "stricter": "higher"},
    "engines": {"default": ["postgres", "mysql"], "stricter": "fewer"},
    "named": {"default": [], "stricter": "fewer"},
}
PROFILES: dict[str, dict[str, Value]] = {"hipaa": {}, "strict": {"least_days": 35}}
CITATION = "164.312(a)(1)"


def compiler() -> Compiler:
    made = Compiler(Path())
    made.properties = {name: {"type": type_} for name, type_ in TYPES.items()}
    made.kinds = {kind: {} for kind in ("datastore", "database", "key", "trail")}
    made.parameters = PARAMETERS
    made.citations = {CITATION: {}}
    return made


def small_pack(*rules: Mapping[str, Any]) -> Pack:
    """A pack of the rows above and these rules; what a rule leaves out is filled in."""
    made = compiler()
    filled = [
        {
            "title": rule["id"],
            "severity": "high",
            "citations": [CITATION],
            "message": "{resource}: {property} is {observed}, not {expected}",
            "because": "b",
            "fix": "f",
            **rule,
        }
        for rule in rules
    ]
    return Pack(
        {
            "title": "small",
            "version": "1",
            "digest": "sha256:0",
            "properties": TYPES,
            "parameters": PARAMETERS,
            "profiles": PROFILES,
            "citations": made.citations,
            "rows": [made.row(row, "rows") for row in yaml.safe_load(ROWS)],
            "rules": [made.rule(rule, Path("hipaa/theme") / f"{rule['id']}.yaml", "rules") for rule in filled],
        }
    )


class At:
    """An origin that shows the attribute path it was asked for in the location's line."""

    def __init__(self, path: str, line: int) -> None:
        self.path, self.line = path, line

    def locate(self, path: AttributePath = ()) -> Location:
        return Location(self.path, Span(self.line + len(path), 1, self.line + len(path), 2))

    def lines(self) -> tuple[Lines, ...]:
        return (self.locate().lines,)

    def header(self) -> Location:
        return self.locate()


def scope(path: str = "root", *holes: Hole, **settings: Any) -> Scope:
    return Scope("terraform", path, holes, Project(**settings))


def made(address: str, where: Scope, *, line: int = 1, file: str = "main.tf", **attributes: Value) -> Resource:
    """A resource; its native type is read from the address."""
    steps = re.sub(r"\[[^\]]*\]", "", address).split(".")
    while steps[0] == "module":
        steps = steps[2:]
    native = ".".join(steps[:-1])
    return Resource("terraform", native, address, attributes, At(file, line), where)


def graph_of(*resources: Resource, pack: Pack | None = None) -> ResourceGraph:
    return ResourceGraph(resources, pack or small_pack())


def view_of(address: str, *resources: Resource) -> View:
    """The view of an address in a graph of these resources (in the first one's scope)."""
    view = graph_of(*resources).view(address, resources[0].scope)
    assert view is not None
    return view


def database(*others: tuple[str, Mapping[str, Value]], **attributes: Value) -> View:
    """The view of a database with these attributes, beside other resources: (address, attributes)."""
    root = scope()
    beside = [made(address, root, **values) for address, values in others]
    return view_of("aws_database.a", made("aws_database.a", root, **attributes), *beside)
