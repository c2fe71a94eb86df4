"""The report for a person at a terminal: what fails, what is undecided, what to do, what was not seen."""

from __future__ import annotations

from phiward.model.baseline import EXISTING
from phiward.model.finding import Diagnostic, Finding, Report, Verdict
from phiward.reporters import Style
from phiward.reporters.blocks import Page, block, who
from phiward.reporters.grouping import Undecided, failures, undecided
from phiward.reporters.lines import Line, paint, wrap
from phiward.reporters.quote import Sources
from phiward.reporters.summary import summary
from phiward.reporters.text import clean, headline, listed, plural, prose

_NARROWEST = 40
_MOST_PLACES = 3
_DIAGNOSTIC_STYLES = {"error": "high", "warning": "medium", "note": "low"}


def render(report: Report, style: Style) -> str:
    """Plain text, or the same text with ANSI colours."""
    width = max(style.width, _NARROWEST)
    page = Page(Sources(report.sources), width, style.verbose)
    lines: list[Line] = []
    if style.verbose:
        lines += _passes(report)
    groups = failures(report)
    if report.baseline:
        groups.sort(key=lambda group: all(finding.baseline == EXISTING for finding in group.findings))
    for group in groups:
        lines += [*block(group, page), []]
    lines += _undecided(undecided(report), page)
    lines += _diagnostics(report.diagnostics, width)
    lines += summary(report, width)
    return paint(lines, style.color)


def export_svg(report: Report, width: int, title: str) -> str:
    """Return the coloured report as a picture for a README; equal reports give equal pictures."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    text = Text.from_ansi(render(report, Style(color=True, width=width)))
    console = Console(
        record=True, width=width, file=StringIO(), force_terminal=True, color_system="truecolor",
        legacy_windows=False, _environ={},
    )  # fmt: skip
    console.print(text, soft_wrap=False)
    # A fixed id in place of a digest, and no web font: a picture in a README loads nothing.
    return console.export_svg(title=clean(title), code_format=_svg_format(), unique_id="phiward")


def _svg_format() -> str:
    import re

    from rich._export_format import CONSOLE_SVG_FORMAT

    return re.sub(r"\s*@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def _passes(report: Report) -> list[Line]:
    passed = [finding for finding in report.findings if finding.verdict is Verdict.PASS]
    if not passed:
        return []
    return [*([("pass", "good"), (f"[{clean(f.rule.id)}] {_place(f)}", "")] for f in passed), []]


def _place(finding: Finding) -> str:
    return f"{who(finding.subject)}  {clean(str(finding.location))}"


def _undecided(groups: list[Undecided], page: Page) -> list[Line]:
    lines: list[Line] = []
    for group in groups:
        lines += [*_undecided_group(group, page), []]
    return lines


def _undecided_group(group: Undecided, page: Page) -> list[Line]:
    """Return what is not known, what would decide it, and the verdicts that wait for it."""
    most = len(group.findings) if page.verbose else _MOST_PLACES
    whys = [clean(unknown.reason) for unknown in group.unknowns] or [headline(group.findings[0].message)]
    title = whys[0] if len(whys) == 1 else f"for {len(whys):,} reasons that are decided together"
    lines = wrap([("unknown", "medium"), (f" {title}", "bold")], page.width, 2)
    if len(whys) > 1:
        lines += [line for why in whys[:most] for line in wrap([(f"    {why}", "")], page.width, 6)]
        lines += _more(len(whys) - most)
    for hint in dict.fromkeys(unknown.hint for unknown in group.unknowns if unknown.hint):
        lines += wrap([("  = decide: ", "gutter"), (clean(hint), "good")], page.width, 4)
    rules = sorted({finding.rule.id for finding in group.findings})
    count = plural(len(group.findings), "verdict")
    lines += wrap([(f"  = {count}: ", "gutter"), (clean(listed(rules, most + 2)), "")], page.width, 4)
    places = list(dict.fromkeys(map(_place, group.findings)))
    lines += [[(f"    --> {place}", "")] for place in places[:most]]
    return lines + _more(len(places) - most)


def _more(number: int) -> list[Line]:
    return [[(f"    and {number:,} more", "faint")]] if number > 0 else []


def _diagnostics(diagnostics: tuple[Diagnostic, ...], width: int) -> list[Line]:
    lines: list[Line] = []
    for diagnostic in diagnostics:
        style = _DIAGNOSTIC_STYLES[diagnostic.level]
        head = [(diagnostic.level.value, style), (f"[{clean(diagnostic.code)}]", style)]
        lines += wrap([*head, (" " + headline(diagnostic.message), "bold")], width, 2)
        if diagnostic.path:
            lines.append([("  --> ", "gutter"), (clean(where(diagnostic)), "")])
        if diagnostic.hint:
            lines += wrap([("  = help: ", "gutter"), (prose(diagnostic.hint), "")], width, 4)
        lines.append([])
    return lines


def where(diagnostic: Diagnostic) -> str:
    """`path:line:column`, as far as it is known."""
    numbers = [str(number) for number in (diagnostic.line, diagnostic.column) if number]
    return ":".join([diagnostic.path, *numbers])
