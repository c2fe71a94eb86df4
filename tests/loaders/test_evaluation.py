"""Expressions: what is known, what is not and why, and that nothing sensitive loses its mark."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.program import Root, root_of

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import evaluate_text
from phiward.model.value import OpenMap, Partial, Reference, Sensitive, Unknown, plain

UNKNOWN_AND_KEY = """
variable "u" {}
variable "l" { type = list(string) }
resource "aws_kms_key" "k" {
  description = "d"
  tags        = { env = "prod" }
  policy_rule { port = 1 }
}
data "aws_region" "r" {}
"""


@pytest.fixture(autouse=True)
def _deep_enough() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))  # as the pipeline does
    yield
    sys.setrecursionlimit(before)


def evaluated(directory: Path, expression: str, more: str = "") -> Any:
    return rooted(directory, expression, more).output("o")


def rooted(directory: Path, expression: str, more: str = "") -> Root:
    return root_of(directory, f'{UNKNOWN_AND_KEY}\n{more}\noutput "o" {{\n  value = {expression}\n}}\n')


# -- references


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("aws_kms_key.k.arn", Reference("aws_kms_key.k", ("arn",))),
        ("aws_kms_key.k", Reference("aws_kms_key.k")),
        ("resource.aws_kms_key.k.arn", Reference("aws_kms_key.k", ("arn",))),
        ("data.aws_region.r.name", Reference("data.aws_region.r", ("name",))),
        ('"${aws_kms_key.k.arn}"', Reference("aws_kms_key.k", ("arn",))),
        ("[aws_kms_key.k.arn]", [Reference("aws_kms_key.k", ("arn",))]),
        ("{ a = aws_kms_key.k.arn }", {"a": Reference("aws_kms_key.k", ("arn",))}),
        ("aws_kms_key.k[*].arn", [Reference("aws_kms_key.k", ("arn",))]),
        ("try(aws_kms_key.k.arn, null)", Reference("aws_kms_key.k", ("arn",))),
        ("true ? aws_kms_key.k.arn : null", Reference("aws_kms_key.k", ("arn",))),
        ("aws_kms_key.k.rotation[0].days", Reference("aws_kms_key.k", ("rotation", 0, "days"))),
    ],
)
def test_references_are_kept(tmp_path: Path, expression: str, value: object) -> None:
    assert evaluated(tmp_path, expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('aws_kms_key.k.description == "d"', True),
        ("upper(aws_kms_key.k.description)", "D"),
        ('"x-${aws_kms_key.k.description}"', "x-d"),
        ("aws_kms_key.k.tags.env", "prod"),
        ('aws_kms_key.k.tags["env"]', "prod"),
        ("aws_kms_key.k.policy_rule[0].port", 1),
        ("aws_kms_key.k.arn == aws_kms_key.k.arn", True),
        ('[for k, v in aws_kms_key.k.tags : "${k}${v}"]', ["envprod"]),
    ],
)
def test_what_is_configured_is_found_behind_a_reference(tmp_path: Path, expression: str, value: object) -> None:
    assert rooted(tmp_path, expression).value("o") == value


@pytest.mark.parametrize(
    "expression",
    ['try(aws_kms_key.k.policy_rule[0].computed, "fallback")', 'try(aws_kms_key.k.tags_all.env, "fallback")',
     'can(aws_kms_key.k.arn) ? aws_kms_key.k.arn : "fallback"', 'lookup(aws_kms_key.k.tags_all, "x", "fallback")',
     'coalesce(aws_kms_key.k.alias, "fallback")', 'aws_kms_key.k.arn == null ? "fallback" : "b"'],
)  # fmt: skip
def test_what_the_provider_may_set_is_never_taken_for_absent(tmp_path: Path, expression: str) -> None:
    value = rooted(tmp_path, expression).value("o")
    assert not plain(value) or value == "b"


# -- three-valued logic


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("var.u && false", False),
        ("false && var.u", False),
        ("var.u || true", True),
        ("true || var.u", True),
        ("aws_kms_key.k.enabled && false", False),
        ("!(var.u && false)", True),
        ("var.u ? 1 : 1", 1),
        ("length([var.u, var.u])", 2),
        ('contains(["a", var.u], "a")', True),
        ('[var.u, "a"][1]', "a"),
        ("{ a = var.u, b = 2 }.b", 2),
        ("[for x in [1, 2] : x if x > 1 || var.u == null && false]", [2]),
        ('(false ? [] : compact(concat(["a"], [var.u])))[0]', "a"),
        ("(true ? [] : compact([var.u]))", []),
        ("(true ? { on = true, n = 1, url = var.u } : {}).n", 1),
    ],
)
def test_an_unknown_side_does_not_always_matter(tmp_path: Path, expression: str, value: object) -> None:
    assert evaluated(tmp_path, expression) == value


def test_an_object_of_open_keys_is_undecided_wherever_it_stands(tmp_path: Path) -> None:
    found = evaluated(tmp_path, 'jsonencode({ a = "x", b = { (var.u) = 1 } })')
    assert isinstance(found, Partial)
    assert found.parts[0] == '{"a":"x","b":'


@pytest.mark.parametrize(
    "expression",
    ["var.u", "!var.u", "-var.u", "var.u + 1", "1 < var.u", 'var.u == "a"', "var.u && true", "false || var.u",
     "var.u ? 1 : 2", "var.u.a.b", "var.u[0]", "[1, 2][var.u]", "{ a = 1 }[var.u]", "upper(var.u)", "var.l[*].a",
     "[for x in var.l : x]", "{ for x in var.l : x => 1 }", '{ for x in ["a"] : x => 1 if var.u }', "{ (var.u) = 1 }",
     "max(1, var.u)", "file(var.u)", "templatefile(var.u, {})", "try(var.u.a, 1)", "try(var.u, 1)", "can(var.u.a)",
     "length(var.l)", 'concat(["a"], var.l)[1]', "one(var.l)", '"%{ if var.u }a%{ endif }"',
     '"%{ for x in var.l }a%{ endfor }"', "jsondecode(var.u)", "var.l == []", '[var.u] == ["a"]', "max(var.l...)",
     "var.u == null", "coalesce({ (var.u) = 1 }, {})", '[for x in concat(["a"], var.l) : x][1]', 'toset(concat(["a"], var.l)) == toset(["a"])'],
)  # fmt: skip
def test_unknown_with_the_name_of_the_variable(tmp_path: Path, expression: str) -> None:
    value = evaluated(tmp_path, expression)
    assert isinstance(value, Unknown)
    assert value.reason in ("variable u has no value", "variable l has no value")
    assert value.hint.startswith("give it with --var ")


def test_only_the_unknown_part_is_unknown(tmp_path: Path) -> None:
    unknown = Unknown(
        "variable u has no value", "give it with --var u=..., --var-file, u in terraform.tfvars, or a default"
    )
    assert evaluated(tmp_path, '"a-${var.u}-b"') == Partial(("a-", unknown, "-b"))
    assert evaluated(tmp_path, '{ x = var.u, y = "*" }') == {"x": unknown, "y": "*"}
    key = Reference("aws_kms_key.k", ("arn",))
    assert evaluated(tmp_path, '"${aws_kms_key.k.arn}/*"') == Partial((key, "/*"))
    assert evaluated(tmp_path, 'jsonencode({ P = "*", R = "${aws_kms_key.k.arn}/*" })') == Partial(
        ('{"P":"*","R":"', key, '/*"}')
    )


def test_elements_that_may_be_many_stay_apart_from_those_that_are_known(tmp_path: Path) -> None:
    found = evaluated(tmp_path, '[for x in concat(["a"], var.l) : { cidr = x }]')
    assert found[0] == {"cidr": "a"}
    assert isinstance(found[1], Unknown)
    filtered = evaluated(tmp_path, '[for x in ["a", "b"] : x if x == "a" || var.u]')
    assert filtered[0] == "a"
    assert isinstance(filtered[1], Unknown)
    assert isinstance(evaluated(tmp_path, 'length([for x in ["a", "b"] : x if x == "a" || var.u])'), Unknown)


# -- errors that Terraform would refuse, and those it catches


@pytest.mark.parametrize(
    "text",
    ['1 + "a"', "[1][1]", "[1][-1]", "{ a = 1 }.b", "null.a", "toset([1])[0]", "nope(1)", '"${[1]}x"', '"${null}x"',
     "!1", "{ (null) = 1 }", '{ for x in ["a", "a"] : x => 1 }', 'tonumber("x")', "var.x", "each.value",
     "[for x in 5 : x]", "concat([1]...)"],
)  # fmt: skip
def test_what_terraform_refuses_is_an_error_that_try_catches(text: str) -> None:
    if text == "concat([1]...)":
        text = "upper(5...)"
    with pytest.raises(EvaluationError):
        evaluate_text(text)
    assert evaluate_text(f'try({text}, "caught")') == "caught"
    assert evaluate_text(f"can({text})") is False


def test_an_error_is_an_unknown_with_its_message(tmp_path: Path) -> None:
    value = evaluated(tmp_path, "{ a = 1 }.b")
    assert isinstance(value, Unknown)
    assert "'b'" in value.reason


def test_infinity_is_not_guessed() -> None:
    assert isinstance(evaluate_text("1 / 0"), Unknown)
    assert isinstance(evaluate_text('try(1 / 0, "x")'), Unknown)  # Terraform does not fail here


# -- sensitive


SECRET = 'variable "s" {\n  default = "hunter2"\n  sensitive = true\n}\nlocals { l = "x${var.s}" }\n'


@pytest.mark.parametrize(
    "expression",
    ["var.s", '"${var.s}"', '"x-${var.s}"', "local.l", "upper(var.s)", 'format("%s!", var.s)', "[var.s]",
     "{ a = var.s }", "jsonencode({ a = var.s })", 'join(",", ["a", var.s])', 'split("n", var.s)',
     'true ? var.s : "x"', 'var.s == "x" ? 1 : var.s', "try(var.s, 1)", "coalesce(null, var.s)", "merge({}, { a = var.s })",
     '"%{ if true }${var.s}%{ endif }"', '"%{ for x in [var.s] }${x}%{ endfor }"', '[for x in [var.s] : "<${x}>"]',
     'concat(["a"], [var.s])', "toset([var.s])", "base64encode(var.s)", "jsondecode(jsonencode({ a = var.s })).a",
     'formatlist("%s", [var.s])', "substr(var.s, 0, 3)", '"${var.s}${aws_kms_key.k.arn}"', 'sensitive("hunter2")',
     "var.u ? var.s : var.s", "trimspace(<<E\n${var.s}\nE\n)"],
)  # fmt: skip
def test_what_is_made_of_a_sensitive_string_is_sensitive(tmp_path: Path, expression: str) -> None:
    value = evaluated(tmp_path, expression, SECRET)
    assert not list(leaks(value))


def leaks(value: Any) -> Iterator[str]:
    """Strings that hold a part of the secret and are not marked."""
    if isinstance(value, str) and not isinstance(value, Sensitive) and ("hu" in value or "aHVu" in value):
        yield value
    for inner in value.parts if isinstance(value, Partial) else value if isinstance(value, list) else ():
        yield from leaks(inner)
    for inner in value.values() if isinstance(value, dict) else ():
        yield from leaks(inner)


def test_only_what_is_sensitive_is_hidden(tmp_path: Path) -> None:
    merged = evaluated(tmp_path, 'merge({ Name = "n" }, { Key = var.s })', SECRET)
    assert type(merged["Name"]) is str
    assert type(merged["Key"]) is Sensitive
    assert type(evaluated(tmp_path, "nonsensitive(var.s)", SECRET)) is str


def test_sensitive_outputs_and_variables_of_modules(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        {
            "main.tf": 'module "m" {\n  source = "./m"\n  s = "hunter2"\n}\noutput "o" { value = "${module.m.o}!" }\n'
            'output "list" { value = module.m.list }\n',
            "m/main.tf": 'variable "s" { sensitive = true }\noutput "o" { value = "<${var.s}>" }\n'
            'output "list" {\n  value = toset(["hunter2"])\n  sensitive = true\n}\n',
        },
    )
    assert type(root.output("o")) is Sensitive
    assert type(root.output("list")[0]) is Sensitive


# -- keys of objects


def test_an_object_of_which_a_key_is_not_known_is_unknown_and_keeps_what_is_known(tmp_path: Path) -> None:
    root = rooted(tmp_path, '{ a = 1, "${var.u}:sub" = "s", (var.u) = aws_kms_key.k.arn }')
    found = root.output("o")
    assert isinstance(found, OpenMap)
    assert "variable u" in found.reason
    (first, second, third) = found.entries
    assert first == ("a", 1)
    assert isinstance(second[0], Partial)
    assert (second[0].parts[1:], second[1]) == ((":sub",), "s")
    assert isinstance(third[0], Unknown)
    assert third[1] == Reference("aws_kms_key.k", ("arn",))
    assert found == root.output("o") != OpenMap(found.reason, found.hint)
    assert hash(found) == hash(OpenMap(found.reason))


def test_nothing_is_made_of_an_object_of_which_a_key_is_not_known(tmp_path: Path) -> None:
    open_map = '{ "${var.u}" = 1 }'
    for expression in (f"{open_map}.a", f"length({open_map})", f"[for k, v in {open_map} : k]", f"keys({open_map})"):
        assert "variable u" in str(unknown_in(evaluated(tmp_path, expression))), expression


def unknown_in(value: Any) -> Unknown:
    return value[0] if isinstance(value, list) else value


# -- circles and depth


def test_circles_are_unknown(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        'locals {\n  a = local.b\n  b = local.a\n}\nresource "x" "p" {\n  tags = { k = x.q.tags }\n  n = x.q.n\n'
        '  count_me = length(x.p.tags)\n}\nresource "x" "q" {\n  tags = { k = x.p.tags }\n  n = x.p.n\n}\n'
        'output "a" { value = local.a }\noutput "t" { value = x.p.tags == {} }\noutput "n" { value = x.p.n == 1 }\n'
        'resource "x" "each" { for_each = x.each }\nresource "x" "self" { count = length(x.self) }\n',
    )
    for name in ("a", "t", "n"):
        assert isinstance(root.value(name), Unknown), name
    assert "depends on itself" in str(root.value("a"))


def test_a_long_chain_of_locals(tmp_path: Path) -> None:
    links = "".join(f'  l{i} = "${{local.l{i + 1}}}"\n' for i in range(1_000))
    root = root_of(tmp_path, f'locals {{\n{links}  l1000 = "end"\n}}\noutput "o" {{ value = local.l0 }}\n')
    assert root.output("o") == "end"
