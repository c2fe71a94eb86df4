"""Paths -> resources: the CloudFormation loader's whole way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from phiward.loaders.cloudformation.parameter_files import read_given
from phiward.loaders.cloudformation.program import Library, Program
from phiward.loaders.cloudformation.roots import roots
from phiward.loaders.cloudformation.stack import Stack
from phiward.loaders.cloudformation.template import Template
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.project import Project
from phiward.model.resource import Resource, Scope
from phiward.model.value import Value
from phiward.settings import Projects, Settings

SOURCE = "cloudformation"


def load(
    paths: tuple[Path, ...],
    found: Iterable[Path],
    tree: Tree,
    settings: Settings,
    progress: Callable[[str], None],
) -> Loaded:
    """Load the templates that were found at some paths. What cannot be read is a diagnostic of the tree."""
    loaded = Loaded()
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    library = Library(tree, loaded.sources)
    progress("reading CloudFormation templates")
    given: dict[str, Value] = {}
    for path in settings.template_parameter_files:
        given |= read_given(path, tree.outside)
    given |= settings.template_parameters
    for template in roots(paths, found, tree, library):
        project = projects.of(template.file.parent)
        add(template, {**_of_project(template, project, tree), **given}, project, library, loaded)
    return loaded


def _of_project(template: Template, project: Project, tree: Tree) -> dict[str, Value]:
    """The values that the settings file gives a template. Raises SettingsError."""
    given: dict[str, Value] = {}
    for place, deployment in project.cloudformation.items():
        if project.place(place) != template.path:
            continue
        for entry in deployment.parameter_files:
            given |= read_given(tree.base / project.place(entry), tree.outside)
        given |= deployment.parameters
    return given


def add(template: Template, given: Mapping[str, Value], project: Project, library: Library, loaded: Loaded) -> None:
    """A template as a scope of its own, with what it declares."""
    stack = Stack(template, given, Program(library))
    declared = list(stack.resources())
    scope = Scope(SOURCE, template.path, tuple(stack.holes), project)
    loaded.scopes.append(scope)
    loaded.resources.extend(
        Resource(
            source=SOURCE,
            native_type=one.native_type,
            address=one.address,
            attributes=one.attributes,
            origin=one.origin,
            scope=scope,
            module_calls=one.calls,
            number=one.number,
            uncounted=one.uncounted,
        )
        for one in declared
    )
