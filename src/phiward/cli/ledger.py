"""`phiward ledger`: the append-only record of attestations, in a folder or in S3."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from phiward.cli.options import clock
from phiward.cli.passphrase import ask_old, passphrase_option
from phiward.errors import UsageError

_WHERE = click.argument("where", metavar="FOLDER|s3://BUCKET/PREFIX")
_KEYS = click.option(
    "--key", "keys", multiple=True, required=True, metavar="FILE|awskms:///ARN",
    help="The ledger's private key; the old and the new one together replace it.",
)  # fmt: skip
_YES = click.option("--yes", is_flag=True, help="Do not ask.")
_LATEST = 10


@click.group(name="ledger")
def command() -> None:
    """Keep the append-only record of attestations."""


@command.command(name="create")
@click.argument("where", metavar="s3://BUCKET/PREFIX")
@click.option("--origin", default="", metavar="NAME", help="What the ledger is called, e.g. example.com/phi/ledger.")
@click.option(
    "--mode",
    type=click.Choice(["governance", "compliance"]),
    default="governance",
    show_default=True,
    help="compliance: nobody, not even the owner of the account, can shorten it or delete anything.",
)
@click.option("--days", type=click.IntRange(min=1), default=2222, show_default=True, help="How long entries are kept.")
@_YES
def create(where: str, origin: str, mode: str, days: int, yes: bool) -> None:
    """Begin a ledger in a bucket with Object Lock. By default its entries are kept for six years and thirty days.

    One in a folder begins with its first entry.
    """  # fmt: skip
    from phiward.attest.worm import S3Ledger

    moment = clock()
    until = moment + timedelta(days=days)
    click.echo(f"entries are kept in {mode.upper()} mode for {days} days: today's until {until:%Y-%m-%d}", err=True)
    if mode == "compliance":
        _confirm("Nobody can undo that, and every entry is paid for until then. Begin the ledger?", yes=yes)
    terms = S3Ledger.of(where).create(origin, mode.upper(), days, moment)
    click.echo(terms.origin)


@command.command(name="add")
@_WHERE
@click.argument("file", type=click.Path(path_type=Path))
@_KEYS
@click.option("--type", "type_", default="attestation", show_default=True, help="What it is.")
@click.option("--uri", default="", help="Where it is kept, if not where it was named.")
@click.option("--origin", default="", metavar="NAME", help="What a ledger in a folder that this begins is called.")
@click.option("--proof", type=click.Path(path_type=Path), metavar="FILE", help="Write the proof of inclusion here.")
@passphrase_option
def add(where: str, file: Path, passphrase_file: Path | None, **options: Any) -> None:
    """Write down that FILE exists, by its SHA-256."""
    from phiward.attest.ledger import Event, append
    from phiward.attest.signers import open_signer
    from phiward.durable import write_file

    event = Event(options["type_"], _digest(file), options["uri"] or file.as_posix())
    signers = [open_signer(key, partial(ask_old, passphrase_file, key)) for key in options["keys"]]
    receipt = append(where, event, signers, clock(), options["origin"])
    if receipt.repaired:
        click.echo(receipt.repaired, err=True)
    if options["proof"] is not None:
        write_file(options["proof"], receipt.proof.content)
    click.echo(f"entry {receipt.entry.seq}  {receipt.entry.time}  {event.digest}")


@command.command(name="show")
@_WHERE
@click.option("--all", "everything", is_flag=True, help="Every entry, not the last ten.")
def show(where: str, everything: bool) -> None:
    """Print the ledger's last entries, one a line, as they stand; `phiward verify` says whether they are sound."""
    from phiward.attest.ledger import open_ledger
    from phiward.reporters.text import clean

    contents = open_ledger(where).read()
    if contents.note is not None:
        click.echo(f"{contents.note.checkpoint.origin}, {contents.note.checkpoint.size} entries", err=True)
    for problem in (contents.torn, *contents.problems):
        if problem:
            click.echo(problem, err=True)
    for line in contents.lines if everything else contents.lines[-_LATEST:]:
        click.echo(clean(line.decode("utf-8", "replace")))


@command.command(name="prove")
@_WHERE
@click.argument("file", type=click.Path(path_type=Path))
def prove(where: str, file: Path) -> None:
    """Print the proof (c2sp.org/tlog-proof@v1) that the ledger holds FILE, under its checkpoint of today."""
    from phiward.attest.ledger_audit import prove as proof_of

    click.echo(proof_of(where, _digest(file)).content, nl=False)


@command.command(name="extend")
@click.argument("where", metavar="s3://BUCKET/PREFIX")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The last day.")
@_YES
def extend(where: str, until: datetime, yes: bool) -> None:
    """Keep every entry at least until the end of a day.

    Documents are kept for six years from when they were made or last in effect, whichever is later. What is kept
    longer already stays so; nothing is ever shortened.
    """
    from phiward.attest.worm import COMPLIANCE, S3Ledger

    end = until.replace(tzinfo=UTC) + timedelta(days=1)
    if end <= clock():
        raise UsageError(f"{until:%Y-%m-%d} is over")
    ledger = S3Ledger.of(where)
    if ledger.terms().mode == COMPLIANCE:
        click.echo(f"every entry is kept in COMPLIANCE mode until {until:%Y-%m-%d}", err=True)
        _confirm("Nobody can undo that. Extend?", yes=yes)
    click.echo(f"{ledger.extend(end)} objects are kept longer now", err=True)


def _digest(file: Path) -> str:
    from phiward.attest.verify.found import digest

    try:
        found = digest(file)
    except ValueError as error:
        raise UsageError(f"{str(file)!r}: {error}") from error
    if found is None:
        raise UsageError(f"there is no file {str(file)!r}")
    return f"sha256:{found}"


def _confirm(question: str, *, yes: bool) -> None:
    """Raises UsageError where nobody agrees."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("that is asked first, and there is no terminal to ask on", hint="agree with --yes")
    if not click.confirm(question, err=True):
        raise UsageError("nothing was done")
