"""A Helm chart on disk: what it says of itself, and the charts that it is made of."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from phiward.loaders.kubernetes.discovery import CHART
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic
from phiward.model.value import Value
from phiward.record import dataclass, field

_REQUIREMENTS = "requirements.yaml"
"""Names the dependencies of charts of the first format."""


@dataclass(slots=True, eq=False)
class Chart:
    """`dependencies` are the entries as they are written; `local` are the directories of those that lie in the tree."""

    directory: Path
    name: str = ""
    library: bool = False
    dependencies: list[dict[str, Value]] = field(default_factory=list)
    local: dict[str, Path] = field(default_factory=dict)

    def called(self, name: str) -> list[str]:
        """The names under which a dependency of this name is used."""
        used = [str(d.get("alias") or name) for d in self.dependencies if d.get("name") == name]
        return used or [name]


def read_chart(directory: Path, tree: Tree) -> Chart:
    """What a chart says of itself. What is wrong with it, Helm will say."""
    found = Chart(directory)
    content = _mapping(directory / CHART, tree)
    found.name = str(content.get("name") or directory.name)
    found.library = content.get("type") == "library"
    listed = content.get("dependencies")
    if listed is None:
        listed = _mapping(directory / _REQUIREMENTS, tree).get("dependencies")
    found.dependencies = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    for entry in found.dependencies:
        repository = str(entry.get("repository") or "")
        if repository.startswith("file://"):
            target = Path(os.path.normpath(directory / repository.removeprefix("file://")))
            if tree.inside(target) and tree.outside.is_file(target / CHART):
                found.local[str(entry.get("name"))] = target
    return found


def _mapping(path: Path, tree: Tree) -> dict[str, Value]:
    data = tree.content(path, keep=False) if tree.outside.is_file(path) else b""
    text = tree.decode(path, data) if isinstance(data, bytes) else data
    read = None if isinstance(text, Diagnostic) else next(documents(text), None)
    return read.value if isinstance(read, Document) and isinstance(read.value, dict) else {}


def installed(charts: Iterable[Chart]) -> list[Chart]:
    """The charts that are installed themselves: no libraries, and none that another one takes from its directory."""
    charts = list(charts)
    taken = {target for chart in charts for target in chart.local.values()}
    return [chart for chart in charts if not chart.library and chart.directory not in taken]


def files_of(directory: Path, tree: Tree) -> Iterator[Path]:
    """Every file below a directory, links followed inside of the tree."""
    left, seen = [directory], set()
    while left:
        current = left.pop()
        real = tree.outside.resolve(current)
        if real in seen or not tree.inside(current):
            continue
        seen.add(real)
        try:
            names = tree.outside.names(current, ("",))
        except OSError:
            yield current  # it is no file: whoever reads it says so
            continue
        for name in names:
            path = current / name.removesuffix("/")
            if name.endswith("/") or tree.outside.is_directory(path):
                left.append(path)
            else:
                yield path
