"""AWS over a real socket: moto's server on loopback, in a process of its own that ends with the tests.

    def test_a_queue(moto):                       # emptied before each test
        moto.client("sqs").create_queue(QueueName="intake")
        report = moto.scan(rules=("queue-encryption",))

Nothing here can reach AWS: keys are made up, no file of the user's is read, and a socket to anywhere else is refused.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.conftest import TODAY

from phiward.model.finding import Report
from phiward.pipeline import scan
from phiward.settings import LiveSettings, Settings

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY_ID, SECRET, TOKEN = (
    "AKIAPHIWARDTESTS0001",
    "secret/of+the/tests/never+to/be+printed1",
    "token-of-the-tests//never==",
)
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
VOID = os.devnull
_START_SECONDS = 120


def credentials(key_id: str = KEY_ID, secret: str = SECRET) -> dict[str, str]:
    """The environment of a process that has keys, and nothing else that the SDK could find."""
    return {
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": VOID,
        "AWS_SHARED_CREDENTIALS_FILE": VOID,
    }


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine by its loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class OtherMachineError(BaseException):
    """A connection to another machine was tried: nothing that catches failures of a call may catch it."""


@pytest.fixture
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket of this process connects to this machine, or to nothing."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ip_address(str(address[0])).is_loopback:
            raise OtherMachineError(f"a connection to {address[0]} was tried")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@dataclass(frozen=True)
class Moto:
    """A server. `client` is boto3's, to make an estate with; `scan` looks at it as the command line does."""

    url: str
    region: str = REGION
    clients: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert is_loopback(self.url), f"{self.url} is not on this machine"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs that is to read this server: `phiward("scan", "--aws", **moto.environment)`."""
        return {**credentials(), "AWS_ENDPOINT_URL": self.url, "AWS_REGION": self.region}

    def client(self, service: str, region: str = "", keys: Mapping[str, str] | None = None) -> Any:
        """boto3's client; `keys` are the `Credentials` of an answer of `assume_role`."""
        keys = keys or {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "SessionToken": ""}
        key = service, region or self.region, keys["AccessKeyId"]
        if key not in self.clients:
            import boto3
            from botocore.config import Config

            self.clients[key] = boto3.client(
                service,
                region_name=key[1],
                endpoint_url=self.url,
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"] or None,
                config=Config(
                    retries={"total_max_attempts": 1}, endpoint_discovery_enabled=False, s3={"addressing_style": "path"}
                ),
            )
            if service == "s3control":
                from phiward.loaders.aws.client import _same_host

                self.clients[key].meta.events.register("before-sign.s3-control", _same_host(self.url))
        return self.clients[key]

    def account(self, account: str, role: str = "phiward") -> Mapping[str, str]:
        """Keys of another account, made by assuming a role there."""
        arn = f"arn:aws:iam::{account}:role/{role}"
        answer = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")
        return answer["Credentials"]  # type: ignore[no-any-return]

    def scan(self, *, live: Mapping[str, Any] | None = None, url: str = "", **settings: Any) -> Report:
        """A report of what runs there: `live` for LiveSettings, anything else for Settings."""
        settings.setdefault("paths", ())
        given = LiveSettings(**{"regions": (self.region,), "endpoint_url": url or self.url, **(live or {})})
        return scan(Settings(today=TODAY, live=given, **settings))

    def reset(self) -> None:
        """Empty every account, and let every call through."""
        self.enforce(on=False)
        self._post("reset")

    def enforce(self, *, on: bool) -> None:
        """Whether policies of IAM are held to. Not all services of moto do; see those that a test names."""
        self._post("reset-auth", b"0" if on else b"inf")

    def _post(self, name: str, body: bytes = b"") -> None:
        request = urllib.request.Request(
            f"{self.url}/moto-api/{name}", data=body, method="POST", headers={"Content-Type": "text/plain"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


@cache
def missing() -> str:
    """Why no server can be started; empty where one can."""
    absent = [name for name in ("moto", "flask", "werkzeug", "boto3") if find_spec(name) is None]
    return f"{', '.join(absent)} not installed (pip install 'phiward[test]')" if absent else ""


@contextmanager
def started() -> Iterator[Moto]:
    """A server in a process of its own, for as long as it is asked for."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "VIRTUAL_ENV", "PYTHONPATH")}
    process = subprocess.Popen(
        [sys.executable, str(HERE / "moto_process.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**kept, **credentials(), "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"moto did not start: exit status {process.wait(_START_SECONDS)}"
        yield Moto(f"http://127.0.0.1:{port}")
    finally:
        process.stdin.close()
        process.wait(_START_SECONDS)
        process.stdout.close()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    """One server for all tests of a process; started by the first one that asks for it."""
    if problem := missing():
        pytest.skip(f"NOT PROVEN: {problem}, so no account was read over a socket")
    with started() as server:
        yield server


@pytest.fixture
def alone(moto_server: Moto, monkeypatch: pytest.MonkeyPatch, only_loopback: None) -> Moto:
    """The server as it is, with an environment in which the SDK finds it and the keys for it, and nothing else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    return moto_server


@pytest.fixture
def moto(alone: Moto) -> Moto:
    """The server, empty."""
    alone.reset()
    return alone
