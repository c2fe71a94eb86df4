"""The pages say what the pack says, lead only to what exists, and contain no mark-up but their own."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from phiward.cli import phiward
from phiward.coverage import by_citation, speakers
from phiward.docs import MARK, pages, stale, write
from phiward.docs.comparison import _alone, columns
from phiward.docs.page import Code, Items, Link, Name, Page, Paragraph, Section, Table, as_markdown, as_text
from phiward.markdown import anchor
from phiward.pack import load_pack
from phiward.pack.reference import load_reference
from tests.conftest import REPOSITORY

PACK = load_pack()
PAGES = pages(PACK)
SPEAKERS = speakers(PACK)
READER = MarkdownIt("commonmark").enable("table")
COMMITTED = REPOSITORY / "docs" / "rules"


def inline(tokens):
    return [child for token in tokens if token.type == "inline" for child in token.children]


def headings(text):
    tokens = READER.parse(text)
    return [
        "".join(child.content for child in tokens[number + 1].children)
        for number, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def test_every_rule_has_a_page_and_the_indexes_lead_to_all_of_them():
    assert set(PAGES) == {"README.md", "citations.md", "comparison.md", *(f"{id_}.md" for id_ in SPEAKERS)}
    for id_, each in SPEAKERS.items():
        assert f"]({id_}.md)" in PAGES["README.md"]
        assert PAGES["citations.md"].count(f"]({id_}.md)") == len(each.rule.citations)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_links_that_lead_somewhere_and_no_raw_mark_up(name):
    tokens = READER.parse(PAGES[name])
    assert [token.content.strip() for token in tokens if token.type == "html_block"] == [MARK]
    pieces = inline(tokens)
    assert not [piece for piece in pieces if piece.type in ("html_inline", "image", "em_open", "strong_open")]
    for piece in pieces:
        if piece.type == "link_open":
            page, _, fragment = piece.attrs["href"].partition("#")
            assert page in PAGES, page
            assert not fragment or fragment in {anchor(title) for title in headings(PAGES[page])}, fragment


@pytest.mark.parametrize("id_", SPEAKERS)
def test_a_page_holds_what_the_rule_holds(id_):
    each, text = SPEAKERS[id_], PAGES[f"{id_}.md"]
    tokens = READER.parse(text)
    blocks = [token.content.strip() for token in tokens if token.type == "fence"]
    for snippet in each.rule.fix_snippets.values():
        assert snippet.replace("\t", "  ").strip() in blocks
    spans = [piece.content for piece in inline(tokens) if piece.type == "code_inline"]
    for ids in each.rule.equivalents.values():
        assert set(ids) <= set(spans)
    assert set(each.all_types) <= set(spans)
    assert set(each.rule.citations) <= {piece.content for piece in inline(tokens) if piece.type == "text"}
    natives = {n for row in PACK.rows() if row.type in each.types.get(row.dialect, ()) for n in row.native_types}
    assert natives <= set(spans)
    titles = [*headings(text)][1:]
    assert titles[:6] == ["What it asks", "Why", "Citations", "Fix", "Examples", "Where it looks"]
    assert re.search(r"^Fails: ", text, re.MULTILINE)
    assert re.search(r"^Passes: ", text, re.MULTILINE)


@pytest.mark.parametrize("id_", ["encryption-at-rest", "tenant-key-shared", "pod-not-privileged", "trail-exists"])
def test_show_prints_the_same_content(id_):
    done = CliRunner().invoke(phiward, ["rules", "show", id_])
    assert done.exit_code == 0
    rule = SPEAKERS[id_].rule
    for title in headings(PAGES[f"{id_}.md"]):
        assert re.search(rf"^{re.escape(title)}$", done.stdout, re.MULTILINE)
    for word in (*rule.citations, *SPEAKERS[id_].all_types, *(i for ids in rule.equivalents.values() for i in ids)):
        assert word in done.stdout


REFERENCE = load_reference(rule.id for rule in PACK.rules)


def test_the_comparison_counts_what_each_pack_holds():
    ours, *others = columns(PACK, REFERENCE, by_citation(PACK))
    assert [column.title for column in others] == [
        "Prowler",
        "AWS Config",
        "AWS CloudFormation Guard",
        "Powerpipe (Steampipe)",
    ]
    assert [column.checks for column in others] == [95, 130, 85, 156]
    assert [column.stubs for column in others] == [0, 0, 9, 0]
    assert ours.checks == len(PACK.rules)
    assert set(ours.citations) == {citation for rule in PACK.rules for citation in rule.citations}
    for column in others:
        [tool] = [tool for tool in REFERENCE.tools if tool.title == column.title]
        for concept in REFERENCE.concepts:
            held = any(concept.id in check.concepts and not check.stub for check in tool.checks)
            assert held == (concept.id in column.concepts)
    cells = [line.split(" | ") for line in PAGES["comparison.md"].splitlines() if line.startswith("| Concepts decided")]
    assert [cell.strip(" |") for cell in cells[0][2:]] == [str(len(column.concepts)) for column in others]


def test_what_only_one_holds_is_held_by_no_other():
    assert _alone([{"a", "b"}, {"b"}, {"c"}, {"c"}]) == ["1", "0", "0", "0"]


HOSTILE = [
    "<script>alert(1)</script>",
    "[click](https://evil.example) ![x](y)",
    "a | b | c",
    "`code` ``more``",
    "*bold* _em_ ~~gone~~ **x**",
    "# heading",
    "1. list",
    "- list",
    "&amp; &#x41; $x$",
    "two\nlines\r\n\n# three",
    "\x1b[31mred\u202e",
    "\\",
    "https://evil.example <https://evil.example>",
    "===",
    "   indented",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    page = Page(
        text,
        (Paragraph((text,)), Paragraph(("a ", text, Name(text)))),
        (
            Section(text, (Items(((text,), (Name(text), text))), Table(("a", "b"), (((text,), (Name(text),)),)))),
            Section("code", (Code(f"```\n{text}\n````", "yaml"), Items(((Link(text, "README.md"),),)))),
        ),
    )
    tokens = READER.parse(as_markdown(page))
    kinds = {piece.type for piece in inline(tokens)} - {
        "text",
        "code_inline",
        "link_open",
        "link_close",
        "text_special",
    }
    assert kinds == set()
    assert {piece.attrs["href"] for piece in inline(tokens) if piece.type == "link_open"} == {"README.md"}
    assert not [token for token in tokens if token.type in ("html_block", "ordered_list_open", "hr", "code_block")]
    assert len([token for token in tokens if token.type == "heading_open"]) == 3
    assert len([token for token in tokens if token.type == "td_open"]) == 2
    assert len([token for token in tokens if token.type == "fence"]) == 1
    assert "\x1b" not in as_markdown(page) + as_text(page)


def test_pages_are_written_checked_and_taken_away(tmp_path):
    made = {"README.md": f"{MARK}\n\n# a\n", "a.md": f"{MARK}\n\n# b\n"}
    (tmp_path / "mine.md").write_text("# mine\n")
    (tmp_path / "gone.md").write_text(f"{MARK}\n\n# gone\n")
    assert stale(made, tmp_path) == ["README.md", "a.md", "gone.md"]
    write(made, tmp_path)
    assert stale(made, tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "a.md", "mine.md"]
    (tmp_path / "a.md").write_text("changed")
    assert stale(made, tmp_path) == ["a.md"]


def test_the_command_writes_and_checks(tmp_path, phiward):
    assert phiward("rules", "docs", "--check", "rules").returncode == 2
    assert phiward("rules", "docs", "rules").returncode == 0
    assert {path.name: path.read_text() for path in (tmp_path / "rules").iterdir()} == PAGES
    assert phiward("rules", "docs", "--check", "rules").returncode == 0
    (tmp_path / "rules" / "README.md").write_text("old")
    done = phiward("rules", "docs", "--check", "rules")
    assert (done.returncode, done.stdout) == (1, "")
    assert "README.md is not what the pack says: run `phiward rules docs rules`" in done.stderr


@pytest.mark.skipif(not COMMITTED.is_dir(), reason="the pages are not committed")
def test_the_committed_pages_are_current():
    assert stale(PAGES, COMMITTED) == [], "run `phiward rules docs docs/rules`"
