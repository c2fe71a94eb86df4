"""`phiward aws`: what reading accounts takes."""

from __future__ import annotations

import json
from typing import Any

import click

from phiward.errors import UsageError

_PARTITIONS = ("aws", "aws-us-gov", "aws-cn")


@click.group(name="aws")
def command() -> None:
    """Show what reading running AWS accounts takes."""


@command.command(name="policy")
@click.option("--service", "services", multiple=True, metavar="NAME", help="For this service only; repeatable.")
@click.option(
    "--whole/--managed",
    default=True,
    help="All that is needed (default), or what AWS's managed policy SecurityAudit lacks of it.",
)
@click.option("--split", is_flag=True, help="As managed policies, of 6,144 characters at most.")
@click.option("--trust", "principal", default="", metavar="PRINCIPAL", help="The trust policy: who assumes the role.")
@click.option("--external-id", default="", metavar="ID", help="With --trust: the external id to ask for.")
@click.option("--organization", default="", metavar="ROLE", help="For who lists the accounts and assumes ROLE in each.")
@click.option("--partition", type=click.Choice(_PARTITIONS), default=_PARTITIONS[0], show_default=True)
def policy(**options: Any) -> None:
    """Print the least IAM policy that reads accounts: the actions of the collectors, and a denial of stored data.

    One JSON document, or a list of them where IAM takes no document of that size.
    """
    if options["external_id"] and not options["principal"]:
        raise UsageError("--external-id needs --trust")
    documents, notes = _written(options)
    content = documents[0] if len(documents) == 1 else documents
    click.echo(json.dumps(content, indent=2))
    for note in notes:
        click.echo(note, err=True)


def _written(options: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The documents, and what is to be said about them."""
    from phiward.loaders.aws.managed import load_managed
    from phiward.loaders.aws.policy import INLINE_SIZE, MANAGED_SIZE, needed, organization, policies, size, trust
    from phiward.pack import pack_directory
    from phiward.pack.collectors import load_collectors

    partition = options["partition"]
    if options["principal"]:
        return [trust(options["principal"], options["external_id"], partition)], []
    if options["organization"]:
        return [organization(options["organization"], partition)], []
    audit = None if options["whole"] else load_managed(pack_directory())
    collectors = load_collectors(pack_directory()).of(options["services"])
    wanted = needed(collectors, partition, audit)
    found = policies(wanted, most=MANAGED_SIZE if options["split"] else INLINE_SIZE)
    notes = [_size_note([size(document) for document in found], MANAGED_SIZE, INLINE_SIZE)]
    if audit is not None:
        arn = f"arn:{partition}:iam::aws:policy/SecurityAudit"
        notes.append(f"attach {arn} beside it; held against its version {audit.version} of {audit.updated}")
    return found, notes


def _size_note(sizes: list[int], managed: int, inline: int) -> str:
    if len(sizes) > 1:
        each = ", ".join(f"{size:,}" for size in sizes)
        return f"{len(sizes)} documents of {each} characters: attach each as a managed policy ({managed:,} at most)"
    if sizes[0] <= managed:
        return f"{sizes[0]:,} characters: fits a managed policy ({managed:,} at most)"
    return (
        f"{sizes[0]:,} characters: fits the inline policies of a role ({inline:,} together); "
        "--split makes managed policies of it"
    )
