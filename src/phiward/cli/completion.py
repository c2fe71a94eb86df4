"""`phiward completion`: shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL; evaluate it in the shell's start-up file."""
    from phiward.cli import phiward

    class_ = get_completion_class(shell)
    assert class_ is not None
    click.echo(class_(phiward, {}, "phiward", "_PHIWARD_COMPLETE").source())
