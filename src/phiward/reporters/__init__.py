"""Report -> text, one module a format. Every reporter is a pure function: no clock, no environment, no file.

Equal reports give equal bytes, and all formats of one run agree, because each is a view of the same `Report`.
A format's module is imported when it is asked for, so that a commit hook does not pay for XML.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from phiward.model.finding import Report
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """How the terminal report looks. The formats for machines do not depend on it."""

    color: bool = False
    width: int = 100
    verbose: bool = False
    """Passes are listed too, and nothing is shortened to "and 12 more"."""


Reporter: TypeAlias = Callable[[Report, Style], str]


def _console(report: Report, style: Style) -> str:
    from phiward.reporters import console

    return console.render(report, style)


def _json(report: Report, _style: Style) -> str:
    from phiward.reporters import json_report

    return json_report.render(report)


def _junit(report: Report, _style: Style) -> str:
    from phiward.reporters import junit

    return junit.render(report)


def _sarif(report: Report, _style: Style) -> str:
    from phiward.reporters import sarif

    return sarif.render(report)


REPORTERS: dict[str, Reporter] = {
    "console": _console,
    "json": _json,
    "junit": _junit,
    "sarif": _sarif,
}
FORMATS = tuple(REPORTERS)


def render(report: Report, format: str, style: Style) -> str:  # noqa: A002 - it is the option's own name
    """Return the report in one of `FORMATS`, ending in a newline. Raises `KeyError` for any other name."""
    return REPORTERS[format](report, style)
