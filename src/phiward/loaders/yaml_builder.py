"""The events of a YAML parser -> one value with its spans, in one pass and without recursion."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from sys import intern
from typing import Any, ClassVar, Final

from yaml import events

from phiward.loaders.yaml_scalars import NUMERIC, WORDS, key_of, number
from phiward.loaders.yaml_spans import WIDTH, Spans
from phiward.model.value import Unknown, Value
from phiward.record import dataclass, field

MAX_REPEATED = 200_000
"""Values that the aliases of one document repeat; past that it is taken for a bomb."""
MAX_DEPTH = 400
"""Levels of nesting. The deepest that people write, schemas of custom resources, have some eighty."""
_INTERNED = 64
"""Characters; the short texts of a tree are few, and stand in it thousands of times."""
_TAG = "tag:yaml.org,2002:"
_MERGE: Final[Any] = object()
"""Stands for the key `<<`."""
_BLOCKS = ("|", ">")
_Scalar = events.ScalarEvent


class YamlError(Exception):
    """Why a text could not be read, and where: line and column count from 1. `hint` says what to do, if anything."""

    def __init__(self, message: str, line: int, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.hint = message, line, column, hint


@dataclass(frozen=True, slots=True)
class Language:
    """What stands without quotes, and what tags mean to the program that a text is written for.

    `scalar` makes the value of a text scalar. A value with a tag that has a `key` becomes a mapping of that key to it.
    """

    scalar: Callable[[str], Value] = str
    words: Mapping[str, bool | None] = field(default_factory=lambda: WORDS)
    number: Callable[[str], Value] = number
    key: Callable[[str], str | None] = lambda _: None


class _Frame:
    """A mapping or list that is not yet at its end. `places` are five numbers for each entry: see `Spans`."""

    __slots__ = ("container", "key", "key_event", "mapping", "merges", "places", "size", "start")

    def __init__(self, event: Any, *, mapping: bool) -> None:
        self.mapping = mapping
        self.container: Any = {} if mapping else []
        self.key: Any = None
        self.key_event = self.start = event
        self.places: list[int] = []
        self.merges: list[tuple[Value, int, Any]] = []
        self.size = 1


class Builder:
    """Reads the documents of one stream of events, one after another; `line` is the first one of its text."""

    def __init__(self, get: Callable[[], Any], line: int, language: Language) -> None:
        self._get = get
        self._line = line
        self._scalar = language.scalar
        self._words = language.words
        self._number = language.number
        self._key_for = language.key
        self._open: list[_Frame] = []
        self._frame: _Frame | None = None

    def document(self) -> tuple[Value, Spans] | None:
        """The next document; None after the last one. Raises YamlError."""
        get = self._get
        while True:
            event = get()
            kind = event.__class__
            if kind is _Scalar:
                frame = self._frame
                if frame is not None and frame.mapping and frame.key is None:
                    self._enter(frame, event, self._key_of(event))
                else:
                    self._place(self._value_of(event), event)
            elif kind is events.DocumentEndEvent:
                return self._value, self._spans
            elif kind is events.StreamEndEvent:
                return None
            else:
                self._HANDLERS[kind](self, event)

    # -- events

    def _on_document(self, _: Any) -> None:
        self._slots = array("I")
        self._anchors: dict[str, tuple[Value, int, int]] = {}
        self._repeated = 0

    def _on_mapping(self, event: Any) -> None:
        self._begin(_Frame(event, mapping=True))

    def _on_sequence(self, event: Any) -> None:
        self._begin(_Frame(event, mapping=False))

    def _begin(self, frame: _Frame) -> None:
        outer = self._frame
        if outer is not None:
            if outer.mapping and outer.key is None:
                raise self._problem("a key must be a word", frame.start)
            self._open.append(outer)
            if len(self._open) >= MAX_DEPTH:
                raise self._problem(f"nested deeper than {MAX_DEPTH} levels", frame.start)
        self._frame = frame

    def _on_end(self, event: Any) -> None:
        frame = self._frame
        assert frame is not None
        start, places = frame.start, frame.places
        if start.flow_style or not places:
            end = (event.end_mark.line, event.end_mark.column)
        else:  # a block's own mark is too far: it ends with its last entry
            end = (places[-3], places[-2])
        for merged, inner, alias in frame.merges:
            self._merge(frame, merged, inner, alias)
        first = len(self._slots) // WIDTH
        self._slots.fromlist(places)
        self._frame = self._open.pop() if self._open else None
        value = frame.container
        if start.tag is not None:
            value, first = self._keyed(value, start, end, first)
        if start.anchor:
            self._anchors[start.anchor] = (value, first, frame.size)
        self._put(value, start, end, first, frame.size)

    def _on_alias(self, event: Any) -> None:
        found = self._anchors.get(event.anchor)
        frame = self._frame
        if found is None:
            inside = any(one.start.anchor == event.anchor for one in (*self._open, frame) if one is not None)
            what = "stands inside of itself" if inside else "is not there before it is used"
            raise self._problem(f"the anchor {event.anchor!r} {what}", event)
        value, inner, size = found
        if frame is not None and frame.mapping and frame.key is None:
            if not isinstance(value, str):
                raise self._problem("a key must be a word", event)
            self._enter(frame, event, str(value))
            return
        self._repeated += size
        if self._repeated > MAX_REPEATED:
            raise self._problem(f"its aliases repeat more than {MAX_REPEATED:,} values", event)
        self._put(value, event, (event.end_mark.line, event.end_mark.column), inner, size)

    # -- keys and values

    def _enter(self, frame: _Frame, event: Any, key: Any) -> None:
        """Take a key, whose value comes next."""
        if key in frame.container:
            raise self._problem(f"the key {key!r} stands here for the second time", event)
        frame.key = key
        frame.key_event = event

    def _key_of(self, event: Any) -> Any:
        key: Any = event.value
        if event.implicit[0]:
            if key == "<<":
                return _MERGE
            if key in self._words or key[0] in NUMERIC:
                key = key_of(key, self._words, self._number)
        if event.anchor:
            self._anchors[event.anchor] = (key, 0, 1)
        return intern(key)

    def _value_of(self, event: Any) -> Value:
        text: str = event.value
        value: Value = event
        if event.implicit[0]:
            value = self._words.get(text, event)
            if value is event and text[0] in NUMERIC:
                value = self._number(text)
        elif event.tag is not None and not event.implicit[1] and self._key_for(event.tag) is None:
            value = self._tagged(event.tag, text)
        if value is event or value is text:
            value = self._scalar(text)
            if value is text and len(text) < _INTERNED:
                value = intern(text)
        return value

    def _tagged(self, tag: str, text: str) -> Value:
        kind = tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return self._words.get(text)
        if kind in ("int", "float"):
            return self._number(text)
        if kind in ("str", "timestamp", "binary"):
            return text
        return Unknown(f"the tag {kind} is not one of YAML's own")

    # -- places

    def _place(self, value: Value, event: Any) -> None:
        """Place a scalar. One over several lines, or that is not written, ends where its key or its first line does."""
        end, frame = event.end_mark, self._frame
        if event.style in _BLOCKS or not (event.style or event.value):
            end = frame.key_event.end_mark if frame is not None and frame.mapping else event.start_mark
        inner = 0
        if event.tag is not None:
            value, inner = self._keyed(value, event, (end.line, end.column), 0)
        if event.anchor:
            self._anchors[event.anchor] = (value, inner, 1)
        self._put(value, event, (end.line, end.column), inner, 1)

    def _keyed(self, value: Value, event: Any, end: tuple[int, int], inner: int) -> tuple[Value, int]:
        """A value with a tag that has a key: a mapping of that key, whose one entry stands where the value does."""
        key = self._key_for(event.tag)
        if key is None:
            return value, inner
        place = len(self._slots) // WIDTH
        self._slots.fromlist([event.start_mark.line, event.start_mark.column, *end, inner])
        return {key: value}, place

    def _put(self, value: Value, event: Any, end: tuple[int, int], inner: int, size: int) -> None:
        """Place a value that is complete: in what is open around it, or as the whole document."""
        frame = self._frame
        if frame is None:
            self._value = value
            start = event.start_mark
            self._spans = Spans(self._line, (start.line, start.column, *end), self._slots, inner)
            return
        frame.size += size
        if frame.mapping:
            if frame.key is _MERGE:
                frame.merges.append((value, inner, event))
            else:
                frame.container[frame.key] = value
                start = frame.key_event.start_mark
                frame.places += (start.line, start.column, *end, inner)
            frame.key = None
        else:
            start = event.start_mark
            frame.container.append(value)
            frame.places += (start.line, start.column, *end, inner)

    def _merge(self, frame: _Frame, value: Value, inner: int, alias: Any) -> None:
        """Take over the entries that `<<` brings in, with their places. What the mapping has itself wins."""
        if isinstance(value, list):
            for place, item in enumerate(value, inner):
                self._merge(frame, item, self._slots[(place + 1) * WIDTH - 1], alias)
            return
        if not isinstance(value, dict):
            raise self._problem("only mappings can be merged", alias)
        for place, (key, item) in enumerate(value.items(), inner):
            if key not in frame.container:
                frame.container[key] = item
                frame.places += self._slots[place * WIDTH : (place + 1) * WIDTH]

    def _problem(self, message: str, event: Any) -> YamlError:
        return YamlError(message, event.start_mark.line + self._line, event.start_mark.column + 1)

    _HANDLERS: ClassVar[dict[type, Callable[[Builder, Any], None]]] = {
        events.MappingStartEvent: _on_mapping,
        events.SequenceStartEvent: _on_sequence,
        events.MappingEndEvent: _on_end,
        events.SequenceEndEvent: _on_end,
        events.AliasEvent: _on_alias,
        events.DocumentStartEvent: _on_document,
        events.StreamStartEvent: lambda *_: None,
    }
