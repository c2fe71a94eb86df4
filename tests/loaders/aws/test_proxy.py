"""The proxy names each call as the collectors do, and lets it end as it was told to."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape
from tests.conformance.aws_shapes import service
from tests.loaders.aws.proxy import ERRORS, KINDS, Fault, Proxy, operation_of
from tests.loaders.aws.server import ACCOUNT, REGION, Moto

from phiward.loaders.aws.calls import Place, Status, status_of
from phiward.loaders.aws.client import Account, CallFailed, Sessions
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

OPERATIONS = sorted(load_collectors(pack_directory()).operations)
PLACE = Place(ACCOUNT, REGION)


def dummy(shape: Shape) -> Any:
    """A value of a shape, with what is mandatory in it."""
    if isinstance(shape, StructureShape):
        return {name: dummy(shape.members[name]) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [dummy(shape.member)]
    if isinstance(shape, MapShape):
        return {}
    if shape.name.endswith("ARN"):
        return "arn:aws:kinesis:us-east-1:123456789012:stream/vitals"  # the one service whose endpoint an ARN decides
    if shape.type_name in ("integer", "long"):
        return 1
    if shape.type_name == "boolean":
        return True
    return next(iter(getattr(shape, "enum", [])), "123456789012".ljust(shape.metadata.get("min", 0), "0"))


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Clients that are never sent anything."""
    return {}


@pytest.mark.parametrize("name,operation", OPERATIONS, ids=[f"{n}:{o}" for n, o in OPERATIONS])
def test_a_request_is_named_as_its_service_names_it(name: str, operation: str, made: dict[str, Any]) -> None:
    import boto3
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.config import Config

    if name not in made:
        config = Config(s3={"addressing_style": "path"}, inject_host_prefix=False)
        made[name] = boto3.client(
            name, REGION, aws_access_key_id="AKIA0", aws_secret_access_key="s", config=config,
            endpoint_url="http://127.0.0.1:9",
        )  # fmt: skip
    client = made[name]
    sent: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(request)
        raise ConnectionAbortedError

    client.meta.events.register("before-send", keep)
    given = service(name).operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    with pytest.raises(ConnectionAbortedError):
        getattr(client, operation)(**(dummy(given) if given else {}))
    client.meta.events.unregister("before-send", keep)
    request = sent[0]
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
    model, asked = operation_of(request.method or "", request.url, headers, body)
    assert model is not None
    assert (model.service_name, xform_name(asked)) == (name, operation)


@pytest.fixture
def quick(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    """No second try, and little patience."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("phiward.loaders.aws.client._READ_SECONDS", 2)


CALLS = [("kms", "list_keys", {}), ("s3", "list_buckets", {}), ("iam", "list_users", {}), ("ec2", "describe_vpcs", {}),
         ("lambda", "list_functions", {}), ("s3control", "get_public_access_block", {"AccountId": ACCOUNT})]  # fmt: skip


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "slow"])
def test_no_fault_is_read_as_an_answer(kind: str, moto: Moto) -> None:
    """In every protocol: what is no answer of the service is a call that failed."""
    with Proxy(moto.url, [Fault(kind)]) as proxy:
        asking = Account(Sessions("", proxy.url), frozenset((name, operation) for name, operation, _ in CALLS))
        for name, operation, params in CALLS:
            with pytest.raises(CallFailed) as failed:
                asking.call(PLACE, name, operation, params)
            status = status_of(failed.value.code, failed.value.http, absent=False, gone=False)
            assert status not in (Status.OK, Status.ABSENT), (name, failed.value.code)
            if kind in ERRORS and kind not in ("skewed", "internal", "unavailable"):
                assert failed.value.code == ERRORS[kind][1], name
    assert [request.name for request, _ in proxy.struck] == [f"{name}:{operation}" for name, operation, _ in CALLS]


@pytest.mark.usefixtures("quick")
def test_an_answer_that_comes_late_is_an_answer_until_patience_ends(moto: Moto) -> None:
    allowed = frozenset({("kms", "list_keys")})
    with Proxy(moto.url, [Fault("slow")], slow=0.2) as proxy:
        assert Account(Sessions("", proxy.url), allowed).call(PLACE, "kms", "list_keys", {}).value["Keys"] == []
        proxy.slow = 4
        with pytest.raises(CallFailed, match="ReadTimeoutError"):
            Account(Sessions("", proxy.url), allowed).call(PLACE, "kms", "list_keys", {})


def test_what_fails_once_is_asked_again(moto: Moto) -> None:
    for kind in ("throttled", "internal", "reset"):
        with Proxy(moto.url, [Fault(kind, "kms", "list_keys", frozenset({0}))]) as proxy:
            asking = Account(Sessions("", proxy.url), frozenset({("kms", "list_keys")}))
            assert asking.call(PLACE, "kms", "list_keys", {}).value["Keys"] == []
            assert proxy.calls == {"kms:list_keys": 2}
