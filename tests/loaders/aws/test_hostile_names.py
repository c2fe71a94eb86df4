"""Names that people choose in an account: tags and variables may be called anything."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from tests.loaders.aws.answers import misshapen

from phiward.explain import explain
from phiward.loaders.aws.inventory import decode, encode
from phiward.model.value import Unknown
from phiward.settings import Settings

NAMES = ("$owner", "$link", "$since", "$until", "$unknown", "\0owner", "\0unknown", "__class__", "type", "by", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_tag_may_be_called_anything(tmp_path: Path, name: str) -> None:
    """The tenant stays known: a tag that were taken for more than a text could hide whose a bucket is."""
    tags = [{"Key": "tenant", "Value": "mercy"}, {"Key": name, "Value": "arn:aws:s3:::a"}]
    answers = {"s3": {"list_buckets": {"Buckets": [{"Name": "a"}]}, "get_bucket_tagging": {"TagSet": tags}}}
    assert misshapen(answers) == []
    path = tmp_path / "account.aws.json"
    path.write_text(json.dumps(answers))
    (found,) = explain("arn:aws:s3:::a", Settings(paths=(path,), today=date(2026, 11, 26)))
    assert found.tenant.startswith("mercy")


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name])
def test_an_inventory_keeps_it_as_it_is(name: str) -> None:
    value = {"tags": {name: "x", "tenant": Unknown("it was denied", "allow it")}}
    assert decode(encode(value)) == value
