"""Records take, keep, compare and show their fields as data classes do."""

from __future__ import annotations

import dataclasses
import re

import pytest

from phiward.pattern import pattern
from phiward.record import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Plain:
    first: int
    second: str
    third: tuple[int, ...] = (1,)
    fourth: object = None


@dataclass(slots=True, eq=False)
class Made:
    name: str
    items: list[int] = field(default_factory=list)
    more: str = "m"


@dataclass(frozen=True, slots=True)
class Other:
    """As many fields as `Plain`, with other names and defaults."""

    a: int
    b: int = 2
    c: int = 3
    d: int = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    first: int
    second: str
    third: tuple[int, ...] = (1,)
    fourth: object = None


CALLS = [
    ((1, "x"), {}),
    ((1, "x", (2,), 3), {}),
    ((1,), {"second": "y", "fourth": 4}),
    ((), {"second": "y", "first": 0}),
]


@pytest.mark.parametrize("given, named", CALLS)
def test_fields_are_taken_in_every_way(given, named):
    ours, model = Plain(*given, **named), Model(*given, **named)
    assert [getattr(ours, f.name) for f in dataclasses.fields(model)] == list(dataclasses.astuple(model))
    assert repr(ours) == repr(model).replace("Model", "Plain")
    assert ours == Plain(*given, **named)
    assert hash(ours) == hash(Plain(*given, **named))


@pytest.mark.parametrize(
    "given, named", [((1,), {}), ((1, 2, 3, 4, 5), {}), ((1, 2), {"fifth": 5}), ((1, 2), {"first": 1})]
)
def test_what_a_call_gets_wrong_is_said_by_name(given, named):
    with pytest.raises(TypeError) as model:
        Model(*given, **named)
    with pytest.raises(TypeError) as ours:
        Plain(*given, **named)
    assert str(ours.value).removeprefix("__init__") == str(model.value).removeprefix("Model.__init__")


def test_classes_of_one_size_keep_their_own_names():
    assert (Other(1).b, Other(1, d=9).d, Other(1) == Other(1, 2, 3, 4)) == (2, 9, True)
    assert Plain(1, "x") != Other(1)
    assert not hasattr(Other(1), "first")


def test_what_is_made_anew_is_not_shared():
    one, two = Made("a"), Made("a")
    one.items.append(1)
    assert (two.items, one.more) == ([], "m")
    assert one != Made("a", [1])
    assert replace(one, name="b").items is one.items


def test_a_pattern_is_the_one_that_re_compiles():
    for text, flags in (("a(b)?", 0), ("A", re.IGNORECASE), (rb"\d+", 0)):
        ours, right = pattern(text, flags), re.compile(text, flags)
        sample = "xab" if isinstance(text, str) else b"x12"
        for _ in range(2):
            assert str(ours.search(sample)) == str(right.search(sample))
            assert ours.findall(sample) == right.findall(sample)
        assert (ours.pattern, ours.flags, ours.groups) == (right.pattern, right.flags, right.groups)
    with pytest.raises(AttributeError):
        pattern("a").no_such_method  # noqa: B018
