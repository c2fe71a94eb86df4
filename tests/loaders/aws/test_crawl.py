"""What was not read is never taken for absent, whichever way a crawl did not come to it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.aws.calls import Call, Place, Status
from phiward.loaders.aws.client import Answer, CallFailed
from phiward.loaders.aws.crawl import Crawl
from phiward.loaders.aws.inventory import Found, Inventory
from phiward.loaders.aws.inventory_file import write
from phiward.loaders.aws.loader import leave_out, loaded_from, taken_up
from phiward.loaders.aws.resources import load
from phiward.loaders.aws.written import PLACES, collect
from phiward.loaders.loaded import Loaded
from phiward.model.project import Project
from phiward.model.value import Reference, Unknown
from phiward.pack import load_pack, pack_directory
from phiward.pack.collectors import Collectors, collector, load_collectors

HERE, THERE = Place("111122223333", "us-east-1"), Place("111122223333", "eu-west-1")
_MRK = "mrk-" + "0" * 32


class Api:
    """Answers by operation; one that is an error fails."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """The answer. Raises CallFailed."""
        answer = self._answers.get(operation, {})
        if isinstance(answer, str):
            raise CallFailed(answer, 403)
        return Answer(answer, "", "2026-11-26T00:00:00Z")


def crawled(
    steps: list[dict[str, Any]],
    answers: Mapping[str, Any],
    wanted: frozenset[str] | None = None,
    inventory: Inventory | None = None,
) -> Inventory:
    """What a collector of some steps finds."""
    inventory = Inventory() if inventory is None else inventory
    compiled = {"thing": collector({"service": "thing", "steps": steps}, "thing.yaml")}
    with ThreadPoolExecutor(1) as executor:
        Crawl(Api(answers), compiled, inventory, wanted=wanted).run([HERE], executor)
    return inventory


def found(inventory: Inventory) -> dict[str, str]:
    """The type of what is in the graph, and why it is unread, if it is."""
    loaded = Loaded()
    load(inventory, frozenset(), Collectors({}, frozenset()), Project(), loaded)
    return {one.native_type: one.uncounted.reason if one.uncounted else "" for one in loaded.resources}


_TWO_TYPES = [
    {
        "operation": "list_things",
        "items": "Things",
        "resources": [{"type": "aws_thing", "id": "Arn"}],
        "then": [
            {
                "operation": "list_parts",
                "params": {"Thing": "Arn"},
                "items": "Parts",
                "resources": [{"type": "aws_part", "id": "Arn"}],
            }
        ],
    }
]
_OF_BOTH = {"list_things": {"Things": [{"Arn": "arn:thing"}]}, "list_parts": {"Parts": [{"Arn": "arn:part"}]}}


def test_a_type_that_is_not_wanted_is_unread_though_what_it_belongs_to_is_read() -> None:
    inventory = crawled(_TWO_TYPES, _OF_BOTH, frozenset({"aws_thing"}))

    assert found(inventory) == {"aws_thing": "", "aws_part": "aws_part was not asked for in 111122223333/us-east-1"}


def test_what_was_left_out_of_a_step_is_read_when_it_is_taken_up_again() -> None:
    inventory = crawled(_TWO_TYPES, _OF_BOTH, frozenset({"aws_thing"}))
    inventory.reopen()

    assert found(crawled(_TWO_TYPES, _OF_BOTH, inventory=inventory)) == {"aws_thing": "", "aws_part": ""}


def test_what_was_read_before_stays_when_less_is_wanted_than_then() -> None:
    inventory = crawled(_TWO_TYPES, _OF_BOTH)
    inventory.reopen()

    again = crawled(_TWO_TYPES, _OF_BOTH, frozenset({"aws_other"}), inventory)
    assert found(again) == {"aws_thing": "", "aws_part": ""}


def test_a_type_that_two_steps_read_is_read_by_both_again() -> None:
    inventory = Inventory()
    for step in ("one.0", "two.0"):
        inventory.begin(HERE, step, ["aws_thing"])
    inventory.finish(HERE, "one.0")
    inventory.add(Found("aws_thing", "arn:one", HERE, {}, -1))
    inventory.reopen()

    assert (inventory.found, inventory.begun, inventory.finished) == ({}, {}, set())


@pytest.mark.parametrize(("digest", "finished"), [("sha256:1", {(HERE, "one.0")}), ("sha256:2", set())])
def test_what_other_rules_have_read_is_not_finished(digest: str, finished: set[Any], tmp_path: Path) -> None:
    inventory = Inventory()
    inventory.pack = "sha256:1"
    inventory.begin(HERE, "one.0", ["aws_thing"])
    inventory.finish(HERE, "one.0")
    write(inventory, tmp_path / "account.jsonl.gz")

    assert taken_up(tmp_path / "account.jsonl.gz", digest).finished == finished


def test_a_call_that_may_not_have_been_due_makes_nothing_up() -> None:
    guard = {
        "operation": "get_guard",
        "when": {"path": {"parse": "Document", "at": "On"}, "in": [True]},
        "resources": [{"type": "aws_guard", "attributes": {"open": "Open"}}],
    }
    steps = [{"operation": "list_things", "items": "Things", "then": [guard]}]
    inventory = crawled(steps, {"list_things": {"Things": [{"Document": "no JSON"}]}})

    assert [one.unread for one in inventory.found.values()] == [Unknown("it is no JSON that could be read")]


def test_a_key_of_several_regions_is_the_one_of_the_region_where_it_is_named() -> None:
    inventory = Inventory()
    for place in (HERE, THERE):
        arn = f"arn:aws:kms:{place.region}:{place.account}:key/{_MRK}"
        inventory.add(Found("aws_kms_key", arn, place, {"key_id": _MRK}, -1))
        inventory.add(Found("aws_sqs_queue", f"{place.region}:queue", place, {"kms_master_key_id": _MRK}, -1))
    inventory.calls.append(Call(0, HERE, "kms", "list_keys", Status.OK))
    inventory.asked = {"aws_sqs_queue": frozenset({"kms_master_key_id"})}
    loaded = Loaded()
    load(inventory, frozenset(), Collectors({}, frozenset()), Project(), loaded)

    keys = {r.provider: r.attributes.get("kms_master_key_id") for r in loaded.resources if "queue" in r.address}
    assert keys == {
        place.region: Reference(f"arn:aws:kms:{place.region}:{place.account}:key/{_MRK}", ("arn",))
        for place in (HERE, THERE)
    }


def graph_of(inventory: Inventory, *types: str, unknown: frozenset[str] = frozenset()) -> ResourceGraph:
    """The graph of what was found, as if all attributes of some types had been asked for."""
    collectors = load_collectors(pack_directory())
    inventory.asked = {type_: collectors.attributes[type_] for type_ in types}
    loaded = Loaded()
    load(inventory, unknown, collectors, Project(), loaded)
    return ResourceGraph(loaded.resources, load_pack())


def test_an_alarm_of_one_region_stands_for_no_filter_of_another() -> None:
    inventory = Inventory()
    watching = {"metric_name": "root", "alarm_actions": ["arn:topic"]}
    inventory.add(Found("aws_cloudwatch_metric_alarm", "arn:alarm", HERE, watching, -1))
    for place in (HERE, THERE):
        told = {"metric_transformation": [{"name": "root"}]}
        inventory.add(Found("aws_cloudwatch_log_metric_filter", f"arn:{place.region}", place, told, -1))
    graph = graph_of(inventory, "aws_cloudwatch_metric_alarm", "aws_cloudwatch_log_metric_filter")

    acts = {v.resource.provider: v.property("alarm.acts") for v in graph.views if "filter" in v.resource.native_type}
    assert acts == {HERE.region: True, THERE.region: False}


def test_a_setting_of_the_account_that_was_not_read_is_not_off() -> None:
    inventory = Inventory()
    inventory.add(Found("aws_ecr_repository", "arn:repository", HERE, {}, -1))
    setting = frozenset({"aws_ecr_registry_scanning_configuration"})
    graph = graph_of(inventory, "aws_ecr_repository", unknown=setting)

    (repository,) = (v for v in graph.views if v.resource.native_type == "aws_ecr_repository")
    assert isinstance(repository.property("repository.scanned"), Unknown)


def test_what_is_listed_twice_is_read_once_and_finished() -> None:
    described = {
        "operation": "describe_things",
        "as": "thing",
        "params": {"Names": "Name"},
        "batch": {"param": "Names", "size": 10, "key": "Name", "items": "Things"},
    }
    resources = [{"type": "aws_thing", "id": "Name", "attributes": {"open": "$thing.Open"}}]
    steps = [{"operation": "list_things", "items": "Things", "then": [described], "resources": resources}]
    twice = {"Things": [{"Name": "one"}, {"Name": "one"}]}
    inventory = crawled(steps, {"list_things": twice, "describe_things": {"Things": [{"Name": "one", "Open": True}]}})

    assert [(one.address, one.attributes) for one in inventory.found.values()] == [("one", {"open": True})]
    assert inventory.finished == {(HERE, "thing.0")}


def test_of_a_type_that_two_services_show_the_one_that_was_not_asked_is_missing() -> None:
    """A stage names its web ACL itself, and of a load balancer only the web ACL tells."""
    everything = load_collectors(pack_directory())
    balancer = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/web/1"
    answers = {"elbv2": {"describe_load_balancers": {"LoadBalancers": [{
        "LoadBalancerArn": balancer, "LoadBalancerName": "web", "Type": "application", "Scheme": "internet-facing",
    }]}}}  # fmt: skip
    chosen = everything.of(("apigateway", "elbv2"))
    inventory = collect(answers, chosen)
    leave_out(inventory, everything, chosen, PLACES)
    graph = ResourceGraph(loaded_from(inventory, everything, load_pack(), Project()).resources, load_pack())

    (view,) = (v for v in graph.views if v.resource.address == balancer)
    assert isinstance(view.property("access.web_acl"), Unknown)
