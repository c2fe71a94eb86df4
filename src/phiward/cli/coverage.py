"""`phiward coverage`: what the pack covers, and what it leaves to people."""

from __future__ import annotations

import click

from phiward.cli.output import print_text
from phiward.coverage.render import FORMATS, VIEWS, coverage
from phiward.pack import load_pack


@click.command(name="coverage")
@click.option("--by", "view", type=click.Choice(VIEWS), default="citation", show_default=True, help="What to go by.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
def command(view: str, format_: str) -> None:
    """Show which rules speak to each citation, theme or practice, where they can judge, and what stays manual."""
    print_text(coverage(load_pack(), view, format_))
