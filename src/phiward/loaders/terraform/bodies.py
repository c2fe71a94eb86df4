"""The values of a block's body: its attributes, and its nested blocks with the dynamic ones expanded."""

from __future__ import annotations

from collections.abc import Iterator

from phiward.loaders.terraform.evaluation import Env, attempt, decided, first_unknown
from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.loaders.terraform.syntax import Block, Body, Expression, Literal, Traversal
from phiward.model.value import SetValue, Unknown, Value, undecided

META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection", "providers"})


def block_elements(blocks: list[Block], type_: str, env: Env) -> Iterator[tuple[Body, Env] | Unknown]:
    """Each nested block of a type, dynamic ones expanded; an `Unknown` for those whose number is not known."""
    for block in blocks:
        if block.type == type_:
            yield block.body, env
        elif block.type == "dynamic" and block.labels == (type_,):
            yield from _dynamic_elements(block, env)


def _dynamic_elements(block: Block, env: Env) -> Iterator[tuple[Body, Env] | Unknown]:
    attributes = block.body.attributes
    if "for_each" not in attributes:
        return
    iterator = attributes["iterator"].value if "iterator" in attributes else None
    name = _iterator_name(iterator, block.labels[0])
    collection = decided(attempt(attributes["for_each"].value, env), env)
    pairs: list[tuple[Value, Value]]
    if isinstance(collection, dict):
        pairs = sorted(collection.items())
    elif isinstance(collection, list):
        pairs = (
            [(item, item) for item in collection] if isinstance(collection, SetValue) else list(enumerate(collection))
        )
    else:
        kind = f"the for_each of {block.labels[0]!r} is {'null' if collection is None else 'no collection'}"
        yield first_unknown(collection) if undecided(collection) else Unknown(kind)
        return
    may_be_several = isinstance(collection, (SetValue, OpenList))
    content = [inner.body for inner in block.body.blocks if inner.type == "content"]
    for key, value in pairs:
        if may_be_several and isinstance(value, Unknown):
            yield value
            continue
        inner_env = env.bind({name: {"key": key, "value": value}})
        for body in content:
            yield body, inner_env


def _iterator_name(node: Expression | None, label: str) -> str:
    """The name that `iterator =` gives, a bare word in the native syntax and a string in JSON."""
    if isinstance(node, Traversal):
        return node.root
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else label


def body_values(body: Body, env: Env, *, meta: frozenset[str] = frozenset()) -> dict[str, Value]:
    """The attributes of a body; nested blocks are lists of mappings."""
    values = {name: attempt(a.value, env) for name, a in body.attributes.items() if name not in meta}
    for type_ in dict.fromkeys(b.labels[0] if b.type == "dynamic" and b.labels else b.type for b in body.blocks):
        if type_ not in meta:
            values[type_] = block_values(body, type_, env)
    return values


def block_values(body: Body, type_: str, env: Env) -> list[Value]:
    return [e if isinstance(e, Unknown) else body_values(*e) for e in block_elements(body.blocks, type_, env)]
