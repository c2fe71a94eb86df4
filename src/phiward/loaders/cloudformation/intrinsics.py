"""CloudFormation's functions, by their long names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from phiward.loaders.cloudformation.evaluation import NO_VALUE, Evaluator
from phiward.model.value import Partial, Reference, Unknown, Value, join

Function = Callable[[Evaluator, Any, Any], Value]
_variable = re.compile(r"\$\{([^{}]*)\}")


def text_of(value: Value) -> str | Unknown | Reference | Partial:
    """A value as a piece of a text."""
    if isinstance(value, (str, Unknown, Reference, Partial)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return Unknown("what stands in a text is no text")


def pair(argument: Any) -> tuple[Any, Any] | None:
    """The two elements of a list of two."""
    return tuple(argument) if isinstance(argument, list) and len(argument) == len("ab") else None


def ref(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    if argument == "AWS::NoValue":
        return NO_VALUE
    if not isinstance(argument, str):
        return evaluator.problem("Ref takes the name of a parameter or a resource", node)
    return evaluator.ref(argument, node)


def get_att(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    parts = argument.split(".") if isinstance(argument, str) else argument
    first, *rest = parts if isinstance(parts, list) and parts else [None]
    if isinstance(first, str) and rest:
        path = [evaluator.plain(part) for part in rest]
        if all(isinstance(part, str) for part in path):
            return evaluator.attribute(first, tuple(".".join(path).split(".")), node)
        return Unknown(f"which attribute of {first} is meant is not known")
    return evaluator.problem("Fn::GetAtt takes a resource and an attribute", node)


def sub(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    text, own = pair(argument) or (argument, {})
    if not isinstance(text, str) or not isinstance(own, dict):
        return evaluator.problem("Fn::Sub takes a text, and a mapping of variables beside it", node)
    return substituted(evaluator, text, own, node)


def substituted(evaluator: Evaluator, text: str, own: Mapping[str, Any], node: Any) -> Value:
    """A text with its `${Name}` filled in; `${!Name}` is the text `${Name}`."""
    parts: list[str | Unknown | Reference | Partial] = []
    start = 0
    for found in _variable.finditer(text):
        name = found.group(1)
        parts.append(text[start : found.start()])
        start = found.end()
        if name.startswith("!"):
            parts.append(f"${{{name[1:]}}}")
            continue
        name = name.strip()
        if name in own:
            value = evaluator.plain(own[name])
        elif "." in name and name not in evaluator.bindings:
            first, _, rest = name.partition(".")
            value = evaluator.attribute(first, tuple(rest.split(".")), node)
        else:
            value = evaluator.ref(name, node)
        parts.append(text_of(value))
    return join([*parts, text[start:]])


def join_(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    delimiter, items = map(evaluator.plain, pair(argument) or (None, None))
    if isinstance(items, (Unknown, Reference)):
        return items if isinstance(items, Unknown) else Unknown(f"{items} is a list that only the deployment decides")
    if not isinstance(items, list):
        return evaluator.problem("Fn::Join takes a delimiter and a list", node)
    parts: list[Any] = []
    for item in items:
        parts += [text_of(delimiter)] if parts else []
        parts.append(text_of(item))
    return join(parts)


FUNCTIONS: Mapping[str, Function] = {
    "Ref": ref,
    "Fn::GetAtt": get_att,
    "Fn::Sub": sub,
    "Fn::Join": join_,
}
