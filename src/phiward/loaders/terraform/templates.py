"""Quoted and heredoc templates: interpolations, directives, strip markers, flush indentation.

Source: hashicorp/hcl hclsyntax/spec.md, "Template Expressions"; the finer points of `<<-` (whitespace-only lines are
left alone, a line that follows a stripped newline keeps its indentation) were read off Terraform 1.11's own output.
"""

from __future__ import annotations

import re
from itertools import groupby, pairwise

from phiward.loaders.terraform.expressions import ExpressionParser
from phiward.loaders.terraform.functions.conversion import nfc
from phiward.loaders.terraform.lexical import unescape
from phiward.loaders.terraform.syntax import Expression, Literal, Template, TemplateFor, TemplateIf
from phiward.pattern import pattern
from phiward.record import dataclass


@dataclass(slots=True)
class _Token:
    """`kind`: text, value, if, else, endif, for, endfor. `strip_left` and `strip_right` are the `~` markers."""

    kind: str
    start: int
    end: int
    text: str = ""
    node: Expression = None
    names: tuple[str | None, str] = (None, "")
    strip_left: bool = False
    strip_right: bool = False


_quoted_text = pattern(r'(?:[^"\\$%\n\r]|\\.|\$\$\{|%%\{|\$(?!\{)|%(?!\{))+')
_heredoc_text = pattern(r"(?:[^$%\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))*\n?")
_directive = pattern(r"[ \t\r\n]*(if|else|endif|for|endfor)(?![\w-])")


def quoted_template(parser: ExpressionParser) -> Expression:
    """A quoted string with escapes or interpolations, from its opening quote."""
    start = parser.pos
    parser.pos += 1
    tokens: list[_Token] = []
    text = parser.text
    while not parser.peek('"'):
        if parser.pos >= len(text) or text[parser.pos] in "\r\n":
            raise parser.error("the string is not closed: expected '\"'", start)
        if parser.peek("${") or parser.peek("%{"):
            tokens.append(_sequence(parser))
            continue
        found = _quoted_text.match(text, parser.pos)
        if not found:
            raise parser.error("the string is not closed: expected '\"'", start)
        raw = unescape(found.group(), found.start())
        tokens.append(_Token("text", found.start(), found.end(), _literal(raw)))
        parser.pos = found.end()
    parser.pos += 1
    return _finish(parser, tokens, start)


def heredoc_template(parser: ExpressionParser, opening: re.Match[str]) -> Expression:
    """A heredoc, from its `<<`; the template ends with the newline before the closing marker."""
    start = parser.pos
    closing = re.compile(rf"^[ \t]*{re.escape(opening.group(2))}[ \t\r]*$", re.MULTILINE)
    end = closing.search(parser.text, opening.end())
    if not end:
        raise parser.error(f"the heredoc is not closed: expected a line {opening.group(2)!r}", start)
    if end.end() == len(parser.text):
        raise parser.error("the line that closes the heredoc must end with a new line", end.end())
    tokens = template_tokens(parser, opening.end(), end.start())
    if opening.group(1):
        _flush(tokens)
    parser.pos = end.end()
    return _finish(parser, tokens, start)


def parse_template(text: str) -> Expression:
    """The template that fills a text: a file for templatefile(), a string of a JSON configuration."""
    parser = ExpressionParser(text)
    tokens = template_tokens(parser, 0, len(text))
    parser.pos = len(text)
    return _finish(parser, tokens, 0)


def template_tokens(parser: ExpressionParser, start: int, end: int) -> list[_Token]:
    """Raw text line by line, with its sequences, between two offsets."""
    tokens: list[_Token] = []
    parser.pos = start
    while parser.pos < end:
        if parser.peek("${") or parser.peek("%{"):
            tokens.append(_sequence(parser))
            if parser.pos > end:
                raise parser.error("the interpolation is not closed inside its template")
            continue
        found = _heredoc_text.match(parser.text, parser.pos, end)
        assert found
        tokens.append(_Token("text", found.start(), found.end(), _literal(found.group())))
        parser.pos = found.end()
    return tokens


def _literal(text: str) -> str:
    text = nfc(text)
    return text.replace("$${", "${").replace("%%{", "%{") if "{" in text else text


def _sequence(parser: ExpressionParser) -> _Token:
    """`${...}` or `%{...}` from its first character."""
    start = parser.pos
    directive = parser.peek("%{")
    parser.pos += 2
    parser.enter()
    outer, parser.multiline = parser.multiline, True
    strip_left = parser.accept("~")
    token = _directive_token(parser, start) if directive else _Token("value", start, 0, node=parser.expression())
    parser.skip()
    token.strip_left, token.strip_right = strip_left, parser.accept("~")
    parser.expect("}", "at the end of the template sequence")
    parser.multiline = outer
    parser.depth -= 1
    token.end = parser.pos
    return token


def _directive_token(parser: ExpressionParser, start: int) -> _Token:
    found = _directive.match(parser.text, parser.pos)
    if not found:
        raise parser.error("expected if, else, endif, for or endfor in the template directive")
    kind = found.group(1)
    token = _Token(kind, start, 0)
    if kind == "for":
        parser.pos = found.start(1)
        key, value, token.node = parser.for_intro()
        token.names = (key, value)
    else:
        parser.pos = found.end()
        if kind == "if":
            token.node = parser.expression()
    return token


def _flush(tokens: list[_Token]) -> None:
    """Remove the common indentation of a `<<-` heredoc."""
    _strip(tokens)
    newline = True
    lines: list[_Token] = []
    for token in tokens:
        if token.kind == "text":
            if newline and not (token.text.endswith("\n") and not token.text.strip()):
                lines.append(token)
            newline = token.text.endswith("\n")
        else:
            newline = False
    indent = min((len(t.text) - len(t.text.lstrip()) for t in lines), default=0)
    for token in lines:
        token.text = token.text[indent:]


def _strip(tokens: list[_Token]) -> None:
    """Apply the `~` markers to the neighbouring literals, once."""
    for before, after in pairwise(tokens):
        if before.strip_right and after.kind == "text":
            after.text = after.text.lstrip()
            before.strip_right = False
        if after.strip_left and before.kind == "text":
            before.text = before.text.rstrip()
            after.strip_left = False


def _finish(parser: ExpressionParser, tokens: list[_Token], start: int) -> Expression:
    _strip(tokens)
    tokens = _merged(tokens)
    position = [0]
    template = _build(parser, tokens, position, start, until=())
    end = template.end = parser.pos
    parts = template.parts
    if not parts:
        return Literal(start, end, "")
    if len(parts) == 1 and isinstance(parts[0], Literal) and tokens[0].kind == "text":
        return Literal(start, end, parts[0].value)
    if len(tokens) == 1 and tokens[0].kind == "value":
        return parts[0]  # "${x}" is x itself, whatever its type
    return template


def _merged(tokens: list[_Token]) -> list[_Token]:
    """Text that follows text, as the lines of a heredoc do, made one."""
    merged: list[_Token] = []
    for is_text, group in groupby(tokens, lambda token: token.kind == "text"):
        run = list(group)
        if is_text and len(run) > 1:
            run = [_Token("text", run[0].start, run[-1].end, "".join(token.text for token in run))]
        merged += run
    return merged


def _build(
    parser: ExpressionParser, tokens: list[_Token], position: list[int], start: int, until: tuple[str, ...]
) -> Template:
    """Tokens up to a closing directive, as one template. `position` is the shared cursor."""
    parts: list[Expression] = []
    while position[0] < len(tokens):
        token = tokens[position[0]]
        if token.kind in until:
            return Template(start, token.start, parts)
        position[0] += 1
        if token.kind == "text":
            if token.text:
                parts.append(Literal(token.start, token.end, token.text))
        elif token.kind == "value":
            parts.append(token.node)
        elif token.kind == "if":
            parts.append(_build_if(parser, tokens, position, token))
        elif token.kind == "for":
            parts.append(_build_for(parser, tokens, position, token))
        else:
            raise parser.error(f"'%{{ {token.kind} }}' without its opening directive", token.start)
    if until:
        raise parser.error(f"the template directive is not closed: expected '%{{ {until[-1]} }}'", start)
    return Template(start, parser.pos, parts)


def _build_if(parser: ExpressionParser, tokens: list[_Token], position: list[int], opening: _Token) -> TemplateIf:
    then = _build(parser, tokens, position, opening.start, ("else", "endif"))
    otherwise = None
    if tokens[position[0]].kind == "else":
        position[0] += 1
        otherwise = _build(parser, tokens, position, opening.start, ("endif",))
    end = tokens[position[0]].end
    position[0] += 1
    return TemplateIf(opening.start, end, opening.node, then, otherwise)


def _build_for(parser: ExpressionParser, tokens: list[_Token], position: list[int], opening: _Token) -> TemplateFor:
    body = _build(parser, tokens, position, opening.start, ("endfor",))
    end = tokens[position[0]].end
    position[0] += 1
    key, value = opening.names
    return TemplateFor(opening.start, end, key, value, opening.node, body)
