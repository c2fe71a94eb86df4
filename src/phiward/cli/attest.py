"""`phiward attest`: a scan, or its record, as what compliance teams and auditors take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phiward.cli.aws_options import aws_options, live_settings
from phiward.cli.options import input_options, input_settings, paths_argument, rules_option
from phiward.cli.output import print_text, progress_for
from phiward.cli.signing import signing, signing_options
from phiward.errors import UsageError
from phiward.record import replace

if TYPE_CHECKING:
    from phiward.attest.assessment.record import Record
    from phiward.model.project import AttestationSettings

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
    from phiward.attest.formats import FORMATS
    from phiward.attest.formats.source import OSCAL_VERSIONS

    for name in options["formats"]:
        if name not in FORMATS:
            raise UsageError(f"there is no format {name!r}", hint=f"one of {', '.join(FORMATS)}")
    if options["oscal_version"] and options["oscal_version"] not in OSCAL_VERSIONS:
        raise UsageError(
            f"OSCAL {options['oscal_version']!r} is not written", hint=f"one of {', '.join(OSCAL_VERSIONS)}"
        )
    if options["records"] and (paths or options["aws"]):
        raise UsageError(
            "what runs or stands in PATHS is scanned afresh, --from is a scan that was made", hint="give one of both"
        )
    return _attest(paths, options)


def _attest(paths: tuple[Path, ...], options: dict[str, Any]) -> int:
    from phiward.attest import folder, gathering
    from phiward.attest.assessment.build import assess
    from phiward.attest.assessment.inputs import Inputs
    from phiward.attest.assessment.record import held_on
    from phiward.attest.formats.source import OSCAL_VERSIONS, Source
    from phiward.attest.window import window_of
    from phiward.engine.packs import chosen_pack
    from phiward.outside import Outside
    from phiward.pack.activities import load_activities

    target = options["output"]
    if target is not None:
        folder.check_free(target, replace=options["replacing"])
    named = gathering.check_commit(options["commit"])
    before = gathering.previous(options["previous"]) if options["previous"] else None
    signed = signing(options)
    found, commit = _scanned(paths, options) if not options["records"] else (gathering.records(options["records"]), "")
    newest = found[-1]
    gathering.check_exceptions(newest)
    as_of = options["as_of"].date() if options["as_of"] else None
    window = window_of(options["period"], newest.report.scanned_on, as_of)
    if before is not None and before.assessment.cover.window.as_of > window.as_of:
        day = before.assessment.cover.window.as_of
        raise UsageError(f"the attestation before is of {day}, which is after {window.as_of}")
    here = paths[0] if paths else Path()
    inputs = Inputs(
        record=newest,
        pack=chosen_pack(options["rule_directories"], Outside()),
        window=window,
        settings=_settings(here, options["settings_file"]),
        statements=gathering.statements(here, date.fromisoformat(window.as_of)),
        activities=load_activities(),
        earlier=tuple(found[:-1]),
        previous=before,
        commit=named or commit,
        tool_digest=gathering.tool_digest(),
    )
    assessed = assess(inputs)
    source = Source(
        assessed.assessment,
        held_on(newest.report, inputs.as_of),
        options["oscal_version"] or OSCAL_VERSIONS[0],
        options["ssp"],
    )
    files = folder.files_of(assessed, source, options["formats"] or _every_format(), signed.files if signed else None)
    target = target or Path(f"attestation-{options['period'].replace('..', '-to-') or window.as_of}")
    folder.write(target, files, replace=options["replacing"])
    if signed:
        signed.write_down(target, files)
    if not options["quiet"]:
        print_text(_told(target, files, source))
    return 0


def _every_format() -> list[str]:
    """All that can be written here; what is left out is said."""
    from phiward.attest.formats import FORMATS, missing

    left_out = missing()
    for name, extra in left_out.items():
        click.echo(f"phiward: {name} is left out: pip install 'phiward[{extra}]'", err=True)
    return [name for name in FORMATS if name not in left_out]


def _scanned(paths: tuple[Path, ...], options: dict[str, Any]) -> tuple[list[Record], str]:
    """The record of a scan that is made now, never of one that is remembered, and the commit that it is of."""
    from phiward.attest.assessment.record import of_report
    from phiward.attest.gathering import commit_of
    from phiward.pipeline import scan

    live = live_settings(options)
    given = input_settings(paths, options)
    settings = replace(
        given, live=live, paths=paths if live is not None else given.paths, rule_directories=options["rule_directories"]
    )
    with progress_for(quiet=options["quiet"]) as progress:
        report = scan(settings, progress)
    return [of_report(report)], commit_of(Path(report.base))


def _settings(path: Path, explicit: Path | None) -> AttestationSettings:
    from phiward.loaders.tree import Tree
    from phiward.outside import Outside
    from phiward.settings import Projects

    outside = Outside()
    tree = Tree.around((path,), outside)
    resolved = outside.resolve(path.absolute())
    directory = resolved if outside.is_directory(resolved) else resolved.parent
    return Projects(tree.base, outside, explicit).of(directory).attestation


def _told(target: Path, files: Mapping[str, bytes], source: Any) -> str:
    """What was written, in a few lines."""
    found = source.assessment
    counts = found.summary.findings
    statuses = [control.status for control in found.controls]
    return (
        f"{target}: {len(files)} files, as of {found.cover.window.as_of}\n"
        f"{found.summary.result}: {counts.failed} of {counts.evaluated} findings fail, {counts.undecided} undecided, "
        f"{counts.waived + counts.alternative + counts.disputed} under an exception\n"
        f"{len(statuses)} citations: {statuses.count('satisfied')} satisfied, {statuses.count('not-satisfied')} not, "
        f"{statuses.count('not-assessed')} not assessed\n"
    )
