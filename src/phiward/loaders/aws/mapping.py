"""Answers -> attributes: compiled values of `pack.collectors`, evaluated over an item of an answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from phiward.graph.reading import MISSING, read_path
from phiward.loaders.aws.calls import Outcome, Place
from phiward.loaders.aws.redact import address, redacted
from phiward.model.value import Unknown, Value
from phiward.pack.collectors import COMPARED
from phiward.record import dataclass, field

ARN, LINK = "\0owner", "\0link"
"""Heads of what stands for another resource until all are known: see `resources.link`.

They begin with a character that no name in AWS has, for people choose the names of tags and variables.
"""
SINCE, UNTIL = "\0since", "\0until"
"""Heads of a time that is read as days, from the start of the collection, which an inventory says."""
_NOTHING = frozenset({"N/A", "no_information", "not_supported", ""})
"""What IAM writes into cells of its credential report that hold nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """An element of an answer, what its own calls brought by the names of their steps, and what it was listed under."""

    value: Any
    place: Place
    service: str
    parent: Item | None = None
    details: dict[str, Outcome] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """The addresses of what was read from it, by type."""

    def detail(self, name: str) -> Outcome | None:
        """The outcome of a step by its name, here or above."""
        at: Item | None = self
        while at is not None:
            if name in at.details:
                return at.details[name]
            at = at.parent
        return None

    def owner(self, type_: str) -> str | None:
        at: Item | None = self
        while at is not None:
            if type_ in at.owners:
                return at.owners[type_]
            at = at.parent
        return None


def evaluate(compiled: list[Any], item: Item) -> Value:
    """The value; `MISSING` where the answer has none, `Unknown` where the call that has it failed."""
    return _FORMS[compiled[0]](compiled, item)


def attributes(compiled: Mapping[str, list[Any]], item: Item) -> dict[str, Value]:
    """The attributes that are there."""
    found = {name: evaluate(value, item) for name, value in compiled.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def holds(conditions: list[Any], item: Item) -> bool | Unknown:
    """Whether every condition holds: an `Unknown` where a call that would tell has failed."""
    doubt: Unknown | None = None
    for value, operator, given in conditions:
        read = evaluate(value, item)
        operand = evaluate(given, item) if operator in COMPARED else given
        if isinstance(read, Unknown) or isinstance(operand, Unknown):
            doubt = doubt or (read if isinstance(read, Unknown) else operand)
        elif not _test(read, operator, operand):
            return False
    return True if doubt is None else doubt


def _test(read: Value, operator: str, operand: Any) -> bool:
    if operator in COMPARED:
        same = read in operand if isinstance(operand, list) else read == operand
        return (read is not MISSING and same) is (operator == "is")
    if operator == "present":
        return (read is not MISSING and read not in ("", [], {})) is bool(operand)
    inside: bool = any(one in operand for one in read) if isinstance(read, list) else read in operand
    return inside if operator == "in" else not inside


def _path(compiled: list[Any], item: Item) -> Value:
    _, name, up, steps = compiled
    at = item
    for _ in range(up):
        if at.parent is None:
            return MISSING
        at = at.parent
    root: Any = at.value
    if name:
        outcome = at.detail(name)
        if outcome is None:
            return MISSING
        if outcome.unknown is not None:
            return outcome.unknown
        root = outcome.answer
    value, _ = read_path(root, steps, lambda reference: reference)
    return _plain(value)


def _plain(value: Any) -> Any:
    """As JSON has it: the SDK gives times as objects of their own."""
    return value.isoformat() if isinstance(value, datetime) else value


def _about(compiled: list[Any], item: Item) -> Value:
    return item.service if compiled[1] == "service" else getattr(item.place, compiled[1])


def _text(compiled: list[Any], item: Item) -> Value:
    found = [part if isinstance(part, str) else evaluate(part, item) for part in compiled[1]]
    bad = next((part for part in found if isinstance(part, Unknown) or part is MISSING), None)
    return bad if bad is not None else "".join(map(str, found))


def _first(compiled: list[Any], item: Item) -> Value:
    for inner in compiled[1]:
        value = evaluate(inner, item)
        if value is not MISSING:
            return value
    return MISSING


def _block(compiled: list[Any], item: Item) -> Value:
    found = attributes(compiled[1], item)
    return [found] if any(value not in ("", [], {}) for value in found.values()) else MISSING


def _each(compiled: list[Any], item: Item) -> Value:
    tests = compiled[3]

    def make(inner: Item) -> Value:
        applies = holds(tests, inner)
        return attributes(compiled[2], inner) if applies is True else MISSING if applies is False else applies

    found = _there(_over(compiled[1], item, make))
    return MISSING if tests and found == [] else found


def _when(compiled: list[Any], item: Item) -> Value:
    applies = holds(compiled[1], item)
    return evaluate(compiled[2], item) if applies is True else MISSING if applies is False else applies


def _gather(compiled: list[Any], item: Item) -> Value:
    found = _there(_over(compiled[1], item, lambda inner: evaluate(compiled[2], inner)))
    if not isinstance(found, list):
        return found
    return [one for value in found for one in (value if isinstance(value, list) else [value])]


def _there(found: Value) -> Value:
    return [value for value in found if value is not MISSING] if isinstance(found, list) else found


def _over(of: list[Any], item: Item, make: Callable[[Item], Value]) -> Value:
    found = evaluate(of, item)
    return [make(inner) for inner in parts(found, item)] if isinstance(found, (list, dict)) else found


def parts(found: list[Any] | dict[str, Any], item: Item) -> list[Item]:
    """The elements of a list, or the entries of a mapping as `{key, value}`, below an item."""
    elements = found if isinstance(found, list) else [{"key": key, "value": value} for key, value in found.items()]
    return [Item(element, item.place, item.service, item) for element in elements]


def _tags(compiled: list[Any], item: Item) -> Value:
    """`[{Key, Value}]`, in whatever letters a service writes it, or a mapping."""
    given = evaluate(compiled[1], item)
    if not isinstance(given, list):
        return given
    tags: dict[str, Value] = {}
    for tag in given:
        lower = {str(name).lower().removeprefix("tag"): value for name, value in tag.items()}
        tags[str(lower.get("key", "")).replace("\0", "")] = lower.get("value", "")
    return tags


def _entry(compiled: list[Any], item: Item) -> Value:
    named = _tags(compiled, item)
    return named.get(compiled[2], MISSING) if isinstance(named, dict) else named


def _parse(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    if not isinstance(given, str):
        return given
    try:
        return read_path(json.loads(given), compiled[2], lambda reference: reference)[0]
    except (ValueError, RecursionError):
        return Unknown("it is no JSON that could be read")


def _json(compiled: list[Any], item: Item) -> Value:
    """A document as text: the SDK has taken some apart already."""
    given = evaluate(compiled[1], item)
    return json.dumps(given, default=str) if isinstance(given, (dict, list)) else given


def _present(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    return given if isinstance(given, Unknown) else given is not MISSING and given not in ("", [], {})


def _redacted(compiled: list[Any], item: Item) -> Value:
    return redacted(evaluate(compiled[1], item))


def _address(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    return address(given) if isinstance(given, str) else given


def _split(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    if not isinstance(given, str):
        return given
    parts = given.split(compiled[2])
    return parts[compiled[3]] if -len(parts) <= compiled[3] < len(parts) else MISSING


def _values(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    if isinstance(given, (str, int, bool)):
        return compiled[2].get(str(given).lower() if isinstance(given, bool) else str(given), given)
    return given


def _owner(compiled: list[Any], item: Item) -> Value:
    address = item.owner(compiled[1])
    return MISSING if address is None else {ARN: address}


def _link(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    if isinstance(given, list):
        return [{LINK: one, "type": compiled[2], "by": compiled[3]} for one in given]
    return {LINK: given, "type": compiled[2], "by": compiled[3]} if isinstance(given, str) else given


def _days(compiled: list[Any], item: Item) -> Value:
    given = evaluate(compiled[1], item)
    if isinstance(given, (str, int, float)):
        return {SINCE if compiled[0] == "days_since" else UNTIL: given}
    return given


def rows(table: str | bytes) -> list[dict[str, str]]:
    """Rows of comma-separated values by the names of their columns; a cell that holds nothing is not there."""
    text = table.decode("utf-8", "replace") if isinstance(table, bytes) else table
    return [
        {name: cell for name, cell in row.items() if isinstance(cell, str) and cell not in _NOTHING}
        for row in csv.DictReader(io.StringIO(text))
    ]


_FORMS: dict[str, Callable[[list[Any], Item], Value]] = {
    "path": _path,
    "about": _about,
    "text": _text,
    "constant": lambda compiled, _: compiled[1],
    "first": _first,
    "block": _block,
    "each": _each,
    "gather": _gather,
    "tags": _tags,
    "json": _json,
    "present": _present,
    "redacted": _redacted,
    "address": _address,
    "split": _split,
    "entry": _entry,
    "parse": _parse,
    "values": _values,
    "owner": _owner,
    "link": _link,
    "when": _when,
    "unknown": lambda compiled, _: Unknown(compiled[1]),
    "days_since": _days,
    "days_until": _days,
}
