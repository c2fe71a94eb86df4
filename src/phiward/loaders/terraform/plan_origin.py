"""The Terraform source beside a plan: where each resource is written, and what its expressions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.loaders.terraform.bodies import META
from phiward.loaders.terraform.document_values import listing, mapping, text, without_keys
from phiward.loaders.terraform.documents import Document, terraform_above
from phiward.loaders.terraform.module import Module
from phiward.loaders.terraform.plan_references import Configuration, Planned
from phiward.loaders.terraform.program import ModuleCache, Program, TerraformOrigin
from phiward.loaders.terraform.resource_instance import ResourceInstance
from phiward.loaders.terraform.syntax import ELEMENT, Block, Traversal
from phiward.loaders.tree import Tree
from phiward.model.location import Location
from phiward.model.value import Unknown, Value, plain, references_in, undecided, unknowns
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """Where a resource instance is written, and the module blocks that lead there."""

    origin: TerraformOrigin
    calls: tuple[Location, ...]


class SourceBeside:
    """A root module that declares what a plan plans.

    What cannot be read of it is no hole of the scan: the plan is what is judged.
    """

    def __init__(self, program: Program, planned: Mapping[str, Planned]) -> None:
        self._program = program
        self._planned = planned
        program.resource_instances()
        program.expand_data_sources()
        self._by_block: dict[str, ResourceInstance] = {}
        for address, instance in program.instances.items():
            self._by_block.setdefault(without_keys(address), instance)

    @classmethod
    def find(cls, document: Document, tree: Tree, configuration: Configuration) -> SourceBeside | None:
        """The source in the plan's directory or the nearest above it that declares all that the plan's root does."""
        declared = _declared(configuration)
        if not declared:
            return None
        cache = ModuleCache(Tree(tree.base, tree.boundary, tree.outside))
        for directory in terraform_above(document.path.parent, tree):
            module = cache.get(directory)
            if declared <= _declared_in(module):
                given = mapping(document.content.get("variables"))
                variables = {text(name): mapping(entry).get("value") for name, entry in given.items()}
                workspace = Unknown("the workspace is not given")
                return cls(Program(directory, cache, variables, workspace), configuration.planned)
        return None

    def texts(self) -> dict[str, str]:
        """The text of each file of the source, by path."""
        return {file.path: file.text for module in self._program.modules() for file in module.files}

    def instance(self, item: Planned) -> Written | None:
        """Where a planned resource is written; None where the source does not declare it."""
        found = self._program.instances.get(item.address) or self._by_block.get(without_keys(item.address))
        return None if found is None else Written(TerraformOrigin(found), found.module.calls)

    def leaves_out(self, item: Planned, name: str, expressions: Mapping[str, Any]) -> bool:
        """Whether the source, which has all that the plan's configuration has, writes no such argument or block."""
        found = self._program.instances.get(item.address)
        names = _names(found.block) if found is not None else set()
        return found is not None and name not in names and expressions.keys() <= names

    def values(self, item: Planned, configuration: Configuration) -> dict[str, Value]:
        """Attributes that the plan does not know, as the source makes them of other resources.

        Only what the source and the configuration in the plan agree on is taken: the source may have moved on.
        """
        found = self._program.instances.get(item.address)
        expressions = configuration.expressions(item)
        if found is None or expressions is None:
            return {}
        result: dict[str, Value] = {}
        for name, planned in item.attributes.items():
            if next(unknowns(planned), None) is None or not _agree(found.block, name, expressions.get(name)):
                continue
            filled = _filled(planned, found.value(name))
            if filled is not _MISMATCH and self._leads_somewhere(filled):
                result[name] = filled
        return result

    def _leads_somewhere(self, value: Value) -> bool:
        return references_in(value) <= self._planned.keys()


def _declared(configuration: Configuration) -> set[tuple[str, ...]]:
    """What the plan's root module declares, by its configuration or else by its planned resources."""
    root = configuration.root
    found: set[tuple[str, ...]] = {
        (text(entry.get("mode")), text(entry.get("type")), text(entry.get("name")))
        for entry in map(mapping, listing(root.get("resources")))
    }
    found |= {("module", text(name)) for name in mapping(root.get("module_calls"))}
    if not found:
        items = configuration.planned.values()
        found = {
            (item.mode, item.type, item.name) for item in items if not item.module.steps and item.mode == "managed"
        }
        found |= {("module", item.module.names[0]) for item in items if item.module.steps}
    return found


def _declared_in(module: Module) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = {("managed", *key) for key in module.resources}
    found |= {("data", *key) for key in module.data}
    return found | {("module", name) for name in module.calls}


def _names(block: Block) -> set[str]:
    nested = block.body.blocks
    names = {inner.labels[0] if inner.type == "dynamic" and inner.labels else inner.type for inner in nested}
    return names | set(block.body.attributes)


# -- whether plan and source speak of the same expression


def _agree(block: Block, name: str, expression: Any) -> bool:
    """Whether the references of the plan's expression are those of the source's; a block's, all together."""
    attribute = block.body.attributes.get(name)
    if attribute is not None:
        return name not in META and _heads_of(expression) == _heads_in(attribute.value)
    static = [inner for inner in block.body.blocks if inner.type == name]
    if any(inner.type == "dynamic" and inner.labels == (name,) for inner in block.body.blocks):
        return True  # a plan does not show dynamic blocks
    return bool(static) and _heads_of(expression) == set().union(*(_heads_in(inner.body) for inner in static))


def _heads_of(expression: Any) -> set[str]:
    """What an expression of a plan refers to, each cut off after its name."""
    found: set[str] = set()
    stack = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack.extend(part)
        elif isinstance(part, dict):
            names = part.get("references")
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                found.update(_head(name.replace("[", ".").split(".")) for name in names)
            else:
                stack.extend(part.values())
    return found


def _heads_in(node: Any) -> set[str]:
    """What a syntax tree refers to, in the same words."""
    found: set[str] = set()
    stack: list[tuple[Any, frozenset[str]]] = [(node, frozenset())]
    while stack:
        part, bound = stack.pop()
        if isinstance(part, (list, tuple)):
            stack.extend((item, bound) for item in part)
        elif isinstance(part, dict):
            stack.extend((item, bound) for item in part.values())
        elif isinstance(part, Traversal):
            if part.root not in bound and part.root != ELEMENT and part.steps and isinstance(part.steps[0], str):
                found.add(_head([part.root, *(step for step in part.steps if isinstance(step, str))]))
            stack.extend((step, bound) for step in part.steps if not isinstance(step, (str, int)))
        elif hasattr(part, "__match_args__"):
            loops = (getattr(part, "key", None), getattr(part, "value", None)) if hasattr(part, "collection") else ()
            inner = bound | {name for name in loops if isinstance(name, str)}
            stack.extend((getattr(part, name), inner) for name in _children(part))
    return found


def _children(node: Any) -> list[str]:
    return [name for name in node.__match_args__ if name not in ("file", "labels", "name")]


def _head(names: list[Any]) -> str:
    return ".".join(str(name) for name in names[: 3 if names[0] == "data" else 2])


# -- laying one over the other

_MISMATCH = object()


def _filled(planned: Value, written: Value) -> Any:
    """The planned value with the source's in the place of what is unknown; `_MISMATCH` where they differ."""
    if isinstance(planned, Unknown):
        return planned if isinstance(written, Unknown) or plain(written) else written
    if isinstance(planned, dict) and isinstance(written, dict):
        # What is unknown and not written is left out: the provider decides it, as the catalog says.
        known = {name: value for name, value in planned.items() if name in written or not isinstance(value, Unknown)}
        filled = {name: _filled(value, written.get(name)) for name, value in known.items()}
        return _MISMATCH if any(value is _MISMATCH for value in filled.values()) else filled
    if isinstance(planned, list) and isinstance(written, list) and len(planned) == len(written):
        items = [_filled(value, other) for value, other in zip(planned, written, strict=True)]
        return _MISMATCH if any(value is _MISMATCH for value in items) else items
    if written is None or undecided(written) or planned == written or str(planned).lower() == str(written).lower():
        return planned
    return _MISMATCH
