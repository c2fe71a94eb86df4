"""Every error that Phiward raises on purpose; each class knows its exit status and carries the next step.

PhiwardError
├── UsageError        2   what was asked for cannot be done: a path that is not there, an unknown rule
├── SettingsError     2   phiward.yaml or a variable file is wrong
├── PackError         2   a rule, a catalog row or an ignore comment is wrong
├── LedgerError       2   a ledger that is not what its last checkpoint says
├── NothingToScan     3   no input was found, or no rule applied to anything
└── (anything else)   5   our bug; handled in one place, `phiward.__main__`

Holes in what was read (a file with a syntax error, a module that was not downloaded) are not exceptions: they are
diagnostics of the report, and the gate turns them into exit status 4.
"""

from __future__ import annotations


class PhiwardError(Exception):
    """What happened, in one line; `hint` says what to do next, `where` is `path:line:column`."""

    exit_status = 5

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class UsageError(PhiwardError):
    exit_status = 2


class SettingsError(PhiwardError):
    exit_status = 2


class PackError(PhiwardError):
    """`about` is the word that is wrong, by which its line is found where that is not known yet."""

    exit_status = 2

    def __init__(self, message: str, *, hint: str = "", where: str = "", about: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.about = about


class LedgerError(PhiwardError):
    exit_status = 2


class NothingToScan(PhiwardError):  # noqa: N818 - it is a state of the input, not a fault of ours
    exit_status = 3
