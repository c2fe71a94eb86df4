"""Generated expressions: our evaluation beside the real `terraform console`."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import evaluate_text
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.model.value import Unknown

pytestmark = pytest.mark.terraform

REFUSED, UNKNOWN, STATIC = "(refused)", "(unknown)", "(not an expression)"
BATCH = 60
_minus_nothing = re.compile(r"(?<!\w)-0(?![.\d])")
"""Terraform's zero has a sign, which no configuration can tell from none."""

# Left out, because plain values do not tell lists from tuples nor empty lists of one type from those of another: the
# branches of a conditional are never a list and a set, nor two sets of different types.
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
    n, b, t, ns, ts = (make(depth - 1) for make in (number, boolean, text, numbers, texts))
    return _one_of(
        leaf, _form("(# && #)", b, b), _form("(# || !#)", b, b), _form("(# < #)", n, n), _form("(# >= #)", n, n),
        _form("(# == #)", _one_of(n, t), _one_of(n, t)), _form("(# != #)", t, t), _form("contains(#, #)", ts, t),
        _form("(# == null)", _one_of(n, t)), _form("can(concat(#, [])[3])", ns), _form("alltrue([#, #])", b, b), _form("(# == #)", ns, ns),
    )  # fmt: skip


@cache
def numbers(depth: int) -> Texts:
    leaf = st.sampled_from(["[1, 2, 3]", "[]", "tolist([4, 5])", "toset([3, 1, 2])", "[0.5]"])
    if depth == 0:
        return leaf
    n, b, ns, ts = (make(depth - 1) for make in (number, boolean, numbers, texts))
    return _one_of(
        leaf, _form("[#, #]", n, n), _form("[for x in # : x * 2 if x > #]", ns, n), _form("[for i, x in # : i]", ts),
        _form("(# ? [#, #] : [#])", b, n, n, n), _form("concat(#, #)", ns, ns), _form("toset(#)", ns), _form("reverse(#)", ns),
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
        _form("[for k, v in # : k if v != null]", _one_of(o, ts)), _form("(# ? [#] : [#, #])", b, t, t, t),
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


def theirs(expressions: list[str], directory: str) -> list[str]:
    """Their JSON of each; an expression that is refused before it is evaluated is found by halving the batch."""
    binary = shutil.which("terraform")
    if binary is None:
        pytest.skip("NOT PROVEN: the terraform binary is not on the PATH, so no expression was compared with it")
    calls = ", ".join(f'try(jsonencode({text}), "{REFUSED}")' for text in expressions)
    done = subprocess.run(
        [binary, "console"],
        input=f"base64encode(jsonencode([{calls}]))\n",
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": directory, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode == 0:
        answers: list[str] = json.loads(base64.b64decode(json.loads(done.stdout)))
        return answers
    if len(expressions) == 1:
        return [STATIC]
    middle = len(expressions) // 2
    return theirs(expressions[:middle], directory) + theirs(expressions[middle:], directory)


def ours(expression: str) -> str:
    try:
        value = evaluate_text(f"jsonencode({expression})")
    except (EvaluationError, HclSyntaxError):
        return REFUSED
    return UNKNOWN if isinstance(value, Unknown) else value


def as_text(value: Any) -> Any:
    """The value with its numbers and booleans spelled out, as a list or map of strings holds them."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    return value if isinstance(value, str) or value is None else json.dumps(value)


def same(left: str, right: str) -> bool:
    return left == right or as_text(json.loads(left)) == as_text(json.loads(right))


def compare(expressions: list[str], *, strict: bool) -> None:
    """What Terraform gives a value to we give the same value, or say that we do not know it.

    Unless `strict`, 1 and "1" are the same: a list of strings, even an empty one, turns what joins it into strings, and
    plain values do not carry the type of an empty list. What Terraform refuses we may read more kindly: it checks types
    that plain values do not carry.
    """
    with tempfile.TemporaryDirectory() as directory:
        expected = theirs(expressions, directory)
    wrong = []
    for expression, shown in zip(expressions, expected, strict=True):
        answer, right = ours(expression), _minus_nothing.sub("0", shown)
        if right in (REFUSED, STATIC) or answer in (right, UNKNOWN):
            continue
        if strict or answer == REFUSED or not same(answer, right):
            wrong.append(f"{expression}\n  Terraform: {right}\n  ours:      {answer}")
    assert not wrong, "\n".join(wrong)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(st.lists(EXPRESSIONS, min_size=BATCH, max_size=BATCH))
def test_a_few_batches(expressions: list[str]) -> None:
    compare(expressions, strict=True)


@pytest.mark.heavy
@settings(
    max_examples=60, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck), database=None
)
@given(st.lists(EXPRESSIONS, min_size=BATCH, max_size=BATCH))
def test_many_batches(expressions: list[str]) -> None:
    compare(expressions, strict=False)
