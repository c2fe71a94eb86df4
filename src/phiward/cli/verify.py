"""`phiward verify`: hold an attestation, or a ledger, against everything that can be checked without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from phiward import __version__
from phiward.cli.options import now
from phiward.cli.output import print_text
from phiward.errors import UsageError

_FILE = click.Path(path_type=Path)


@click.command(name="verify")
@click.argument("target", metavar="FOLDER|FILE|s3://...")
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=_FILE,
    metavar="PEM",
    help="The public key that must have signed, as its owner gave it to you; several must all have signed.",
)
@click.option("--identity", default="", help="Who must have signed without a key: a mail address or workflow.")
@click.option("--issuer", default="", metavar="URL", help="Who vouches for the identity.")
@click.option("--trust-config", type=_FILE, metavar="FILE", help="The trust of a private sigstore, for --identity.")
@click.option(
    "--previous", multiple=True, type=_FILE, metavar="FOLDER", help="An attestation before this one; repeatable."
)
@click.option(
    "--previous-key",
    "previous_keys",
    multiple=True,
    type=_FILE,
    metavar="PEM",
    help="A key that earlier attestations were signed by, if not --key.",
)
@click.option("--ledger", default="", metavar="FOLDER|s3://...", help="The ledger that must hold it, and be whole.")
@click.option("--ledger-key", "ledger_keys", multiple=True, type=_FILE, metavar="PEM", help="Its key, if not --key.")
@click.option("--checkpoint", type=_FILE, metavar="FILE", help="A checkpoint or proof kept elsewhere, to be continued.")
@click.option(
    "--tsa-root", "tsa_roots", multiple=True, type=_FILE, metavar="PEM", help="Whose time stamps are trusted."
)
@click.option("--max-age", type=click.IntRange(min=0), metavar="DAYS", help="How old the assessment may be.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(target: str, format_: str, **options: Any) -> int:
    """Verify an attestation's FOLDER, a signed FILE, or a ledger: what was checked, what was not, and why.

    Nothing is asked of a network, unless the ledger that you name is in S3. Exits with 0 where it is known who signed
    and nothing is wrong, with 1 otherwise: without --key or --identity nothing is ever verified.
    """  # fmt: skip
    from phiward.attest.verify import verify

    verification = verify(_request(target, options))
    if format_ == "json":
        print_text(json.dumps(verification.as_json(), indent=2))
    else:
        from phiward.attest.verify.text import render

        print_text(render(verification))
    return 0 if verification.verified else 1


def _request(target: str, options: dict[str, Any]) -> Any:
    from phiward.attest.keys import read_public
    from phiward.attest.verify.model import Installed, Request, Trust
    from phiward.engine.packs import chosen_pack
    from phiward.outside import Outside

    if options["keys"] and options["identity"]:
        raise UsageError("--key is for who signs with one, --identity for who signs without", hint="give one of both")
    trust = Trust(
        keys=tuple(read_public(path) for path in options["keys"]),
        identity=options["identity"],
        issuer=options["issuer"],
        trust_config=options["trust_config"],
        ledger_keys=tuple(read_public(path) for path in options["ledger_keys"]),
        previous_keys=tuple(read_public(path) for path in options["previous_keys"]),
        tsa_roots=options["tsa_roots"],
    )
    pack = chosen_pack((), Outside()).identity
    return Request(
        target=target,
        trust=trust,
        now=now(),
        installed=Installed(__version__, pack.version, pack.digest),
        previous=options["previous"],
        ledger=options["ledger"],
        checkpoint=options["checkpoint"],
        max_age=options["max_age"],
    )
