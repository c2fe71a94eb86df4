"""The commonest expressions, each taken whole by one regular expression: literals, names, strings with names in them.

What none of them matches is read step by step, with the same result; so they need not know everything.
"""

from __future__ import annotations

import re

from phiward.loaders.terraform.functions.conversion import nfc
from phiward.loaders.terraform.lexical import IDENT, whole
from phiward.loaders.terraform.syntax import Expression, Literal, Template, Traversal

KEYWORDS = {"true": True, "false": False, "null": None}

_NAMES = rf"(?!(?:true|false|null)(?![\w-])){IDENT}(?:\.{IDENT})*"
LEAF = rf'"([^"\\$%\n\r]*)"|(true|false|null)(?![\w-])|(-?(?:0|[1-9]\d{{0,99}}))(?![\w.])|({_NAMES})'
"""Four groups: a string's text, a keyword, a whole number, names joined by dots."""
_END = r"[,)}\]]|:(?!:)|=(?!=)"
_in_line = re.compile(rf"[ \t]*(?:{LEAF})(?=[ \t]*(?:{_END}|\r?\n|\Z))")
_in_brackets = re.compile(rf"[ \t]*(?:{LEAF})(?=[ \t]*(?:\r?\n[ \t]*)*(?:{_END}))")
_string_with_names = re.compile(rf'"(?>[^"\\$%\n\r]+|\$\{{[ \t]*{_NAMES}[ \t]*\}})*+"')
_piece = re.compile(rf"([^$]+)|\$\{{[ \t]*({_NAMES})[ \t]*\}}")


def match_leaf(text: str, pos: int, *, multiline: bool) -> re.Match[str] | None:
    """A leaf after which the expression ends; its groups are those of LEAF."""
    return (_in_brackets if multiline else _in_line).match(text, pos)


def leaf(found: re.Match[str], first: int = 1) -> Expression:
    """The expression that LEAF matched; `first` is the number of its first group."""
    group = found.lastindex or 0
    start, end = found.span(group)
    written = found.group(group)
    kind = group - first
    if kind == 0:
        return Literal(start - 1, end + 1, nfc(written))
    if kind == 1:
        return Literal(start, end, KEYWORDS[written])
    return Literal(start, end, whole(written)) if kind == 2 else names(written, start, end)  # noqa: PLR2004


def names(written: str, start: int, end: int) -> Expression:
    """The traversal that names joined by dots are."""
    root, *steps = written.split(".")
    return Traversal(start, end, root, tuple(steps))


def match_string(text: str, pos: int) -> re.Match[str] | None:
    """A quoted string in which nothing but names is interpolated: `"${var.prefix}-records"`."""
    return _string_with_names.match(text, pos)


def string_with_names(found: re.Match[str]) -> Expression:
    """The template that `match_string` found; `"${x}"` is x itself, whatever its type."""
    begin, end = found.span()
    parts: list[Expression] = []
    for piece in _piece.finditer(found.string, begin + 1, end - 1):
        span = piece.span(piece.lastindex or 0)
        written = found.string[slice(*span)]
        parts.append(Literal(*span, nfc(written)) if piece.lastindex == 1 else names(written, *span))
    return parts[0] if len(parts) == 1 else Template(begin, end, parts)
