"""What is accepted and refused: our parser beside `terraform fmt` and python-hcl2, over a corpus of nasty syntax."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest

from phiward.loaders.terraform.parser import HclSyntaxError, parse

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

TERRAFORM_IS_STRICTER: dict[str, str] = {}
"""What we read although Terraform refuses it, and why that does no harm: such a file never reaches an apply."""

TERRAFORM_IS_LAXER: dict[str, str] = {}

HCL2_DIFFERS: dict[str, str] = {}


def cases() -> list[str]:
    blocks = CORPUS.read_text(encoding="utf-8").split("---\n")
    return [*blocks, *WITHOUT_END_OF_LINE, *ODD_CHARACTERS]


def accepts(text: str) -> bool:
    try:
        parse(text, "main.tf")
    except HclSyntaxError as error:
        assert 0 <= error.offset <= len(text), "an error without a place"
        assert error.message
        return False
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


def test_terraform_and_we_accept_and_refuse_the_same(tmp_path: Path) -> None:
    texts = cases()
    assert len(texts) > 200
    refused = refused_by_terraform(texts, tmp_path)
    assert 50 < len(refused) < len(texts)
    stricter = {text for number, text in enumerate(texts) if number in refused and accepts(text)}
    laxer = {text for number, text in enumerate(texts) if number not in refused and not accepts(text)}
    assert stricter == set(TERRAFORM_IS_STRICTER)
    assert laxer == set(TERRAFORM_IS_LAXER)


test_terraform_and_we_accept_and_refuse_the_same = pytest.mark.terraform(
    test_terraform_and_we_accept_and_refuse_the_same
)


def hcl2_accepts(text: str) -> bool:
    try:
        hcl2.loads(text)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - whatever it raises, it refused
        return False
    return True


def test_python_hcl2_and_we_accept_and_refuse_the_same() -> None:
    differing = {text for text in cases() if hcl2_accepts(text) != accepts(text)}
    assert differing == set(HCL2_DIFFERS)
