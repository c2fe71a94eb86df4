"""Files with values for parameters, in every form that the AWS command line takes.

Source: AWS CLI reference, `cloudformation deploy --parameter-overrides` and `cloudformation create-stack --parameters`;
CodePipeline user guide, "AWS CloudFormation artifacts", template configuration files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phiward.errors import SettingsError
from phiward.loaders.cloudformation.syntax import language_of
from phiward.loaders.located_yaml import documents
from phiward.loaders.yaml_builder import YamlError
from phiward.model.value import Unknown, Value
from phiward.outside import Outside

_FORMS = 'a parameter file holds a list of {"ParameterKey", "ParameterValue"}, a list of "Name=Value", or "Parameters"'


class _FormError(Exception):
    """What a file holds is in none of the forms."""


def read_given(path: Path, outside: Outside) -> dict[str, Value]:
    """The values of a file. Raises SettingsError: what was asked for by name must be right."""
    try:
        text = outside.read(path).decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"the parameter file cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise SettingsError("the parameter file is not UTF-8 text", where=str(path)) from error
    found = next(documents(text, language_of(text)), None)
    if isinstance(found, YamlError):
        raise SettingsError(found.message, where=f"{path}:{found.line}:{found.column}")
    try:
        return dict(_pairs(found.value if found is not None else None))
    except _FormError as error:
        raise SettingsError(_FORMS, where=str(path)) from error


def _pairs(value: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        inner = value.get("Parameters", value)
        if not isinstance(inner, dict):
            raise _FormError
        for name, item in inner.items():
            yield name, _checked(item)
        return
    if not isinstance(value, list):
        raise _FormError
    for entry in value:
        if isinstance(entry, str) and "=" in entry:
            name, _, text = entry.partition("=")
            yield name, text
        elif isinstance(entry, dict) and isinstance(entry.get("ParameterKey"), str):
            yield entry["ParameterKey"], _given(entry)
        else:
            raise _FormError


def _given(entry: dict[str, Any]) -> Value:
    if entry.get("UsePreviousValue") is True:
        return Unknown(f"the parameter {entry['ParameterKey']} keeps the value that the stack has")
    return _checked(entry.get("ParameterValue"))


def _checked(value: Any) -> Value:
    if isinstance(value, (str, int, float, bool)) or (isinstance(value, list) and all(map(_is_scalar, value))):
        return value
    raise _FormError


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))
