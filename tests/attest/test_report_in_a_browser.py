"""The report in a real browser: nothing on its console, nothing that keeps anybody out, and controls that work."""

from __future__ import annotations

import pytest

from phiward.attest.formats import html
from tests import browser_tools
from tests.attest.assessments import one
from tests.attest.test_formats import EVERY_REPORT, HOSTILE_REPORTS, source
from tests.reporters.factory import report

pytestmark = pytest.mark.skipif(bool(browser_tools.missing()), reason=browser_tools.missing())
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_tools.browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens the page of a report; at the end nothing may have been said, asked or run that we did not write."""
    said: list[str] = []
    contexts = []

    def open_page(of, **options):
        path = tmp_path / "report.html"
        path.write_bytes(html.emit(source(of))["report.html"])
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: request.url.startswith("file:") or said.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def violations(page):
    """What axe-core finds. It is put in past the page's own policy, which lets no other script run."""
    page.evaluate(browser_tools.axe().read_text(encoding="utf-8") + "; undefined")
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    assert found["passes"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found["violations"]]


SEVERAL = [("statuses", "light"), ("statuses", "dark")]
MORE = [(name, scheme) for name in ("many", "empty") for scheme in ("light", "dark")]


@pytest.mark.parametrize(
    ("name", "scheme"), [*SEVERAL, *(pytest.param(*more, marks=pytest.mark.heavy) for more in MORE)]
)
def test_everybody_can_use_it(opened, name, scheme):
    page = opened(EVERY_REPORT[name], color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert violations(page) == []


def test_it_is_whole_without_a_script(opened):
    with_scripts, without = opened(EVERY_REPORT["many"]), opened(EVERY_REPORT["many"], java_script_enabled=False)
    for selector in ("article.finding", "table tbody tr", "section h2", "svg"):
        assert with_scripts.locator(selector).count() == without.locator(selector).count() > 0
    assert without.locator(".filters").count() == 0


def test_filters_filter(opened):
    page = opened(report([one("database-a"), one("database-b"), one("bucket-c")]))
    box = page.locator("section[aria-labelledby=findings] .filters").first
    shown = page.locator("article.finding:visible")
    assert shown.count() == 3
    box.get_by_label("contains").fill("DATABASE")
    assert shown.count() == 2
    assert box.locator("output").text_content() == "2 of 3 shown"
    box.get_by_label("contains").fill("")
    assert shown.count() == 3


def test_the_matrix_is_filtered_by_status_and_sorted(opened):
    page = opened(EVERY_REPORT["statuses"])
    matrix = page.locator("section[aria-labelledby=matrix]")
    everything = matrix.locator("tbody tr:visible").count()
    matrix.get_by_label("status").select_option("not-satisfied")
    left = matrix.locator("tbody tr:visible")
    assert 0 < left.count() < everything
    assert {row.get_attribute("data-status") for row in left.all()} == {"not-satisfied"}
    matrix.get_by_label("status").select_option("")
    failed = matrix.get_by_role("button", name="Failed")
    failed.click()
    failed.click()
    column = [int(text.replace(",", "")) for text in matrix.locator("tbody tr td:nth-child(8)").all_text_contents()]
    assert column == sorted(column, reverse=True)
    assert matrix.locator("th[aria-sort=descending]").count() == 1


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0"])
def test_a_hostile_name_stays_a_text(opened, name):
    page = opened(HOSTILE_REPORTS[name])
    assert page.locator("img").count() == 0
    assert page.locator("article.finding code", has_text=name).count() > 0


def test_it_fits_a_small_screen_and_paper(opened):
    page = opened(EVERY_REPORT["many"], viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.emulate_media(media="print")
    assert page.locator(".filters:visible").count() == 0
    assert page.locator("nav:visible").count() == 0
