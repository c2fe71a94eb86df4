"""Paths -> resources: the Kubernetes loader's whole way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from phiward.loaders.kubernetes.clusters import Cluster, clusters
from phiward.loaders.kubernetes.gitops import elsewhere
from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.kubernetes.unit import Unit
from phiward.loaders.kubernetes.units import read_text, read_units
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope
from phiward.settings import Projects, Settings

SOURCE = "kubernetes"


def load(paths: tuple[Path, ...], tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """Load the clusters that some paths are part of. What cannot be read is a diagnostic of the tree."""
    loaded = Loaded()
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    units = read_units(paths, tree, projects, loaded.sources, progress)
    holes = _holes(units, tree)
    for cluster in clusters(units, lambda unit: projects.of(tree.base / unit.directory)):
        if any(unit.judged and unit.manifests for unit in cluster.units):
            named = cluster.path in projects.of(tree.base / cluster.units[0].directory).clusters
            project = projects.of(tree.base / (cluster.units[0].directory if named else cluster.path))
            _add(cluster, holes, project, tree, loaded)
    return loaded


def load_text(text: str, path: Path, tree: Tree, project: Project) -> Loaded:
    """Load what is no file of the tree, such as standard input: a cluster of its own."""
    loaded = Loaded()
    unit = Unit(tree.relative(path), tree.relative(path), judged=True)
    read_text(unit, text, path, tree)
    loaded.sources.kept[unit.path] = text
    holes = _holes([unit], tree)
    if unit.manifests:
        _add(Cluster(unit.path, [unit]), holes, project, tree, loaded)
    return loaded


def _holes(units: list[Unit], tree: Tree) -> list[Hole]:
    """What may be missing. What could not be read is the scan's fault only where it was asked for."""
    holes: list[Hole] = []
    for unit in units:
        for problem in unit.problems:
            where = f"{problem.path}:{problem.line}" if problem.line else problem.path
            holes.append(Hole(f"{where} could not be read: {problem.message}", problem.hint))
        holes += unit.holes
        if unit.judged:
            tree.diagnostics += unit.problems
    return holes


def _add(cluster: Cluster, holes: list[Hole], project: Project, tree: Tree, loaded: Loaded) -> None:
    manifests = [manifest for unit in cluster.units for manifest in unit.manifests]
    judged = {id(manifest) for unit in cluster.units if unit.judged for manifest in unit.manifests}
    own = [*holes, *([cluster.hole] if cluster.hole else [])]
    for manifest, note, hole in elsewhere(manifests, tree):
        own += [hole] if hole else []
        if id(manifest) in judged:
            tree.diagnostics.append(note)
    scope = Scope(SOURCE, cluster.path, tuple(own), project, kind="cluster")
    loaded.scopes.append(scope)
    for manifest, address in zip(manifests, addresses(manifests), strict=True):
        loaded.resources.append(
            Resource(
                source=SOURCE,
                native_type=manifest.native_type,
                address=address,
                attributes=manifest.value,
                origin=manifest.origin,
                scope=scope,
                context=id(manifest) not in judged,
            )
        )


def addresses(manifests: list[Manifest]) -> list[str]:
    """`Kind/namespace/name` of each.

    It has the group where two groups know a kind of this name, and a number where an object is declared again.
    """
    types: dict[str, set[str]] = {}
    for manifest in manifests:
        types.setdefault(manifest.address, set()).add(manifest.native_type)
    found: list[str] = []
    times: Counter[str] = Counter()
    for manifest in manifests:
        address = manifest.address
        if len(types[address]) > 1:
            group = manifest.native_type.rpartition("/")[0]
            address = f"{manifest.kind}.{group}/{manifest.namespace}/{manifest.name}"
        times[address] += 1
        found.append(address if times[address] == 1 else f"{address}#{times[address]}")
    return found
