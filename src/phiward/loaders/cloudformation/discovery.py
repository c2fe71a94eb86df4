"""Which files of a tree are templates, found out by a search that costs far less than parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from phiward.loaders.tree import Tree

SUFFIXES = (".yaml", ".yml", ".json", ".template")
_FORMAT = b"AWSTemplateFormatVersion"
_resources = re.compile(rb"""(?:^|[{,\r\n])[ \t]*["']?Resources["']?[ \t]*:""")
_type = re.compile(rb"""["']?Type["']?[ \t]*:[ \t]*["']?(?:AWS|Custom|Alexa)::""")
_transform = re.compile(rb"""(?:^|[{,\r\n])[ \t]*["']?Transform["']?[ \t]*:""")
_format = re.compile(rb"""(?:^|[{,\r\n])(?:\xef\xbb\xbf)?[ \t]*["']?AWSTemplateFormatVersion["']?[ \t]*:""")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def may_be_template(data: bytes) -> bool:
    """Whether something in a text looks like a template's head, or like resources of one."""
    if data.startswith(_WIDE):
        data = data.replace(b"\0", b"")
    if _FORMAT in data and _format.search(data):
        return True
    if b"Resources" not in data or _resources.search(data) is None:
        return False
    return _type.search(data) is not None or _transform.search(data) is not None


def is_template(path: Path, tree: Tree) -> bool:
    """Whether a file may be a template."""
    data = tree.peek(path)
    return data is not None and may_be_template(data)


def templates(paths: tuple[Path, ...], tree: Tree) -> Iterator[Path]:
    """Every template among some paths and below them, each once."""
    seen: set[Path] = set()
    for path in paths:
        for file in _files(path, tree):
            if file not in seen:
                seen.add(file)
                if is_template(file, tree):
                    yield file


def _files(path: Path, tree: Tree) -> Iterator[Path]:
    if not tree.outside.is_directory(path):
        if path.name.endswith(SUFFIXES):
            yield path
        return
    for directory, names in tree.directories(path, SUFFIXES):
        yield from (directory / name for name in names)
