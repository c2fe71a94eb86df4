"""Which templates are deployed by themselves: those that no other one nests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from phiward.loaders.cloudformation.discovery import templates
from phiward.loaders.cloudformation.loops import is_loop, names_filled_in
from phiward.loaders.cloudformation.nesting import NESTED, location
from phiward.loaders.cloudformation.program import Library
from phiward.loaders.cloudformation.template import Template
from phiward.loaders.tree import Tree

_MOST = 5_000
"""Rounds of one template's loops that are looked at here; what makes more is not read anyway."""


def roots(paths: tuple[Path, ...], found: Iterable[Path], tree: Tree, library: Library) -> list[Template]:
    """The templates that some paths hold, but for those that are nested in others.

    Instead of a nested one that is named by itself, those that it is nested in.
    """
    asked = list(found)
    around = list(dict.fromkeys((*asked, *_elsewhere(paths, asked, tree))))
    above: dict[Path, list[Path]] = {}
    for file in around:
        template = library.template(file) if file in asked or _may_nest(file, tree) else None
        for called in _called(template, library) if template is not None else ():
            above.setdefault(called, []).append(file)
    tops = dict.fromkeys(top for file in asked for top in _tops(file, above))
    return [template for file in tops if (template := library.template(file)) is not None]


def _elsewhere(paths: tuple[Path, ...], asked: list[Path], tree: Tree) -> Iterable[Path]:
    """The other templates of the tree, where one is named by itself."""
    return templates(tree.boundary, tree) if any(path in asked for path in paths) else ()


def _may_nest(file: Path, tree: Tree) -> bool:
    data = tree.peek(file) or b""
    return any(name.encode() in data for name in NESTED)


def _called(template: Template, library: Library) -> set[Path]:
    """The files that a template nests, as far as it names them outright, or by the variables of its loops."""
    found = set()
    for written in dict.fromkeys(_locations(template.sections["Resources"], {}, iter(range(_MOST)))):
        file = library.beside(template, written)
        if isinstance(file, Path) and file != template.file:
            found.add(file)
    return found


def _locations(resources: Mapping[str, Any], bindings: Mapping[str, str], left: Iterator[int]) -> Iterator[str]:
    """Where the templates of nested stacks stand, as it is written, those of loops too; `left` are their rounds."""
    for key, body in resources.items():
        if is_loop(key):
            yield from _of_loop(body, bindings, left)
        elif isinstance(body, dict):
            written = location(body)
            if isinstance(written, dict):
                written = written.get("Fn::Sub")
            filled = names_filled_in(written, bindings) if isinstance(written, str) else "${}"
            if "${" not in filled:
                yield filled


def _of_loop(node: Any, bindings: Mapping[str, str], left: Iterator[int]) -> Iterator[str]:
    if not isinstance(node, list) or len(node) != len(("identifier", "collection", "outputs")):
        return
    name, items, inside = node
    if not isinstance(inside, dict):
        return
    if isinstance(name, str) and isinstance(items, list):
        for item, _ in zip(items, left, strict=False):
            inner = {**bindings, name: str(item)} if isinstance(item, (str, int)) else bindings
            yield from _locations(inside, inner, left)
    else:
        yield from _locations(inside, bindings, left)


def _tops(file: Path, above: dict[Path, list[Path]]) -> list[Path]:
    """The templates at the top of those that nest a file; itself where none does, or where they go in a circle."""
    found: list[Path] = []
    seen = {file}
    left = [file]
    while left:
        one = left.pop()
        callers = above.get(one, [])
        found += [] if callers else [one]
        left += [caller for caller in callers if caller not in seen]
        seen.update(callers)
    return sorted(found) or [file]
