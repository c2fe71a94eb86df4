"""The manual controls of the pack as a file of statements to fill in, in which nothing is stated yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from textwrap import fill

from phiward.errors import UsageError
from phiward.pack.controls import Control

_WIDTH = 110
_HEAD = """\
# phiward.manual.yaml: who states what, on which evidence. `phiward schema manual` describes it for editors.
# Take the signs of comment away from what you state. A statement counts until the day that the cadence sets, or
# until `until` where that is earlier; then it is stale, which counts as not assessed. Without evidence there is none.
statements:
"""
_ENTRY = """\
  # - control: {id}
  #   stated_by:             # a person
  #   role:
  #   stated: YYYY-MM-DD
  #   evidence:
  #     - {{title: , link: "https://..."}}
  #     - {{title: , file: evidence/..., sha256: }}
"""


def chosen(controls: Iterable[Control], ids: Sequence[str], citation: str | None) -> list[Control]:
    """The controls of some ids, or all, that speak to a citation, where one is asked for. Raises UsageError."""
    every = list(controls)
    for id_ in ids:
        if all(id_ != control.id for control in every):
            raise UsageError(f"there is no control {id_!r}", hint="`phiward manual template` shows them all")
    return [
        control
        for control in every
        if (not ids or control.id in ids) and (citation is None or citation in control.citations)
    ]


def as_yaml(controls: Iterable[Control]) -> str:
    return _HEAD + "\n".join(map(_entry, controls))


def _entry(control: Control) -> str:
    said = (
        control.control,
        f"Evidence: {control.evidence}.",
        f"When: {control.cadence}; a statement counts for {control.days} days at most.",
        f"45 CFR {', '.join(control.citations)}",
    )
    shown = "\n".join(fill(text, _WIDTH, initial_indent="  # ", subsequent_indent="  #   ") for text in said)
    return f"{shown}\n{_ENTRY.format(id=control.id)}"


def as_json(controls: Iterable[Control]) -> str:
    rows = [
        {
            "control": one.id,
            "says": one.control,
            "evidence": one.evidence,
            "cadence": one.cadence,
            "days": one.days,
            "citations": list(one.citations),
        }
        for one in controls
    ]
    return json.dumps(rows, indent=2)
