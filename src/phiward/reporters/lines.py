"""Styled lines: wrapped by terminal columns, laid out as tables, painted with ANSI colours or left plain.

Rich could do this, and costs a commit hook 45 ms to import; these few functions cost one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

from phiward.reporters.text import cells

Piece: TypeAlias = tuple[str, str]
"""Cleaned text, and the name of its style in `SGR`."""
Line: TypeAlias = list[Piece]

SGR = {
    "": "",
    "bold": "1",
    "faint": "2",
    "gutter": "1;34",
    "critical": "1;95",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "good": "1;32",
}
"""The sixteen colours that every terminal theme defines, so that light and dark backgrounds both work."""

_WORDS = re.compile(r"\S+ *| +")


def wrap(pieces: Iterable[Piece], width: int, indent: int) -> list[Line]:
    """Lines of at most `width` columns; those after the first start with `indent` spaces.

    A word that is longer than a line is left whole: paths and addresses get copied.
    """
    pieces = [piece for piece in pieces if piece[0]]
    if sum(cells(text) for text, _ in pieces) <= width:
        return [pieces] if pieces else []
    lines: list[Line] = []
    line: Line = []
    used = 0
    for text, style in pieces:
        for word in _WORDS.findall(text):
            if used > indent and used + cells(word.rstrip()) > width:
                lines.append(line)
                line, used = [(" " * indent, "")], indent
            line.append((word, style))
            used += cells(word)
    return [*lines, line] if line else lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]], indent: int) -> list[Line]:
    """Return a small table: the first column of words to the left, the numbers to the right."""
    widths = [max(map(cells, column)) for column in zip(header, *rows, strict=True)]
    margin = (" " * indent, "")
    styles = ["faint"] + [""] * len(rows)
    return [
        [margin, *((_pad(cell, widths[i], i > 0), style) for i, cell in enumerate(row))]
        for row, style in zip([header, *rows], styles, strict=True)
    ]


def _pad(cell: str, width: int, right: bool) -> str:
    space = " " * (width - cells(cell))
    return f"  {space}{cell}" if right else cell + space


def paint(lines: Iterable[Line], color: bool) -> str:
    """One string; without colour the styles are dropped and nothing else changes."""
    painted = (_ansi(line) if color else "".join(text for text, _ in line).rstrip() for line in lines)
    return "\n".join(painted) + "\n"


def _ansi(line: Line) -> str:
    runs = [("".join(t for t, _ in run), style) for style, run in groupby(line, key=lambda piece: piece[1])]
    while runs and not runs[-1][0].rstrip():
        runs.pop()
    if runs:
        runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
    return "".join(f"\x1b[{SGR[style]}m{text}\x1b[0m" if style and text.strip() else text for text, style in runs)
