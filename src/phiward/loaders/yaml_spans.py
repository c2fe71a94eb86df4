"""Where everything in a YAML document stands."""

from __future__ import annotations

from array import array

from phiward.model.location import Span
from phiward.model.resource import AttributePath
from phiward.model.value import Value

WIDTH = 5
"""Numbers by entry: line, column, end line, end column, where the entries of its own value begin."""
_FEW = 50
"""Keys that are looked through one by one."""
Place = tuple[int, int, int, int]
"""Line, column, end line and end column, counted from 0."""


class Spans:
    """Where every key and element of a document stands; `line` is the first one of its text.

    The entries of one mapping or list are neighbours, and each knows where the entries of its own value begin, so that
    a path is followed without looking at anything beside it. Five machine words an entry, not an object each.
    """

    __slots__ = ("_line", "_numbers", "_root", "_slots", "_whole")

    def __init__(self, line: int, whole: Place, slots: array[int], root: int) -> None:
        self._line = line
        self._whole = whole
        self._slots = slots
        self._root = root
        self._numbers: dict[int, dict[str, int]] = {}
        """Of the keys of large mappings, by where their entries begin."""

    @property
    def whole(self) -> Span:
        return self._span(*self._whole)

    def find(self, value: Value, path: AttributePath) -> Span | None:
        """The span of the entry at a path into the document's value; of the last entry on the way that is written."""
        first, found = self._root, None
        for key in path:
            place = self._place(value, key, first)
            if place is None:
                break
            found = (first + place) * WIDTH
            first = self._slots[found + 4]
            value = value[key]
        return None if found is None else self._span(*self._slots[found : found + 4])

    def _place(self, value: Value, key: str | int, first: int) -> int | None:
        """The number of an entry among its neighbours."""
        if isinstance(value, dict) and isinstance(key, str):
            if len(value) <= _FEW:
                return next((number for number, name in enumerate(value) if name == key), None)
            if first not in self._numbers:
                self._numbers[first] = {name: number for number, name in enumerate(value)}
            return self._numbers[first].get(key)
        if isinstance(value, list) and isinstance(key, int):
            return key if key < len(value) else None
        return None

    def _span(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        return Span(line + self._line, column + 1, end_line + self._line, end_column + 1)
