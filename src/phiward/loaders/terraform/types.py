"""Type constraints of variables, and Terraform's conversion of values to them.

Source: developer.hashicorp.com/terraform/language/expressions/type-constraints, "Conversion of Complex Types".
"""

from __future__ import annotations

from collections.abc import Callable

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import make_set, rebuilt, to_bool, to_number, to_text, unify
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.parser import parse_expression
from phiward.loaders.terraform.syntax import Call, Expression, Literal, ObjectNode, Traversal, TupleNode
from phiward.model.value import Value, undecided
from phiward.record import dataclass, field


@dataclass(slots=True, frozen=True)
class Type:
    """`kind`: any, string, number, bool, list, set, map, tuple or object."""

    kind: str
    element: Type | None = None
    items: tuple[Type, ...] = ()
    attributes: dict[str, tuple[Type, bool, Expression]] = field(default_factory=dict)
    """Objects: name -> type, whether optional, expression of the default (or None)."""


ANY = Type("any")
STRING = Type("string")
_CONVERSIONS: dict[str, Callable[[Value], Value]] = {"string": to_text, "number": to_number, "bool": to_bool}
_PRIMITIVES = {name: Type(name) for name in ("any", "string", "number", "bool")}


def parse_type(node: Expression) -> Type:
    """The constraint that a `type` argument writes; `any` for what is not understood, which converts nothing."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return _quoted(node.value)
    if isinstance(node, Traversal) and not node.steps:
        return {"list": Type("list", ANY), "map": Type("map", ANY), "set": Type("set", ANY)}.get(
            node.root
        ) or _PRIMITIVES.get(node.root, ANY)
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


def convert(value: Value, type_: Type, default: Callable[[Expression], Value]) -> Value:
    """The value as the constraint wants it. `default` evaluates the default of an optional attribute.

    Raises EvaluationError where Terraform would refuse the value.
    """
    if type_.kind == "any" or value is None or undecided(value):
        return value
    if type_.kind in ("string", "number", "bool"):
        return _CONVERSIONS[type_.kind](value)
    if type_.kind in ("list", "set", "tuple"):
        return _sequence(value, type_, default)
    if not isinstance(value, dict):
        raise EvaluationError(f"a {type_.kind} is required, not {describe(value)}")
    if type_.kind == "map":
        return dict(zip(value, _elements(list(value.values()), type_.element or ANY, default), strict=True))
    return _object(value, type_, default)


def _sequence(value: Value, type_: Type, default: Callable[[Expression], Value]) -> Value:
    if not isinstance(value, list):
        raise EvaluationError(f"a {type_.kind} is required, not {describe(value)}")
    if type_.kind == "tuple":
        if len(value) != len(type_.items):
            raise EvaluationError(f"a tuple of {len(type_.items)} elements is required, not of {len(value)}")
        return [convert(item, kind, default) for item, kind in zip(value, type_.items, strict=True)]
    items = rebuilt(value, _elements(value, type_.element or ANY, default))
    return make_set(items) if type_.kind == "set" else items


def _elements(values: list[Value], type_: Type, default: Callable[[Expression], Value]) -> list[Value]:
    """The elements of a collection, all of one type; `any` means the one type that fits them all."""
    if type_.kind == "any":
        return unify(values)
    return [convert(item, type_, default) for item in values]


def _object(value: dict[str, Value], type_: Type, default: Callable[[Expression], Value]) -> Value:
    result = {}
    for name, (kind, optional, node) in type_.attributes.items():
        given = value.get(name)
        if given is not None:
            result[name] = convert(given, kind, default)
        elif name in value or optional:
            result[name] = None if node is None else convert(default(node), kind, default)
        else:
            raise EvaluationError(f"attribute {name!r} is required")
    return result


def describe(value: Value) -> str:
    """The kind of a value in words; never the value, which may be sensitive."""
    names = {str: "a string", bool: "a bool", int: "a number", float: "a number", list: "a list", dict: "a map"}
    return "null" if value is None else names.get(type(value), "a value that is not known")
