"""`.tf.json` -> the same syntax tree.

Source: developer.hashicorp.com/terraform/language/syntax/json, "Block Mapping".
"""

from __future__ import annotations

from phiward.loaders.terraform.json_reader import read_json
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.syntax import (
    Attribute,
    Block,
    Body,
    Expression,
    Literal,
    ObjectNode,
    SourceFile,
    TupleNode,
)

_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}


def parse_json(text: str, path: str) -> SourceFile:
    """Parse a `.tf.json` file. Raises HclSyntaxError."""
    root = read_json(text)
    body = Body()
    for top in root.items if isinstance(root, TupleNode) else [root]:
        if not isinstance(top, ObjectNode):
            raise HclSyntaxError("a Terraform JSON file holds an object", top.start)
        for key, value in top.items:
            _top_level(str(_name(key)), key, value, body)
    file = SourceFile(path, text, body)
    for block in body.blocks:
        block.file = file
    return file


def _top_level(name: str, key: Expression, value: Expression, body: Body) -> None:
    if name == "//":
        return
    for labels, header, inner in _labelled(value, _LABELS.get(name, 0), (), key):
        body.blocks.append(Block(header.start, header.end, inner.end, name, labels, _body(inner)))


def _labelled(
    value: Expression, depth: int, labels: tuple[str, ...], header: Expression
) -> list[tuple[tuple[str, ...], Expression, ObjectNode]]:
    """Every block body below `depth` levels of labels; at each level an array stands for several."""
    if isinstance(value, TupleNode):
        return [found for item in value.items for found in _labelled(item, depth, labels, header)]
    if not isinstance(value, ObjectNode):
        raise HclSyntaxError("expected an object", value.start)
    if depth == 0:
        return [(labels, header, value)]
    found = []
    for key, inner in value.items:
        if _name(key) != "//":
            found += _labelled(inner, depth - 1, (*labels, str(_name(key))), key)
    return found


def _name(key: Expression) -> str:
    if not isinstance(key, Literal) or not isinstance(key.value, str):
        raise HclSyntaxError("a name must be a plain string", key.start)
    return key.value


def _body(node: ObjectNode) -> Body:
    """Nested blocks cannot be told from arguments without the provider's schema; both are read as arguments."""
    body = Body()
    for key, value in node.items:
        name = _name(key)
        if name == "//":
            continue
        if name == "dynamic":
            for labels, header, inner in _labelled(value, 1, (), key):
                body.blocks.append(_dynamic(labels, header, inner))
        else:
            body.attributes[name] = Attribute(key.start, value.end, name, value)
    return body


def _dynamic(labels: tuple[str, ...], header: Expression, node: ObjectNode) -> Block:
    inner = _body(node)
    content = inner.attributes.pop("content", None)
    for item in (
        content.value.items if content and isinstance(content.value, TupleNode) else [content and content.value]
    ):
        if isinstance(item, ObjectNode):
            inner.blocks.append(Block(item.start, item.start, item.end, "content", (), _body(item)))
    return Block(header.start, header.end, node.end, "dynamic", labels, inner)
