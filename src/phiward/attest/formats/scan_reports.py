"""SARIF and JUnit: what `phiward scan` writes, of the same report."""

from __future__ import annotations

from phiward.attest.formats.source import Source
from phiward.reporters import junit as junit_report
from phiward.reporters import sarif as sarif_report

SARIF, JUNIT = "findings.sarif", "junit.xml"


def sarif(source: Source) -> dict[str, bytes]:
    return {SARIF: sarif_report.render(source.report).encode()}


def junit(source: Source) -> dict[str, bytes]:
    return {JUNIT: junit_report.render(source.report).encode()}
