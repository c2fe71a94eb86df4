"""What is taken whole by a regular expression is what reading step by step gives, errors included."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from phiward.loaders.terraform import expressions, parser
from phiward.loaders.terraform.lexical import HclSyntaxError

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = (REPOSITORY / "tests" / "conformance" / "syntax_corpus.txt").read_text(encoding="utf-8").split("---\n")
FIXTURES = [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "fixtures" / "ehr-saas").rglob("*.tf"))]
TEXTS = (
    'a = "${true}"\n', 'a = "${true.x}"\n', 'a = "x${null}"\n', "a = true.x\n", "a = true-x\n", "a = -0\n", "a = -01\n",
    "a = 1.5\n", "a = 1.x\n", 'a = "x" "y"\n', "a = [b ,c\n, d]\n", "a = [b\n.c]\n", "a = [b\n[0]]\n", "a = (b\n)\n",
    "a = f(b...)\n", "a = f(b.c ...)\n", "a = { b = c == d }\n", "a = { (b) = c, d : e }\n", "a = b ? c : d\n",
    "a = b ?c:d::e(1)\n", 'a = "${ b.c }-${d}"\n', 'a = "${b}"\n', 'a = "${b.c[0]}"\n', 'a = "$${b}"\n', 'a = "%{b}"\n',
    'a = "é${b}é"\n', 'a = "e\u0301"\n', 'a = ["x"\r\n]\r\n', "a = b # c\n", "# c\na = b\n", "/* c */ a = b\n",
    'b "l" "m" {\n}\n', 'b "l\\n" {\n}\n', 'b "${l}" {\n}\n', 'b "l" { # c\n}\n', "b {\n a = 1\n a = 2\n}\n", "a = b",
)  # fmt: skip


def plain(node: Any) -> Any:
    """A tree as tuples: kinds, spans and values."""
    if isinstance(node, (list, tuple)):
        return [plain(item) for item in node]
    if isinstance(node, dict):
        return {key: plain(item) for key, item in node.items()}
    names = [name for name in getattr(node, "__match_args__", ()) if name not in ("file", "text")]
    return (type(node).__name__, *(plain(getattr(node, name)) for name in names)) if names else (type(node), node)


def read(text: str) -> Any:
    try:
        return plain(parser.parse(text, "main.tf").body)
    except HclSyntaxError as error:
        return error.message, error.offset


def test_shortcuts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*CORPUS, *FIXTURES, *TEXTS]
    whole = [read(text) for text in texts]
    never = re.compile(r"(?!)")
    monkeypatch.setattr(expressions, "match_leaf", lambda *_, **__: None)
    monkeypatch.setattr(expressions, "match_string", lambda *_: None)
    monkeypatch.setattr(parser, "_simple_attribute", never)
    monkeypatch.setattr(parser, "_block_start", never)
    for text, found in zip(texts, whole, strict=True):
        assert found == read(text), text
