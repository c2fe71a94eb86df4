"""One template as a file holds it: its sections, and where everything in it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from phiward.loaders.cloudformation.syntax import language_of
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.location import Location, Span
from phiward.model.resource import AttributePath
from phiward.model.value import Value

SECTIONS: Final = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Globals")
_NOTHING: Mapping[str, Any] = {}


class Template:
    """The sections of a template, each a mapping. What is wrong with one is a diagnostic of the tree."""

    def __init__(self, file: Path, text: str, document: Document, tree: Tree) -> None:
        self.file = file
        self.path = tree.relative(file)
        self.text = text
        self.tree = tree
        self.document = document
        value: dict[str, Value] = document.value if isinstance(document.value, dict) else {}
        self._lines: list[str] | None = None
        self._above: dict[int, tuple[int, str | int]] | None = None
        self._noted: set[tuple[str, AttributePath]] = set()
        self.sections = {name: self._section(value, name) for name in SECTIONS}
        self.transforms = [one for one in _as_list(value.get("Transform")) if one is not None]

    def _section(self, value: Mapping[str, Value], name: str) -> Mapping[str, Any]:
        found = value.get(name)
        if isinstance(found, dict):
            return found
        if found is not None:
            self.problem(f"{name} is not a mapping", (name,))
        return _NOTHING

    def span(self, path: AttributePath) -> Span:
        """Where the entry at a path stands; its nearest ancestor where it is not written."""
        return self.document.spans.find(self.document.value, path) or self.document.spans.whole

    def location(self, path: AttributePath) -> Location:
        return Location(self.path, self.span(path))

    def end_of_line(self, line: int) -> int:
        """The column behind the last character of a line."""
        if self._lines is None:
            self._lines = self.text.split("\n")
        return len(self._lines[line - 1].rstrip()) + 1

    def problem(self, message: str, path: AttributePath, *, hint: str = "", code: str = "template") -> None:
        """Note what cannot be understood, once."""
        if (message, path) in self._noted:
            return
        self._noted.add((message, path))
        span = self.span(path)
        self.tree.hole(code, self.file, message, hint=hint, line=span.line, column=span.column)

    def place_of(self, node: Any) -> AttributePath:
        """The path to a value that stands in the template, by its identity."""
        if self._above is None:
            self._above = _parents(self.document.value)
        path: list[str | int] = []
        place = id(node)
        while place in self._above:
            place, key = self._above[place]
            path.append(key)
        return tuple(reversed(path))


def _parents(value: Value) -> dict[int, tuple[int, str | int]]:
    """By the identity of each mapping and list inside of a value, that of the one around it, and the key in it."""
    found: dict[int, tuple[int, str | int]] = {}
    left = [value]
    while left:
        outer = left.pop()
        for key, item in outer.items() if isinstance(outer, dict) else enumerate(outer):
            if isinstance(item, (dict, list)) and id(item) not in found and item is not value:
                found[id(item)] = (id(outer), key)
                left.append(item)
    return found


def _as_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def read_template(file: Path, text: str, tree: Tree) -> Template | None:
    """The template of a text; None, with a diagnostic, where it cannot be read."""
    found: Document | None = None
    for document in documents(text, language_of(text)):
        if isinstance(document, YamlError):
            tree.hole("syntax", file, document.message, line=document.line, column=document.column)
            return None
        if found is not None:
            span = document.spans.whole
            tree.hole("template", file, "a template is a single document", line=span.line, column=span.column)
            break
        found = document
    if found is None or not isinstance(found.value, dict):
        tree.hole("template", file, "a template is a mapping", line=1, column=1)
        return None
    return Template(file, text, found, tree)
