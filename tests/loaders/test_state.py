"""States, as `terraform show -json` prints them and as `terraform.tfstate` holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import TODAY
from tests.planning import resource

from phiward.loaders.collect import load
from phiward.loaders.tree import Tree
from phiward.model.resource import Resource
from phiward.model.value import Reference, Sensitive
from phiward.pipeline import scan
from phiward.settings import Settings

ARN = "arn:aws:kms:eu-west-1:111122223333:key/12345678-90ab-cdef-1234-567890abcdef"
KEY = {"arn": ARN, "id": ARN.rpartition("/")[2], "key_id": ARN.rpartition("/")[2], "enable_key_rotation": True}


def shown(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What `terraform show -json` prints of a state of the root module."""
    return {"format_version": "1.0", "values": {"root_module": {"resources": list(entries)}}, **more}


def as_file(*entries: dict[str, Any]) -> dict[str, Any]:
    """The same as `terraform.tfstate`, version 4."""
    blocks = []
    for entry in entries:
        module = entry["address"].rpartition(f".{entry['type']}.")[0].removesuffix(".data").removesuffix("data")
        instance = {"attributes": entry["values"], "sensitive_attributes": entry.get("marks", [])}
        if "index" in entry:
            instance["index_key"] = entry["index"]
        kept = {key: entry[key] for key in ("mode", "type", "name")}
        blocks.append({**({"module": module} if module else {}), **kept, "instances": [instance]})
    return {"version": 4, "terraform_version": "1.11.4", "resources": blocks}


def resources(path: Path, content: Any) -> dict[str, Resource]:
    path.write_text(json.dumps(content))
    tree = Tree.around((path,))
    loaded = load((path,), tree, Settings(paths=(path,), today=TODAY), lambda _: None)
    assert not tree.diagnostics
    return {found.address: found for found in loaded.resources}


def verdicts(path: Path, content: Any, rule: str) -> dict[str, str]:
    path.write_text(json.dumps(content))
    report = scan(Settings(paths=(path,), today=TODAY, rules=(rule,)))
    return {f.subject.address: str(f.verdict) for f in report.findings if f.verdict != "not-applicable"}


BOTH = pytest.mark.parametrize("form", [shown, as_file])


@BOTH
def test_addresses_types_and_sources(tmp_path, form):
    entries = [
        resource('module.m["a.b"].aws_s3_bucket.b[0]', {"bucket": "x"}),
        resource('aws_s3_bucket.c["it\\"s"]', {"bucket": "y"}),
        resource("data.aws_region.here", {"name": "eu-west-1"}),
    ]
    found = resources(tmp_path / "terraform.tfstate", form(*entries))
    assert {r.address: r.native_type for r in found.values()} == {
        'module.m["a.b"].aws_s3_bucket.b[0]': "aws_s3_bucket",
        'aws_s3_bucket.c["it\\"s"]': "aws_s3_bucket",
        "data.aws_region.here": "data.aws_region",
    }
    assert {r.source for r in found.values()} == {"terraform-state"}


@BOTH
def test_arns_of_keys_in_the_state_are_references_to_them(tmp_path, form):
    other = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    entries = [
        resource("aws_kms_key.k", KEY),
        resource("aws_db_instance.a", {"storage_encrypted": True, "kms_key_id": ARN}),
        resource("aws_db_instance.b", {"storage_encrypted": True, "kms_key_id": KEY["key_id"]}),
        resource("aws_db_instance.c", {"storage_encrypted": True, "kms_key_id": other}),
        resource("aws_db_instance.d", {"storage_encrypted": True, "kms_key_id": ""}),
    ]
    found = resources(tmp_path / "s.json", form(*entries))
    keys = [found[f"aws_db_instance.{name}"].attributes["kms_key_id"] for name in "abcd"]
    assert [getattr(key, "address", key) for key in keys] == ["aws_kms_key.k", "aws_kms_key.k", other, ""]
    assert found["aws_kms_key.k"].attributes == KEY
    assert verdicts(tmp_path / "s.json", form(*entries), "customer-managed-key") == {
        "aws_db_instance.a": "pass",
        "aws_db_instance.b": "pass",
        "aws_db_instance.c": "pass",
        "aws_db_instance.d": "fail",
    }


@BOTH
def test_an_id_that_two_resources_bear_is_nobodys(tmp_path, form):
    topic = "arn:aws:sns:eu-west-1:111122223333:t"
    entries = [
        resource("aws_sns_topic.t", {"arn": topic, "id": topic}),
        resource("aws_sns_topic_policy.t", {"arn": topic, "id": topic}),
        resource("aws_sns_topic_subscription.t", {"topic_arn": topic}),
    ]
    assert (
        resources(tmp_path / "s.json", form(*entries))["aws_sns_topic_subscription.t"].attributes["topic_arn"] == topic
    )


@BOTH
def test_side_resources_find_their_parent_by_its_id(tmp_path, form):
    group = resource(
        "aws_security_group.g", {"id": "sg-0123456789abcdef0", "arn": "arn:aws:ec2:eu-west-1:1:security-group/sg-0"}
    )
    opened = {"security_group_id": "sg-0123456789abcdef0", "ip_protocol": "tcp", "from_port": 22, "to_port": 22}
    rule = resource("aws_vpc_security_group_ingress_rule.r", {**opened, "cidr_ipv4": "0.0.0.0/0"})
    found = resources(tmp_path / "s.json", form(group, rule))
    assert found["aws_vpc_security_group_ingress_rule.r"].attributes["security_group_id"] == Reference(
        "aws_security_group.g", ("id",)
    )
    assert verdicts(tmp_path / "s.json", form(group, rule), "ingress-sensitive-ports")["aws_security_group.g"] == "fail"


@BOTH
def test_side_resources_find_a_parent_whose_id_others_share(tmp_path, form):
    name = "ehr-mercy"
    entries = [
        resource("aws_s3_bucket.b", {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}"}),
        resource(
            "aws_s3_bucket_versioning.v",
            {"id": name, "bucket": name, "versioning_configuration": [{"status": "Enabled"}]},
        ),
    ]
    assert verdicts(tmp_path / "s.json", form(*entries), "bucket-versioning") == {"aws_s3_bucket.b": "pass"}


def test_secrets_are_marked_in_both_forms(tmp_path):
    entry = resource("aws_db_instance.a", {"password": "hunter2", "list": ["hunter2"], "open": "x"})
    entry["sensitive_values"] = {"password": True, "list": [True]}
    attribute = {"type": "get_attr", "value": "list"}
    index = {"type": "index", "value": {"value": 0, "type": "number"}}
    entry["marks"] = [[{"type": "get_attr", "value": "password"}], [attribute, index]]
    for content in (shown(entry), as_file(entry)):
        attributes = resources(tmp_path / "s.json", content)["aws_db_instance.a"].attributes
        assert isinstance(attributes["password"], Sensitive)
        assert isinstance(attributes["list"][0], Sensitive)
        assert not isinstance(attributes["open"], Sensitive)


def test_values_of_any_type_are_unwrapped_and_deposed_objects_left_out(tmp_path):
    entry = resource("terraform_data.a", {"input": {"value": {"a": "b"}, "type": ["object", {"a": "string"}]}})
    content = as_file(entry)
    instances = content["resources"][0]["instances"]
    instances.append({"deposed": "deadbeef", "attributes": {"input": None}})
    instances[0]["attributes"]["tags"] = {"value": "x", "type": "string"}
    [found] = resources(tmp_path / "s.json", content).values()
    assert found.attributes == {"input": {"a": "b"}, "tags": {"value": "x", "type": "string"}}


@pytest.mark.parametrize("content", [{"format_version": "1.0"}, shown(), as_file()])
def test_an_empty_state_is_read(tmp_path, content):
    assert resources(tmp_path / "s.json", content) == {}


def test_lines_of_the_state_file(tmp_path):
    content = as_file(resource("aws_s3_bucket.a", {}), resource("module.m.aws_s3_bucket.b[0]", {}))
    path = tmp_path / "terraform.tfstate"
    path.write_text(text := json.dumps(content, indent=2))
    tree = Tree.around((path,))
    for found in load((path,), tree, Settings(paths=(path,), today=TODAY), lambda _: None).resources:
        line = text.split("\n")[found.origin.header().span.line - 1]
        assert '"mode": "managed"' in line or '"module": "module.m"' in line
        assert found.origin.locate(("bucket",)) == found.origin.header()


@pytest.mark.parametrize(
    "content, word",
    [
        ({"version": 3, "modules": []}, "version 3"),
        ({**as_file(resource("aws_s3_bucket.a", {})), "version": 5}, "format version 5"),
        ({**shown(resource("aws_s3_bucket.a", {})), "format_version": "2.0"}, "format version 2.0"),
        (shown(resource("aws_s3_bucket.a", {}), {"address": 5}), "1 of the state's resources"),
        (
            {
                "version": 4,
                "resources": [{"type": "x"}, {"type": "a", "name": "b", "instances": [{"attributes_flat": {}}]}],
            },
            "2 of",
        ),
    ],
)
def test_what_cannot_be_read_is_said_and_absence_proves_nothing(tmp_path, content, word):
    path = tmp_path / "s.json"
    path.write_text(json.dumps(content))
    report = scan(Settings(paths=(path,), today=TODAY))
    assert report.exit_status == 4
    [said] = report.diagnostics
    assert word in said.message
    assert (said.path, said.incomplete) == ("s.json", True)
    tree = Tree.around((path,))
    [scope] = load((path,), tree, Settings(paths=(path,), today=TODAY), lambda _: None).scopes
    assert scope.holes
