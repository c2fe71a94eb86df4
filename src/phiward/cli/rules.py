"""`phiward rules`: what the pack holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from phiward.cli.options import SEVERITY_CHOICE, rules_option, severity, today
from phiward.cli.output import print_text
from phiward.coverage import speaker
from phiward.engine.packs import chosen_pack
from phiward.errors import UsageError
from phiward.model.rule import Rule
from phiward.outside import Outside
from phiward.pack import Pack
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
@rules_option
@FORMAT
def list_rules(
    theme: str | None,
    citation: str | None,
    least: str,
    equivalent: str | None,
    rule_directories: tuple[Path, ...],
    format_: str,
) -> None:
    """List rules, one a line."""
    pack = chosen_pack(rule_directories, Outside())
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
@rules_option
@FORMAT
def show_rule(id_: str, rule_directories: tuple[Path, ...], format_: str) -> None:
    """Show one rule: what it asks and why, what it cites, how to fix it, where it looks."""
    pack = chosen_pack(rule_directories, Outside())
    if all(id_ != outline.id for outline in pack.outlines):
        raise UsageError(f"there is no rule {id_!r}", hint="`phiward rules list` shows them all")
    rule = pack.rule(id_)
    if format_ == "json":
        click.echo(json.dumps(as_json(rule, pack), indent=2))
        return
    from phiward.docs import shown

    print_text(shown(rule, pack))


@command.command(name="test")
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option("--rule", "chosen", multiple=True, metavar="ID", help="Only this rule; repeatable.")
def test_rules(directories: tuple[Path, ...], chosen: tuple[str, ...]) -> int:
    """Run the examples of the rules in DIR: each is a test, and so is each fix that a rule recommends.

    Exit status 1 says that a verdict is not the one that its example expects.
    """
    from phiward.rule_tests import test_directories

    outcome = test_directories(directories, frozenset(chosen), today(), click.echo)
    click.echo(outcome.summary)
    return outcome.exit_status


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


@command.command(name="docs")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a page is not current.")
def write_docs(directory: Path, check: bool) -> int:
    """Write a page for each rule, indexes of them and a comparison with other packs into DIRECTORY."""
    from phiward.docs import pages, stale, write

    made = pages(chosen_pack((), Outside()))
    if not check:
        write(made, directory)
        return 0
    old = stale(made, directory)
    for name in old:
        click.echo(f"{directory / name} is not what the pack says: run `phiward rules docs {directory}`", err=True)
    return 1 if old else 0
