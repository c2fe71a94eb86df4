"""`phiward waivers`: exceptions, at what they are about and in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phiward.cli.aws_options import aws_options, live_settings
from phiward.cli.options import input_options, input_settings, paths_argument, rules_option
from phiward.cli.output import print_text
from phiward.errors import NothingToScan
from phiward.model.finding import Report


@click.group(name="waivers")
def command() -> None:
    """Check and list the exceptions, at what they are about and in phiward.waivers.yaml."""


@command.command(name="check")
@paths_argument
@rules_option
@input_options
@aws_options
def check(paths: tuple[Path, ...], rule_directories: tuple[Path, ...], **options: Any) -> int:
    """Check every exception under PATHS: complete, known rule, not expired, and covering something.

    Exits with 2 for one that cannot be read, 4 where a file could not be read, 1 for one that is expired or covers
    nothing, else 0. One that ends soon is told, and fails nothing.
    """
    from phiward.reporters.waivers import checked

    report = _scan(paths, rule_directories, options)
    if report is None:
        return 0
    done = checked(report)
    if done.text:
        print_text(done.text)
    click.echo(done.summary, err=True)
    return done.exit_status


@command.command(name="list")
@paths_argument
@rules_option
@input_options
@aws_options
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_(paths: tuple[Path, ...], rule_directories: tuple[Path, ...], format_: str, **options: Any) -> int:
    """List every exception under PATHS with what it covers, the first to end first.

    Exits with 2 where one cannot be read, 4 where a file could not be read, else 0.
    """
    from phiward.reporters.waivers import as_json, as_text, readable

    report = _scan(paths, rule_directories, options)
    if report is None:
        print_text(as_json(()) if format_ == "json" else as_text(()))
        return 0
    print_text(as_json(report.waivers) if format_ == "json" else as_text(report.waivers))
    problems, status = readable(report)
    if problems:
        click.echo(problems, err=True)
    return status


def _scan(paths: tuple[Path, ...], rule_directories: tuple[Path, ...], options: dict[str, Any]) -> Report | None:
    """The report of a scan; None where there is nothing to scan."""
    from phiward.pipeline import scan
    from phiward.record import replace

    live, given = live_settings(options), input_settings(paths, options)
    chosen = paths if live is not None else given.paths
    try:
        return scan(replace(given, live=live, paths=chosen, rule_directories=rule_directories))
    except NothingToScan:
        return None
