"""What is accepted and refused: our parser beside `terraform fmt` and python-hcl2, over a corpus of nasty syntax."""

from __future__ import annotations

import re
from pathlib import Path

import hcl2
import pytest
from tests.conformance.oracle import run

from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.parser import parse

CORPUS = Path(__file__).with_name("syntax_corpus.txt")
WITHOUT_END_OF_LINE = (
    "a = 1", "b {}", "b {\n}", 'a = "x"', "a = 1 # c", "a = 1 /* c */", "# c", "/* c", "/* c */", "", "\n\n",
    "a = <<E\nx\nE", "b { a = 1 }", "b {", "b { ", "b { a", "b { a =", "b { a = 1", "a = <<E\nx\nE\t", "a = [<<E\nx\nE\n]",
)  # fmt: skip
ODD_CHARACTERS = (
    "\ufeffa = 1\n", "a = 1\r\nb = 2\r\n", "a = 1\rb = 2\n", "a\t=\t1\n", "a\u00a0= 1\n", 'a = "\t"\n', 'a = "\r"\n',
    "a = <<E\r\nx\r\nE\r\n", "a = 1\f\n", 'a = "\u2028"\n', 'b "l"\u00a0{}\n', "a = \u0661\n", 'a = "\U0001f600"\n',
    "b {\r\n  a = [\r\n    1,\r\n  ]\r\n}\r\n", 'b "a\rb" {\n}\n', 'a = "x\r\n"\n', 'a = "${x\r\n}"\n', "a = <<E\nx\rE\n",
    "b {\r\n}\r\n", "b {\r}\n", "b { \r\n a = 1\r\n}\n", "b { a = 1 \r\n}\n", "a = 1 // x\r\n", "a = 1\n\ufeffb = 2\n",
    "a = \ufeff1\n", "a = 1\r\r\nb = 2\n", "# c\r\na = 1\r\n", "# c\rb = 1\n", "/* \r */ a = 1\n", "a = 1 # x\ry\n",
    "a = <<E\n${x}\n\rE\n", "a = <<E\n\r\nE\n", "a = 1\v\n", "a = (\r1)\n", "a = [\r\n1\r\n]\n", 'b "x"\r\n{\r\n}\r\n',
)  # fmt: skip

HCL2_DIFFERS: dict[str, tuple[str, ...]] = {
    "python-hcl2's grammar lacks it, Terraform reads it": (
        "a = [x\n[0]]\n", "a = x:: y(1)\n", "a = (x\n.y)\n", 'a = "${x\n}"\n', 'a = "${\nx\n}"\n', 'a = "${~x~}"\n',
        "a = --1\n", "a = !!x\n", "é = 1\n", "a = x::y(1)\n", 'b /* c */ "l" {\n}\n', "a /* c */ = 1\n",
        "\ufeffa = 1\n", "a = x.0e1\n", 'a = "${x\r\n}"\n', "a = <<E\nx\nE \n", 'b { a = "${1\n}" }\n',
        "a /*\n*/ = 1\n", "a = !-x\n", "a = x[ * ]\n", "a = (x.\ny)\n", "a = (x[0]\n[1])\n", "a = (x[\n*\n])\n",
        "a = (x[\n*])\n", "a = (x.\n*.y)\n", "a = (x\n.*.y)\n", "a = x /* c */ .y\n", "a = x. /* c */ y\n",
        "a = [x\n [0]]\n", "a = (x.5\n.y)\n", "a = (x # c\n.y)\n", "a = x . * . y\n", "a = x::y (1)\n",
        "a = x :: y(1)\n", 'b /* one */ "l" /* two\nlines */ c /**/ {\n}\n',
    ),
    "python-hcl2 keeps the last of two equal arguments": (
        "a = 1\na = 2\n",
    ),
    "python-hcl2 does not parse what stands inside of strings": (
        'a = "x\\q"\n', 'a = "\\u12"\n', 'a = "%{endif}"\n', 'a = "%{if x}a%{else}b%{else}c%{endif}"\n',
        'a = "a\nb"\n', "a = <<E\n${x\nE\n",
    ),
    "python-hcl2 lets expressions go on in a new line, where the value is already whole": (
        "b\n{\n}\n", "a = { x = 1\n, y = 2 }\n", "a = 1 +\n2\n", "a = x\n? 1 : 2\n", "a = x ?\n1 : 2\n",
        "a = { x = <<E\ny\nE\n, z = 1 }\n", "a = x ? <<E\ny\nE\n: 1\n", "b { a = x ?\n 1 : 2 }\n",
        'b "x"\r\n{\r\n}\r\n', 'b "l" # no\n{\n}\n',
    ),
    "python-hcl2 needs no comma between the items of an object": (
        "a = { x = 1 y = 2 }\n",
    ),
    "python-hcl2 takes a template for a label": (
        'b "l${x}" {\n}\n',
    ),
    "python-hcl2 does not keep the form of a block of one line: one argument, and closed in that line": (
        "b {\n a = 1 }\n", "b { a = 1\n}\n", "b { a = 1\n c = 2 }\n", "b { c {} }\n", "b {\n c {\n} }\n",
        "b { a = <<E\nx\nE\n}\n", "b { a = 1 # c\n}\n", "b {} c {}\n", "b { a = 1 \r\n}\n",
        'b "l" { a = 1 } c {\n}\n', 'b { dynamic "x" {} }\n', "b {\n a = 1 /*\n*/ }\n",
    ),
    "0.1 is a number to Terraform's scanner, and refused there": (
        "a = x.0.1\n", "a = x.*.0.1\n", "a = x[*].0.1\n", "a = x.1.0\n", "a = x.0.0.0\n",
    ),
    "Terraform wants a new line after a heredoc's marker": (
        "a = <<E\nx\nE",
    ),
    "python-hcl2 needs no new line between arguments": (
        "a = 1 b = 2\n", "a = 1 /*\n*/ b = 2\n",
    ),
    "`for` is a keyword there to Terraform": (
        "a = {for = 1}\n",
    ),
    "python-hcl2 takes a lone carriage return for white space or text": (
        "a = 1\rb = 2\n", 'a = "\r"\n', 'b "a\rb" {\n}\n', 'a = "x\r\n"\n', "b {\r}\n", "a = 1\r\r\nb = 2\n",
        "a = (\r1)\n", "a = <<E\n${x}\n\rE\n",
    ),
    "Terraform refuses a splat inside of an attribute-only one": (
        "a = x.*.y.*.z\n", "a = x.*.0.*.z\n", "a = x.*.*\n",
    ),
}  # fmt: skip
"""Where python-hcl2 reads what Terraform and we refuse, or the other way round, by what it does otherwise."""


def cases() -> list[str]:
    blocks = CORPUS.read_text(encoding="utf-8").split("---\n")
    return [*blocks, *WITHOUT_END_OF_LINE, *ODD_CHARACTERS]


def accepts(text: str) -> bool:
    try:
        parse(text, "main.tf")
    except HclSyntaxError as error:
        return not error.message or not 0 <= error.offset <= len(text)  # an error must say what and where
    return True


def refused_by_terraform(texts: list[str], directory: Path) -> set[int]:
    """One run of `terraform fmt` over all texts; it names the files that do not parse."""
    for number, text in enumerate(texts):
        (directory / f"case{number:04}.tf").write_bytes(text.encode())
    done = run("fmt", "-no-color", "-list=false", "-write=false", str(directory), directory=directory)
    return {int(number) for number in re.findall(r"case(\d{4})\.tf line", done.stderr)}


@pytest.mark.terraform
def test_terraform_and_we_accept_and_refuse_the_same(tmp_path: Path) -> None:
    texts = cases()
    assert len(texts) > 200
    refused = refused_by_terraform(texts, tmp_path)
    assert 50 < len(refused) < len(texts)
    assert {text for number, text in enumerate(texts) if number in refused and accepts(text)} == set()
    assert {text for number, text in enumerate(texts) if number not in refused and not accepts(text)} == set()


def hcl2_accepts(text: str) -> bool:
    try:
        hcl2.loads(text)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - whatever it raises, it refused
        return False
    return True


def test_python_hcl2_and_we_accept_and_refuse_the_same() -> None:
    differing = {text for text in cases() if hcl2_accepts(text) != accepts(text)}
    assert differing == {text for texts in HCL2_DIFFERS.values() for text in texts}
