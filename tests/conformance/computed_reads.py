"""The attribute names that a computed property's function may read: the texts in it and in what it calls."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from typing import Any

from phiward.graph.computed import computed


def texts(name: str) -> set[str]:
    """Every piece of a path that stands in the function of a computed property, and in what it refers to."""
    found: set[str] = set()
    waiting: list[Any] = [computed(name)]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, types.FunctionType):
            if part.__module__.startswith("phiward.graph.computed"):
                tree = ast.parse(inspect.getsource(part).strip())
                found |= set(constants(tree))
                waiting += [
                    part.__globals__[n.id]
                    for n in ast.walk(tree)
                    if isinstance(n, ast.Name) and n.id in part.__globals__
                ]
        elif not isinstance(part, (type, types.ModuleType)):
            found |= set(strings(part))
    return {piece for text in found for piece in text.split(".")}


def constants(tree: ast.AST) -> Iterator[str]:
    """Texts of the code, without its documentation."""
    left_out = {id(constant) for node in ast.walk(tree) for part in _not_read(node) for constant in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


def _not_read(node: ast.AST) -> Iterator[ast.AST]:
    """Texts that surely are no paths: documentation, defaults of parameters, keys of a mapping that is made or in hand."""
    if isinstance(node, ast.FunctionDef):
        yield from node.body[:1] if ast.get_docstring(node) is not None else ()
    elif isinstance(node, ast.arguments):
        yield from (default for default in (*node.defaults, *node.kw_defaults) if default is not None)
    elif isinstance(node, ast.Dict):
        yield from (key for key in node.keys if key is not None)
    elif isinstance(node, ast.Subscript):
        yield node.slice


def strings(value: Any) -> Iterator[str]:
    """Texts in a table of a module."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from strings(inner)
