"""The digests: every file that the statement vouches for, and every file that it does not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from phiward.attest.canonical import parse, sha256
from phiward.attest.verify.found import Found, digest, walk
from phiward.attest.verify.model import FAILED, NOT_MADE, PASSED, Check, Problem

MANIFEST = "evidence-manifest.json"


def check(found: Found) -> Check:
    """Hold each file against its digest; in a folder, nothing may stand that nobody vouches for."""
    expected: dict[str, str] = {}
    problems = [*_collect(_vouched(found), expected)]
    manifest = expected.get(MANIFEST)
    if manifest is not None:
        problems += _manifest(found, manifest, expected)
    if not found.whole and expected and not any(_stands(found, name) for name in expected):
        return Check("files", NOT_MADE, "the files that it is about do not stand beside it")
    for name, wanted in sorted(expected.items()):
        try:
            actual = digest(found.directory / name)
        except ValueError as error:
            problems.append(Problem(name, str(error)))
            continue
        if actual != wanted:
            problems.append(Problem(name, "missing" if actual is None else "changed"))
    if found.whole:
        known = expected.keys() | found.own_files
        problems += [Problem(name, "extra") for name in walk(found.directory) if name not in known]
    if problems:
        counts = Counter(item.problem for item in problems)
        told = ", ".join(f"{number} {problem}" for problem, number in sorted(counts.items()))
        return Check("files", FAILED, told, tuple(problems))
    if not expected:
        return Check("files", NOT_MADE, "the statement is about no file of this folder")
    scope = "" if found.whole else ", named in the statement; what else stands there was not looked at"
    return Check("files", PASSED, f"{len(expected)} file{'' if len(expected) == 1 else 's'} as they were signed{scope}")


def _vouched(found: Found) -> Iterator[Mapping[str, Any]]:
    """Subjects and reports; those with a `uri` stand elsewhere."""
    reports = found.predicate("reports")
    for described in (*found.statement.subjects, *(reports if isinstance(reports, list) else ())):
        if isinstance(described, Mapping) and "uri" not in described and "name" in described:
            yield described


def _collect(described: Iterator[Mapping[str, Any]], expected: dict[str, str]) -> Iterator[Problem]:
    """Add what stands there to what is expected; what cannot be is a problem."""
    for item in described:
        digests = item.get("digest")
        yield from _expect(str(item["name"]), digests.get("sha256") if isinstance(digests, Mapping) else None, expected)


def _expect(name: str, wanted: Any, expected: dict[str, str]) -> Iterator[Problem]:
    if not _inside(name):
        yield Problem(name, "is no path inside of the folder")
    elif not isinstance(wanted, str):
        yield Problem(name, "has no SHA-256 in the statement")
    elif expected.setdefault(name, wanted) != wanted:
        yield Problem(name, "is named twice with different digests")


def _stands(found: Found, name: str) -> bool:
    return os.path.lexists(found.directory / name)


def _inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    clean = bool(parts) and PurePosixPath(name).as_posix() == name and "\0" not in name
    return clean and not name.startswith("/") and ".." not in parts and "\\" not in name and ":" not in parts[0]


def _manifest(found: Found, wanted: str, expected: dict[str, str]) -> Iterator[Problem]:
    """The evidence that the manifest lists; it counts only where it is the manifest that was signed."""
    try:
        content = found.read(MANIFEST)
        if content is None or sha256(content) != wanted:
            return
        value = parse(content)
        rows = value if isinstance(value, list) else value["files"]
        for row in rows:
            yield from _expect(str(row["path"]), row["sha256"], expected)
    except (ValueError, KeyError, TypeError) as error:
        yield Problem(MANIFEST, f"cannot be read: {error}")
