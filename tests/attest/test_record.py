"""A record that is read back is the report that wrote it."""

from __future__ import annotations

import json

import pytest

from phiward.attest.assessment import record
from phiward.errors import UsageError
from phiward.record import replace
from phiward.reporters import junit, sarif
from phiward.reporters.json_report import render
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
