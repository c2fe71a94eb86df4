"""An inventory -> resources of the graph: a scope for each account, references where one resource names another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from phiward.loaders.aws.calls import Call, Place
from phiward.loaders.aws.inventory import Found, Inventory
from phiward.loaders.aws.mapping import ARN, LINK, SINCE, UNTIL
from phiward.loaders.loaded import Loaded
from phiward.model.location import LIVE, Answered, Lines, Location, Span
from phiward.model.project import Project
from phiward.model.resource import AttributePath, Resource, Scope
from phiward.model.value import OpenAttributes, Reference, Sensitive, Unknown, Value
from phiward.pack.collectors import Collectors

SOURCE = "aws"
_KEY_ARN = re.compile(r"arn:[^:]+:kms:([^:]*):([^:]*):key/(.+)", re.DOTALL)
_KEY_ID = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_GENERATED = re.compile(r"[a-z]+-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_KEY_TYPES = (
    "aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key", "data.aws_kms_key",
)  # fmt: skip


class LiveOrigin:
    """Which call brought an attribute. A running resource has no lines; its place is its account and region."""

    __slots__ = ("_found", "_numbers")

    def __init__(self, found: Found, calls: Mapping[int, Call]) -> None:
        self._found = found
        self._numbers = calls

    def locate(self, path: AttributePath = ()) -> Location:
        number = self._found.calls.get(str(path[0]), self._found.call) if path else self._found.call
        place = self._found.place
        call = self._numbers.get(number)
        answered = Answered(call.name, call.time, call.request_id) if call is not None else None
        account = f"{LIVE}{place.account}/{place.region}".rstrip("/")
        return Location(account, Span(1, 1, 1, 1), answered)

    def header(self) -> Location:
        return self.locate()

    def lines(self) -> tuple[Lines, ...]:
        return ()


def load(
    inventory: Inventory, unknown: frozenset[str], collectors: Collectors, project: Project, loaded: Loaded
) -> None:
    """Add what was found. What was not asked for, or not finished, stands in the graph as unread: it is not absent.

    `unknown` are types that no collector of the inventory asks for.
    """
    calls = {call.number: call for call in inventory.calls}
    by_account: dict[str, list[Found]] = defaultdict(list)
    for found in inventory.found.values():
        by_account[found.place.account].append(found)
    for place, type_ in sorted(inventory.left_out, key=lambda entry: (str(entry[0]), entry[1])):
        by_account[place.account].append(_left_out(place, type_))
    for (place, step), types in inventory.begun.items():
        if (place, step) not in inventory.finished:
            for type_ in types:
                by_account[place.account].append(_interrupted(place, type_))
    for account in sorted({place.account for place in inventory.places} | set(by_account)):
        scope = Scope(SOURCE, f"aws://{account}", (), project, once=collectors.once, not_shown=collectors.not_shown)
        by_account[account] += [_not_read(account, type_) for type_ in sorted(unknown)]
        found_here = _distinct(by_account[account])
        index = _Index(found_here, _day(inventory.started))
        loaded.scopes.append(scope)
        loaded.resources.extend(_resource(found, scope, index, calls, inventory) for found in found_here)


def _distinct(all_found: Iterable[Found]) -> list[Found]:
    """Each once: what has no region, as a global cluster, is listed in several. What is known of it counts."""
    by_name: dict[tuple[str, str], Found] = {}
    for found in sorted(all_found, key=lambda one: (one.address, one.type, _unknowns(one), str(one.place))):
        by_name.setdefault((found.type, found.address), found)
    return list(by_name.values())


def _unknowns(found: Found) -> tuple[bool, int]:
    return found.unread is not None, sum(isinstance(value, Unknown) for value in found.attributes.values())


def _left_out(place: Place, type_: str) -> Found:
    reason = Unknown(f"{type_} was not asked for in {place}", "scan without --rule and --service")
    return Found(type_, f"aws://{place}:{type_}[*]", place, {}, -1, unread=reason)


def _not_read(account: str, type_: str) -> Found:
    reason = Unknown(f"{type_} is not read from accounts")
    return Found(type_, f"aws://{account}:{type_}[*]", Place(account, ""), {}, -1, unread=reason)


def _interrupted(place: Place, type_: str) -> Found:
    reason = Unknown(f"the scan was interrupted before all {type_} of {place} were read", "resume it with --resume")
    return Found(type_, f"aws://{place}:{type_}[*]", place, {}, -1, unread=reason)


class Attributes(dict[str, Value]):
    """What was read of a resource. An attribute that is not asked for is unknown, never absent."""

    __slots__ = ("asked",)

    def __init__(self, read: Mapping[str, Value], asked: frozenset[str]) -> None:
        super().__init__(read)
        self.asked = asked

    def get(self, key: str, default: Any = None) -> Any:
        """The value; the default where the account has none."""
        if key in self:
            return self[key]
        return default if key in self.asked else Unknown(f"{key} is not read from accounts")


def _resource(found: Found, scope: Scope, index: _Index, calls: Mapping[int, Call], inventory: Inventory) -> Resource:
    attributes: dict[str, Value] = {name: index.linked(value, found) for name, value in found.attributes.items()}
    attributes.setdefault("arn", found.address)
    whole = "[*]" in found.address
    if found.unread is not None:
        attributes = OpenAttributes(_known(attributes) if whole else attributes, found.unread)
    asked = inventory.asked.get(found.type, frozenset())
    return Resource(
        SOURCE,
        found.type,
        found.address,
        Attributes(attributes, asked) if found.unread is None else attributes,
        LiveOrigin(found, calls),
        scope,
        provider=found.place.region,
        number="" if found.unread is None else "it could not be read",
        uncounted=found.unread,
        context=found.type.startswith("data."),
        unread=found.unread is not None,
    )


def _known(attributes: dict[str, Value]) -> dict[str, Value]:
    """Of a type that could not be listed: what its resources belong to."""
    return {name: value for name, value in attributes.items() if isinstance(value, Reference)}


class _Index:
    """What names what, in an account: ARNs and generated ids everywhere, other names in their region."""

    def __init__(self, found: Iterable[Found], day: datetime | None) -> None:
        self._day = day
        self._unique: dict[str, Reference] = {}
        self._by: dict[tuple[str, str, str, str], str] = {}
        self._keys: dict[str, str] = {}
        self._unread: dict[str, Unknown] = {}
        self._addresses: set[str] = set()
        for one in found:
            self._add(one)

    def _add(self, one: Found) -> None:
        self._addresses.add(one.address)
        if "[*]" in one.address:
            if one.unread is not None:
                self._unread[one.type] = one.unread
            return
        if one.type in _KEY_TYPES:
            self._keys[str(one.attributes.get("arn", one.address))] = one.address
            for name in ("key_id", "id"):
                if _KEY_ID.fullmatch(str(one.attributes.get(name, ""))):
                    self._keys[_key_id(str(one.attributes[name]), one.place.region)] = one.address
            return
        if one.address.startswith("arn:"):
            self._unique.setdefault(one.address, Reference(one.address, ("arn",)))
        for name, value in one.attributes.items():
            if isinstance(value, str):
                self._by.setdefault((one.place.region, one.type, name, value), one.address)
        own = one.attributes.get("id")
        if isinstance(own, str) and _GENERATED.fullmatch(own):
            self._unique.setdefault(own, Reference(one.address, ("id",)))

    def linked(self, value: Value, of: Found) -> Value:
        """A value with references in the place of names of what was found."""
        if isinstance(value, str) and not isinstance(value, Sensitive):
            return self._named(value, of)
        if isinstance(value, list):
            return [self.linked(item, of) for item in value]
        if not isinstance(value, dict):
            return value
        if ARN in value:
            return Reference(value[ARN], ("arn",))
        if LINK in value:
            return self._link(value, of)
        if SINCE in value or UNTIL in value:
            return _days(value, self._day)
        return {name: self.linked(item, of) for name, item in value.items()}

    def _named(self, value: str, of: Found) -> Value:
        if value.startswith("alias/") and of.type != "aws_kms_alias":
            return self._link({LINK: value, "type": "aws_kms_alias", "by": "name"}, of)
        found = self._unique.get(value)
        if found is not None:
            return value if found.address == of.address else found
        return self._key(value, of)

    def _key(self, value: str, of: Found) -> Value:
        """A KMS key by its ARN or id. AWS manages some of them, so that one that was not read is no customer's yet."""
        arn = _KEY_ARN.fullmatch(value)
        if arn is None and not _KEY_ID.fullmatch(value):
            return value
        address = self._keys.get(value if arn is not None else _key_id(value, of.place.region))
        if address is not None:
            return value if address == of.address else Reference(address, ("arn",))
        if arn is not None and arn[2] != of.place.account:
            return value  # keys that AWS manages cannot be used from another account
        if arn is None and of.type in _KEY_TYPES:
            return value
        doubt = self._unread.get("aws_kms_key")
        if doubt is not None:
            return doubt
        if arn is None:
            return value
        region = arn[1]
        return Unknown(f"the key {value} is not among those that were read", f"scan {region} too")

    def _link(self, value: Mapping[str, Value], of: Found) -> Value:
        name = value[LINK]
        address = self._by.get((of.place.region, str(value["type"]), str(value["by"]), str(name)))
        return name if address is None else Reference(address, ("arn",))


def _key_id(value: str, region: str) -> str:
    """What tells a key by its id: the replicas of a multi-region key have one and the same in each region."""
    return f"{region}/{value}" if value.lower().startswith("mrk-") else value


def _day(time: str | float) -> datetime | None:
    """A time as AWS writes it: RFC 3339, or seconds since 1970."""
    try:
        day = datetime.fromisoformat(time) if isinstance(time, str) else datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return day if day.tzinfo is not None else day.replace(tzinfo=UTC)


def _days(value: Mapping[str, Value], started: datetime | None) -> Value:
    """Whole days between a time and the start of the collection, so that a kept inventory is judged as on its day."""
    written = value.get(SINCE, value.get(UNTIL))
    day = _day(written)
    if day is None or started is None:
        return Unknown(f"{written!r} is no time")
    return (started - day).days if SINCE in value else (day - started).days
