"""A pack from its file is the pack that was compiled, and of it only what is asked for is parsed."""

from __future__ import annotations

import pytest

from phiward.pack import Pack
from phiward.pack.compile import Compiler
from phiward.pack.stored import part, read, write
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def compiled():
    return Compiler(REPOSITORY / "rules").compile()


def test_it_comes_back_as_it_was_compiled(compiled):
    ours, right = Pack(read(write(compiled).encode())), Pack(compiled)
    assert ours.identity == right.identity
    assert ours.rules == right.rules
    assert ours.rows() == right.rows()
    for name in ("title", "citations", "parameters", "profiles", "property_types", "satellite_types", "outlines"):
        assert getattr(ours, name) == getattr(right, name), name
    assert write(compiled) == write(compiled)


def test_an_outline_says_what_the_rule_says(pack):
    assert len(pack.outlines) == len(pack.rules) > 100
    for outline, rule in zip(pack.outlines, pack.rules, strict=True):
        assert (outline.id, outline.severity, outline.select) == (rule.id, rule.severity, rule.select)
        assert pack.rule(rule.id) is rule
    with pytest.raises(KeyError):
        pack.rule("no-such-rule")


def test_what_nobody_asks_for_is_not_parsed(compiled, monkeypatch):
    parsed = []
    monkeypatch.setattr("phiward.pack.part", lambda of: (parsed.append(of), part(of))[1])
    pack = Pack(read(write(compiled).encode()))
    assert parsed == []
    for _ in range(2):
        assert pack.row("aws_db_instance") is not None
        pack.rule("encryption-at-rest")
        assert pack.row("aws_no_such_thing") is None
    assert len(parsed) == 2
