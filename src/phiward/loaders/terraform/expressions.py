"""HCL expressions -> syntax tree, by recursive descent over regular expressions."""

from __future__ import annotations

import re

from phiward.loaders.terraform.functions.conversion import nfc
from phiward.loaders.terraform.leaves import KEYWORDS, leaf, match_leaf, match_string, string_with_names
from phiward.loaders.terraform.lexical import IDENT, MAX_DIGITS, MAY_SKIP, Scanner, identifier, number
from phiward.loaders.terraform.syntax import (
    ELEMENT,
    Binary,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Index,
    Literal,
    ObjectNode,
    Splat,
    Traversal,
    TupleNode,
    Unary,
)

MAX_OPERATORS = 1_000
"""Operators in a row make a tree as deep as they are many."""

_number = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_bare_key = re.compile(rf"{IDENT}(?=[ \t]*(?:=(?!=)|:(?!:)))")
_full_splat = re.compile(r"\[[ \t]*\*[ \t]*\]")
_full_splat_in_brackets = re.compile(r"\[\s*\*\s*\]")
_after_name = re.compile(r"[ \t]*(\(|::)")
_plain_string = re.compile(r'"([^"\\$%\n\r]*)"')
_operator = re.compile(r"==|!=|<=|>=|&&|\|\||[-+*/%<>]")
_heredoc = re.compile(rf"<<(-?)({IDENT})[ \t\r]*\n")
_for_start = re.compile(r"for(?![\w-])")

PRECEDENCE = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_STEP = frozenset(".[")
_BEFORE_CALL = frozenset(" \t(:")


class ExpressionParser(Scanner):
    """Reads one expression from where it stands."""

    __slots__ = ()

    def expression(self) -> Expression:
        found = match_leaf(self.text, self.pos, multiline=self.multiline)
        if found:
            self.pos = found.end()
            return leaf(found)
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
        start, text = target.start, self.text
        while True:
            char = text[self.pos : self.pos + 1]
            if char in MAY_SKIP and (char != "\n" or self.multiline):
                char = self.after_space(_STEP)
            if char not in _STEP or self.peek("..."):
                break
            if char == ".":
                self.pos += 1
                if text[self.pos : self.pos + 1] in MAY_SKIP:
                    self.skip()
                if self.accept("*"):
                    target = self.attribute_splat(start, self.access(start, target, steps))
                    steps = []
                else:
                    self.dotted(steps)
                continue
            splat = (_full_splat_in_brackets if self.multiline else _full_splat).match(text, self.pos)
            if splat:
                return self.full_splat(start, self.access(start, target, steps), splat.end())
            self.pos += 1
            steps.append(self.index())
        return self.access(start, target, steps)

    def full_splat(self, start: int, target: Expression, after: int) -> Splat:
        """`[*]`: everything that follows, further splats too, is done with each element."""
        self.pos = after
        self.enter()
        each = self.postfix(Traversal(self.pos, self.pos, ELEMENT, ()))
        self.depth -= 1
        return Splat(start, self.pos, target, each)

    def attribute_splat(self, start: int, target: Expression) -> Splat:
        """`.*`: only the attributes that follow are taken of each element; an index is of the whole."""
        steps: list[str | int | Expression] = []
        begin = self.pos
        while self.after_space(_STEP) == "." and not self.peek("..."):
            self.pos += 1
            self.skip()
            if self.peek("*"):
                raise self.error("a splat inside of another one is written [*]")
            self.dotted(steps)
        return Splat(start, self.pos, target, Traversal(begin, self.pos, ELEMENT, tuple(steps)))

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
        found = identifier.match(self.text, self.pos)
        if found:
            steps.append(found.group())
        else:
            found = _number.match(self.text, self.pos)
            if not found:
                raise self.error(f"expected a name after '.', found {self.found()}")
            index = number(found.group())
            if not isinstance(index, int) or "." in found.group():
                raise self.error("two indexes in a row are written in brackets: [0][1]")
            steps.append(index)
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
        found = identifier.match(text, start)
        if not found:
            raise self.error(f"expected a value, found {self.found()}")
        self.pos = found.end()
        return self.named(found.group(), start)

    def named(self, name: str, start: int) -> Expression:
        """A keyword, a function call or the root of a traversal."""
        if name in KEYWORDS:
            return Literal(start, self.pos, KEYWORDS[name])
        while self.text[self.pos : self.pos + 1] in _BEFORE_CALL:
            after = _after_name.match(self.text, self.pos)
            if not after:
                break
            self.pos = after.end()
            if after.group(1) == "(":
                return self.call(name, start)
            self.skip()
            found = identifier.match(self.text, self.pos)
            if not found:
                raise self.error("expected a function name after '::'")
            name, self.pos = f"{name}::{found.group()}", found.end()
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
            found = identifier.match(self.text, self.pos)
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
        found = identifier.match(self.text, self.pos)
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

    def quoted(self) -> Expression:
        start = self.pos
        plain = _plain_string.match(self.text, start)
        if plain:
            self.pos = plain.end()
            return Literal(start, self.pos, nfc(plain.group(1)))
        simple = match_string(self.text, start)
        if simple:
            self.pos = simple.end()
            return string_with_names(simple)
        from phiward.loaders.terraform.templates import quoted_template

        return quoted_template(self)

    def heredoc(self) -> Expression:
        found = _heredoc.match(self.text, self.pos)
        if not found:
            raise self.error(f"expected a value, found {self.found()}")
        from phiward.loaders.terraform.templates import heredoc_template

        return heredoc_template(self, found)
