"""The page about collectors names every word of their language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phiward.pack import collectors

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "collectors.md").read_text()
KEYS = {
    "file": collectors._FILE_KEYS,
    "step": collectors._STEP_KEYS,
    "resource": collectors._RESOURCE_KEYS,
    "condition": collectors._CONDITION_KEYS - {"path"},
    "batch": collectors._BATCH_KEYS | collectors._JOIN_KEYS,
    "prepared": collectors._PREPARED_KEYS,
    "value": {key for keys in collectors._FORMS.values() for key in keys},
    "place": {f"@{word}" for word in collectors.ABOUT},
}


@pytest.mark.parametrize("of", KEYS)
def test_every_word_is_explained(of: str) -> None:
    code = " ".join(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
    words = set(re.findall(r"@?\w+", code))
    assert KEYS[of] - words == set()
