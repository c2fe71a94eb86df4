"""A thousand levels of anything: refused with its place, or unknown; never a traceback, never endless."""

from __future__ import annotations

import pytest

DEEP = 1_000
STORE = 'resource "aws_db_instance" "a" {{\n  storage_encrypted = {}\n}}\n'
EXPRESSIONS = {
    "parentheses": "(" * DEEP + "true" + ")" * DEEP,
    "lists": "[" * DEEP + "true" + "]" * DEEP,
    "objects": "{ a = " * DEEP + "true" + " }" * DEEP,
    "calls": "tostring(" * DEEP + "true" + ")" * DEEP,
    "indexes": "a[" * DEEP + "0" + "]" * DEEP,
    "negations": "!" * DEEP + "true",
    "conditionals": "false ? false : " * DEEP + "true",
    "templates": '"${' * DEEP + "true" + '}"' * DEEP,
    "operators": " + ".join(["1"] * 20 * DEEP),
    "for": "[for a in " * DEEP + "[]" + " : a]" * DEEP,
}
UNCLOSED = {
    "parentheses": "(" * DEEP,
    "templates": '"${' * DEEP,
    "heredocs": "<<A\n${\n" * DEEP,
    "comments": "/*" * DEEP,
}
FILES = {
    "blocks": ("main.tf", "a {\n" * DEEP + "}\n" * DEEP),
    "json lists": ("main.tf.json", '{"locals": {"a": ' + "[" * DEEP + "]" * DEEP + "}}"),
    "json objects": ("main.tf.json", '{"a": ' * DEEP + "1" + "}" * DEEP),
    "json, very deep": ("main.tf.json", "[" * 100_000),
    "values": ("terraform.tfvars", "a = " + "[" * DEEP + "]" * DEEP + "\n"),
    "json values": ("terraform.tfvars.json", '{"a": ' + "[" * 100_000),
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_deep_expressions_are_refused_with_their_line(scan, expression):
    done = scan({"main.tf": "# a line\n" + STORE.format(expression)})
    assert (done.status, done.holes) == (4, [("syntax", "main.tf", 3)])
    assert "nested deeper" in done.message() or "operators" in done.message()
    assert len(done.stdout) < 10_000


@pytest.mark.parametrize("expression", UNCLOSED.values(), ids=UNCLOSED.keys())
def test_what_is_opened_and_never_closed_ends(scan, expression):
    done = scan({"main.tf": STORE.format(expression)})
    assert done.status == 4
    assert [(code, path) for code, path, _ in done.holes] == [("syntax", "main.tf")]
    assert len(done.stdout) < 10_000


@pytest.mark.parametrize("name, text", FILES.values(), ids=FILES.keys())
def test_deep_files_are_holes_and_the_others_are_judged(scan, name, text):
    done = scan({f"deep/{name}": text, "deep/empty.tf": "", "main.tf": STORE.format("true")})
    assert done.status == 4
    assert [(code, path) for code, path, _ in done.holes] == [("syntax", f"deep/{name}")]
    assert done.verdicts == {"aws_db_instance.a": "pass"}


def test_deep_values_that_are_no_syntax_are_unknown(scan):
    names = range(10_000)
    chain = "".join(f"  a{i} = local.a{i + 1}\n" for i in names)
    deep = {
        "chain": ("local.a0", "unknown"),
        "short_chain": ("local.a9000", "pass"),
        "json": (f'jsondecode("{"[" * 5_000}{"]" * 5_000}") == true', "unknown"),
        "yaml": (f'yamldecode("{"[" * 5_000}{"]" * 5_000}") == true', "unknown"),
    }
    stores = "".join(
        f'resource "aws_db_instance" "{name}" {{\n  storage_encrypted = {expression}\n}}\n'
        for name, (expression, _) in deep.items()
    )
    done = scan({"main.tf": f"locals {{\n{chain}  a{len(names)} = true\n}}\n{stores}"})
    assert done.verdicts == {f"aws_db_instance.{name}": verdict for name, (_, verdict) in deep.items()}


def test_numbers_of_thousands_of_digits(scan):
    digits = "9" * 5_000
    files = {
        "a/main.tf": STORE.format(f"{digits} > 1"),
        "b/main.tf.json": f'{{"locals": {{"a": {digits}}}}}',
        "c/terraform.tfvars.json": f'{{"a": {digits}}}',
        "c/main.tf": "",
        "d/main.tf": f'locals {{\n  a = {digits}\n  b = "{digits}"\n}}\n' + STORE.format("true"),
        "e/main.tf": STORE.format(f'tonumber("{digits}") > 1 && jsondecode("[{digits}]")[0] > 1'),
    }
    done = scan(files)
    assert done.status == 4
    assert [path for _, path, _ in done.holes] == [
        "a/main.tf",
        "b/main.tf.json",
        "c/terraform.tfvars.json",
        "d/main.tf",
    ]
    assert set(done.verdicts) == {"aws_db_instance.a"}
