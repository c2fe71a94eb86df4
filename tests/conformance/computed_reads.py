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
    documentation = {id(node.body[0].value) for node in ast.walk(tree) if has_documentation(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def has_documentation(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None


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
