"""A stand-in for unknown values in tables of cases."""

from __future__ import annotations

from phiward.model.value import Unknown


class Undecided:
    """Equal to any `Unknown` whose reason holds the words."""

    def __init__(self, words: str = "") -> None:
        self.words = words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.words in other.reason

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Unknown(...{self.words}...)"
