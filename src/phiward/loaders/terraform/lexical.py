"""The small pieces of HCL text: names, numbers, escapes, white space, and a position that moves over them."""

from __future__ import annotations

import re

MAX_DIGITS = 400
"""A longer number is refused; Terraform keeps about 150 digits, Python reads no more than 4,300."""
MAX_DEPTH = 200
"""Deeper nesting than any hand wrote is refused with a message, so that hostile input cannot exhaust the stack."""

IDENT = r"[^\W\d][\w-]*"
identifier = re.compile(IDENT)
blank = re.compile(r"(?:[ \t\n]+|\r\n|\#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)+")
_space = re.compile(r"(?:[ \t]+|\r(?=\n)|/\*[\s\S]*?\*/|(?:\#|//)[^\n]*)+")
_escape = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))")
MAY_SKIP = frozenset(" \t\r\n#/")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class HclSyntaxError(Exception):
    """`offset` is in code points."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Scanner:
    """A position in a text. `multiline` says that newlines are white space here: inside (), [] and ${}."""

    __slots__ = ("depth", "multiline", "pos", "text")

    def __init__(self, text: str, pos: int = 0) -> None:
        self.text = text
        self.pos = pos
        self.depth = 0
        self.multiline = False

    def error(self, message: str, offset: int | None = None) -> HclSyntaxError:
        return HclSyntaxError(message, self.pos if offset is None else offset)

    def skip(self) -> None:
        if self.text[self.pos : self.pos + 1] not in MAY_SKIP:
            return
        found = (blank if self.multiline else _space).match(self.text, self.pos)
        if found:
            self.pos = found.end()

    def after_space(self, wanted: frozenset[str]) -> str:
        """The next character that is no white space: where it is a wanted one, the position moves there."""
        found = (blank if self.multiline else _space).match(self.text, self.pos)
        end = found.end() if found else self.pos
        char = self.text[end : end + 1]
        if char in wanted:
            self.pos = end
        return char

    def skip_blank(self) -> None:
        found = blank.match(self.text, self.pos)
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
