"""`control-matrix.xlsx`: citations, findings, exceptions and evidence as sheets, for people who work in sheets.

Every text is written as a text: a name that begins with `=` stays a name. The times in the file are the assessment's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from phiward.attest.assessment.model import Assessment
from phiward.attest.formats.source import Source, line
from phiward.attest.formats.told import where
from phiward.errors import UsageError
from phiward.record import dataclass

_LONGEST = 32_000
"""Characters of a cell; the format allows 32,767."""
_MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """`widths` are columns in characters."""

    name: str
    head: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[Any]]


def emit(source: Source) -> Mapping[str, bytes]:
    """The workbook. Raises UsageError where its writer is not installed."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise UsageError("the XLSX matrix needs XlsxWriter", hint="pip install 'phiward[xlsx]'") from error
    content = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, options)
    of = source.assessment
    book.set_properties(
        {"title": "HIPAA control matrix", "created": datetime.fromisoformat(of.cover.window.as_of), "author": "Phiward"}
    )
    bold = book.add_format({"bold": True, "bg_color": "#DFE4E8", "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    for sheet in sheets(of):
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 1)
        for column, (name, width) in enumerate(zip(sheet.head, sheet.widths, strict=True)):
            page.set_column(column, column, width)
            page.write_string(0, column, name, bold)
        last = 0
        for last, row in enumerate(sheet.rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    page.write_number(last, column, value, plain)
                else:
                    page.write_string(last, column, line(str(value), _LONGEST), plain)
        page.autofilter(0, 0, max(last, 1), len(sheet.head) - 1)
    book.close()
    return {"control-matrix.xlsx": content.getvalue()}


def sheets(of: Assessment) -> list[Sheet]:
    """Every sheet, the one that tells what it is about first."""
    return [_about(of), _matrix(of), _findings(of), _exceptions(of), _statements(of), _evidence(of)]


def _about(of: Assessment) -> Sheet:
    cover, counts = of.cover, of.summary.findings
    rows = [
        ("entity", cover.entity or "not named"),
        ("as of", cover.window.as_of),
        ("period", f"{cover.window.start} to {cover.window.end}"),
        ("report", cover.report_id),
        ("record (SHA-256)", cover.record_digest),
        ("rule pack", f"{of.method.pack_version} {of.method.pack_digest} ({of.method.pack_origin})"),
        ("result", of.summary.result),
        ("findings failed", counts.failed),
        ("undecided", counts.undecided),
        ("under an exception", counts.waived + counts.alternative + counts.disputed),
        ("passed", counts.passed),
        ("resources read", of.population.resources),
        *(("what this is not", text) for text in of.disclaimer),
        *(("limitation", text) for text in of.limitations.statements),
    ]
    return Sheet("About", ("what", "value"), (24, 110), rows)


def _matrix(of: Assessment) -> Sheet:
    head = (
        "citation", "title", "safeguard", "designation", "status", "basis", "shown by configuration", "rules",
        "resources", "evaluated", "passed", "failed", "undecided", "waived", "alternative measure", "false positive",
        "evidence",
    )  # fmt: skip
    rows = (
        (
            row.citation, row.title, row.safeguard, row.designation, row.status, row.basis, row.extent,
            ", ".join(row.rules), row.resources, row.findings.evaluated, row.findings.passed, row.findings.failed,
            row.findings.undecided, row.findings.waived, row.findings.alternative, row.findings.disputed,
            ", ".join(row.evidence),
        )
        for row in of.controls
    )  # fmt: skip
    return Sheet("Control matrix", head, (22, 44, 15, 13, 17, 44, 12, 50, 10, 10, 10, 10, 10, 10, 12, 10, 40), rows)


def _findings(of: Assessment) -> Sheet:
    head = (
        "status", "severity", "rule", "resource", "type", "tenant", "data class", "citations", "message", "where",
        "first seen", "age in days", "owner", "due", "exception", "what to do", "id",
    )  # fmt: skip
    rows = (
        (
            row.status, row.severity, row.rule, row.resource.address, row.resource.type, row.resource.tenant,
            row.resource.data_class, ", ".join(row.citations), row.message, where(row.location), row.first_seen,
            row.age_days, row.owner, row.due, row.exception, row.remediation, row.id,
        )
        for row in of.findings[:_MOST_ROWS]
    )  # fmt: skip
    return Sheet("Findings", head, (16, 10, 28, 50, 26, 14, 12, 34, 60, 40, 12, 8, 18, 12, 18, 60, 34), rows)


def _exceptions(of: Assessment) -> Sheet:
    head = (
        "id", "state", "type", "rule", "covers", "citations", "designation", "reason", "equivalent measure",
        "equivalence", "compensating controls", "risk analysis", "owner", "approver", "approved", "expires",
        "days left", "ticket", "findings",
    )  # fmt: skip
    rows = (
        (
            row.id, row.state, row.type, row.rule, row.selector, ", ".join(row.citations), row.designation, row.reason,
            row.equivalent_measure, row.equivalence, "; ".join(row.compensating_controls), row.risk_analysis, row.owner,
            row.approver, row.approved_at, row.expires, row.days_left, row.ticket, len(row.findings),
        )
        for row in of.exceptions
    )  # fmt: skip
    return Sheet("Exceptions", head, (18, 12, 18, 28, 44, 30, 13, 60, 40, 40, 40, 24, 18, 18, 12, 12, 9, 14, 9), rows)


def _statements(of: Assessment) -> Sheet:
    head = ("citation", "control", "assurance", "why", "asks", "cadence", "stated by", "on", "until", "evidence")
    rows = (
        (
            said.citation, said.control, said.assurance, said.why, said.asks, said.cadence, said.stated_by,
            said.stated_at, said.valid_until, "; ".join(said.evidence),
        )
        for row in of.controls
        for said in row.statements
    )  # fmt: skip
    return Sheet("Statements", head, (22, 26, 14, 40, 60, 14, 20, 12, 12, 60), rows)


def _evidence(of: Assessment) -> Sheet:
    head = ("file", "SHA-256", "bytes", "collected", "from", "by", "keep until")
    rows = (
        (row.path, row.sha256, row.size, row.collected_at, row.source, row.collector, row.retain_until)
        for row in of.evidence
    )
    return Sheet("Evidence", head, (44, 66, 12, 14, 34, 26, 14), rows)
