"""The options that name AWS accounts, and how they become settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from phiward.errors import UsageError
from phiward.settings import LiveSettings

Command = Callable[..., Any]


def aws_options(command: Command) -> Command:
    """The options of `--aws`."""
    for option in reversed(
        (
            click.option("--aws", is_flag=True, help="Read running AWS accounts, beside PATHS or alone."),
            click.option("--profile", default="", metavar="NAME", help="AWS profile to read with."),
            click.option(
                "--region", "regions", multiple=True, metavar="REGION",
                help="AWS region to read; repeatable; all for every enabled one.",
            ),
            click.option("--role-arn", "role_arns", multiple=True, metavar="ARN", help="Role to assume; repeatable."),
            click.option("--external-id", default="", metavar="ID", help="External id that the roles ask for."),
            click.option(
                "--organization", default="", metavar="ROLE",
                help="Assume the role of this name in every active account of the organization.",
            ),
            click.option("--service", "services", multiple=True, metavar="NAME", help="Read only this service."),
            click.option("--endpoint-url", default="", metavar="URL", help="Ask this address in place of AWS."),
            click.option(
                "--save-inventory", type=click.Path(path_type=Path), metavar="FILE",
                help="Keep what was read (JSON lines, compressed); scan the file to judge it again.",
            ),
            click.option(
                "--resume", type=click.Path(path_type=Path), metavar="FILE",
                help="Take up an inventory that was interrupted: read only what it lacks.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def live_settings(options: dict[str, Any]) -> LiveSettings | None:
    """Settings of the accounts; None where none are asked for. Raises UsageError."""
    given = {
        "profile": options["profile"],
        "regions": options["regions"],
        "roles": options["role_arns"],
        "external_id": options["external_id"],
        "organization": options["organization"],
        "services": options["services"],
        "endpoint_url": options["endpoint_url"],
        "save": options["save_inventory"],
        "resume": options["resume"],
    }
    if not options["aws"]:
        if any(given.values()):
            raise UsageError("options of a running account need --aws")
        return None
    if options["resume"] is not None and not options["resume"].is_file():
        raise UsageError(f"there is no inventory {str(options['resume'])!r}")
    return LiveSettings(**given)
