"""What a path of the catalog may name: the schemas of each dialect's resource types, and walks along them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import kubernetes_validate.utils
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from phiward.graph.words import Respelled, respell
from phiward.pack import Row
from phiward.pack.paths import steps

Step: TypeAlias = str | int
Steps: TypeAlias = Sequence[Step]
Schema: TypeAlias = dict[str, Any]

PROVIDER: Schema = json.loads(Path(__file__).with_name("aws_provider.json").read_text())
"""The AWS provider's types: `distil_provider.py` says how it was made."""
BACKENDS: Schema = {
    "terraform.backend.local": {"path": "", "workspace_dir": ""},
    "terraform.backend.s3": dict.fromkeys(
        ("bucket", "dynamodb_table", "encrypt", "key", "kms_key_id", "region", "sse_customer_key", "use_lockfile"), ""
    ),
}
"""Arguments of Terraform's backends, from the pages "Backend type" of its language reference."""
OTHER_RELEASES = {
    ("aws_opensearchserverless_collection", "encryption_config"): "since a release after 6.25",
    ("aws_redshift_cluster", "logging"): "until 5.x",
}
"""Attributes of the provider that the release which we compare with has not."""
LIVE_ONLY = {
    "aws_backup_plan": ("last_run_days", "resource_type_opt_in_preference"),
    "aws_backup_restore_testing_plan": ("last_run_days",),
    "aws_backup_vault": ("lock_mode",),
    "aws_cloudtrail": ("delivery_error", "logs_delivery_error"),
    "aws_docdb_cluster": ("multi_az",),
    "aws_docdb_cluster_snapshot": ("shared_accounts",),
    "aws_elasticache_cluster": ("at_rest_encryption_enabled",),
    "aws_elasticache_serverless_cache": ("connection_type",),
    "aws_iam_access_key": ("age_days", "unused_days"),
    "aws_iam_user": ("mfa", "password_unused_days"),
    "aws_kms_key": ("key_state",),
    "aws_kms_replica_key": ("key_state",),
    "aws_neptune_cluster": ("multi_az",),
    "aws_neptune_cluster_snapshot": ("shared_accounts",),
    "aws_opensearchserverless_collection": ("encryption_config",),
    "aws_rds_cluster": ("multi_az",),
    "aws_redshift_cluster_snapshot": ("encrypted",),
    "aws_secretsmanager_secret": ("rotation_overdue_days", "unused_days"),
}
"""Attributes that AWS has and Terraform's provider lacks, by type."""
LIVE_TYPES = frozenset({"aws_root_user"})
"""Native types of the dialect `aws`: what nobody declares."""
REGION = "us-east-1"
RESOURCE_ATTRIBUTES = frozenset({"DeletionPolicy", "UpdateReplacePolicy"})
"""What stands beside a CloudFormation resource's properties and is read as if it were one of them."""


class Place(NamedTuple):
    """A path that a row writes down, and the types of which one must have it."""

    where: str
    dialect: str
    natives: Sequence[str]
    path: Steps

    def __str__(self) -> str:
        return f"{self.where}: {'.'.join(map(str, self.path))} in {', '.join(self.natives)}"

    def stands(self) -> bool:
        return any(_FOLLOW[self.dialect](native, self.path) for native in self.natives)


# The types


def has_type(dialect: str, native: str) -> bool:
    return {
        "terraform": lambda: native in PROVIDER or native in BACKENDS or cloud_control_type(native) is not None,
        "cloudformation": lambda: resource_schema(native) is not None,
        "kubernetes": lambda: native in kubernetes_kinds(),
        "aws": lambda: native in PROVIDER or native in LIVE_ONLY,
    }[dialect]()


@cache
def resource_schema(native: str) -> Schema | None:
    """The resource provider's schema of a CloudFormation type."""
    try:
        return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, native).schema
    except ResourceNotFoundError:
        return None


@cache
def cloud_control_type(native: str) -> str | None:
    """CloudFormation's name of a type of the `awscc` provider, which takes that one's schemas in Terraform's spelling."""
    return {
        f"awscc_{service.lower()}_{snake_case(name)}": type_
        for type_ in PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION)
        for _, service, name in [[*type_.split("::"), "", ""][:3]]
    }.get(native)


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@cache
def kubernetes_definitions() -> Schema:
    version = kubernetes_validate.latest_version()
    name = f"kubernetes-json-schema/v{version}-local/_definitions.json"
    found: Schema = kubernetes_validate.utils.schema_contents(name, version)
    return found


@cache
def kubernetes_kinds() -> dict[str, Schema]:
    """The API's own kinds, named as rows name them: `apps/Deployment`, `Pod`."""
    found = {}
    for definition in kubernetes_definitions()["$defs"].values():
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            found[f"{kind['group']}/{kind['kind']}".lstrip("/")] = definition
    return found


# Walks


def in_provider(native: str, path: Steps) -> bool:
    """Whether a Terraform path stands in a type; a list of blocks is entered wherever a name follows."""
    shape = PROVIDER.get(native, BACKENDS.get(native))
    if shape is None:
        type_ = cloud_control_type(native)
        schema = resource_schema(type_) if type_ else None
        return schema is not None and in_schema(schema, schema, path, snake_case)
    for step in path:
        if shape == "*" or step == "[]" or isinstance(step, int):
            continue
        if not isinstance(shape, dict) or step not in shape:
            return False
        shape = shape[step]
    return True


def in_account(native: str, path: Steps) -> bool:
    """Whether a path stands in what is read of a running resource: Terraform's attributes, and what it has not."""
    return in_provider(native, path) or path[0] in LIVE_ONLY.get(native, ())


def in_resource(native: str, path: Steps) -> bool:
    """Whether a CloudFormation path stands in a type, and a template may write it."""
    schema = resource_schema(native)
    if schema is None:
        return False
    read_only = {tuple(pointer.split("/")[2:]) for pointer in schema.get("readOnlyProperties", ())}
    names = tuple(step for step in path if isinstance(step, str) and step != "[]")
    if names[:1] and names[0] in RESOURCE_ATTRIBUTES:
        return len(names) == 1
    return names not in read_only and in_schema(schema, schema, path)


def in_kind(native: str, path: Steps) -> bool:
    definition = kubernetes_kinds().get(native)
    return definition is not None and in_schema(kubernetes_definitions(), definition, path)


def in_schema(root: Schema, schema: Any, path: Steps, spell: Callable[[str], str] = str) -> bool:
    """Whether a path stands in what a JSON Schema describes; arrays are entered wherever a name follows."""
    if not isinstance(schema, dict):
        return bool(path) is False or schema is True
    if "$ref" in schema:
        return in_schema(root, resolved(root, schema["$ref"]), path, spell)
    if not path:
        return True
    step, rest = path[0], path[1:]
    if "items" in schema:
        return in_schema(root, schema["items"], rest if step == "[]" or isinstance(step, int) else path, spell)
    if step == "[]" or isinstance(step, int):
        return in_schema(root, schema, rest, spell)
    properties = {spell(name): inner for name, inner in schema.get("properties", {}).items()}
    if step in properties:
        return in_schema(root, properties[step], rest, spell)
    branches = [branch for word in ("oneOf", "anyOf", "allOf") for branch in schema.get(word, ())]
    if any(
        in_schema(root, branch, path, spell) for branch in branches if branch.keys() & {"properties", "items", "$ref"}
    ):
        return True
    for free in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        if isinstance(free, dict):
            return in_schema(root, free, rest, spell)
    return "properties" not in schema and ("object" in schema.get("type", ()) or schema.get("format") == "json")


def resolved(root: Schema, reference: str) -> Schema:
    found = root
    for part in reference.partition("#/")[2].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


_FOLLOW = {"terraform": in_provider, "cloudformation": in_resource, "kubernetes": in_kind, "aws": in_account}


# What rows write down

PATHS_IN_ARGUMENTS = frozenset(
    {
        "acting", "attributes", "binding", "body", "bus", "by", "contents", "definitions", "each", "elsewhere", "encoded", "entries", "exports", "group",
        "image", "inherits", "key", "mappings", "mode", "name", "network", "of", "options", "own", "path", "policy", "replica_of",
        "satellite", "scripts", "subnets", "switch", "target", "template", "type", "unit_path", "variables",
    }
)  # fmt: skip
"""Arguments of computed properties (`with:`) that are paths; `WORDS` lists those which are so called and are none."""
WORDS = frozenset(
    {
        ("entry_flag", "key"),
        ("entry_flag", "name"),
        ("in_every", "path"),  # inside of what `each` says
        ("key_of_every", "key"),
        ("namespace_pod_security", "mode"),
    }
)
OTHER_ARGUMENTS = frozenset(
    {
        "actions", "arn", "as_s3", "ask", "at", "bound_by_default", "covers", "default", "defaults", "enabled", "entry", "environment", "fields",
        "means", "namespace", "needs", "off", "open_unless_written", "otherwise", "product", "setting", "unit", "unset", "value", "values",
        "where", "without", "zero",
    }
)  # fmt: skip


def places(row: Row) -> Iterator[Place]:
    """Every path that a row writes down, in the types that it should stand in."""
    for path in row.name:
        yield place(row, "name", path)
    for alias, native, by in row.satellites:
        yield Place(f"{row.type} @{alias} by", row.dialect, [native], by)
    for alias, path in row.parts.items():
        if path:
            yield place(row, f"part {alias}", path)
    for name, spec in row.properties.items():
        for path in [*spec.get("paths", ()), *spec.get("inherits", ())]:
            yield place(row, name, path)
        for path in argument_paths(spec):
            own = in_own_words(row, path)
            if own is not None:
                yield place(row, name, own)


def in_own_words(row: Row, path: Steps) -> Steps | None:
    """An argument of a computed property in the row's dialect; None where a word says that there is nothing like it."""
    head = str(path[0])
    if head not in row.words:
        return path
    at, inner = row.words[head]
    attached = at is None and any(head[1:] == alias for alias, _, _ in row.satellites)
    spelled = respell(path[1:], inner) if attached else respell(path, row.words)
    if spelled is None:
        return None
    assert isinstance(spelled, Respelled), f"{row.type}: no word for {path}"
    return [head, *spelled.path] if attached else spelled.path


def word_places(row: Row, twin: Row) -> Iterator[Place]:
    """Both sides of a row's words: the names in the Terraform types of its twin, and where they stand in its own."""
    for name, (at, inner) in row.words.items():
        if not name.startswith("@"):
            yield from _word(row, twin.native_types, row.native_types, [name], at, inner)
            continue
        natives = [native for alias, native, _ in twin.satellites if alias == name[1:]]
        attached = [native for alias, native, _ in row.satellites if alias == name[1:]]
        for inside, (at_inside, deeper) in inner.items():
            if at is not None:
                yield from _word(row, natives, row.native_types, [inside], _joined(at, at_inside), deeper)
            if attached:
                yield from _word(row, natives, attached, [inside], at_inside, deeper)


def _word(
    row: Row, theirs: Sequence[str], ours: Sequence[str], name: Steps, at: Steps | None, inner: Mapping[str, Any]
) -> Iterator[Place]:
    where = f"{row.type} words {'.'.join(map(str, name))}"
    if at is None:
        return  # what the dialect lacks
    if theirs:  # a function may serve several types, so that it is enough that one of them has it
        yield Place(where, "terraform", [*theirs, *(native for native in PROVIDER if native.startswith("aws_"))], name)
    yield Place(where, row.dialect, ours, at)
    for inside, (at_inside, deeper) in inner.items():
        yield from _word(row, theirs, ours, [*name, inside], _joined(at, at_inside), deeper)


def _joined(at: Steps, inside: Steps | None) -> Steps | None:
    return None if inside is None else [*at, *inside]


def words_of(row: Row) -> set[str]:
    """Every name that a row has a word for, at whatever depth."""

    def names(words: Mapping[str, Any]) -> Iterator[str]:
        for name, (_, inner) in words.items():
            yield name
            yield from names(inner)

    return set(names(row.words))


def attributes_to_name(row: Row, twin: Row) -> set[str]:
    """The names in the Terraform types of a row, without those in blocks and satellites that the dialect lacks."""
    lacking = {name for name, (at, inner) in row.words.items() if at is None and not inner}

    def names(shape: object) -> Iterator[str]:
        for name, inner in shape.items() if isinstance(shape, dict) else ():
            if name not in lacking:
                yield name
                yield from names(inner)

    aliases = {alias: native for alias, native, _ in twin.satellites if f"@{alias}" not in lacking}
    natives = [*twin.native_types, *aliases.values()]
    return {name for native in natives for name in names(PROVIDER.get(native, {}))} | {f"@{alias}" for alias in aliases}


def place(row: Row, where: str, path: Steps) -> Place:
    """A path of a row; one that begins at a satellite or at a part stands in that one's type."""
    where = f"{row.type} {where}"
    head = path[0]
    if not (isinstance(head, str) and head.startswith("@")):
        return Place(where, row.dialect, row.native_types, path)
    alias = head[1:]
    if alias in row.parts:
        return Place(where, row.dialect, row.native_types, [*row.parts[alias], *path[1:]])
    return Place(where, row.dialect, [native for name, native, _ in row.satellites if name == alias], path[1:])


def argument_paths(spec: Mapping[str, Any]) -> Iterator[Steps]:
    for name, value in spec.get("with", {}).items():
        if name in PATHS_IN_ARGUMENTS and (spec["compute"], name) not in WORDS:
            for path in [value] if isinstance(value, str) else value:
                yield steps(path, name)
