"""Texts in which libyaml's lines and columns are not an editor's, and JSON that libyaml does not read as it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, NamedTuple

_escape = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})|\\u(?P<lone>[dD][89a-fA-F][0-9a-fA-F]{2})"
    "|\\\\.|(?P<raw>[\x7f\x85\u2028\u2029])"
)
_flow = re.compile(r"(?:---)?\s*[\[{]")


class Place(NamedTuple):
    """A mark as the parser has it, counted from 0."""

    line: int
    column: int


class _Marks:
    """Lines and columns by the line feeds of the text as it was, whatever was put in its place.

    `_shifts` are the places behind each replacement, in the new text, with how much longer all of it is up to there.
    """

    __slots__ = ("_feeds", "_places", "_shifts")

    def __init__(self, original: str, changes: list[tuple[int, int]]) -> None:
        self._feeds = [found.end() for found in re.finditer("\n", original)]
        self._places = [place for place, _ in changes]
        self._shifts = [shift for _, shift in changes]

    def __call__(self, mark: Any) -> Place:
        known = bisect_right(self._places, mark.index)
        index = mark.index - (self._shifts[known - 1] if known else 0)
        passed = bisect_right(self._feeds, index)
        return Place(passed, index - (self._feeds[passed - 1] if passed else 0))


def ready(text: str) -> tuple[str, _Marks]:
    """The text as libyaml reads it rightly, and what finds the places of the original."""
    if not _flow.match(text):
        return text, _Marks(text, [])
    pieces: list[str] = []
    changes: list[tuple[int, int]] = []
    start = length = 0
    for found in _escape.finditer(text):
        instead = _instead(found)
        if instead == found.group():
            continue
        pieces += (text[start : found.start()], instead)
        length += found.start() - start + len(instead)
        start = found.end()
        changes.append((length, length - start))
    pieces.append(text[start:])
    return "".join(pieces), _Marks(text, changes)


def _instead(found: re.Match[str]) -> str:
    """A character beyond U+FFFF as one escape, half of one as the sign that stands for it, and a raw one escaped."""
    if found["high"]:
        code = 0x10000 + ((int(found["high"], 16) - 0xD800) << 10) + int(found["low"], 16) - 0xDC00
        return f"\\U{code:08x}"
    if found["lone"]:
        return "\\uFFFD"
    return f"\\u{ord(found['raw']):04x}" if found["raw"] else found.group()
