"""The compiled pack as a file: a line for each part, so that a scan parses the rules and rows that it needs.

The first line holds what every scan needs, and where the rest stands; then come the citations, the
eligible services, the rules and the rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Compiled = Mapping[str, Any]
_APART = ("citations", "services", "rules", "rows")


def write(compiled: Compiled) -> str:
    """The text of a pack's file."""
    head = {name: part for name, part in compiled.items() if name not in _APART}
    head["index"] = index(compiled)
    lines = [head, compiled["citations"], compiled["services"], *compiled["rules"], *compiled["rows"]]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def read(content: bytes) -> Compiled:
    """What `write` wrote, its parts still as bytes: `part` gives them."""
    first, citations, services, *rest = content.splitlines()
    head = json.loads(first)
    number = len(head["index"]["rules"])
    return {**head, "citations": citations, "services": services, "rules": rest[:number], "rows": rest[number:]}


def part(of: Any) -> Any:
    """A part of a compiled pack, which one from a file keeps as bytes until it is asked for."""
    return json.loads(of) if isinstance(of, bytes) else of


def with_rules(compiled: Compiled, rules: Sequence[Compiled]) -> Compiled:
    """A compiled pack, from a file or not, with more rules; all in order of their ids."""
    known = compiled["index"] if "index" in compiled else index(compiled)
    entries = [*zip(known["rules"], compiled["rules"], strict=True), *((_outline(rule), rule) for rule in rules)]
    entries.sort(key=lambda entry: entry[0][0])
    outlines = [outline for outline, _ in entries]
    return {**compiled, "rules": [rule for _, rule in entries], "index": {**known, "rules": outlines}}


def _outline(rule: Compiled) -> list[Any]:
    return [rule["id"], rule["severity"], {**rule["select"], "given": rule["given"]}]


def index(compiled: Compiled) -> dict[str, Any]:
    """What can be asked without parsing every part: rules by what they speak to, rows by native type."""
    rows = compiled["rows"]
    return {
        "rules": [_outline(rule) for rule in compiled["rules"]],
        "natives": {
            native: [number, dialect]
            for number, row in enumerate(rows)
            for dialect, spoken in row["dialects"].items()
            for native in spoken["natives"]
            if spoken["discriminator"] is None and dialect != "aws"
        },
        "live": {
            native: [number, "aws"]
            for number, row in enumerate(rows)
            if "aws" in row["dialects"]
            for native in row["dialects"]["aws"]["natives"]
        },
        "variants": _variants(rows),
        "alone": {
            native: [number, dialect, alias]
            for number, row in reversed([*enumerate(rows)])  # the first row that says so
            for dialect, spoken in row["dialects"].items()
            for alias, native, _ in spoken["satellites"]
            if alias in spoken["alone"]
        },
        "satellites": sorted(
            {native for row in rows for spoken in row["dialects"].values() for _, native, _ in spoken["satellites"]}
        ),
    }


def _variants(rows: list[Any]) -> dict[str, list[Any]]:
    """The rows of which each describes only some of the resources of a native type."""
    found: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        for dialect, spoken in row["dialects"].items():
            for native in spoken["natives"] if spoken["discriminator"] is not None else ():
                found.setdefault(native, []).append([number, dialect])
    return found
