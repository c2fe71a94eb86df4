"""HCL text -> syntax tree: files and the blocks in them.

Source of the grammar: the HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md). Terraform refuses a whole
module for one syntax error, so there is no recovery: the first error ends the file with its line and column.

Most lines of real configuration are `name = literal`, `name = a.b.c` or `type "label" {`: one regular expression takes
such a line whole.
"""

from __future__ import annotations

import re

from phiward.loaders.terraform.expressions import ExpressionParser
from phiward.loaders.terraform.leaves import LEAF, leaf
from phiward.loaders.terraform.lexical import IDENT, identifier, unescape
from phiward.loaders.terraform.syntax import Attribute, Block, Body, Expression, SourceFile

_label = re.compile(rf'(?:[ \t]|/\*[\s\S]*?\*/)*+(?:"((?:[^"\\\n\r]|\\.)*)"|({IDENT}))')
_block_start = re.compile(rf'({IDENT})((?:[ \t]+"[^"\\$%\n\r]*")*)[ \t]*\{{[ \t]*\n')
_OPENS_LINES = ("\n", "}", "")
_in_label = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
_simple_attribute = re.compile(
    r"(?:[ \t\n]++|(?:\#|//)[^\n]*+)*+"
    rf"({IDENT})[ \t]*=[ \t]*(?:{LEAF})[ \t]*(?:(?:\#|//)[^\n]*)?(?:\r?\n|\Z)"
)


def parse(text: str, path: str) -> SourceFile:
    """Parse a whole file. Raises HclSyntaxError at the first thing that Terraform would refuse."""
    parser = Parser(text, pos=1 if text.startswith("\ufeff") else 0)
    body = parser.body(closing="")
    file = SourceFile(path, text, body)
    for block in body.blocks:
        block.file = file
    return file


def parse_expression(text: str) -> Expression:
    """Parse one expression that fills the text (newlines allowed around it)."""
    parser = ExpressionParser(text)
    parser.multiline = True
    expression = parser.expression()
    parser.skip()
    if parser.pos < len(text):
        raise parser.error("unexpected text after the expression")
    return expression


class Parser(ExpressionParser):
    """Reads bodies: attributes and blocks."""

    __slots__ = ()

    def body(self, closing: str) -> Body:
        """Attributes and blocks up to `closing` ('}' for a block, '' for a file)."""
        body = Body()
        attributes, text = body.attributes, self.text
        self.enter()
        while True:
            simple = _simple_attribute.match(text, self.pos)
            if simple:
                self.pos = simple.end()
                value = leaf(simple, 2)
                attribute = Attribute(simple.start(1), value.end, simple.group(1), value)
            else:
                self.skip_blank()
                if self.pos >= len(text) or text[self.pos] == closing:
                    break
                found = self.item(body)
                if found is None:
                    continue
                attribute = found
            if attribute.name in attributes:
                raise self.error(f"the argument {attribute.name!r} is set twice", attribute.start)
            attributes[attribute.name] = attribute
        if closing and self.pos >= len(text):
            raise self.error("the block is not closed: expected '}'")
        self.depth -= 1
        return body

    def item(self, body: Body) -> Attribute | None:
        """One attribute, returned, or one block, added to the body."""
        start = self.pos
        found = _block_start.match(self.text, start)
        if found:
            self.pos = found.end()
            labels = tuple(found.group(2).split('"')[1::2])
            body.blocks.append(self.closed(Block(start, found.end(2), 0, found.group(1), labels, self.body("}"))))
            return None
        found = identifier.match(self.text, start)
        if not found:
            raise self.error(f"expected an argument or a block, found {self.found()}")
        self.pos = found.end()
        self.skip()
        if self.peek("=") and not self.peek("=="):
            self.pos += 1
            value = self.expression()
            self.end_of_item("after the value")
            return Attribute(start, value.end, found.group(), value)
        body.blocks.append(self.block(found.group(), start, found.end()))
        return None

    def block(self, type_: str, start: int, header_end: int) -> Block:
        labels = []
        while found := _label.match(self.text, self.pos):
            labels.append(found.group(2) or self.label(found))
            self.pos = header_end = found.end()
        self.skip()
        if not self.accept("{"):
            raise self.error(f"expected '=' or '{{' after {type_!r}, found {self.found()}")
        if not self.peek("\n"):
            self.skip()
        inner = self.body("}") if self.text[self.pos : self.pos + 1] in _OPENS_LINES else self.single_argument()
        return self.closed(Block(start, header_end, 0, type_, tuple(labels), inner))

    def closed(self, block: Block) -> Block:
        """The block, before whose closing brace the position stands."""
        self.pos += 1
        block.end = self.pos
        self.end_of_item("after the block")
        return block

    def label(self, found: re.Match[str]) -> str:
        """A label in quotes: plain text, with the escapes of a string."""
        sequence = _in_label.search(found.group(1))
        if sequence:
            raise self.error("a label is plain text: no template stands in it", found.start(1) + sequence.start())
        return unescape(found.group(1), found.start(1))

    def single_argument(self) -> Body:
        """The body of a block of one line, `{ name = value }`, up to its closing brace."""
        start = self.pos
        found = identifier.match(self.text, start)
        if not found:
            raise self.error(f"expected an argument, a new line or '}}', found {self.found()}")
        self.pos = found.end()
        self.skip()
        if not self.peek("=") or self.peek("=="):
            raise self.error("a block of one line holds one argument and no block: start a new line after '{'", start)
        self.pos += 1
        value = self.expression()
        self.skip()
        if not self.peek("}"):
            why = "a block of one line holds one argument and ends in that line"
            raise self.error(f"{why}: expected '}}' or a new line after '{{', found {self.found()}")
        return Body({found.group(): Attribute(start, value.end, found.group(), value)})

    def end_of_item(self, where: str) -> None:
        self.skip()
        if self.pos < len(self.text) and self.text[self.pos] != "\n":
            raise self.error(f"expected a new line {where}, found {self.found()}")
