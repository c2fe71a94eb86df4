"""Every call that a collector makes is denied in turn, or breaks off: no verdict is made up by it, and none vanishes.

The same rule holds of what AWS denies in practice, in the calls that other scanners were seen to go wrong by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
from tests.loaders.aws.holes import wrong
from tests.loaders.aws.invented import Invented

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Answer, CallFailed
from phiward.loaders.aws.crawl import Crawl
from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.loader import known_types, loaded_from, problems
from phiward.loaders.aws.written import PLACES
from phiward.model.finding import Finding
from phiward.model.project import Project
from phiward.pack import Pack, load_pack, pack_directory
from phiward.pack.collectors import Collectors, load_collectors

COLLECTORS = load_collectors(pack_directory())
CALLS = sorted(
    {
        (name, step["operation"])
        for name, one in COLLECTORS.by_name.items()
        for _, step in COLLECTORS.of((name,)).steps()
    }
)


@cache
def pack() -> Pack:
    return load_pack()


class Broken:
    """An account in which a call fails, always or from its second time on, after half of what it lists or before."""

    def __init__(self, api: Invented, service: str, operation: str, *, half: bool, spared: int) -> None:
        self._api = api
        self._broken = service, operation
        self._half = half
        self._spared = spared
        self.struck = 0

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """The answer. Raises CallFailed."""
        if (service, operation) == self._broken:
            self._spared -= 1
            if self._spared < 0:
                self.struck += 1
                raise CallFailed("AccessDenied", 403, "", self._page(place, service, operation, params))
        return self._api.call(place, service, operation, params)

    def _page(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if not self._half:
            return {}
        try:
            answer = self._api.call(place, service, operation, params).value
        except CallFailed:
            return {}
        return {name: value[: len(value) // 2] for name, value in answer.items() if isinstance(value, list)}


@cache
def alone(name: str) -> Collectors:
    """A service, and an account that has nothing else."""
    own = COLLECTORS.of((name,))
    return Collectors(own.by_name, known_types(pack()) - own.types)


def judged(name: str, api: Invented | Broken) -> tuple[list[Finding], Inventory]:
    """The verdicts of an account of one service, and its ledger."""
    collectors = alone(name)
    inventory = Inventory()
    inventory.asked = COLLECTORS.attributes
    with ThreadPoolExecutor(1) as executor:
        Crawl(api, collectors.by_name, inventory).run(PLACES, executor)
    loaded = loaded_from(inventory, collectors, pack(), Project())
    graph = ResourceGraph(loaded.resources, pack())
    return judge(graph, loaded.scopes, Selection(pack().outlines), lambda _: None), inventory


@cache
def whole(name: str, seed: int) -> tuple[Invented, list[Finding]]:
    api = Invented(COLLECTORS.by_name[name], seed)
    findings, inventory = judged(name, api)
    assert [call for call in inventory.calls if call.status not in ("ok", "absent")] == []
    return api, findings


def silent(name: str, operation: str, seeds: range) -> Iterator[str]:
    """What a failure of an operation changes that it may not."""
    service = COLLECTORS.by_name[name]["service"]
    for seed in seeds:
        api, before = whole(name, seed)
        for half, spared in ((False, 0), (True, 0), (False, 1)):
            broken = Broken(api, service, operation, half=half, spared=spared)
            after, inventory = judged(name, broken)
            assert bool(broken.struck) is bool(problems(inventory.calls)), "the failure is not told of"
            for problem in wrong(before, after):
                yield f"seed {seed}{' half' * half}{' later' * spared}: {problem}"


@pytest.mark.parametrize("name,operation", CALLS, ids=[f"{name}:{operation}" for name, operation in CALLS])
def test_no_denied_call_decides_anything(name: str, operation: str) -> None:
    assert list(silent(name, operation, range(1))) == []


def test_what_is_listed_has_a_name_of_its_own() -> None:
    """Two resources of one address are one."""
    nameless = [
        f"{one['service']}:{step['operation']} {resource['type']}"
        for one, step in COLLECTORS.steps()
        if step["items"] is not None or any(resource["each"] for resource in step["resources"])
        for resource in step["resources"]
        if resource["id"] is None and (resource["each"] or all(other["id"] is None for other in step["resources"]))
    ]
    assert nameless == []


@pytest.mark.heavy
@pytest.mark.parametrize("name,operation", CALLS, ids=[f"{name}:{operation}" for name, operation in CALLS])
def test_no_denied_call_decides_anything_in_many_accounts(name: str, operation: str) -> None:
    assert list(silent(name, operation, range(1, 13))) == []
