"""An exception that is written as a mapping at what it is about."""

from __future__ import annotations

from typing import Any

from phiward.gate.waiver_file import CODE, TERMS, waiver_of
from phiward.loaders.entries import Entry, EntryError, wrong
from phiward.model.finding import Diagnostic, Waiver
from phiward.model.location import Location
from phiward.pack import Pack


def waiver_at(value: Any, location: Location, pack: Pack) -> Waiver | Diagnostic:
    """The exception of a mapping, which has the terms of a file's entry; all but its approver are mandatory."""
    try:
        entry = Entry(value, TERMS, "the exception")
        entry.needed("rule", "reason", "owner", "expires")
        return waiver_of(entry, location, pack, "inline")
    except EntryError as error:
        at = location.span
        return wrong(CODE, error.message, location.path, at.line, at.column, error.hint)
