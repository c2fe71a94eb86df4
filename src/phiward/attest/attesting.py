"""`phiward attest` on one screen: record -> window -> assessment -> files -> folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from phiward.attest import folder, gathering
from phiward.attest.assessment.build import Assessed, assess
from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import Assessment
from phiward.attest.assessment.record import Record, held_on, of_report
from phiward.attest.formats import FORMATS
from phiward.attest.formats.source import OSCAL_VERSIONS, Source
from phiward.attest.window import window_of
from phiward.engine.packs import chosen_pack
from phiward.errors import UsageError
from phiward.model.finding import Report
from phiward.outside import Outside
from phiward.pack.activities import load_activities
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `records` are attested where there are any, else what `scan` finds now."""

    here: Path
    """Where settings and statements are looked for, and upwards."""
    scan: Callable[[], Report]
    records: tuple[Path, ...] = ()
    period: str = ""
    as_of: date | None = None
    previous: Path | None = None
    output: Path | None = None
    replace: bool = False
    formats: tuple[str, ...] = tuple(FORMATS)
    oscal_version: str = OSCAL_VERSIONS[0]
    system_plan: str = ""
    commit: str = ""
    rule_directories: tuple[Path, ...] = ()
    settings_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Attested:
    folder: Path
    files: Mapping[str, bytes]
    assessment: Assessment


def check(order: Order) -> None:
    """What can be found wrong before anybody is asked for a passphrase, or anything is scanned. Raises UsageError."""
    for name in order.formats:
        if name not in FORMATS:
            raise UsageError(f"there is no format {name!r}", hint=f"one of {', '.join(FORMATS)}")
    if order.oscal_version not in OSCAL_VERSIONS:
        raise UsageError(f"OSCAL {order.oscal_version!r} is not written", hint=f"one of {', '.join(OSCAL_VERSIONS)}")
    gathering.check_commit(order.commit)
    if order.output is not None:
        folder.check_free(order.output, replace=order.replace)


def attest(order: Order, sign: folder.Sign | None) -> Attested:
    """Write the folder, whole or not at all. Raises PhiwardError for what cannot be attested or written."""
    source, assessed = _assessed(order)
    files = folder.files_of(assessed, source, order.formats, sign)
    target = order.output or Path(f"attestation-{_name_of(order) or source.assessment.cover.window.as_of}")
    folder.write(target, files, replace=order.replace)
    return Attested(target, files, source.assessment)


def _assessed(order: Order) -> tuple[Source, Assessed]:
    settings = gathering.settings(order.here, order.settings_file)
    before = gathering.previous(order.previous) if order.previous else None
    if before is not None:
        gathering.check_same_entity(before, settings.entity)
    records, commit = _records(order)
    newest = records[-1]
    gathering.check_exceptions(newest)
    window = window_of(order.period, newest.report.scanned_on, order.as_of)
    gathering.check_order(before, window)
    inputs = Inputs(
        record=newest,
        pack=chosen_pack(order.rule_directories, Outside()),
        window=window,
        settings=settings,
        statements=gathering.statements(order.here, date.fromisoformat(window.as_of)),
        activities=load_activities(),
        earlier=tuple(records[:-1]),
        previous=before,
        commit=gathering.the_commit(order.commit, commit),
        tool_digest=gathering.tool_digest(),
    )
    assessed = assess(inputs)
    report = held_on(newest.report, inputs.as_of)
    return Source(assessed.assessment, report, order.oscal_version, order.system_plan), assessed


def _records(order: Order) -> tuple[list[Record], str]:
    """The records, the newest last, and the commit that the work tree says it is of."""
    if order.records:
        return gathering.records(order.records), ""
    report = order.scan()
    return [of_report(report)], gathering.commit_of(Path(report.base))


def _name_of(order: Order) -> str:
    return order.period.replace("..", "-to-")
