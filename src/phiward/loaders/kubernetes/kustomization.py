"""What a kustomization is made of, read without running anything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from phiward.loaders.kubernetes.discovery import KUSTOMIZATIONS
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.finding import Diagnostic
from phiward.model.resource import AttributePath
from phiward.model.value import Value
from phiward.record import dataclass, field

_PATHS = ("resources", "bases", "components", "crds", "configurations")
"""Lists of files and directories."""
_PATCHES = ("patches", "patchesJson6902", "replacements")
"""Lists of mappings that may name a file under `path`."""
_GENERATORS = ("configMapGenerator", "secretGenerator")
_NEVER_RUN = ("generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator", "helmGlobals")
"""May start programs or go to the network."""


@dataclass(slots=True, eq=False)
class Kustomization:
    """`file` describes it; `files` and `bases` are what it reads in the tree. `problem` is why it cannot be built."""

    file: Path
    content: dict[str, Value] = field(default_factory=dict)
    document: Document | None = None
    files: list[Path] = field(default_factory=list)
    bases: list[Path] = field(default_factory=list)
    problem: Diagnostic | None = None

    @property
    def directory(self) -> Path:
        return self.file.parent

    @property
    def component(self) -> bool:
        return self.content.get("kind") == "Component"


def read_kustomization(file: Path, tree: Tree) -> Kustomization:
    """Read the description of a directory, and find what it refers to."""
    found = Kustomization(file)
    data = tree.content(file, keep=False)
    text = tree.decode(file, data) if isinstance(data, bytes) else data
    if isinstance(text, Diagnostic):
        found.problem = text
        return found
    read = next(documents(text), None)
    if isinstance(read, YamlError):
        found.problem = tree.problem("syntax", file, read.message, line=read.line, column=read.column)
    elif read is not None and isinstance(read.value, dict):
        found.document, found.content = read, read.value
        _follow(found, tree)
    return found


def _follow(found: Kustomization, tree: Tree) -> None:
    assert found.document is not None
    for path, entry in _references(found.content):
        message = hint = ""
        if path[0] in _NEVER_RUN:
            message = f"it uses {path[0]}, which may start programs or go to the network and is not run"
        else:
            message = _add(found, str(entry), tree)
        if message and found.problem is None:
            span = found.document.spans.find(found.content, path) or found.document.spans.whole
            hint = f"scan what it renders: kustomize build {tree.relative(found.directory)} | phiward scan -"
            found.problem = tree.problem(
                "kustomization", found.file, message, hint=hint, line=span.line, column=span.column
            )


def _references(content: dict[str, Value]) -> Iterator[tuple[AttributePath, Value]]:
    """Everything that may name a file or directory, with its place."""
    for key in _NEVER_RUN:
        if content.get(key):
            yield (key,), content[key]
    for key in _PATHS:
        yield from (((key, number), entry) for number, entry in _listed(content, key))
    for number, entry in _listed(content, "patchesStrategicMerge"):
        if "\n" not in str(entry):
            yield ("patchesStrategicMerge", number), entry
    for key in (*_PATCHES, *_GENERATORS):
        for number, entry in _listed(content, key):
            if isinstance(entry, dict):
                yield from (((key, number, *path), name) for path, name in _named(entry, key))
    schema = content.get("openapi")
    if isinstance(schema, dict) and schema.get("path"):
        yield ("openapi", "path"), schema["path"]


def _named(entry: dict[str, Value], key: str) -> Iterator[tuple[AttributePath, Value]]:
    """The file of a patch; those of a generator: `name=file` or `file`."""
    if key in _PATCHES:
        if entry.get("path"):
            yield ("path",), entry["path"]
        return
    for number, file in _listed(entry, "files"):
        yield ("files", number), str(file).rpartition("=")[2]
    for number, file in _listed(entry, "envs"):
        yield ("envs", number), file
    if entry.get("env"):
        yield ("env",), entry["env"]


def _listed(content: dict[str, Value], key: str) -> Iterable[tuple[int, Value]]:
    entries = content.get(key)
    return enumerate(entries) if isinstance(entries, list) else ()


def _add(found: Kustomization, entry: str, tree: Tree) -> str:
    """Take what an entry names; a message says why it cannot be taken."""
    path = Path(os.path.normpath(found.directory / entry))
    if "://" not in entry and "\0" not in entry and tree.inside(path):
        kind = tree.outside.kind(path)
        if kind == "file":
            found.files.append(path)
            return ""
        if kind == "directory":
            found.bases.append(path)
            return ""
    return f"{entry!r} is not in the scanned tree, and nothing is fetched"


@dataclass(slots=True, eq=False)
class Overlay:
    """A kustomization that is applied, with all that it is built of: itself first, then its bases."""

    root: Kustomization
    parts: list[Kustomization]

    @property
    def files(self) -> list[Path]:
        """Every file that is read to build it."""
        return [file for part in self.parts for file in (part.file, *part.files)]

    @property
    def problem(self) -> Diagnostic | None:
        return next((part.problem for part in self.parts if part.problem is not None), None)


def overlays(found: Iterable[Kustomization], tree: Tree) -> list[Overlay]:
    """The kustomizations that no other one builds upon. Where some only lead in a circle, the first stands for them."""
    by_directory = {one.directory: one for one in found}
    based_on = {base for one in by_directory.values() for base in one.bases if base != one.directory}
    tops = [one for one in by_directory.values() if one.directory not in based_on and not one.component]
    made = [_overlay(one, by_directory, tree) for one in tops]
    reached = {part.directory for overlay in made for part in overlay.parts}
    for one in by_directory.values():
        if one.directory not in reached and not one.component:
            made.append(_overlay(one, by_directory, tree))
            reached.update(part.directory for part in made[-1].parts)
    return made


def _overlay(root: Kustomization, known: dict[Path, Kustomization], tree: Tree) -> Overlay:
    parts: dict[Path, Kustomization] = {}
    left = [root]
    while left:
        part = left.pop()
        if part.directory in parts:
            continue
        parts[part.directory] = part
        for base in part.bases:
            below = known.get(base) or _elsewhere(base, tree)
            if below is not None:
                left.append(below)
            elif part.problem is None:
                where = tree.relative(base)
                part.problem = tree.problem("kustomization", part.file, f"there is no kustomization in {where}", line=1)
    return Overlay(root, list(parts.values()))


def _elsewhere(directory: Path, tree: Tree) -> Kustomization | None:
    """The kustomization of a directory that no search enters, such as a hidden one."""
    for name in KUSTOMIZATIONS:
        if tree.outside.is_file(directory / name):
            return read_kustomization(directory / name, tree)
    return None
