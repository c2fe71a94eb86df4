"""`phiward rules`: what the pack holds."""

from __future__ import annotations

import json
from typing import Any

import click

from phiward.cli.options import SEVERITY_CHOICE, severity
from phiward.coverage import speaker
from phiward.errors import UsageError
from phiward.model.rule import Rule
from phiward.pack import Pack, load_pack
from phiward.pack.equivalents import by_equivalent, canonical
from phiward.pack.reference import load_reference, unmet

FORMAT = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group(name="rules")
def command() -> None:
    """List and show the rules."""


@command.command(name="list")
@click.option("--theme", help="Only rules of this theme.")
@click.option("--citation", help="Only rules that cite this paragraph, e.g. 164.312(a)(2)(iv).")
@click.option("--severity", "least", type=SEVERITY_CHOICE, default="low", help="Only rules at or above this severity.")
@click.option(
    "--equivalent", metavar="ID", help="Only rules that mean what this check of another tool means, e.g. CKV_AWS_16."
)
@FORMAT
def list_rules(theme: str | None, citation: str | None, least: str, equivalent: str | None, format_: str) -> None:
    """List rules, one a line."""
    pack = load_pack()
    meant = pack.rules if equivalent is None else _meaning(equivalent, pack)
    chosen = [
        rule
        for rule in meant
        if theme in (None, rule.theme)
        and (citation is None or citation in rule.citations)
        and rule.severity >= severity(least)
    ]
    if format_ == "json":
        click.echo(json.dumps([as_json(rule, pack) for rule in chosen], indent=2))
        return
    width = max((len(rule.id) for rule in chosen), default=0)
    for rule in chosen:
        click.echo(f"{rule.severity.label:<8}  {rule.id:<{width}}  {rule.title}  [{', '.join(rule.citations)}]")


def _meaning(equivalent: str, pack: Pack) -> list[Rule]:
    """The rules that mean what a check of another tool means; standard error says why where there are none."""
    found = by_equivalent(pack.rules).get(canonical(equivalent), [])
    if not found:
        click.echo(unmet(equivalent, load_reference(rule.id for rule in pack.outlines)), err=True)
    return [pack.rule(id_) for id_ in found]


@command.command(name="show")
@click.argument("id_", metavar="RULE")
@FORMAT
def show_rule(id_: str, format_: str) -> None:
    """Show one rule: what it asks, why, how to fix it, and what it cites."""
    pack = load_pack()
    if all(id_ != outline.id for outline in pack.outlines):
        raise UsageError(f"there is no rule {id_!r}", hint="`phiward rules list` shows them all")
    rule = pack.rule(id_)
    click.echo(json.dumps(as_json(rule, pack), indent=2) if format_ == "json" else as_text(rule, pack))


def as_json(rule: Rule, pack: Pack) -> dict[str, Any]:
    judged = speaker(rule, pack.rows())
    return {
        "id": rule.id,
        "title": rule.title,
        "theme": rule.theme,
        "severity": rule.severity.label,
        "citations": list(rule.citations),
        "sources": list(judged.sources),
        "resource_types": list(judged.all_types),
        "because": rule.because,
        "fix": rule.fix,
        "fix_snippets": dict(rule.fix_snippets),
        "equivalents": {tool: list(ids) for tool, ids in rule.equivalents.items()},
    }


def as_text(rule: Rule, pack: Pack) -> str:
    import textwrap

    def wrapped(text: str) -> str:
        return textwrap.fill(" ".join(text.split()), 92, initial_indent="  ", subsequent_indent="  ")

    lines = [f"{rule.id} ({rule.severity.label})", f"  {rule.title}", "", "Why", wrapped(rule.because), ""]
    lines += ["Fix", wrapped(rule.fix)]
    for source, snippet in rule.fix_snippets.items():
        lines += ["", f"  {source}:", textwrap.indent(snippet.rstrip(), "    ")]
    lines += ["", "Citations (45 CFR part 164)"]
    for citation in rule.citations:
        entry = pack.citations[citation]
        name = entry["specification"] or entry["standard"]
        lines.append(f"  {citation}  {name} ({entry['designation']})")
    lines += ["", "Resource types", wrapped(", ".join(speaker(rule, pack.rows()).all_types))]
    if rule.equivalents:
        lines += ["", "Equivalents", *(f"  {tool}: {', '.join(ids)}" for tool, ids in rule.equivalents.items() if ids)]
    return "\n".join(lines)
