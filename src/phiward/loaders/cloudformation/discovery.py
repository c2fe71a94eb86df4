"""Which files of a tree are templates, found out by a search that costs far less than parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from phiward.loaders.tree import MANIFESTS, Tree
from phiward.settings import OF_A_DIRECTORY

SUFFIXES = (".yaml", ".yml", ".json", ".template")
_key = rb"""(?:^|[{,])[ \t]*["']?%s["']?[ \t]*:"""
_format = re.compile(_key % b"AWSTemplateFormatVersion", re.MULTILINE)
_resources = re.compile(_key % b"Resources" + rb"(?!\s*[\[-])", re.MULTILINE)
"""A mapping: what CodeDeploy's `appspec.yaml` has under this name is a list."""
_transform = re.compile(_key % b"Transform", re.MULTILINE)
_type = re.compile(rb"""["']?Type["']?[ \t]*:\s*["']?(?:AWS|Custom|Alexa)::""")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_indented = re.compile(rb"^[ \t].*(?:\r?\n|\Z)", re.MULTILINE)


def may_be_template(data: bytes) -> bool:
    """Whether a text has a template's head, or resources of one, at its top."""
    if b"Resources" not in data and b"AWSTemplateFormatVersion" not in data:
        return False
    if data.startswith(_WIDE):
        data = data.replace(b"\0", b"")
    data = data.removeprefix(_BOM)
    if not _looks_like_one(data, data):
        return False
    return _is_json_template(data) if data.lstrip()[:1] == b"{" else _looks_like_one(_indented.sub(b"", data), data)


def _looks_like_one(keys: bytes, data: bytes) -> bool:
    if _format.search(keys) is not None:
        return True
    if _resources.search(keys) is None:
        return False
    return _transform.search(keys) is not None or _type.search(data) is not None


def _is_json_template(data: bytes) -> bool:
    """Whether a JSON text has it at its top. One that is broken may be meant so: its reader explains what is wrong."""
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return True
    if "AWSTemplateFormatVersion" in found:
        return True
    resources = found.get("Resources")
    return isinstance(resources, dict) and ("Transform" in found or any(map(_is_resource, resources.values())))


def _is_resource(body: Any) -> bool:
    return isinstance(body, dict) and str(body.get("Type", "")).startswith(("AWS::", "Custom::", "Alexa::"))


def is_template(path: Path, tree: Tree) -> bool:
    """Whether a file may be a template."""
    data = tree.peek(path)
    return data is not None and may_be_template(data)


def templates(paths: Iterable[Path], tree: Tree) -> Iterator[Path]:
    """Every template among some paths and below them, each once."""
    seen: set[Path] = set()
    for path in paths:
        for file in _files(path, tree):
            if file not in seen:
                seen.add(file)
                if is_template(file, tree):
                    yield file


def _files(path: Path, tree: Tree) -> Iterator[Path]:
    if path.name in OF_A_DIRECTORY:
        path = path.parent
    if not tree.outside.is_directory(path):
        yield path
        return
    for directory, names in tree.directories(path, MANIFESTS):
        yield from (directory / name for name in names if name.endswith(SUFFIXES))
