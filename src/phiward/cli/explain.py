"""`phiward explain`: one resource as Phiward reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phiward.cli.options import input_options, input_settings
from phiward.errors import UsageError


@click.command(name="explain")
@click.argument("address")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@input_options
def command(address: str, paths: tuple[Path, ...], format_: str, **options: Any) -> None:
    """Show the resource of ADDRESS under PATHS.

    Its attributes with their places, its properties and where each came from, its tenant and data class, and what is
    attached to it.
    """
    from phiward.explain import as_json, as_text, explain

    settings = input_settings(paths, options)
    found = explain(address, settings)
    if not found:
        raise UsageError(f"there is no resource {address!r} in what was read", hint="quote the address for the shell")
    click.echo(as_json(found) if format_ == "json" else "\n\n".join(map(as_text, found)))
