"""Values that the source decides in roundabout ways, and those that it does not decide at all."""

from __future__ import annotations

import json
from time import process_time

import pytest
from harness import RULE

STORE = 'resource "aws_db_instance" "a" {{\n  storage_encrypted = {}\n}}\n'
PORTS = ("--rule", "ingress-sensitive-ports")


def test_a4_a_variable_without_a_value_is_unknown_and_named(scan):
    done = scan({"main.tf": STORE.format("var.unk"), "variables.tf": 'variable "unk" {}\n'})
    assert done.status == 0
    assert done.verdicts == {"aws_db_instance.a": "unknown"}
    [finding] = done.record["findings"]
    assert "variable unk has no value" in finding["message"]
    assert finding["location"]["line"] == 2
    [evidence] = finding["evidence"]
    assert "--var unk=" in json.dumps(evidence["observed"])
    assert done.record["summary"]["unknown"] == 1


def test_a4_the_gate_may_demand_an_answer_and_the_flag_gives_it(scan):
    files = {"main.tf": STORE.format("var.unk"), "variables.tf": 'variable "unk" {}\n'}
    assert scan(files, "--unknown", "fail").status == 4
    assert scan(None, "--unknown", "fail", "--var", "unk=true").status == 0
    assert scan(None, "--unknown", "fail", TF_VAR_unk="false").status == 1


def test_a9_each_instance_has_its_own_verdict_and_key(scan):
    text = (
        'resource "aws_db_instance" "a" {\n  for_each = {\n    "left" = true\n    "right \\"x\\"" = false\n  }\n'
        "  storage_encrypted = each.value\n}\n"
    )
    done = scan({"main.tf": text})
    assert done.status == 1
    assert done.verdicts == {'aws_db_instance.a["left"]': "pass", 'aws_db_instance.a["right \\"x\\""]': "fail"}


@pytest.mark.parametrize("given, number", [((), 0), (("--var", "enabled=true"), 1)], ids=["default", "given"])
def test_a10_a_count_of_zero_is_no_resource(scan, given, number):
    text = 'variable "enabled" {\n  default = false\n}\n' + STORE.format("false").replace(
        "{\n", "{\n  count = var.enabled ? 1 : 0\n", 1
    )
    done = scan({"main.tf": text}, *given)
    assert done.status == (1 if number else 3)
    assert done.record["summary"]["resources"] == number
    assert done.verdicts == ({"aws_db_instance.a[0]": "fail"} if number else {})


VERSIONED = """
variable "buckets" {}
resource "aws_s3_bucket" "a" {
  for_each = var.buckets
}
resource "aws_s3_bucket_versioning" "a" {
  for_each = %s
  bucket   = aws_s3_bucket.a[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}
"""
SOME = "{ for name, versioned in var.buckets : name => versioned if versioned }"


@pytest.mark.parametrize("over, verdict", [("var.buckets", "pass"), ("aws_s3_bucket.a", "pass"), (SOME, "unknown")])
def test_what_only_some_of_an_open_number_have_is_not_taken_for_granted(scan, over, verdict):
    done = scan({"main.tf": VERSIONED % over}, rules=("--rule", "bucket-versioning"))
    assert done.verdicts == {"aws_s3_bucket.a[*]": verdict}
    if verdict == "unknown":
        [finding] = done.record["findings"]
        assert "how many aws_s3_bucket_versioning.a[*] there are is not known: variable buckets" in finding["message"]


ENCRYPTED_BY_DEFAULT = """
variable "all" {}
resource "aws_ebs_encryption_by_default" "a" {
  count = var.all ? 1 : 0
}
resource "aws_ebs_volume" "a" {}
"""


def test_a_setting_of_the_account_that_may_not_be_there_protects_nothing_for_certain(scan):
    assert scan({"main.tf": ENCRYPTED_BY_DEFAULT}).verdicts == {"aws_ebs_volume.a": "unknown"}
    assert scan(None, "--var", "all=true").verdicts == {"aws_ebs_volume.a": "pass"}
    assert scan(None, "--var", "all=false").verdicts == {"aws_ebs_volume.a": "fail"}


INGRESS = """
variable "open" {
  type    = list(string)
  default = ["10.0.0.0/8", "0.0.0.0/0"]
}
resource "aws_security_group" "a" {
  dynamic "ingress" {
    for_each = var.open
    content {
      from_port   = 22
      to_port     = 22
      protocol    = "tcp"
      cidr_blocks = [ingress.value]
    }
  }
}
"""


def test_a11_a_dynamic_block_is_expanded(scan):
    done = scan({"main.tf": INGRESS}, rules=PORTS)
    assert (done.status, done.verdicts) == (1, {"aws_security_group.a": "fail"})
    [finding] = done.record["findings"]
    assert finding["location"]["line"] == 13
    assert [evidence["observed"] for evidence in finding["evidence"]] == [[22]]
    assert scan(None, "--var", 'open=["10.0.0.0/8"]', rules=PORTS).verdicts == {"aws_security_group.a": "pass"}


def test_a14_a_default_in_a_sibling_file_counts_for_the_directory_and_for_the_file(scan):
    files = {"main.tf": STORE.format("var.on"), "variables.tf": 'variable "on" {\n  default = false\n}\n'}
    whole, alone = scan(files), scan(None, path="main.tf")
    assert (whole.status, alone.status) == (1, 1)
    assert [f["fingerprint"] for f in whole.record["findings"]] == [f["fingerprint"] for f in alone.record["findings"]]
    assert whole.verdicts == alone.verdicts == {"aws_db_instance.a": "fail"}


# -- A23: wide ranges, long lists, huge counts


def wide(elements: int) -> str:
    """A group whose one rule names many ranges, and one more rule with every port."""
    cidrs = ", ".join(f'"10.{i // 65536 % 256}.{i // 256 % 256}.{i % 256}/32"' for i in range(elements))
    block = "  ingress {{\n    from_port = {}\n    to_port = {}\n    protocol = {}\n    cidr_blocks = [{}]\n  }}\n"
    inner = block.format(0, 65535, '"tcp"', cidrs) + block.format(0, 0, '"-1"', '"10.0.0.0/8"')
    return f'resource "aws_security_group" "a" {{\n{inner}}}\n'


def test_a23_wide_port_ranges_and_long_lists_cost_linear_time(scan):
    fails = wide(10_000).replace('"10.0.0.0/32"', '"0.0.0.0/0"')
    done = scan({"main.tf": fails}, rules=PORTS)
    assert (done.status, done.verdicts) == (1, {"aws_security_group.a": "fail"})
    assert len(done.stdout) < 50_000
    spent = [seconds(scan, {"main.tf": wide(size)}, PORTS) for size in (2_000, 20_000)]
    assert spent[1] < 10 * spent[0] + 1


def seconds(scan, files, rules) -> float:
    """Processor time of the run's process: another process beside it does not count."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert scan(files, rules=rules).status == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime


def test_a23_a_long_list_of_lists_and_references(scan):
    text = "locals {\n  many = [for i in range(1000) : [for j in range(10) : { id = i, on = j == 3 }]]\n}\n"
    expression = "length([for one in flatten(local.many) : one if one.on]) == 1000"
    assert scan({"main.tf": text + STORE.format(expression)}).verdicts == {"aws_db_instance.a": "pass"}


@pytest.mark.parametrize("count", ["1000000000", "pow(10, 30)", "100001", "-1", "1.5", '"many"', "null"])
def test_a_count_that_nobody_can_have_is_unknown_at_once(scan, count):
    text = STORE.format("true").replace("{\n", f"{{\n  count = {count}\n", 1)
    start = process_time()
    done = scan({"main.tf": text})
    assert process_time() - start < 5
    assert done.status in (0, 3, 4)
    assert len(done.stdout) < 20_000
    assert "fail" not in done.verdicts.values()
    if count not in ("-1", "null"):
        assert list(done.verdicts) == ["aws_db_instance.a[*]"]


def test_what_terraform_would_refuse_is_unknown_and_not_an_error_of_ours(scan):
    hostile = {
        "format": 'format("%999999999d", 1) == "x"',
        "range": "length(range(1000000000)) == 1",
        "power": "pow(10, 1000000000) > 1",
        "json": f'jsondecode("{"[" * 50_000}") == 1',
        "yaml": f'yamldecode("{"[" * 50_000}") == 1',
        "index": "[true][7]",
        "regex": f'length(regexall("(a+)+$", "{"a" * 5000}!")) == 1',
        "itself": "local.itself",
    }
    stores = [f'resource "aws_db_instance" "{n}" {{\n  storage_encrypted = {e}\n}}\n' for n, e in hostile.items()]
    done = scan({"main.tf": "locals {\n  itself = !local.itself\n}\n" + "".join(stores)}, rules=RULE)
    assert done.status in (0, 1)
    expected = {f"aws_db_instance.{name}": "unknown" for name in hostile if name != "regex"}
    assert {k: v for k, v in done.verdicts.items() if not k.endswith(".regex")} == expected
    assert done.verdicts["aws_db_instance.regex"] in ("fail", "unknown")
