"""Collectors x places -> what was found: every call once, many at a time, none waiting for another inside of a thread.

A list of the coordinator's own holds what is under way; a worker makes one call and no more. An item of an answer is
finished when all calls about it are; then its resources are read, and what is left of the answer is let go.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import count
from time import sleep
from typing import Any

from phiward.graph.reading import MISSING, read_path
from phiward.loaders.aws.calls import DECIDED, Call, Outcome, Place, Status, status_of, why
from phiward.loaders.aws.client import NOT_OFFERED, UNREACHED, Answer, Api, CallFailed, now
from phiward.loaders.aws.inventory import Found, Inventory
from phiward.loaders.aws.mapping import Item, attributes, evaluate, holds, parts, rows
from phiward.model.value import Unknown
from phiward.pack.collectors import native_types
from phiward.record import dataclass, replace

Compiled = Mapping[str, Any]
_PAUSES = (1, 2, 4, 8, 16)
"""Seconds between asking whether something is made."""
_AHEAD = 64
"""Calls that are handed to the executor at a time; the others wait here, where an interruption ends them."""


@dataclass(slots=True)
class _Node:
    """An item whose calls are under way, with the step that listed it."""

    step: Compiled
    item: Item
    around: _Node | None
    call: Call
    left: int = 0
    """Calls about it, and items below it, that are not finished."""
    gone: Unknown | None = None
    """Why it is not read, where it was deleted since it was listed."""
    name: str = ""
    """The name of the whole collector's step, where this is the root of its items."""


@dataclass(slots=True)
class _Job:
    """A call to make, and what happens with its outcome."""

    collector: Compiled
    step: Compiled
    place: Place
    params: dict[str, Any]
    then: Callable[[Outcome], None]
    code: str = ""
    """Why it is not made, where its parameters are not known."""


class Crawl:
    """`wanted` are the native types to collect; None for all. `progress` is told the place and service of each call."""

    def __init__(
        self,
        api: Api,
        collectors: Mapping[str, Compiled],
        inventory: Inventory,
        *,
        wanted: frozenset[str] | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api = api
        self._collectors = collectors
        self._inventory = inventory
        self._wanted = wanted
        self._progress = progress
        self._numbers = count(len(inventory.calls))
        self._jobs: list[_Job] = []
        lists = Counter((c["service"], step["operation"]) for c in collectors.values() for step in c["steps"])
        self._shared = {listed for listed, number in lists.items() if number > 1}
        self._known: dict[tuple[Any, ...], Outcome] = {}
        """Answers that several collectors read."""
        self._asked: dict[tuple[Any, ...], list[Callable[[Outcome], None]]] = defaultdict(list)

    def run(self, places: Sequence[Place], executor: Executor) -> None:
        """Read all collectors at all places into the inventory. An interruption leaves what was finished in it."""
        for place in places:
            for name in reversed(list(self._collectors)):
                self._begin(name, self._collectors[name], place)
        under_way: dict[Future[Outcome], tuple[Any, ...]] = {}
        try:
            while self._jobs or under_way:
                while self._jobs and len(under_way) < _AHEAD:
                    self._submit(self._jobs.pop(), executor, under_way)
                if under_way:
                    done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finish(under_way.pop(future), future.result())
        except BaseException:
            for future in under_way:
                future.cancel()
            raise

    def _begin(self, name: str, collector: Compiled, place: Place) -> None:
        """Ask for what a collector lists at a place, unless it is there already or another place answers for it."""
        if collector["global"] != (place.region == GLOBAL):
            return
        for number, step in enumerate(collector["steps"]):
            types, key = native_types(step), f"{name}.{number}"
            if (place, key) in self._inventory.finished:
                continue
            unwanted = [type_ for type_ in types if self._wanted is not None and type_ not in self._wanted]
            self._inventory.not_collected(place, unwanted)
            if len(unwanted) < len(types):
                self._inventory.begin(place, key, types)
                root = _Node(step, Item({}, place, collector["service"]), None, _NO_CALL, 1, name=key)
                self._list(collector, step, root)

    # -- calls

    def _submit(self, job: _Job, executor: Executor, under_way: dict[Future[Outcome], tuple[Any, ...]]) -> None:
        key = (job.place, job.collector["service"], job.step["operation"], repr(sorted(job.params.items())))
        if key in self._known:
            job.then(self._known[key])
            return
        self._asked[key].append(job.then)
        if len(self._asked[key]) == 1:
            self._progress(f"{job.place} {job.collector['service']}")
            under_way[executor.submit(self._call, job, next(self._numbers))] = key

    def _call(self, job: _Job, number: int) -> Outcome:
        service, step = job.collector["service"], job.step
        place = _endpoint_of(job.collector, job.place)
        about = ", ".join(f"{name}={value}" for name, value in sorted(job.params.items()))[:300]

        def call(status: Status, time: str, request_id: str, code: str = "") -> Call:
            return Call(number, job.place, service, step["operation"], status, time, request_id, code, about)

        try:
            self._prepare(job, place)
            answer: Answer = self._api.call(place, service, step["operation"], job.params)
        except CallFailed as failed:
            absent = failed.is_any((*step["absent"], NOT_OFFERED)) or _not_offered(step, place, failed)
            status = status_of(failed.code, failed.http, absent=absent, gone=failed.is_any(step["gone"]))
            ended = call(status, now(), failed.request_id, failed.code)
            doubt = None if status in DECIDED else why(ended, step["actions"], failed.by)
            return Outcome(ended, failed.answer, doubt)
        return Outcome(call(Status.OK, answer.time, answer.request_id), answer.value)

    def _prepare(self, job: _Job, place: Place) -> None:
        """Ask for what a service makes only when it is asked, and wait until it is there. Raises CallFailed."""
        prepared = job.step["prepared"]
        for pause in _PAUSES if prepared is not None else ():
            answer = self._api.call(place, job.collector["service"], prepared["by"], {})
            if holds(prepared["while"], Item(answer.value, place, job.collector["service"])) is not True:
                return
            sleep(pause)

    def _finish(self, key: tuple[Any, ...], outcome: Outcome) -> None:
        self._inventory.calls.append(outcome.call)
        waiting = self._asked.pop(key)
        if key[1:3] in self._shared:
            self._known[key] = outcome
        for then in waiting:
            then(outcome)

    # -- items

    def _list(self, collector: Compiled, step: Compiled, around: _Node) -> None:
        params = {name: evaluate(value, around.item) for name, value in step["params"].items()}
        params = {name: value for name, value in params.items() if value is not MISSING}

        def then(outcome: Outcome) -> None:
            self._listed(collector, step, around, outcome)

        unknown = next((value for value in params.values() if isinstance(value, Unknown)), None)
        applies = holds(step["when"], around.item)
        if isinstance(applies, Unknown) or unknown is not None:
            doubt = applies if isinstance(applies, Unknown) else unknown
            then(Outcome(around.call, {}, doubt))
        elif applies:
            self._jobs.append(_Job(collector, step, around.item.place, params, then))
        else:
            then(Outcome(replace(around.call, status=Status.ABSENT)))

    def _listed(self, collector: Compiled, step: Compiled, around: _Node, outcome: Outcome) -> None:
        """Take in the answer of a step: its items, each with what is to be asked about it."""
        if step["as"]:
            around.item.details[step["as"]] = outcome
        if outcome.call.status is Status.GONE:
            around.gone = Unknown(f"it was deleted while it was read, says {outcome.call.name} ({outcome.call.code})")
        nodes = [_Node(step, Item(*about), around, outcome.call) for about in _items(step, around.item, outcome)]
        around.left += len(nodes)
        if outcome.unknown is not None:
            self._unread(step, around.item, outcome.unknown)
        for node in nodes:
            _own(step, node.item)
            self._ask(collector, node)
        self._batches(collector, step, nodes)
        for node in nodes:
            self._done(node)
        self._done(around)

    def _ask(self, collector: Compiled, node: _Node) -> None:
        """Make the calls about an item; `left` counts one more than they are, until the item itself is through."""
        inner = [step for step in node.step["then"] if step["batch"] is None and self._asks(step, node.step)]
        node.left += len(inner) + 1
        for step in inner:
            self._list(collector, step, node)

    def _asks(self, step: Compiled, around: Compiled) -> bool:
        """Whether anything that is wanted is read from a step."""
        if self._wanted is None or not self._wanted.isdisjoint(native_types(step)):
            return True
        name = step["as"]
        users = [spec for spec in around["resources"] if spec["type"] in self._wanted]
        return bool(name) and any(name in details(user) for user in (*users, *around["then"]))

    def _batches(self, collector: Compiled, step: Compiled, nodes: list[_Node]) -> None:
        """Ask about many items at a time, where the service has a call for that."""
        for inner in step["then"]:
            if inner["batch"] is None or not self._asks(inner, step):
                continue
            size = inner["batch"]["size"] or len(nodes)
            for start in range(0, len(nodes), size or 1):
                self._batch(collector, inner, nodes[start : start + size])

    def _batch(self, collector: Compiled, step: Compiled, nodes: list[_Node]) -> None:
        batch = step["batch"]
        by_key: dict[str, list[_Node]] = {}  # what is listed while it changes may be listed twice
        for node in nodes:
            given = evaluate(batch["by"] or step["params"][batch["param"]], node.item)
            if isinstance(given, str):
                by_key.setdefault(given, []).append(node)
                node.left += 1
            elif isinstance(given, Unknown):
                node.item.details[step["as"]] = Outcome(node.call, {}, given)
        if not by_key:
            return
        others = {n: evaluate(v, nodes[0].item) for n, v in step["params"].items() if n != batch["param"]}

        def then(outcome: Outcome) -> None:
            answers: dict[str, Any] = {}
            for element in _elements(outcome.answer, batch["items"]):
                answers[str(read_path(element, batch["key"], lambda reference: reference)[0])] = element
            for key, node in ((key, node) for key, named in by_key.items() for node in named):
                own = answers.get(key)
                missing = None if own is not None else outcome.unknown
                if own is None and missing is None:
                    missing = Unknown(f"{outcome.call.name} does not tell of {key} in {outcome.call.place}")
                node.item.details[step["as"]] = Outcome(outcome.call, own or {}, missing)
                self._done(node)

        params = {**others, batch["param"]: list(by_key)} if batch["param"] else others
        self._jobs.append(_Job(collector, step, nodes[0].item.place, params, then))

    def _done(self, node: _Node) -> None:
        """One thing less to wait for; the last one of an item reads its resources."""
        at: _Node | None = node
        while at is not None:
            at.left -= 1
            if at.left > 0:
                return
            if at.around is None:
                self._inventory.finish(at.item.place, at.name)
            else:
                self._emit(at)
            at = at.around

    # -- resources

    def _emit(self, node: _Node) -> None:
        for spec in node.step["resources"]:
            if self._wanted is None or spec["type"] in self._wanted:
                for found in resources(spec, node.item, node.call):
                    self._inventory.add(found if node.gone is None else replace(found, unread=node.gone))

    def _unread(self, step: Compiled, item: Item, unknown: Unknown) -> None:
        """Put in one resource of each type that a failed call would have listed: there may be any number of it."""
        for spec in step["resources"]:
            if self._wanted is None or spec["type"] in self._wanted:
                self._inventory.add(unread(spec, Item({}, item.place, item.service, item), unknown))
        for inner in step["then"]:
            self._unread(inner, Item({}, item.place, item.service, item), unknown)


GLOBAL = "aws-global"
_NO_CALL = Call(-1, Place("", ""), "", "", Status.OK)


def _not_offered(step: Compiled, place: Place, failed: CallFailed) -> bool:
    """Whether nobody answers in a region that AWS's list of those which have the thing does not name."""
    listed = step["offered_in"]
    return bool(listed) and place.region not in listed and failed.code in UNREACHED


def _endpoint_of(collector: Compiled, place: Place) -> Place:
    """Where a call of a global service goes."""
    if not collector["global"]:
        return place
    home = {"aws": collector["region"], "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
    return Place(place.account, home.get(place.partition, "us-east-1"), place.partition)


def _items(step: Compiled, around: Item, outcome: Outcome) -> Iterator[tuple[Any, Place, str, Item]]:
    """The elements that an answer lists; the answer itself where the step lists nothing but asks about something."""
    if step["items"] is None:
        if outcome.answered and outcome.unknown is None and (step["resources"] or step["then"]):
            yield outcome.answer, around.place, around.service, around
        return
    for element in _elements(outcome.answer, step["items"]):
        yield element, around.place, around.service, around


def _elements(answer: Mapping[str, Any], path: Sequence[Any]) -> list[Any]:
    """The elements that an answer lists: of a table as text, its rows."""
    found, _ = read_path(answer, path, lambda reference: reference)
    if isinstance(found, (str, bytes)):
        return rows(found)
    return found if isinstance(found, list) else []


def _own(step: Compiled, item: Item) -> None:
    """Note the addresses of what an item is read into, so that what is listed below it can name them."""
    for spec in step["resources"]:
        if spec["id"] is not None and not spec["from"] and not spec["each"] and holds(spec["when"], item) is True:
            address = evaluate(spec["id"], item)
            if isinstance(address, str):
                item.owners[spec["type"]] = address


def resources(spec: Compiled, item: Item, call: Call) -> Iterator[Found]:
    """What an item is read into, or each part of it."""
    for part in _parts(spec["each"], item):
        if isinstance(part, Unknown):
            yield unread(spec, Item({}, item.place, item.service, item), part)
            continue
        found = resource(spec, part, call)
        if found is not None:
            yield found


def _parts(levels: list[Any], item: Item) -> Iterator[Item | Unknown]:
    """The item itself; the elements of what it holds; the elements of what those hold."""
    if not levels:
        yield item
        return
    within = evaluate(levels[0], item)
    if isinstance(within, Unknown):
        yield within
    for part in parts(within, item) if isinstance(within, (list, dict)) else ():
        yield from _parts(levels[1:], part)


def resource(spec: Compiled, item: Item, call: Call) -> Found | None:
    """A resource as an item has it; None where it is none. One of which that is not known is an unread one."""
    origin = item.detail(spec["from"]) if spec["from"] else None
    if spec["from"] and (origin is None or not (origin.answered or origin.unknown)):
        return None
    doubt = origin.unknown if origin is not None else None
    applies = holds(spec["when"], item)
    if applies is False:
        return None
    doubt = doubt or (applies if isinstance(applies, Unknown) else None)
    own = attributes(spec["attributes"], item)
    address = evaluate(spec["id"], item) if spec["id"] is not None else MISSING
    if not isinstance(address, str):
        if spec["id"] is not None:  # several of them would be taken for one
            nameless = Unknown(f"{call.name} names no {spec['type']} that it lists")
            doubt = doubt or (address if isinstance(address, Unknown) else nameless)
        owner = next(iter(item.owners.values()), None) or _above(item)
        address = f"{owner or base(item)}#{spec['type']}"
    if doubt is None:
        item.owners.setdefault(spec["type"], address)
    source = origin.call if origin is not None else call
    return Found(spec["type"], address, item.place, own, source.number, calls=_sources(spec, item), unread=doubt)


def _above(item: Item) -> str | None:
    at = item.parent
    while at is not None:
        if at.owners:
            return next(iter(at.owners.values()))
        at = at.parent
    return None


def base(item: Item) -> str:
    place = item.place
    region = "" if place.region == GLOBAL else place.region
    return f"arn:{place.partition}:{item.service}:{region}:{place.account}"


def _sources(spec: Compiled, item: Item) -> dict[str, int]:
    """The calls of those attributes that another call brought than the one that listed the resource."""
    found = {}
    for name, value in spec["attributes"].items():
        for detail in details(value):
            outcome = item.detail(detail)
            if outcome is not None:
                found[name] = outcome.call.number
    return found


def details(value: Any) -> Iterator[str]:
    """The names of the steps whose answers a compiled value, or what is made of such, reads."""
    if isinstance(value, dict):
        if value.get("from"):
            yield value["from"]
        for inner in value.values():
            yield from details(inner)
    elif isinstance(value, list):
        if value[:1] == ["path"]:
            if value[1]:
                yield value[1]
        else:
            for inner in value:
                yield from details(inner)


def unread(spec: Compiled, item: Item, unknown: Unknown) -> Found:
    """What stands for all resources of a type that could not be listed; what they belong to may be known."""
    owner = _above(item)
    known = {name: evaluate(value, item) for name, value in spec["attributes"].items() if value[0] == "owner"}
    known = {name: value for name, value in known.items() if value is not MISSING}
    return Found(spec["type"], f"{owner or base(item)}:{spec['type']}[*]", item.place, known, -1, unread=unknown)
