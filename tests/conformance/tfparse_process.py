"""tfparse, Trivy's Terraform evaluator, in a process of its own: it aborts the process that it runs in on some input."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = """
import json, sys, tfparse
for line in sys.stdin:
    directory, variable_files = json.loads(line)
    try:
        found = tfparse.load_from_path(directory, vars_paths=variable_files)
    except tfparse.ParseError as error:
        found = {"refused": str(error)}
    print(json.dumps(found), flush=True)
"""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_META = frozenset(
    {"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection", "providers"}
)


@dataclass(frozen=True)
class Written:
    """A value that tfparse does not know: it gives the expression as it is written."""

    text: str


@dataclass(frozen=True)
class Reading:
    """What tfparse makes of a root: resources and data sources by address, and outputs by address.

    A block is a mapping, nested ones are lists of mappings; resources' identifiers are `⟨address⟩`. `failure` says
    what cannot be used of it.
    """

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]
    failure: str = ""


def handle(address: str) -> str:
    """What stands for a resource's identifier, which only its provider knows."""
    return f"⟨{address}⟩"


def read(directories: Sequence[Path], *variable_files: str) -> list[Reading]:
    """Each root as tfparse reads it. Skips the test, saying so, where there is no tfparse."""
    if importlib.util.find_spec("tfparse") is None:
        pytest.skip("NOT PROVEN: tfparse is not installed here, so nothing was compared with it")
    return list(_readings([json.dumps([str(directory), variable_files]) for directory in directories]))


def _readings(lines: list[str]) -> Iterator[Reading]:
    """A process that dies is followed by another one for the roots that are left."""
    while lines:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM], input="\n".join(lines), capture_output=True, text=True, timeout=300
        )
        answers = done.stdout.splitlines()
        yield from map(_reading, map(json.loads, answers))
        if len(answers) == len(lines):
            return
        yield Reading({}, {}, f"the process ended with {done.returncode}: {done.stderr.strip()[:200]}")
        lines = lines[len(answers) + 1 :]


def _reading(found: dict[str, Any]) -> Reading:
    if "refused" in found:
        return Reading({}, {}, found["refused"])
    blocks = [block for group in found.values() for block in group]
    names = {block["id"]: block["__tfmeta"]["path"] for block in blocks if "id" in block}

    def named(value: Any) -> Any:
        """The value in our words; identifiers become addresses."""
        if isinstance(value, str):
            return _UUID.sub(lambda uuid: handle(names[uuid[0]]) if uuid[0] in names else uuid[0], value)
        if isinstance(value, list):
            return [named(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "__attribute__" in value:
            return Written(value["__attribute__"])
        if "__tfmeta" in value:
            return [_body(value, named)] if "path" not in value["__tfmeta"] else _body(value, named, _META)
        return {key: named(item) for key, item in value.items()}

    resources: dict[str, dict[str, Any]] = {}
    outputs: dict[str, Any] = {}
    failure = ""
    for block in blocks:
        address = block["__tfmeta"]["path"]
        if "type" in block["__tfmeta"]:
            failure = f"it has {address} twice" if address in resources else failure
            resources[address] = named(block)
        elif ".output." in f".{address}":
            outputs[address] = named(block.get("value"))
    return Reading(resources, outputs, failure)


def _body(block: dict[str, Any], named: Any, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A block's arguments and nested blocks; `id` is the identifier that tfparse gives every block."""
    values: dict[str, Any] = {}
    for key, item in block.items():
        if key in without or key in ("id", "__tfmeta"):
            continue
        if isinstance(item, list) and any(isinstance(element, dict) and "__tfmeta" in element for element in item):
            values[key] = [_body(element, named) for element in item]
        else:
            values[key] = named(item)
    return values
