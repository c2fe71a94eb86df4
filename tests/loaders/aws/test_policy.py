"""The policies of whoever reads accounts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from click.testing import CliRunner

from phiward.cli.aws import command
from phiward.errors import UsageError
from phiward.loaders.aws.data_reads import DATA_READS
from phiward.loaders.aws.managed import load_managed
from phiward.loaders.aws.policy import INLINE_SIZE, MANAGED_SIZE, Needed, needed, organization, policies, size, trust
from phiward.pack import pack_directory
from phiward.pack.collectors import Collectors, collector, load_collectors

COLLECTORS = load_collectors(pack_directory())


def allowed(documents: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """The actions that documents allow, and on what."""
    found: dict[str, list[str]] = {}
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                listed, on = statement["Action"], statement["Resource"]
                for action in listed if isinstance(listed, list) else [listed]:
                    found[action] = on if isinstance(on, list) else [on]
    return found


def denied(documents: list[dict[str, Any]]) -> list[str]:
    return sorted(a for d in documents for s in d["Statement"] if s["Effect"] == "Deny" for a in s["Action"])


def test_the_whole_policy_allows_what_is_asked_and_nothing_else() -> None:
    asked = {action for _, step in COLLECTORS.steps() for action in step["actions"]}
    found = allowed(policies(needed(COLLECTORS, "aws")))
    assert found.keys() == asked | {"ec2:DescribeRegions"}
    assert {action for action, on in found.items() if on != ["*"]} == {"apigateway:GET", "cassandra:Select"}
    assert found["cassandra:Select"] == ["arn:aws:cassandra:*:*:/keyspace/system*"]
    assert all(arn.startswith("arn:aws:apigateway:") for arn in found["apigateway:GET"])


def test_stored_data_is_denied_in_every_form() -> None:
    audit = load_managed(pack_directory())
    for wanted in (needed(COLLECTORS, "aws"), needed(COLLECTORS, "aws", audit), needed(COLLECTORS.of(("s3",)), "aws")):
        assert denied(policies(wanted)) == sorted(DATA_READS)
        assert denied(policies(wanted, most=MANAGED_SIZE)) == sorted(DATA_READS)


def test_tables_are_denied_but_those_in_which_keyspaces_keeps_its_configuration() -> None:
    for partition in ("aws", "aws-us-gov"):
        document = policies(needed(COLLECTORS, partition))[0]
        (denial,) = [s for s in document["Statement"] if s["Effect"] == "Deny" and "NotResource" in s]
        assert denial["Action"] == ["cassandra:Select"]
        assert denial["NotResource"] == [f"arn:{partition}:cassandra:*:*:/keyspace/system*"]


def test_the_supplement_is_what_security_audit_lacks() -> None:
    audit = load_managed(pack_directory())
    whole, supplement = needed(COLLECTORS, "aws"), needed(COLLECTORS, "aws", audit)
    assert set(supplement.actions) < set(whole.actions)
    assert not any(audit.covers(action, ()) for action in supplement.actions)
    assert supplement.restricted == {
        "apigateway:GET": ("arn:aws:apigateway:*:*:/domainnames/*/basepathmappings",),
        "cassandra:Select": ("arn:aws:cassandra:*:*:/keyspace/system*",),
    }


def test_an_action_that_one_step_asks_for_freely_is_not_restricted() -> None:
    step = {"operation": "get_apis", "action": "apigateway:GET"}
    document = {"service": "apigatewayv2", "steps": [{**step, "arns": ["arn:{partition}:apigateway:*::/apis"]}, step]}
    found = needed(Collectors({"apis": collector(document, "apis")}, frozenset()), "aws")
    assert (found.actions, found.restricted) == (("apigateway:GET", "ec2:DescribeRegions"), {})


MANY = Needed(
    tuple(f"service{n // 20}:DescribeSomethingOfNumber{n}" for n in range(600)), {"apigateway:GET": ("arn:a",)}
)


def test_what_one_document_cannot_hold_is_split() -> None:
    found = policies(MANY)
    assert len(found) > 1
    assert max(map(size, found)) <= MANAGED_SIZE
    assert allowed(found).keys() == {*MANY.actions, "apigateway:GET"}
    assert denied(found) == sorted(DATA_READS)
    assert denied(found[:1]) == denied(found)


def test_what_the_inline_policies_of_a_role_hold_is_split_where_that_is_asked() -> None:
    some = Needed(MANY.actions[:170], {})
    (whole,) = policies(some)
    assert MANAGED_SIZE < size(whole) <= INLINE_SIZE
    parts = policies(some, most=MANAGED_SIZE)
    assert allowed(parts) == allowed([whole])
    assert max(map(size, parts)) <= MANAGED_SIZE


def test_who_assumes_the_role() -> None:
    (statement,) = trust("123456789012", "clinic-7", "aws-us-gov")["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws-us-gov:iam::123456789012:root"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "clinic-7"}}
    (statement,) = trust("arn:aws:iam::123456789012:role/ci/Scanner", "", "aws")["Statement"]
    assert "Condition" not in statement


@pytest.mark.parametrize("principal", ["*", "12345", "arn:aws:iam::123456789012:role/*", "arn:aws:s3:::bucket"])
def test_nobody_else_assumes_it(principal: str) -> None:
    with pytest.raises(UsageError, match="neither an account nor the ARN"):
        trust(principal, "", "aws")


def test_who_goes_through_an_organization_reads_nothing_else() -> None:
    found = allowed([organization("audit/Reader", "aws")])
    assert found == {"organizations:ListAccounts": ["*"], "sts:AssumeRole": ["arn:aws:iam::*:role/audit/Reader"]}
    with pytest.raises(UsageError, match="not the name of a role"):
        organization("Rea*der", "aws")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, ["policy", *arguments], catch_exceptions=False)


def test_the_command_prints_a_document_and_says_where_it_fits() -> None:
    result = run("--service", "kms")
    assert allowed([json.loads(result.stdout)]).keys() == {
        action for one, step in COLLECTORS.steps() if one["service"] == "kms" for action in step["actions"]
    } | {"ec2:DescribeRegions"}
    assert "fits a managed policy (6,144 at most)" in result.stderr


def test_the_command_names_the_policy_that_the_supplement_goes_with() -> None:
    audit = load_managed(pack_directory())
    result = run("--managed", "--partition", "aws-cn")
    assert "arn:aws-cn:iam::aws:policy/SecurityAudit" in result.stderr
    assert f"version {audit.version} of {audit.updated}" in result.stderr
    assert "arn:aws-cn:apigateway" in result.stdout


def test_an_external_id_stands_in_a_trust_policy() -> None:
    with pytest.raises(UsageError, match="--external-id needs --trust"):
        run("--external-id", "x1")
    assert "sts:ExternalId" in run("--trust", "123456789012", "--external-id", "x1").stdout
