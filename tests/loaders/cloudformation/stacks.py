"""A template in a test: its text in, its resources out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import TODAY

from phiward.loaders.cloudformation.discovery import templates
from phiward.loaders.cloudformation.loader import load
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic
from phiward.model.value import Unknown
from phiward.settings import Settings

HEAD = """\
Parameters:
  Given: {Type: String, Default: prod}
  Open: {Type: String}
  Number: {Type: Number, Default: 7}
  Names: {Type: CommaDelimitedList, Default: "a, b,c"}
  Hidden: {Type: String, NoEcho: true, Default: hunter2}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /db/name}
  Only: {Type: String, AllowedValues: [one]}
Mappings:
  Sizes:
    prod: {Class: big, Zones: [x, y], Same: 1}
    dev: {Class: small, Zones: [x], Same: 1}
Conditions:
  IsProd: !Equals [!Ref Given, prod]
  IsNot: !Not [!Condition IsProd]
  Maybe: !Equals [!Ref Open, prod]
Resources:
  Bucket: {Type: "AWS::S3::Bucket"}
"""


class Stacks:
    """What the templates of a directory come to."""

    def __init__(self, directory: Path, files: dict[str, str], *paths: str, **settings: Any) -> None:
        for name, text in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text, encoding="utf-8")
        asked = tuple(directory / path for path in paths) or (directory,)
        self.tree = Tree.around((directory,))
        found = list(templates(asked, self.tree))
        made = Settings(paths=asked, today=TODAY, **settings)
        self.loaded: Loaded = load(asked, found, self.tree, made, lambda _: None)
        self.resources = {resource.address: resource for resource in self.loaded.resources}

    @property
    def problems(self) -> list[Diagnostic]:
        return self.tree.diagnostics

    def attributes(self, address: str) -> Any:
        return self.resources[address].attributes


def indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def evaluated(directory: Path, expression: str, head: str = HEAD, **settings: Any) -> tuple[Any, list[Diagnostic]]:
    """What one expression means as a property; `GONE` where it is not there."""
    text = f"{head}  Here:\n    Type: Custom::Any\n    Properties:\n      Value:\n{indented(expression, 8)}\n"
    stacks = Stacks(directory, {"template.yaml": text}, **settings)
    return stacks.attributes("Here").get("Value", GONE), stacks.problems


def reason(value: Any) -> str:
    assert isinstance(value, Unknown), value
    return value.reason


GONE = "(not there)"
