"""What an attestation is made from, read: records, the assessment before, statements of people, the commit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256 as hashed
from pathlib import Path

from phiward.attest import predicate
from phiward.attest.assessment import document, record
from phiward.attest.assessment.inputs import Previous
from phiward.attest.assessment.model import Window
from phiward.attest.assessment.record import Record
from phiward.attest.canonical import MAX_BYTES, sha256
from phiward.attest.signing import STATEMENT
from phiward.attest.statement import parse_statement
from phiward.errors import SettingsError, UsageError
from phiward.loaders.tree import Tree
from phiward.manual.run import reviewed
from phiward.model.manual import CitationState
from phiward.model.project import AttestationSettings
from phiward.outside import Outside
from phiward.settings import Projects

_PACKAGE = Path(__file__).resolve().parent.parent
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_OURS = (".py", ".json", ".jsonl", ".yaml")


def records(paths: Sequence[Path]) -> list[Record]:
    """The records of runs, the oldest first; the last is the one that is assessed. Raises UsageError."""
    found = [record.read(_text(path), str(path)) for path in paths]
    undated = [path for path, one in zip(paths, found, strict=True) if one.report.scanned_on is None]
    if len(found) > 1 and undated:
        raise UsageError(f"{undated[0]}: the record does not say on which day it was made", hint="give it alone")
    if other := [path for path, one in zip(paths, found, strict=True) if one.report.target != found[0].report.target]:
        raise UsageError(f"{other[0]}: is the record of another scan than {paths[0]}", hint="give the runs of one scan")
    return sorted(found, key=lambda one: (one.report.scanned_on or date.min, one.digest))


def check_exceptions(of: Record) -> None:
    """Raises SettingsError where what was meant as an exception could not be read: who approved what is not known."""
    for one in of.report.diagnostics:
        if one.invalid:
            raise SettingsError(one.message, hint=one.hint, where=f"{one.path}:{one.line}:{one.column}")


def previous(folder: Path) -> Previous:
    """The assessment in a folder, as its statement knows it; who signed that is for `phiward verify`.

    Raises UsageError.
    """
    path = folder / predicate.FINDINGS
    content = _content(path)
    found = Previous(document.read(content, str(path)), sha256(content))
    told = folder / STATEMENT
    try:
        subjects = parse_statement(_content(told)).subjects
    except ValueError as error:
        raise UsageError(f"cannot be read: {error}", where=str(told)) from error
    known = [one["digest"].get("sha256") for one in subjects if one.get("name") == predicate.FINDINGS]
    if known != [found.digest]:
        raise UsageError(f"was changed since {STATEMENT} was made", where=str(path), hint="`phiward verify` tells more")
    return found


def _text(path: Path) -> str:
    try:
        return _content(path).decode()
    except UnicodeDecodeError as error:
        raise UsageError("is not the record of a scan", where=str(path)) from error


def _content(path: Path) -> bytes:
    try:
        return Outside().read(path.absolute(), MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error


def statements(path: Path, as_of: date) -> Mapping[str, CitationState]:
    """What people state, by citation, on a day. Raises SettingsError where a statement cannot be read."""
    found = reviewed(path, as_of)
    if found.found.problems:
        first = found.found.problems[0]
        raise SettingsError(first.message, where=f"{first.path}:{first.line}", hint="`phiward manual check` tells all")
    return {one.citation: one for one in found.citations}


def settings(path: Path, explicit: Path | None) -> AttestationSettings:
    """What the settings say of attestations: those that are named, else the nearest ones upwards from a path."""
    outside = Outside()
    tree = Tree.around((path,), outside)
    resolved = outside.resolve(path.absolute())
    directory = resolved if outside.is_directory(resolved) else resolved.parent
    return Projects(tree.base, outside, explicit).of(directory).attestation


def check_order(before: Previous | None, window: Window) -> None:
    """Raises UsageError where the attestation before is of a later day."""
    day = before.assessment.cover.window.as_of if before else ""
    if day > window.as_of:
        raise UsageError(f"the attestation before is of {day}, which is after {window.as_of}")


def check_same_entity(before: Previous, entity: str) -> None:
    """Raises UsageError where the attestation before is somebody else's: its runs and its failures are not ours."""
    theirs = before.assessment.cover.entity
    if theirs and entity and theirs != entity:
        raise UsageError(
            f"the attestation before is of {theirs!r}, and this one is of {entity!r}",
            hint="an entity that bears another name now begins a chain of its own: leave --previous out",
        )


def the_commit(named: str, of_tree: str) -> str:
    """What was scanned, by the work tree, else by what was said. Raises UsageError where these differ."""
    if named and of_tree and named != of_tree:
        raise UsageError(f"--commit says {named[:12]}, and the work tree stands at {of_tree[:12]}")
    return named or of_tree


def check_commit(text: str) -> None:
    """Raises UsageError for what is not the name of a commit, in full."""
    if text and not _COMMIT.fullmatch(text):
        raise UsageError(f"{text!r} is no commit", hint="give all 40 or 64 hexadecimal digits of it")


def commit_of(base: Path) -> str:
    """The commit that a work tree stands at, as its files say; empty where they do not."""
    try:
        head = _git(base, "HEAD")
        name = head.removeprefix("ref: ")
        if name == head:
            return head if _COMMIT.fullmatch(head) else ""
        if not re.fullmatch(r"refs/[\w./-]+", name) or ".." in name:
            return ""
        try:
            found = _git(base, name)
        except OSError:
            lines = (line.split() for line in _git(base, "packed-refs").splitlines())
            found = next((line[0] for line in lines if line[1:] == [name]), "")
    except (OSError, ValueError):
        return ""
    return found if _COMMIT.fullmatch(found) else ""


def _git(base: Path, name: str) -> str:
    return Outside().read(base / ".git" / name, 2**24).decode().strip()


def tool_digest() -> str:
    """SHA-256 over the program's own files: their paths and their digests, in order."""
    total = hashed()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.suffix in _OURS and path.is_file():
            total.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{hashed(path.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"
