"""Expressions -> values, with Terraform's rules for what is known and nothing invented for what is not.

An expression that mentions an attribute that only the provider knows keeps a `Reference`; one that Terraform would
refuse raises EvaluationError, which `attempt` turns into an `Unknown` and `try` and `can` catch.

Literals, lists, objects and accesses are here; the table at the end says where the other kinds of expression are.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from phiward.loaders.terraform.calls import call
from phiward.loaders.terraform.environment import (
    HANDLERS,
    Env,
    attempt,
    constants,
    decided,
    evaluate,
    first_unknown,
    materialise,
    materialise_known,
    spelled,
)
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import to_number, to_text
from phiward.loaders.terraform.functions.undecided import OpenList, known_length
from phiward.loaders.terraform.iteration import for_object, for_tuple
from phiward.loaders.terraform.operators import binary, conditional, unary
from phiward.loaders.terraform.parser import parse_expression
from phiward.loaders.terraform.rendering import template, template_for, template_if
from phiward.loaders.terraform.syntax import (
    ELEMENT,
    Binary,
    Call,
    Conditional,
    ForObject,
    ForTuple,
    Index,
    Literal,
    ObjectNode,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    Traversal,
    TupleNode,
    Unary,
)
from phiward.model.value import ListValue, OpenMap, Partial, Reference, Sensitive, SetValue, Unknown, Value, undecided


def evaluate_text(text: str) -> Value:
    """The value of an expression without variables: `evaluate_text('max(1, 2)')`."""
    return evaluate(parse_expression(text), constants())


def _literal(node: Literal, env: Env) -> Value:  # noqa: ARG001
    return node.value


def _tuple(node: TupleNode, env: Env) -> Value:
    return [HANDLERS[type(item)](item, env) for item in node.items]


def _object(node: ObjectNode, env: Env) -> Value:
    result: dict[str, Value] = {}
    entries: list[tuple[Value, Value]] = []
    doubt: Unknown | None = None
    for key_node, value_node in node.items:
        if type(key_node) is Literal:
            key: Value = key_node.value
        else:
            key = decided(evaluate(key_node, env), env)
        if key is None:
            raise EvaluationError("a key of an object must not be null")
        if isinstance(key, Sensitive):
            return Unknown("a key of the object is sensitive")
        value = HANDLERS[type(value_node)](value_node, env)
        if isinstance(key, (Unknown, Partial, Reference)):
            doubt = doubt or first_unknown(key)
        else:
            key = to_text(key)
            result[key] = value
        entries.append((key, value))
    return result if doubt is None else OpenMap(doubt.reason, doubt.hint, tuple(entries))


def _traversal(node: Traversal, env: Env) -> Value:
    steps = node.steps
    if node.root in env.names:
        value, taken = env.names[node.root], 0
    else:
        value, taken = env.module.root(node.root, steps, env)
    for position in range(taken, len(steps)):
        if value is None:
            names = spelled(Traversal(node.start, node.end, node.root, steps[:position]))
            raise EvaluationError(f"{names} is null, which has no attributes")
        value = step(value, steps[position], env)
    return value


def _index(node: Index, env: Env) -> Value:
    value = evaluate(node.target, env)
    for key in node.steps:
        value = step(value, key, env)
    return value


def step(value: Value, key: Any, env: Env) -> Value:
    """One attribute access or index."""
    if not isinstance(key, (str, int)):
        key = decided(evaluate(key, env), env)
        if undecided(key):
            return value if isinstance(value, Unknown) else first_unknown(key)
    if isinstance(value, dict):
        name = to_text(key)
        if name not in value:
            raise EvaluationError(f"there is no attribute or key {name!r}")
        return value[name]
    if isinstance(value, SetValue):
        raise EvaluationError("the elements of a set have no index")
    if isinstance(value, list):
        return _element(value, key)
    if isinstance(value, Reference):
        return _step_reference(value, key, env)
    if isinstance(value, Unknown):
        return value
    if value is None:
        raise EvaluationError("a null value has no attributes")
    raise EvaluationError(f"a value of this kind has no attribute or element {key!r}")


def _element(value: list[Value], key: Value) -> Value:
    index = to_number(key)
    if not isinstance(index, int) or index < 0:
        raise EvaluationError("an index must be a whole number that is not negative")
    if isinstance(value, OpenList) and not known_length(value) > index:
        return first_unknown(value)
    if index >= len(value):
        raise EvaluationError(f"there is no element {index}: the list has {len(value)}")
    return value[index]


def _step_reference(value: Reference, key: Value, env: Env) -> Value:
    """Deeper into another resource; through values that its configuration decides."""
    if value.path:
        found = env.module.resolve(value)
        if isinstance(found, (dict, list)) and found:
            # What is not configured the provider may well set, so that a block stays a reference.
            with suppress(EvaluationError):
                inner = step(found, key, env)
                if not isinstance(inner, (dict, list)):
                    return inner
    return Reference(value.address, (*value.path, key))


def _splat(node: Splat, env: Env) -> Value:
    target = evaluate(node.target, env)
    if isinstance(target, Reference) and target.path:
        target = env.module.resolve(target)
    if isinstance(target, Unknown):
        return target
    items = target if isinstance(target, list) else [] if target is None else [target]
    may_be_several = isinstance(items, (OpenList, SetValue))
    result = []
    for item in items:
        if may_be_several and isinstance(item, Unknown):
            result.append(item)
        else:
            result.append(evaluate(node.each, env.bind({ELEMENT: item})))
    if may_be_several and any(map(undecided, items)):
        return OpenList(result)
    return ListValue(result) if isinstance(items, (ListValue, SetValue)) else result


HANDLERS.update(
    {
        Literal: _literal,
        Template: template,
        TemplateIf: template_if,
        TemplateFor: template_for,
        TupleNode: _tuple,
        ObjectNode: _object,
        Traversal: _traversal,
        Index: _index,
        Splat: _splat,
        Call: call,
        Conditional: conditional,
        Binary: binary,
        Unary: unary,
        ForTuple: for_tuple,
        ForObject: for_object,
    }
)

__all__ = [
    "Env",
    "attempt",
    "constants",
    "decided",
    "evaluate",
    "evaluate_text",
    "first_unknown",
    "materialise",
    "materialise_known",
    "step",
]
