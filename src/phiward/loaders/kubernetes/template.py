"""A Helm template, and where in it stands what was rendered from it, as far as that can be told without doubt."""

from __future__ import annotations

import re
from typing import NamedTuple

from phiward.model.location import Lines, Location, Span
from phiward.model.resource import AttributePath
from phiward.model.value import Value

_entry = re.compile(r"""(?P<indent>[ ]*(?:-[ ]+)*)(?P<quote>["']?)(?P<key>[\w.$/-]+)(?P=quote)[ ]*:(?=[ \r]|$)""")
_separator = re.compile(r"---(?:[ \t\r]|$)")
_name = re.compile(r"""[ ]+name:[ ]*["']?(?P<name>[\w.-]+)["']?[ \r]*(?:#.*)?""")
_kind = re.compile(r"""kind:[ ]*["']?(?P<kind>\w+)["']?[ \r]*(?:#.*)?""")


class _Entry(NamedTuple):
    """A line that writes a key."""

    line: int
    indent: int
    key: str
    above: tuple[str, ...]
    """The keys of the lines that it stands below, outermost first."""


Section = tuple[int, int]
"""The first and the last line of what stands between two separators."""


class _Part(NamedTuple):
    """A section, with the kinds and names that are written out in it."""

    lines: Section
    kinds: set[str]
    names: set[str]


class Template:
    """The lines of a template that write keys, by the part between separators in which they stand."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._lines = text.split("\n")
        self._sections = _sections(self._lines)
        self._entries: dict[Section, list[_Entry]] = {}

    def section_of(self, kind: str, name: str) -> Section | None:
        """The part that writes an object: by its kind, and by its name where several write that kind."""
        if len(self._sections) == 1:
            return self._sections[0].lines
        found = [section for section in self._sections if kind in section.kinds]
        if len(found) > 1:
            found = [section for section in found if name in section.names]
        return found[0].lines if len(found) == 1 else None

    def find(self, section: Section, path: tuple[str, ...]) -> Span | None:
        """The line that writes the last key of a path below the others of it, if there is only one.

        What another template is put into begins somewhere inside of the object: below a key of the path is enough,
        where nothing stands below all of them.
        """
        *around, key = path
        found = [entry for entry in self._entries_of(section) if entry.key == key]
        whole = [entry for entry in found if entry.above == tuple(around)]
        if not whole:
            whole = [entry for entry in found if entry.above and entry.above == tuple(around[-len(entry.above) :])]
        return self.span(whole[0].line, whole[0].indent) if len(whole) == 1 else None

    @property
    def whole(self) -> Section:
        return (1, len(self._lines))

    def span(self, line: int, indent: int = 0) -> Span:
        """From a column to the end of a line."""
        text = self._lines[line - 1].rstrip()
        return Span(line, min(indent, len(text)) + 1, line, len(text) + 1)

    def _entries_of(self, section: Section) -> list[_Entry]:
        found = self._entries.get(section)
        if found is None:
            found = self._entries[section] = self._read(*section)
        return found

    def _read(self, first: int, last: int) -> list[_Entry]:
        found: list[_Entry] = []
        above: list[tuple[int, str]] = []
        for number in range(first, last + 1):
            match = _entry.match(self._lines[number - 1])
            if match is None:
                continue
            indent = len(match["indent"])
            while above and above[-1][0] >= indent:
                above.pop()
            found.append(_Entry(number, indent, match["key"], tuple(key for _, key in above)))
            above.append((indent, match["key"]))
        return found


def _sections(lines: list[str]) -> list[_Part]:
    found: list[_Part] = []
    first = 1
    for number, line in enumerate((*lines, "---"), 1):
        if _separator.match(line):
            own = lines[first - 1 : number - 1]
            if any(text.strip() not in ("", "---") for text in own):
                kinds = {match["kind"] for text in own if (match := _kind.fullmatch(text))}
                names = {match["name"] for text in own if (match := _name.fullmatch(text))}
                found.append(_Part((first, number - 1), kinds, names))
            first = number
    return found or [_Part((1, len(lines)), set(), set())]


class TemplateOrigin:
    """Where an object stands that Helm rendered: the line of the same key, else of the nearest key around it."""

    __slots__ = ("_kind", "_name", "_template")

    def __init__(self, template: Template, value: Value) -> None:
        self._template = template
        metadata = value.get("metadata") if isinstance(value, dict) else None
        self._kind = str(value.get("kind")) if isinstance(value, dict) else ""
        self._name = str(metadata.get("name")) if isinstance(metadata, dict) else ""

    def header(self) -> Location:
        return self.locate(("metadata", "name"))

    def locate(self, path: AttributePath = ()) -> Location:
        template = self._template
        section = template.section_of(self._kind, self._name) or template.whole
        keys: tuple[str, ...] = tuple(step for step in path if isinstance(step, str)) or ("kind",)
        while keys:
            found = template.find(section, keys)
            if found is not None:
                return Location(template.path, found)
            keys = keys[:-1]
        return Location(template.path, template.span(section[0]))

    def lines(self) -> tuple[Lines, ...]:
        """Those of its part of the template; none where it cannot be told which part that is."""
        section = self._template.section_of(self._kind, self._name)
        return (Lines(self._template.path, *section),) if section else ()
