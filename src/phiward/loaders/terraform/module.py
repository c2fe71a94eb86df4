"""One directory of Terraform files, parsed once and shared by every instance of the module."""

from __future__ import annotations

from pathlib import Path

from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.parser import parse
from phiward.loaders.terraform.syntax import Attribute, Block, Body, SourceFile
from phiward.loaders.terraform.types import parse_type
from phiward.loaders.terraform.value_types import Type
from phiward.loaders.tree import Tree
from phiward.model.resource import Hole
from phiward.record import dataclass, field

_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "ephemeral": 2}


@dataclass(slots=True, eq=False)
class Module:
    """The declarations of a directory. Managed, data and ephemeral resources are keyed by type and name."""

    directory: Path
    variables: dict[str, Block] = field(default_factory=dict)
    outputs: dict[str, Block] = field(default_factory=dict)
    locals: dict[str, Attribute] = field(default_factory=dict)
    resources: dict[tuple[str, str], Block] = field(default_factory=dict)
    data: dict[tuple[str, str], Block] = field(default_factory=dict)
    ephemerals: dict[tuple[str, str], Block] = field(default_factory=dict)
    calls: dict[str, Block] = field(default_factory=dict)
    providers: list[Block] = field(default_factory=list)
    settings: list[Block] = field(default_factory=list)
    """The `terraform` blocks."""
    files: list[SourceFile] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    types: dict[str, Type | None] = field(default_factory=dict)
    """The constraints of variables that were asked for."""

    def type_of(self, variable: str) -> Type | None:
        """The type constraint of a variable, read once for all instances of the module; None without one."""
        if variable not in self.types:
            block = self.variables.get(variable)
            written = block.body.attributes.get("type") if block else None
            self.types[variable] = parse_type(written.value) if written else None
        return self.types[variable]


def is_terraform(name: str) -> bool:
    """Whether Terraform or OpenTofu would read a file of this name."""
    return name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json")) and not name.startswith(".")


def is_override(name: str) -> bool:
    stem = name.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
    return stem == "override" or stem.endswith("_override")


def without_replaced(names: list[str]) -> list[str]:
    """The names of files without each `x.tf` or `x.tf.json` beside which `x.tofu` or `x.tofu.json` stands.

    Source: opentofu.org/docs/language/files, ".tofu files".
    """
    present = set(names)
    return [name for name in names if _of_opentofu(name) not in present]


def _of_opentofu(name: str) -> str:
    """The name of the file that OpenTofu would read instead of a Terraform one."""
    for ending in (".tf", ".tf.json"):
        if name.endswith(ending):
            return name.removesuffix(ending) + ending.replace(".tf", ".tofu")
    return ""


def read_module(directory: Path, tree: Tree) -> Module:
    """Parse every file of a directory. What does not parse is a diagnostic and a hole of the module."""
    module = Module(directory)
    try:
        names = without_replaced([name for name in tree.files(directory) if is_terraform(name)])
    except OSError as error:
        tree.hole("unreadable", directory, f"the directory cannot be read: {error.strerror}")
        module.holes.append(Hole(f"{tree.relative(directory)} cannot be read"))
        return module
    for name in sorted(names, key=lambda n: (is_override(n), n)):
        file = _read_file(directory / name, tree)
        if file is None:
            module.holes.append(Hole(f"{tree.relative(directory / name)} could not be read"))
            continue
        module.files.append(file)
        for block in file.body.blocks:
            _declare(module, block, tree, override=is_override(name))
    return module


def _read_file(path: Path, tree: Tree) -> SourceFile | None:
    text = tree.read(path)
    if text is None:
        return None
    relative = tree.relative(path)
    try:
        if path.name.endswith(".json"):
            from phiward.loaders.terraform.json_syntax import parse_json

            return parse_json(text, relative)
        return parse(text, relative)
    except HclSyntaxError as error:
        span = SourceFile(relative, text, Body()).span(error.offset, error.offset + 1)
        tree.hole(
            "syntax",
            path,
            f"syntax error: {error.message}",
            line=span.line,
            column=span.column,
            hint="nothing of this file was judged; `terraform validate` shows the same place",
        )
        return None


def _declare(module: Module, block: Block, tree: Tree, *, override: bool) -> None:
    if block.type == "locals":
        module.locals.update(block.body.attributes)
        return
    if block.type == "terraform":
        module.settings.append(block)
        return
    wanted = _LABELS.get(block.type)
    if wanted is None:
        return  # moved, removed, import, check, and what later versions add
    if len(block.labels) != wanted:
        file = block.file
        assert file is not None
        span = file.span(block.start, block.header_end)
        message = f"a {block.type!r} block takes {wanted} label{'s' if wanted > 1 else ''}, not {len(block.labels)}"
        tree.hole("syntax", module.directory / Path(file.path).name, message, line=span.line, column=span.column)
        module.holes.append(Hole(f"{file.path}:{span.line} is not a valid block"))
        return
    if block.type == "provider":
        module.providers.append(block)
        return
    table, key = _slot(module, block)
    declared = table.get(key)
    if declared is not None and override:
        table[key] = _merged(declared, block)
    elif declared is None:
        table[key] = block
    else:
        _duplicate(block, declared, tree, module)


def _slot(module: Module, block: Block) -> tuple[dict[object, Block], object]:
    tables: dict[str, dict[object, Block]] = {
        "resource": module.resources,  # type: ignore[dict-item]
        "data": module.data,  # type: ignore[dict-item]
        "ephemeral": module.ephemerals,  # type: ignore[dict-item]
        "module": module.calls,  # type: ignore[dict-item]
        "variable": module.variables,  # type: ignore[dict-item]
        "output": module.outputs,  # type: ignore[dict-item]
    }
    return tables[block.type], block.labels if len(block.labels) > 1 else block.labels[0]


def _merged(base: Block, override: Block) -> Block:
    """An override file's block laid over the original: arguments one by one, nested blocks by their type."""
    replaced = {block.labels[0] if block.type == "dynamic" else block.type for block in override.body.blocks}
    kept = [b for b in base.body.blocks if (b.labels[0] if b.type == "dynamic" else b.type) not in replaced]
    attributes = {k: v for k, v in base.body.attributes.items() if k not in replaced}
    for attribute in override.body.attributes.values():
        attribute.file = override.file
    for block in override.body.blocks:
        block.file = override.file
    body = Body({**attributes, **override.body.attributes}, kept + override.body.blocks)
    return Block(base.start, base.header_end, base.end, base.type, base.labels, body, base.file)


def _duplicate(block: Block, first: Block, tree: Tree, module: Module) -> None:
    assert block.file is not None
    assert first.file is not None
    span = block.file.span(block.start, block.header_end)
    where = first.file.location(first.start, first.header_end)
    name = ".".join((block.type, *block.labels))
    path = module.directory / Path(block.file.path).name
    tree.hole("duplicate", path, f"{name} is declared twice, first at {where}", line=span.line, column=span.column)
    module.holes.append(Hole(f"{name} is declared twice"))
