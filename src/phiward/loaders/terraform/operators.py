"""Operators and conditions, three-valued: one side may decide although the other is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phiward.loaders.terraform.environment import Env, attempt, decided, evaluate, first_unknown, materialise
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import (
    decimal,
    identity,
    make_set,
    normal,
    to_bool,
    to_number,
    to_text,
    unify,
)
from phiward.loaders.terraform.sensitivity import hide, is_secret
from phiward.loaders.terraform.syntax import (
    Binary,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Literal,
    ObjectNode,
    Splat,
    Template,
    TupleNode,
    Unary,
)
from phiward.model.value import Partial, Reference, Sensitive, SetValue, Unknown, Value, plain, undecided

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
    negate = node.operator == "!="
    if isinstance(left, Reference) and left == right:
        return not negate
    left, right = materialise(left, env), materialise(right, env)
    if left is None or right is None:
        # Whether something undecided is null cannot be known; a list or map that is there is not null.
        other = right if left is None else left
        return first_unknown(other) if undecided(other) else (other is None) is not negate
    for side in (left, right):
        if not plain(side):
            return first_unknown(side)
    equal = identity(left) == identity(right)
    composite = isinstance(left, (list, dict)) and not isinstance(left, SetValue)
    if equal and composite and not (_written_out(node.left) and _written_out(node.right)):
        return Unknown("a list never equals a tuple, nor a map an object, and which of them these are is not followed")
    return equal is not negate


def _written_out(node: Expression) -> bool:
    """Whether the expression writes a tuple or an object: `[]` never equals a variable of type list."""
    return isinstance(node, (TupleNode, ForTuple, ObjectNode, ForObject, Splat))


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
    return _as_other_branch(value, chosen, other, env)


def _as_other_branch(value: Value, chosen: Expression, other: Expression, env: Env) -> Value:
    """Both branches take one type: the value is brought to it where the branch that was not taken tells."""
    if value is None or isinstance(value, str) or undecided(value) or (isinstance(value, (list, dict)) and not value):
        return value
    sample = other.value if type(other) is Literal else attempt(other, env)
    if isinstance(value, (bool, int, float)):
        return to_text(value) if isinstance(sample, (str, Partial)) or type(other) is Template else value
    if not isinstance(sample, (list, dict)):
        return value
    to_set = isinstance(sample, SetValue) and not isinstance(value, SetValue)
    from_set = isinstance(value, SetValue) and not isinstance(sample, SetValue)
    if (to_set and not _written_out(chosen)) or (from_set and not _written_out(other)):
        return value  # a tuple would become a set, a list would not, and which of them it is is not followed
    try:
        unified = unify([value, sample])[0]
        return make_set(unified) if to_set and isinstance(unified, list) else unified
    except EvaluationError:
        return value
