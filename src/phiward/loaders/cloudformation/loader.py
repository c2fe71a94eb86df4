"""Paths -> resources: the CloudFormation loader's whole way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from phiward.loaders.cloudformation.discovery import templates
from phiward.loaders.cloudformation.stack import Stack
from phiward.loaders.cloudformation.template import Template, read_template
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope
from phiward.model.value import Value
from phiward.settings import Projects, Settings

SOURCE = "cloudformation"


def load(paths: tuple[Path, ...], tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """Load every template that the paths hold. What cannot be read is a diagnostic of the tree."""
    loaded = Loaded()
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    for file in templates(paths, tree):
        progress(f"reading {tree.relative(file)}")
        text = tree.read(file)
        template = None if text is None else read_template(file, text, tree)
        if template is not None:
            loaded.sources.kept[template.path] = template.text
            add(template, settings.template_parameters, projects.of(file.parent), loaded)
    return loaded


def add(template: Template, given: Mapping[str, Value], project: Project, loaded: Loaded) -> None:
    """A template as a scope of its own, with what it declares."""
    holes: list[Hole] = []
    stack = Stack(template, given)
    declared = list(stack.resources())
    scope = Scope(SOURCE, template.path, tuple(holes), project)
    loaded.scopes.append(scope)
    loaded.resources.extend(
        Resource(
            source=SOURCE,
            native_type=one.native_type,
            address=one.address,
            attributes=one.attributes,
            origin=one.origin,
            scope=scope,
            number=one.number,
            uncounted=one.uncounted,
        )
        for one in declared
    )
