"""Assessment -> files, one module a format. Every emitter is a pure function; its module is imported when it is needed.

Their words for a status are in one table: `phiward.attest.assessment.status`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TypeAlias, cast

from phiward.attest.formats.source import Source

Emitter: TypeAlias = Callable[[Source], Mapping[str, bytes]]
"""Gives files by their path in the folder; none where the source has nothing that the format could hold."""

FORMATS = {
    "html": "phiward.attest.formats.html:emit",
    "xlsx": "phiward.attest.formats.xlsx:emit",
    "pdf": "phiward.attest.formats.pdf:emit",
    "sarif": "phiward.attest.formats.scan_reports:sarif",
    "junit": "phiward.attest.formats.scan_reports:junit",
    "ocsf": "phiward.attest.formats.ocsf:emit",
    "asff": "phiward.attest.formats.asff:emit",
    "oscal": "phiward.attest.formats.oscal:emit",
    "ciso-assistant": "phiward.attest.formats.ciso_assistant:emit",
}
"""Each format with the function that writes it. `findings.json` and the evidence are always written."""
_NEEDS = {
    "html": ("attest", ("jinja2",)),
    "xlsx": ("xlsx", ("xlsxwriter",)),
    "pdf": ("pdf", ("typst", "fontpkg_source_sans_3", "fontTools")),
}
"""The extra of Phiward that brings what a format is written with, and the packages."""


def missing() -> dict[str, str]:
    """Formats whose packages are not installed, each with the extra that brings them."""
    return {name: extra for name, (extra, packages) in _NEEDS.items() if not all(map(find_spec, packages))}


def emitter(name: str) -> Emitter:
    """The function of a format. Raises KeyError for one that there is not."""
    module, _, function = FORMATS[name].partition(":")
    return cast("Emitter", getattr(import_module(module), function))
