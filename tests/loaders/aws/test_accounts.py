"""Several accounts and regions at a time: each judged by itself, each read once, none taken for another."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.loaders.aws.estate import Estate
from tests.loaders.aws.holes import by_key
from tests.loaders.aws.proxy import Fault, Proxy
from tests.loaders.aws.server import ACCOUNT, Moto

from phiward.errors import UsageError
from phiward.model.finding import Report

SERVICES = ("kms", "s3", "rds", "dynamodb", "sqs", "sns", "ec2", "lambda")
OTHER, THIRD = "222233334444", "333344445555"
WEST = "us-west-2"


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/phiward"


@pytest.fixture(autouse=True)
def quick(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def unlike(report: Report, *estates: Estate) -> dict[tuple[str, str], tuple[str, str]]:
    """What was expected of estates and is not so."""
    found = {(rule, address): verdict for (rule, _, address), verdict in by_key(report.findings).items()}
    return {
        key: (verdict, found.get(key, "nothing"))
        for estate in estates
        for key, verdict in estate.expected.items()
        if found.get(key) != verdict
    }


def test_accounts_by_their_roles_and_regions_by_their_names(moto: Moto) -> None:
    estates = [Estate(moto, account=OTHER), Estate(moto, WEST, OTHER), Estate(moto, account=THIRD)]
    for estate, tenant in zip(estates, ("mercy", "stjude", "clinic"), strict=True):
        estate.tenant(tenant)
    live = {"roles": (role(OTHER), role(THIRD)), "regions": ("us-east-1", WEST), "services": SERVICES}
    with Proxy(moto.url) as proxy:
        report = moto.scan(url=proxy.url, live=live)
    assert unlike(report, *estates) == {}
    assert report.roots == (f"aws://{OTHER}", f"aws://{THIRD}")
    scopes = {f.subject.address.split(":")[4] for f in report.findings if f.subject.address.count(":") > 4}
    assert scopes - {""} <= {OTHER, THIRD, "aws"}
    asked = Counter((request.key, request.region, request.name) for request in proxy.seen)
    once = {
        name: number for (_, _, name), number in asked.items() if name.startswith(("kms:list_k", "rds:describe_db_i"))
    }
    assert set(once.values()) == {1}, "a list is asked for once in each account and region"
    assert asked.total() < 900


def test_every_active_account_of_an_organization(moto: Moto) -> None:
    organizations = moto.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = [
        organizations.create_account(Email=f"{name}@ehr.example", AccountName=name)["CreateAccountStatus"]["AccountId"]
        for name in ("records", "closed")
    ]
    organizations.close_account(AccountId=made[1])
    estate = Estate(moto, account=made[0])
    estate.tenant("mercy")
    report = moto.scan(live={"organization": "phiward", "services": SERVICES})
    assert unlike(report, estate) == {}
    assert set(report.roots) == {f"aws://{ACCOUNT}", f"aws://{made[0]}"}


def test_a_role_that_cannot_be_assumed_ends_a_scan_of_nothing_else(moto: Moto) -> None:
    with Proxy(moto.url, [Fault("denied", "sts", "assume_role")]) as proxy, pytest.raises(UsageError) as refused:
        moto.scan(url=proxy.url, live={"roles": (role(OTHER),), "services": ("kms",)})
    assert f"{role(OTHER)} cannot be assumed" in str(refused.value)


def test_an_account_that_cannot_be_reached_is_a_hole_and_no_other_is(moto: Moto) -> None:
    estate = Estate(moto, account=THIRD)
    estate.tenant("clinic")
    with Proxy(moto.url, [Fault("denied", "sts", "assume_role", frozenset({0}))]) as proxy:
        report = moto.scan(url=proxy.url, live={"roles": (role(OTHER), role(THIRD)), "services": SERVICES})
    assert unlike(report, estate) == {}
    assert [(d.code, d.path) for d in report.diagnostics if d.code == "account-unreachable"] == [
        ("account-unreachable", f"aws://{OTHER}")
    ]
    assert report.exit_status == 4


def test_all_regions_are_those_that_are_enabled_and_one_that_is_off_is_no_empty_one(moto: Moto) -> None:
    estate = Estate(moto, "eu-central-1")
    estate.tenant("mercy")
    live = {"regions": ("all",), "services": ("kms", "sqs")}
    with Proxy(moto.url, [Fault("off", region="ap-south-1")]) as proxy:
        report = moto.scan(url=proxy.url, live=live)
    asked = {request.region for request in proxy.seen if request.name == "kms:list_keys"}
    assert {"us-east-1", "eu-central-1", "ap-south-1"} <= asked
    assert not any(region.startswith(("us-gov", "cn-")) for region in asked)
    wrong = unlike(report, estate)
    assert {rule for rule, address in wrong if ":kms:" in address or ":sqs:" in address} == set()
    off = [f for f in report.findings if "ap-south-1" in f.subject.address and f.verdict == "unknown"]
    assert {"key-rotation"} <= {f.rule.id for f in off}
    assert report.exit_status == 4


def test_one_rule_asks_for_what_it_needs(moto: Moto) -> None:
    Estate(moto).tenant("mercy")
    calls = {}
    for rules in ((), ("key-rotation",)):
        with Proxy(moto.url) as proxy:
            moto.scan(url=proxy.url, rules=rules)
        calls[rules] = proxy.calls
    few = calls["key-rotation",]
    assert {name.partition(":")[0] for name in few} <= {"sts", "kms", "iam", "ec2", "s3"}
    assert few.total() * 4 < calls[()].total()
    assert max(calls[()][name] for name in calls[()] if ":list_" in name and "tags" not in name) < 40
