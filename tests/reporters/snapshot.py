"""Whole outputs compared with plain text files; `PHIWARD_UPDATE_SNAPSHOTS=1 pytest` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def assert_snapshot(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("PHIWARD_UPDATE_SNAPSHOTS"):
        path.write_bytes(text.encode())
    assert path.exists(), f"{path} is missing: run with PHIWARD_UPDATE_SNAPSHOTS=1 and read what it wrote"
    assert text == path.read_bytes().decode(), f"{name} differs: PHIWARD_UPDATE_SNAPSHOTS=1 shows how"
