"""Modules and resources as their callers instantiate them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.program import Root, root_of

from phiward.loaders.terraform import module, templates
from phiward.loaders.terraform.program import TerraformOrigin
from phiward.loaders.terraform.types import parse_type
from phiward.loaders.terraform.weight import MAX_ELEMENTS
from phiward.model import holed_json
from phiward.model.value import Partial, Reference, Unknown, unknowns

BUCKET = 'variable "name" {}\nresource "aws_s3_bucket" "b" { bucket = var.name }\noutput "arn" { value = aws_s3_bucket.b.arn }\n'


# -- count and for_each


@pytest.mark.parametrize(
    ("meta", "addresses"),
    [
        ("", ["x.r"]),
        ("count = 2", ["x.r[0]", "x.r[1]"]),
        ("count = 0", []),
        ('count = "1"', ["x.r[0]"]),
        ("count = false ? 1 : 0", []),
        ("count = length(x.other)", ["x.r[0]", "x.r[1]"]),
        ('for_each = toset(["b", "a"])', ['x.r["a"]', 'x.r["b"]']),
        ("for_each = { b = 1, a = 2 }", ['x.r["a"]', 'x.r["b"]']),
        ("for_each = {}", []),
        ('for_each = toset(["q\\"x", "n\\\\l"])', ['x.r["n\\\\l"]', 'x.r["q\\"x"]']),
        ("for_each = x.other2", ['x.r["k"]']),
        ("count = var.unset", ["x.r[*]"]),
        ("for_each = var.unset", ["x.r[*]"]),
        ("for_each = { a = var.unset }", ['x.r["a"]']),
        ('for_each = toset(["a", var.unset])', ['x.r["a"]', "x.r[*]"]),
        ("for_each = { (var.unset) = 1 }", ["x.r[*]"]),
        ("count = -1", ["x.r[*]"]),
        ("count = 1000000000", ["x.r[*]"]),
        ("count = null", ["x.r[*]"]),
        ("count = 1.5", ["x.r[*]"]),
        ("for_each = 5", ["x.r[*]"]),
    ],
)
def test_addresses(tmp_path: Path, meta: str, addresses: list[str]) -> None:
    others = 'variable "unset" {}\nresource "x" "other" { count = 2 }\nresource "x" "other2" { for_each = { k = 1 } }\n'
    root = root_of(tmp_path, f'{others}resource "x" "r" {{\n  {meta}\n}}\n')
    assert sorted(a for a in root.resources if a.startswith("x.r")) == addresses


def test_what_stands_for_a_number_that_is_not_known_says_what_decides_it(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'variable "n" {}\nresource "x" "c" {\n  count = var.n   ?  1 : 0 # as asked for\n}\n'
        'resource "x" "e" {\n  for_each = toset(["a", var.n])\n}\nresource "x" "two" { count = 2 }\nresource "x" "one" {}\n',
    )
    nothing = Unknown(
        "variable n has no value", "give it with --var n=..., --var-file, n in terraform.tfvars, or a default"
    )
    assert {address: (resource.number, resource.uncounted) for address, resource in root.resources.items()} == {
        "x.c[*]": ("var.n ? 1 : 0", nothing),
        'x.e["a"]': ("", None),
        "x.e[*]": ('toset(["a", var.n])', nothing),
        "x.two[0]": ("", None),
        "x.two[1]": ("", None),
        "x.one": ("", None),
    }


def test_a_block_repeated_over_another_one_has_as_many_instances(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'variable "n" {}\nresource "x" "a" { for_each = toset(["one", var.n]) }\n'
        'resource "y" "b" {\n  for_each = x.a\n  of = each.value.id\n}\n',
    )
    assert sorted(a for a in root.resources if a.startswith("y")) == ['y.b["one"]', "y.b[*]"]
    assert root.attributes('y.b["one"]')["of"] == Reference('x.a["one"]', ("id",))
    assert root.attributes("y.b[*]")["of"] == Reference("x.a[*]", ("id",))


@pytest.mark.parametrize("keys", ['toset(["a", null])', "toset([null])"])
def test_a_null_key_is_named(tmp_path: Path, keys: str) -> None:
    root = root_of(tmp_path, f'resource "x" "r" {{\n  for_each = {keys}\n  n = each.key\n}}\n')
    assert root.attributes("x.r[*]") == {"n": Unknown("for_each takes no null key")}


@pytest.mark.parametrize(("collection", "why"), [("null", "null"), ("5", "no collection")])
def test_a_dynamic_block_over_nothing_that_has_elements_is_named(tmp_path: Path, collection: str, why: str) -> None:
    text = f'resource "x" "r" {{\n  dynamic "b" {{\n    for_each = {collection}\n    content {{}}\n  }}\n}}\n'
    assert root_of(tmp_path, text).attributes("x.r") == {"b": [Unknown(f"the for_each of 'b' is {why}")]}


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("local.o.a.b", "local.o.a is null, which has no attributes"),
        ('"${local.o.a}-x"', "local.o.a is null, which cannot be part of a string"),
        ('"${lookup(local.o, "a")}-x"', "a value is null, which cannot be part of a string"),
        ('map("a", 1)', "there is no function 'map': Terraform 0.15 replaced it by tomap()"),
        ("data.gone.x.y", "data.gone.x is not declared in this module"),
        ("ephemeral.gone.x.y", "ephemeral.gone.x is not declared in this module"),
    ],
)
def test_a_refused_expression_says_what_is_wrong(tmp_path: Path, expression: str, reason: str) -> None:
    root = root_of(tmp_path, f'locals {{\n  o = {{ a = null }}\n}}\noutput "o" {{ value = {expression} }}\n')
    assert root.output("o") == Unknown(reason)


def test_a_data_source_and_an_ephemeral_resource_may_share_a_name(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'data "x" "r" { of = 1 }\nephemeral "x" "r" { of = 2 }\n'
        'output "d" { value = data.x.r.of }\noutput "e" { value = ephemeral.x.r.of }\n',
    )
    assert (root.diagnostics, root.value("d"), root.value("e")) == ([], 1, 2)


@pytest.mark.parametrize(
    ("template", "names", "expected"),
    [
        ('"$${v}-$$${v}"', "v = 1", "1-${v}"),
        ('file("t.tpl")', 'v = "a"', "a-true"),
        ('"$${v}"', "v = x.r.bucket", "letters"),
        ('"$${v}/*"', "v = x.r.arn", Partial((Reference("x.r", ("arn",)), "/*"))),
        ('"$${w}"', "v = 1", Unknown("the template is not given 'w'")),
        ('"$${"', "v = 1", Unknown("the template does not parse: expected a value, found the end of the file")),
        ("null", "v = 1", Unknown("a template_file takes a string and a map")),
    ],
)
def test_a_template_of_the_template_provider(tmp_path: Path, template: str, names: str, expected: Any) -> None:
    text = (
        f'data "template_file" "t" {{\n  template = {template}\n  vars = {{ {names} }}\n}}\n'
        'resource "x" "r" { bucket = "letters" }\noutput "o" { value = data.template_file.t.rendered }\n'
    )
    tpl = '${v}-%{ if v == "a" }true%{ endif }'
    root = root_of(tmp_path, {"main.tf": text, "t.tpl": tpl})
    assert root.program.resolve(root.output("o")) == expected


def test_one_template_of_several_instances_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    original = templates.parse_template
    monkeypatch.setattr(templates, "parse_template", lambda text: parsed.append(text) or original(text))
    text = 'resource "x" "r" {\n  for_each = toset(["a", "b"])\n  t = templatefile("t.tpl", { v = each.key })\n}\n'
    root = root_of(tmp_path, {"main.tf": text, "t.tpl": f"{tmp_path} is ${{v}}"})
    assert [root.attributes(f'x.r["{key}"]')["t"] for key in "ab"] == [f"{tmp_path} is a", f"{tmp_path} is b"]
    assert parsed == [f"{tmp_path} is ${{v}}"]


ENABLED = """
variable "unset" {}
resource "x" "r" {
  lifecycle {
    enabled = %s
  }
}
module "m" {
  source = "./m"
  lifecycle {
    enabled = %s
  }
}
output "r" { value = x.r.id }
output "m" { value = module.m }
"""


@pytest.mark.parametrize(
    ("enabled", "addresses", "outputs"),
    [
        ("true", ["module.m.x.r", "x.r"], (Reference("x.r", ("id",)), {"one": 1})),
        ('"true"', ["module.m.x.r", "x.r"], (Reference("x.r", ("id",)), {"one": 1})),
        ("false", [], (Unknown("x.r is null, which has no attributes"), None)),
        ("var.unset", ["module.m[*].x.r", "x.r[*]"], (Reference("x.r[*]", ("id",)), {"one": 1})),
        ("null", ["module.m[*].x.r", "x.r[*]"], (Reference("x.r[*]", ("id",)), {"one": 1})),
    ],
)
def test_what_opentofu_enables(tmp_path: Path, enabled: str, addresses: list[str], outputs: tuple[Any, Any]) -> None:
    module = 'resource "x" "r" {}\noutput "one" { value = 1 }\n'
    root = root_of(tmp_path, {"main.tofu": ENABLED % (enabled, enabled), "m/main.tofu": module})
    assert sorted(root.resources) == addresses
    assert (root.output("r"), root.output("m")) == outputs
    if addresses and "[*]" in addresses[-1]:
        assert root.resources["x.r[*]"].number == enabled


def test_each_and_count_in_arguments_and_blocks(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'resource "x" "c" {\n  count = 2\n  n = count.index\n}\nresource "x" "e" {\n  for_each = { a = { enc = true } }\n'
        "  name = each.key\n  block { enc = each.value.enc }\n}\n"
        'resource "x" "s" {\n  for_each = toset(["k"])\n  v = "${each.key}-${each.value}"\n}\n',
    )
    assert root.attributes("x.c[1]") == {"n": 1}
    assert root.attributes('x.e["a"]') == {"name": "a", "block": [{"enc": True}]}
    assert root.attributes('x.s["k"]') == {"v": "k-k"}


def test_an_instance_that_stands_for_unknown_keys_says_why(tmp_path: Path) -> None:
    root = root_of(
        tmp_path, 'variable "u" {}\nresource "x" "r" {\n  for_each = var.u\n  n = each.key\n  enc = true\n}\n'
    )
    attributes = root.attributes("x.r[*]")
    assert attributes["enc"] is True
    assert isinstance(attributes["n"], Unknown)
    assert attributes["n"].reason == "variable u has no value"


def test_references_to_instances(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'resource "x" "c" { count = 2 }\nresource "x" "e" { for_each = { a = 1, b = 2 } }\nvariable "u" {}\n'
        'resource "x" "n" { count = var.u }\n'
        'output "c" { value = x.c[*].id }\noutput "one" { value = x.c[1].id }\noutput "e" { value = x.e["a"].id }\n'
        'output "all" { value = { for k, r in x.e : k => r.id } }\noutput "vals" { value = values(x.e)[*].id }\n'
        'output "none" { value = try(x.c[5].id, "none") }\noutput "n" { value = x.n[0].id }\n'
        'output "ns" { value = x.n[*].id }\n',
    )
    assert root.output("c") == [Reference("x.c[0]", ("id",)), Reference("x.c[1]", ("id",))]
    assert root.output("one") == Reference("x.c[1]", ("id",))
    assert root.output("e") == Reference('x.e["a"]', ("id",))
    assert root.output("all") == {"a": Reference('x.e["a"]', ("id",)), "b": Reference('x.e["b"]', ("id",))}
    assert root.output("vals") == [Reference('x.e["a"]', ("id",)), Reference('x.e["b"]', ("id",))]
    assert root.output("none") == "none"
    assert root.output("n") == Reference("x.n[*]", ("id",))
    assert isinstance(root.output("ns"), Unknown)


def test_fifty_thousand_instances(tmp_path: Path) -> None:
    began = time.monotonic()
    root = root_of(tmp_path, 'resource "x" "r" {\n  for_each = toset([for i in range(1, 1025) : "k${i}"])\n  v = each.key\n}\n'
                             'resource "x" "c" {\n  count = 50000\n  v = count.index\n}\n')  # fmt: skip
    assert len(root.resources) == 51_024
    assert root.attributes("x.c[49999]") == {"v": 49_999}
    assert time.monotonic() - began < 20


# -- dynamic blocks


def test_dynamic_blocks(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        """
        resource "aws_security_group" "s" {
          ingress { port = 1 }
          dynamic "ingress" {
            for_each = ["0.0.0.0/0", "10.0.0.0/8"]
            content {
              port = ingress.key
              cidr = ingress.value
            }
          }
          dynamic "outer" {
            for_each = { b = ["x", "y"], a = [] }
            iterator = it
            content {
              name = it.key
              dynamic "inner" {
                for_each = it.value
                iterator = deep
                content { v = "${it.key}${deep.value}" }
              }
            }
          }
          dynamic "of_set" {
            for_each = toset(["q", "p"])
            content { k = of_set.key }
          }
          dynamic "none" {
            for_each = []
            content { k = 1 }
          }
        }
        """,
    )
    found = root.attributes("aws_security_group.s")
    assert found["ingress"] == [{"port": 1}, {"port": 0, "cidr": "0.0.0.0/0"}, {"port": 1, "cidr": "10.0.0.0/8"}]
    assert found["outer"] == [{"name": "a", "inner": []}, {"name": "b", "inner": [{"v": "bx"}, {"v": "by"}]}]
    assert found["of_set"] == [{"k": "p"}, {"k": "q"}]
    assert found["none"] == []


def test_dynamic_blocks_over_what_is_not_known(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'variable "u" {}\nresource "x" "r" {\n  dynamic "a" {\n    for_each = var.u\n    content { v = a.value }\n  }\n'
        '  b { known = 1 }\n  dynamic "b" {\n    for_each = concat(["k"], var.u)\n    content { v = b.value }\n  }\n'
        '  dynamic "c" {\n    for_each = [var.u]\n    content {\n      v = c.value\n      known = 2\n    }\n  }\n}\n',
    )
    found = root.attributes("x.r")
    assert [type(e) for e in found["a"]] == [Unknown]
    assert found["b"][:2] == [{"known": 1}, {"v": "k"}]
    assert isinstance(found["b"][2], Unknown)
    assert found["c"][0]["known"] == 2  # one element for sure, of which only the value is not known
    assert isinstance(found["c"][0]["v"], Unknown)


def test_spans_lead_into_dynamic_blocks(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'resource "x" "r" {\n  ingress { port = 1 }\n  dynamic "ingress" {\n    for_each = [1, 2]\n    content {\n'
        "      port = ingress.value\n    }\n  }\n  tags = {\n    a = 1\n    b = 2\n  }\n}\n",
    )
    origin = TerraformOrigin(root.resources["x.r"])
    assert origin.header().span == (1, 1, 1, 17)
    assert origin.locate(("ingress", 0, "port")).span == (2, 13, 2, 21)
    assert origin.locate(("ingress", 2, "port")).span == (6, 7, 6, 27)
    assert origin.locate(("tags", "b")).span[0] == 11
    assert origin.locate(("absent",)).span == origin.header().span


# -- modules


def test_modules_with_for_each_count_and_nesting(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        {
            "main.tf": 'module "tenant" {\n  source = "./tenant"\n  for_each = { mercy = 2, lake = 1 }\n  name = each.key\n'
            '  size = each.value\n}\noutput "arns" { value = { for k, m in module.tenant : k => m.arns } }\n'
            'output "one" { value = module.tenant["mercy"].arns[0] }\noutput "whole" { value = module.tenant["lake"] }\n',
            "tenant/main.tf": 'variable "name" {}\nvariable "size" {}\nmodule "bucket" {\n  source = "../bucket"\n'
            '  count = var.size\n  name = "${var.name}-${count.index}"\n}\noutput "arns" { value = module.bucket[*].arn }\n',
            "bucket/main.tf": BUCKET,
        },
    )
    assert sorted(root.resources) == [
        'module.tenant["lake"].module.bucket[0].aws_s3_bucket.b',
        'module.tenant["mercy"].module.bucket[0].aws_s3_bucket.b',
        'module.tenant["mercy"].module.bucket[1].aws_s3_bucket.b',
    ]
    address = 'module.tenant["mercy"].module.bucket[{}].aws_s3_bucket.b'
    assert root.attributes(address.format(1)) == {"bucket": "mercy-1"}
    assert root.output("arns")["mercy"] == [Reference(address.format(i), ("arn",)) for i in (0, 1)]
    assert root.output("one") == Reference(address.format(0), ("arn",))
    assert set(root.output("whole")) == {"arns"}
    calls = root.resources[address.format(0)].module.calls
    assert [(c.path, c.span.line) for c in calls] == [("main.tf", 1), ("tenant/main.tf", 3)]


def test_a_module_of_which_the_keys_are_not_known(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        {
            "main.tf": 'variable "u" {}\nmodule "b" {\n  source = "./bucket"\n  for_each = var.u\n  name = each.key\n}\n'
            'output "arn" { value = module.b["x"].arn }\noutput "arns" { value = values(module.b)[*].arn }\n',
            "bucket/main.tf": BUCKET,
        },
    )
    assert list(root.resources) == ["module.b[*].aws_s3_bucket.b"]
    assert isinstance(root.attributes("module.b[*].aws_s3_bucket.b")["bucket"], Unknown)
    assert root.output("arn") == Reference("module.b[*].aws_s3_bucket.b", ("arn",))
    assert isinstance(root.output("arns"), Unknown)


def test_values_cross_modules_both_ways(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        {
            "main.tf": 'module "key" { source = "./key" }\nmodule "b" {\n  source = "./b"\n  key = module.key.arn\n'
            "  name = module.key.name\n}\n",
            "key/main.tf": 'resource "aws_kms_key" "k" {}\noutput "arn" { value = aws_kms_key.k.arn }\n'
            'output "name" { value = "n" }\n',
            "b/main.tf": 'variable "key" {}\nvariable "name" {}\nresource "x" "r" {\n  key = var.key\n  name = var.name\n}\n',
        },
    )
    assert root.attributes("module.b.x.r") == {"key": Reference("module.key.aws_kms_key.k", ("arn",)), "name": "n"}


def test_a_missing_module_is_a_hole_and_a_diagnostic(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'resource "aws_kms_key" "k" {}\nmodule "vpc" {\n  source = "terraform-aws-modules/vpc/aws"\n'
        '  key = aws_kms_key.k.arn\n}\nmodule "local" { source = "./none" }\nmodule "out" { source = "../../../.." }\n'
        'resource "x" "r" { subnet = module.vpc.subnets[0] }\n',
    )
    holes = {hole.reason.split("'")[1]: hole for hole in root.program.holes}
    reasons = [holes[name].reason for name in ("vpc", "local", "out")]
    assert reasons[0] == "module 'vpc' (terraform-aws-modules/vpc/aws) is not downloaded"
    assert holes["vpc"].references == {"aws_kms_key.k"}
    assert holes["vpc"].hint == "run `terraform init` first"
    assert "there is no directory" in reasons[1]
    assert "outside" in reasons[2]
    assert sorted(root.diagnostics) == sorted(reasons)
    subnet = root.attributes("x.r")["subnet"]
    assert isinstance(subnet, Unknown)
    assert subnet.reason == reasons[0]


def test_missing_modules_that_feed_each_other(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'module "a" {\n  source = "corp/a/aws"\n  x = module.b.y\n}\nmodule "b" {\n  source = "corp/b/aws"\n  y = module.a.x\n}\n'
        'resource "x" "r" { v = module.a.out }\n',
    )
    value = root.attributes("x.r")["v"]
    assert isinstance(value, Unknown)
    assert "'a' (corp/a/aws) is not downloaded" in value.reason
    assert len(root.program.holes) == 2


def test_modules_that_terraform_init_downloaded(tmp_path: Path) -> None:
    manifest = {"Modules": [
        {"Key": "", "Source": "", "Dir": "."},
        {"Key": "b", "Source": "registry.terraform.io/corp/b/aws", "Version": "1.0.0", "Dir": ".terraform/modules/b"},
        {"Key": "b.in", "Source": "corp/in/aws", "Dir": ".terraform/modules/b.in/sub"},
    ]}  # fmt: skip
    root = root_of(
        tmp_path,
        {
            "main.tf": 'module "b" { source = "corp/b/aws" }\n',
            ".terraform/modules/modules.json": json.dumps(manifest),
            ".terraform/modules/b/main.tf": 'module "in" { source = "corp/in/aws" }\nmodule "near" { source = "./near" }\n',
            ".terraform/modules/b/near/main.tf": 'resource "x" "near" {}\n',
            ".terraform/modules/b.in/sub/main.tf": 'resource "x" "in" {}\n',
        },
    )
    assert sorted(root.resources) == ["module.b.module.in.x.in", "module.b.module.near.x.near"]
    assert root.diagnostics == []


@pytest.mark.parametrize(
    "text", ["{", '{"Modules": 5}', '{"Modules": [1]}', "[" * 3_000, '{"Modules": [{"Key": "b"}]}']
)
def test_a_manifest_that_is_broken(tmp_path: Path, text: str) -> None:
    root = root_of(
        tmp_path, {"main.tf": 'module "b" { source = "corp/b/aws" }\n', ".terraform/modules/modules.json": text}
    )
    assert len(root.diagnostics) == 1


@pytest.mark.parametrize(
    "files",
    [
        {"main.tf": 'module "me" { source = "./." }\nresource "x" "r" {}\n'},
        {"main.tf": 'module "a" { source = "./a" }\n', "a/main.tf": 'module "b" { source = "../b" }\nresource "x" "r" {}\n',
         "b/main.tf": 'module "a" { source = "../a" }\nresource "x" "s" {}\n'},
        {"main.tf": 'module "a" {\n  source = "./a"\n  count = 3\n}\n', "a/main.tf": 'module "a" {\n  source = "../a"\n  count = 3\n}\n'},
    ],
)  # fmt: skip
def test_a_module_that_calls_itself(tmp_path: Path, files: dict[str, str]) -> None:
    began = time.monotonic()
    root = root_of(tmp_path, files)
    assert time.monotonic() - began < 1
    assert any("calls itself" in message for message in root.diagnostics)
    assert root.program.holes


def test_modules_that_double_level_by_level_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phiward.loaders.terraform.program.MAX_MODULE_INSTANCES", 500)
    files = {f"m{i}/main.tf": "".join(f'module "{n}" {{ source = "../m{i + 1}" }}\n' for n in "ab") for i in range(25)}
    root = root_of(tmp_path, {"main.tf": 'module "a" { source = "./m0" }\n', "m25/main.tf": "", **files})
    assert any("more than 500 instances" in message for message in root.diagnostics)


def test_an_output_that_is_not_there(tmp_path: Path) -> None:
    root = root_of(tmp_path, {"main.tf": 'module "b" {\n  source = "./b"\n  name = "n"\n}\noutput "o" { value = module.b.nope }\n',
                              "b/main.tf": BUCKET})  # fmt: skip
    assert "no output 'nope'" in root.output("o").reason


# -- providers


def test_default_tags_by_alias_and_by_passing(tmp_path: Path) -> None:
    providers = """
    provider "aws" {
      default_tags { tags = { team = "a", env = local.env } }
    }
    provider "aws" {
      alias = "west"
      default_tags { tags = { team = "west" } }
    }
    locals { env = "prod" }
    """
    root = root_of(
        tmp_path,
        {
            "main.tf": providers + 'resource "aws_x" "plain" { tags = { team = "own" } }\n'
            'resource "aws_x" "west" { provider = aws.west }\nresource "other" "o" {}\n'
            'module "inherits" { source = "./m" }\nmodule "passed" {\n  source = "./m"\n  providers = { aws = aws.west }\n}\n'
            'module "aliased" {\n  source = "./al"\n  providers = { aws.peer = aws.west, aws = aws }\n}\n',
            "m/main.tf": 'resource "aws_x" "r" {}\nmodule "deep" { source = "../deep" }\n',
            "deep/main.tf": 'resource "aws_x" "r" {}\n',
            "al/main.tf": 'resource "aws_x" "r" { provider = aws.peer }\nresource "aws_x" "s" {}\n',
        },
    )
    both, west = {"team": "a", "env": "prod"}, {"team": "west"}
    expected: dict[str, Any] = {
        "aws_x.plain": {"team": "own", "env": "prod"}, "aws_x.west": west, "other.o": None,
        "module.inherits.aws_x.r": both, "module.inherits.module.deep.aws_x.r": both,
        "module.passed.aws_x.r": west, "module.passed.module.deep.aws_x.r": west,
        "module.aliased.aws_x.r": west, "module.aliased.aws_x.s": both,
    }  # fmt: skip
    assert {a: root.attributes(a).get("tags_all") for a in root.resources} == expected


# -- files of a module


def test_override_files(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        {
            "main.tf": 'resource "x" "r" {\n  a = 1\n  b = 2\n  block { v = 1 }\n  kept { v = 1 }\n}\nlocals { l = 1 }\n',
            "override.tf": 'resource "x" "r" {\n  b = 3\n  block { v = local.l }\n  block { v = 9 }\n}\n',
            "z_override.tf.json": '{"locals": {"l": 5}, "resource": {"x": {"r": {"a": 7}}}}',
        },
    )
    assert root.attributes("x.r") == {"a": 7, "b": 3, "block": [{"v": 5}, {"v": 9}], "kept": [{"v": 1}]}
    origin = TerraformOrigin(root.resources["x.r"])
    assert str(origin.locate(("b",))) == "override.tf:2:3"
    assert str(origin.locate(("a",))) == "z_override.tf.json:1:47"
    assert str(origin.locate(("block", 1, "v"))) == "override.tf:4:11"


def test_a_block_declared_twice(tmp_path: Path) -> None:
    root = root_of(tmp_path, {"a.tf": 'resource "x" "r" {}\n', "b.tf": '\nresource "x" "r" {}\n'})
    assert root.diagnostics == ["resource.x.r is declared twice, first at a.tf:1:1"]


def test_labels_that_are_missing(tmp_path: Path) -> None:
    root = root_of(tmp_path, 'resource "x" {}\nvariable {}\noutput "a" "b" {}\nresource "x" "ok" {}\n')
    assert list(root.resources) == ["x.ok"]
    assert len(root.diagnostics) == 3


def test_a_file_that_does_not_parse_leaves_the_others(tmp_path: Path) -> None:
    root = root_of(tmp_path, {"a.tf": 'resource "x" "r" { v = var.gone }\n', "b.tf": 'variable "gone" {\n'})
    assert "syntax error" in root.diagnostics[0]
    assert "not declared in what could be read" in root.attributes("x.r")["v"].reason


JSON = r"""{
  "//": "comment",
  "variable": {"n": {"type": "list(number)", "default": ["1", 2]}},
  "locals": {"t": "${upper(\"x\")}-${local.u}", "u": "é\ud83d\ude00\/"},
  "provider": {"aws": [{"default_tags": {"tags": {"a": "1"}}}, {"alias": "w", "region": "r"}]},
  "resource": {
    "aws_x": {
      "one": {"count": "${length(var.n)}", "v": "${var.n[count.index]}", "lit": "$${x}", "//": "no"},
      "two": [{"name": "${local.t}", "block": [{"p": 1}, {"p": 2}], "provider": "aws.w",
        "dynamic": {"dyn": {"for_each": ["q"], "iterator": "it", "content": {"v": "${it.value}"}}}}]
    }
  },
  "terraform": {"required_version": ">= 1"}
}"""


def test_json_syntax(tmp_path: Path) -> None:
    root = root_of(tmp_path, {"main.tf.json": JSON})
    assert root.diagnostics == []
    assert root.attributes("aws_x.one[0]") == {"v": 1, "lit": "${x}", "tags_all": {"a": "1"}}
    assert root.attributes("aws_x.two") == {"name": "X-é😀/", "block": [{"p": 1}, {"p": 2}], "dyn": [{"v": "q"}]}
    origin = TerraformOrigin(root.resources["aws_x.two"])
    assert origin.locate(("name",)).span == (9, 16, 9, 36)
    assert origin.header().span.line == 9


@pytest.mark.parametrize(
    ("text", "line"),
    [("{\n", 2), ('{"a": 1,}', 1), ('{"a": }', 1), ("[1]", 1), ('{"locals": {"x": "${"}}', 1), ("{'a': 1}", 1), ("", 1),
     ('{"resource": 5}', 1), ('{\n"locals": {"x": "\t"}}', 2), ("[" * 5_000, 1), ('{"a": 01}', 1), ("{} {}", 1)],
)  # fmt: skip
def test_json_that_is_wrong(tmp_path: Path, text: str, line: int) -> None:
    root = root_of(tmp_path, {"main.tf.json": text})
    (found,) = root.program.tree.diagnostics
    assert found.code == "syntax"
    assert found.line == line


# -- variables


def typed(directory: Path, type_: str, value: str | None = None, default: str = "") -> Any:
    text = f'variable "v" {{\n  type = {type_}\n  {f"default = {default}" if default else ""}\n}}\noutput "o" {{ value = var.v }}\n'
    root: Root = root_of(directory, text, **({} if value is None else {"v": value}))
    return root.output("o")


@pytest.mark.parametrize(
    ("type_", "given", "value"),
    [
        ("string", "5", "5"),
        ("number", "5", 5),
        ("bool", "true", True),
        ("list(string)", '["a", 1]', ["a", "1"]),
        ("set(string)", '["b", "a", "b"]', ["a", "b"]),
        ("map(number)", '{ a = "1" }', {"a": 1}),
        ("any", "{ a = [1] }", {"a": [1]}),
        ("object({ a = string, b = optional(number, 3) })", "{ a = 1, z = 2 }", {"a": "1", "b": 3}),
        ('list(object({ a = optional(list(string), ["d"]) }))', "[{}, { a = null }]", [{"a": ["d"]}, {"a": ["d"]}]),
        ("tuple([string, number])", '[1, "2"]', ["1", 2]),
        (
            "map(object({ on = optional(bool) }))",
            '{ x = { on = "true" }, y = {} }',
            {"x": {"on": True}, "y": {"on": None}},
        ),
    ],
)
def test_variables_take_their_type(tmp_path: Path, type_: str, given: str, value: object) -> None:
    assert typed(tmp_path, type_, given) == value


@pytest.mark.parametrize(
    ("type_", "given"),
    [("number", "x"), ("bool", "maybe"), ("list(string)", "5"), ("list(string)", "[[1]]"), ("object({ a = string })", "{}"),
     ("map(string)", "[1]"), ("tuple([string])", "[1, 2]"), ("list(string)", "["), ("any", "not an expression (")],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_unknown_and_never_printed(tmp_path: Path, type_: str, given: str) -> None:
    assert isinstance(typed(tmp_path, type_, given), Unknown)


def test_variables_without_a_value(tmp_path: Path) -> None:
    value = typed(tmp_path, "string")
    assert value.reason == "variable v has no value"
    assert "terraform.tfvars" in value.hint
    assert typed(tmp_path, "string", default="null") is None


def test_an_input_that_the_caller_does_not_pass(tmp_path: Path) -> None:
    root = root_of(tmp_path, {"main.tf": 'module "b" { source = "./b" }\n', "b/main.tf": BUCKET})
    value = root.attributes("module.b.aws_s3_bucket.b")["bucket"]
    assert value == Unknown("variable name has no value", "pass name in the call of module.b")


def test_the_root_may_be_given_unknown_inputs_in_part(tmp_path: Path) -> None:
    text = 'variable "v" {\n  type = list(string)\n}\nvariable "u" {}\nlocals { all = concat(var.v, var.u) }\n'
    root = root_of(tmp_path, text + 'output "o" { value = local.all[0] }\n', v='["a"]')
    assert root.output("o") == "a"


def test_a_type_is_read_once_for_all_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(module, "parse_type", lambda node: read.append(node) or parse_type(node))
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n  count  = 3\n  v      = 1\n}\n',
        "m/main.tf": 'variable "v" {\n  type = string\n}\nresource "x" "r" { y = var.v }\n',
    }
    root = root_of(tmp_path, files)
    assert {root.attributes(f"module.m[{i}].x.r")["y"] for i in range(3)} == {"1"}
    assert len(read) == 1


# -- values that grow


@pytest.mark.parametrize("levels", [22, 400])
def test_locals_that_double_end_soon(tmp_path: Path, levels: int) -> None:
    doubling = "".join(f"  l{i} = [local.l{i - 1}, local.l{i - 1}]\n" for i in range(1, levels + 1))
    text = f'locals {{\n  l0 = ["a"]\n{doubling}}}\noutput "o" {{ value = jsonencode(local.l{levels}) }}\n'
    began = time.monotonic()
    value = root_of(tmp_path, text + 'output "small" { value = local.l2 }\n')
    assert isinstance(unknowns_of(value.output("o")), Unknown)
    assert value.output("small") == [[["a"], ["a"]], [["a"], ["a"]]]
    assert value.program.root.root("local", ("l17",), value.program.root.env)[0].reason == (
        f"local.l17 has more than {MAX_ELEMENTS} elements inside"
    )
    assert time.monotonic() - began < 5  # a walk through all of them takes minutes


def unknowns_of(value: Any) -> Any:
    """The first thing that is not known in a value."""
    return next(unknowns(value), None)


def test_references_that_double_end_soon(tmp_path: Path) -> None:
    steps = "".join(f'resource "x" "r{i}" {{ y = [x.r{i - 1}.y, x.r{i - 1}.y] }}\n' for i in range(1, 31))
    root = root_of(tmp_path, 'resource "x" "r0" { y = ["a"] }\n' + steps + 'output "o" { value = x.r30.y }\n')
    began = time.monotonic()
    assert root.value("o") == Unknown(f"the references in the value lead to more than {MAX_ELEMENTS} elements")
    assert time.monotonic() - began < 5


# -- what a function is given of another resource


def test_a_placeholder_in_a_document_becomes_the_reference(tmp_path: Path) -> None:
    text = """
resource "aws_s3_bucket" "b" {}
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:*"]
    resources = ["_ARN_/*"]
  }
}
resource "x" "r" { text = "on _ARN_" }
output "o" { value = replace(x.r.text, "_ARN_", aws_s3_bucket.b.arn) }
output "policy" { value = jsondecode(replace(data.aws_iam_policy_document.d.json, "_ARN_", aws_s3_bucket.b.arn)) }
"""
    root = root_of(tmp_path, text)
    root.program.expand_data_sources()
    assert root.output("o") == Partial(("on ", Reference("aws_s3_bucket.b", ("arn",))))
    assert root.output("policy")["Statement"][0]["Resource"] == Partial((Reference("aws_s3_bucket.b", ("arn",)), "/*"))


def test_a_policy_document_has_quotes_around_what_another_resource_configures(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'resource "aws_sns_topic" "t" { name = "a\\"b" }\n'
        'data "aws_iam_policy_document" "p" {\n  statement {\n    actions = ["sns:*"]\n'
        "    resources = [aws_sns_topic.t.name, aws_sns_topic.t.arn]\n  }\n}\n"
        'output "text" { value = "policy ${data.aws_iam_policy_document.p.json}" }\n',
    )
    root.program.expand_data_sources()
    document = holed_json.parse(root.program.instances["data.aws_iam_policy_document.p"].value("json"))
    assert document["Statement"][0]["Resource"] == ['a"b', Reference("aws_sns_topic.t", ("arn",))]
    assert r'"a\"b",' in str(root.value("text"))
