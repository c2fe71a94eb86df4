"""Kustomizations, built by Kustomize: objects out, with their places in the files that they were made of."""

from __future__ import annotations

import json
import os
from pathlib import Path

from phiward.loaders.kubernetes.base import BaseOrigin, Bases
from phiward.loaders.kubernetes.kustomization import Overlay
from phiward.loaders.kubernetes.reading import read_objects
from phiward.loaders.kubernetes.rendering import Job, Workspace
from phiward.loaders.kubernetes.unit import Unit
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.programs import Finished
from phiward.loaders.tree import Tree
from phiward.loaders.yaml_builder import YamlError
from phiward.model.resource import AttributePath
from phiward.model.value import Value
from phiward.record import dataclass

_ORIGIN = "config.kubernetes.io/origin"


@dataclass(slots=True, eq=False)
class Build:
    """A kustomization that is about to be built."""

    overlay: Overlay
    workspace: Workspace
    unit: Unit

    @property
    def wrapper(self) -> Path:
        """A kustomization around it, which has Kustomize say where each object comes from."""
        return self.workspace.top / "whole"


def prepare(made: Build, program: Path) -> Job | None:
    """Copy what Kustomize reads; nothing, with the unit's problem, where that cannot be."""
    problem = made.overlay.problem
    for file in made.overlay.files:
        problem = problem or made.workspace.copy(file)
    if problem is not None:
        made.unit.problems.append(problem)
        return None
    root = os.path.relpath(made.workspace.place(made.overlay.root.directory), made.wrapper)
    text = json.dumps({"resources": [Path(root).as_posix()], "buildMetadata": ["originAnnotations"]})
    made.workspace.write(made.wrapper / "kustomization.yaml", text.encode())
    verb = "kustomize" if program.name.startswith("kubectl") else "build"
    return Job(made.workspace.top, [str(program), verb, str(made.wrapper)])


def take(made: Build, done: Finished | str, tree: Tree) -> None:
    """Put the built objects into the unit; what Kustomize says instead becomes its problem."""
    root = made.overlay.root
    if isinstance(done, str) or done.status != 0:
        hint = f"run `kustomize build {tree.relative(root.directory)}` to see why"
        message = made.workspace.explained(done, "kustomize")
        made.unit.problems.append(tree.problem("kustomize", root.file, message, hint=hint))
        return
    bases = Bases(made.overlay, tree)

    def place(document: Document, prefix: AttributePath) -> BaseOrigin:
        inner: Value = document.value
        for step in prefix:
            inner = inner[step]
        return BaseOrigin(bases, inner, _file_of(inner, made) or root.file)

    for item in read_objects(done.output.decode("utf-8", "replace"), place):
        if isinstance(item, YamlError):
            made.unit.problems.append(tree.problem("kustomize", root.file, item.message))
        else:
            _forget_origin(item.value)
            made.unit.manifests.append(item)


def _file_of(value: Value, made: Build) -> Path | None:
    """The file that an object was read from, or that has it generated."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    said = annotations.get(_ORIGIN) if isinstance(annotations, dict) else None
    origin = next(documents(said), None) if isinstance(said, str) else None
    if not isinstance(origin, Document) or not isinstance(origin.value, dict):
        return None
    relative = origin.value.get("path") or origin.value.get("configuredIn")
    try:
        return made.workspace.original(made.wrapper / str(relative))
    except ValueError:
        return None


def _forget_origin(value: dict[str, Value]) -> None:
    """Take away what was only asked for to find the file."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(annotations, dict):
        annotations.pop(_ORIGIN, None)
        if not annotations:
            del metadata["annotations"]
