"""Values for the variables of a root module, from files, the environment and flags.

Precedence, weakest first: `TF_VAR_*`, terraform.tfvars, terraform.tfvars.json, *.auto.tfvars(.json) by name, then
`--var-file` and `--var`. Source: developer.hashicorp.com/terraform/language/values/variables.
"""

from __future__ import annotations

import json
from pathlib import Path

from phiward.errors import SettingsError
from phiward.loaders.terraform.evaluation import attempt, constants, evaluate_text
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.parser import parse, parse_expression
from phiward.loaders.terraform.syntax import Body, SourceFile
from phiward.loaders.terraform.value_types import Type
from phiward.loaders.tree import Tree
from phiward.model.resource import Hole
from phiward.model.value import Unknown, Value
from phiward.outside import Outside

_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


def variable_text(text: str, type_: Type) -> Value:
    """What a flag or environment variable means: a string as it is, anything else as an expression."""
    if type_.kind in ("string", "number", "bool"):
        return text
    try:
        parse_expression(text)
    except HclSyntaxError as error:
        return Unknown(f"the value given is not an expression: {error.message}")
    return evaluate_text(text)


def automatic_files(directory: Path, tree: Tree) -> list[Path]:
    """The variable files that Terraform reads by itself, weakest first."""
    names = [directory / "terraform.tfvars", directory / "terraform.tfvars.json"]
    try:
        auto = [directory / name for name in tree.files(directory) if name.endswith(_AUTOMATIC)]
    except OSError:
        auto = []
    return [path for path in names if tree.outside.is_file(path)] + auto


def read_automatic(directory: Path, tree: Tree) -> tuple[dict[str, Value], list[Hole]]:
    """Values from the automatic files; one that cannot be read is a diagnostic and a hole."""
    values: dict[str, Value] = {}
    holes: list[Hole] = []
    for path in automatic_files(directory, tree):
        text = tree.read(path)
        try:
            if text is not None:
                values.update(_parse(text, path))
                continue
        except HclSyntaxError as error:
            span = SourceFile(path.name, text or "", Body()).span(error.offset, error.offset + 1)
            message = f"syntax error: {error.message}"
            tree.hole("syntax", path, message, line=span.line, column=span.column)
        holes.append(Hole(f"{tree.relative(path)} could not be read"))
    return values, holes


def read_given(path: Path, outside: Outside) -> dict[str, Value]:
    """Values from a `--var-file`. Raises SettingsError: what was asked for by name must be right."""
    try:
        text = outside.read(path).decode("utf-8-sig")
        return _parse(text, path)
    except OSError as error:
        raise SettingsError(f"the variable file cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise SettingsError("the variable file is not UTF-8 text", where=str(path)) from error
    except HclSyntaxError as error:
        span = SourceFile(path.name, text, Body()).span(error.offset, error.offset + 1)
        raise SettingsError(error.message, where=f"{path}:{span.line}:{span.column}") from error


def _parse(text: str, path: Path) -> dict[str, Value]:
    if path.name.endswith(".json"):
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise HclSyntaxError(f"not valid JSON: {error.msg}", error.pos) from error
        except RecursionError as error:
            raise HclSyntaxError("nested too deep", 0) from error
        except ValueError as error:
            raise HclSyntaxError("a number of more digits than can be read", 0) from error
        if not isinstance(values, dict):
            raise HclSyntaxError("a variable file holds an object", 0)
        return values
    body = parse(text, path.name).body
    if body.blocks:
        raise HclSyntaxError("a variable file holds only arguments", body.blocks[0].start)
    env = constants()
    return {name: attempt(attribute.value, env) for name, attribute in body.attributes.items()}
