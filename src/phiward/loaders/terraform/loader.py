"""Paths -> resources: the Terraform source loader's whole way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from phiward.loaders.loaded import Loaded
from phiward.loaders.terraform.backend import backends
from phiward.loaders.terraform.bodies import META, body_values
from phiward.loaders.terraform.program import ModuleCache, Program, RawText, TerraformOrigin
from phiward.loaders.terraform.resource_instance import ANSWERS, ResourceInstance
from phiward.loaders.terraform.roots import discover
from phiward.loaders.terraform.variables import read_automatic, read_given
from phiward.loaders.terraform.versions import provider_majors
from phiward.loaders.tree import Tree
from phiward.model.project import Project
from phiward.model.resource import Resource, Scope
from phiward.model.value import Unknown, Value
from phiward.settings import Projects, Settings

SOURCE = "terraform"


def load(paths: tuple[Path, ...], tree: Tree, settings: Settings, progress: Callable[[str], None]) -> Loaded:
    """Load every Terraform root that the paths hold or affect. What cannot be read is a diagnostic of the tree."""
    cache = ModuleCache(tree)
    loaded = Loaded()
    projects = Projects(tree.base, tree.outside, settings.settings_file)
    for directory in discover(paths, cache):
        progress(f"reading {tree.relative(directory)}")
        _load_root(directory, cache, settings, projects.of(directory), loaded)
    return loaded


def _load_root(directory: Path, cache: ModuleCache, settings: Settings, project: Project, loaded: Loaded) -> None:
    tree = cache.tree
    automatic, holes = read_automatic(directory, tree)
    variables: dict[str, Value | RawText] = {n: RawText(t) for n, t in settings.environment_variables.items()}
    variables.update(automatic)
    for path in settings.variable_files:
        variables.update(read_given(path, tree.outside))
    variables.update({name: RawText(text) for name, text in settings.variables.items()})
    workspace: Value = settings.workspace or Unknown("the workspace is not given", "set TF_WORKSPACE")
    program = Program(directory, cache, variables, workspace)
    program.holes += holes
    if holes:
        given = settings.variables
        program.unread = Unknown(holes[0].reason)
        program.variables = {name: value for name, value in variables.items() if name in given}
    instances = program.resource_instances()
    relative = tree.relative(directory)
    scope = Scope(SOURCE, relative, tuple(program.holes), project, majors=provider_majors(program))
    loaded.scopes.append(scope)
    loaded.resources.extend(_resource(instance, scope) for instance in instances)
    loaded.resources.extend(backends(program, SOURCE, scope))
    program.expand_data_sources()
    data = [i for i in program.instances.values() if not i.managed]
    loaded.resources.extend(_resource(instance, scope) for instance in data)
    for module in program.modules():
        for file in module.files:
            loaded.sources.kept[file.path] = file.text


def _resource(instance: ResourceInstance, scope: Scope) -> Resource:
    attributes = instance.attributes() if instance.managed else _data_attributes(instance)
    return Resource(
        source=SOURCE,
        native_type=instance.type if instance.managed else f"data.{instance.type}",
        address=instance.address,
        attributes=attributes,
        origin=TerraformOrigin(instance),
        scope=scope,
        module_calls=instance.module.calls,
        provider=instance.provider,
        number=instance.number,
        uncounted=instance.uncounted,
    )


def _data_attributes(instance: ResourceInstance) -> dict[str, Value]:
    """What a data source is asked, and what it answers where that follows from what it is asked."""
    attributes = body_values(instance.block.body, instance.env, meta=META)
    return {**attributes, **{name: instance.value(name) for name in ANSWERS.get(instance.type, ())}}
