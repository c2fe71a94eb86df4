"""No property of a CloudFormation resource turns over a value that is left open: it stays as it was, or is not known.

The resources are made from the types' schemas: whatever a template may write, not only what an example shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from tests.conformance.catalog_paths import Schema, resolved, resource_schema
from tests.graph.small import At

from phiward.graph.resource_graph import ResourceGraph
from phiward.model.resource import Resource, Scope
from phiward.model.value import Reference, Unknown, Value, undecided, unknowns
from phiward.pack import Row, load_pack

PACK = load_pack()
ROWS = [
    pytest.param(row, native, id=f"{row.type} {native}")
    for row in PACK.rows()
    if row.dialect == "cloudformation"
    for native in row.native_types
]
OPEN = Unknown("left open")
MADE, OPENED, DEEPEST = 8, 8, 6
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WORDS = (
    "x", "*", "alias/aws/x", KEY, "PublicRead", "Private", "TLS", "HTTP", "default", "postgres", "mysql", "15.3",
    "Snapshot", "Delete", "SINGLE_AZ_1", "MULTI_AZ_1", "WINDOWS", "EXTERNAL", "SFTP", "FTP", "KMS", "PT1H",
)  # fmt: skip
STATEMENTS = [
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
    {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*", "sts:AssumeRole"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    },
]
PARAMETERS = ({"rds.force_ssl": "1"}, {"require_secure_transport": "ON", "pgaudit.log": "all"}, {})
Step = str | int


def made(random: Random, root: Schema, schema: Schema, name: str = "", depth: int = 0) -> Value:
    """Something that a schema allows, or nearly so."""
    while "$ref" in schema:
        schema = resolved(root, schema["$ref"])
    if "properties" not in schema and "items" not in schema:
        return _leaf(random, schema, name)
    if "items" in schema:
        return [made(random, root, schema["items"], name, depth + 1) for _ in range(random.randint(0, 2))]
    return {
        key: made(random, root, inner, key, depth + 1)
        for key, inner in schema["properties"].items()
        if depth < DEEPEST and random.random() < (0.75 if depth else 0.55)
    }


def _leaf(random: Random, schema: Schema, name: str) -> Value:
    type_ = schema.get("type")
    if "olicy" in name and type_ != "string":
        return {"Statement": deepcopy(random.choice([STATEMENTS, STATEMENTS[:1], STATEMENTS[1:]]))}
    if name == "Parameters":
        return dict(random.choice(PARAMETERS))
    if "enum" in schema:
        return random.choice(schema["enum"])
    if type_ == "boolean":
        return random.choice([True, False, "true"])
    return random.choice([0, 1, 7, 30, 2557, 3600]) if type_ in ("integer", "number") else random.choice(WORDS)


def places(value: Value, at: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Where anything stands."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*at, key)
        yield from places(inner, (*at, key))


def left_open(value: Any, at: tuple[Step, ...]) -> Any:
    changed = deepcopy(value)
    around = changed
    for key in at[:-1]:
        around = around[key]
    around[at[-1]] = OPEN
    return changed


def properties(row: Row, *declared: tuple[str, dict[str, Value]]) -> dict[str, Value]:
    """What the first of some resources reads as; nothing where another row describes it."""
    scope = Scope("cloudformation", "template.yaml")
    resources = [
        Resource("cloudformation", native, f"R{number}", attributes, At("template.yaml", 1), scope)
        for number, (native, attributes) in enumerate(declared)
    ]
    view = ResourceGraph(resources, PACK).view("R0", scope)
    return {} if view is None or view.row is not row else {name: view.property(name) for name in row.properties}


def open_somewhere(value: Value) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(open_somewhere, value.values() if isinstance(value, dict) else value))
    return undecided(value) or next(unknowns(value), None) is not None


def beside(random: Random, row: Row) -> Iterator[tuple[str, dict[str, Value]]]:
    """Some of what may be attached to a resource, attached."""
    for _, native, by in random.sample(row.satellites, min(2, len(row.satellites))):
        root = resource_schema(native)
        assert root is not None
        attributes = made(random, root, root)
        if len(by) == 1:
            many = isinstance(attributes.get(str(by[0])), list)
            attributes[str(by[0])] = [Reference("R0")] if many else Reference("R0")
        yield native, attributes


@pytest.mark.parametrize(("row", "native"), ROWS)
def test_what_is_left_open_turns_no_property(row: Row, native: str) -> None:
    random = Random(f"{row.type} {native}")
    root = resource_schema(native)
    assert root is not None
    wrong = []
    for _ in range(MADE):
        declared = [(native, made(random, root, root)), *beside(random, row)]
        if row.discriminator and row.discriminator["in"]:
            declared[0][1][row.discriminator["path"][0]] = row.discriminator["in"][0]
        before = properties(row, *declared)
        everywhere = [(number, at) for number, (_, attributes) in enumerate(declared) for at in places(attributes)]
        for number, at in random.sample(everywhere, min(OPENED, len(everywhere))):
            opened = list(declared)
            opened[number] = (declared[number][0], left_open(declared[number][1], at))
            after = properties(row, *opened)
            wrong += [
                f"{name} by {'.'.join(map(str, at))} of {declared[number][0]}: {before[name]} -> {value}"
                for name, value in after.items()
                if not open_somewhere(value) and not open_somewhere(before.get(name)) and before
                if value != before[name]
            ]
    assert wrong == []
