"""A record that is read back is the report that wrote it."""

from __future__ import annotations

import json

import pytest

from phiward.attest.assessment import record
from phiward.attest.assessment.build import assess
from phiward.attest.assessment.document import render as render_assessment
from phiward.attest.assessment.inputs import Inputs
from phiward.errors import UsageError
from phiward.record import replace
from phiward.reporters import junit, sarif
from phiward.reporters.json_report import render
from tests.attest.assessments import pack, point
from tests.reporters.factory import HOSTILE, estate, hostile, values

NAMES = [text for name, text in HOSTILE.items() if name != "lone surrogates"]
"""What is no text stands in a record as its escapes, and is text from then on."""


@pytest.mark.parametrize("report", [estate(), values(), *map(hostile, NAMES)])
def test_it_prints_as_it_was_written(report):
    written = render(report)
    read = record.read(written, "record.json")
    assert render(read.report) == written
    assert read.digest == record.of_report(report).digest


def test_other_formats_of_it_say_the_same():
    """What no record holds: the scanned text, and the pack's example of how to write it right."""
    known = estate()
    findings = [replace(f, rule=replace(f.rule, fix_snippets={})) for f in known.findings]
    of = replace(known, sources={}, findings=tuple(findings))
    read = record.read(render(of), "record.json").report
    assert sarif.render(read) == sarif.render(of)
    assert junit.render(read) == junit.render(of)


def changed(**changes):
    return json.dumps(json.loads(render(estate())) | changes)


@pytest.mark.parametrize(
    "text",
    [
        changed(schema="phiward/report/v2"),
        changed(tool={"name": "phiward", "version": "99.0.0", "pack": {"version": "1", "digest": "sha256:0"}}),
    ],
)
def test_one_of_a_newer_version_is_refused(text):
    with pytest.raises(UsageError, match=r"record\.json: was written by phiward .*newer than this one"):
        record.read(text, "record.json")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "7", '{"schema": "phiward/report/v1"}', changed(schema="other/v1"), changed(findings=[{}]),
     changed(summary=None), changed(rules=[]), changed(schema=1), "[" * 100_000],
)  # fmt: skip
def test_what_is_no_record_is_refused(text):
    with pytest.raises(UsageError, match="record"):
        record.read(text, "record.json")


def places(value, path=()):
    """Every place in a document, by the keys that lead to it; of a list only its first item."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


DOCUMENT = json.loads(render(replace(hostile("x"), waivers=estate().waivers)))


@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, "x", [], [[]], {}, {"x": 1}], ids=repr)
def test_what_is_of_a_wrong_kind_is_refused_or_read_never_stumbled_over(wrong):
    for place in places(DOCUMENT):
        document = json.loads(json.dumps(DOCUMENT))
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        if place:
            inner[place[-1]] = wrong
        else:
            document = wrong
        try:
            found = record.read(json.dumps(document), "record.json")
        except UsageError:
            continue
        render(found.report)
        render_assessment(assess(Inputs(found, pack(), point())).assessment)
