"""JSON text -> the nodes of the syntax tree, each with its span; its strings are templates.

Source: developer.hashicorp.com/terraform/language/syntax/json, "Expression Mapping".
"""

from __future__ import annotations

import json
import re
from typing import Any

from phiward.loaders.terraform.lexical import MAX_DEPTH, HclSyntaxError, number
from phiward.loaders.terraform.syntax import Expression, Literal, ObjectNode, Template, TupleNode
from phiward.loaders.terraform.templates import parse_template

_space = re.compile(r"[ \t\r\n]*")
_string = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_number = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_word = re.compile(r"true|false|null")
_WORDS = {"true": True, "false": False, "null": None}


def read_json(text: str) -> Expression:
    """The value that fills the text. Raises HclSyntaxError where it is not JSON."""
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    if reader.pos < len(text):
        raise HclSyntaxError("not valid JSON: unexpected text after the value", reader.pos)
    return value


class _Reader:
    __slots__ = ("pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def skip(self) -> None:
        found = _space.match(self.text, self.pos)
        assert found
        self.pos = found.end()

    def accept(self, token: str) -> bool:
        self.skip()
        taken = self.text.startswith(token, self.pos)
        self.pos += len(token) if taken else 0
        return taken

    def error(self, wanted: str) -> HclSyntaxError:
        return HclSyntaxError(f"not valid JSON: expected {wanted}", min(self.pos, len(self.text)))

    def value(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise HclSyntaxError(f"nested deeper than {MAX_DEPTH} levels", self.pos)
        self.skip()
        start = self.pos
        if self.accept("{"):
            return self.members(start, depth)
        if self.accept("["):
            return self.elements(start, depth)
        if self.text.startswith('"', start):
            return _template(self.string(), start, self.pos)
        if found := _word.match(self.text, start):
            self.pos = found.end()
            return Literal(start, self.pos, _WORDS[found.group()])
        if found := _number.match(self.text, start):
            self.pos = found.end()
            digits = found.group()
            read = number(digits.removeprefix("-"))
            return Literal(start, self.pos, -read if digits.startswith("-") else read)
        raise self.error("a value")

    def string(self) -> str:
        """The text of a string, its escapes resolved; keys are not templates."""
        found = _string.match(self.text, self.pos)
        if not found:
            raise self.error("a string")
        self.pos = found.end()
        text: str = json.loads(found.group())
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def members(self, start: int, depth: int) -> ObjectNode:
        items: list[tuple[Expression, Expression]] = []
        while not self.accept("}"):
            if items and not self.accept(","):
                raise self.error("',' or '}'")
            self.skip()
            begin = self.pos
            key = Literal(begin, self.pos, self.string())
            key.end = self.pos
            if not self.accept(":"):
                raise self.error("':'")
            items.append((key, self.value(depth + 1)))
        return ObjectNode(start, self.pos, items)

    def elements(self, start: int, depth: int) -> TupleNode:
        items: list[Expression] = []
        while not self.accept("]"):
            if items and not self.accept(","):
                raise self.error("',' or ']'")
            items.append(self.value(depth + 1))
        return TupleNode(start, self.pos, items)


def _template(text: str, start: int, end: int) -> Expression:
    """What a string means: a template, whose parts all stand where the string stands."""
    if "${" not in text and "%{" not in text:
        return Literal(start, end, text)
    try:
        node: Any = parse_template(text)
    except HclSyntaxError as error:
        raise HclSyntaxError(f"in the string: {error.message}", start) from error
    if isinstance(node, Literal):
        return Literal(start, end, node.value)
    return Template(start, end, [node]) if isinstance(node, Template) else _placed(node, start, end)


def _placed(node: Any, start: int, end: int) -> Expression:
    """`"${x}"` is `x` itself, at the place of the string."""
    node.start, node.end = start, end
    return node
