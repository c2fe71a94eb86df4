"""Patterns of exceptions: brackets are what they are, and no pattern takes long."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phiward.gate.selectors import Selector, glob, glob_path
from phiward.model.finding import Finding, Subject, Verdict
from phiward.model.location import Location, Span
from phiward.model.value import OpenAttributes, Unknown
from tests.cache.test_codec import RULE

AT = Location("infra/db/main.tf", Span(1, 1, 1, 2))
ADDRESS = 'module.db["mercy"].aws_db_instance.a[0]'


def finding(address: str = ADDRESS, path: str = "infra/db/main.tf") -> Finding:
    subject = Subject(address, "t", "t", "terraform", None, "phi", "infra", (), path)
    return Finding(RULE, Verdict.FAIL, subject, AT, "m", ())


def matches(selector: Selector, of: Finding, tags: object = None) -> bool | None:
    return selector.matches(of, lambda _: tags)


@given(st.text("ab*?[.", max_size=8), st.text("ab[.*", max_size=8))
def test_globs_mean_what_a_regular_expression_says(pattern, text):
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    assert glob(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)


@given(st.lists(st.sampled_from(["a", "b", "*", "**", "a*"]), min_size=1, max_size=5),
       st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5))  # fmt: skip
def test_paths_mean_what_a_regular_expression_says(pattern, path):
    steps = [r"(?:[^/]+/)*" if step == "**" else step.replace("*", "[^/]*") + "/" for step in pattern]
    expression = "".join(steps) + ".*"
    assert glob_path("/".join(pattern), "/".join(path)) is (re.match(expression, "/".join(path) + "/") is not None)


def test_no_pattern_takes_long():
    started = process_time()
    assert not glob("*a" * 2_000 + "b", "a" * 4_000)
    assert not glob_path("/".join(["**", "a"] * 500 + ["b"]), "/".join(["a"] * 1_000))
    assert process_time() - started < 20


@pytest.mark.parametrize(
    "selector, told",
    [
        (Selector(address=ADDRESS), True),
        (Selector(address='module.db["mercy"].*'), True),
        (Selector(address="module.db[*].aws_db_instance.a[?]"), True),
        (Selector(address='module.db["lake"].*'), False),
        (Selector(address="aws_db_instance.a"), False),
        (Selector(module="module.db"), True),
        (Selector(module='module.db["mercy"]'), True),
        (Selector(module='module.db["lake"]'), False),
        (Selector(module="module.d"), False),
        (Selector(path="infra"), True),
        (Selector(path="infra/db/"), True),
        (Selector(path="infra/**/main.tf"), True),
        (Selector(path="infra/*.tf"), False),
        (Selector(path="inf"), False),
        (Selector(arn="arn:aws:*"), False),
        (Selector(address=ADDRESS, path="other"), False),
    ],
)
def test_what_is_selected(selector, told):
    assert matches(selector, finding()) is told


def test_an_arn_is_the_address_of_what_runs():
    live = finding("arn:aws:rds:us-east-1:123456789012:db:records", "")
    assert matches(Selector(arn="arn:aws:rds:*:db:records"), live) is True
    assert matches(Selector(arn="arn:aws:rds:*:db:other"), live) is False


@pytest.mark.parametrize(
    "tags, told",
    [
        ({"tenant": "mercy"}, True),
        ({"tenant": "lake"}, False),
        ({}, False),
        ({"tenant": Unknown("x")}, None),
        (Unknown("x"), None),
        (OpenAttributes({}, Unknown("x")), None),
        (OpenAttributes({"tenant": "lake"}, Unknown("x")), False),
    ],
)
def test_tags_that_are_not_known_decide_nothing(tags, told):
    assert matches(Selector(tags=(("tenant", "mercy"),)), finding(), tags) is told


def test_tags_are_asked_for_only_where_the_rest_matches():
    def never(_: Finding) -> None:
        raise AssertionError

    assert Selector(path="other", tags=(("a", "b"),)).matches(finding(), never) is False
    assert Selector(path="infra").matches(finding(), never) is True
