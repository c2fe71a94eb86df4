"""Numbers and blocks, whatever a hostile or careless source writes in their place."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.graph.computed.reading import blocks, number
from phiward.model.value import Partial, Reference, Unknown
from tests.graph.undecided import Undecided


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (7, 7),
        ("7", 7),
        (7.0, 7),
        (7.5, Undecided("whole number")),
        (float("inf"), Undecided("whole number")),
        (True, Undecided("whole number")),
        ("seven", Undecided("whole number")),
        ("9" * 5000, Undecided("whole number")),
        ({}, Undecided("whole number")),
        (Unknown("open"), Undecided("open")),
        (Reference("aws_x.a", ("days",)), Undecided("aws_x.a")),
        (Partial(("1", Unknown("open"))), Undecided("open")),
    ],
)
def test_number(value: Any, expected: Any) -> None:
    assert number(value) == expected


def test_blocks_keeps_what_it_cannot_read_as_unknown() -> None:
    assert blocks(None) == []
    assert blocks({"a": 1}) == [{"a": 1}]
    assert blocks([{"a": 1}, "text", None, Unknown("open")]) == [
        {"a": 1},
        Undecided("not a block"),
        Undecided("not a block"),
        Undecided("open"),
    ]
