"""`phiward scan`: judge configuration and report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phiward.cli.aws_options import aws_options, live_settings
from phiward.cli.options import SEVERITY_CHOICE, input_options, input_settings, paths_argument, rules_option, severity
from phiward.cli.output import check_outputs, progress_for, write_reports
from phiward.record import replace
from phiward.settings import Settings


@click.command(name="scan")
@paths_argument
@click.option("--format", "formats", multiple=True, metavar="FORMAT", help="console, json, sarif or junit; repeatable.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="File for the --format at the same place; - is standard output.",
)
@click.option(
    "--fail-on",
    type=SEVERITY_CHOICE,
    default="low",
    show_default=True,
    help="Least severity of a finding that fails the gate.",
)
@click.option(
    "--unknown",
    type=click.Choice(["report", "fail"]),
    default="report",
    show_default=True,
    help="Whether an undecided verdict fails the gate.",
)
@click.option("--allow-incomplete", is_flag=True, help="Accept that something could not be read.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Fail only on what this baseline does not have on record.",
)
@click.option(
    "--exit-zero", is_flag=True, help="Report findings without failing (turns status 1 into 0 and nothing else)."
)
@rules_option
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Run only this rule; repeatable.")
@click.option(
    "--severity",
    "least",
    type=SEVERITY_CHOICE,
    default="low",
    show_default=True,
    help="Run only rules at or above this severity.",
)
@click.option(
    "--tenant", "tenants", multiple=True, metavar="NAME", help="Judge only this tenant's resources; repeatable."
)
@input_options
@aws_options
@click.option(
    "--changed", is_flag=True, help="PATHS are the changed files of a commit: judge the roots that they affect, if any."
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep the report of a scan of the same files.")
@click.option("--verbose", "-v", is_flag=True, help="List passing verdicts too.")
@click.option("--quiet", "-q", is_flag=True, help="No progress and no console report.")
def command(paths: tuple[Path, ...], **options: Any) -> int:
    """Scan PATHS (default: the current directory; - reads standard input): Terraform, CloudFormation and Kubernetes."""
    targets = check_outputs(options["formats"], options["outputs"], quiet=options["quiet"])
    from phiward.cache import scan

    with progress_for(quiet=options["quiet"]) as progress:
        settings = scan_settings(paths, options)
        report = scan(settings, progress, use=settings.live is None and not options["no_cache"])
    write_reports(report, targets, verbose=options["verbose"])
    return report.exit_status


def scan_settings(paths: tuple[Path, ...], options: dict[str, Any]) -> Settings:
    """Flags -> Settings."""
    live = live_settings(options)
    given = input_settings(paths, options)
    return replace(
        given,
        live=live,
        paths=paths if live is not None else given.paths,
        rules=options["rules"],
        rule_directories=options["rule_directories"],
        severity=severity(options["least"]),
        tenants=options["tenants"],
        fail_on=severity(options["fail_on"]),
        fail_on_unknown=options["unknown"] == "fail",
        allow_incomplete=options["allow_incomplete"],
        exit_zero=options["exit_zero"],
        baseline=options["baseline"],
        changed=options["changed"],
    )
