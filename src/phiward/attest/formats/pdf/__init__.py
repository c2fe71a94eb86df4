"""`report.pdf`: PDF/A-3a and PDF/UA-1, with `findings.json` embedded. Typst refuses to compile what breaks either.

The data goes in as a JSON file, so that no name can be markup. Rows beyond a limit are counted and not shown: the
workbook and `findings.json` have them all.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from phiward.attest.assessment.document import render, to_plain
from phiward.attest.assessment.model import FindingRow
from phiward.attest.assessment.status import PASS
from phiward.attest.formats.pictures import Picture, pictures
from phiward.attest.formats.source import Source
from phiward.attest.formats.told import told_first, value, where
from phiward.errors import UsageError
from phiward.reporters.text import clean

MOST_TOLD, MOST_PASSES, MOST_EVIDENCE, MOST_ROWS = 600, 200, 300, 400
"""Findings, passes, evidence files, and rows of any other table that are printed."""
_STANDARDS = ["a-3a", "ua-1"]
_BREAKS = re.compile(r"[^:/._#-]{1,24}[:/._#-]*|[:/._#-]+")


def emit(source: Source) -> Mapping[str, bytes]:
    """The document. Raises UsageError where its compiler is not installed."""
    try:
        import fontpkg_source_sans_3
        import typst
        from fontTools.ttLib import TTFont
    except ImportError as error:
        raise UsageError("the PDF report needs Typst", hint="pip install 'phiward[pdf]'") from error
    of = source.assessment
    shown = pictures(of)
    fonts = Path(fontpkg_source_sans_3.ROOT) / "files"
    drawn = frozenset.intersection(*(frozenset(TTFont(font).getBestCmap()) for font in sorted(fonts.glob("*.ttf"))))
    with tempfile.TemporaryDirectory(prefix="phiward-") as directory:
        root = Path(directory)
        (root / "report.typ").write_text(files(__name__).joinpath("report.typ").read_text("utf-8"), "utf-8")
        (root / "data.json").write_text(json.dumps(_drawable(_data(source, shown), drawn)), "utf-8")
        (root / "findings.json").write_bytes(render(of))
        for number, picture in enumerate(shown):
            (root / f"chart-{number}.svg").write_text(_inked(picture.svg), "utf-8")
        compiled = typst.Compiler(root / "report.typ", root, [fonts], ignore_system_fonts=True).compile(
            format="pdf",
            pdf_standards=_STANDARDS,  # type: ignore[arg-type]  # its type names each standard
            timestamp=datetime.fromisoformat(of.cover.window.as_of).replace(tzinfo=UTC),
        )
    assert isinstance(compiled, bytes)
    return {"report.pdf": compiled}


def _inked(svg: str) -> str:
    """A chart with a colour and a font of its own: on paper there is nothing around it to take them from."""
    inked = svg.replace("currentColor", "#1a1c1e")
    return inked.replace('"sans-serif" font-size="13"', '"DejaVu Sans Mono" font-size="11"')


def _data(source: Source, shown: Sequence[Picture]) -> Any:
    """What the document tells, as plain values of visible text."""
    of = source.assessment
    told = told_first(of.findings)
    passed = [row for row in of.findings if row.status == PASS]
    plain = {
        "cover": to_plain(of.cover), "management": to_plain(of.management), "disclaimer": to_plain(of.disclaimer),
        "scope": to_plain(of.scope), "method": to_plain(of.method), "summary": to_plain(of.summary),
        "controls": [{**to_plain(row), "statements": to_plain(row.statements)} for row in of.controls],
        "exceptions": to_plain(of.exceptions[:MOST_ROWS]), "exceptions_total": len(of.exceptions),
        "changes": _capped(to_plain(of.changes)),
        "population": to_plain(of.population), "continuity": to_plain(of.continuity),
        "evidence": to_plain(of.evidence[:MOST_EVIDENCE]), "evidence_total": len(of.evidence),
        "crosswalk": to_plain(of.crosswalk),
        "statements": to_plain(of.limitations.statements), "troubles": to_plain(of.limitations.troubles[:MOST_ROWS]),
        "troubles_total": len(of.limitations.troubles),
        "told": [_finding(row) for row in told[:MOST_TOLD]], "told_total": len(told),
        "passed": [_pass(row) for row in passed[:MOST_PASSES]], "passed_total": len(passed),
        "pictures": [
            {"title": one.title, "told": one.told, "head": list(one.head), "rows": [list(row) for row in one.rows]}
            for one in shown
        ],
    }  # fmt: skip
    for row in plain["evidence"]:
        row["path"], row["sha256"] = pieces(row["path"]), pieces(row["sha256"])
    for row in plain["exceptions"]:
        row["selector"] = pieces(row["selector"])
    return plain


def _capped(changes: dict[str, Any]) -> dict[str, Any]:
    totals = {name: len(rows) for name, rows in changes.items() if isinstance(rows, list)}
    return {**{n: v[:MOST_ROWS] if isinstance(v, list) else v for n, v in changes.items()}, "totals": totals}


def _finding(row: FindingRow) -> dict[str, Any]:
    what, _, write = row.remediation.partition("\n")
    return {
        "severity": row.severity, "status": row.status.replace("-", " "), "rule": row.rule, "title": row.title,
        "address": pieces(row.resource.address), "tenant": row.resource.tenant, "message": row.message,
        "citations": ", ".join(row.citations), "where": pieces(where(row.location)), "owner": row.owner,
        "due": row.due, "first_seen": row.first_seen, "exception": row.exception, "what": what,
        "write": write.split("\n") if write else [],
        "seen": [
            f"{one.property} is {value(one.observed)}, expected {value(one.expected)}" for one in row.observations[:8]
        ],
    }  # fmt: skip


def _pass(row: FindingRow) -> dict[str, Any]:
    return {"rule": row.rule, "address": pieces(row.resource.address), "severity": row.severity}


def pieces(text: str) -> list[str]:
    """A long name in the parts between which a line may break; no invisible character gets into what people copy."""
    return _BREAKS.findall(clean(text)) or [""]


def _drawable(plain: Any, drawn: frozenset[int]) -> Any:
    """Every text with what the font has no sign for, or what is no sign, as an escape: else there would be no PDF/A."""
    if isinstance(plain, str):
        shown = clean(plain)
        if shown.isascii():
            return shown
        return "".join(c if ord(c) in drawn else c.encode("unicode_escape").decode() for c in shown)
    if isinstance(plain, list):
        return [_drawable(one, drawn) for one in plain]
    if isinstance(plain, dict):
        return {name: _drawable(one, drawn) for name, one in plain.items()}
    return plain
