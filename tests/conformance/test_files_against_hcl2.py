"""The fixtures' files beside python-hcl2: the same blocks, labels and arguments, the same literal values, and in the place
of every other expression the same text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2
import pytest

from phiward.loaders.terraform.parser import parse
from phiward.loaders.terraform.syntax import Body, Expression, Literal, ObjectNode, TupleNode

ESTATES = Path(__file__).resolve().parents[2] / "fixtures" / "ehr-saas"
FILES = sorted(path.relative_to(ESTATES).as_posix() for path in ESTATES.rglob("*.tf"))


@dataclass(frozen=True)
class Text:
    """An expression that is no literal, as it is written. python-hcl2 sets white space and commas anew."""

    text: str

    def matches(self, other: Any) -> bool:
        if not isinstance(other, str):
            return False
        if other.startswith(("${", '"<<')):  # an expression, or a heredoc, which it puts in quotes
            other = other.removeprefix("${").removesuffix("}") if other.startswith("${") else other[1:-1]
        return re.sub(r"[\s,]+", "", other) == re.sub(r"[\s,]+", "", self.text)


def read(body: Body, text: str) -> dict[str, Any]:
    """A body in python-hcl2's form: blocks in lists by their type, inside of their labels."""
    found: dict[str, Any] = {name: value_of(attribute.value, text) for name, attribute in body.attributes.items()}
    blocks: dict[str, list[Any]] = defaultdict(list)
    for block in body.blocks:
        inner: Any = read(block.body, text)
        for label in reversed(block.labels):
            inner = {f'"{label}"': inner}
        blocks[block.type].append(inner)
    return found | blocks


def value_of(node: Expression, text: str) -> Any:
    written = text[node.start : node.end]
    if isinstance(node, Literal) and not isinstance(node.value, str):
        return node.value
    if isinstance(node, Literal) and not written.startswith("<<"):
        # Escapes stay as they are written.
        return written if re.search(r"\\|\$\$|%%", written) else f'"{node.value}"'
    if isinstance(node, TupleNode):
        return [value_of(item, text) for item in node.items]
    if isinstance(node, ObjectNode):
        return {text[key.start : key.end]: value_of(value, text) for key, value in node.items}
    return Text(written)


def differences(mine: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(other, dict):
        theirs = {key: value for key, value in other.items() if key not in ("__is_block__", "__comments__")}
        for key in dict.fromkeys((*mine, *theirs)):
            if key in mine and key in theirs:
                yield from differences(mine[key], theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is only {'ours' if key in mine else 'theirs'}"
    elif isinstance(mine, list) and isinstance(other, list) and len(mine) == len(other):
        for index, pair in enumerate(zip(mine, other, strict=True)):
            yield from differences(*pair, f"{path}.{index}")
    elif isinstance(mine, Text) and mine.matches(other):
        return
    elif mine != other or type(mine) is not type(other):
        yield f"{path}\n    ours   {mine}\n    theirs {other}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_the_same(name: str) -> None:
    text = (ESTATES / name).read_text(encoding="utf-8")
    found = list(differences(read(parse(text, name).body, text), hcl2.loads(text)))  # type: ignore[attr-defined]
    assert not found, "\n".join(found)


def test_there_is_something_to_compare() -> None:
    assert len(FILES) > 140
    text = (ESTATES / "sound" / "modules" / "network" / "main.tf").read_text(encoding="utf-8")
    mine = read(parse(text, "main.tf").body, text)
    mine["resource"][0]['"aws_vpc"']['"this"']["enable_dns_support"] = False
    [found] = differences(mine, hcl2.loads(text))  # type: ignore[attr-defined]
    assert found.startswith('.resource.0."aws_vpc"."this".enable_dns_support')
