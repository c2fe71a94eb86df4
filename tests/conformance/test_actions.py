"""IAM's actions, held against a list of all that there are, and AWS's managed policies against those that moto bundles."""

from __future__ import annotations

import json
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data
from tests.conformance.aws_shapes import operations
from tests.conformance.distil_managed_policies import DISTILLED, allows, bundled, distilled

from phiward.graph.policy import glob_covers
from phiward.loaders.aws.data_reads import DATA_READS, SPARED
from phiward.loaders.aws.managed import load_managed
from phiward.loaders.aws.policy import PREFLIGHT, needed
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

COLLECTORS = load_collectors(pack_directory())
ACTIONS = sorted({action for _, step in COLLECTORS.steps() for action in step["actions"]} | {PREFLIGHT})


def known(action: str) -> dict[str, Any]:
    """What AWS says of an action; nothing where there is none of that name."""
    service, _, name = action.partition(":")
    found = get_action_data(service, name)
    return dict(found[service][0]) if found else {}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_collector_asks_for_an_action_that_reads(action: str) -> None:
    """By its very letters, too, though IAM does not mind them: people look for them."""
    found = known(action)
    assert found.get("action") == action
    assert found["access_level"] in ("List", "Read")


@pytest.mark.parametrize(("pattern", "action"), DATA_READS.items())
def test_what_is_denied_is_there(pattern: str, action: str) -> None:
    assert glob_covers(pattern.lower(), action.lower())
    assert known(action)


def test_the_denial_forbids_nothing_that_a_collector_asks_for() -> None:
    """But on what reads no stored data, and there it is asked for."""
    assert [(p, a) for p in DATA_READS for a in ACTIONS if glob_covers(p.lower(), a.lower())] == [
        (action, action) for action in SPARED
    ]
    asked = {tuple(step["arns"]) for _, step in COLLECTORS.steps() if SPARED.keys() & set(step["actions"])}
    assert asked == {(arn,) for arn in SPARED.values()}


def test_an_api_gateway_is_asked_on_the_paths_that_a_policy_opens() -> None:
    """Its actions are the verbs of HTTP: `apigateway:GET` alone would open API keys and exports too."""
    seen = 0
    for one, step in COLLECTORS.steps():
        if one["prefix"] == "apigateway":
            path = operations(one["service"])[step["operation"]].http["requestUri"].removeprefix("/v2")
            wild = "/".join("*" if part.startswith("{") else part for part in path.split("/"))
            assert [arn.partition(":/")[2] for arn in step["arns"]] == [wild.lstrip("/")]
            seen += 1
    assert seen > 0


def test_security_audit_and_the_supplement_are_enough() -> None:
    """Also with a SecurityAudit that is newer than ours."""
    audit = bundled()["SecurityAudit"]["Document"]
    supplement = needed(COLLECTORS, "aws", load_managed(pack_directory()))
    lacking = [action for action in ACTIONS if not allows(audit, action)]
    assert set(lacking) <= {*supplement.actions, *supplement.restricted}


def test_managed_policies_are_those_of_their_version() -> None:
    policies = bundled()
    ours = json.loads(DISTILLED.read_text())
    if policies["SecurityAudit"]["DefaultVersionId"] != ours["security_audit"]["version"]:
        pytest.skip("moto bundles others: run distil_managed_policies.py")
    assert distilled(policies) == ours
