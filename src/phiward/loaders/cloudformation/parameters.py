"""The parameters of a template, with the values that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.loaders.cloudformation.template import Template
from phiward.model.value import Sensitive, Unknown, Value, undecided

_STORED = "AWS::SSM::Parameter::Value<"


def declared(template: Template, given: Mapping[str, Value]) -> dict[str, Value]:
    """The value of each parameter."""
    found: dict[str, Value] = {}
    for name, body in template.sections["Parameters"].items():
        if not isinstance(body, dict):
            template.problem(f"the parameter {name} is not a mapping", ("Parameters", name))
            body = {}  # noqa: PLW2901
        found[name] = _value(name, body, given)
    return found


def _value(name: str, body: Mapping[str, Any], given: Mapping[str, Value]) -> Value:
    type_ = str(body.get("Type", "String"))
    value = given.get(name, body.get("Default"))
    if value is None:
        allowed = body.get("AllowedValues")
        if isinstance(allowed, list) and len(allowed) == 1:
            (value,) = allowed
        else:
            return Unknown(f"the parameter {name} has no value", f"pass --parameter-overrides {name}=...")
    if undecided(value):
        return value
    if type_.startswith(_STORED):
        return Unknown(f"the parameter {name} is read from Parameter Store when the stack is deployed")
    if type_ == "CommaDelimitedList" or type_.startswith("List<"):
        items = value if isinstance(value, list) else [item.strip() for item in _text(value).split(",")]
        return [_scalar(item, type_, secret=_secret(body)) for item in items]
    return _scalar(value, type_, secret=_secret(body))


def _secret(body: Mapping[str, Any]) -> bool:
    return str(body.get("NoEcho", "")).lower() == "true"


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(value: Value, type_: str, *, secret: bool) -> Value:
    if undecided(value):
        return value
    text = _text(value)
    if "Number" in type_ and not secret:
        try:
            return int(text)
        except ValueError:
            return text
    return Sensitive(text) if secret else text
