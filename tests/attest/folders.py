"""Attestation folders, made as a caller of the signing functions makes them."""

from __future__ import annotations

import json
from pathlib import Path

from phiward.attest.canonical import canonical, sha256
from phiward.attest.ledger import Event, append
from phiward.attest.signing import sign
from phiward.attest.statement import PREDICATE_TYPE, file_descriptor, make_statement
from phiward.pack import load_pack
from tests.attest.conftest import NOW

FILES = {
    "findings.json": b'{"findings":[]}\n',
    "report.html": b"<!doctype html>\n",
    "evidence/scan.json": b'{"resources":3}\n',
    "evidence/deep/er/call.json": b"[]\n",
}


def predicate(pack, **more) -> dict:
    return {
        "rulePack": {
            "name": "hipaa",
            "version": pack.identity.version,
            "digest": {"sha256": pack.identity.digest.removeprefix("sha256:")},
            "origin": "bundled",
        },
        "assessment": {"type": "point-in-time", "end": "2026-11-20T12:00:00Z"},
        **more,
    }


def make_folder(
    directory: Path, signers, *, ledger: Path | None = None, previous: str = "", stamp=None, **more
) -> Path:
    """A folder of a statement about FILES: two subjects, a report, and evidence that the manifest lists."""
    manifest = [{"path": name, "sha256": sha256(FILES[name])} for name in sorted(FILES) if name.startswith("evidence/")]
    files = {**FILES, "evidence-manifest.json": canonical({"files": manifest})}
    subjects = [file_descriptor(name, files[name]) for name in ("findings.json", "evidence-manifest.json")]
    subjects.append({"name": "source", "uri": "git+https://example.com/ehr", "digest": {"sha256": "0" * 64}})
    said = predicate(load_pack(), reports=[file_descriptor("report.html", files["report.html"])], **more)
    if previous:
        said["changes"] = {"previous": {"sha256": previous}}
    statement = make_statement(subjects, PREDICATE_TYPE, said)
    companion = make_statement(subjects, "https://in-toto.io/attestation/test-result/v0.1", {"result": "PASSED"})
    files |= sign(statement, signers, companions=[companion], stamp=stamp)
    if ledger is not None:
        event = Event("attestation", f"sha256:{sha256(files['attestation.dsse.json'])}", directory.name)
        files["attestation.tlog-proof"] = append(str(ledger), event, signers, NOW).proof.content
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def resigned(directory: Path, signers, change) -> None:
    """Change the statement of a folder and sign it anew, as whoever holds a key can."""
    value = json.loads((directory / "statement.json").read_bytes())
    change(value)
    for name, content in sign(canonical(value), signers).items():
        (directory / name).write_bytes(content)
