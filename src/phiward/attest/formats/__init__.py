"""Assessment -> files, one module a format. Every emitter is a pure function; its module is imported when it is needed.

Their words for a status are in one table: `phiward.attest.assessment.status`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
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
DEFAULT = tuple(FORMATS)


def emitter(name: str) -> Emitter:
    """The function of a format. Raises KeyError for one that there is not."""
    module, _, function = FORMATS[name].partition(":")
    return cast("Emitter", getattr(import_module(module), function))
