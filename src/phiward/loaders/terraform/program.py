"""A Terraform root: its modules, variables and every resource instance with what it refers to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phiward.loaders.terraform.bodies import META, block_elements, body_values
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import attempt, step
from phiward.loaders.terraform.expansion import Expansion, key_text
from phiward.loaders.terraform.module import Module, read_module
from phiward.loaders.terraform.module_instance import ModuleInstance
from phiward.loaders.terraform.resource_instance import ResourceInstance
from phiward.loaders.terraform.syntax import Block, Body, Literal, ObjectNode, SourceFile, TupleNode
from phiward.loaders.terraform.value_types import Type
from phiward.loaders.terraform.variables import variable_text
from phiward.loaders.tree import MAX_FILE_BYTES, Tree
from phiward.model.location import Lines, Location
from phiward.model.resource import AttributePath, Hole
from phiward.model.value import Reference, Unknown, Value, left_to_the_provider, references_in

MAX_MODULE_DEPTH = 30
MAX_MODULE_INSTANCES = 50_000
"""Modules that call two others each, level by level, would else be a billion."""


class ModuleCache:
    """Every directory parsed once, however many roots and callers it has."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._modules: dict[Path, Module] = {}

    def get(self, directory: Path) -> Module:
        """The parsed module of a resolved directory."""
        if directory not in self._modules:
            self._modules[directory] = read_module(directory, self.tree)
        return self._modules[directory]


class RootFiles:
    """What `file()` and its kin may read: paths relative to the root, inside the tree."""

    def __init__(self, root: Path, tree: Tree) -> None:
        self._root = root
        self._tree = tree

    def _inside(self, path: str) -> Path:
        try:
            target = self._root / path
            if not self._tree.inside(target):
                raise EvaluationError(f"{path} is outside of the scanned tree and was not read")
        except (OSError, ValueError, RuntimeError) as error:
            raise EvaluationError(f"{path!r} is not a path that can be read") from error
        return target

    def _file(self, path: str) -> Path:
        if not self.exists(path):
            raise EvaluationError(f"there is no file {path}")
        return self._tree.outside.resolve(self._inside(path))

    def read_text(self, path: str) -> str:
        text = self._tree.read(self._file(path))
        if text is None:
            raise EvaluationError(f"{path} could not be read as text")
        return text

    def read_bytes(self, path: str) -> bytes:
        try:
            return self._tree.outside.read(self._file(path), MAX_FILE_BYTES, keep=False)
        except OSError as error:
            raise EvaluationError(f"{path} could not be read: {error.strerror}") from error

    def exists(self, path: str) -> bool:
        try:
            return self._tree.outside.is_file(self._inside(path))
        except OSError as error:
            raise EvaluationError(f"{path[:100]!r} is not a path that can be read") from error

    def glob(self, directory: str, pattern: str) -> list[str]:
        top = self._inside(directory)
        try:
            return [name for name in self._tree.outside.glob(top, pattern) if self._tree.inside(top / name)]
        except (OSError, ValueError, NotImplementedError, RuntimeError) as error:
            raise EvaluationError(f"{pattern[:100]!r} is not a pattern of files") from error


class Program:
    """One root module, evaluated. `variables` holds what files and environment give: values, or the text of flags."""

    def __init__(
        self, directory: Path, cache: ModuleCache, variables: Mapping[str, Value | RawText], workspace: Value
    ) -> None:
        self.directory = directory
        self.cache = cache
        self.tree = cache.tree
        self.variables = variables
        self.workspace = workspace
        self.instances: dict[str, ResourceInstance] = {}
        self.holes: list[Hole] = []
        self.unread: Unknown | None = None
        """Why variables that no flag gives are not known: a variable file could not be read."""
        self._manifest: dict[str, str] | None = None
        self._noted: set[int] = set()
        self._local: dict[tuple[int, str], Path | Hole] = {}
        self._module_count = 0
        self.root = ModuleInstance(self, cache.get(directory))

    # -- what module instances ask for

    def files_of(self, directory: Path) -> RootFiles:  # noqa: ARG002 - paths are relative to the root, as in Terraform
        return RootFiles(self.directory, self.tree)

    def path_value(self, source: Module, name: str) -> Value:
        if name == "module":
            return os.path.relpath(source.directory, self.directory).replace(os.sep, "/")
        if name == "root":
            return "."
        return Unknown(f"path.{name} depends on where Terraform is run")

    def root_variable(self, name: str, type_: Type) -> tuple[Value, bool]:
        """The value that is given from outside for a variable of the root, and whether there is one."""
        if name not in self.variables:
            return self.unread, self.unread is not None
        value = self.variables[name]
        return (variable_text(value.text, type_) if isinstance(value, RawText) else value), True

    def resolve(self, reference: Reference) -> Value:
        """The configured value behind a reference, through further references."""
        seen: set[Reference] = set()
        value: Value = reference
        while isinstance(value, Reference):
            if value in seen:
                return Unknown(f"{reference} depends on itself")
            seen.add(value)
            value = self._follow(value)
        return value

    def _follow(self, reference: Reference) -> Value:
        instance = self.instances.get(reference.address)
        if instance is None or not reference.path:
            return left_to_the_provider(reference)
        first, *rest = reference.path
        value = instance.value(str(first))
        try:
            for key in rest:
                value = step(value, key, instance.env)
        except EvaluationError:
            return left_to_the_provider(reference)
        return value

    # -- modules

    def leave_out(self, parent: ModuleInstance, name: str, hole: Hole) -> None:
        """Note, as a diagnostic and a hole, a module call that cannot be loaded."""
        block = parent.source.calls[name]
        given = references_in(body_values(block.body, parent.env, meta=META))
        self.holes.append(Hole(hole.reason, hole.hint, frozenset(given)))
        self._note(block, hole)

    def instantiate(self, parent: ModuleInstance, name: str, directory: Path) -> dict[Any, ModuleInstance] | Unknown:
        """The instances of a module call whose source is there; `Unknown`, with a hole, where they are too many."""
        block = parent.source.calls[name]
        source = self.cache.get(directory)
        expansion: Expansion = parent.expansion(block)
        self._module_count += len(expansion.instances)
        if self._module_count > MAX_MODULE_INSTANCES:
            hole = Hole(f"more than {MAX_MODULE_INSTANCES} instances of modules: module {name!r} was not read")
            self.holes.append(hole)
            self._note(block, hole)
            return Unknown(hole.reason)
        instances = {}
        for key, names in expansion.instances.items():
            env = parent.env.bind(names) if names else parent.env
            address = parent.prefix + f"module.{name}" + key_text(key)
            instances[key] = ModuleInstance(self, source, address, parent=parent, call=block, env=env)
        return instances

    def _note(self, block: Block, hole: Hole) -> None:
        if id(block) in self._noted or block.file is None:
            return
        self._noted.add(id(block))
        span = block.file.span(block.start, block.header_end)
        path = self.tree.base / block.file.path
        self.tree.hole("module", path, hole.reason, hint=hole.hint, line=span.line, column=span.column)

    def locate(self, parent: ModuleInstance, name: str) -> Path | Hole:
        """The directory of the module that a call means, or why there is none."""
        block = parent.source.calls[name]
        attribute = block.body.attributes.get("source")
        source = attempt(attribute.value, parent.env) if attribute else None
        label = f"module {name!r}"
        if not isinstance(source, str):
            return Hole(f"{label} has no source that can be read")
        if source.startswith(("./", "../", "/")) or source in (".", ".."):
            key = (id(block), source)
            if key not in self._local:
                self._local[key] = self._local_directory(parent.source.directory, label, source)
            found = self._local[key]
        else:
            found = self._downloaded_directory(parent, name, label, source)
        return found if isinstance(found, Hole) else self._checked(parent, label, found)

    def _local_directory(self, caller: Path, label: str, source: str) -> Path | Hole:
        directory = self.tree.outside.resolve(caller / source)
        if not self.tree.inside(directory):
            why = f"{label} leads outside of the scanned tree ({source}) and was not read"
            return Hole(why, "scan that path too")
        return self._existing(directory, label, source)

    def _downloaded_directory(self, parent: ModuleInstance, name: str, label: str, source: str) -> Path | Hole:
        recorded = self._modules_manifest().get(_manifest_key(parent, name))
        if recorded is None:
            return Hole(f"{label} ({source}) is not downloaded", "run `terraform init` first")
        directory = self.tree.outside.resolve(self.directory / recorded)
        if not self.tree.inside(directory):
            return Hole(f"{label} is recorded outside of the scanned tree and was not read")
        return self._existing(directory, label, source)

    def _existing(self, directory: Path, label: str, source: str) -> Path | Hole:
        return (
            directory if self.tree.outside.is_directory(directory) else Hole(f"{label}: there is no directory {source}")
        )

    def _checked(self, parent: ModuleInstance, label: str, directory: Path) -> Path | Hole:
        """Refuse a module that calls itself, directly or in a circle."""
        depth, ancestor = 0, parent
        source = self.cache.get(directory)
        while ancestor is not None:
            if ancestor.source is source:
                return Hole(f"{label} calls itself: {self.tree.relative(directory)} is among its own callers")
            depth += 1
            if ancestor.parent is None:
                break
            ancestor = ancestor.parent
        if depth > MAX_MODULE_DEPTH:
            return Hole(f"{label}: modules are nested deeper than {MAX_MODULE_DEPTH} levels")
        return directory

    def _modules_manifest(self) -> dict[str, str]:
        """Where `terraform init` put the modules that it downloaded, by their dotted path of calls."""
        if self._manifest is None:
            path = self.directory / ".terraform" / "modules" / "modules.json"
            text = self.tree.read(path) if self.tree.outside.is_file(path) else None
            try:
                entries = json.loads(text)["Modules"] if text else []
                self._manifest = {str(entry["Key"]): str(entry["Dir"]) for entry in entries}
            except (ValueError, KeyError, TypeError, RecursionError):
                self._manifest = {}
        return self._manifest

    # -- everything

    def resource_instances(self) -> list[ResourceInstance]:
        """Every managed resource of the root and of all modules below it."""
        found: list[ResourceInstance] = []
        for module in self.module_instances():
            self._holes_of(module)
            found.extend(module.resource_instances())
        return found

    def module_instances(self) -> list[ModuleInstance]:
        """The root and every instance of the modules below it, depth first in the order of the files."""
        found: list[ModuleInstance] = []
        stack = [self.root]
        while stack:
            instance = stack.pop()
            found.append(instance)
            for name in reversed(instance.source.calls):
                children = instance.children(name)
                stack.extend(reversed(children.values()) if isinstance(children, dict) else ())
        return found

    def modules(self) -> list[Module]:
        """Every module directory that was instantiated."""
        return list({id(i.source): i.source for i in self.module_instances()}.values())

    def expand_data_sources(self) -> None:
        """Make an instance of every data source and its like, so that references to them lead somewhere."""
        for instance in self.module_instances():
            for block in (*instance.source.data.values(), *instance.source.ephemerals.values()):
                instance.expansion(block)

    def _holes_of(self, module: ModuleInstance) -> None:
        for hole in module.source.holes:
            if hole not in self.holes:
                self.holes.append(hole)


def _manifest_key(parent: ModuleInstance, name: str) -> str:
    names = [name]
    instance: ModuleInstance | None = parent
    while instance is not None and instance.call is not None:
        names.append(instance.call.labels[0])
        instance = instance.parent
    return ".".join(reversed(names))


class RawText:
    """The text of a variable from a flag or the environment, to be read by the variable's type."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class TerraformOrigin:
    """Finds the span of an attribute in the syntax tree when somebody asks."""

    __slots__ = ("_instance",)

    def __init__(self, instance: ResourceInstance) -> None:
        self._instance = instance

    def lines(self) -> tuple[Lines, ...]:
        return (self.locate().lines,)

    def header(self) -> Location:
        block = self._instance.block
        return _file(block).location(block.start, block.header_end)

    def locate(self, path: AttributePath = ()) -> Location:
        block = self._instance.block
        if not path:
            return _file(block).location(block.start, block.end)
        return locate_in(block.body, self._instance.env, path, _file(block)) or self.header()


def _file(block: Block) -> SourceFile:
    assert block.file is not None
    return block.file


def locate_in(body: Body, env: Any, path: AttributePath, file: SourceFile) -> Location | None:
    """Where an attribute of a block stands; None where it is not written."""
    if not path:
        return None
    name, rest = str(path[0]), path[1:]
    attribute = body.attributes.get(name)
    if attribute is not None:
        node = _inner(attribute.value, rest)
        start = attribute.start if node is attribute.value else node.start
        return (attribute.file or file).location(start, node.end)
    index = rest[0] if rest and isinstance(rest[0], int) else 0
    named = [b for b in body.blocks if b.type == name or (b.type == "dynamic" and b.labels == (name,))]
    if not named:
        return None
    elements = list(block_elements(body.blocks, name, env))
    if index < len(elements) and not isinstance(elements[index], Unknown):
        inner_body, inner_env = elements[index]  # type: ignore[misc]
        named = [b for b in named if b.body is inner_body or any(c.body is inner_body for c in b.body.blocks)] or named
        file = named[0].file or file
        deeper = locate_in(inner_body, inner_env, rest[1:] if rest and isinstance(rest[0], int) else rest, file)
        if deeper is not None:
            return deeper
    return (named[0].file or file).location(named[0].start, named[0].header_end)


def _inner(node: Any, path: AttributePath) -> Any:
    """The deepest written node along a path into a list or object; the node itself where it is computed."""
    for key in path:
        if isinstance(node, ObjectNode):
            matching = [v for k, v in node.items if isinstance(k, Literal) and k.value == key]
            if not matching:
                return node
            node = matching[0]
        elif isinstance(node, TupleNode) and isinstance(key, int) and key < len(node.items):
            node = node.items[key]
        elif isinstance(node, TupleNode) and node.items and isinstance(key, str):
            node = _inner(node.items[0], (key,))
        else:
            return node
    return node
