"""What an assessment is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from phiward.attest.assessment.model import Assessment, FindingRow, Window
from phiward.attest.assessment.record import Record
from phiward.model.manual import CitationState
from phiward.model.project import AttestationSettings
from phiward.pack import Pack
from phiward.pack.activities import Activity
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
    activities: tuple[Activity, ...] = ()
    earlier: tuple[Record, ...] = ()
    """Records of other runs in the window."""
    previous: Previous | None = None
    commit: str = ""
    tool_digest: str = ""

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.window.as_of)

    @property
    def pack_at_hand(self) -> bool:
        """Whether the pack at hand is the one that the record was judged by."""
        return self.record.report.pack.digest == self.pack.identity.digest

    @property
    def pack_origin(self) -> str:
        """Of the pack that the record was judged by. An organisation's own rules are in its version and its digest."""
        judged_by, ours = self.record.report.pack, self.pack.identity
        changed = judged_by.version == ours.version and not self.pack_at_hand
        return "custom-unsigned" if "+own." in judged_by.version or changed else "bundled"

    def cited(self, rows: Sequence[FindingRow]) -> dict[str, tuple[str, ...]]:
        """The citations of each rule that was run: of the pack at hand only where it is the one that judged."""
        known = {row.rule: row.citations for row in rows}
        if not self.pack_at_hand:
            return known
        return {rule.id: rule.citations for rule in self.pack.rules} | known
