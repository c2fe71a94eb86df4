"""What people state of controls that no configuration shows, and what a day makes of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from phiward.model.location import Location
from phiward.record import dataclass


class Assurance(StrEnum):
    """What can be said of a control, or of a citation, on a day. Only `attested` is ever shown as such."""

    ATTESTED = "attested"
    """Somebody stated it, on evidence, and the statement has not run out."""
    STALE = "stale"
    """The last statement has run out: it counts as not assessed."""
    NOT_ASSESSED = "not-assessed"


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence: a `link`, or a `file` relative to the statements' own. `sha256` is empty if not given."""

    title: str
    link: str = ""
    file: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """Who states a control, when, until when at most, and on which evidence; never without any."""

    control: str
    stated_by: str
    role: str
    stated: date
    until: date
    evidence: tuple[Proof, ...]
    location: Location
    note: str = ""


@dataclass(frozen=True, slots=True)
class ControlState:
    """A manual control of the pack on a day. `why` says in one sentence how its assurance came about."""

    id: str
    control: str
    wanted: str
    """The evidence that the pack asks for."""
    cadence: str
    citations: tuple[str, ...]
    assurance: Assurance
    why: str
    statement: Statement | None = None
    """The one that counts: the latest, also where it has run out."""


@dataclass(frozen=True, slots=True)
class CitationState:
    """A citation by its manual controls: attested where all of them are, never where it has none."""

    citation: str
    assurance: Assurance
    controls: tuple[ControlState, ...]
