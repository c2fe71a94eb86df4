"""Source lines with a gutter, and carets under what a finding speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from phiward.model.location import Span
from phiward.model.secrecy import shows_secret
from phiward.record import dataclass
from phiward.reporters.lines import Line, wrap
from phiward.reporters.text import cells, clean, cut

_TAB = "    "
_MOST_LINES = 5
_NARROWEST = 24
_AT_HAND = 50
"""Files."""


class Sources:
    """Lines of the scanned files. Those of the files that were quoted last are at hand, already split."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str | None:
        """Return a line without its end, or `None` where the text is not at hand."""
        if path not in self._texts:
            return None
        if path not in self._lines:
            while len(self._lines) >= _AT_HAND:
                del self._lines[next(iter(self._lines))]
            # Not `splitlines`: parsers count line feeds, and a form feed or U+2028 must not shift every line.
            self._lines[path] = self._texts[path].split("\n")
        lines = self._lines[path]
        return lines[number - 1].removesuffix("\r") if 1 <= number <= len(lines) else None


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to point at and the lines to say about it; `hidden` where the text is a secret."""

    span: Span
    label: str
    style: str
    hidden: bool = False


def quote(sources: Sources, path: str, mark: Mark, gutter: int, width: int) -> list[Line]:
    """Return the marked lines behind a gutter; only the label where the text is not at hand."""
    room = max(width - gutter - 3, _NARROWEST)
    first = sources.line(path, mark.span.line)
    if first is None:
        return _label(mark, gutter, width)
    if mark.span.end_line <= mark.span.line:
        return _one_line(first, mark, gutter, room)
    return _many_lines(sources, path, mark, gutter, room)


def bar(gutter: int) -> Line:
    return [(" " * gutter + " |", "gutter")]


def _numbered(number: int, gutter: int, pieces: Line) -> Line:
    return [(f"{number:>{gutter}} | ", "gutter"), *pieces]


def _one_line(text: str, mark: Mark, gutter: int, room: int) -> list[Line]:
    start = min(max(mark.span.column - 1, 0), len(text))
    end = min(max(mark.span.end_column - 1, start), len(text))
    if mark.hidden or shows_secret(text[max(start - 4 * room, 0) : start + 4 * room]):
        text = _masked(text, start)
    before, marked, after = text[:start], text[start:end], text[end:]
    left, middle, right = _window(before, marked, after, room)
    line = _numbered(mark.span.line, gutter, [(left, ""), (middle, "bold"), (right, "")])
    carets = "^" * max(cells(middle), 1)
    at = cells(left)
    pointer: Line = [(" " * gutter + " | ", "gutter"), (" " * at + carets, mark.style)]
    if mark.label and "\n" not in mark.label and at + len(carets) + 1 + cells(mark.label) <= room:
        return [line, [*pointer, (f" {mark.label}", mark.style)]]
    return [line, pointer, *_label(mark, gutter, room + gutter + 3)]


def _many_lines(sources: Sources, path: str, mark: Mark, gutter: int, room: int) -> list[Line]:
    """Return a bracket along the left side, as rustc draws it; the middle of a long span is left out."""
    first, last = mark.span.line, mark.span.end_line
    blank = (" " * gutter + " | ", "gutter")
    lines: list[Line] = []
    for number in [*range(first, min(first + _MOST_LINES, last)), last]:
        text = sources.line(path, number)
        if text is None:
            break
        if mark.hidden or shows_secret(text[: 4 * room]):
            text = _masked(text, mark.span.column - 1) if number == first else "*" * len(text.strip())
        if number == last > first + _MOST_LINES:
            lines.append([blank, ("| ", mark.style), ("...", "faint")])
        rail = "/ " if number == first else "| "
        shown = cut(_expand(text[: room + 1]), room - 2)
        lines.append(_numbered(number, gutter, [(rail, mark.style), (shown, "")]))
    lines.append([blank, ("|_^", mark.style)])
    if mark.label and "\n" not in mark.label and cells(mark.label) + 4 <= room:
        lines[-1].append((f" {mark.label}", mark.style))
        return lines
    return [*lines, *_label(mark, gutter, room + gutter + 3)]


def _label(mark: Mark, gutter: int, width: int) -> list[Line]:
    if not mark.label:
        return []
    room = width - gutter - 3
    wrapped = [line for said in mark.label.split("\n") for line in wrap([(said, mark.style)], room, 2)]
    return [[(" " * gutter + " | ", "gutter"), *line] for line in wrapped]


def _masked(text: str, start: int) -> str:
    """Return a line with everything starred from `start` on, but for a key and its sign at that place.

    To the end of the line, because a span may cover no more than the key.
    """
    signs = [at for at in (text.find("="), text.find(":")) if at >= 0]
    keep = max(min(signs, default=-1) + 1, start)
    value = text[keep:].lstrip()
    return text[: len(text) - len(value)] + "*" * len(value)


def _expand(text: str) -> str:
    return clean(text.replace("\t", _TAB))


def _window(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    """Return the three pieces, cleaned and cut so that the marked one begins inside `room` columns.

    A minified file is one line of megabytes: no more of it is looked at than could be shown.
    """
    left = _expand(before[-room:])
    long = cells(left) > room // 2 and cells(left) + cells(_expand(marked[:room])) > room
    if len(before) > room or long:
        left = "..." + _tail(left, room // 3)
    middle = cut(_expand(marked[: room + 1]), room - cells(left))
    rest = room - cells(left) - cells(middle)
    right = cut(_expand(after[: room + 1]), rest) if rest > len("...") else ""
    return left, middle, right


def _tail(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[max(1, (len(text) - width) // 2) :]
    return text
