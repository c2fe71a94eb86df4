"""Which files of a tree hold Kubernetes objects that are applied as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from phiward.loaders.tree import Tree
from phiward.record import dataclass, field

SUFFIXES = (".yaml", ".yml", ".json")
CHART = "Chart.yaml"
_api_version = re.compile(rb'(?:^|[{,\n])[ \t-]*"?apiVersion"?[ \t]*:')
_kind = re.compile(rb'(?:^|[{,\n])[ \t-]*"?kind"?[ \t]*:')
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(slots=True)
class Found:
    """`files` are applied as they stand; `charts` and `kustomizations` are directories that a tool renders first."""

    files: list[Path] = field(default_factory=list)
    charts: list[Path] = field(default_factory=list)
    kustomizations: list[Path] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.files or self.charts or self.kustomizations)


def asked(paths: tuple[Path, ...], tree: Tree) -> Found:
    """What the named paths hold of Kubernetes."""
    found = Found()
    for path in paths:
        if tree.outside.is_directory(path):
            inner = discover(path, tree)
            found.files += inner.files
            found.charts += inner.charts
            found.kustomizations += inner.kustomizations
        elif path.name.endswith(SUFFIXES) and is_manifest(path, tree):
            found.files.append(path)
    return found


def discover(top: Path, tree: Tree) -> Found:
    """Everything of Kubernetes below a directory, in the order of the paths."""
    found = Found()
    for directory, names in tree.directories(top, (*SUFFIXES, "Kustomization")):
        if any(chart in directory.parents or chart == directory for chart in found.charts):
            continue
        if CHART in names:
            found.charts.append(directory)
            continue
        if any(name in names for name in KUSTOMIZATIONS):
            found.kustomizations.append(directory)
        found.files.extend(_manifests(directory, names, tree))
    return found


def _manifests(directory: Path, names: list[str], tree: Tree) -> Iterator[Path]:
    for name in names:
        if name.endswith(SUFFIXES) and name not in KUSTOMIZATIONS and is_manifest(directory / name, tree):
            yield directory / name


def is_manifest(path: Path, tree: Tree) -> bool:
    """Whether a file may hold Kubernetes objects, by a search that costs far less than parsing it."""
    data = tree.peek(path)
    return data is not None and _api_version.search(data) is not None and _kind.search(data) is not None
