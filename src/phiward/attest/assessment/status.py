"""One status, in the words of every format. Each emitter takes its words from here and is tested against this table."""

from __future__ import annotations

from datetime import date

from phiward.model.finding import Finding, Verdict, WaiverType
from phiward.record import dataclass

PASS, FAIL, WAIVED, ALTERNATIVE, DISPUTED = "pass", "fail", "waived", "alternative-measure", "false-positive"
UNDECIDED, NOT_APPLICABLE, NOT_ASSESSED, UNREAD = "undecided", "not-applicable", "not-assessed", "unread"

SATISFIED, NOT_SATISFIED = "satisfied", "not-satisfied"


@dataclass(frozen=True, slots=True)
class Words:
    """What each format says of a finding's status. An empty word or a 0: it is left out there."""

    test_result: str
    """The list of in-toto's `test-result` that it goes to."""
    oscal_result: str
    """Of the observation: pass, fail or other."""
    oscal_risk: str
    """The status of the risk that goes with it; empty where there is none."""
    ocsf_compliance: int
    """`compliance.status_id`: 1 Pass, 2 Warning, 3 Fail."""
    ocsf_status: int
    """`status_id`: 1 New, 3 Suppressed, 4 Resolved."""
    asff_compliance: str
    asff_workflow: str
    sarif: str
    """`result`, `notification` where the run tells it, empty where nothing does."""
    junit: str
    """The element under the case: failure, skipped, error; `case` for a case with none."""


STATUSES: dict[str, Words] = {
    PASS: Words("passedTests", "pass", "", 1, 4, "PASSED", "RESOLVED", "", "case"),
    FAIL: Words("failedTests", "fail", "open", 3, 1, "FAILED", "NEW", "result", "failure"),
    WAIVED: Words(
        "warnedTests", "fail", "deviation-approved", 3, 3, "WARNING", "SUPPRESSED", "notification", "skipped"
    ),
    ALTERNATIVE: Words(
        "warnedTests", "other", "deviation-approved", 1, 4, "PASSED", "RESOLVED", "notification", "skipped"
    ),
    DISPUTED: Words(
        "warnedTests", "other", "deviation-approved", 2, 3, "WARNING", "SUPPRESSED", "notification", "skipped"
    ),
    UNDECIDED: Words("warnedTests", "other", "", 2, 1, "NOT_AVAILABLE", "NEW", "notification", "skipped"),
    NOT_APPLICABLE: Words("", "", "", 0, 0, "", "", "", ""),
    UNREAD: Words("warnedTests", "other", "", 2, 1, "NOT_AVAILABLE", "NEW", "notification", "error"),
}
"""A finding has one of the first seven; `unread` is what is said of an input that could not be read."""


@dataclass(frozen=True, slots=True)
class ControlWords:
    """What each format says of a citation's status. An empty word or a 0: it is left out there."""

    oscal_state: str
    oscal_reason: str
    ocsf_compliance: int
    """Of the event that is written for a citation without findings."""
    ciso_assistant: str
    """The word of CISO Assistant's import of results."""


CONTROLS: dict[str, ControlWords] = {
    SATISFIED: ControlWords("satisfied", "pass", 1, "pass"),
    NOT_SATISFIED: ControlWords("not-satisfied", "fail", 3, "fail"),
    NOT_ASSESSED: ControlWords("", "", 2, "not_checked"),
    NOT_APPLICABLE: ControlWords("", "", 0, "not_applicable"),
    ALTERNATIVE: ControlWords("satisfied", "other", 1, "pass"),
}
CONTROL_STATUSES = tuple(CONTROLS)

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
