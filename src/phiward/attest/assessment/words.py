"""What an assessment says of itself: what it is not, and what limits it. Sections 3 and 15."""

from __future__ import annotations

from collections.abc import Sequence

from phiward.attest.assessment.controls import withheld_because
from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import Control, ExceptionRow, Limitations, Population, Trouble
from phiward.model.finding import Diagnostic, Level
from phiward.reporters.text import plural

_NOT = """\
This is no certification: the Department of Health and Human Services recognises none. No scan makes anyone compliant \
with HIPAA.
This is no legal opinion. What is reasonable and appropriate for an entity is its own documented decision (45 CFR \
164.306).
This is the technical subset. Of {citations} citations of 45 CFR part 164, configuration can show {whole} as a whole \
and {part} in part; the other {left} are shown by people and by providers. What neither shows is not assessed.
A citation that is satisfied is satisfied by what was read, on the day that it was read. What runs may differ from \
what is declared.
"""


def disclaimer(controls: Sequence[Control]) -> tuple[str, ...]:
    """What this is not."""
    extents = [control.extent for control in controls]
    whole, part = extents.count("whole"), extents.count("part")
    left = len(extents) - whole - part
    return tuple(_NOT.format(citations=len(controls), whole=whole, part=part, left=left).splitlines())


def limitations(
    inputs: Inputs, controls: Sequence[Control], exceptions: Sequence[ExceptionRow], population: Population
) -> Limitations:
    """What limits it, and every trouble of the run."""
    said = [*_of_record(inputs, population), *_of_pack(inputs), *_of_people(inputs), *_of_time(inputs)]
    unapproved = sum(not row.approver for row in exceptions if row.findings)
    if unapproved:
        said.append(f"{plural(unapproved, 'exception')} in force that nobody is named as the approver of.")
    left = sum(control.status == "not-assessed" for control in controls)
    if left:
        said.append(f"{plural(left, 'citation')} of {len(controls)} not assessed.")
    return Limitations(tuple(said), tuple(_trouble(one) for one in inputs.record.report.diagnostics))


def _of_record(inputs: Inputs, population: Population) -> list[str]:
    said = []
    if because := withheld_because(inputs):
        said.append(f"Nothing is satisfied by rules: {because}.")
    if not population.reconciles:
        said.append("The counts of the scan's record do not add up: it is not as Phiward wrote it.")
    if population.unmodelled:
        said.append(
            f"{plural(population.unmodelled, 'resource')} of types that the pack does not describe: not judged."
        )
    if population.unread:
        said.append(f"{plural(len(population.unread), 'type')} of which accounts did not tell what there is.")
    if population.silent:
        said.append(
            f"{plural(population.silent, 'resource')} of which no rule asks anything by itself; some are judged as a "
            "part of another."
        )
    return said


def _of_pack(inputs: Inputs) -> list[str]:
    said = []
    if inputs.pack_origin == "custom-unsigned":
        said.append("Judged by rules that are not the bundled ones alone; nobody signed those.")
    if not inputs.pack_at_hand:
        said.append("Judged by another pack than the one at hand: rules that found nothing are not known.")
    loosened = len(inputs.record.report.loosened)
    if loosened:
        said.append(f"{plural(loosened, 'deviation')} from the pack's defaults that ask for less.")
    return said


def _of_people(inputs: Inputs) -> list[str]:
    said = []
    if not inputs.settings.entity:
        said.append("The settings name no entity.")
    roles = {person.role for person in inputs.settings.signatories}
    missing = [role for role in ("preparer", "approver") if role not in roles]
    if missing:
        said.append(f"The settings name no {' and no '.join(missing)}.")
    return said


def _of_time(inputs: Inputs) -> list[str]:
    said = []
    scanned_on, window = inputs.record.report.scanned_on, inputs.window
    if scanned_on is None:
        said.append("The record does not say on which day it was made: the day was given by hand.")
    elif scanned_on < inputs.as_of:
        said.append(f"The record was made on {scanned_on.isoformat()}, before the day of the assessment.")
    if window.as_of < window.end:
        said.append(f"The period ends on {window.end}: this tells what was known on {window.as_of}.")
    if inputs.previous is None:
        said.append("There is no earlier assessment to compare with.")
    return said


def _trouble(one: Diagnostic) -> Trouble:
    where = f"{one.path}:{one.line}:{one.column}" if one.line else one.path
    return Trouble(_kind(one), one.code, where, one.message, one.hint)


def _kind(one: Diagnostic) -> str:
    if one.incomplete:
        return "unread"
    return "error" if one.invalid or one.level is Level.ERROR else "warning"
