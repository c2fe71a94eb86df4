"""Paths -> what is applied: the files, kustomizations and charts of a tree, read and rendered.

Everything of the tree is read, for a namespace's labels or a mesh's policy decide what an object elsewhere means. What
the scan was not asked about is context, and not judged itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from phiward.errors import SettingsError
from phiward.loaders.kubernetes import helm, kustomize
from phiward.loaders.kubernetes.chart import Chart, installed, read_chart
from phiward.loaders.kubernetes.discovery import CHART, YAML, discover, may_hold_objects
from phiward.loaders.kubernetes.helm import Installation
from phiward.loaders.kubernetes.kustomization import Overlay, overlays, read_kustomization
from phiward.loaders.kubernetes.kustomize import Build
from phiward.loaders.kubernetes.reading import in_file, read_objects
from phiward.loaders.kubernetes.rendering import Job, Workspace, render_all
from phiward.loaders.kubernetes.texts import remember, remember_text
from phiward.loaders.kubernetes.unit import Unit
from phiward.loaders.loaded import Texts
from phiward.loaders.programs import find
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.finding import Diagnostic
from phiward.model.project import Release
from phiward.settings import OF_A_DIRECTORY, Projects

Progress = Callable[[str], None]


class Asked:
    """What a scan is about: files, and everything below directories. A settings file stands for its directory."""

    def __init__(self, paths: tuple[Path, ...], tree: Tree) -> None:
        named = [path.parent if path.name in OF_A_DIRECTORY else path for path in paths]
        self.directories = [path for path in named if tree.outside.is_directory(path)]
        self.files = {path for path in named if path not in self.directories}
        self._below = frozenset(self.directories)

    def about(self, path: Path) -> bool:
        return path in self.files or path in self._below or not self._below.isdisjoint(path.parents)

    def about_any(self, directory: Path) -> bool:
        """Whether it is about a directory, or about something in it."""
        return self.about(directory) or any(directory in path.parents for path in (*self.files, *self.directories))


class Estate:
    """Everything of Kubernetes in a tree, by how it is applied."""

    def __init__(self, asked: Asked, tree: Tree, projects: Projects) -> None:
        self._asked = asked
        self._tree = tree
        found = discover((*tree.boundary, *asked.directories), tree)
        described = [read_kustomization(file, tree) for file in found.kustomizations]
        self.overlays = overlays(described, tree)
        taken = {file for one in described for file in one.files}
        self._described = {one.directory for one in described}
        in_charts = frozenset(found.charts)
        self.files = [file for file in dict.fromkeys((*found.files, *sorted(asked.files))) if file not in taken]
        self.files = [file for file in self.files if in_charts.isdisjoint(file.parents)]
        self.releases = [
            (chart, release, several)
            for chart in installed(read_chart(directory, tree) for directory in found.charts)
            for release, several in self._releases(chart, projects)
        ]

    def _releases(self, chart: Chart, projects: Projects) -> Iterator[tuple[Release, bool]]:
        project = projects.of(chart.directory)
        where = self._tree.relative(chart.directory)
        for entry, releases in project.helm.items():
            if not self._tree.outside.is_file(self._tree.base / project.place(entry) / CHART):
                raise SettingsError(f"helm: there is no chart in {entry}", where=project.path)
            if project.place(entry) == where:
                yield from ((release, len(releases) > 1) for release in releases)
                return
        yield Release(), False

    def apart(self, file: Path) -> bool:
        """Whether a file lies beside a kustomization that does not name it."""
        return file.parent in self._described

    def judges_overlay(self, overlay: Overlay) -> bool:
        asked = self._asked
        return any(map(asked.about, overlay.files)) or any(asked.about(part.directory) for part in overlay.parts)

    def judges_chart(self, chart: Chart, release: Release) -> bool:
        homes = (chart.directory, *chart.local.values())
        values = (self._tree.outside.resolve(chart.directory / value) for value in release.values)
        return any(map(self._asked.about_any, homes)) or any(map(self._asked.about, values))

    @property
    def asked_for(self) -> bool:
        """Whether anything in it is judged."""
        return (
            any(map(self._asked.about, self.files))
            or any(map(self.judges_overlay, self.overlays))
            or any(self.judges_chart(chart, release) for chart, release, _ in self.releases)
        )


def read_units(paths: tuple[Path, ...], tree: Tree, projects: Projects, texts: Texts, progress: Progress) -> list[Unit]:
    """All units of the tree, if the paths are about one of them. What cannot be read is a problem of its unit."""
    asked = Asked(paths, tree)
    estate = Estate(asked, tree, projects)
    if not estate.asked_for:
        return []
    progress("reading Kubernetes manifests")
    found: list[Unit] = []
    for file in estate.files:
        unit = _read_file(file, asked, tree, texts)
        if unit is not None:
            unit.apart = estate.apart(file)
            found.append(unit)
    with TemporaryDirectory(prefix="phiward-") as top:
        if estate.releases:
            progress("rendering Helm charts")
            found += _render_charts(estate, Path(top, "helm"), tree, texts)
        if estate.overlays:
            progress("building kustomizations")
            found += _build_overlays(estate, Path(top, "kustomize"), tree, texts)
    return found


def _read_file(path: Path, asked: Asked, tree: Tree, texts: Texts) -> Unit | None:
    """A file that is applied as it stands; nothing where it holds no object and nothing hints at one."""
    named = path in asked.files
    data = tree.content(path, keep=False)
    relative = tree.relative(path)
    unit = Unit(relative, relative.rpartition("/")[0] or ".", asked.about(path))
    if isinstance(data, Diagnostic):
        there = tree.outside.kind(path) or not tree.inside(path)
        unit.problems.append(data)
        return unit if there and (named or path.name.endswith(YAML)) else None
    if not may_hold_objects(data):
        return None
    text = tree.decode(path, data)
    if isinstance(text, Diagnostic):
        unit.problems.append(text)
        return unit
    read_text(unit, text, path, tree)
    if unit.problems and not unit.manifests and not named and not _declares(text):
        return None
    remember_text(texts, unit, path, text, tree)
    return unit


def read_text(unit: Unit, text: str, path: Path, tree: Tree) -> None:
    """Put the objects of a text into a unit."""
    for item in read_objects(text, in_file(unit.path)):
        if isinstance(item, YamlError):
            where = {"line": item.line, "column": item.column}
            unit.problems.append(tree.problem("syntax", path, item.message, hint=item.hint, **where))
        else:
            unit.manifests.append(item)


def _declares(text: str) -> bool:
    """Whether a text that cannot be read is meant to declare objects: other tools only have some further inside."""
    return any(line.startswith(("apiVersion:", "- apiVersion:", '"apiVersion', "{", "[")) for line in text.splitlines())


def _render_charts(estate: Estate, top: Path, tree: Tree, texts: Texts) -> list[Unit]:
    program = find(tree, "helm")
    made: list[tuple[Installation, Job]] = []
    units: list[Unit] = []
    for number, (chart, release, several) in enumerate(estate.releases):
        where = tree.relative(chart.directory)
        place = f"{where}/{helm.name_of(chart, release)}" if several else where
        unit = Unit(place, place, estate.judges_chart(chart, release))
        units.append(unit)
        if program is None:
            message = "it is a Helm chart, and there is no helm here to render it"
            hint = f"install Helm, or scan what it prints: helm template {where} | phiward scan -"
            unit.problems.append(tree.problem("helm", chart.directory / CHART, message, hint=hint))
            continue
        installation = Installation(chart, release, Workspace(top / str(number), tree), unit)
        job = helm.prepare(installation, program, tree)
        if job is not None:
            made.append((installation, job))
    for (installation, _), done in zip(made, render_all([(one.workspace, job) for one, job in made]), strict=True):
        helm.take(installation, done, tree)
        remember(texts, installation.unit, installation.files, tree)
    return units


def _build_overlays(estate: Estate, top: Path, tree: Tree, texts: Texts) -> list[Unit]:
    program = find(tree, "kustomize", "kubectl")
    made: list[tuple[Build, Job]] = []
    units: list[Unit] = []
    for number, overlay in enumerate(estate.overlays):
        where = tree.relative(overlay.root.directory)
        unit = Unit(where, where, estate.judges_overlay(overlay))
        units.append(unit)
        if program is None:
            message = "it is a kustomization, and there is neither kustomize nor kubectl here to build it"
            hint = f"install one of them, or scan what it prints: kustomize build {where} | phiward scan -"
            unit.problems.append(tree.problem("kustomize", overlay.root.file, message, hint=hint))
            continue
        build = Build(overlay, Workspace(top / str(number), tree), unit)
        job = kustomize.prepare(build, program)
        if job is not None:
            made.append((build, job))
    for (build, _), done in zip(made, render_all([(one.workspace, job) for one, job in made]), strict=True):
        kustomize.take(build, done, tree)
        remember(texts, build.unit, build.overlay.files, tree)
    return units
