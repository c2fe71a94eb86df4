"""A scan by one rule comes to the verdicts of the scan by all of them, and a region to those that it has alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
from tests.loaders.aws.holes import by_key
from tests.loaders.aws.invented import Invented

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Answer, Api
from phiward.loaders.aws.crawl import Crawl
from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.loader import loaded_from
from phiward.loaders.aws.wanted import wanted_types
from phiward.loaders.aws.written import PLACES
from phiward.model.finding import Finding, Verdict
from phiward.model.project import Project
from phiward.pack import Outline, Pack, load_pack, pack_directory
from phiward.pack.collectors import load_collectors

COLLECTORS = load_collectors(pack_directory())


@cache
def pack() -> Pack:
    return load_pack()


class Account:
    """What was invented of every service."""

    def __init__(self) -> None:
        self._services = {name: Invented(one, 1) for name, one in COLLECTORS.by_name.items()}
        self._of = {(one["service"], step["operation"]): name for name, found in COLLECTORS.by_name.items()
                    for one, step in COLLECTORS.of((name,)).steps()}  # fmt: skip

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """The answer. Raises CallFailed."""
        return self._services[self._of.get((service, operation), service)].call(place, service, operation, params)


@cache
def account() -> Account:
    return Account()


def findings(
    rules: list[Outline], wanted: frozenset[str] | None, api: Api | None = None, places: Sequence[Place] = PLACES
) -> list[Finding]:
    """The verdicts of some rules on what is read for them."""
    inventory = Inventory()
    inventory.asked = COLLECTORS.attributes
    with ThreadPoolExecutor(1) as executor:
        Crawl(api or account(), COLLECTORS.by_name, inventory, wanted=wanted).run(places, executor)
    loaded = loaded_from(inventory, COLLECTORS, pack(), Project())
    return judge(ResourceGraph(loaded.resources, pack()), loaded.scopes, Selection(rules), lambda _: None)


@cache
def whole() -> list[Finding]:
    return findings(list(pack().outlines), None)


@pytest.mark.parametrize("rule", pack().outlines, ids=lambda outline: outline.id)
def test_a_rule_alone_judges_as_among_all(rule: Outline) -> None:
    before = by_key([found for found in whole() if found.rule.id == rule.id])
    after = by_key(findings([rule], wanted_types(pack(), [rule])))

    changed = {key: (was, after.get(key)) for key, was in before.items() if after.get(key) is not was}
    changed |= {key: (None, verdict) for key, verdict in after.items() if key not in before}
    assert {k: v for k, v in changed.items() if Verdict.NOT_APPLICABLE not in v} == {}


class Mirror:
    """The same account with a second region, in which everything has the same names and the opposite settings."""

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """The answer. Raises CallFailed."""
        if place != THERE:
            return account().call(place, service, operation, params)
        if service == "s3":  # a bucket's name is its own in all regions
            return Answer({}, "", "")
        asked = json.loads(json.dumps(params).replace(THERE.region, PLACES[1].region))
        answer = account().call(PLACES[1], service, operation, asked)
        moved = json.loads(json.dumps(answer.value, default=str).replace(PLACES[1].region, THERE.region))
        return Answer(opposite(moved), answer.request_id, answer.time)


THERE = Place(PLACES[1].account, "eu-west-1")
_OPPOSITE = {"ENABLED": "DISABLED", "DISABLED": "ENABLED"}


def opposite(value: Any) -> Any:
    """An answer with its switches turned."""
    if isinstance(value, dict):
        return {name: opposite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [opposite(inner) for inner in value]
    return not value if isinstance(value, bool) else _OPPOSITE.get(value, value)


def test_one_region_is_not_judged_by_another() -> None:
    before = by_key(whole())
    after = by_key(findings(list(pack().outlines), None, Mirror(), (*PLACES, THERE)))

    changed = {key for key, was in before.items() if after.get(key) is not was}
    assert {rule for rule, *_ in changed} <= {"trail-exists"}  # one trail may serve all regions
