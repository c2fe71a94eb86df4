"""Paths -> resources: the CloudFormation loader's whole way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from phiward.loaders.cloudformation.program import Library, Program
from phiward.loaders.cloudformation.stack import Stack
from phiward.loaders.cloudformation.template import Template
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.project import Project
from phiward.model.resource import Resource, Scope
from phiward.model.value import Value
from phiward.settings import Projects, Settings

SOURCE = "cloudformation"


def load(files: Iterable[Path], tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """Load some templates. What cannot be read is a diagnostic of the tree."""
    loaded = Loaded()
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    library = Library(tree, loaded.sources)
    templates = []
    for file in files:
        progress(f"reading {tree.relative(file)}")
        template = library.template(file)
        templates += [template] if template is not None else []
    for template in templates:
        add(template, settings.template_parameters, projects.of(template.file.parent), library, loaded)
    return loaded


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
