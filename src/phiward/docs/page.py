"""A page as sections of plain blocks, which Markdown and a terminal show alike.

Text is text until it is rendered: a name, a link or a piece of prose cannot become mark-up.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from phiward import markdown
from phiward.record import dataclass
from phiward.reporters.text import cells, clean

_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Name:
    """A word of the configuration or of the pack, shown as code."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to another page, by a path relative to this one."""

    text: str
    target: str


Inline: TypeAlias = "str | Name | Link"
Line: TypeAlias = "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Paragraph:
    line: Line


@dataclass(frozen=True, slots=True)
class Items:
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    language: str


Block: TypeAlias = "Paragraph | Items | Table | Code"


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    intro: tuple[Block, ...]
    sections: tuple[Section, ...]


def names(texts: Iterable[str]) -> Line:
    """Names with commas between them."""
    found: list[Inline] = []
    for text in texts:
        found += [", ", Name(text)] if found else [Name(text)]
    return tuple(found)


def prose(text: str) -> Line:
    """A text of the pack, in which names stand in backticks."""
    return tuple(Name(part) if number % 2 else part for number, part in enumerate(text.split("`")) if part)


# -- Markdown


def as_markdown(page: Page) -> str:
    parts = [f"# {markdown.plain(page.title)}", *map(_block, page.intro)]
    for section in page.sections:
        parts += [f"## {markdown.plain(section.title)}", *map(_block, section.blocks)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return _line(block.line)
    if isinstance(block, Items):
        return "\n".join(f"- {_line(line)}" for line in block.lines)
    if isinstance(block, Code):
        return markdown.block(block.text, block.language)
    return markdown.table(block.head, ([_line(cell) for cell in row] for row in block.rows))


def _line(line: Line) -> str:
    return markdown.beginning("".join(map(_inline, line)))


def _inline(piece: Inline) -> str:
    if isinstance(piece, Name):
        return markdown.code(piece.text)
    if isinstance(piece, Link):
        return markdown.link(markdown.escaped(piece.text), piece.target)
    return markdown.escaped(piece)


# -- plain text


def as_text(page: Page) -> str:
    parts = ["\n".join([clean(page.title), *_blocks(page.intro)])]
    parts += ["\n".join([clean(section.title), *_blocks(section.blocks)]) for section in page.sections]
    return "\n\n".join(parts)


def _blocks(blocks: Sequence[Block]) -> list[str]:
    lines: list[str] = []
    for number, block in enumerate(blocks):
        lines += [""] * (number > 0) + _plain(block)
    return lines


def _plain(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        return _wrapped(block.line, "  ", "  ")
    if isinstance(block, Items):
        return [row for line in block.lines for row in _wrapped(line, "  ", "    ")]
    if isinstance(block, Code):
        return [f"    {clean(line.replace(chr(9), '  '))}".rstrip() for line in block.text.strip("\n").split("\n")]
    rows = [block.head, *([clean(_words(cell)) for cell in row] for row in block.rows)]
    widths = [max(cells(row[column]) for row in rows) for column in range(len(block.head))]
    return ["  " + "  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True)]


def _wrapped(line: Line, first: str, then: str) -> list[str]:
    words = clean(" ".join(_words(line).split()))
    return textwrap.wrap(words, _WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _words(line: Line) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in line)
