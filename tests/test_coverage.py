"""The matrix says of every citation what speaks to it, and never covers one that nothing speaks to."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from phiward.cli import phiward
from phiward.coverage import STATES, by_citation, by_practice, by_theme, speakers
from phiward.coverage.render import FORMATS, VIEWS, coverage
from phiward.coverage.sections import OUTCOMES
from phiward.engine.selecting import reach
from phiward.pack import load_pack
from phiward.pack.reference import load_reference

PACK = load_pack()
REFERENCE = load_reference(rule.id for rule in PACK.rules)
CITATIONS = {row.citation: row for row in by_citation(PACK)}


def test_every_citation_has_a_row_and_every_rule_stands_where_it_cites():
    assert list(CITATIONS) == list(PACK.citations)
    for rule in PACK.rules:
        for citation, row in CITATIONS.items():
            assert (rule.id in {each.rule.id for each in row.speakers}) == (citation in rule.citations)


@pytest.mark.parametrize("citation", CITATIONS)
def test_a_citation_without_a_rule_is_never_covered(citation):
    row = CITATIONS[citation]
    assert row.state in STATES
    assert bool(row.speakers) == (row.state in ("checked", "in part"))
    if row.state == "checked":
        assert row.automatable == "automated"


def test_a_citation_shows_what_people_do_for_it():
    rows = {row["citation"]: row for row in json.loads(coverage(PACK, "citation", "json"))["rows"]}
    assert [control["id"] for control in rows["164.308(a)(1)(ii)(C)"]["manual"]] == ["sanction-policy"]
    assert all(row["manual"] for row in rows.values() if row["state"] in ("manual", "provider"))
    assert "By people (sanction-policy)" in coverage(PACK, "citation", "text")


def test_a_citation_that_loses_its_rules_is_no_longer_covered(monkeypatch):
    kept = [rule for rule in PACK.rules if "164.312(a)(2)(iv)" not in rule.citations]
    bare = load_pack()
    monkeypatch.setattr(type(bare), "rules", property(lambda _: tuple(kept)))
    assert {row.citation: row.state for row in by_citation(bare)}["164.312(a)(2)(iv)"] == "no rule"


def test_a_speaker_names_the_types_that_the_engine_reaches():
    for each in speakers(PACK).values():
        reached = {(row.dialect, row.type) for row in PACK.rows() if reach(each.rule, row)}
        assert {(dialect, name) for dialect, names in each.types.items() for name in names} == reached
        assert each.sources


def test_themes_and_practices_hold_every_rule_and_row():
    themed = [each.rule.id for row in by_theme(PACK, REFERENCE) for each in row.speakers]
    assert sorted(themed) == sorted(rule.id for rule in PACK.rules)
    assert [row.id for row in by_practice(PACK, REFERENCE)] == [each.id for each in REFERENCE.practices]


@pytest.mark.parametrize("view", VIEWS)
def test_json_has_everything_that_text_says(view):
    document = json.loads(coverage(PACK, view, "json"))
    assert (document["by"], document["pack"]["digest"]) == (view, PACK.identity.digest)
    assert document["summary"] in coverage(PACK, view, "text")
    for row in document["rows"]:
        assert row.get("state", "checked") in (*STATES, *OUTCOMES)
        for rule in row["rules"]:
            assert rule["sources"]
            assert all(rule["resource_types"].values())


def test_markdown_has_a_heading_for_each_citation_and_no_raw_mark_up():
    text = coverage(PACK, "citation", "markdown")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert len(headings) == len(CITATIONS)
    assert "<" not in text.replace("\\<", "")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("format_", FORMATS)
def test_the_command_prints_it(view, format_):
    done = CliRunner().invoke(phiward, ["coverage", "--by", view, "--format", format_])
    assert done.exit_code == 0, done.output
    assert done.stdout == coverage(PACK, view, format_) + "\n"
