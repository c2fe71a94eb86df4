"""`phiward manual`: the controls that no configuration shows."""

from __future__ import annotations

from pathlib import Path

import click

from phiward.cli.options import today
from phiward.cli.output import print_text


@click.group(name="manual")
def command() -> None:
    """State and check the controls that no configuration shows."""


@command.command(name="template")
@click.argument("controls", nargs=-1, metavar="[CONTROL]...")
@click.option("--citation", help="Only controls of this paragraph, e.g. 164.308(a)(5)(i).")
@click.option("--format", "format_", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def template(controls: tuple[str, ...], citation: str | None, format_: str) -> None:
    """Print a phiward.manual.yaml to fill in: each control with the evidence to show and its cadence."""
    from phiward.manual.template import as_json, as_yaml, chosen
    from phiward.pack.controls import load_controls

    found = chosen(load_controls(), controls, citation)
    print_text(as_json(found) if format_ == "json" else as_yaml(found))


@command.command(name="check")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(path: Path, format_: str) -> int:
    """Check the phiward.manual.yaml that applies to PATH: complete, on evidence that is there, and not run out.

    Exits with 2 for a statement that cannot be read, 1 for one that does not count any more, else 0.
    """
    from phiward.manual.review import as_json, as_text
    from phiward.manual.run import reviewed

    done = reviewed(path, today())
    print_text(as_json(done) if format_ == "json" else as_text(done))
    return done.exit_status
