"""An inventory as a file: JSON lines, compressed, the same bytes for the same inventory.

{"schema": "phiward/inventory/v1", ...}      the first line
{"call": [...]}  {"step": [...]}  {"left_out": [...]}  {"resource": [...]}
"""

from __future__ import annotations

import gzip
import json
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from phiward.durable import write_file
from phiward.errors import UsageError
from phiward.loaders.aws.calls import Call, Place, Status
from phiward.loaders.aws.inventory import Found, Inventory, decode, encode
from phiward.model.value import Unknown

SCHEMA = "phiward/inventory/v1"
_MOST = 2**31
_DAMAGED = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def write(inventory: Inventory, path: Path) -> None:
    """Put it in place of whatever stands there, whole or not at all. Raises UsageError.

    It tells how an account is set up, so that nobody but its owner may read it.
    """
    content = BytesIO()
    with gzip.GzipFile("", "wb", 6, content, mtime=0) as packed:
        for line in _lines(inventory):
            packed.write(f"{json.dumps(line, sort_keys=True, separators=(',', ':'))}\n".encode())
    write_file(path, content.getvalue(), mode=0o600)


def _lines(inventory: Inventory) -> list[dict[str, Any]]:
    found = sorted(inventory.found.values(), key=lambda one: (str(one.place), one.type, one.address))
    return [
        {
            "schema": SCHEMA,
            "started": inventory.started,
            "pack": inventory.pack,
            "callers": inventory.callers,
            "asked": {type_: sorted(names) for type_, names in inventory.asked.items()},
        },
        *({"call": _call(call)} for call in sorted(inventory.calls, key=lambda call: call.number)),
        *(
            {"step": [*_place(place), step, types, (place, step) in inventory.finished]}
            for (place, step), types in sorted(
                inventory.begun.items(), key=lambda entry: (str(entry[0][0]), entry[0][1])
            )
        ),
        *({"left_out": [*_place(place), type_]} for place, type_ in sorted(inventory.left_out, key=str)),
        *({"resource": _found(one)} for one in found),
    ]


def _place(place: Place) -> list[str]:
    return [place.account, place.region, place.partition]


def _call(call: Call) -> list[Any]:
    return [
        call.number, *_place(call.place), call.service, call.operation, str(call.status), call.time, call.request_id,
        call.code, call.about,
    ]  # fmt: skip


def _found(one: Found) -> list[Any]:
    unread = None if one.unread is None else encode(one.unread)
    return [one.type, one.address, *_place(one.place), encode(one.attributes), one.call, dict(one.calls), unread]


def read(data: bytes, name: str, most: int = _MOST) -> Inventory:
    """What `write` wrote, if it is no larger than `most` bytes. Raises UsageError for what is damaged or newer."""
    inventory = Inventory()
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
            content = packed.read(most + 1)
        if len(content) > most:
            raise UsageError(f"{name}: an inventory of more than {most // 2**20} MB")
        lines = content.decode().splitlines()
        head = json.loads(lines[0])
        if head["schema"] != SCHEMA:
            raise UsageError(f"{name}: an inventory of the format {str(head['schema'])[:40]!r}", hint="update phiward")
        inventory.started, inventory.pack = _texts([head["started"], head["pack"]])
        inventory.callers = dict(zip(head["callers"], _texts([*head["callers"].values()]), strict=True))
        inventory.asked = {type_: frozenset(_texts(names)) for type_, names in head["asked"].items()}
        for line in lines[1:]:
            _take(inventory, json.loads(line))
    except _DAMAGED as error:
        raise UsageError(f"{name}: the inventory is damaged, or is none", hint="collect it again") from error
    return inventory


def _take(inventory: Inventory, line: dict[str, Any]) -> None:
    ((kind, content),) = line.items()
    if kind == "call":
        number, *texts = content
        account, region, partition, service, operation, status, *rest = _texts(texts)
        place = Place(account, region, partition)
        inventory.calls.append(Call(_number(number), place, service, operation, Status(status), *rest))
    elif kind == "step":
        *texts, types, finished = content
        account, region, partition, step = _texts(texts)
        place = Place(account, region, partition)
        inventory.begun[place, step] = _texts(types)
        if finished:
            inventory.finished.add((place, step))
    elif kind == "left_out":
        account, region, partition, type_ = _texts(content)
        inventory.left_out.add((Place(account, region, partition), type_))
    elif kind == "resource":
        inventory.add(_resource(content))
    else:
        raise ValueError(kind)


def _resource(content: list[Any]) -> Found:
    *texts, attributes, call, calls, unread = content
    type_, address, account, region, partition = _texts(texts)
    doubt, read = decode(unread), decode(attributes)
    if not (doubt is None or isinstance(doubt, Unknown)) or not isinstance(read, dict):
        raise ValueError(unread)
    numbers = {name: _number(number) for name, number in calls.items()}
    return Found(type_, address, Place(account, region, partition), read, _number(call), numbers, doubt)


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError(given)
    return given


def _number(given: Any) -> int:
    if type(given) is not int:
        raise ValueError(given)
    return given
