"""Where a passphrase comes from: a file, the environment or a terminal; never the command line, which others read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from phiward.errors import UsageError

VARIABLE = "PHIWARD_KEY_PASSPHRASE"
_LONGEST = 4096

passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path), metavar="FILE",
    help=f"Read the private key's passphrase from the first line of this file; else {VARIABLE}, else it is asked for.",
)  # fmt: skip


def ask_old(file: Path | None, key: str) -> bytes:
    """The passphrase of a key that is there. Raises UsageError where there is nobody to ask."""
    return _given(file) or _prompt(f"Passphrase of {key}", confirm=False)


def ask_new(file: Path | None) -> bytes:
    """A passphrase for a new key; on a terminal it is asked for twice. Raises UsageError."""
    return _given(file) or _prompt("Passphrase for the new key", confirm=True)


def _given(file: Path | None) -> bytes:
    if file is None:
        return os.environ.get(VARIABLE, "").encode()
    try:
        with file.open("rb") as stream:
            line = stream.read(_LONGEST + 1).partition(b"\n")[0].removesuffix(b"\r")
    except OSError as error:
        raise UsageError(f"the passphrase file {str(file)!r} cannot be read: {error.strerror}") from error
    if not line or len(line) > _LONGEST:
        raise UsageError(f"the first line of {str(file)!r} is {'too long' if line else 'empty'}; it is the passphrase")
    return line


def _prompt(text: str, *, confirm: bool) -> bytes:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "the private key needs a passphrase, and there is no terminal to ask on",
            hint=f"set {VARIABLE}, or name a file with --passphrase-file",
        )
    answer: str = click.prompt(text, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer.encode()
