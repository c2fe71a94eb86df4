"""The page, the paper and the workbook: whole, the same each time, and without a name that is more than a text."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date
from html.parser import HTMLParser

import openpyxl
import pytest
from pypdf import PdfReader

from phiward.attest.assessment.document import render
from phiward.attest.charts import Bar, Series, stacked, trend
from phiward.attest.formats import html, pdf, xlsx
from phiward.attest.formats.pictures import pictures
from phiward.attest.formats.source import Source
from phiward.model.finding import Verdict
from tests.attest.assessments import after, assessment, one
from tests.attest.test_formats import EVERY_REPORT, HOSTILE_REPORTS, every_report, source
from tests.reporters.factory import report

DAY_AFTER = date(2026, 11, 27)
MARKUP = "<img src=x onerror=alert(1)>"
VOID = {"meta", "br", "input", "rect", "circle", "polyline", "link"}
SECTIONS = (
    "management", "not", "scope", "method", "summary", "matrix", "findings", "exceptions", "changes", "population",
    "continuity", "evidence", "crosswalk", "limitations",
)  # fmt: skip


class Page(HTMLParser):
    """The tags of a page in order, checked to be closed as they were opened; ids and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def values(self, attribute):
        return [found[attribute] for _, found in self.tags if attribute in found]


def page(of: Source) -> str:
    return html.emit(of)["report.html"].decode()


@every_report
def test_the_page_is_well_formed_and_its_links_lead_somewhere(of):
    text = page(source(of))
    found = Page(text)
    assert found.wrong == []
    assert found.open == []
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in found.values("href")} <= set(ids)
    assert set(SECTIONS) <= set(ids)


@every_report
def test_nothing_of_the_page_runs_or_loads_but_what_we_wrote(of):
    found = Page(page(source(of)))
    names = {name for _, attributes in found.tags for name in attributes}
    assert not [name for name in names if name.startswith("on")]
    assert not names & {"src", "srcset", "action", "formaction", "style"}
    assert sum(tag == "script" for tag, _ in found.tags) == 1
    assert not {tag for tag, _ in found.tags} & {"img", "iframe", "object", "embed", "form", "link", "base"}


def test_a_name_that_is_markup_is_a_text():
    text = page(source(HOSTILE_REPORTS[MARKUP]))
    assert MARKUP not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") > 3


def test_the_page_tells_every_number_of_the_assessment():
    of = source(EVERY_REPORT["statuses"])
    text = " ".join(page(of).split())
    counts = of.assessment.summary.findings
    assert f"{counts.evaluated} pairs of rule and resource were evaluated: {counts.passed} passed" in text
    assert text.count('<article class="finding') == len(of.assessment.findings) - counts.passed - counts.not_applicable
    for control in of.assessment.controls:
        assert f'<th scope="row">{control.citation}<br>' in text


def test_passes_beyond_the_limit_are_counted_and_said(monkeypatch):
    monkeypatch.setattr(html, "MOST_PASSES", 3)
    passes = [one(f"db{number}", Verdict.PASS) for number in range(5)]
    text = page(source(report(passes)))
    assert "the first 3 of 5; findings.json has all" in text


# -- charts


def test_every_chart_has_its_numbers_in_a_table_under_it():
    before = assessment(one("a"), one("b"))
    found = pictures(after(before, one("a"), day=DAY_AFTER))
    assert [picture.title for picture in found] == [
        "Citations by safeguard",
        "Findings by severity",
        "Findings over time",
    ]
    for picture in found:
        assert len(picture.rows) >= 2
        assert all(len(row) == len(picture.head) for row in picture.rows)
        assert f"<title>{picture.title}</title>" in picture.svg
        assert picture.told in picture.svg


def test_a_chart_of_nothing_is_a_chart():
    series = (Series("failed", "#000000"),)
    assert stacked("a", "b", series, []).endswith("</svg>")
    assert trend("a", "b", series, [("2026-11-26", (0,))]).endswith("</svg>")


def test_labels_of_charts_are_texts():
    svg = stacked(MARKUP, '"', (Series("<b>", "#000000"),), [Bar("&", (1,))])
    assert "<img" not in svg
    assert "<b>" not in svg
    assert 'aria-label="&lt;img' in svg


# -- the workbook


def book(of: Source):
    return openpyxl.load_workbook(io.BytesIO(xlsx.emit(of)["control-matrix.xlsx"]))


@every_report
def test_the_workbook_is_read_and_holds_texts_only(of):
    found = source(of)
    read = book(found)
    assert read.sheetnames == ["About", "Control matrix", "Findings", "Exceptions", "Statements", "Evidence"]
    assert read["Control matrix"].max_row == len(found.assessment.controls) + 1
    assert read["Findings"].max_row == len(found.assessment.findings) + 1
    for sheet in read:
        for row in sheet.iter_rows():
            assert not [cell.value for cell in row if cell.data_type == "f" or cell.hyperlink]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "@SUM(1)", "-1+1"])
def test_a_name_that_is_a_formula_is_a_text(name):
    values = [cell.value for row in book(source(HOSTILE_REPORTS[name]))["Findings"].iter_rows() for cell in row]
    assert name in values


def test_the_workbook_is_the_same_each_time_and_has_no_time_of_its_own():
    first, again = (xlsx.emit(source())["control-matrix.xlsx"] for _ in range(2))
    assert first == again
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-11-26T00:00:00Z" in packed.read("docProps/core.xml")


# -- paper


def paper(of: Source) -> PdfReader:
    return PdfReader(io.BytesIO(pdf.emit(of)["report.pdf"]))


def test_the_paper_is_archivable_accessible_and_carries_the_findings():
    of = source()
    read = paper(of)
    metadata = read.xmp_metadata.stream.get_data().decode()
    assert re.search(r"pdfaid:part>\s*3", metadata)
    assert re.search(r"pdfaid:conformance>\s*A", metadata)
    assert re.search(r"pdfuaid:part>\s*1", metadata)
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert read.trailer["/Root"]["/Lang"] == "en-US"
    (content,) = read.attachments["findings.json"]
    assert content == render(of.assessment)
    assert json.loads(content)


def test_the_paper_tells_what_the_assessment_does():
    of = source()
    text = " ".join(" ".join(found.extract_text() for found in paper(of).pages).split())
    assert "Mercy Health" in text
    assert "What this is not" in text
    for control in of.assessment.controls:
        assert control.citation in text
    for row in of.assessment.findings:
        assert row.status == "not-applicable" or row.resource.address in text, row.status


def test_the_paper_is_the_same_each_time():
    assert pdf.emit(source()) == pdf.emit(source())


def test_hostile_names_are_text_on_paper():
    names = list(HOSTILE_REPORTS)
    findings = [finding for name in names for finding in HOSTILE_REPORTS[name].findings]
    text = "".join(found.extract_text() for found in paper(source(report(findings))).pages)
    assert MARKUP.replace(" ", "") in text.replace(" ", "").replace("\n", "")


def test_rows_beyond_the_limit_are_counted(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_TOLD", 2)
    text = "".join(found.extract_text() for found in paper(source(report([one(f"db{n}") for n in range(5)]))).pages)
    assert "3 more findings are in control-matrix.xlsx and findings.json." in " ".join(text.split())


def test_long_names_break_without_a_character_of_their_own():
    name = "arn:aws:rds:us-east-1:123456789012:db:" + "x" * 100
    assert "".join(pdf.pieces(name)) == name
    assert max(map(len, pdf.pieces(name))) <= 25
