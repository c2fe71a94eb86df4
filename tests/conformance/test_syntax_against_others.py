"""What is accepted and refused: our parser beside `terraform fmt` and python-hcl2, over a corpus of nasty syntax."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest

from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.parser import parse

CORPUS = Path(__file__).with_name("syntax_corpus.txt")
WITHOUT_END_OF_LINE = (
    "a = 1", "b {}", "b {\n}", 'a = "x"', "a = 1 # c", "a = 1 /* c */", "# c", "/* c", "/* c */", "", "\n\n",
    "a = <<E\nx\nE",
)  # fmt: skip
ODD_CHARACTERS = (
    "\ufeffa = 1\n", "a = 1\r\nb = 2\r\n", "a = 1\rb = 2\n", "a\t=\t1\n", "a\u00a0= 1\n", 'a = "\t"\n', 'a = "\r"\n',
    "a = <<E\r\nx\r\nE\r\n", "a = 1\f\n", 'a = "\u2028"\n', 'b "l"\u00a0{}\n', "a = \u0661\n", 'a = "\U0001f600"\n',
    "b {\r\n  a = [\r\n    1,\r\n  ]\r\n}\r\n",
)  # fmt: skip

TERRAFORM_IS_STRICTER: dict[str, str] = {
    "b {\n a = 1 }\n": "a block's closing brace must stand in a line of its own",
    "b { a = 1\n}\n": "a block of one line ends in that line",
    "b { c {} }\n": "a block of one line holds no block",
    "b { a = 1\n c = 2 }\n": "a block of one line holds one argument",
    'b "l${x}" {\n}\n': "a label is no template",
    "a = f(x...,)\n": "nothing follows an expanded argument",
    "a = x.0.1\n": "0.1 is a number to Terraform's scanner",
    "a = <<E\nx\nE": "a heredoc's marker is followed by a new line",
    'a = "\r"\n': "a carriage return ends the string's line",
}
"""What we read although Terraform refuses it: harmless, for it can mean nothing else and such a file is never applied."""

TERRAFORM_IS_LAXER: dict[str, str] = {}
"""What we refuse although Terraform reads it: nothing may stand here."""

_NEWLINES = "python-hcl2 lets expressions go on in a new line, where the value is already whole"
_IN_TEMPLATES = "python-hcl2 does not parse what stands inside of strings"
_MISSING = "python-hcl2's grammar lacks it, Terraform reads it"
HCL2_DIFFERS: dict[str, str] = {
    "a = [x\n[0]]\n": _MISSING,
    "a = x:: y(1)\n": _MISSING,
    "a = 1\na = 2\n": "python-hcl2 keeps the last of two equal arguments",
    'a = "x\\q"\n': _IN_TEMPLATES,
    'a = "\\u12"\n': _IN_TEMPLATES,
    "b\n{\n}\n": _NEWLINES,
    "a = { x = 1 y = 2 }\n": "python-hcl2 needs no comma between the items of an object",
    "a = { x = 1\n, y = 2 }\n": _NEWLINES,
    "a = f(x...,)\n": "see TERRAFORM_IS_STRICTER",
    "a = 1 +\n2\n": _NEWLINES,
    "a = x\n? 1 : 2\n": _NEWLINES,
    "a = x ?\n1 : 2\n": _NEWLINES,
    "a = (x\n.y)\n": _MISSING,
    'a = "${x\n}"\n': _MISSING,
    'a = "${\nx\n}"\n': _MISSING,
    'a = "%{endif}"\n': _IN_TEMPLATES,
    'a = "%{if x}a%{else}b%{else}c%{endif}"\n': _IN_TEMPLATES,
    'a = "${~x~}"\n': _MISSING,
    "a = --1\n": _MISSING,
    "a = !!x\n": _MISSING,
    "a = 1 b = 2\n": "python-hcl2 needs no new line between arguments",
    "é = 1\n": _MISSING,
    "a = x::y(1)\n": _MISSING,
    'b /* c */ "l" {\n}\n': _MISSING,
    "a /* c */ = 1\n": _MISSING,
    'a = "a\nb"\n': _IN_TEMPLATES,
    "a = {for = 1}\n": "`for` is a keyword there to Terraform",
    "a = <<E\n${x\nE\n": _IN_TEMPLATES,
    "a = { x = <<E\ny\nE\n, z = 1 }\n": _NEWLINES,
    "a = x ? <<E\ny\nE\n: 1\n": _NEWLINES,
    "\ufeffa = 1\n": _MISSING,
    "a = 1\rb = 2\n": "python-hcl2 takes a lone carriage return for a new line",
}


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
    binary = shutil.which("terraform")
    if binary is None:
        pytest.skip("NOT PROVEN: the terraform binary is not on the PATH, so no syntax was compared with it")
    for number, text in enumerate(texts):
        (directory / f"case{number:04}.tf").write_bytes(text.encode())
    done = subprocess.run(
        [binary, "fmt", "-no-color", "-list=false", "-write=false", str(directory)],
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return {int(number) for number in re.findall(r"case(\d{4})\.tf line", done.stderr)}


@pytest.mark.terraform
def test_terraform_and_we_accept_and_refuse_the_same(tmp_path: Path) -> None:
    texts = cases()
    assert len(texts) > 200
    refused = refused_by_terraform(texts, tmp_path)
    assert 50 < len(refused) < len(texts)
    stricter = {text for number, text in enumerate(texts) if number in refused and accepts(text)}
    laxer = {text for number, text in enumerate(texts) if number not in refused and not accepts(text)}
    assert stricter == set(TERRAFORM_IS_STRICTER)
    assert laxer == set(TERRAFORM_IS_LAXER)


def hcl2_accepts(text: str) -> bool:
    try:
        hcl2.loads(text)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - whatever it raises, it refused
        return False
    return True


def test_python_hcl2_and_we_accept_and_refuse_the_same() -> None:
    differing = {text for text in cases() if hcl2_accepts(text) != accepts(text)}
    assert differing == set(HCL2_DIFFERS)
