"""Texts that say less than another: a value left to a variable, a block that may be repeated any number of times.

Each of them leaves open what the first text decides, so that the first text is one of the things that it may mean.
A verdict on it may be that of the first text, or unknown, and no other.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import yaml

from phiward.loaders.terraform.parser import parse
from phiward.loaders.terraform.syntax import Block, Body, Call, ObjectNode, TupleNode

OPEN = "var.undecided"
DECLARED = '\nvariable "undecided" {}\n'
_NUMBERED = {"count", "for_each"}
_KEPT = {*_NUMBERED, "provider", "providers", "depends_on", "lifecycle", "source", "version", "alias", "region"}
"""What says which block it is, or how many there are of it, not what it is like."""
_HOLDERS = {"resource", "data", "module", "locals", "provider"}

PLACEHOLDER = "${UNDECIDED}"
"""What another tool fills in, in a manifest."""
_IDENTITY = {("apiVersion",), ("kind",), *(("metadata", key) for key in ("name", "generateName", "namespace"))}
"""What says which object it is, by the end of its place."""
_OTHERS = ("kustomization.yaml", "phiward.yaml", "Chart.yaml", "values.yaml")

Weaker = tuple[str, str]
"""What was left open, and the text in which it is."""


def weaker(name: str, text: str) -> Iterator[Weaker]:
    """Every text that leaves one thing open which a file decides."""
    if name.endswith(".tf"):
        yield from _terraform(text)
    elif name.endswith("template.yaml"):
        yield from _template(text)
    elif name.endswith(".yaml") and not name.endswith(_OTHERS) and "apiVersion:" in text and "{{" not in text:
        yield from _manifests(text)


def _manifests(text: str) -> Iterator[Weaker]:
    """Each text, number or flag of an object left to another tool: as a whole, or its end."""
    objects = [each for each in yaml.safe_load_all(text) if isinstance(each, dict)]
    for number, each in enumerate(objects):
        for path, value in _scalars(each):
            for left in (PLACEHOLDER, f"{value}{PLACEHOLDER}" if isinstance(value, str) else PLACEHOLDER):
                changed = copy.deepcopy(objects)
                holder: Any = changed[number]
                for step in path[:-1]:
                    holder = holder[step]
                holder[path[-1]] = left
                yield f"{each.get('kind')}: {'.'.join(map(str, path))}: {left}", yaml.safe_dump_all(changed)
                if left == PLACEHOLDER and not isinstance(value, str):
                    break


def _scalars(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _scalars(inner, (*path, key))
    elif path not in _IDENTITY and path[-2:] not in _IDENTITY:
        yield path, value


def _terraform(text: str) -> Iterator[Weaker]:
    for block in parse(text, "main.tf").body.blocks:
        if block.type == "variable" and "default" in block.body.attributes:
            default = block.body.attributes["default"]
            yield f"{_named(block)} has no default", text[: default.start] + text[default.end :]
        if block.type in _HOLDERS:
            for what, changed in _of_block(text, block):
                yield f"{_named(block)}: {what}", changed + DECLARED


def _of_block(text: str, block: Block) -> Iterator[Weaker]:
    if block.type in ("resource", "module") and not _NUMBERED & set(block.body.attributes):
        yield "any number of it", _opened(text, block, f"count = {OPEN}")
    yield from _of_body(text, block.body)


def _of_body(text: str, body: Body) -> Iterator[Weaker]:
    for name, attribute in body.attributes.items():
        if name not in _KEPT:
            yield from ((f"{name}: {what}", changed) for what, changed in _of_expression(text, attribute.value))
    for block in body.blocks:
        if block.type in _KEPT:
            continue
        if block.type == "dynamic":
            for content in block.body.blocks:
                yield from _of_body(text, content.body)
            continue
        inside = text[text.index("{", block.header_end) + 1 : block.end - 1]
        repeated = f'dynamic "{block.type}" {{\nfor_each = {OPEN}\ncontent {{\n{inside}\n}}\n}}\n'
        yield f"{block.type} any number of times", text[: block.start] + repeated + text[block.end :]
        yield f"{block.type} more than once", f"{text[: block.end]}\n{repeated}{text[block.end :]}"
        yield from ((f"{block.type}.{what}", changed) for what, changed in _of_block(text, block))


def _of_expression(text: str, node: Any) -> Iterator[Weaker]:
    written = text[node.start : node.end]
    shown = " ".join(written.split())[:60]
    yield shown, text[: node.start] + OPEN + text[node.end :]
    if re.fullmatch(r'"[^"$%\\]+"', written):
        half = len(written) // 2
        for piece in (f'{written[:half]}${{{OPEN}}}"', f'"${{{OPEN}}}{written[half:]}', f'{written[:-1]}${{{OPEN}}}"'):
            yield piece, text[: node.start] + piece + text[node.end :]
    for part in _parts(node):
        if not isinstance(part, str):
            yield from _of_expression(text, part)


def _parts(node: Any) -> list[Any]:
    if isinstance(node, TupleNode):
        return node.items
    if isinstance(node, ObjectNode):
        return [value for _, value in node.items]
    return node.arguments if isinstance(node, Call) else []


def _opened(text: str, block: Block, line: str) -> str:
    """The text with a line more in a block."""
    start = text.index("{", block.header_end) + 1
    return f"{text[:start]}\n{line}\n{text[start : block.end - 1]}\n{text[block.end - 1 :]}"


def _named(block: Block) -> str:
    return ".".join((block.type, *block.labels))


# CloudFormation

_UNDECIDED = "!Ref Undecided"
_PARAMETER = "Parameters:\n  Undecided: {Type: String}\n"
_CONDITION = 'Conditions:\n  Undecided: !Equals [!Ref Undecided, "true"]\n'


def _template(text: str) -> Iterator[Weaker]:
    """Every value of a resource left to a parameter, and every resource to a condition."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, resource in _entries(_entry(root, "Resources")):
        entries = dict(_entries(resource))
        if "Condition" not in entries:
            # Before the first entry, which stands on a line of its own in every example.
            first = next(key for key, _ in resource.value).start_mark
            line = f"Condition: Undecided\n{' ' * first.column}"
            yield f"{name}: perhaps none of it", _with_head(text, line, first.index, first.index)
        values = [("DeletionPolicy", entries["DeletionPolicy"])] if "DeletionPolicy" in entries else []
        for path, node in [*values, *_values(entries.get("Properties"), "")]:
            written = text[node.start_mark.index : node.end_mark.index].rstrip()
            end = node.start_mark.index + len(written)
            yield f"{name}: {path}", _with_head(text, _UNDECIDED, node.start_mark.index, end)


def _entry(node: Any, name: str) -> Any:
    return dict(_entries(node)).get(name)


def _entries(node: Any) -> Iterator[tuple[str, Any]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield key.value, value


def _values(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The values inside of a mapping or list; those of functions stay whole."""
    if node is None or node.tag.startswith("!"):
        return
    inner = _entries(node) if isinstance(node, yaml.MappingNode) else enumerate(node.value)
    for key, value in inner if isinstance(node, yaml.CollectionNode) else ():
        if str(key).startswith("Fn::") or key in ("Ref", "Tags", "TemplateURL"):
            continue
        yield f"{path}.{key}".lstrip("."), value
        yield from _values(value, f"{path}.{key}")


def _with_head(text: str, new: str, start: int, end: int) -> str:
    """The text with something in place of a piece of it, and what that refers to declared."""
    changed = text[:start] + new + text[end:]
    for head in (_CONDITION, _PARAMETER):
        section = head.partition("\n")[0]
        changed, there = re.subn(rf"^{section}\n", head, changed, flags=re.MULTILINE)
        changed = changed if there else head + changed
    return changed


def perhaps(text: str) -> Iterator[str]:
    """Each resource of a Terraform text as one more, of which there may be none."""
    for block in parse(text, "main.tf").body.blocks:
        if block.type == "resource" and not _NUMBERED & set(block.body.attributes):
            alone = _opened(text[: block.end], block, f"count = {OPEN}")[block.start :]
            yield re.sub(r'"[^"]*"(?= \{)', '"perhaps"', alone, count=1)
