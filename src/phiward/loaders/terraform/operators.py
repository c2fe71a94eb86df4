"""Operators and conditions, three-valued: one side may decide although the other is not known."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from phiward.loaders.terraform.convert import convert
from phiward.loaders.terraform.environment import Env, attempt, decided, evaluate, first_unknown, materialise
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import (
    decimal,
    identity,
    normal,
    to_bool,
    to_number,
    to_text,
)
from phiward.loaders.terraform.functions.equality import equal
from phiward.loaders.terraform.sensitivity import hide, is_secret
from phiward.loaders.terraform.syntax import (
    Binary,
    Conditional,
    Expression,
    Literal,
    Template,
    TupleNode,
    Unary,
)
from phiward.loaders.terraform.value_types import type_of, unify
from phiward.model.value import Partial, Reference, Sensitive, Unknown, Value, plain, references_in, undecided
from phiward.pattern import pattern

_of_any_type = pattern(r"(?:^|\.)terraform_data\.[^.\[]+(?:\[.*\])?$", re.DOTALL)
"""Terraform's own resource, which keeps values as they are; any other provider converts them to types of its own."""
MAX_DECIMAL_OPERAND = 1 << 512


def unary(node: Unary, env: Env) -> Value:
    operand = decided(evaluate(node.operand, env), env)
    if operand is None:
        raise EvaluationError("an operand must not be null")
    if undecided(operand):
        return first_unknown(operand)
    return not to_bool(operand) if node.operator == "!" else -to_number(operand)


def binary(node: Binary, env: Env) -> Value:
    if node.operator in ("&&", "||"):
        return _logical(node, env)
    left, right = evaluate(node.left, env), evaluate(node.right, env)
    if node.operator in ("==", "!="):
        return _equality(node, left, right, env)
    left, right = decided(left, env), decided(right, env)
    for side in (left, right):
        if undecided(side):
            return first_unknown(side)
        if side is None:
            raise EvaluationError("an operand must not be null")
    return _ARITHMETIC[node.operator](to_number(left), to_number(right))


def _logical(node: Binary, env: Env) -> Value:
    """Kleene: one side may decide although the other is unknown."""
    decisive = node.operator == "||"
    unknown: Unknown | None = None
    for side in (node.left, node.right):
        value = decided(evaluate(side, env), env)
        if undecided(value):
            unknown = unknown or first_unknown(value)
        elif value is None:
            raise EvaluationError("an operand must not be null")
        elif to_bool(value) is decisive:
            return decisive
    return unknown or not decisive


def _equality(node: Binary, left: Value, right: Value, env: Env) -> Value:
    found = equal(left, right)
    if found is None:
        if references_in(left) or references_in(right):
            return _equality_of_configured(node, left, right, env)
        return _why(left, right)
    return found is (node.operator == "==")


def _equality_of_configured(node: Binary, left: Value, right: Value, env: Env) -> Value:
    """Of what other resources' configuration decides. The provider says of what type each of their attributes is."""
    values = materialise(left, env), materialise(right, env)
    found = equal(*values)
    if found is None:
        return _why(*values)
    for side, value, other in ((left, *values), (right, *reversed(values))):
        if isinstance(side, Reference) and not _of_any_type.search(side.address) and _may_convert(value, other):
            return Unknown(f"the provider decides of what type {side} is")
    return found is (node.operator == "==")


def _may_convert(value: Value, other: Value) -> bool:
    """Whether the provider may have made something else of a value, which then compares otherwise."""
    if isinstance(value, (list, dict)):
        return isinstance(other, (list, dict))
    scalars = value is not None and other is not None and not isinstance(other, (list, dict))
    return scalars and type(value) is not type(other) and to_text(value) == to_text(other)


def _why(*values: Value) -> Unknown:
    for value in values:
        if not plain(value):
            return first_unknown(value)
    return Unknown("values are equal only if they are of one type, and the type of a null inside is not followed")


def _exact(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Value]:
    def compute(left: Any, right: Any) -> Value:
        if isinstance(left, int) and isinstance(right, int) and max(abs(left), abs(right)) < MAX_DECIMAL_OPERAND:
            return operation(left, right)
        return normal(operation(decimal(left), decimal(right)))

    return compute


def _divide(left: Any, right: Any) -> Value:
    if right == 0:
        return Unknown("a division by zero, which Terraform takes for infinity")
    return normal(decimal(left) / decimal(right))


def _modulo(left: Any, right: Any) -> Value:
    if right == 0:
        return left  # as Terraform has it
    return normal(decimal(left) % decimal(right))  # Decimal's % takes the sign of the dividend, as Terraform's does


_ARITHMETIC: dict[str, Callable[[Any, Any], Value]] = {
    "+": _exact(lambda a, b: a + b),
    "-": _exact(lambda a, b: a - b),
    "*": _exact(lambda a, b: a * b),
    "/": _divide,
    "%": _modulo,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def conditional(node: Conditional, env: Env) -> Value:
    condition = decided(evaluate(node.condition, env), env)
    if condition is None:
        raise EvaluationError("the condition must not be null")
    if undecided(condition):
        then, otherwise = attempt(node.then, env), attempt(node.otherwise, env)
        if plain(then) and plain(otherwise) and identity(then) == identity(otherwise):
            return hide(then) if is_secret(otherwise) else then
        return first_unknown(condition)
    decision = to_bool(condition)
    chosen, other = (node.then, node.otherwise) if decision else (node.otherwise, node.then)
    value = evaluate(chosen, env)
    if isinstance(condition, Sensitive):
        value = hide(value)
    return _as_other_branch(value, other, env)


def _as_other_branch(value: Value, other: Expression, env: Env) -> Value:
    """Both branches take one type: the value is brought to it where the branch that was not taken tells."""
    if value is None or isinstance(value, str) or undecided(value):
        return value
    sample = _sample(other, env)
    if references_in(sample):
        sample = materialise(sample, env)
    if isinstance(value, (bool, int, float)):
        return to_text(value) if isinstance(sample, (str, Partial)) or type(other) is Template else value
    if not isinstance(sample, (list, dict)):
        return value
    both = unify((type_of(value), type_of(sample)))
    if both is None:
        raise EvaluationError("the two results of a condition must be of one type")
    return convert(value, both)


def _sample(node: Expression, env: Env) -> Value:
    """The value of a branch that is not taken, for its type: what cannot be evaluated leaves a gap, where it stands."""
    if type(node) is Literal:
        return node.value
    if type(node) is TupleNode:
        return [_sample(item, env) for item in node.items]
    return attempt(node, env)
