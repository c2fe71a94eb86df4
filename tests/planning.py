"""Plans for tests: what `terraform show -json` would print of a configuration whose providers are not at hand.

`planned` writes the plan of Terraform source in which everything is created: what the source does not decide is known
after apply, and so are `id` and `arn`. The layout follows plans of the real binary (see test_plan_of_the_real_terraform)
and developer.hashicorp.com/terraform/internals/json-format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phiward.loaders.terraform.bodies import META
from phiward.loaders.terraform.evaluation import attempt, materialise
from phiward.loaders.terraform.module_instance import ModuleInstance
from phiward.loaders.terraform.program import ModuleCache, Program
from phiward.loaders.terraform.syntax import ELEMENT, Block, Body, Traversal
from phiward.loaders.terraform.variables import read_automatic
from phiward.loaders.terraform.versions import required
from phiward.loaders.tree import Tree
from phiward.model.value import Unknown, plain, undecided

_modules = re.compile(r"^(?:module\.[^.\[]+(?:\[[^\]]*\])?\.)*")
COMPUTED = {"id": True, "arn": True}


def resource(address: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource of a values representation; module, type, name and index are read off the address."""
    local = _modules.sub("", address)
    data = local.startswith("data.")
    type_, name = local.removeprefix("data.").split(".", 1)
    name, bracket, index = name.partition("[")
    entry = {"address": address, "mode": "data" if data else "managed", "type": type_, "name": name}
    if bracket:
        entry["index"] = json.loads(index.removesuffix("]"))
    return {
        **entry,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "values": values,
        "sensitive_values": {},
        **more,
    }


def change(entry: dict[str, Any], unknown: Any = None, actions: tuple[str, ...] = ("create",)) -> dict[str, Any]:
    kept = {key: entry[key] for key in ("address", "mode", "type", "name", "index") if key in entry}
    gone = actions in (("delete",), ("forget",))
    return {
        **kept,
        "change": {
            "actions": list(actions),
            "before": {} if "delete" in actions else None,
            "after": None if gone else entry["values"],
            "after_unknown": {} if gone else unknown or {},
            "after_sensitive": entry["sensitive_values"],
        },
    }


def plan(resources: list[tuple[dict[str, Any], Any]], **more: Any) -> dict[str, Any]:
    """A plan that creates these resources of the root module, each with what is unknown of it."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [entry for entry, _ in resources]}},
        "resource_changes": [change(entry, unknown) for entry, unknown in resources],
        **more,
    }


def configured(*blocks: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A configuration representation of root module resources with their expressions."""
    entries = []
    for address, expressions in blocks:
        entry = resource(address, {})
        kept = {key: entry[key] for key in ("address", "mode", "type", "name")}
        entries.append({**kept, "provider_config_key": "aws", "expressions": expressions, "schema_version": 0})
    return {"provider_config": {"aws": {"name": "aws"}}, "root_module": {"resources": entries, **more}}


def refers(*names: str) -> dict[str, Any]:
    return {"references": list(names)}


def constant(value: Any) -> dict[str, Any]:
    return {"constant_value": value}


# -- the plan of a whole configuration


def planned(directory: Path) -> dict[str, Any]:
    """The plan of a directory's source, with its modules."""
    tree = Tree.around((directory,))
    program = Program(directory, ModuleCache(tree), read_automatic(directory, tree)[0], "default")
    program.resource_instances()
    program.expand_data_sources()
    changes: list[dict[str, Any]] = []
    root = _values(program.root, program, changes)
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": {name: {"value": value} for name, value in program.variables.items()},
        "planned_values": {"root_module": root},
        "resource_changes": changes,
        "configuration": {"provider_config": _providers(program), "root_module": _module(program.root)},
    }


def _values(module: ModuleInstance, program: Program, changes: list[dict[str, Any]]) -> dict[str, Any]:
    entries = []
    for instance in program.instances.values():
        if instance.module is not module or "[*]" in instance.address:
            continue
        attributes = {name: materialise(value, instance.env) for name, value in instance.attributes().items()}
        known, unknown = _split(attributes)
        computed = dict(COMPUTED) if instance.managed else {"id": True, "json": True}
        if "tags" not in attributes and "tags_all" not in attributes and instance.managed:
            computed["tags_all"] = True
        unknown = {**computed, **unknown}
        outline = {**_outline(attributes), **({"tags_all": {}} if "tags_all" in computed else {})}
        entry = resource(instance.address, known, sensitive_values=outline)
        entry["name"], entry["type"] = instance.block.labels[1], instance.type
        entries.append(entry)
        changes.append(change(entry, unknown))
    children = [
        {"address": child.address, **_values(child, program, changes)}
        for name in module.source.calls
        for child in _children(module, name)
    ]
    return {"resources": entries, **({"child_modules": children} if children else {})}


def _children(module: ModuleInstance, name: str) -> list[ModuleInstance]:
    found = module.children(name)
    return list(found.values()) if isinstance(found, dict) else []


def _split(value: Any) -> tuple[Any, Any]:
    """The known part of a value and the layer of what is unknown in it."""
    if isinstance(value, dict):
        pairs = {key: _split(item) for key, item in value.items()}
        known = {key: left for key, (left, right) in pairs.items() if right is not True}
        return known, {key: right for key, (_, right) in pairs.items() if right not in (False, {}, [])}
    if isinstance(value, list):
        if any(isinstance(item, Unknown) for item in value):
            return None, True
        pairs_ = [_split(item) for item in value]
        return [left for left, _ in pairs_], [right for _, right in pairs_]
    return (None, True) if undecided(value) else (value, False)


def _outline(value: Any) -> Any:
    """The layer of what is sensitive, where nothing is: collections in their shape, those that are unknown empty."""
    if isinstance(value, dict):
        return {key: _outline(item) for key, item in value.items() if isinstance(item, (dict, list))}
    if isinstance(value, list):
        return [] if any(isinstance(item, Unknown) for item in value) else [_outline(item) for item in value]
    return False


def _module(module: ModuleInstance) -> dict[str, Any]:
    source = module.source
    blocks = [*source.resources.values(), *source.data.values()]
    calls = {}
    for name, block in source.calls.items():
        children = _children(module, name)
        inner = _module(children[0]) if children else {}
        given = {k: e for k, e in _expressions(block.body, module).items() if k not in ("source", "version")}
        calls[name] = {"source": "./x", "expressions": given, **_repetition(block), "module": inner}
    outputs = {
        name: {"expression": _expression(block.body.attributes["value"].value, module)}
        for name, block in source.outputs.items()
    }
    variables = {name: {} for name in source.variables}
    return {
        "resources": [_block(b, module) for b in blocks],
        "module_calls": calls,
        "outputs": outputs,
        "variables": variables,
    }


def _block(block: Block, module: ModuleInstance) -> dict[str, Any]:
    mode = "managed" if block.type == "resource" else "data"
    expressions = _expressions(block.body, module)
    address = ("data." if mode == "data" else "") + ".".join(block.labels)
    return {
        "address": address,
        "mode": mode,
        "type": block.labels[0],
        "name": block.labels[1],
        "provider_config_key": "aws",
        **({"expressions": expressions} if expressions else {}),
        **_repetition(block),
    }


def _repetition(block: Block) -> dict[str, Any]:
    return {f"{name}_expression": {} for name in ("count", "for_each") if name in block.body.attributes}


def _providers(program: Program) -> dict[str, Any]:
    found: dict[str, Any] = {"aws": {"name": "aws"}}
    constraints = list(required(program.module_instances()))
    if constraints:
        found["aws"]["version_constraint"] = ", ".join(constraints)
    for block in program.root.source.providers:
        if any(inner.type == "default_tags" for inner in block.body.blocks):
            found["aws"]["expressions"] = {"default_tags": [{}]}
    return found


def _expressions(body: Body, module: ModuleInstance, *, top: bool = True) -> dict[str, Any]:
    left_out = META if top else frozenset()
    found: dict[str, Any] = {
        name: _expression(a.value, module) for name, a in body.attributes.items() if name not in left_out
    }
    for block in body.blocks:
        if block.type not in (*left_out, "dynamic"):
            found.setdefault(block.type, []).append(_expressions(block.body, module, top=False))
    return found


def _expression(node: Any, module: ModuleInstance) -> dict[str, Any]:
    names = [name for traversal in _traversals(node) for name in _unwrapped(traversal)]
    if names:
        return refers(*names)
    value = attempt(node, module.env)
    return constant(value) if plain(value) else {}


def _traversals(node: Any) -> Iterator[Traversal]:
    if isinstance(node, Traversal):
        if node.root != ELEMENT and node.steps and isinstance(node.steps[0], str):
            yield node
        for step in node.steps:
            if not isinstance(step, (str, int)):
                yield from _traversals(step)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _traversals(item)
    elif hasattr(node, "__match_args__"):
        for name in node.__match_args__:
            if name not in ("file", "labels"):
                yield from _traversals(getattr(node, name))


def _unwrapped(traversal: Traversal) -> list[str]:
    """`a.b[0].c` -> `a.b[0].c`, `a.b[0]`, `a.b`; an index that is not constant ends the reference."""
    atomic = {"data": 3, "each": 2, "count": 2, "path": 2, "terraform": 2}.get(traversal.root, 2)
    text, names = traversal.root, []
    for number, step in enumerate(traversal.steps, 2):
        if isinstance(step, int) or (isinstance(step, str) and number > atomic and not step.isidentifier()):
            text += f"[{json.dumps(step)}]"
        elif isinstance(step, str):
            text += f".{step}"
        else:
            break
        if number >= atomic:
            names.append(text)
    return names[::-1]
