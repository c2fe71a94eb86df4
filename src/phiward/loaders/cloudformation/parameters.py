"""The parameters of a template, with the values that they are given.

Source: CloudFormation user guide, "CloudFormation template Parameters syntax".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.loaders.cloudformation.stored import stored
from phiward.loaders.cloudformation.template import Template
from phiward.model.value import Partial, Reference, Sensitive, Unknown, Value, undecided

_STORED = "AWS::SSM::Parameter::Value<"
_LONGEST = 65_536
"""Characters; CloudFormation takes 4,096 bytes."""


def declared(template: Template, given: Mapping[str, Value]) -> dict[str, Value]:
    """The value of each parameter."""
    found: dict[str, Value] = {}
    for name, body in template.sections["Parameters"].items():
        if name == "Fn::Transform":
            continue
        if not isinstance(body, dict):
            template.problem(f"the parameter {name} is not a mapping", ("Parameters", name))
            found[name] = Unknown(f"the parameter {name} is not a mapping")
        else:
            found[name] = _value(name, body, given)
    return found


def _value(name: str, body: Mapping[str, Any], given: Mapping[str, Value]) -> Value:
    type_ = str(body.get("Type", "String"))
    value = given.get(name, body.get("Default"))
    allowed = body.get("AllowedValues")
    if value is None and isinstance(allowed, list) and len(allowed) == 1:
        (value,) = allowed
    if value is None:
        return Unknown(f"the parameter {name} has no value", f"pass --parameter-overrides {name}=...")
    if isinstance(value, Unknown):
        return value
    if type_.startswith(_STORED):
        return stored("ssm", f"the parameter {name}")
    secret = str(body.get("NoEcho", "")).lower() == "true"
    if type_ == "CommaDelimitedList" or type_.startswith("List<"):
        return _several(name, value, type_, secret=secret)
    return _one(name, value, type_, secret=secret)


def _several(name: str, value: Value, type_: str, *, secret: bool) -> Value:
    """The elements of a list, which is written with commas between them."""
    if isinstance(value, list):
        items = value
    elif isinstance(value, Partial):
        several = separated(value)
        if several is None:
            return _unknown_in(value) or Unknown(
                f"what the parameter {name} lists is known only once the stack is deployed"
            )
        items = several
    elif undecided(value):
        return value
    else:
        items = [item.strip() for item in _text(value).split(",")]
    return [_one(name, item, type_, secret=secret) for item in items]


def separated(value: Partial) -> list[Value] | None:
    """The elements of a text with commas between them, where what stands between two is known, or is one resource's id.

    No id has a comma in it; an attribute may have, or be a list of its own.
    """
    if any(isinstance(part, Unknown) or (isinstance(part, Reference) and part.path) for part in value.parts):
        return None
    marked = "".join(part if isinstance(part, str) else "\0" for part in value.parts)
    left = iter(part for part in value.parts if isinstance(part, Reference))
    items: list[Value] = [next(left) if item == "\0" else item for item in map(str.strip, marked.split(","))]
    return None if any("\0" in item for item in items if isinstance(item, str)) else items


def _unknown_in(value: Partial) -> Unknown | None:
    return next((part for part in value.parts if isinstance(part, Unknown)), None)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _one(name: str, value: Value, type_: str, *, secret: bool) -> Value:
    if undecided(value):
        return value
    if isinstance(value, (dict, list)):
        return Unknown(f"the value of the parameter {name} is no text")
    text = _text(value)
    if len(text) > _LONGEST:
        return Unknown(f"the value of the parameter {name} is longer than any that CloudFormation takes")
    if secret or type(value) is Sensitive:
        return Sensitive(text)
    return _number(text) if type_ in ("Number", "List<Number>") else text


def _number(text: str) -> Value:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
