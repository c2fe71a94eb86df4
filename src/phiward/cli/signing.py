"""The options that say who signs an attestation, and where it is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phiward.cli.options import clock
from phiward.cli.passphrase import ask_old, passphrase_option
from phiward.errors import LedgerError, UsageError
from phiward.record import dataclass

if TYPE_CHECKING:
    from phiward.attest.signers import Signer

Command = Callable[..., Any]
_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Signing:
    """`files` makes the files of a signature from a statement and its companions."""

    files: Callable[[bytes, Sequence[bytes]], Mapping[str, bytes]]
    ledger: str
    ledger_signers: Sequence[Signer]

    def write_down(self, folder: Path, files: Mapping[str, bytes]) -> None:
        """Append the envelope's digest to the ledger, and keep the proof of it beside the envelope."""
        if not self.ledger:
            return
        from phiward.attest.canonical import sha256
        from phiward.attest.ledger import Event, append
        from phiward.durable import write_file

        event = Event("attestation", f"sha256:{sha256(files['attestation.dsse.json'])}", folder.name)
        try:
            receipt = append(self.ledger, event, self.ledger_signers, clock())
        except (UsageError, LedgerError) as error:
            later = f"{folder} is written and signed; `phiward ledger add` writes its attestation.dsse.json down later"
            raise LedgerError(error.message, hint="; ".join(filter(None, (error.hint, later)))) from error
        if receipt.repaired:
            click.echo(f"{self.ledger}: {receipt.repaired}", err=True)
        write_file(folder / "attestation.tlog-proof", receipt.proof.content)


def signing_options(command: Command) -> Command:
    """The options that `signing` reads."""
    for option in (
        click.option(
            "--ledger-key", "ledger_keys", multiple=True, metavar="KEY", help="The ledger's key, if it is not --sign's."
        ),
        click.option(
            "--ledger", default="", metavar="FOLDER|s3://...", help="Write the signed attestation down in this ledger."
        ),
        click.option("--tsa", default="", metavar="URL", help="Have this authority stamp the time of the signature."),
        click.option("--trust-config", type=_PATH, metavar="FILE", help="A private sigstore, for --keyless."),
        click.option(
            "--keyless", is_flag=True,
            help="Sign by the identity of the environment (sigstore); it becomes public, unless --trust-config.",
        ),
        passphrase_option,
        click.option(
            "--sign", "keys", multiple=True, metavar="KEY", help="Sign with this key: a PEM file, or awskms:///ARN."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def signing(options: Mapping[str, Any]) -> Signing | None:
    """Who signs, if anybody; a key that cannot is found before anything is scanned. Raises UsageError."""
    keys, keyless = options["keys"], options["keyless"]
    _check(options)
    if not keys and not keyless:
        return None
    from phiward.attest.signers import open_signer

    opened = {
        key: open_signer(key, partial(ask_old, options["passphrase_file"], key))
        for key in (*keys, *options["ledger_keys"])
    }
    signers = [opened[key] for key in keys]
    of_ledger = [opened[key] for key in options["ledger_keys"]] or signers
    files = _keyless(options["trust_config"]) if keyless else partial(_sign, signers, options["tsa"])
    return Signing(files, options["ledger"], of_ledger)


def _check(options: Mapping[str, Any]) -> None:
    keys, keyless = options["keys"], options["keyless"]
    if keys and keyless:
        raise UsageError("--keyless signs without a key, and --sign names one", hint="give one of both")
    if options["trust_config"] and not keyless:
        raise UsageError("--trust-config is for --keyless")
    if options["tsa"] and not keys:
        raise UsageError("a time stamp is over a key's signature", hint="name the key with --sign")
    if options["ledger_keys"] and not options["ledger"]:
        raise UsageError("--ledger-key is for --ledger")
    if options["ledger"] and not (keys or keyless):
        raise UsageError("only what is signed goes into a ledger", hint="name a key with --sign")
    if options["ledger"] and keyless and not options["ledger_keys"]:
        raise UsageError("a ledger is signed by a key, also where an attestation is not", hint="name it: --ledger-key")


def _sign(signers: Sequence[Signer], authority: str, statement: bytes, companions: Sequence[bytes]) -> dict[str, bytes]:
    from phiward.attest.signing import sign
    from phiward.attest.timestamp import request_token

    stamp = partial(request_token, authority) if authority else None
    return sign(statement, signers, companions=companions, stamp=stamp)


def _keyless(trust_config: Path | None) -> Callable[[bytes, Sequence[bytes]], dict[str, bytes]]:
    from phiward.attest.keyless import WARNING, check_identity, sign_keyless

    check_identity()
    if trust_config is None:
        click.echo(WARNING, err=True)
    return lambda statement, companions: sign_keyless(statement, trust_config, companions=companions)
