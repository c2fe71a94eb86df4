"""Which objects are applied to one cluster together."""

from __future__ import annotations

from collections.abc import Iterable

from phiward.loaders.kubernetes.manifest import Manifest
from phiward.record import dataclass, field


@dataclass(slots=True)
class Cluster:
    """`path` is the repository-relative directory (or, where two files of one directory disagree, the file)."""

    path: str
    manifests: list[Manifest]


@dataclass(slots=True)
class _Folder:
    path: str
    own: list[Manifest] = field(default_factory=list)
    below: dict[str, _Folder] = field(default_factory=dict)

    def everything(self) -> list[Manifest]:
        found = list(self.own)
        for name in sorted(self.below):
            found += self.below[name].everything()
        return found


def clusters(manifests: Iterable[Manifest]) -> list[Cluster]:
    """Directories that declare one object twice are applied to different clusters; all others to one.

    `dev/` and `prod/` that both declare `Deployment/ehr/api` cannot be applied to one cluster, so that the mesh policy
    of the one says nothing about the other. The split is as near to the top as it can be, and depends on the tree
    alone, not on which part of it is scanned.
    """
    top = _Folder("")
    for manifest in manifests:
        folder = top
        for name in manifest.directory.split("/") if manifest.directory not in ("", ".") else ():
            path = f"{folder.path}/{name}" if folder.path else name
            folder = folder.below.setdefault(name, _Folder(path))
        folder.own.append(manifest)
    return _split(top)


def _split(folder: _Folder) -> list[Cluster]:
    together = folder.everything()
    if not _clash(together):
        return [Cluster(_home(folder), together)] if together else []
    found: list[Cluster] = []
    if _clash(folder.own):
        by_file: dict[str, list[Manifest]] = {}
        for manifest in folder.own:
            by_file.setdefault(manifest.path, []).append(manifest)
        found += [Cluster(path, own) for path, own in by_file.items()]
    elif folder.own:
        found.append(Cluster(folder.path or ".", folder.own))
    for name in sorted(folder.below):
        found += _split(folder.below[name])
    return found


def _home(folder: _Folder) -> str:
    """The lowest directory that holds all of it."""
    while not folder.own and len(folder.below) == 1:
        (folder,) = folder.below.values()
    return folder.path or "."


def _clash(manifests: list[Manifest]) -> bool:
    seen: set[tuple[str, str, str]] = set()
    for manifest in manifests:
        key = (manifest.native_type, manifest.namespace, manifest.name)
        if key in seen and not manifest.name.endswith("*"):
            return True
        seen.add(key)
    return False
