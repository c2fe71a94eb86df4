"""`phiward baseline`: the failures that a gate tolerates until they are fixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phiward.cli.aws_options import aws_options, live_settings
from phiward.cli.options import input_options, input_settings, paths_argument, rules_option, today
from phiward.cli.output import print_text
from phiward.errors import UsageError
from phiward.model.finding import Report

_FILE = "phiward.baseline.json"
file_option = click.option(
    "--file", type=click.Path(path_type=Path), default=_FILE, show_default=True, help="The file of the baseline."
)


@click.group(name="baseline")
def command() -> None:
    """Put the failures of today on record, so that a gate fails on new ones only."""


@command.command(name="create")
@paths_argument
@file_option
@rules_option
@input_options
@aws_options
def create(paths: tuple[Path, ...], file: Path, **options: Any) -> int:
    """Put every failure under PATHS on record in a file to be committed. One that is there is not replaced."""
    from phiward.gate.baseline import recorded, refusal
    from phiward.gate.baseline_file import Baseline, write_baseline

    if file.exists():
        hint = "`phiward baseline update` takes out what is fixed"
        raise UsageError(f"there is a baseline {str(file)!r} already", hint=hint)
    report = _report(paths, options)
    status, why = refusal(report)
    if status:
        click.echo(f"phiward: {why}", err=True)
        return status
    found = recorded(report.findings, today())
    write_baseline(Baseline(report.target, report.pack.digest, today(), tuple(found)), file)
    print_text(f"{file}: {sum(one.count for one in found)} failures on record")
    return 0


@command.command(name="update")
@paths_argument
@file_option
@click.option("--accept-new", is_flag=True, help="Put new failures on record, too.")
@rules_option
@input_options
@aws_options
def update(paths: tuple[Path, ...], file: Path, *, accept_new: bool, **options: Any) -> int:
    """Take out of the baseline what is fixed. New failures stay new, unless they are accepted aloud.

    What was not judged again, or is under an exception, stays on record.
    """
    from phiward.gate.baseline import refusal, updated
    from phiward.gate.baseline_file import Baseline, read_baseline, write_baseline
    from phiward.outside import Outside

    before = read_baseline(file, Outside())
    report = _report(paths, options, file)
    status, why = refusal(report)
    if status:
        click.echo(f"phiward: {why}", err=True)
        return status
    found, said = updated(report, before.findings, today(), accept_new=accept_new)
    write_baseline(Baseline(before.target, report.pack.digest, today(), tuple(found)), file)
    print_text(f"{file}: {said}")
    return 0


@command.command(name="show")
@file_option
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(file: Path, format_: str) -> None:
    """List what is on record, by rule."""
    from phiward.gate.baseline_file import as_text, read_baseline
    from phiward.outside import Outside
    from phiward.reporters.baseline import listing

    found = read_baseline(file, Outside())
    print_text(as_text(found) if format_ == "json" else listing(found.findings, found.taken))


def _report(paths: tuple[Path, ...], options: dict[str, Any], baseline: Path | None = None) -> Report:
    """The report of a scan by all rules, held against a baseline if there is one."""
    from phiward.pipeline import scan
    from phiward.record import replace

    live, given = live_settings(options), input_settings(paths, options)
    chosen = paths if live is not None else given.paths
    settings = replace(given, live=live, paths=chosen, rule_directories=options["rule_directories"], baseline=baseline)
    return scan(settings)
