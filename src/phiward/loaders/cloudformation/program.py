"""What a scan's stacks share: templates that are read once, and bounds for what hostile ones make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phiward.loaders.cloudformation.syntax import language_of
from phiward.loaders.cloudformation.template import Template, read_template
from phiward.loaders.loaded import Texts
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.tree import Tree
from phiward.model.value import Unknown

MAX_STACKS = 500
MAX_TEXT = 50_000_000
"""Characters that the texts of one root and all that is nested in it may grow to."""
_INSIDE = "template.yaml", "template.yml", "template.json"
"""What a directory is looked through for where it stands for a template, as SAM does."""


class Program:
    """A root template with everything that is nested in it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.stacks = 0
        self.custom: set[str] = set()
        """The addresses of custom resources, whose attributes are whatever a function answers."""
        self._left = MAX_TEXT

    def spend(self, characters: int) -> bool:
        """Whether so many more characters are still within bounds."""
        self._left -= characters
        return self._left > 0


class Library:
    """The templates of a tree, each read once."""

    def __init__(self, tree: Tree, texts: Texts) -> None:
        self.tree = tree
        self._texts = texts
        self._templates: dict[Path, Template | None] = {}
        self._pieces: dict[Path, Any] = {}

    def template(self, file: Path) -> Template | None:
        """The template in a file; None, with a diagnostic, where it cannot be read."""
        if file not in self._templates:
            text = self.tree.read(file)
            found = None if text is None else read_template(file, text, self.tree)
            self._templates[file] = found
            if found is not None:
                self._texts.kept[found.path] = found.text
        return self._templates[file]

    def piece(self, file: Path) -> Any:
        """What a file that is included holds, or why it cannot be read."""
        if file not in self._pieces:
            text = self.tree.read(file)
            found = None if text is None else next(documents(text, language_of(text)), None)
            if isinstance(found, Document):
                self._pieces[file] = found.value
            else:
                self._pieces[file] = Unknown(f"{self.tree.relative(file)} could not be read")
                if found is not None:
                    self.tree.hole("syntax", file, found.message, line=found.line, column=found.column)
        return self._pieces[file]

    def beside(self, template: Template, location: str) -> Path | Unknown:
        """The file of the tree that a template names, relative to itself; why there is none."""
        if "://" in location.removeprefix("file://") or location.startswith("s3:"):
            return Unknown(
                f"{location} is not in what was scanned",
                "name it by its path, as `aws cloudformation package` takes it, or scan it, too",
            )
        outside = self.tree.outside
        path = outside.resolve(template.file.parent / location.removeprefix("file://"))
        if outside.is_directory(path):
            path = next((path / name for name in _INSIDE if outside.is_file(path / name)), path)
        try:
            there = outside.is_file(path)
        except OSError:
            there = False
        if not there:
            return Unknown(f"there is no file {location}")
        return path if self.tree.inside(path) else Unknown(f"{location} lies outside of the scanned tree")
