"""Type constraints of variables, as they are written -> types.

Source: developer.hashicorp.com/terraform/language/expressions/type-constraints.
"""

from __future__ import annotations

from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.parser import parse_expression
from phiward.loaders.terraform.syntax import Call, Expression, Literal, ObjectNode, Traversal, TupleNode
from phiward.loaders.terraform.value_types import ANY, BOOL, NUMBER, STRING, Type

_NAMED = {"string": STRING, "number": NUMBER, "bool": BOOL} | {name: Type(name, ANY) for name in ("list", "set", "map")}


def parse_type(node: Expression) -> Type:
    """The constraint that a `type` argument writes; `any` for what is not understood, which converts nothing."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return _quoted(node.value)
    if isinstance(node, Traversal) and not node.steps:
        return _NAMED.get(node.root, ANY)
    if isinstance(node, Call) and node.arguments:
        return _constructed(node.name, node.arguments[0])
    return ANY


def _quoted(text: str) -> Type:
    """A type in quotes: Terraform 0.11 wrote `type = "string"`, and JSON writes every type so."""
    try:
        node = parse_expression(text)
    except HclSyntaxError:
        return ANY
    return ANY if isinstance(node, Literal) else parse_type(node)


def _constructed(name: str, argument: Expression) -> Type:
    if name in ("list", "set", "map"):
        return Type(name, parse_type(argument))
    if name == "tuple" and isinstance(argument, TupleNode):
        return Type("tuple", items=tuple(parse_type(item) for item in argument.items))
    if name == "object" and isinstance(argument, ObjectNode):
        attributes = {}
        for key, value in argument.items:
            if isinstance(key, Literal):
                attributes[str(key.value)] = _attribute(value)
        return Type("object", attributes=attributes)
    return ANY


def _attribute(node: Expression) -> tuple[Type, bool, Expression]:
    if isinstance(node, Call) and node.name == "optional" and node.arguments:
        return parse_type(node.arguments[0]), True, node.arguments[1] if len(node.arguments) > 1 else None
    return parse_type(node), False, None
