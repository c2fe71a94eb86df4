"""Templates -> strings: interpolations, directives, and the functions that render one with values of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from phiward.loaders.terraform.environment import (
    HANDLERS,
    Env,
    Module,
    decided,
    evaluate,
    first_unknown,
    materialise_known,
    spelled,
)
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import to_bool, to_text
from phiward.loaders.terraform.iteration import ANY_NUMBER, bind, pairs_of
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.syntax import Call, Expression, Literal, Template, TemplateFor, TemplateIf
from phiward.model.value import Partial, Reference, Unknown, Value, join, undecided

MAX_STRING = 16 * 1024 * 1024
"""Characters; a template that grows past it is refused, so that doubling strings cannot exhaust memory."""


def template(node: Template, env: Env) -> Value:
    parts: list[Any] = []
    size = 0
    known = True
    for part in node.parts:
        value = part.value if type(part) is Literal else HANDLERS[type(part)](part, env)
        if type(value) is not str:
            value = _piece(value, env, part)
            known = known and type(value) is str
        if isinstance(value, str):
            size += len(value)
        parts.append(value)
    if size > MAX_STRING:
        raise EvaluationError(f"the string is longer than {MAX_STRING} characters")
    return "".join(parts) if known else join(parts)


def _piece(value: Value, env: Env, part: Expression) -> Value:
    """What is interpolated as text, where another resource's configuration decides it or it is plain."""
    if isinstance(value, Reference):
        found = env.module.resolve(value)
        value = found if isinstance(found, (str, bool, int, float)) else value
    elif isinstance(value, Partial):
        value = materialise_known(value, env)
    if value is None:
        raise EvaluationError(f"{spelled(part)} is null, which cannot be part of a string")
    return value if undecided(value) else to_text(value)


def template_if(node: TemplateIf, env: Env) -> Value:
    condition = decided(evaluate(node.condition, env), env)
    if undecided(condition):
        return first_unknown(condition)
    if to_bool(condition):
        return template(node.then, env)
    return template(node.otherwise, env) if node.otherwise else ""


def template_for(node: TemplateFor, env: Env) -> Value:
    pairs = pairs_of(evaluate(node.collection, env), env)
    if isinstance(pairs, Unknown):
        return pairs
    return join(
        [value if key is ANY_NUMBER else template(node.body, bind(node, env, key, value)) for key, value in pairs]
    )


def templatefile(node: Call, env: Env) -> Value:
    path, names = _template_arguments(node, env)
    if isinstance(path, Unknown):
        return path
    return _render(env.module.files.read_text(path), names, env)


def templatestring(node: Call, env: Env) -> Value:
    text, names = _template_arguments(node, env)
    return text if isinstance(text, Unknown) else _render(text, names, env)


def _template_arguments(node: Call, env: Env) -> tuple[Value, Value]:
    if len(node.arguments) != 2:  # noqa: PLR2004
        raise EvaluationError(f"{node.name}() takes two arguments")
    first = decided(evaluate(node.arguments[0], env), env)
    names = decided(evaluate(node.arguments[1], env), env)
    for value in (first, names):
        if undecided(value):
            return first_unknown(value), {}
    if not isinstance(first, str) or not isinstance(names, dict):
        raise EvaluationError(f"{node.name}() takes a string and an object")
    return first, names


def rendered(attributes: dict[str, Value], env: Env) -> Value:
    """What the template provider answers for a `template_file`: its text with its variables, which are strings."""
    text, names = (decided(attributes.get(name), env) for name in ("template", "vars"))
    if undecided(text) or undecided(names):
        return first_unknown(text if undecided(text) else names)
    if not isinstance(text, str) or not isinstance(names, dict | None):
        return Unknown("a template_file takes a string and a map")
    try:
        return _render(text, {k: v if undecided(v) else to_text(v) for k, v in (names or {}).items()}, env)
    except EvaluationError as error:
        return Unknown(str(error))


def _render(text: str, names: dict[str, Value], env: Env) -> Value:
    try:
        parsed = _parsed(text) if len(text) <= _OFTEN_RENDERED else _parse(text)
    except HclSyntaxError as error:
        raise EvaluationError(f"the template does not parse: {error.message}") from error
    return evaluate(parsed, Env(_TemplateModule(env.module), names))


_OFTEN_RENDERED = 256 * 1024
"""Characters of a template that is kept parsed: one file is rendered for each of many instances."""


def _parse(text: str) -> Expression:
    from phiward.loaders.terraform.templates import parse_template

    return parse_template(text)


_parsed = lru_cache(maxsize=16)(_parse)


class _TemplateModule:
    """Inside a rendered template only the given names exist; references in them still lead to resources."""

    def __init__(self, module: Module) -> None:
        self.files = module.files
        self.resolve = module.resolve

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:  # noqa: ARG002
        raise EvaluationError(f"the template is not given {name!r}")
