"""Plans as they are printed and as they should not be: what is read of them, and what is never concluded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import TODAY
from tests.planning import change, configured, constant, plan, refers, resource

from phiward.loaders.collect import load
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.finding import Report
from phiward.model.resource import Resource
from phiward.model.value import Partial, Reference, Sensitive, Unknown
from phiward.pipeline import scan
from phiward.settings import Settings

KEY = ("aws_kms_key.x", {"enable_key_rotation": constant(value=True)})
UNKNOWN_KEY = {"id": True, "arn": True}


def read(path: Path, content: Any) -> tuple[Loaded, Tree]:
    """What is loaded of a document, and the tree with its diagnostics."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    tree = Tree.around((path,))
    return load((path,), tree, Settings(paths=(path,), today=TODAY), lambda _: None), tree


def resources(path: Path, content: Any) -> dict[str, Resource]:
    return {found.address: found for found in read(path, content)[0].resources}


def judged(path: Path, content: Any, *rules: str) -> Report:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return scan(Settings(paths=(path,), today=TODAY, rules=rules))


def verdicts(report: Report) -> dict[str, str]:
    return {f.subject.address: str(f.verdict) for f in report.findings if f.verdict != "not-applicable"}


def store(unknown: Any = None, **values: Any) -> tuple[dict[str, Any], Any]:
    return resource("aws_db_instance.a", {"engine": "postgres", "storage_encrypted": True, **values}), unknown or {}


# -- A5: unknown is neither pass nor fail


def test_a5_what_is_known_after_apply_is_unknown(tmp_path):
    report = judged(tmp_path / "plan.json", plan([store({"storage_encrypted": True})]), "encryption-at-rest")
    assert verdicts(report) == {"aws_db_instance.a": "unknown"}
    assert "known only after apply" in report.findings[0].message


@pytest.mark.parametrize("written, expected", [(True, "pass"), (False, "fail"), (None, "fail")])
def test_what_is_known_is_judged_and_null_is_absent(tmp_path, written, expected):
    report = judged(tmp_path / "plan.json", plan([store(storage_encrypted=written)]), "encryption-at-rest")
    assert verdicts(report) == {"aws_db_instance.a": expected}


def test_an_unknown_variable_of_the_configuration_stays_unknown(tmp_path):
    shown = configured(("aws_db_instance.a", {"storage_encrypted": refers("data.x.y.on", "data.x.y")}))
    content = plan([store({"storage_encrypted": True})], configuration=shown)
    assert verdicts(judged(tmp_path / "plan.json", content, "encryption-at-rest")) == {"aws_db_instance.a": "unknown"}


def test_what_the_configuration_does_not_write_is_absent(tmp_path):
    entry, _ = store()
    shown = configured(("aws_db_instance.a", {"engine": constant("postgres")}))
    content = plan([(entry, {"kms_key_id": True, "id": True})], configuration=shown)
    assert "kms_key_id" not in resources(tmp_path / "plan.json", content)["aws_db_instance.a"].attributes
    assert verdicts(judged(tmp_path / "plan.json", content, "customer-managed-key")) == {"aws_db_instance.a": "fail"}


def test_a_collection_that_is_unknown_may_be_a_dynamic_block(tmp_path):
    entry = resource("aws_security_group.a", {}, sensitive_values={"ingress": []})
    shown = configured(("aws_security_group.a", {"name": constant("a")}))
    content = plan([(entry, {"ingress": True})], configuration=shown)
    [found] = resources(tmp_path / "plan.json", content).values()
    assert isinstance(found.attributes["ingress"], Unknown)
    (tmp_path / "main.tf").write_text('resource "aws_security_group" "a" {\n  name = "a"\n}\n')
    [found] = resources(tmp_path / "plan.json", content).values()
    assert "ingress" not in found.attributes


def test_inside_of_a_block_too_a_collection_may_be_dynamic_and_a_scalar_is_absent(tmp_path):
    entry = resource(
        "aws_backup_plan.a", {"rule": [{"rule_name": "a"}]}, sensitive_values={"rule": [{"copy_action": []}]}
    )
    shown = configured(("aws_backup_plan.a", {"rule": [{"rule_name": constant("a")}]}))
    content = plan([(entry, {"rule": [{"copy_action": True, "recovery_point_tags": True}]})], configuration=shown)
    [rule] = resources(tmp_path / "plan.json", content)["aws_backup_plan.a"].attributes["rule"]
    assert isinstance(rule["copy_action"], Unknown)
    assert "recovery_point_tags" not in rule


def test_a_list_that_is_made_of_one_attribute_is_no_reference_to_it(tmp_path):
    entry = resource("aws_iam_role.a", {}, sensitive_values={"managed_policy_arns": []})
    side = (resource("aws_iam_policy.p", {}), {"arn": True})
    expressions = {"managed_policy_arns": refers("aws_iam_policy.p.arn", "aws_iam_policy.p")}
    shown = configured(("aws_iam_role.a", expressions), ("aws_iam_policy.p", {"name": constant("p")}))
    content = plan([(entry, {"managed_policy_arns": True}), side], configuration=shown)
    found = resources(tmp_path / "plan.json", content)["aws_iam_role.a"].attributes["managed_policy_arns"]
    assert isinstance(found, Unknown)


# -- A27: references in the configuration


def key_plan(expression: dict[str, Any], *more: tuple[dict[str, Any], Any], **parts: Any) -> dict[str, Any]:
    entries = [
        (resource("aws_kms_key.x", {"enable_key_rotation": True}), UNKNOWN_KEY),
        store({"kms_key_id": True}),
        *more,
    ]
    shown = parts.pop("configuration", None) or configured(KEY, ("aws_db_instance.a", {"kms_key_id": expression}))
    return plan(entries, configuration=shown, **parts)


def key_of(path: Path, content: Any, address: str = "aws_db_instance.a") -> Any:
    return resources(path, content)[address].attributes.get("kms_key_id")


def test_a27_a_key_that_the_configuration_shows(tmp_path):
    content = key_plan(refers("aws_kms_key.x.arn", "aws_kms_key.x"))
    assert key_of(tmp_path / "plan.json", content) == Reference("aws_kms_key.x", ("arn",))
    assert verdicts(judged(tmp_path / "plan.json", content, "customer-managed-key")) == {"aws_db_instance.a": "pass"}


@pytest.mark.parametrize(
    "names",
    [
        ("var.given", "aws_kms_key.x.arn", "aws_kms_key.x"),
        ("aws_kms_key.x.enable_key_rotation", "aws_kms_key.x", "aws_kms_key.x.arn", "aws_kms_key.x"),
        ("each.key", "aws_kms_key.x.arn", "aws_kms_key.x", "path.module"),
    ],
)
def test_what_is_known_beside_it_does_not_make_the_value_unknown(tmp_path, names):
    assert key_of(tmp_path / "plan.json", key_plan(refers(*names))) == Reference("aws_kms_key.x", ("arn",))


@pytest.mark.parametrize(
    "names",
    [
        ("local.key",),
        ("each.value",),
        ("aws_kms_key.x.arn", "aws_kms_key.x", "local.key"),
        ("aws_kms_key.x.arn", "aws_kms_key.x", "aws_kms_key.x.id", "aws_kms_key.x"),
        ("aws_kms_key.gone.arn", "aws_kms_key.gone"),
        ("module.nowhere.arn", "module.nowhere"),
        ("var.key",),
        (),
    ],
)
def test_what_the_configuration_leaves_open_is_unknown_and_says_what_it_is_made_of(tmp_path, names):
    value = key_of(tmp_path / "plan.json", key_plan(refers(*names)))
    assert isinstance(value, Unknown)
    assert not names or names[0] in value.hint


def test_a_policy_made_of_an_arn_is_no_reference_to_it(tmp_path):
    bucket = (resource("aws_s3_bucket.b", {"bucket": "b"}), UNKNOWN_KEY)
    policy = (resource("aws_s3_bucket_policy.p", {}), {"bucket": True, "policy": True})
    shown = configured(
        ("aws_s3_bucket.b", {"bucket": constant("b")}),
        (
            "aws_s3_bucket_policy.p",
            {
                "bucket": refers("aws_s3_bucket.b.id", "aws_s3_bucket.b"),
                "policy": refers("aws_s3_bucket.b.arn", "aws_s3_bucket.b"),
            },
        ),
    )
    found = resources(tmp_path / "plan.json", plan([bucket, policy], configuration=shown))["aws_s3_bucket_policy.p"]
    assert found.attributes["bucket"] == Reference("aws_s3_bucket.b", ("id",))
    assert isinstance(found.attributes["policy"], Unknown)


def test_satellites_attach_by_a_bucket_that_is_unknown(tmp_path):
    bucket = (resource("aws_s3_bucket.b", {}, sensitive_values={"versioning": []}), {"id": True, "versioning": True})
    versions = {"versioning_configuration": [{"status": "Enabled"}]}
    side = (resource("aws_s3_bucket_versioning.v", versions), {"bucket": True})
    shown = configured(
        ("aws_s3_bucket.b", {"force_destroy": constant(value=False)}),
        ("aws_s3_bucket_versioning.v", {"bucket": refers("aws_s3_bucket.b.id", "aws_s3_bucket.b")}),
    )
    report = judged(tmp_path / "plan.json", plan([bucket, side], configuration=shown), "bucket-versioning")
    assert verdicts(report) == {"aws_s3_bucket.b": "pass"}


def test_a_name_that_the_configuration_takes_from_a_resource_is_a_reference_to_it(tmp_path):
    group = (resource("aws_db_parameter_group.g", {"name": "forced"}), {})
    shown = configured(
        ("aws_db_parameter_group.g", {"name": constant("forced")}),
        (
            "aws_db_instance.a",
            {"parameter_group_name": refers("aws_db_parameter_group.g.name", "aws_db_parameter_group.g")},
        ),
    )
    content = plan([group, store(parameter_group_name="forced")], configuration=shown)
    found = resources(tmp_path / "plan.json", content)["aws_db_instance.a"]
    assert found.attributes["parameter_group_name"] == Reference("aws_db_parameter_group.g", ("name",))


# -- modules and instance keys


def tenants(given: dict[str, Any], *, owner: str = "mercy") -> dict[str, Any]:
    """Two tenants: `module.keys[t]` makes a key for each, `module.store[t]` a database that is given one."""
    children, changes = [], []
    for tenant in ("lakeside", "mercy"):
        holder = owner if tenant == "mercy" else tenant
        key = resource(f'module.keys["{holder}"].aws_kms_key.this', {})
        database = resource(f'module.store["{tenant}"].aws_db_instance.a', {"engine": "postgres"})
        children.append({"address": f'module.keys["{holder}"]', "resources": [key]})
        children.append({"address": f'module.store["{tenant}"]', "resources": [database]})
        changes += [change(key, UNKNOWN_KEY), change(database, {"kms_key_id": True})]
    keys = {"mode": "managed", "type": "aws_kms_key", "name": "this", "address": "aws_kms_key.this"}
    database = {
        "mode": "managed",
        "type": "aws_db_instance",
        "name": "a",
        "expressions": {"kms_key_id": refers("var.key")},
    }
    output = {"expression": refers("aws_kms_key.this.arn", "aws_kms_key.this")}
    calls = {
        "keys": {
            "source": "./keys",
            "for_each_expression": refers("var.tenants"),
            "module": {"resources": [keys], "outputs": {"arn": output}},
        },
        "store": {
            "source": "./store",
            "for_each_expression": refers("var.tenants"),
            "expressions": {"key": given},
            "module": {"resources": [database], "variables": {"key": {}}},
        },
    }
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": children}},
        "resource_changes": changes,
        "configuration": {"root_module": {"module_calls": calls}},
    }


DYNAMIC = refers("module.keys", "each.key")


def keys_of(path: Path, content: Any) -> dict[str, Any]:
    found = resources(path, content)
    return {t: found[f'module.store["{t}"].aws_db_instance.a'].attributes["kms_key_id"] for t in ("mercy", "lakeside")}


def test_a_key_through_variables_outputs_and_instance_keys(tmp_path):
    for tenant, key in keys_of(tmp_path / "plan.json", tenants(DYNAMIC)).items():
        assert key == Reference(f'module.keys["{tenant}"].aws_kms_key.this', ("arn",))


def test_a_constant_instance_key_is_taken_as_it_is_written(tmp_path):
    given = refers('module.keys["mercy"].arn', 'module.keys["mercy"]', "module.keys")
    mercy = Reference('module.keys["mercy"].aws_kms_key.this', ("arn",))
    assert set(keys_of(tmp_path / "plan.json", tenants(given)).values()) == {mercy}


def test_a_part_of_the_instances_may_name_another_by_its_key(tmp_path):
    """`X["${each.key}-logs"]` is shown as `X[each.key]` is."""
    content = tenants(DYNAMIC)
    logs = resource('module.keys["mercy-logs"].aws_kms_key.this', {})
    content["planned_values"]["root_module"]["child_modules"].append({"resources": [logs]})
    for key in keys_of(tmp_path / "plan.json", content).values():
        assert isinstance(key, Unknown)


@pytest.mark.parametrize(
    "given, owner",
    [
        (DYNAMIC, "saint-mercy"),
        (refers("module.keys", "module.keys", "each.key"), "mercy"),
        (refers("module.keys", "each.key", "each.key"), "mercy"),
        (refers("module.keys"), "mercy"),
        (refers("module.keys", "local.owner"), "mercy"),
    ],
)
def test_an_instance_key_is_not_guessed(tmp_path, given, owner):
    for key in keys_of(tmp_path / "plan.json", tenants(given, owner=owner)).values():
        assert isinstance(key, Unknown)


@pytest.mark.parametrize("module", ["module.m.o", "module.m.b"])
def test_outputs_and_variables_in_circles_end(tmp_path, module):
    content = key_plan(refers(module, "module.m"))
    twice = {"expression": refers("module.n.o", "module.n", "module.n.b", "module.n")}
    inner: dict[str, Any] = {"outputs": {"o": twice, "b": {"expression": refers("var.v")}}, "variables": {"v": {}}}
    for _ in range(60):
        call = {"module": inner, "expressions": {"v": refers("module.n.o", "module.n", "module.n.b", "module.n")}}
        inner = {**inner, "module_calls": {"n": call}}
    content["configuration"]["root_module"]["module_calls"] = {"m": {"module": inner}}
    assert isinstance(key_of(tmp_path / "plan.json", content), Unknown)


# -- what goes away, secrets


def test_what_is_destroyed_is_not_judged_and_what_is_replaced_is_judged_once(tmp_path):
    kept, _ = store(storage_encrypted=True)
    gone = resource("aws_db_instance.gone", {"storage_encrypted": False})
    content = plan([])
    content["planned_values"]["root_module"]["resources"] = [kept]
    content["resource_changes"] = [
        change(kept, {"id": True}, ("delete", "create")),
        change(gone, None, ("delete",)),
        {**change(kept, None, ("delete",)), "deposed": "deadbeef"},
    ]
    report = judged(tmp_path / "plan.json", content, "encryption-at-rest")
    assert verdicts(report) == {"aws_db_instance.a": "pass"}
    [note] = [d for d in report.diagnostics if d.code == "destroyed"]
    assert (note.level, note.incomplete) == ("note", False)
    assert "destroys 1 resource, not judged and replaces 1 resource" in note.message
    assert report.exit_status == 0


def test_sensitive_values_are_marked_wherever_they_stand(tmp_path):
    entry, _ = store(password="hunter2", nested={"a": ["hunter2", "open"]}, all=["hunter2"])
    entry["sensitive_values"] = {"password": True, "nested": {"a": [True]}, "all": True}
    attributes = resources(tmp_path / "plan.json", plan([(entry, {"nested": {"a": [False, False, True]}})]))[
        "aws_db_instance.a"
    ].attributes
    assert isinstance(attributes["password"], Sensitive)
    first, second, third = attributes["nested"]["a"]
    assert isinstance(first, Sensitive)
    assert not isinstance(second, Sensitive)
    assert isinstance(third, Unknown)
    assert isinstance(attributes["all"][0], Sensitive)


def test_data_sources_are_found_by_references_and_policy_documents_are_computed(tmp_path):
    statement = {
        "actions": ["s3:*"],
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "resources": None,
        "effect": None,
    }
    document = resource("data.aws_iam_policy_document.d", {"statement": [statement]})
    policy = resource("aws_s3_bucket_policy.p", {"bucket": "b"})
    shown = configured(
        (
            "aws_s3_bucket_policy.p",
            {"policy": refers("data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d")},
        ),
        ("data.aws_iam_policy_document.d", {"statement": [{"actions": constant(["s3:*"])}]}),
    )
    bucket = (resource("aws_s3_bucket.b", {"bucket": "b"}), {"id": True})
    unknown = {"json": True, "statement": [{"resources": True}]}
    content = plan([bucket, (document, unknown), (policy, {"policy": True})], configuration=shown)
    found = resources(tmp_path / "plan.json", content)
    assert found["data.aws_iam_policy_document.d"].native_type == "data.aws_iam_policy_document"
    assert isinstance(found["data.aws_iam_policy_document.d"].attributes["json"], Partial)
    assert verdicts(judged(tmp_path / "plan.json", content, "bucket-not-public")) == {"aws_s3_bucket.b": "fail"}


def test_data_sources_of_the_prior_state_and_a_plan_of_changes_only(tmp_path):
    data = resource("data.aws_kms_alias.a", {"name": "alias/aws/rds", "arn": "arn:aws:kms:eu-west-1:1:alias/aws/rds"})
    entry, _ = store(storage_encrypted=True)
    content = {
        "format_version": "1.0",
        "resource_changes": [change(entry, {"storage_encrypted": False})],
        "prior_state": {"values": {"root_module": {"resources": [data, resource("aws_sns_topic.old", {})]}}},
    }
    assert resources(tmp_path / "plan.json", content).keys() == {"aws_db_instance.a", "data.aws_kms_alias.a"}
