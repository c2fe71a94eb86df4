"""Directory buckets: listed by an endpoint of their own, which most regions do not have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import judged, misshapen
from tests.loaders.aws.server import Moto

from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Answer, CallFailed
from phiward.loaders.aws.crawl import Crawl
from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.written import ACCOUNT
from phiward.model.finding import Verdict
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

NAME = "charts--use1-az4--x-s3"
ARN = f"arn:aws:s3express:us-east-1:{ACCOUNT}:bucket/{NAME}"
KEY = "arn:aws:kms:us-east-1:999988887777:key/a7ade89b-9fd1-4733-a6d1-4351727b270e"


def encrypted(algorithm: str, **more: str) -> dict[str, Any]:
    default = {"SSEAlgorithm": algorithm, **more}
    return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}}


@pytest.mark.parametrize(
    ("encryption", "verdict"),
    [
        (encrypted("aws:kms", KMSMasterKeyID=KEY), Verdict.PASS),
        (encrypted("AES256"), Verdict.FAIL),
        ({"error": "AccessDenied", "http": 403}, Verdict.UNKNOWN),
    ],
)
def test_its_key_is_judged(tmp_path: Path, encryption: dict[str, Any], verdict: Verdict) -> None:
    answers = {"s3": {"list_directory_buckets": {"Buckets": [{"Name": NAME}]}, "get_bucket_encryption": encryption}}
    assert misshapen(answers) == []
    found = judged(answers, tmp_path)
    assert found[ARN]["encryption-at-rest"] is Verdict.PASS
    # Its tags are not read, so that it is not known whether it holds PHI: nothing passes or fails for the wrong class.
    assert found[ARN]["customer-managed-key"] in (verdict, Verdict.UNKNOWN)


class Unreached:
    """Nobody answers for directory buckets; everything else is empty."""

    def call(self, place: Place, service: str, operation: str, params: Any) -> Answer:
        if operation == "list_directory_buckets":
            raise CallFailed("EndpointConnectionError", 0)
        return Answer({}, "", "2026-11-26T00:00:00Z")


@pytest.mark.parametrize(("region", "unread"), [("sa-east-1", False), ("us-east-1", True)])
def test_silence_means_none_only_where_aws_does_not_offer_it(region: str, unread: bool) -> None:
    collectors = load_collectors(pack_directory()).of(("s3",))
    inventory = Inventory()
    with ThreadPoolExecutor(1) as executor:
        Crawl(Unreached(), collectors.by_name, inventory).run([Place(ACCOUNT, region)], executor)
    assert ("aws_s3_directory_bucket" in {one.type for one in inventory.found.values()}) is unread


def test_a_server_that_lists_every_bucket_makes_no_directory_bucket(moto: Moto) -> None:
    moto.client("s3").create_bucket(Bucket="plain")
    report = moto.scan(rules=("bucket-versioning", "encryption-at-rest"), live={"services": ("s3",)})
    addresses = {finding.subject.address for finding in report.findings}
    assert "arn:aws:s3:::plain" in addresses
    assert not [address for address in addresses if address.endswith("bucket/plain")]
