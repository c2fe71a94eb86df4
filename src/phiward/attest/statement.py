"""in-toto Statements: which contents (subjects, by digest) something is said about, and what (the predicate).

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from phiward.attest.canonical import canonical, parse_mapping, sha256
from phiward.errors import UsageError
from phiward.record import dataclass

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://phiward.dev/attestation/hipaa-assessment/v1"
MAX_SUBJECTS = 1024
"""sigstore's verifiers take no more."""
_DIGESTS = {"sha256", "sha384", "sha512"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was read; `subjects` are resource descriptors as they stand there."""

    subjects: tuple[Mapping[str, Any], ...]
    predicate_type: str
    predicate: Mapping[str, Any]


def file_descriptor(name: str, content: bytes, media_type: str = "") -> dict[str, Any]:
    """A file of the attestation's folder, by its path in it. What stands elsewhere has a `uri` in its descriptor."""
    described: dict[str, Any] = {"name": name, "digest": {"sha256": sha256(content)}}
    return {**described, "mediaType": media_type} if media_type else described


def make_statement(subjects: Sequence[Mapping[str, Any]], predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """The canonical text of a statement, which is what is signed. Raises UsageError where no verifier would take it."""
    if not 0 < len(subjects) <= MAX_SUBJECTS:
        raise UsageError(f"a statement has 1 to {MAX_SUBJECTS} subjects, not {len(subjects)}")
    if not all(subject.get("name") and subject.get("digest") for subject in subjects):
        raise UsageError("every subject of a statement has a name and a digest")
    if other := sorted({name for subject in subjects for name in subject["digest"]} - _DIGESTS):
        raise UsageError(f"no subject of a statement has a {other[0]} digest: sigstore takes SHA-2 alone")
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [*subjects],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def parse_statement(payload: bytes) -> Statement:
    """The statement in an envelope that was verified. Raises ValueError."""
    value = parse_mapping(payload)
    if value.get("_type") != STATEMENT_TYPE:
        raise ValueError(f"it is not an in-toto statement of the type {STATEMENT_TYPE}")
    if extra := sorted(set(value) - {"_type", "subject", "predicateType", "predicate"}):
        raise ValueError(f"a statement has no {extra[0]!r}")
    subjects, predicate = value.get("subject"), value.get("predicate", {})
    if not isinstance(subjects, list) or not 0 < len(subjects) <= MAX_SUBJECTS:
        raise ValueError(f"a statement has 1 to {MAX_SUBJECTS} subjects")
    for subject in subjects:
        check_descriptor(subject)
    if not isinstance(value.get("predicateType"), str) or not isinstance(predicate, dict):
        raise ValueError("the statement has no predicate of a type")  # noqa: TRY004 - as any other wrong text
    return Statement(tuple(subjects), value["predicateType"], predicate)


def check_descriptor(value: Any) -> None:
    """Raises ValueError for what is no resource descriptor with a digest."""
    if not isinstance(value, dict) or not isinstance(value.get("digest"), dict) or not value["digest"]:
        raise ValueError("a subject has no digest")
    digests = value["digest"]
    if not all(isinstance(text, str) for text in (*digests.values(), value.get("name", ""), value.get("uri", ""))):
        raise ValueError("a subject is not described in text")
    if "sha256" in digests and not _SHA256.fullmatch(digests["sha256"]):
        raise ValueError("a SHA-256 digest has not 64 hexadecimal digits")
