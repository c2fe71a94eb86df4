"""Where expressions are evaluated, and what values are made of the references in them.

Every kind of syntax node has an entry in `HANDLERS`. `evaluation` fills it: what evaluates imports from there, and the
modules that handle the nodes from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from phiward.loaders.terraform.convert import set_of
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import to_text
from phiward.loaders.terraform.functions.function import Files
from phiward.loaders.terraform.functions.undecided import first_undecided
from phiward.loaders.terraform.syntax import Expression, Traversal
from phiward.loaders.terraform.value_types import element_of
from phiward.loaders.terraform.weight import MAX_ELEMENTS, too_large
from phiward.model.value import (
    Partial,
    Reference,
    SetValue,
    Unknown,
    Value,
    join,
    left_to_the_provider,
    like,
    unknowns,
)


class Module(Protocol):
    """What an expression may ask of the module instance that it stands in."""

    files: Files

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:
        """The value of `name` and the first steps (`var.x`), and how many steps it took."""
        ...

    def resolve(self, reference: Reference) -> Value:
        """The configured value that a reference points to; `Unknown` where only the provider knows it."""
        ...


class Env:
    """Where an expression is evaluated: its module instance, and the names bound around it (`each`, `for` names)."""

    __slots__ = ("module", "names")

    def __init__(self, module: Module, names: Mapping[str, Value] | None = None) -> None:
        self.module = module
        self.names: Mapping[str, Value] = names or {}

    def bind(self, names: Mapping[str, Value]) -> Env:
        return Env(self.module, {**self.names, **names})


HANDLERS: dict[type, Callable[[Any, Env], Value]] = {}
"""Syntax node -> its value."""


def evaluate(node: Expression, env: Env) -> Value:
    """The value of an expression. Raises EvaluationError for what Terraform would refuse."""
    return HANDLERS[type(node)](node, env)


def attempt(node: Expression, env: Env) -> Value:
    """The value of an expression; what Terraform would refuse is an `Unknown` with its message."""
    try:
        return HANDLERS[type(node)](node, env)
    except EvaluationError as error:
        return Unknown(str(error))
    except RecursionError:
        return Unknown("the expression is too deep to be evaluated")


def constants() -> Env:
    """Where only literals and functions mean anything: variable files."""
    return Env(_NoModule())


class _NoFiles:
    def read_text(self, path: str) -> str:
        raise EvaluationError(f"no files here: {path}")

    def read_bytes(self, path: str) -> bytes:
        raise EvaluationError(f"no files here: {path}")

    def exists(self, path: str) -> bool:
        raise EvaluationError(f"no files here: {path}")

    def glob(self, directory: str, pattern: str) -> list[str]:
        raise EvaluationError(f"no files here: {directory}/{pattern}")


class _NoModule:
    files: Files = _NoFiles()

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:  # noqa: ARG002
        raise EvaluationError(f"there is no {name!r} here")

    def resolve(self, reference: Reference) -> Value:
        return Unknown(f"{reference} is not configured here")


def materialise(value: Value, env: Env, *, keep: bool = False) -> Value:
    """The value with every reference inside replaced by what is configured there, or by an `Unknown`.

    With `keep`, a reference to what only the provider knows stays.
    """
    followed: dict[Reference, Value] = {}
    found = _materialised(value, env, (), followed, keep=keep)
    if followed and isinstance(found, (list, dict)) and too_large(found):
        return Unknown(f"the references in the value lead to more than {MAX_ELEMENTS} elements")
    return found


def _materialised(
    value: Value, env: Env, within: tuple[Reference, ...], followed: dict[Reference, Value], *, keep: bool
) -> Value:
    """`within` are the references that led here, of which none may come again; `followed` those to lists and maps.

    What was followed once is not followed again, so that references that double at each step take no longer.
    """
    if isinstance(value, Reference):
        if value in within:
            return Unknown(f"{value} depends on itself")
        if value in followed:
            return followed[value]
        found = env.module.resolve(value)
        if isinstance(found, (list, dict)):
            found = followed[value] = _materialised(found, env, (*within, value), followed, keep=keep)
        return value if keep and isinstance(found, Unknown) else found
    if isinstance(value, Partial):
        return _joined_text([_materialised(part, env, within, followed, keep=keep) for part in value.parts])
    if isinstance(value, SetValue):  # what is known now may be equal to another element, and stands where it belongs
        return set_of([_materialised(item, env, within, followed, keep=keep) for item in value], element_of(value))
    if isinstance(value, list):
        return like(value, [_materialised(item, env, within, followed, keep=keep) for item in value])
    if isinstance(value, dict):
        return like(value, {key: _materialised(item, env, within, followed, keep=keep) for key, item in value.items()})
    return value


def _joined_text(parts: list[Value]) -> Value:
    """The pieces of a string after references were looked up; a list or map among them makes no string."""
    for part in parts:
        if part is None or isinstance(part, (list, dict)):
            return Unknown("a value that is not text stands inside of a string")
    return join([to_text(part) for part in parts])


def materialise_known(value: Partial, env: Env) -> Value:
    """The pieces that another resource's configuration decides put in place; the other references kept."""
    parts: list[Any] = []
    for part in value.parts:
        found = env.module.resolve(part) if isinstance(part, Reference) else part
        parts.append(to_text(found) if isinstance(found, (str, bool, int, float)) else part)
    return join(parts)


def decided(value: Value, env: Env) -> Value:
    """The value itself where nothing but itself matters: references are looked up at the top level only."""
    return materialise(value, env) if isinstance(value, (Reference, Partial)) else value


def spelled(node: Expression) -> str:
    """How a message calls the value of an expression: names as they are written."""
    if not isinstance(node, Traversal):
        return "a value"
    return ".".join((node.root, *(str(step) if isinstance(step, (str, int)) else "[...]" for step in node.steps)))


def configured(value: Value, env: Env) -> Value:
    """What a reference leads to; the reference itself where only the provider knows that."""
    found = env.module.resolve(value) if isinstance(value, Reference) else value
    return value if isinstance(found, Unknown) else found


def first_unknown(value: Value) -> Unknown:
    """Why a value that is not wholly plain is not."""
    for found in unknowns(value):
        return found
    reference = first_undecided(value)
    if isinstance(reference, Reference):
        return left_to_the_provider(reference)
    return Unknown("part of the value is not known")
