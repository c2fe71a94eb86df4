"""A report that went through the cache's lines is equal to the one that went in, and prints the same."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phiward.cache.codec import NotStorableError, _as_value, _value, decode, encode
from phiward.model.baseline import Comparison, Recorded, Remaining
from phiward.model.finding import (
    CallCount,
    Diagnostic,
    Evidence,
    Finding,
    Level,
    Loosened,
    PackIdentity,
    Report,
    Standing,
    Subject,
    Summary,
    Verdict,
    Waiver,
    WaiverType,
    WaiverUse,
)
from phiward.model.location import Answered, Location, Span
from phiward.model.rule import Rule, Severity
from phiward.model.value import ListValue, MapValue, Partial, Reference, Sensitive, SetValue, Unknown
from phiward.pipeline import scan
from phiward.record import replace
from phiward.reporters import FORMATS, Style, render
from phiward.settings import Settings
from tests.conftest import REPOSITORY, TODAY
from tests.outside_tree import make

AT = Location("a.tf", Span(1, 2, 3, 4))
RULE = Rule(
    "r", "R", "t", Severity.HIGH, ("164.312(b)",), "m", "b", "f", {"terraform": "x"}, {"checkov": ("A", "B")},
    {"kind": ["key"], "given": None}, None, ["all", []], None,
)  # fmt: skip
SUBJECT = Subject("a.b", "aws.a", "aws_a", "terraform", None, "phi", "live", (AT, AT), "a.tf")


def report(*findings: Finding, **more: object) -> Report:
    fields = {
        "diagnostics": (
            Diagnostic(Level.ERROR, "c", "m", "p", 1, 2, "h", incomplete=True),
            Diagnostic(Level.NOTE, "d", "n"),
        ),
        "summary": Summary(1, 2, 3, 4, 5, 6, 7),
        "exit_status": 4,
        "gate": "g",
        "pack": PackIdentity("1", "sha256:0"),
        "target": "x y",
        "roots": ("live", "other"),
        "loosened": (Loosened("p", [1, 2], [1]),),
        "unmodelled_types": {"aws_x": 2},
        "sources": {"a.tf": "text"},
        "partial": True,
        "unknown_refused": True,
        "base": "/base",
    }
    return Report(findings=findings, **(fields | more))  # type: ignore[arg-type]


def finding(**more: object) -> Finding:
    evidence = (Evidence("p", False, True, AT, True, "w", "a"), Evidence("q", None, "at least 1", None))
    return replace(Finding(RULE, Verdict.FAIL, SUBJECT, AT, "message", evidence), **more)


def there_and_back(given_: Report) -> Report:
    return decode([line.encode() for line in encode(given_)], given_.sources)


def test_everything_of_a_report_comes_back():
    other = replace(RULE, id="s", when=["x", {"equals": 1}], graph="function")
    waiver = Waiver("r", "because", "me", date(2027, 1, 31), Location("b.tf", Span(9, 9, 9, 10)), "inline")
    measure = replace(
        waiver, kind="file", type=WaiverType.ALTERNATIVE_MEASURE, approver="you", approved=date(2026, 11, 1), measure="m",
        selector="path x/**", covers_unknown=False, equivalence="e", compensating_controls=("a", "b"), risk_analysis="R-1",
        ticket="T-1",
    )  # fmt: skip
    was = Recorded("f" * 32, "r", "a.b", "live", "a.tf", date(2026, 1, 2), 3)
    findings = [
        finding(baseline="new", lapsed=measure),
        finding(verdict=Verdict.PASS, message=RULE.title, evidence=()),
        finding(location=replace(AT, call=Answered("s3:ListBuckets", "2026-11-26T00:00:00Z", "id"))),
        finding(rule=other, verdict=Verdict.UNKNOWN, waiver=waiver, location=Location("c.tf", Span(5, 1, 6, 1))),
        finding(verdict=Verdict.NOT_APPLICABLE, subject=replace(SUBJECT, tenant="mercy", called_from=())),
    ]
    more = {
        "waivers": (WaiverUse(waiver, Standing.IN_FORCE, 1), WaiverUse(measure, Standing.EXPIRED, 1)),
        "calls": (CallCount("123456789012", "us-east-1", "s3:ListBuckets", "denied", "AccessDenied", 2),),
        "callers": ("arn:aws:iam::123456789012:user/me",),
        "scanned_on": date(2026, 11, 26),
        "baseline": Comparison("phiward.baseline.json", 2, 1, (was,), (Remaining(was, "not judged"),)),
    }
    given_ = report(*findings, **more)
    assert there_and_back(given_) == given_
    empty = report(diagnostics=(), loosened=(), roots=(), unmodelled_types={}, sources={})
    assert there_and_back(empty) == empty


def test_many_subjects_take_many_lines():
    findings = [finding(subject=replace(SUBJECT, address=f"a.b{n}")) for n in range(2_500)]
    lines = list(encode(report(*findings)))
    assert len(lines) == 4
    assert there_and_back(report(*findings)) == report(*findings)


undecided = st.builds(Unknown, st.text(), st.text()) | st.builds(
    Reference, st.text(), st.lists(st.text() | st.integers(0, 9), max_size=3).map(tuple)
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(2**4095, 2**4100) | st.floats(allow_nan=False)
    | st.text() | undecided | st.lists(st.text() | undecided, min_size=1).map(lambda parts: Partial(tuple(parts)))
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(values)
def test_every_value_comes_back_as_what_it_was(value):
    back = _as_value(json.loads(json.dumps(_value(value))))
    assert repr(back) == repr(value)
    assert type(back) is type(value)


def test_values_that_json_has_no_words_for():
    for value in (float("inf"), float("-inf"), float("nan"), -0.0, 10**5000, "\ud800", "\0"):
        back = _as_value(json.loads(json.dumps(_value(value))))
        assert type(back) is type(value)
        assert repr(back) == repr(value) if type(value) is float else back == value


def test_the_collections_of_terraform_come_back_as_what_reports_print():
    value = [ListValue([1, SetValue(["a"])]), MapValue({"b": ListValue([])})]
    assert _as_value(json.loads(json.dumps(_value(value)))) == [[1, ["a"]], {"b": []}]


def test_a_sensitive_value_leaves_its_text_behind():
    value = {"a": [Sensitive("hush"), Partial((Sensitive("hush"), Unknown("why")))]}
    text = json.dumps(_value(value))
    assert "hush" not in text
    back = _as_value(json.loads(text))
    assert type(back["a"][0]) is Sensitive
    assert type(back["a"][1].parts[0]) is Sensitive


@pytest.mark.parametrize(
    "more",
    [
        {"message": Sensitive("hush")},
        {"subject": replace(SUBJECT, tenant=Sensitive("hush"))},
        {"evidence": (Evidence("p", object(), True),)},
        {"evidence": (Evidence("p", 1, 2, AT, write=Sensitive("hush")),)},
    ],
)
def test_what_has_no_place_in_an_entry_is_refused(more):
    with pytest.raises(NotStorableError):
        list(encode(report(finding(**more))))


@pytest.mark.parametrize("estate", ["flawed", "sound"])
def test_an_estate_comes_back_and_prints_the_same(estate):
    given_ = scan(Settings(paths=(REPOSITORY / "fixtures" / "ehr-saas" / estate,), today=TODAY))
    back = there_and_back(given_)
    assert back == given_
    assert [render(back, name, Style(verbose=True)) for name in FORMATS] == [
        render(given_, name, Style(verbose=True)) for name in FORMATS
    ]


def test_plans_states_exceptions_and_holes_come_back(tmp_path: Path):
    top = make(tmp_path / "repository")
    paths = (top, top / "plan.json", top / "state.tfstate")
    given_ = scan(Settings(paths=paths, today=TODAY))
    assert given_.summary.waived
    assert any(d.incomplete for d in given_.diagnostics)
    assert there_and_back(given_) == given_
