"""The JSON Schema of `findings.json`, from the records themselves: what is written and what is told cannot differ."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from phiward.attest.assessment.model import SCHEMA, Assessment

_PLAIN: dict[Any, str] = {str: "string", int: "integer", bool: "boolean"}


def schema() -> dict[str, Any]:
    """Keys are added, never renamed: a reader accepts those that it does not know."""
    definitions: dict[str, Any] = {}
    written_by = {
        "type": "object",
        "required": ["name", "version"],
        "properties": {"name": {"const": "phiward"}, "version": {"type": "string"}},
    }
    found = _record(Assessment, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://phiward.dev/schema/{SCHEMA.removeprefix('phiward/')}",
        "title": "Phiward assessment, version 1",
        "description": "The findings.json of `phiward attest`: see docs/attestation.md. Keys are added, never renamed.",
        "type": "object",
        "required": ["schema", "written_by", *found["required"]],
        "properties": {"schema": {"const": SCHEMA}, "written_by": written_by, **found["properties"]},
        "$defs": dict(sorted(definitions.items())),
    }


def _record(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    kinds = get_type_hints(cls)
    names: tuple[str, ...] = cls.__match_args__  # type: ignore[attr-defined]
    return {
        "type": "object",
        "required": list(names),
        "properties": {name: _of(kinds[name], definitions) for name in names},
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """What describes a type."""
    if kind is Any:
        return {}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    origin = get_origin(kind)
    if origin is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0], definitions)}
    if origin is UnionType:
        return {"anyOf": [{"type": "null"} if one is NoneType else _of(one, definitions) for one in get_args(kind)]}
    if origin is not None:
        return {"type": "object", "additionalProperties": _of(get_args(kind)[1], definitions)}
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _record(kind, definitions)
    return {"$ref": f"#/$defs/{name}"}
