"""Paths -> resources: the Kubernetes loader's whole way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from phiward.loaders.kubernetes.clusters import Cluster, clusters
from phiward.loaders.kubernetes.discovery import Found, discover
from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.kubernetes.reading import read_objects
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.resource import Hole, Resource, Scope
from phiward.settings import Projects, Settings

SOURCE = "kubernetes"


def load(wanted: Found, tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """Load the clusters that some files are part of. What cannot be read is a diagnostic of the tree.

    Every other object of the same cluster is read as well, for a namespace's labels or a mesh's policy decide what an
    object means; it is context, and not judged itself.
    """
    loaded = Loaded()
    progress("reading Kubernetes manifests")
    named = set(wanted.files)
    around = [path for top in tree.boundary for path in discover(top, tree).files]
    holes: list[Hole] = []
    manifests: list[Manifest] = []
    for path in dict.fromkeys((*around, *sorted(named))):
        manifests += _read(path, tree, holes, loaded, judged=path in named)
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    asked = {tree.relative(path) for path in named}
    for cluster in clusters(manifests):
        if any(manifest.path in asked for manifest in cluster.manifests):
            _add(cluster, asked, holes, tree, projects, loaded)
    return loaded


def _read(path: Path, tree: Tree, holes: list[Hole], loaded: Loaded, *, judged: bool) -> Iterable[Manifest]:
    """The objects of one file. Context that cannot be read leaves a hole; it is the scan's fault only where asked."""
    text = tree.read(path)
    relative = tree.relative(path)
    if text is None:
        holes.append(Hole(f"{relative} could not be read"))
        return []
    found: list[Manifest] = []
    directory = relative.rpartition("/")[0] or "."
    for item in read_objects(text, relative, directory):
        if isinstance(item, YamlError):
            holes.append(Hole(f"{relative}:{item.line} could not be read: {item.message}"))
            if judged:
                tree.hole("syntax", path, item.message, line=item.line, column=item.column)
        else:
            found.append(item)
    if found:
        loaded.sources[relative] = text
    return found


def _add(cluster: Cluster, asked: set[str], holes: list[Hole], tree: Tree, projects: Projects, loaded: Loaded) -> None:
    project = projects.of(tree.base / cluster.path)
    scope = Scope(SOURCE, cluster.path, tuple(holes), project, kind="cluster")
    loaded.scopes.append(scope)
    shared = _shared_addresses(cluster.manifests)
    for manifest in cluster.manifests:
        address = manifest.address
        if address in shared:  # two groups know a kind of this name: AuthorizationPolicy of Istio and of Linkerd
            address = f"{manifest.kind}.{manifest.native_type.rpartition('/')[0]}/{manifest.namespace}/{manifest.name}"
        loaded.resources.append(
            Resource(
                source=SOURCE,
                native_type=manifest.native_type,
                address=address,
                attributes=manifest.value,
                origin=manifest.origin,
                scope=scope,
                context=manifest.path not in asked,
            )
        )


def _shared_addresses(manifests: list[Manifest]) -> set[str]:
    types: dict[str, set[str]] = {}
    for manifest in manifests:
        types.setdefault(manifest.address, set()).add(manifest.native_type)
    return {address for address, natives in types.items() if len(natives) > 1}
