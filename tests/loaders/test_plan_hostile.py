"""Plans and states of which any part may be anything: read or refused with a word, never an exception."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import TODAY
from tests.planning import planned

from phiward.pipeline import scan
from phiward.reporters.json_report import render
from phiward.settings import Settings

SOURCE = """
module "k" {
  source   = "./m"
  for_each = toset(["a", "b"])
  key      = aws_kms_key.x.arn
}
resource "aws_kms_key" "x" {}
resource "aws_s3_bucket" "b" {
  bucket = "ehr"
  tags   = { tenant = "mercy" }
}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.b.id
  policy = data.aws_iam_policy_document.d.json
}
data "aws_iam_policy_document" "d" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.b.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "s" {
  bucket = aws_s3_bucket.b.id
  rule {
    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.x.arn
    }
  }
}
resource "aws_security_group" "g" {
  ingress {
    from_port   = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = aws_security_group.g.id
}
"""
MODULE = """
variable "key" {}
resource "aws_db_instance" "a" {
  kms_key_id = var.key
}
output "o" {
  value = aws_db_instance.a.arn
}
"""
ANYTHING = [
    None, True, False, 0, -1, 10**30, 1e300, "", "x", "\ud800", "module.[", 'a.b["', [], {}, [[]], [None], {"a": None},
    {"references": 5}, {"references": [5, "var", "module.", "data.", "a..b", "[0]", "each.value"]}, [{"a": 1}], {"": {}},
    "aws_kms_key.x.arn", "true", "arn:aws:kms:::key/x", {"constant_value": []}, {"value": 1, "type": "number"},
]  # fmt: skip


def forms(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan, and states of what it plans."""
    blocks = [
        {
            **{key: entry[key] for key in ("mode", "type", "name")},
            "instances": [
                {"attributes": entry["values"], "sensitive_attributes": [[{"type": "get_attr", "value": "tags"}]]}
            ],
        }
        for entry in plan["planned_values"]["root_module"]["resources"]
    ]
    shown = {"format_version": "1.0", "values": plan["planned_values"]}
    return [plan, shown, {"version": 4, "resources": blocks}]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*at, key))


def disturbed(document: Any, chance: random.Random) -> Any:
    changed = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 2, 4, 8])):
        found = list(places(changed))
        if not found:
            break
        *way, last = chance.choice(found)
        holder = changed
        for key in way:
            holder = holder[key]
        holder[last] = copy.deepcopy(chance.choice(ANYTHING))
    return changed


@pytest.mark.parametrize("seed", range(60))
def test_any_part_may_be_anything(tmp_path: Path, seed: int) -> None:
    source, alone = tmp_path / "source", tmp_path / "alone"
    (source / "m").mkdir(parents=True)
    alone.mkdir()
    (source / "main.tf").write_text(SOURCE)
    (source / "m/main.tf").write_text(MODULE)
    chance = random.Random(seed)
    path = chance.choice([source, alone]) / "plan.json"
    path.write_text(json.dumps(disturbed(chance.choice(forms(planned(source))), chance)))
    report = scan(Settings(paths=(path,), today=TODAY))
    assert report.exit_status in (0, 1, 3, 4)
    assert str(tmp_path) not in render(report)


@pytest.mark.parametrize("depth", [50, 200, 800])
def test_values_that_are_nested_deeply_are_read_or_unknown(tmp_path: Path, depth: int) -> None:
    nested: Any = "end"
    for _ in range(depth):
        nested = {"a": [nested]}
    entry = {"address": "aws_db_instance.a", "type": "aws_db_instance", "name": "a", "values": {"tags": nested}}
    path = tmp_path / "plan.json"
    text = json.dumps({"format_version": "1.0", "planned_values": {"root_module": {"resources": [entry]}}})
    path.write_text(text)
    report = scan(Settings(paths=(path,), today=TODAY, rules=("encryption-at-rest",)))
    assert report.exit_status == (1 if depth < 400 else 4)


def test_modules_that_are_nested_deeply_are_read(tmp_path: Path) -> None:
    entry = {"address": "aws_db_instance.a", "type": "aws_db_instance", "name": "a", "values": {}}
    module: Any = {"resources": [entry]}
    for _ in range(300):
        module = {"child_modules": [module]}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"format_version": "1.0", "planned_values": {"root_module": module}}))
    assert scan(Settings(paths=(path,), today=TODAY, rules=("encryption-at-rest",))).summary.resources == 1
