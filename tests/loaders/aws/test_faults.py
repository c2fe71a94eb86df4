"""Whatever happens to calls on their way: no verdict is made up by it, and none vanishes without a word.

Prowler 5.46, with the eleven actions of `DENIED` denied, turned two FAIL into PASS and eight PASS into FAIL, and 26 of its
checks gave no row at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import pytest
from tests.loaders.aws.estate import Estate
from tests.loaders.aws.holes import by_key, wrong
from tests.loaders.aws.proxy import KINDS, Fault, Proxy
from tests.loaders.aws.server import Moto

from phiward.model.finding import Report, Verdict

SERVICES = (
    "kms", "s3", "s3control", "rds", "dynamodb", "sqs", "sns", "secretsmanager", "lambda", "ec2", "iam", "logs",
    "cloudtrail", "guardduty",
)  # fmt: skip
DENIED = {
    "ec2": ("describe_snapshots",),
    "s3": ("get_bucket_policy", "get_bucket_acl"),
    "kms": ("get_key_rotation_status",),
    "dynamodb": ("describe_table",),
    "sns": ("get_topic_attributes",),
    "iam": ("get_account_password_policy",),
    "rds": ("describe_db_instances",),
    "logs": ("describe_log_groups",),
    "guardduty": ("list_detectors",),
    "cloudtrail": ("describe_trails",),
}


@pytest.fixture(scope="module")
def seeded(moto_server: Moto) -> Estate:
    moto_server.reset()
    estate = Estate(moto_server)
    estate.tenant("mercy")
    return estate


@pytest.fixture
def quick(alone: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    """No second try, and little patience."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("phiward.loaders.aws.client._READ_SECONDS", 20)
    return alone


def look(moto: Moto, faults: Sequence[Fault] = ()) -> tuple[Report, Proxy]:
    with Proxy(moto.url, faults) as proxy:
        return moto.scan(url=proxy.url, live={"services": SERVICES}), proxy


def plan(random: Random, calls: Sequence[str]) -> list[Fault]:
    """Some faults of some operations; now and then all keys expire, or nothing of a service answers."""
    faults = []
    for _ in range(random.randint(1, 6)):
        service, _, operation = random.choice(calls).partition(":")
        when = random.choice((None, None, frozenset({0}), frozenset({1}), frozenset(range(1, 9))))
        faults.append(Fault(random.choice(KINDS), service, operation, when))
    if random.random() < 0.2:
        faults.append(Fault(random.choice(("denied", "off", "page")), random.choice(SERVICES)))
    if random.random() < 0.2:
        faults.append(Fault("expired", after=random.randrange(3, 200)))
    return faults


def problems(moto: Moto, before: Report, calls: Sequence[str], seed: int) -> Iterator[str]:
    faults = plan(Random(f"faults {seed}"), calls)
    after, proxy = look(moto, [f for f in faults if f.service != "sts"])
    struck = [f"{request.name} {kind}" for request, kind in proxy.struck if kind != "slow"]
    for problem in wrong(before.findings, after.findings):
        yield f"seed {seed}: {problem} ({', '.join(struck[:9])})"
    if struck and after.exit_status != 4:
        yield f"seed {seed}: the report is called complete ({', '.join(struck[:9])})"


def check(moto: Moto, seeds: range) -> None:
    before, proxy = look(moto)
    calls = sorted(name for name in proxy.calls if not name.startswith(("sts:", "unknown:")))
    assert {name for name in proxy.calls if name.startswith("unknown:")} == set()
    assert [found for seed in seeds for found in problems(moto, before, calls, seed)] == []


def test_the_estate_is_judged_as_it_was_made(quick: Moto, seeded: Estate) -> None:
    report, _ = look(quick)
    found = {(rule, address): verdict for (rule, _, address), verdict in by_key(report.findings).items()}
    assert {key: found.get(key) for key in seeded.expected} == seeded.expected


@pytest.mark.usefixtures("seeded")
def test_no_fault_on_the_way_decides_anything(quick: Moto) -> None:
    check(quick, range(6))


@pytest.mark.heavy
@pytest.mark.usefixtures("seeded")
def test_none_of_many_faults_decides_anything(quick: Moto) -> None:
    check(quick, range(6, 200))


@pytest.mark.usefixtures("seeded")
def test_what_other_scanners_go_wrong_by_is_unknown(quick: Moto) -> None:
    """0 FAIL -> PASS, 0 PASS -> FAIL, 0 rules that vanish."""
    before, _ = look(quick)
    faults = [Fault("denied", service, operation) for service, named in DENIED.items() for operation in named]
    after, proxy = look(quick, faults)
    assert {request.name for request, _ in proxy.struck} == {f"{fault.service}:{fault.operation}" for fault in faults}
    assert list(wrong(before.findings, after.findings)) == []
    judged = {f.rule.id for f in before.findings if f.verdict is not Verdict.NOT_APPLICABLE}
    assert judged - {f.rule.id for f in after.findings if f.verdict is not Verdict.NOT_APPLICABLE} == set()
    now = {f.rule.id for f in after.findings if f.verdict is Verdict.UNKNOWN}
    assert {"snapshot-not-shared-publicly", "bucket-not-public", "key-rotation", "encryption-at-rest"} <= now
    assert after.exit_status == 4
