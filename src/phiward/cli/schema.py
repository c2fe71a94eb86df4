"""`phiward schema`: the JSON Schemas of what people and programs write and read."""

from __future__ import annotations

import json
from pathlib import Path

import click

from phiward.pack import pack_directory

_PACKAGE = Path(__file__).resolve().parent.parent
_OURS = {
    "report": _PACKAGE / "reporters" / "report.schema.json",
    "verification": _PACKAGE / "attest" / "verify" / "verification.schema.json",
}
NAMES = ("settings", "rule", "report", "waivers", "manual", "assessment", "verification")


@click.command(name="schema")
@click.argument("name", type=click.Choice(NAMES))
def command(name: str) -> None:
    """Print the JSON Schema of phiward.yaml (settings), a rule file, the JSON report, or what is kept beside it.

    That is phiward.waivers.yaml (waivers) and phiward.manual.yaml (manual); assessment is findings.json of `attest`,
    verification what `verify --format json` writes.

    An editor completes and checks a file that begins with `# yaml-language-server: $schema=FILE`.
    """
    if name == "assessment":
        from phiward.attest.assessment.schema import schema

        click.echo(json.dumps(schema(), indent=2))
        return
    path = _OURS.get(name) or pack_directory() / "schema" / f"{name}.schema.json"
    click.echo(path.read_text(encoding="utf-8"), nl=False)
