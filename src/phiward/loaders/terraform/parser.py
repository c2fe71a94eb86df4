"""HCL text -> syntax tree, by recursive descent over regular expressions.

Source of the grammar: the HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md). Terraform refuses a whole
module for one syntax error, so there is no recovery: the first error ends the file with its line and column.

Most lines of real configuration are `name = literal` or `name = a.b.c`; one regular expression takes such a line whole.
"""

from __future__ import annotations

import re

from phiward.loaders.terraform.functions.conversion import nfc
from phiward.loaders.terraform.syntax import (
    ELEMENT,
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Index,
    Literal,
    ObjectNode,
    SourceFile,
    Splat,
    Template,
    Traversal,
    TupleNode,
    Unary,
)

MAX_DIGITS = 4000
"""Python reads no integer of more than 4,300 digits; Terraform keeps about 150 of them."""
MAX_DEPTH = 200
"""Deeper nesting than any hand wrote is refused with a message, so that hostile input cannot exhaust the stack."""

MAX_OPERATORS = 1_000
"""Operators in a row make a tree as deep as they are many."""

MAX_DIGITS = 400

IDENT = r"[^\W\d][\w-]*"
_identifier = re.compile(IDENT)
_label = re.compile(rf'[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|({IDENT}))')
_blank = re.compile(r"(?:[ \t\r\n\ufeff]+|\#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)+")
_space = re.compile(r"(?:[ \t\r]+|/\*[\s\S]*?\*/|(?:\#|//)[^\n]*)+")
_simple_attribute = re.compile(
    rf"({IDENT})[ \t]*=[ \t]*(?:"
    r'"([^"\\$%\n\r]*)"'
    r"|(true|false|null)(?![\w-])"
    r"|(-?(?:0|[1-9]\d{0,99}))(?![\w.])"
    rf"|({IDENT}(?:\.{IDENT})+)"
    r")[ \t]*(?:(?:\#|//)[^\n]*)?(?:\r?\n|(?=\}|\Z))"
)
_number = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_bare_key = re.compile(rf"{IDENT}(?=[ \t]*(?:=(?!=)|:(?!:)))")
_full_splat = re.compile(r"\[[ \t\r\n]*\*[ \t\r\n]*\]")
_opening = re.compile(r"[ \t]*\(")
_digits = re.compile(r"[0-9]+")
_plain_string = re.compile(r'"([^"\\$%\n]*)"')
_operator = re.compile(r"==|!=|<=|>=|&&|\|\||[-+*/%<>]")
_heredoc = re.compile(rf"<<(-?)({IDENT})[ \t\r]*\n")
_for_start = re.compile(r"for(?![\w-])")

PRECEDENCE = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_MAY_SKIP = frozenset(" \t\r\n#/\ufeff")
_STEP = frozenset(".[")
_BEFORE_CALL = frozenset(" \t(")
_KEYWORDS = {"true": True, "false": False, "null": None}


class HclSyntaxError(Exception):
    """`offset` is in code points."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def parse(text: str, path: str) -> SourceFile:
    """Parse a whole file. Raises HclSyntaxError at the first thing that Terraform would refuse."""
    parser = Parser(text)
    body = parser.body(closing="")
    file = SourceFile(path, text, body)
    for block in body.blocks:
        block.file = file
    return file


def parse_expression(text: str) -> Expression:
    """Parse one expression that fills the text (newlines allowed around it)."""
    parser = Parser(text)
    parser.multiline = True
    expression = parser.expression()
    parser.skip()
    if parser.pos < len(text):
        raise parser.error("unexpected text after the expression")
    return expression


class Parser:
    """A position in a text. `multiline` says that newlines are white space here: inside (), [] and ${}."""

    __slots__ = ("depth", "multiline", "pos", "text")

    def __init__(self, text: str, pos: int = 0) -> None:
        self.text = text
        self.pos = pos
        self.depth = 0
        self.multiline = False

    # -- small steps

    def error(self, message: str, offset: int | None = None) -> HclSyntaxError:
        return HclSyntaxError(message, self.pos if offset is None else offset)

    def skip(self) -> None:
        if self.text[self.pos : self.pos + 1] not in _MAY_SKIP:
            return
        found = (_blank if self.multiline else _space).match(self.text, self.pos)
        if found:
            self.pos = found.end()

    def skip_blank(self) -> None:
        found = _blank.match(self.text, self.pos)
        if found:
            self.pos = found.end()

    def peek(self, token: str) -> bool:
        return self.text.startswith(token, self.pos)

    def accept(self, token: str) -> bool:
        if self.text.startswith(token, self.pos):
            self.pos += len(token)
            return True
        return False

    def expect(self, token: str, where: str) -> None:
        if not self.accept(token):
            raise self.error(f"expected {token!r} {where}, found {self.found()}")

    def found(self) -> str:
        if self.pos >= len(self.text):
            return "the end of the file"
        if self.text[self.pos] == "\n":
            return "the end of the line"
        return repr(self.text[self.pos : self.pos + 12].split("\n", 1)[0])

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH} levels")

    # -- bodies

    def body(self, closing: str) -> Body:
        """Attributes and blocks up to `closing` ('}' for a block, '' for a file)."""
        body = Body()
        attributes, text = body.attributes, self.text
        self.enter()
        while True:
            self.skip_blank()
            if self.pos >= len(text):
                if closing:
                    raise self.error("the block is not closed: expected '}'")
                break
            if closing and text[self.pos] == closing:
                break
            simple = _simple_attribute.match(text, self.pos)
            attribute = self.simple(simple) if simple else self.item(body)
            if attribute is not None:
                if attribute.name in attributes:
                    raise self.error(f"the argument {attribute.name!r} is set twice", attribute.start)
                attributes[attribute.name] = attribute
        self.depth -= 1
        return body

    def simple(self, found: re.Match[str]) -> Attribute:
        name, string, keyword, number, traversal = found.groups()
        kind = found.lastindex or 0
        start, end = found.span(kind)
        value: Expression
        if traversal is not None:
            names = traversal.split(".")
            value = Traversal(start, end, names[0], tuple(names[1:]))
        elif string is not None:
            start, end = start - 1, end + 1
            value = Literal(start, end, nfc(string))
        elif keyword is not None:
            value = Literal(start, end, _KEYWORDS[keyword])
        else:
            value = Literal(start, end, whole(number))
        self.pos = found.end()
        return Attribute(found.start(), end, name, value)

    def item(self, body: Body) -> Attribute | None:
        """One attribute, returned, or one block, added to the body."""
        start = self.pos
        found = _identifier.match(self.text, start)
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
            labels.append(found.group(2) or unescape(found.group(1), found.start(1)))
            self.pos = header_end = found.end()
        self.skip()
        if not self.accept("{"):
            raise self.error(f"expected '=' or '{{' after {type_!r}, found {self.found()}")
        outer, self.multiline = self.multiline, False
        inner = self.body(closing="}")
        self.multiline = outer
        self.pos += 1
        end = self.pos
        self.end_of_item("after the block")
        return Block(start, header_end, end, type_, tuple(labels), inner)

    def end_of_item(self, where: str) -> None:
        self.skip()
        if self.pos < len(self.text) and self.text[self.pos] not in "\n}":
            raise self.error(f"expected a new line {where}, found {self.found()}")

    # -- expressions

    def expression(self) -> Expression:
        self.enter()
        condition = self.binary(1)
        self.skip()
        if self.accept("?"):
            then = self.expression()
            self.skip()
            self.expect(":", "in the conditional expression")
            otherwise = self.expression()
            condition = Conditional(condition.start, otherwise.end, condition, then, otherwise)
        self.depth -= 1
        return condition

    def binary(self, minimum: int) -> Expression:
        left = self.unary()
        for _ in range(MAX_OPERATORS):
            self.skip()
            found = _operator.match(self.text, self.pos)
            precedence = PRECEDENCE[found.group()] if found else 0
            if not found or precedence < minimum:
                return left
            self.pos = found.end()
            right = self.binary(precedence + 1)
            left = Binary(left.start, right.end, found.group(), left, right)
        raise self.error(f"more than {MAX_OPERATORS} operators in one expression")

    def unary(self) -> Expression:
        self.skip()
        start = self.pos
        if self.text.startswith(("-", "!"), start):
            self.pos += 1
            self.enter()
            operand = self.unary()
            self.depth -= 1
            if self.text[start] == "-" and isinstance(operand, Literal) and type(operand.value) in (int, float):
                return Literal(start, operand.end, -operand.value)  # type: ignore[operator]
            return Unary(start, operand.end, self.text[start], operand)
        return self.postfix(self.primary())

    def postfix(self, target: Expression) -> Expression:
        """Attribute access, indexes and splats after a term."""
        steps: list[str | int | Expression] = []
        start = target.start
        while True:
            if self.multiline and self.text[self.pos : self.pos + 1] in _MAY_SKIP:
                self.skip_before_dot()
            if self.text[self.pos : self.pos + 1] not in _STEP or self.peek("..."):
                break
            if _full_splat.match(self.text, self.pos):
                return self.full_splat(start, self.access(start, target, steps))
            if self.accept(".*"):
                target = self.attribute_splat(start, self.access(start, target, steps))
                steps = []
            elif self.accept("["):
                steps.append(self.index())
            else:
                self.pos += 1
                self.dotted(steps)
        return self.access(start, target, steps)

    def full_splat(self, start: int, target: Expression) -> Splat:
        """`[*]`: everything that follows, further splats too, is done with each element."""
        found = _full_splat.match(self.text, self.pos)
        assert found
        self.pos = found.end()
        self.enter()
        each = self.postfix(Traversal(self.pos, self.pos, ELEMENT, ()))
        self.depth -= 1
        return Splat(start, self.pos, target, each)

    def attribute_splat(self, start: int, target: Expression) -> Splat:
        """`.*`: only the attributes that follow are taken of each element; an index is of the whole."""
        steps: list[str | int | Expression] = []
        begin = self.pos
        while self.peek(".") and not self.text.startswith((".*", ".."), self.pos):
            self.pos += 1
            self.dotted(steps)
        return Splat(start, self.pos, target, Traversal(begin, self.pos, ELEMENT, tuple(steps)))

    def skip_before_dot(self) -> None:
        """Inside brackets an access may go on in the next line: `a`, then `.b` or `[0]`."""
        found = _blank.match(self.text, self.pos)
        if found and self.text.startswith((".", "["), found.end()) and not self.text.startswith("..", found.end()):
            self.pos = found.end()

    def access(self, start: int, target: Expression, steps: list[str | int | Expression]) -> Expression:
        if not steps:
            return target
        if isinstance(target, Traversal) and not target.steps:
            return Traversal(start, self.pos, target.root, tuple(steps))
        return Index(start, self.pos, target, tuple(steps))

    def index(self) -> str | int | Expression:
        outer, self.multiline = self.multiline, True
        key = self.expression()
        self.skip()
        self.expect("]", "after the index")
        self.multiline = outer
        if isinstance(key, Literal) and type(key.value) in (str, int):
            return key.value
        return key

    def dotted(self, steps: list[str | int | Expression]) -> None:
        found = _identifier.match(self.text, self.pos)
        if found:
            steps.append(found.group())
        else:
            found = _digits.match(self.text, self.pos)
            if not found:
                raise self.error(f"expected a name after '.', found {self.found()}")
            steps.append(int(found.group()))
        self.pos = found.end()

    def primary(self) -> Expression:
        text, start = self.text, self.pos
        if start >= len(text):
            raise self.error("expected a value, found the end of the file")
        char = text[start]
        if char == '"':
            return self.quoted()
        if char == "(":
            return self.parenthesised()
        if char == "[":
            return self.list_value()
        if char == "{":
            return self.object_value()
        if "0" <= char <= "9":
            found = _number.match(text, start)
            assert found
            self.pos = found.end()
            if len(found.group()) > MAX_DIGITS:
                raise self.error(f"a number of more than {MAX_DIGITS} digits", start)
            return Literal(start, self.pos, number(found.group()))
        if char == "<":
            return self.heredoc()
        found = _identifier.match(text, start)
        if not found:
            raise self.error(f"expected a value, found {self.found()}")
        self.pos = found.end()
        return self.named(found.group(), start)

    def named(self, name: str, start: int) -> Expression:
        """A keyword, a function call or the root of a traversal."""
        if name in _KEYWORDS:
            return Literal(start, self.pos, _KEYWORDS[name])
        while self.accept("::"):
            self.skip()
            found = _identifier.match(self.text, self.pos)
            if not found:
                raise self.error("expected a function name after '::'")
            name, self.pos = f"{name}::{found.group()}", found.end()
        opening = _opening.match(self.text, self.pos) if self.text[self.pos : self.pos + 1] in _BEFORE_CALL else None
        if opening:
            self.pos = opening.end()
            return self.call(name, start)
        return Traversal(start, self.pos, name, ())

    def call(self, name: str, start: int) -> Call:
        """A call, after its opening parenthesis."""
        arguments: list[Expression] = []
        outer, self.multiline, expand = self.multiline, True, False
        self.skip()
        while not self.accept(")"):
            arguments.append(self.expression())
            self.skip()
            if self.accept("..."):
                expand = True
                self.skip()
                self.accept(",")
                self.skip()
                self.expect(")", "after the expanded argument")
                break
            if not self.accept(",") and not self.peek(")"):
                raise self.error(f"expected ',' or ')' in the call of {name}, found {self.found()}")
            self.skip()
        self.multiline = outer
        return Call(start, self.pos, name, arguments, expand)

    def parenthesised(self) -> Expression:
        self.pos += 1
        outer, self.multiline = self.multiline, True
        inner = self.expression()
        self.skip()
        self.expect(")", "after the expression in parentheses")
        self.multiline = outer
        # A traversal in parentheses is a value like any other: `(a).b` must not become a longer traversal.
        return Index(inner.start, inner.end, inner, ()) if isinstance(inner, (Traversal, Literal)) else inner

    def list_value(self) -> Expression:
        start = self.pos
        self.pos += 1
        outer, self.multiline = self.multiline, True
        self.skip()
        if _for_start.match(self.text, self.pos):
            return self.for_tuple(start, outer)
        items: list[Expression] = []
        while not self.accept("]"):
            items.append(self.expression())
            self.skip()
            if not self.accept(",") and not self.peek("]"):
                raise self.error(f"expected ',' or ']' in the list, found {self.found()}")
            self.skip()
        self.multiline = outer
        return TupleNode(start, self.pos, items)

    def for_intro(self) -> tuple[str | None, str, Expression]:
        self.pos += 3
        names: list[str] = []
        while True:
            self.skip()
            found = _identifier.match(self.text, self.pos)
            if not found:
                raise self.error("expected a name after 'for'")
            names.append(found.group())
            self.pos = found.end()
            self.skip()
            if not self.accept(","):
                break
        if len(names) > 2:  # noqa: PLR2004
            raise self.error("'for' takes one or two names")
        self.expect("in", "in the 'for' expression")
        collection = self.expression()
        self.skip()
        return (names[0] if len(names) > 1 else None), names[-1], collection

    def for_condition(self) -> Expression | None:
        self.skip()
        found = _identifier.match(self.text, self.pos)
        if found and found.group() == "if":
            self.pos = found.end()
            condition = self.expression()
            self.skip()
            return condition
        return None

    def for_tuple(self, start: int, outer: bool) -> ForTuple:
        key, value, collection = self.for_intro()
        self.expect(":", "in the 'for' expression")
        result = self.expression()
        condition = self.for_condition()
        self.expect("]", "after the 'for' expression")
        self.multiline = outer
        return ForTuple(start, self.pos, key, value, collection, result, condition)

    def for_object(self, start: int, outer: bool) -> ForObject:
        key, value, collection = self.for_intro()
        self.expect(":", "in the 'for' expression")
        result_key = self.expression()
        self.skip()
        self.expect("=>", "in the 'for' expression")
        result = self.expression()
        self.skip()
        group = self.accept("...")
        condition = self.for_condition()
        self.expect("}", "after the 'for' expression")
        self.multiline = outer
        return ForObject(start, self.pos, key, value, collection, result_key, result, condition, group)

    def object_value(self) -> Expression:
        start = self.pos
        self.pos += 1
        outer, self.multiline = self.multiline, True
        self.skip()
        if _for_start.match(self.text, self.pos):
            return self.for_object(start, outer)
        items: list[tuple[Expression, Expression]] = []
        while not self.peek("}"):
            items.append(self.object_item())
            self.multiline = True
            self.skip()
        self.pos += 1
        self.multiline = outer
        return ObjectNode(start, self.pos, items)

    def object_item(self) -> tuple[Expression, Expression]:
        """`key = value` or `key: value`, ended by a comma, a new line or the closing brace."""
        bare = _bare_key.match(self.text, self.pos)
        if bare:
            key: Expression = Literal(self.pos, bare.end(), bare.group())
            self.pos = bare.end()
        else:
            key = self.expression()
        self.skip()
        if not (self.accept("=") or self.accept(":")):
            raise self.error(f"expected '=' or ':' after the key, found {self.found()}")
        self.skip()
        self.multiline = False
        value = self.expression()
        self.skip()
        if not self.accept(",") and self.pos < len(self.text) and self.text[self.pos] not in "\n}":
            raise self.error(f"expected ',', a new line or '}}' after the value, found {self.found()}")
        if self.pos >= len(self.text):
            raise self.error("the object is not closed: expected '}'")
        return key, value

    # -- strings

    def quoted(self) -> Expression:
        start = self.pos
        plain = _plain_string.match(self.text, start)
        if plain:
            self.pos = plain.end()
            return Literal(start, self.pos, nfc(plain.group(1)))
        from phiward.loaders.terraform.templates import quoted_template

        return quoted_template(self)

    def heredoc(self) -> Expression:
        found = _heredoc.match(self.text, self.pos)
        if not found:
            raise self.error(f"expected a value, found {self.found()}")
        from phiward.loaders.terraform.templates import heredoc_template

        return heredoc_template(self, found)


def whole(text: str) -> int:
    """The number that digits spell. Raises HclSyntaxError for more of them than anybody means."""
    if len(text) > MAX_DIGITS:
        raise HclSyntaxError(f"a number of more than {MAX_DIGITS} digits", 0)
    return int(text)


def number(text: str) -> int | float:
    if text.isdigit():
        return whole(text)
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value  # noqa: PLR2004


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_escape = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))")


def unescape(text: str, offset: int) -> str:
    """Backslash escapes of a quoted string resolved."""
    if "\\" not in text:
        return text

    def replace(found: re.Match[str]) -> str:
        short, long, char = found.groups()
        if char is None:
            code = int(short or long, 16)
            if code > 0x10FFFF:  # noqa: PLR2004
                raise HclSyntaxError("not a Unicode code point", offset + found.start())
            return chr(code)
        if char not in _ESCAPES:
            raise HclSyntaxError(f"unknown escape sequence '\\{char}'", offset + found.start())
        return _ESCAPES[char]

    return _escape.sub(replace, text)


__all__ = ["HclSyntaxError", "Parser", "Template", "parse", "parse_expression"]
