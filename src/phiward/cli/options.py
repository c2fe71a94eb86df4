"""Options that several commands share, and how they become Settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from phiward.errors import UsageError
from phiward.model.rule import SEVERITIES, Severity
from phiward.outside import MAX_BYTES
from phiward.settings import Settings, terraform_environment

Command = Callable[..., Any]
_STANDARD_INPUT = Path("-")
SEVERITY_CHOICE = click.Choice(list(SEVERITIES))

paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


rules_option = click.option(
    "--rules", "rule_directories", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
    help="Judge by the rules of this directory too, in the pack's format; repeatable.",
)  # fmt: skip


def input_options(command: Command) -> Command:
    """The options that say how configuration is read."""
    for option in (
        click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Give a Terraform variable."),
        click.option(
            "--var-file", "variable_files", multiple=True, type=click.Path(path_type=Path),
            help="Read Terraform variables from this file; repeatable.",
        ),
        click.option(
            "--parameter-overrides", multiple=True, metavar="NAME=VALUE|file://FILE",
            help="Give CloudFormation parameters: one, or a file of them; repeatable.",
        ),
        click.option(
            "--settings", "settings_file", type=click.Path(path_type=Path),
            help="Use this phiward.yaml for every path instead of the nearest one.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def input_settings(paths: tuple[Path, ...], values: dict[str, Any]) -> Settings:
    """Settings of what is read; the gate's options are left at their defaults. Raises UsageError."""
    variables = {}
    for text in values.get("variables", ()):
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise UsageError(f"--var takes NAME=VALUE, not {text!r}")
        variables[name] = value
    for path in values.get("variable_files", ()):
        if not path.is_file():
            raise UsageError(f"there is no variable file {str(path)!r}")
    parameters, parameter_files = template_parameters(values.get("parameter_overrides", ()))
    settings_file = values.get("settings_file")
    if settings_file is not None and not settings_file.is_file():
        raise UsageError(f"there is no settings file {str(settings_file)!r}")
    environment, workspace = terraform_environment()
    piped = _STANDARD_INPUT in paths
    if piped and len(paths) > 1:
        raise UsageError("standard input is scanned alone", hint="scan the paths in a run of their own")
    return Settings(
        paths=paths or (Path(),),
        standard_input=_standard_input() if piped else None,
        today=today(),
        settings_file=settings_file,
        variables=variables,
        variable_files=tuple(values.get("variable_files", ())),
        template_parameters=parameters,
        template_parameter_files=parameter_files,
        environment_variables=environment,
        workspace=workspace,
    )


def template_parameters(given: tuple[str, ...]) -> tuple[dict[str, str], tuple[Path, ...]]:
    """What is given to CloudFormation's parameters, by name and in files. Raises UsageError."""
    by_name, files = {}, []
    for text in given:
        if text.startswith("file://"):
            path = Path(text.removeprefix("file://"))
            if not path.is_file():
                raise UsageError(f"there is no parameter file {str(path)!r}")
            files.append(path)
            continue
        name, separator, value = text.removeprefix("ParameterKey=").partition("=")
        if text.startswith("ParameterKey="):
            name, separator, value = text.removeprefix("ParameterKey=").partition(",ParameterValue=")
        if not separator or not name:
            raise UsageError(f"--parameter-overrides takes NAME=VALUE or file://FILE, not {text!r}")
        by_name[name] = value
    return by_name, tuple(files)


def _standard_input() -> bytes:
    """All of it. Raises UsageError where it is more than any configuration."""
    if sys.stdin is None:
        return b""
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UsageError(f"standard input is larger than {MAX_BYTES // 2**20} MB")
    return content


def today() -> date:
    """The date that exceptions are held against, in UTC."""
    return now().date()


def now() -> datetime:
    """The time, in UTC; SOURCE_DATE_EPOCH sets it for a reproducible run."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)


def clock() -> datetime:
    """The real time, in UTC: for what is written down for good, and for how long it is kept."""
    return datetime.now(UTC)


def severity(name: str) -> Severity:
    return SEVERITIES[name]
