"""Which templates are deployed by themselves: those that no other one nests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from phiward.loaders.cloudformation.discovery import templates
from phiward.loaders.cloudformation.loops import is_loop
from phiward.loaders.cloudformation.nesting import NESTED, location
from phiward.loaders.cloudformation.program import Library
from phiward.loaders.cloudformation.template import Template
from phiward.loaders.tree import Tree


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
    """The files that a template nests, as far as it names them outright."""
    found = set()
    for body in _bodies(template.sections["Resources"]):
        written = location(body)
        file = library.beside(template, written) if isinstance(written, str) else None
        if isinstance(file, Path) and file != template.file:
            found.add(file)
    return found


def _bodies(resources: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The bodies of some resources as they are written, those in loops included."""
    for key, body in resources.items():
        if is_loop(key):
            inside = body[-1] if isinstance(body, list) and body else None
            yield from _bodies(inside) if isinstance(inside, dict) else ()
        elif isinstance(body, dict):
            yield body


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
