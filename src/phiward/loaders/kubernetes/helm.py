"""Helm charts, rendered by Helm: chart and values in, objects with their places in the templates out."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from phiward.loaders.kubernetes.chart import Chart, files_of, read_chart
from phiward.loaders.kubernetes.discovery import CHART
from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.kubernetes.reading import filled_in, read_objects
from phiward.loaders.kubernetes.rendering import Job, Workspace
from phiward.loaders.kubernetes.template import Template, TemplateOrigin
from phiward.loaders.kubernetes.unit import Unit
from phiward.loaders.located_yaml import Document
from phiward.loaders.programs import Finished
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.finding import Diagnostic
from phiward.model.project import Release
from phiward.model.resource import AttributePath, Hole
from phiward.model.value import Unknown, Value, join
from phiward.record import dataclass, field

OPEN_NAMESPACE = "namespace-of-the-release"
"""Stands for a namespace that nobody told, so that nothing is concluded from a name that Helm would make up."""
_LONGEST_PATH = 500
"""Characters of the names of charts that lie in one another."""
_SCHEMA = "values.schema.json"
_name = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,51}[a-z0-9])?")
_source = re.compile(r"^# Source: (.+)$", re.MULTILINE)
_asks_cluster = re.compile(rb"\.Capabilities\.APIVersions|\{\{[^}]*\blookup\s")
_each_time_anew = re.compile(rb"\{\{[^}]*\b(?:now|rand[A-Z]\w*|gen[A-Z]\w*|uuidv4|htpasswd|bcrypt)\b")
_CLUSTER_WIDE = frozenset((
    "Namespace", "Node", "PersistentVolume", "StorageClass", "VolumeAttributesClass", "CSIDriver", "CSINode",
    "IngressClass", "RuntimeClass", "PriorityClass", "CustomResourceDefinition", "APIService",
    "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "FlowSchema", "PriorityLevelConfiguration", "GatewayClass",
    "CertificateSigningRequest", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy",
))  # fmt: skip
"""Kinds without a namespace, beside those that begin with `Cluster`."""


@dataclass(slots=True, eq=False)
class Installation:
    """A release of a chart that is about to be rendered. `homes` are the directories of the charts by Helm's path."""

    chart: Chart
    release: Release
    workspace: Workspace
    unit: Unit
    homes: dict[str, Path] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def prepare(made: Installation, program: Path, tree: Tree) -> Job | None:
    """Copy what Helm reads; nothing, with the unit's problem, where that cannot be."""
    chart, release, workspace = made.chart, made.release, made.workspace
    problem = _copy(chart, chart.name, workspace.place(chart.directory), made, tree)
    arguments: list[str] = []
    for number, value in enumerate(release.values):
        path = Path(os.path.normpath(chart.directory / value))
        place = workspace.top / f"values-{number}.yaml"
        made.files.append(path)
        problem = problem or workspace.copy(path, place)
        arguments += ["--values", str(place)]
    if problem is not None:
        made.unit.problems.append(problem)
        return None
    arguments += [f"--api-versions={version}" for version in release.api_versions]
    if release.kube_version:
        arguments.append(f"--kube-version={release.kube_version}")
    if any(path.suffix in (".tgz", ".gz") for path in made.files):
        arguments.append("--skip-schema-validation")  # a schema may refer to the network; those not packed are left out
    where = str(workspace.place(chart.directory))
    namespace = release.namespace or OPEN_NAMESPACE
    command = [str(program), "template", name_of(chart, release), where, "--namespace", namespace, "--include-crds"]
    return Job(workspace.top, [*command, *arguments])


def name_of(chart: Chart, release: Release) -> str:
    """The release's name: as it was told, else the chart's own."""
    return release.name or (chart.name if _name.fullmatch(chart.name) else "release")


def _copy(chart: Chart, path: str, place: Path, made: Installation, tree: Tree) -> Diagnostic | None:
    """Copy a chart with the charts below it, and with those that it takes from elsewhere in the tree."""
    made.homes[path] = chart.directory
    below = chart.directory / "charts"
    for file in files_of(chart.directory, tree):
        if file.name == _SCHEMA:
            continue
        problem = made.workspace.copy(file, place / file.relative_to(chart.directory))
        if problem is not None:
            return problem
        made.files.append(file)
        if file.name == CHART and file.parent.parent == below:
            _name_homes(chart, path, file.parent, made, tree)
    for name, directory in chart.local.items():
        if f"{path}/charts/{chart.called(name)[0]}" not in made.homes and len(path) < _LONGEST_PATH:
            inner = read_chart(directory, tree)
            problem = _copy(inner, f"{path}/charts/{inner.name}", place / "charts" / directory.name, made, tree)
            if problem is not None:
                return problem
            _name_homes(chart, path, directory, made, tree)
    return None


def _name_homes(chart: Chart, path: str, directory: Path, made: Installation, tree: Tree) -> None:
    """Note the directory of a chart below another one, and of those below it; what leads in a circle ends."""
    if len(path) > _LONGEST_PATH:
        return
    inner = read_chart(directory, tree)
    for name in chart.called(inner.name):
        made.homes[f"{path}/charts/{name}"] = directory
    for file in files_of(directory / "charts", tree) if tree.outside.is_directory(directory / "charts") else ():
        if file.name == CHART and file.parent.parent == directory / "charts":
            for name in chart.called(inner.name):
                _name_homes(inner, f"{path}/charts/{name}", file.parent, made, tree)


def take(made: Installation, done: Finished | str, tree: Tree) -> None:
    """Put the rendered objects into the unit; what Helm says instead becomes its problem."""
    if isinstance(done, str) or done.status != 0:
        message = made.workspace.explained(done, "helm")
        where = tree.relative(made.chart.directory)
        hint = f"name its values files under helm in phiward.yaml, or run `helm template {where}` to see why"
        if "missing in charts/" in message:
            hint = f"run `helm dependency build {where}`"
        made.unit.problems.append(tree.problem("helm", made.chart.directory / CHART, message, hint=hint))
        return
    text = done.output.decode("utf-8", "replace")
    for item in read_objects(text, _Placed(made, text, tree), _released if OPEN_NAMESPACE in text else None):
        if isinstance(item, YamlError):
            made.unit.problems.append(tree.problem("helm", made.chart.directory / CHART, item.message))
        else:
            made.unit.manifests.append(_in_namespace(item, made.release.namespace))
    _doubts(made, tree)


def _released(text: str) -> Value:
    """A text in which the namespace of the release may stand, which nobody told."""
    if OPEN_NAMESPACE not in text:
        return filled_in(text)
    unknown = Unknown("the namespace of the release is not told", "write it under helm in phiward.yaml")
    pieces = re.split(f"({OPEN_NAMESPACE})", text)
    return join([unknown if piece == OPEN_NAMESPACE else filled_in(piece) for piece in pieces if piece])


def _in_namespace(item: Manifest, namespace: str) -> Manifest:
    """What names no namespace goes into the release's; where that is not told, it stays open."""
    metadata = item.value.get("metadata")
    if not isinstance(metadata, dict):
        return item
    if isinstance(metadata.get("namespace"), Unknown):
        item.value = {**item.value, "metadata": {k: v for k, v in metadata.items() if k != "namespace"}}
        item.namespace = ""
    elif not item.namespace and namespace and not item.kind.startswith("Cluster") and item.kind not in _CLUSTER_WIDE:
        item.value = {**item.value, "metadata": {**metadata, "namespace": namespace}}
        item.namespace = namespace
    return item


def _doubts(made: Installation, tree: Tree) -> None:
    """What the templates leave to the cluster, and what makes them differ from one time to the next."""
    for path in made.files:
        data = tree.peek(path) or b""
        if _asks_cluster.search(data) and not made.release.api_versions:
            reason = f"{tree.relative(path)} renders some objects only where the cluster knows their kind"
            hint = "list the cluster's API versions under helm in phiward.yaml"
            made.unit.holes.append(Hole(reason, hint))
        if _each_time_anew.search(data):
            tree.outside.complete = False


class _Placed:
    """Finds the template of each rendered object by the comment that Helm puts above it."""

    def __init__(self, made: Installation, text: str, tree: Tree) -> None:
        self._made = made
        self._tree = tree
        found = list(_source.finditer(text))
        self._lines = list(_line_numbers(text, (one.start() for one in found)))
        self._sources = [one[1].strip() for one in found]
        self._templates: dict[str, Template] = {}

    def __call__(self, document: Document, prefix: AttributePath) -> TemplateOrigin:
        known = bisect_right(self._lines, document.spans.whole.line)
        source = self._sources[known - 1] if known else ""
        if source not in self._templates:
            self._templates[source] = self._template(source)
        inner: Value = document.value
        for step in prefix:
            inner = inner[step]
        return TemplateOrigin(self._templates[source], inner)

    def _template(self, source: str) -> Template:
        """The file of a template; the chart's own description where it lies in a packed chart."""
        parts = source.split("/")
        for length in range(len(parts) - 1, 0, -1):
            home = self._made.homes.get("/".join(parts[:length]))
            if home is not None:
                path = home.joinpath(*parts[length:])
                if self._tree.outside.is_file(path):
                    text = self._tree.decode(path, self._tree.peek(path) or b"")
                    return Template(self._tree.relative(path), text if isinstance(text, str) else "")
        return Template(self._tree.relative(self._made.chart.directory / CHART), "")


def _line_numbers(text: str, places: Iterator[int]) -> Iterator[int]:
    line, start = 1, 0
    for place in places:
        line += text.count("\n", start, place)
        start = place
        yield line
