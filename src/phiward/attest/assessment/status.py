"""One status, in the words of every format. Each emitter takes its words from here and is tested against this table."""

from __future__ import annotations

from datetime import date

from phiward.model.finding import Finding, Verdict, WaiverType
from phiward.record import dataclass

PASS, FAIL, WAIVED, ALTERNATIVE, DISPUTED = "pass", "fail", "waived", "alternative-measure", "false-positive"
UNDECIDED, NOT_APPLICABLE, NOT_ASSESSED, UNREAD = "undecided", "not-applicable", "not-assessed", "unread"

SATISFIED, NOT_SATISFIED = "satisfied", "not-satisfied"
CONTROL_STATUSES = (SATISFIED, NOT_SATISFIED, NOT_ASSESSED, NOT_APPLICABLE, ALTERNATIVE)
"""Of a citation."""


@dataclass(frozen=True, slots=True)
class Words:
    """What each format says of a status. An empty word: it is left out there, as it stands in the documentation."""

    test_result: str
    """The list of in-toto's `test-result` that it goes to."""
    oscal_state: str
    oscal_reason: str
    oscal_risk: str
    """The status of the risk that goes with it; empty where there is none."""
    ocsf_compliance: int
    """`compliance.status_id`: 1 Pass, 2 Warning, 3 Fail; 0 where no event is written."""
    ocsf_status: int
    """`status_id`: 1 New, 3 Suppressed, 4 Resolved."""
    asff_compliance: str
    asff_workflow: str
    sarif_kind: str
    """The kind that a result has; `notification` where the run tells it; empty where it is not told."""
    junit: str
    """The element under the case: failure, skipped, error; `case` for a case without one."""
    ciso_assistant: str
    """The word of CISO Assistant's import of results."""


STATUSES: dict[str, Words] = {
    PASS: Words("passedTests", "satisfied", "pass", "", 1, 4, "PASSED", "RESOLVED", "", "case", "pass"),
    FAIL: Words("failedTests", "not-satisfied", "fail", "open", 3, 1, "FAILED", "NEW", "fail", "failure", "fail"),
    WAIVED: Words(
        "warnedTests", "not-satisfied", "fail", "deviation-approved", 3, 3, "WARNING", "SUPPRESSED", "notification",
        "skipped", "fail",
    ),
    ALTERNATIVE: Words(
        "warnedTests", "satisfied", "other", "deviation-approved", 1, 4, "PASSED", "RESOLVED", "notification",
        "skipped", "pass",
    ),
    DISPUTED: Words(
        "warnedTests", "", "other", "deviation-approved", 2, 3, "WARNING", "SUPPRESSED", "notification", "skipped",
        "not_checked",
    ),
    UNDECIDED: Words(
        "warnedTests", "", "other", "", 2, 1, "NOT_AVAILABLE", "NEW", "notification", "skipped", "not_checked"
    ),
    NOT_APPLICABLE: Words("", "", "", "", 0, 0, "", "", "", "", "not_applicable"),
    NOT_ASSESSED: Words("", "", "", "", 2, 1, "", "", "", "", "not_checked"),
    UNREAD: Words("warnedTests", "", "other", "", 2, 1, "NOT_AVAILABLE", "NEW", "notification", "error", "error"),
}  # fmt: skip
"""A finding has one of the first seven; `not-assessed` is a citation's, `unread` that of an input."""

_OF_EXCEPTIONS = {
    WaiverType.WAIVER: WAIVED,
    WaiverType.ALTERNATIVE_MEASURE: ALTERNATIVE,
    WaiverType.FALSE_POSITIVE: DISPUTED,
}
_OF_VERDICTS = {
    Verdict.PASS: PASS,
    Verdict.FAIL: FAIL,
    Verdict.UNKNOWN: UNDECIDED,
    Verdict.NOT_APPLICABLE: NOT_APPLICABLE,
}


def status_of(finding: Finding, as_of: date) -> str:
    """The status of a finding on a day.

    An exception that is over by then covers nothing any more. One that takes the risk of what nobody could decide
    decides nothing: that stays undecided.
    """
    waiver = finding.waiver
    if waiver is None or waiver.expires < as_of or finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return _OF_VERDICTS[finding.verdict]
    if finding.verdict is Verdict.UNKNOWN and waiver.type is WaiverType.WAIVER:
        return UNDECIDED
    return _OF_EXCEPTIONS[waiver.type]
