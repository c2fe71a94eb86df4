"""Generated expressions: our evaluation beside the real `terraform console`."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.oracle import REFUSED, STATIC, console

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import evaluate_text
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.model.value import Unknown

pytestmark = pytest.mark.terraform

UNKNOWN = "(unknown)"
BATCH = 60
_minus_nothing = re.compile(r"(?<!\w)-0(?![.\d])")
"""Terraform's zero has a sign, which no configuration can tell from none."""

Texts = st.SearchStrategy[str]


def _form(pattern: str, *parts: Texts) -> Texts:
    """A pattern with `#` for each part."""
    return st.tuples(*parts).map(lambda values: _filled(pattern, values))


def _filled(pattern: str, values: tuple[str, ...]) -> str:
    first, *rest = pattern.split("#")
    return first + "".join(value + text for value, text in zip(values, rest, strict=True))


def _one_of(*forms: Texts, sometimes: Texts | None = None) -> Texts:
    return st.one_of(*forms) if sometimes is None else st.one_of(*forms, *forms, sometimes)


@cache
def number(depth: int) -> Texts:
    leaf = _one_of(st.integers(-3, 12).map(str), st.sampled_from(["1.5", "0.25", "1e2", '"3"']))
    if depth == 0:
        return leaf
    n, b, t, ns, ts, o = (make(depth - 1) for make in (number, boolean, text, numbers, texts, mapping))
    return _one_of(
        leaf, _form("(# + #)", n, n), _form("(# - # - #)", n, n, n), _form("# * (#)", n, n), _form("(# % 5)", n),
        _form("-(#)", n), _form("(# ? # : #)", b, n, n), _form("#[0]", ns), _form("length(#)", _one_of(ns, ts, o, t)),
        _form("max(#, #)", n, n), _form("try(#[7], #)", ns, n), _form("one([#])", n), _form("sum(#)", ns),
        _form("tonumber(#)", n), _form("{ a = # }.a", n), _form("element(#, abs(#))", ns, n), _form("coalesce(null, #)", n),
        sometimes=_one_of(t, b),
    )  # fmt: skip


@cache
def text(depth: int) -> Texts:
    leaf = st.sampled_from(['""', '"a"', '"b"', '"é"', '"x y"', '"$${q}"', '"\\t\\"\\\\"', '"%%{"'])
    if depth == 0:
        return leaf
    n, b, t, ts, o = (make(depth - 1) for make in (number, boolean, text, texts, mapping))
    return _one_of(
        leaf, _form('"<${#}-${#}>"', _one_of(n, t, b), _one_of(n, t, b)), _form("upper(#)", t), _form('join("/", #)', ts),
        _form("(# ? # : #)", b, t, _one_of(t, n)), _form('"%{ if # }y${#}%{ else }n%{ endif }"', b, t),
        _form('"%{ for i, x in # ~} ${i}=${x} %{ endfor ~} z"', ts), _form('"a ${~ # ~} b"', t), _form("tostring(#)", n),
        _form('lookup(#, "a", "${#}")', o, t), _form('format("%s|%v", #, #)', t, n), _form("try(#.zz, #)", o, t),
        _form("element(#, 1)", ts), _form("jsonencode(#)", _one_of(ts, o, n)), _form("replace(#, #, #)", t, t, t),
        sometimes=_one_of(n, b),
    )  # fmt: skip


@cache
def boolean(depth: int) -> Texts:
    leaf = st.sampled_from(["true", "false", '"true"', "!true", '"1"'])
    if depth == 0:
        return leaf
    n, b, t, ns, ts, o = (make(depth - 1) for make in (number, boolean, text, numbers, texts, mapping))
    return _one_of(
        leaf, _form("(# && #)", b, b), _form("(# || !#)", b, b), _form("(# < #)", n, n), _form("(# >= #)", n, n),
        _form("(# == #)", _one_of(n, t), _one_of(n, t)), _form("(# != #)", t, t), _form("contains(#, #)", ts, t),
        _form("(# == null)", _one_of(n, t)), _form("can(concat(#, [])[3])", ns), _form("alltrue([#, #])", b, b),
        _form("(# == #)", _one_of(ns, ts), _one_of(ns, ts)), _form("(# != #)", o, o), _form("contains([#, #], #)", ns, ts, _one_of(ns, ts)),
    )  # fmt: skip


@cache
def numbers(depth: int) -> Texts:
    leaf = st.sampled_from(["[1, 2, 3]", "[]", "tolist([4, 5])", "toset([3, 1, 2])", "[0.5]"])
    if depth == 0:
        return leaf
    n, b, ns, ts = (make(depth - 1) for make in (number, boolean, numbers, texts))
    return _one_of(
        leaf, _form("[#, #]", n, n), _form("[for x in # : x * 2 if x > #]", ns, n), _form("[for i, x in # : i]", ts),
        _form("(# ? # : #)", b, ns, _one_of(ns, ts)), _form("concat(#, #)", ns, ns), _form("tolist(#)", ns), _form("toset(#)", ns), _form("reverse(#)", ns),
        _form("flatten([#, [#]])", ns, ns), _form("[{ n = # }, { n = # }][*].n", n, n), _form("#[*]", ns),
        _form("[{ l = # }][*].l[0]", ns), _form("[{ n = # }].*.n", n), _form("distinct(#)", ns), _form("sort(#)", ns),
        _form("range(#)", n),
    )  # fmt: skip


@cache
def texts(depth: int) -> Texts:
    leaf = st.sampled_from(['["b", "a"]', '["x"]', "[]", 'toset(["b", "a"])', 'tolist(["q", "p", "q"])'])
    if depth == 0:
        return leaf
    t, b, ns, ts, o = (make(depth - 1) for make in (text, boolean, numbers, texts, mapping))
    return _one_of(
        leaf, _form("[#, #]", t, t), _form('[for x in # : "${x}!"]', _one_of(ns, ts)), _form("keys(#)", o),
        _form("[for k, v in # : k if v != null]", _one_of(o, ts)), _form("(# ? # : #)", b, ts, _one_of(ns, ts)),
        _form("toset(#)", ts), _form("setunion(#, [#])", ts, t), _form('split("/", #)', t), _form("compact(#)", ts),
        _form("values({ for x in # : x => upper(x)... })[*][0]", ts), _form("sort(#)", ts), _form("tolist(#)", _one_of(ns, ts)),
    )  # fmt: skip


@cache
def mapping(depth: int) -> Texts:
    leaf = st.sampled_from(['{ a = "1", b = "x" }', "{}", 'tomap({ k = "v" })', '{ "a b" = "q", 7 = "n" }'])
    if depth == 0:
        return leaf
    n, t, b, ts, o = (make(depth - 1) for make in (number, text, boolean, texts, mapping))
    return _one_of(
        leaf, _form("{ a = #, (#) = # }", _one_of(n, t), t, t), _form("merge(#, #)", o, o), _form("(# ? # : #)", b, o, o),
        _form("{ for x in # : x => x... }", ts), _form("{ for i, x in # : i => x }", ts), _form("zipmap(#, #)", ts, ts),
        _form('{ for k, v in # : "${k}_" => v if k != # }', o, t), _form("tomap(#)", o),
    )  # fmt: skip


DEPTH = 3
EXPRESSIONS = _one_of(*(make(DEPTH) for make in (number, text, boolean, numbers, texts, mapping)))


def ours(expression: str) -> str:
    try:
        value = evaluate_text(f"jsonencode({expression})")
    except (EvaluationError, HclSyntaxError):
        return REFUSED
    return UNKNOWN if isinstance(value, Unknown) else value


def compare(expressions: list[str]) -> None:
    """What Terraform gives a value to we give the same value, or say that we do not know it.

    What Terraform refuses we may read more kindly.
    """
    with tempfile.TemporaryDirectory() as directory:
        expected = console(expressions, Path(directory))
    wrong = []
    for expression, shown in zip(expressions, expected, strict=True):
        answer, right = (_minus_nothing.sub("0", text) for text in (ours(expression), shown))
        if right not in (REFUSED, STATIC) and answer not in (right, UNKNOWN):
            wrong.append(f"{expression}\n  Terraform: {right}\n  ours:      {answer}")
    assert not wrong, "\n".join(wrong)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(st.lists(EXPRESSIONS, min_size=BATCH, max_size=BATCH))
def test_a_few_batches(expressions: list[str]) -> None:
    compare(expressions)


@pytest.mark.heavy
@settings(
    max_examples=60, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck), database=None
)
@given(st.lists(EXPRESSIONS, min_size=BATCH, max_size=BATCH))
def test_many_batches(expressions: list[str]) -> None:
    compare(expressions)
