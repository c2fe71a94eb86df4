"""`phiward keys`: the key pairs that sign attestations."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from phiward.cli.passphrase import ask_new, ask_old, passphrase_option

_ALGORITHMS = ("ecdsa-p256", "ed25519")


@click.group(name="keys")
def command() -> None:
    """Make and show the keys that sign attestations."""


@command.command(name="generate")
@click.option(
    "--output",
    default="phiward",
    show_default=True,
    type=click.Path(path_type=Path),
    metavar="NAME",
    help="Write NAME.key (private, encrypted) and NAME.pub (public).",
)
@click.option("--algorithm", type=click.Choice(_ALGORITHMS), default=_ALGORITHMS[0], show_default=True)
@passphrase_option
def generate(output: Path, algorithm: str, passphrase_file: Path | None) -> None:
    """Make a key pair. The private key is encrypted, readable by its owner alone, and never overwritten.

    The passphrase is asked for on a terminal, or taken from PHIWARD_KEY_PASSPHRASE or --passphrase-file.
    """
    from phiward.attest import keys

    private, public = (output.with_name(f"{output.name}.{ending}") for ending in ("key", "pub"))
    keys.check_absent(private, public)
    key = keys.generate(algorithm)
    keys.write_pair(key, private, public, ask_new(passphrase_file))
    click.echo(f"{private}  private key, encrypted; keep it and its passphrase apart")
    click.echo(f"{public}  public key, for everybody who verifies; key id sha256:{key.public_key.key_id}")


@command.command(name="show")
@click.argument("key", metavar="FILE|awskms:///ARN")
@passphrase_option
def show(key: str, passphrase_file: Path | None) -> None:
    """Print a public key as PEM, and its id on standard error: of a public or private key file, or a key in AWS KMS."""
    from phiward.attest.signers import public_key_of

    public = public_key_of(key, partial(ask_old, passphrase_file, key))
    click.echo(public.pem.decode(), nl=False)
    click.echo(f"{public.algorithm}, key id sha256:{public.key_id}", err=True)
