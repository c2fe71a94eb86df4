"""`report.html`: one file that opens anywhere, needs no script and no network, and prints.

A browser that runs scripts gets filters and sorting; the policy in the page's head lets nothing else run, so that a
name which a hostile configuration chose could do nothing even if it were no text.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

from phiward.attest.assessment.status import PASS
from phiward.attest.formats.pictures import pictures
from phiward.attest.formats.source import Source
from phiward.attest.formats.told import told_first, value
from phiward.errors import UsageError
from phiward.reporters.text import clean

MOST_PASSES = 2_000
"""Rows of passing findings that the page lists; `findings.json` has all."""


def emit(source: Source) -> Mapping[str, bytes]:
    """The page. Raises UsageError where the template engine is not installed."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise UsageError("the HTML report needs Jinja2", hint="pip install 'phiward[attest]'") from error
    environment = Environment(
        loader=PackageLoader("phiward.attest.formats.html", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["value"] = value
    script, style = _asset("report.js"), _asset("report.css")
    page = environment.get_template("report.html.j2").render(
        a=source.assessment,
        told=told_first(source.assessment.findings),
        passed=[row for row in source.assessment.findings if row.status == PASS],
        pictures=pictures(source.assessment),
        most_passes=MOST_PASSES,
        script=script,
        style=style,
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
        style_hash=base64.b64encode(sha256(style.encode()).digest()).decode(),
    )
    return {"report.html": page.encode()}


def _asset(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """Every text that is put into the page, with control characters and their like as escapes."""
    return clean(value) if type(value) is str else value
