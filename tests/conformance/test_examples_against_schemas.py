"""What the rules' examples and fixes write exists: every attribute of Terraform's, every property of a template,
and every name in an answer of AWS.

An example with a misspelt attribute shows what happens where nothing is written, and says that it shows something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.conformance.catalog_paths import OTHER_RELEASES, PROVIDER, in_provider, in_resource, resource_schema
from tests.loaders.aws.answers import misshapen
from tests.test_rules import FILE, RULES, files_of

from phiward.loaders.terraform.parser import parse
from phiward.loaders.terraform.syntax import Body

META = frozenset(
    {
        *("count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner", "timeouts"),
        "tags_all",  # what a plan and a state write
    }
)


class Template(yaml.SafeLoader):
    """Reads a template; what a function of CloudFormation gives is `None`."""


Template.add_multi_constructor("!", lambda *_: None)


def written(rule: str) -> Iterator[tuple[str, str, str]]:
    """Every file that a rule shows: in which example, its name and its text."""
    for example in RULES[rule]["examples"]:
        for name, text in files_of(example).items():
            yield example["title"], name, text
    for dialect, text in RULES[rule].get("fix_snippets", {}).items():
        yield "fix", FILE[dialect], text


@pytest.mark.parametrize("rule", RULES)
def test_all_that_an_example_writes_exists(rule: str) -> None:
    wrong = []
    for title, name, text in written(rule):
        if name.endswith(".tf"):
            wrong += [f"{title}: {what}" for what in unknown_attributes(text)]
        elif name.endswith(FILE["cloudformation"]):
            wrong += [f"{title}: {what}" for what in unknown_properties(text)]
        elif name.endswith(FILE["aws"]):
            wrong += [f"{title}: {what}" for what in misshapen(json.loads(text))]
    assert wrong == []


def unknown_attributes(text: str) -> Iterator[str]:
    for block in parse(text, "main.tf").body.blocks:
        if block.type == "resource" and block.labels[0] in PROVIDER:
            for path in attributes(block.body):
                if not in_provider(block.labels[0], path) and (block.labels[0], path[0]) not in OTHER_RELEASES:
                    yield f"{block.labels[0]}: {'.'.join(path)}"


def attributes(body: Body, *, top: bool = True) -> Iterator[list[str]]:
    for name in body.attributes:
        if not (top and name in META):
            yield [name]
    for block in body.blocks:
        if top and block.type in META:
            continue
        name, inner = block.type, [block.body]
        if block.type == "dynamic":
            name, inner = block.labels[0], [content.body for content in block.body.blocks]
        for part in inner:
            yield from ([name, *path] for path in attributes(part, top=False))


def unknown_properties(text: str) -> Iterator[str]:
    for name, resource in yaml.load(text, Template)["Resources"].items():
        native = resource["Type"] if isinstance(resource, dict) and not name.startswith("Fn::") else ""
        if native.startswith("AWS::") and resource_schema(native) is not None:
            yield from (f"{name}: {path}" for path in missing(native, resource.get("Properties"), []))


def missing(native: str, value: Any, path: list[str | int]) -> Iterator[str]:
    """The outermost names of a value that its type does not have; functions are left aside."""
    if isinstance(value, list):
        for item in value:
            yield from missing(native, item, [*path, 0])
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name == "Ref" or str(name).startswith("Fn::"):
            return
        below = [*path, str(name)]
        if in_resource(native, below):
            yield from missing(native, inner, below)
        else:
            yield ".".join(map(str, below))
