"""What the catalog makes of a CloudFormation property's words and of its absence, held against the types' schemas.

A word that no row maps would be taken as it is, and a default that is another than the type's judged as if it were it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from tests.conformance.catalog_paths import Schema, resolved, resource_schema

from phiward.pack import Row, load_pack

PACK = load_pack()
ROWS = [pytest.param(row, id=row.type) for row in PACK.rows() if row.dialect == "cloudformation"]
BOOLEANS = {"true", "false"}


def described(row: Row) -> Iterator[tuple[str, Mapping[str, Any], Schema]]:
    """Each property that a row reads at a path, with the schema of what stands there."""
    for name, spec in row.properties.items():
        for path in spec.get("paths", ()):
            head, rest = str(path[0]), path
            natives: Sequence[str] = row.native_types
            if head.startswith("@"):
                natives, rest = [native for alias, native, _ in row.satellites if alias == head[1:]], path[1:]
            for native in natives:
                root = resource_schema(native)
                found = at(root, root, rest) if root is not None else None
                if found is not None:
                    yield f"{name} at {'.'.join(map(str, path))} of {native}", spec, found


def at(root: Schema, schema: Schema, path: Sequence[str | int]) -> Schema | None:
    """The schema of what stands at a path; None where it does not say."""
    while "$ref" in schema:
        schema = resolved(root, schema["$ref"])
    if not path:
        return schema
    if "items" in schema:
        return at(root, schema["items"], path[1:] if path[0] == "[]" or isinstance(path[0], int) else path)
    inner = schema.get("properties", {}).get(path[0])
    return None if inner is None else at(root, inner, path[1:])


@pytest.mark.parametrize("row", ROWS)
def test_the_words_of_a_type_are_mapped_and_no_others(row: Row) -> None:
    wrong = []
    for where, spec, schema in described(row):
        values, words = spec.get("values"), {str(word) for word in schema.get("enum", ())}
        if values is not None and words and (words - set(values) or set(values) - words - BOOLEANS):
            wrong.append(f"{where}: {sorted(words ^ (set(values) - BOOLEANS))}")
    assert wrong == []


@pytest.mark.parametrize("row", ROWS)
def test_a_default_is_the_one_that_the_schema_names(row: Row) -> None:
    wrong = []
    for where, spec, schema in described(row):
        if schema.get("default") in (None, "", [], {}):
            continue
        raw = schema["default"]
        text = str(raw).lower() if isinstance(raw, bool) else str(raw)
        expected = spec.get("values", {}).get(text, raw)
        if spec.get("default") != expected:
            wrong.append(f"{where}: {spec.get('default')!r} is not {expected!r}")
    assert wrong == []


@pytest.mark.parametrize("row", ROWS)
def test_what_is_read_as_a_flag_is_one(row: Row) -> None:
    wrong = [
        where
        for where, spec, schema in described(row)
        if PACK.property_types.get(where.split(" at ")[0]) == "boolean"
        and schema.get("type") not in ("boolean", None)
        and not {"values", "present"} & set(spec)
    ]
    assert wrong == []
