"""Which objects are applied to one cluster together: docs/decisions/0007-clusters.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from phiward.loaders.kubernetes.unit import Unit
from phiward.model.project import Project
from phiward.model.resource import Hole
from phiward.record import dataclass, field

Identity = tuple[str, str, str]


@dataclass(slots=True, eq=False)
class Cluster:
    """`path` is the name that the settings give, else a repository-relative directory, or a file of one.

    `hole` says that other objects of the tree may be applied to it, too.
    """

    path: str
    units: list[Unit]
    hole: Hole | None = None

    def identities(self) -> set[Identity]:
        return {manifest.identity for unit in self.units for manifest in unit.manifests}


@dataclass(slots=True, eq=False)
class _Folder:
    path: str
    own: list[Unit] = field(default_factory=list)
    below: dict[str, _Folder] = field(default_factory=dict)

    def everything(self) -> list[Unit]:
        found = list(self.own)
        for name in sorted(self.below):
            found += self.below[name].everything()
        return found


def clusters(units: Iterable[Unit], project_of: Callable[[Unit], Project]) -> list[Cluster]:
    """The clusters that the settings name, and those that what is left over must be applied to."""
    named: dict[str, list[Unit]] = {}
    left: list[Unit] = []
    alone: list[Cluster] = []
    for unit in units:
        project = project_of(unit)
        names = project.clusters_of(unit.path)
        for name in names:
            named.setdefault(project.place(name) if project.directory else name, []).append(unit)
        if unit.apart and not names:
            hole = Hole(f"no kustomization names {unit.path}, so that it may be applied to any cluster or to none")
            alone.append(Cluster(unit.path, [unit], hole))
        elif not names:
            left.append(unit)
    return [*(Cluster(name, own) for name, own in named.items()), *split(left), *alone]


def split(units: Iterable[Unit]) -> list[Cluster]:
    """Directories that declare one object twice are applied to different clusters; all others to one.

    `dev/` and `prod/` that both declare `Deployment/ehr/api` cannot be applied to one cluster, so that the mesh policy
    of the one says nothing about the other. The split is as near to the top as it can be, and depends on the tree
    alone, not on which part of it is scanned.
    """
    top = _Folder("")
    for unit in units:
        folder = top
        for name in unit.directory.split("/") if unit.directory not in ("", ".") else ():
            path = f"{folder.path}/{name}" if folder.path else name
            folder = folder.below.setdefault(name, _Folder(path))
        folder.own.append(unit)
    found = _split(top)
    _doubt(found)
    return found


def _split(folder: _Folder) -> list[Cluster]:
    together = folder.everything()
    if not _clash(together):
        return [Cluster(_home(folder), together)] if together else []
    found: list[Cluster] = []
    if _clash(folder.own):
        found += [Cluster(unit.path, [unit]) for unit in folder.own]
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


def _clash(units: list[Unit]) -> bool:
    """Whether two units declare one object. Twice in one unit is no clash, nor is a name that the server completes."""
    seen: set[Identity] = set()
    for unit in units:
        own = {manifest.identity for manifest in unit.manifests if not manifest.name.endswith("*")}
        if not seen.isdisjoint(own):
            return True
        seen |= own
    return False


def _doubt(found: list[Cluster]) -> None:
    """Say of each part of a split that some other part may belong to it: each that declares nothing of it again."""
    holders: dict[Identity, set[int]] = defaultdict(set)
    for number, cluster in enumerate(found):
        for identity in cluster.identities():
            holders[identity].add(number)
    holding = [number for number, cluster in enumerate(found) if cluster.identities()]
    for cluster in found:
        apart = set().union(*(holders[identity] for identity in cluster.identities()))
        others = [found[number] for number in holding if number not in apart and found[number] is not cluster]
        if others:
            other = others[0]
            reason = f"whether {other.path} is applied to the cluster of {cluster.path} is not told"
            cluster.hole = Hole(reason, "name what is applied together under clusters in phiward.yaml")
