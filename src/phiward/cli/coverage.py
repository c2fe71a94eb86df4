"""`phiward coverage`: what the pack covers, and what it leaves to people."""

from __future__ import annotations

from pathlib import Path

import click

from phiward.cli.options import rules_option
from phiward.cli.output import print_text
from phiward.coverage.render import FORMATS, VIEWS, coverage
from phiward.engine.packs import chosen_pack
from phiward.outside import Outside


@click.command(name="coverage")
@click.option("--by", "view", type=click.Choice(VIEWS), default="citation", show_default=True, help="What to go by.")
@rules_option
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
def command(view: str, rule_directories: tuple[Path, ...], format_: str) -> None:
    """Show which rules speak to each citation, theme or practice, where they can judge, and what stays manual."""
    print_text(coverage(chosen_pack(rule_directories, Outside()), view, format_))
