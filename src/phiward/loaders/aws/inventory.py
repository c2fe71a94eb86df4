"""What was found and what was asked: the snapshot that a scan judges, and the file that keeps it.

JSON lines, compressed: a header, every call, every resource, in one order, so that the same inventory is the same
bytes. Values that secrets may stand in were taken out before anything comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from phiward.loaders.aws.calls import Call, Place
from phiward.model.value import Unknown, Value
from phiward.record import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as it was read. `call` is the number of the call that listed it, `calls` those of single attributes.

    `unread` is why it, or its whole type, could not be read.
    """

    type: str
    address: str
    place: Place
    attributes: dict[str, Value]
    call: int
    calls: Mapping[str, int] = field(default_factory=dict)
    unread: Unknown | None = None


class Inventory:
    """Resources and calls. A step of a collector at a place is `finished` when all of it was read or has failed."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.found: dict[tuple[Place, str, str], Found] = {}
        self.finished: set[tuple[Place, str]] = set()
        self.left_out: set[tuple[Place, str]] = set()
        """Types that were not asked for at a place."""
        self.begun: dict[tuple[Place, str], list[str]] = {}
        self.asked: Mapping[str, frozenset[str]] = {}
        """The attributes that are read of each type; one that a later pack reads is unknown here."""
        self.started = ""
        self.pack = ""
        self.callers: dict[str, str] = {}
        """Who asked, by account."""

    def add(self, found: Found) -> None:
        """Take in a resource. Of one that is read twice, what is known of it counts."""
        key = found.place, found.type, found.address
        if key not in self.found or self.found[key].unread is not None:
            self.found[key] = found

    def begin(self, place: Place, step: str, types: Iterable[str]) -> None:
        """Note what a step reads; until it is finished, there may be more of it than was found."""
        self.begun[place, step] = list(types)

    def finish(self, place: Place, step: str) -> None:
        self.finished.add((place, step))

    def not_read(self) -> list[str]:
        """The types that were not asked for, or not to the end."""
        unfinished = [types for key, types in self.begun.items() if key not in self.finished]
        return sorted({type_ for _, type_ in self.left_out}.union(*unfinished))

    def reopen(self) -> None:
        """Take it up again: what was not finished is read anew, and what was left out before may be asked for.

        A type that several steps read is dropped with one of them, so that all of them are read again.
        """
        missing = set(self.left_out)
        missing.update((place, t) for (place, step), types in self.begun.items() for t in types
                       if (place, step) not in self.finished)  # fmt: skip
        again: set[tuple[Place, str]] = set()
        while len(missing) > len(again):
            again = set(missing)
            for (place, _), types in self.begun.items():
                if any((place, t) in again for t in types):
                    missing.update((place, t) for t in types)
        self.begun = {key: types for key, types in self.begun.items() if again.isdisjoint((key[0], t) for t in types)}
        self.finished.intersection_update(self.begun)
        self.found = {key: one for key, one in self.found.items() if key[:2] not in again}
        self.left_out.clear()

    def not_collected(self, place: Place, types: Iterable[str]) -> None:
        self.left_out.update((place, type_) for type_ in types)

    @property
    def places(self) -> list[Place]:
        return sorted({place for place, _ in self.begun} | {place for place, _ in self.left_out}, key=str)

    def statistics(self) -> dict[str, int]:
        """Calls by how they ended."""
        counts: dict[str, int] = {}
        for call in self.calls:
            counts[call.status] = counts.get(call.status, 0) + 1
        return counts


_UNKNOWN = "\0unknown"
"""No name in AWS has its first character: a tag may be called `$unknown`."""


def encode(value: Value) -> Any:
    """A value as JSON has it: what is not known is a mapping with a key that no answer has."""
    if isinstance(value, Unknown):
        return {_UNKNOWN: value.reason, "hint": value.hint}
    if isinstance(value, dict):
        return {name: encode(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [encode(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def decode(value: Any) -> Value:
    if isinstance(value, dict):
        if _UNKNOWN in value:
            return Unknown(value[_UNKNOWN], value.get("hint", ""))
        return {name: decode(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [decode(inner) for inner in value]
    return value
