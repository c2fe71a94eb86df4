"""`phiward waivers`: exceptions that are written in the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phiward.cli.options import input_options, input_settings, paths_argument


@click.group(name="waivers")
def command() -> None:
    """Check the exceptions that are written in the configuration."""


@command.command(name="check")
@paths_argument
@input_options
def check(paths: tuple[Path, ...], **options: Any) -> int:
    """Check every exception under PATHS: complete, known rule, not expired, and covering something.

    Exits with 2 for one that cannot be read, 4 where a file could not be read, 1 for one that is expired or covers
    nothing, else 0.
    """
    from phiward.errors import NothingToScan
    from phiward.pipeline import scan

    try:
        report = scan(input_settings(paths, options))
    except NothingToScan:
        return 0
    problems = [d for d in report.diagnostics if d.code.startswith("ignore")]
    for problem in problems:
        click.echo(f"{problem.path}:{problem.line}:{problem.column}: {problem.message}\n  {problem.hint}")
    waived = report.summary.waived
    click.echo(f"{waived} finding{'' if waived == 1 else 's'} under an exception, {len(problems)} to look at", err=True)
    if any(problem.invalid for problem in problems):
        return 2
    if any(diagnostic.incomplete for diagnostic in report.diagnostics):
        click.echo("something could not be read: an exception may stand there; `phiward scan` says what", err=True)
        return 4
    return 1 if problems else 0
