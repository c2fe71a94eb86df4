"""What every format is made from, and the small things that several of them need."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from phiward.attest.assessment.model import Assessment, Trouble
from phiward.model.finding import Report
from phiward.record import dataclass
from phiward.reporters.plain import dumps
from phiward.reporters.text import clean

SITE = "https://github.com/phiward/phiward"
NAMESPACE = "https://phiward.dev/ns/v1"
"""Of names that are ours in the formats of others."""
STANDARD = "45 CFR Part 164 (HIPAA)"
OSCAL_VERSIONS = ("1.1.2", "1.1.3", "1.2.1", "1.2.2")


@dataclass(frozen=True, slots=True)
class Source:
    """An assessment, with the scan's report as it stands on the day of it: for the formats that a scan has, too."""

    assessment: Assessment
    report: Report
    oscal_version: str = OSCAL_VERSIONS[0]
    system_plan: str = ""
    """Where the system security plan stands that OSCAL's plans refer to."""

    @property
    def unread(self) -> list[tuple[str, Trouble]]:
        """What could not be read, each with an id: it is told where others look for what was found."""
        found: dict[str, Trouble] = {}
        for one in self.assessment.limitations.troubles:
            if one.kind in ("unread", "error"):
                found.setdefault(stable_uuid("trouble", one.code, one.where, one.message), one)
        return list(found.items())

    @property
    def moment(self) -> str:
        """The day of the assessment as RFC 3339."""
        return moment(self.assessment.cover.window.as_of)


def moment(day: str) -> str:
    """The beginning of a day in UTC."""
    return f"{day}T00:00:00Z"


def milliseconds(day: str) -> int:
    """Since 1970, as OCSF counts time."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000


def stable_uuid(*names: str) -> str:
    """The same UUID for the same names: what is made again can be compared."""
    return str(uuid5(NAMESPACE_URL, "/".join((NAMESPACE, *names))))


def document(value: Any) -> bytes:
    """A JSON file; its keys keep the order in which the format's own documentation has them."""
    return f"{dumps(value)}\n".encode()


@lru_cache(4096)  # most texts are the rules' own, and stand with each of their findings
def line(text: str, longest: int = 0) -> str:
    """One line of visible text, shortened where a format has a limit."""
    shown = " ".join(clean(text).split())
    return shown if not longest or len(shown) <= longest else shown[: longest - 1] + "…"


def text(value: str, longest: int = 0) -> str:
    """A line where a format takes no empty one."""
    return line(value, longest) or "-"
