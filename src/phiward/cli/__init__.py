"""The command line: flags become Settings, a Report becomes an exit status. Click only.

Commands are imported when they run, so that `phiward --version` costs what Click costs.
"""

from __future__ import annotations

from importlib import import_module

import click

from phiward import __version__

COMMANDS = {
    "scan": "Judge configuration and report.",
    "aws": "Show what reading running AWS accounts takes.",
    "explain": "Show one resource as Phiward reads it.",
    "rules": "List and show the rules.",
    "coverage": "Show what the rules cover, and what stays manual.",
    "waivers": "Check and list the exceptions.",
    "baseline": "Put the failures of today on record, and fail on new ones only.",
    "attest": "Write a folder of evidence for an auditor: findings by citation, signed.",
    "keys": "Make and show the keys that sign attestations.",
    "manual": "State and check the controls that no configuration shows.",
    "verify": "Check an attestation or a ledger: who signed, what was changed.",
    "ledger": "Keep the append-only record of attestations.",
    "schema": "Print the JSON Schema of settings, rules or reports.",
    "completion": "Print the shell completion script.",
}


class LazyGroup(click.Group):
    """A group whose commands stand in modules of their own, one each, imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"phiward.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="phiward %(version)s")
def phiward() -> None:
    """HIPAA policy-as-code for multi-tenant health-record SaaS: configuration in, verdicts with evidence out.

    \b
    Exit status: 0 gate passed, 1 findings at or above --fail-on, 2 wrong usage or settings,
    3 nothing to scan, 4 something could not be read or decided, 5 internal error, 130 interrupted.
    """  # noqa: D301 - Click reads the escape
