"""`phiward attest`: a scan, or its record, as what compliance teams and auditors take."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phiward.cli.aws_options import aws_options, live_settings
from phiward.cli.options import input_options, input_settings, paths_argument, rules_option, today
from phiward.cli.output import print_text, progress_for
from phiward.cli.signing import signing, signing_options
from phiward.errors import UsageError
from phiward.record import replace

if TYPE_CHECKING:
    from phiward.attest.attesting import Attested, Order
    from phiward.model.finding import Report

_PATH = click.Path(path_type=Path)


@click.command(name="attest")
@paths_argument
@click.option(
    "--from",
    "records",
    multiple=True,
    type=_PATH,
    metavar="FILE",
    help="Attest this record of `scan --format json` instead; repeat it for the other runs of a period.",
)
@click.option("--period", default="", metavar="PERIOD", help="2026-Q4, 2026-11, 2026 or START..END.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Day on which exceptions and statements are held against; the record's own otherwise.",
)
@click.option("--previous", type=_PATH, metavar="FOLDER", help="The attestation before this one: what changed since.")
@click.option("--output", type=_PATH, metavar="FOLDER", help="Where it goes; attestation-PERIOD otherwise.")
@click.option("--replace", "replacing", is_flag=True, help="Put it in place of the attestation that stands there.")
@click.option("--format", "formats", multiple=True, metavar="FORMAT", help="Only these formats; repeatable.")
@click.option(
    "--oscal-version", default="", metavar="VERSION", help="The version that OSCAL files claim: 1.1.2 to 1.2.2."
)
@click.option("--ssp", default="", metavar="HREF", help="The system security plan that OSCAL files refer to.")
@click.option("--commit", default="", metavar="SHA", help="The commit that was scanned, where no work tree tells it.")
@signing_options
@rules_option
@input_options
@aws_options
@click.option("--quiet", "-q", is_flag=True, help="No progress, and nothing on standard output.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Scan PATHS, or take a scan's record, and write a folder of evidence: findings by citation, with who answers.

    Exits with 0 where the folder was written, whatever it says: the gate is `phiward scan`.
    """  # fmt: skip
    from phiward.attest.attesting import attest, check

    order = _order(paths, options)
    check(order)
    signed = signing(options)
    done = attest(order, signed.files if signed else None)
    if signed:
        signed.write_down(done.folder, done.files)
    if not options["quiet"]:
        print_text(_told(done))
    return 0


def _order(paths: tuple[Path, ...], options: dict[str, Any]) -> Order:
    """What the options ask for. Raises UsageError."""
    from phiward.attest.attesting import Order
    from phiward.attest.formats.source import OSCAL_VERSIONS

    if options["records"]:
        _check_no_scan(paths, options)
    day = options["as_of"]
    if day and day.date() > today():
        raise UsageError(f"--as-of {day:%Y-%m-%d}: that day has not come")
    return Order(
        here=paths[0] if paths else Path(),
        scan=partial(_scanned, paths, options),
        records=options["records"],
        period=options["period"],
        as_of=day.date() if day else None,
        previous=options["previous"],
        output=options["output"],
        replace=options["replacing"],
        formats=options["formats"] or _every_format(),
        oscal_version=options["oscal_version"] or OSCAL_VERSIONS[0],
        system_plan=options["ssp"],
        commit=options["commit"],
        rule_directories=options["rule_directories"],
        settings_file=options["settings_file"],
    )


def _check_no_scan(paths: tuple[Path, ...], options: dict[str, Any]) -> None:
    """Raises UsageError for what would change a scan that was made already."""
    if paths or options["aws"]:
        raise UsageError(
            "what runs or stands in PATHS is scanned afresh, --from is a scan that was made", hint="give one of both"
        )
    live_settings(options)
    if any(options[name] for name in ("variables", "variable_files", "parameter_overrides")):
        raise UsageError(
            "--from is a scan that was made: no variable or parameter changes it", hint="scan again with them"
        )


def _every_format() -> tuple[str, ...]:
    """All that can be written here; what is left out is said."""
    from phiward.attest.formats import FORMATS, missing

    left_out = missing()
    for name, extra in left_out.items():
        click.echo(f"phiward: {name} is left out: pip install 'phiward[{extra}]'", err=True)
    return tuple(name for name in FORMATS if name not in left_out)


def _scanned(paths: tuple[Path, ...], options: dict[str, Any]) -> Report:
    """A scan that is made now, never one that is remembered."""
    from phiward.pipeline import scan

    live = live_settings(options)
    given = input_settings(paths, options)
    settings = replace(
        given, live=live, paths=paths if live is not None else given.paths, rule_directories=options["rule_directories"]
    )
    with progress_for(quiet=options["quiet"]) as progress:
        return scan(settings, progress)


def _told(done: Attested) -> str:
    """What was written, in a few lines."""
    from phiward.reporters.text import plural

    found = done.assessment
    counts = found.summary.findings
    statuses = [control.status for control in found.controls]
    unread = sum(one.kind == "unread" for one in found.limitations.troubles)
    holes = f"{plural(unread, 'input')} could not be read: nothing is satisfied by rules\n" if unread else ""
    return (
        f"{done.folder}: {len(done.files)} files, as of {found.cover.window.as_of}\n"
        f"{holes}{found.summary.result}: {counts.failed} of {counts.evaluated} findings fail, "
        f"{counts.undecided} undecided, "
        f"{counts.waived + counts.alternative + counts.disputed} under an exception\n"
        f"{len(statuses)} citations: {statuses.count('satisfied')} satisfied, {statuses.count('not-satisfied')} not, "
        f"{statuses.count('not-assessed')} not assessed\n"
    )
