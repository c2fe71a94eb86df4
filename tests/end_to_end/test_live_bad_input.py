"""Running accounts by the command line, where something is wrong: one clear line, a fixed status, no secret."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import Outcome, outcome
from tests.loaders.aws.proxy import Fault, Proxy
from tests.loaders.aws.server import ACCOUNT, SECRET, TOKEN, Moto

Run = Callable[..., subprocess.CompletedProcess[str]]
ROLE = "arn:aws:iam::222233334444:role/phiward"


@pytest.fixture
def aws(moto: Moto, phiward: Run) -> Callable[..., Outcome]:
    """`phiward scan --aws` of one service; what it prints holds no secret of the environment's."""

    def run(*options: object, **environment: str) -> Outcome:
        given = {**moto.environment, "AWS_SESSION_TOKEN": TOKEN, "AWS_MAX_ATTEMPTS": "1", **environment}
        arguments = ("scan", "--aws", "--format", "json", "--service", "kms", *options)
        done = phiward(*arguments, **{name: value for name, value in given.items() if value})
        for secret in (SECRET, TOKEN, "hunter2"):
            assert secret not in done.stdout + done.stderr
        return outcome(done)

    return run


@contextmanager
def endpoint(moto: Moto, *faults: Fault) -> Iterator[dict[str, str]]:
    with Proxy(moto.url, faults) as proxy:
        yield {"AWS_ENDPOINT_URL": proxy.url}


def said(run: Outcome, line: str, status: int = 2) -> None:
    """One line, and a hint below it."""
    assert run.status == status
    assert run.stderr.splitlines()[0] == f"phiward: {line}"
    assert len(run.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    "environment,line",
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials were found"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "the credentials are incomplete"),
        ({"AWS_REGION": ""}, "no region is named"),
        ({"AWS_REGION": "mars-1"}, "there is no region 'mars-1'"),
        ({"AWS_PROFILE": "nobody"}, "there is no profile 'nobody'"),
        ({"AWS_MAX_ATTEMPTS": "often"}, "AWS_MAX_ATTEMPTS is no number"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the endpoint cannot be reached"),
        ({"AWS_ENDPOINT_URL": "http://user:hunter2@127.0.0.1:9"}, "the endpoint cannot be reached"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:9"}, "the endpoint is no address of HTTP"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:hunter2"}, "the endpoint is no address of HTTP"),
    ],
    ids=str,
)
def test_an_environment_that_is_wrong(aws: Callable[..., Outcome], environment: dict[str, str], line: str) -> None:
    said(aws(**environment), line)


@pytest.mark.parametrize(
    "options,line",
    [
        (("--profile", "nobody"), "there is no profile 'nobody'"),
        (("--region", "us-east-1", "--region", "nowhere"), "there is no region 'nowhere'"),
        (
            ("--region", "us-east-1", "--region", "cn-north-1"),
            "cn-north-1 is no region of the partition aws, which the credentials are for",
        ),
        (("--role-arn", "phiward"), "'phiward' is not the ARN of a role"),
        (
            ("--role-arn", ROLE, "--role-arn", ROLE + "2"),
            "an account is read by one role, and two of its roles are named",
        ),
        (("--organization", "a role"), "'a role' is not the name of a role"),
        (("--service", "mainframe"), "there is no service 'mainframe'"),
        (("--resume", "nothing.jsonl.gz"), "there is no inventory 'nothing.jsonl.gz'"),
    ],
    ids=str,
)
def test_options_that_are_wrong(aws: Callable[..., Outcome], options: tuple[str, ...], line: str) -> None:
    said(aws(*options), line)


def test_options_of_accounts_need_to_be_asked_for(phiward: Run) -> None:
    said(
        outcome(phiward("scan", ".", "--format", "json", "--region", "us-east-1")),
        "options of a running account need --aws",
    )


@pytest.mark.parametrize(
    "kind,line",
    [
        ("page", "the endpoint does not answer as AWS does"),
        ("page500", "AWS does not say who asks (500)"),
        ("half", "the endpoint does not answer as AWS does"),
        ("empty", "the endpoint does not answer as AWS does"),
        ("closed", "the endpoint closed the connection"),
        ("reset", "the endpoint closed the connection"),
        ("expired", "the credentials are not valid, or have expired"),
        ("off", "the credentials are not valid, or have expired"),
        ("skewed", "the clock of this machine is off"),
        ("denied", "AWS does not say who asks (AccessDenied)"),
    ],
)
def test_nobody_says_who_asks(aws: Callable[..., Outcome], moto: Moto, kind: str, line: str) -> None:
    with endpoint(moto, Fault(kind)) as there:
        said(aws(**there), line)


def test_no_role_can_be_assumed(aws: Callable[..., Outcome], moto: Moto) -> None:
    with endpoint(moto, Fault("denied", "sts", "assume_role")) as there:
        run = aws("--role-arn", ROLE, **there)
    said(run, f"no account could be read: {ROLE} cannot be assumed: AWS does not say who asks (AccessDenied)")


def test_a_role_without_credentials_to_assume_it_by(aws: Callable[..., Outcome]) -> None:
    said(aws("--role-arn", ROLE, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""), "no credentials were found")


def test_one_of_two_roles_cannot_be_assumed(aws: Callable[..., Outcome], moto: Moto) -> None:
    """The other account is judged, and the report says that it is not all."""
    other = "arn:aws:iam::333344445555:role/phiward"
    with endpoint(moto, Fault("denied", "sts", "assume_role", frozenset({0}))) as there:
        run = aws("--role-arn", ROLE, "--role-arn", other, **there)
    assert run.status == 4
    assert [path for code, path, _ in run.holes if code == "account-unreachable"] == ["aws://222233334444"]
    assert run.record["roots"] == ["aws://333344445555"]


def test_an_organization_that_cannot_be_listed(aws: Callable[..., Outcome], moto: Moto) -> None:
    with endpoint(moto, Fault("denied", "organizations")) as there:
        said(
            aws("--organization", "phiward", **there),
            "the accounts of the organization cannot be listed (AccessDenied)",
        )


@pytest.mark.parametrize("kind", ["denied", "page", "empty", "half", "unsupported", "odd"])
def test_which_regions_are_enabled_is_not_known(aws: Callable[..., Outcome], moto: Moto, kind: str) -> None:
    with endpoint(moto, Fault(kind, "ec2", "describe_regions")) as there:
        run = aws("--region", "all", **there)
    assert run.status == 4
    assert "regions-unknown" in {code for code, _, _ in run.holes}


@pytest.mark.parametrize(
    "region,partition", [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("us-east-1", "aws")]
)
def test_addresses_are_of_the_partition(aws: Callable[..., Outcome], moto: Moto, region: str, partition: str) -> None:
    made = moto.client("kms", region).create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)["KeyMetadata"]
    run = aws("--region", region, "--rule", "key-rotation")
    address = f"arn:{partition}:kms:{region}:{ACCOUNT}:key/{made['KeyId']}"
    assert run.verdicts == {address: "fail"}
    assert run.status == 1


def test_a_region_that_is_off_is_not_an_empty_one(aws: Callable[..., Outcome], moto: Moto) -> None:
    """An opt-in region answers as if the keys were wrong."""
    moto.client("kms", "us-east-1").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)
    with endpoint(moto, Fault("off", region="af-south-1")) as there:
        run = aws("--region", "us-east-1", "--region", "af-south-1", "--rule", "key-rotation", **there)
    assert run.status == 4
    assert sorted(run.verdicts.values()) == ["fail", "unknown"]
    assert "af-south-1" in run.message()
    assert "enable the region" in run.stdout


def test_keys_that_expire_on_the_way(aws: Callable[..., Outcome], moto: Moto) -> None:
    for _ in range(3):
        moto.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)
    with endpoint(moto, Fault("expired", after=4)) as there:
        run = aws("--rule", "key-rotation", **there)
    assert run.status == 4
    assert set(run.verdicts.values()) <= {"fail", "unknown"}
    assert "unknown" in run.verdicts.values()
    assert "ExpiredToken" in run.message()


def test_progress_and_every_report_keep_secrets_to_themselves(moto: Moto, phiward: Run, tmp_path: Path) -> None:
    moto.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False, Description="hunter2 of the key")
    given = {**moto.environment, "AWS_SESSION_TOKEN": TOKEN, "AWS_MAX_ATTEMPTS": "1"}
    for name in ("console", "json", "sarif", "junit"):
        kept = tmp_path / "kept.jsonl.gz"
        asked = ("scan", "--aws", "--service", "kms", "--service", "iam", "--verbose", "--save-inventory", kept)
        done = phiward(*asked, "--format", name, **given)
        assert "Traceback" not in done.stderr
        assert done.returncode in (1, 4)
        import gzip

        everything = done.stdout + done.stderr + gzip.decompress(kept.read_bytes()).decode()
        assert SECRET not in everything
        assert TOKEN not in everything
