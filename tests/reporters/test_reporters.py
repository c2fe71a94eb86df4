"""What holds for every format."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from factory import (
    HOSTILE,
    diagnostic,
    estate,
    finding,
    hostile,
    many,
    report,
    unknown_finding,
    values,
    waiver,
)

from phiward.model.finding import Verdict
from phiward.model.value import Unknown
from phiward.reporters import FORMATS, REPORTERS, Style, render

PASSWORDS = ("correct horse battery staple", "hunter2")
STYLES = [Style(), Style(color=True, width=60), Style(verbose=True)]


def test_the_registry_lists_what_it_renders():
    assert FORMATS == tuple(REPORTERS) == ("console", "json", "junit", "sarif")


def test_an_unknown_format_is_not_guessed():
    with pytest.raises(KeyError, match="yaml"):
        render(report(), "yaml", Style())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("make", [estate, values, report, lambda: many(50)])
def test_equal_reports_give_equal_bytes(name, make):
    for style in STYLES:
        first = render(make(), name, style)
        assert first == render(make(), name, style)
        assert first.endswith("\n")


def test_bytes_do_not_depend_on_the_process():
    code = (
        "import hashlib, factory; from phiward.reporters import FORMATS, Style, render;"
        "print([hashlib.sha256(render(factory.estate(), f, Style()).encode()).hexdigest() for f in FORMATS])"
    )
    told = set()
    for seed in ("1", "2"):
        path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": path, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
        told.add(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout)
    assert len(told) == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_format_lets_hostile_text_through(name, text):
    for style in STYLES:
        shown = render(hostile(text), name, style)
        if name == "console" and style.color:
            shown = _without_our_colours(shown)
        assert [c for c in shown if not c.isprintable() and c != "\n"] == []
        assert shown.encode()


def _without_our_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("make", [estate, values])
def test_secrets_are_in_no_format(name, make):
    for style in STYLES:
        shown = render(make(), name, style)
        assert not [password for password in PASSWORDS if password in shown]


@pytest.mark.parametrize("name", ["json", "junit", "sarif"])
def test_formats_for_machines_do_not_depend_on_the_terminal(name):
    assert len({render(estate(), name, style) for style in STYLES}) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_what_was_loosened(name):
    assert "log_retention_days" in render(estate(), name, Style())


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_what_could_not_be_read(name):
    broken = report(diagnostics=(diagnostic(incomplete=True, hint="fix the file"),), exit_status=4)
    shown = render(broken, name, Style())
    for part in ("broken/main.tf", "unexpected end of file", "fix the file"):
        assert part in shown


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_why_a_verdict_is_unknown(name):
    undecided = report([unknown_finding("aws_db_instance.a", Unknown("variable x has no value", "pass --var x=1"))])
    shown = render(undecided, name, Style())
    for part in ("variable x has no value", "pass --var x=1", "customer-managed-key", "aws_db_instance.a"):
        assert part in shown


def test_all_formats_agree_on_what_fails():
    failing = {(f.rule.id, f.subject.address) for f in estate().findings if f.failing}
    record = json.loads(render(estate(), "json", Style()))
    sarif = json.loads(render(estate(), "sarif", Style()))
    junit = render(estate(), "junit", Style())
    in_json = {
        (f["rule"], f["resource"]["address"])
        for f in record["findings"]
        if f["verdict"] == "fail" and f["waiver"] is None
    }
    in_sarif = {(r["ruleId"], a) for r in sarif["runs"][0]["results"] for a in r["properties"]["instances"]}
    assert in_json == in_sarif == failing
    assert junit.count("<failure ") == len(failing)


def test_a_waived_unknown_counts_as_waived_everywhere():
    accepted = report([finding(Verdict.UNKNOWN, "aws_db_instance.a", waiver=waiver())])
    assert "unknown aws" not in render(accepted, "console", Style())
    assert 'type="waived"' in render(accepted, "junit", Style())
    notes = json.loads(render(accepted, "sarif", Style()))["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["descriptor"]["id"] for note in notes] == ["waived"]


@pytest.mark.parametrize("name", FORMATS)
def test_lines_that_the_source_does_not_have_do_no_harm(name):
    beyond = estate()
    beyond = replace(beyond, sources={path: text[:20] for path, text in beyond.sources.items()})
    assert "encryption-at-rest" in render(beyond, name, Style())


def test_importing_the_package_imports_no_format():
    code = "import sys, phiward.reporters; print([m for m in ('rich', 'json', 'xml', 'hashlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_terminal_report_imports_no_rich():
    code = "import sys, phiward.reporters.console; print('rich' in sys.modules, 'json' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
