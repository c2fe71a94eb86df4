"""What of a tree belongs to Kubernetes: files that may hold objects, and directories that a tool renders first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from phiward.loaders.tree import MANIFESTS, Tree
from phiward.record import dataclass, field
from phiward.settings import OF_A_DIRECTORY

YAML = (".yaml", ".yml")
SUFFIXES = (*YAML, ".json")
CHART = "Chart.yaml"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_BOM = b"\xef\xbb\xbf"
_key = rb"(?:^|[{,\r\n])(?:" + _BOM + rb""")?[ \t-]*["']?%s["']?[ \t]*:"""
_api_version = re.compile(_key % b"apiVersion")
_kind = re.compile(_key % b"kind")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_LARGE = 256 * 1024


@dataclass(slots=True)
class Found:
    """`files` may hold objects; `charts` are directories, and `kustomizations` the files that describe one."""

    files: list[Path] = field(default_factory=list)
    charts: list[Path] = field(default_factory=list)
    kustomizations: list[Path] = field(default_factory=list)


def discover(tops: Iterable[Path], tree: Tree) -> Found:
    """Everything below some directories, in the order of the paths. What lies inside of a chart belongs to it."""
    found = Found()
    charts: set[Path] = set()
    seen: set[Path] = set()
    for top in tops:
        for directory, names in tree.directories(top, MANIFESTS):
            if directory in seen or (charts and not charts.isdisjoint(directory.parents)):
                continue
            seen.add(directory)
            if CHART in names:
                charts.add(directory)
                found.charts.append(directory)
                continue
            described = next((name for name in KUSTOMIZATIONS if name in names), None)
            if described is not None:
                found.kustomizations.append(directory / described)
            found.files += [directory / n for n in names if n.endswith(SUFFIXES) and n not in KUSTOMIZATIONS]
    return found


def concerns(path: Path, tree: Tree) -> bool:
    """Whether a path may be about Kubernetes, found out without reading more than is needed for a yes."""
    if path.name in OF_A_DIRECTORY:
        path = path.parent
    if tree.outside.is_directory(path):
        found = discover([path], tree)
        return bool(found.charts or found.kustomizations) or any(is_manifest(file, tree) for file in found.files)
    if path.name.endswith(SUFFIXES):
        data = tree.content(path, keep=False)
        if may_hold_objects(data) if isinstance(data, bytes) else path.name.endswith(YAML):
            return True
    return rendered_from(path, tree)


def rendered_from(path: Path, tree: Tree) -> bool:
    """Whether a file lies in a chart, or below a kustomization, which may read it."""
    for directory in path.parents:
        if not tree.inside(directory):
            break
        if any(tree.outside.is_file(directory / name) for name in (CHART, *KUSTOMIZATIONS)):
            return True
    return False


def is_manifest(path: Path, tree: Tree) -> bool:
    """Whether a file may hold Kubernetes objects, by a search that costs far less than parsing it."""
    data = tree.peek(path)
    return data is not None and may_hold_objects(data)


def may_hold_objects(data: bytes) -> bool:
    """Whether something in a text looks like an object's kind and version."""
    if data.startswith(_WIDE):
        data = data.replace(b"\0", b"")
    if _api_version.search(data) is None or _kind.search(data) is None:
        return False
    return len(data) < _LARGE or data.lstrip()[:1] != b"{" or _is_object(data)


def _is_object(data: bytes) -> bool:
    """Whether a large JSON text, which may well be a plan, has the two at its top. Its reader explains a broken one."""
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return True
    return isinstance(found, dict) and "apiVersion" in found and "kind" in found
