"""`phiward.manual.yaml` -> statements, each checked against the control that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from phiward.errors import SettingsError
from phiward.loaders.entries import Entry, EntryError, Sheet, read_sheet
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic
from phiward.model.manual import Proof, Statement
from phiward.outside import MAX_BYTES
from phiward.pack.controls import Control
from phiward.record import dataclass

MANUAL_FILE = "phiward.manual.yaml"
CODE = "manual"
_KEYS = ("control", "stated_by", "role", "stated", "until", "evidence", "note")
_PROOF = ("title", "link", "file", "sha256")
_LINK = re.compile(r"(?:https?|s3|gs)://[^\s<>\"']+")
"""What may become a link of a report: never `javascript:` and its like."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Statements:
    """What a file states, and what is wrong with the rest. `path` is empty where there is no file."""

    path: str
    directory: str
    statements: tuple[Statement, ...]
    problems: tuple[Diagnostic, ...]

    def refuse(self) -> None:
        """Raises SettingsError for the first problem."""
        for one in self.problems:
            raise SettingsError(one.message, hint=one.hint, where=f"{one.path}:{one.line}:{one.column}")


def find_statements(directory: Path, tree: Tree, controls: Iterable[Control]) -> Statements:
    """The statements of the nearest file upwards from a directory; none where there is no such file."""
    file = tree.nearest(MANUAL_FILE, directory)
    return read_statements(file, tree, controls) if file else Statements("", "", (), ())


def read_statements(file: Path, tree: Tree, controls: Iterable[Control]) -> Statements:
    """Every statement of a file, and every problem of it with its line and column."""
    known = {control.id: control for control in controls}
    sheet = read_sheet(file, "statements", tree, CODE)
    if isinstance(sheet, Diagnostic):
        return Statements(tree.relative(file), "", (), (sheet,))
    found: list[Statement] = []
    problems: list[Diagnostic] = []
    try:
        for number, value in sheet.entries():
            try:
                found.append(_statement(value, number, sheet, known))
            except EntryError as error:
                problems.append(sheet.problem(CODE, error, number))
    except EntryError as error:
        problems.append(sheet.problem(CODE, error))
    return Statements(sheet.path, sheet.directory, tuple(found), tuple(problems))


def _statement(value: Any, number: int, sheet: Sheet, known: Mapping[str, Control]) -> Statement:
    entry = Entry(value, _KEYS, "the statement")
    entry.needed("control", "stated_by", "stated", "evidence")
    name = entry.text("control")
    control = known.get(name)
    if control is None:
        hint = "`phiward manual template` shows them all"
        raise EntryError(f"there is no control {name!r}"[:200], "control", hint)
    stated = entry.day("stated")
    assert stated is not None
    return Statement(
        control=control.id,
        stated_by=entry.text("stated_by"),
        role=entry.text("role"),
        stated=stated,
        until=_until(entry, stated, control),
        evidence=_evidence(entry.get("evidence")),
        location=sheet.location(("statements", number)),
        note=entry.text("note"),
    )


def _until(entry: Entry, stated: date, control: Control) -> date:
    """The last day on which it counts: the cadence of the control sets the latest."""
    try:
        latest = stated + timedelta(days=control.days)
    except OverflowError as error:
        raise EntryError("stated is no day of ours", "stated") from error
    until = entry.day("until") or latest
    if until > latest:
        raise EntryError(
            f"until is too far: {control.id} is due {control.cadence}, so a statement counts until {latest} at most",
            "until",
        )
    if until < stated:
        raise EntryError("until is before stated", "until")
    return until


def _evidence(value: Any) -> tuple[Proof, ...]:
    if not isinstance(value, list) or not value:
        raise EntryError("evidence is a list of links or files", "evidence", "nothing counts without evidence")
    return tuple(map(_proof, value))


def _proof(value: Any) -> Proof:
    try:
        entry = Entry(value, _PROOF, "a piece of evidence")
        link, file, digest = entry.text("link"), entry.text("file"), entry.text("sha256")
        title = entry.text("title") or link or file
    except EntryError as error:
        raise EntryError(error.message, "evidence", error.hint) from error
    if bool(link) == bool(file):
        raise EntryError("a piece of evidence is a link or a file", "evidence")
    if link and not _LINK.fullmatch(link):
        raise EntryError(f"no link: {link!r}"[:200], "evidence", "https://..., http://..., s3://... or gs://...")
    if file and (file.startswith("/") or "\\" in file or ".." in file.split("/")):
        raise EntryError("a file of evidence lies beside or below the file of statements", "evidence")
    if digest and not _SHA256.fullmatch(digest):
        raise EntryError("sha256 is 64 hexadecimal digits, in lower case", "evidence")
    return Proof(title, link, file, digest)


def digests_of(found: Statements, tree: Tree) -> dict[str, str]:
    """The SHA-256 of each file that is evidence, by its name as written; empty where it cannot be read."""
    digests: dict[str, str] = {}
    for proof in (proof for statement in found.statements for proof in statement.evidence if proof.file):
        file = tree.base / found.directory / proof.file
        try:
            readable = tree.inside(file) and tree.outside.is_file(file)
            content = tree.outside.read(file, MAX_BYTES, keep=False) if readable else None
        except OSError:
            content = None
        digests[proof.file] = "" if content is None else sha256(content).hexdigest()
    return digests
