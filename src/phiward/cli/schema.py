"""`phiward schema`: the JSON Schemas of what people and programs write and read."""

from __future__ import annotations

import json
from pathlib import Path

import click

from phiward.pack import pack_directory

_REPORT = Path(__file__).resolve().parent.parent / "reporters" / "report.schema.json"
NAMES = ("settings", "rule", "report", "waivers", "manual", "assessment")


@click.command(name="schema")
@click.argument("name", type=click.Choice(NAMES))
def command(name: str) -> None:
    """Print the JSON Schema of phiward.yaml (settings), a rule file, the JSON report, or what is kept beside it.

    That is phiward.waivers.yaml (waivers) and phiward.manual.yaml (manual); assessment is findings.json of `attest`.

    An editor completes and checks a file that begins with `# yaml-language-server: $schema=FILE`.
    """
    if name == "assessment":
        from phiward.attest.assessment.schema import schema

        click.echo(json.dumps(schema(), indent=2))
        return
    path = _REPORT if name == "report" else pack_directory() / "schema" / f"{name}.schema.json"
    click.echo(path.read_text(encoding="utf-8"), nl=False)
