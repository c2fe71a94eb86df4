"""Each line of a collector has two ends, and both are held against their owners' words.

What is read stands in AWS's own service models; where it goes stands in the schema of Terraform's provider. So a
misspelt path cannot read as absent, and an operation that writes, or reads what a service stores, cannot slip in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from tests.conformance.aws_shapes import Walk, operations
from tests.conformance.catalog_paths import LIVE_ONLY, LIVE_TYPES, PROVIDER, argument_paths, has_type, in_provider
from tests.conformance.computed_reads import texts

from phiward.loaders.aws.client import TOKENS
from phiward.loaders.aws.crawl import details
from phiward.loaders.aws.loader import known_types
from phiward.pack import load_pack, pack_directory
from phiward.pack.collectors import camel, load_collectors

PACK = load_pack()
COLLECTORS = load_collectors(pack_directory())
SESSION = botocore.session.Session()
NAMES = sorted(COLLECTORS.by_name)
READS = re.compile(r"(?:describe|get|list|batch_get|search)_\w+")
DATA = re.compile(
    r"get_(?:object|item|parameter|parameters|secret_value|log_events|records|function|query_results|data_point\w*|media"
    r"|clip|document|image_set\w*|dicom\w*|credentials|session_token|federation_token|password_data|console_output"
    r"|recommendation\w*|layer_version|file|blob|authorization_token|cluster_credentials\w*|random_password)\b"
    r"|(?:get|list)_objects\w*|batch_get_item|batch_get_secret_value|get_parameters_by_path|filter_log_events|scan|query"
)
"""Operations that give what a service keeps for its users, or keys to it."""


@pytest.mark.parametrize("name", NAMES)
def test_every_path_stands_in_the_answer(name: str) -> None:
    assert list(Walk(COLLECTORS.by_name[name]).problems()) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_call_writes_or_reads_content(name: str) -> None:
    collector = COLLECTORS.by_name[name]
    called = {step["operation"] for one, step in COLLECTORS.steps() if one is collector}
    prepared = {step["prepared"]["by"] for one, step in COLLECTORS.steps() if one is collector and step["prepared"]}
    assert [operation for operation in sorted(called) if not READS.fullmatch(operation)] == []
    assert prepared <= {"generate_credential_report"}  # IAM makes the report anew, at most every four hours: no setting
    assert [operation for operation in sorted(called) if DATA.fullmatch(operation)] == []
    assert called <= operations(collector["service"]).keys()


@pytest.mark.parametrize("name", NAMES)
def test_reports_call_an_operation_as_its_service_does(name: str) -> None:
    service = COLLECTORS.by_name[name]["service"]
    called = {step["operation"] for one, step in COLLECTORS.steps() if one["service"] == service}
    assert [operations(service)[one].name for one in called] == [camel(service, one) for one in called]


@pytest.mark.parametrize("name", NAMES)
def test_a_resource_waits_for_every_answer_that_it_reads(name: str) -> None:
    """It is read when the calls about its own item are through; those about the items above may still be under way."""
    early = []
    for one, step in COLLECTORS.steps():
        through = {inner["as"] for inner in step["then"]} | {step["as"]}
        read = [(spec, through) for spec in step["resources"]]
        read += [({"params": inner["params"], "when": inner["when"]}, {step["as"]}) for inner in step["then"]]
        if one is COLLECTORS.by_name[name]:
            early += [
                f"{step['operation']}: ${said}" for spec, ready in read for said in details(spec) if said not in ready
            ]
    assert early == []


MORE = re.compile(
    r"(?i)(?:next_?(?:page)?_?(?:token|marker)|marker|position|continuation_?token|is_?truncated|has_?more)"
)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_of_an_answer_is_asked_for(name: str) -> None:
    """By the SDK's paginator, or by a token that the answer and the parameters share."""
    service = COLLECTORS.by_name[name]["service"]
    client = SESSION.create_client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    unfinished = []
    for one, step in COLLECTORS.steps():
        model = operations(one["service"]).get(step["operation"])
        if one["service"] != service or model is None or client.can_paginate(step["operation"]):
            continue
        answer = set(model.output_shape.members if model.output_shape else ())
        asked = set(model.input_shape.members if model.input_shape else ())
        if any(MORE.fullmatch(word) for word in answer) and not any(
            told in answer and wanted in asked for told, wanted in TOKENS
        ):
            unfinished.append(step["operation"])
    assert unfinished == []


def _attributes(spec: Any, at: list[str]) -> Iterator[list[str]]:
    """Every attribute that a resource is given, blocks included."""
    for name, value in spec.items():
        yield [*at, name]
        inner = value[1] if value[0] == "block" else value[2] if value[0] == "each" else {}
        yield from _attributes(inner, [*at, name])


RESOURCES = [
    pytest.param(resource, id=f"{step['operation']} {resource['type']}")
    for _, step in COLLECTORS.steps()
    for resource in step["resources"]
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_attribute_stands_in_its_type(resource: dict[str, Any]) -> None:
    type_ = resource["type"].removeprefix("data.")
    if type_ in LIVE_TYPES:
        assert type_ not in PROVIDER
        return
    assert has_type("terraform", type_), f"{type_}: name it in the catalog and run distil_provider.py"
    # Tags of a type that has none in AWS are those of what it belongs to.
    own = {"id", "arn", "tags", *LIVE_ONLY.get(type_, ())} if resource["type"] == type_ else {"id", "arn", "key_id"}
    wrong = [
        path for path in _attributes(resource["attributes"], []) if path[0] not in own and not in_provider(type_, path)
    ]
    assert wrong == []


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_property_of_the_catalog_is_read_or_named_as_not_shown(resource: dict[str, Any]) -> None:
    """A plain path of a property: what computed properties read is unknown where it is not collected."""
    row = PACK.row(resource["type"])
    if row is None:
        return
    assert set(resource["not_shown"]) <= row.properties.keys()
    missing = []
    for name, spec in row.properties.items():
        if name in resource["not_shown"]:
            continue
        for path in spec.get("paths", ()):
            head = str(path[0])
            if head in resource["apart"]:
                continue
            if not head.startswith("@") and not _reads(
                resource["attributes"], [p for p in path if isinstance(p, str) and p != "[]"]
            ):
                missing.append(f"{name}: {'.'.join(map(str, path))}")
    assert missing == []


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_attribute_that_a_function_reads_is_collected(resource: dict[str, Any]) -> None:
    """One that is not would be unknown: no wrong verdict, and none at all."""
    row = PACK.row(resource["type"])
    if row is None:
        return
    shape = PROVIDER.get(resource["type"], {})
    read = {*resource["attributes"], *resource["apart"], "id", "arn"}
    missing = {}
    for name, spec in row.properties.items():
        if "compute" not in spec or name in resource["not_shown"]:
            continue
        mentioned = {str(path[0]) for path in argument_paths(spec)} | texts(spec["compute"])
        wanted = (mentioned & shape.keys()) - read
        if wanted:
            missing[name] = sorted(wanted)
    assert missing == {}


SIDES = [
    (row, alias, native) for row in PACK.rows() for alias, native, _ in row.satellites if row.dialect == "terraform"
]
"""Side resources with the row that reads them under an alias."""


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_attribute_that_is_read_of_a_side_resource_is_collected(resource: dict[str, Any]) -> None:
    read = {*resource["attributes"], *resource["apart"], "id", "arn"}
    missing = {}
    for row, alias, native in SIDES:
        if native != resource["type"]:
            continue
        for name, spec in row.properties.items():
            paths = [*spec.get("paths", ()), *argument_paths(spec)] if "constant" not in spec else []
            mentioned = {str(path[1]) for path in paths if path[0] == f"@{alias}" and len(path) > 1}
            if "compute" in spec and (said := texts(spec["compute"])) & {alias, f"@{alias}"}:
                mentioned |= said
            wanted = (mentioned & PROVIDER.get(native, {}).keys()) - read
            if wanted:
                missing[f"{row.type} {name}"] = sorted(wanted)
    assert missing == {}


def _reads(attributes: Any, path: list[str]) -> bool:
    value = attributes.get(path[0])
    if value is None:
        return False
    inner = value[1] if value[0] == "block" else value[2] if value[0] == "each" else None
    return inner is None or len(path) == 1 or _reads(inner, path[1:])


def test_every_type_of_the_catalog_is_read_or_said_to_stand_elsewhere() -> None:
    natives = known_types(PACK)
    assert natives - COLLECTORS.types - COLLECTORS.elsewhere - NOT_READ == set()
    assert NOT_READ & (COLLECTORS.types | COLLECTORS.elsewhere) == set()
    assert COLLECTORS.elsewhere & COLLECTORS.types == set()


NOT_READ = frozenset(Path(__file__).with_name("types_not_read.txt").read_text().split())
"""Types that no collector reads: an account's scan calls what rules ask of them unknown."""
