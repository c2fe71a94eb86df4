"""What an assessment is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from phiward.attest.assessment.model import Assessment, FindingRow, Window
from phiward.attest.assessment.record import Record
from phiward.model.manual import CitationState
from phiward.model.project import AttestationSettings
from phiward.pack import Pack
from phiward.record import dataclass, field


@dataclass(frozen=True, slots=True)
class Previous:
    """The assessment before this one, with the digest of its `findings.json`."""

    assessment: Assessment
    digest: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """`pack` is the one at hand, which need not be the one that the record was judged by."""

    record: Record
    pack: Pack
    window: Window
    settings: AttestationSettings = AttestationSettings()
    statements: Mapping[str, CitationState] = field(default_factory=dict)
    """What people state, by citation, on the day of the assessment."""
    earlier: tuple[Record, ...] = ()
    """Records of other runs in the window."""
    previous: Previous | None = None
    commit: str = ""
    tool_digest: str = ""

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.window.as_of)

    @property
    def pack_origin(self) -> str:
        """Of the pack that the record was judged by. An organisation's own rules are in its version and its digest."""
        judged_by = self.record.report.pack
        if "+own." in judged_by.version:
            return "custom-unsigned"
        return "bundled" if judged_by.digest == self.pack.identity.digest else "not-installed"

    def cited(self, rows: Sequence[FindingRow]) -> dict[str, tuple[str, ...]]:
        """The citations of each rule that was run: of the pack at hand only where it is the one that judged."""
        known = {row.rule: row.citations for row in rows}
        if self.record.report.pack.digest != self.pack.identity.digest:
            return known
        return {rule.id: rule.citations for rule in self.pack.rules} | known
