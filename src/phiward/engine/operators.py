"""The operators of the rule language, each three-valued: True, False, or None where the value does not decide it.

An operator sees the observed value, which may be None (absent), an `Unknown`, or a list that holds some, and the
operand, which is always plain. `describe` puts the expectation in words for evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from phiward.model.value import Value, plain, undecided

Truth = bool | None
Operator = Callable[[Value, Any], Truth]


def negate(truth: Truth) -> Truth:
    return None if truth is None else not truth


def all_of(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def any_of(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def _same(a: Value, b: Any) -> bool:
    """Equality that keeps booleans and numbers apart."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _equals(value: Value, operand: Any) -> Truth:
    if undecided(value):
        return None
    if isinstance(value, (list, dict)) and not plain(value):
        return None if type(operand) in (list, dict) else False
    return _same(value, operand)


def _in(value: Value, operand: Any) -> Truth:
    return any_of([_equals(value, item) for item in operand])


def _compare(test: Callable[[Any, Any], bool]) -> Operator:
    def compare(value: Value, operand: Any) -> Truth:
        if undecided(value):
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return test(value, operand)

    return compare


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _matches(value: Value, operand: Any) -> Truth:
    if undecided(value):
        return None
    return isinstance(value, str) and bool(_pattern(operand).search(value))


def _exists(value: Value, operand: Any) -> Truth:
    if undecided(value):
        # A value that is not known is written, but it may still turn out to be null.
        return None
    return (value is not None) is operand


def _elements(value: Value) -> list[Value]:
    """The elements of a list, the keys of a mapping; what stands alone is one element."""
    if isinstance(value, (list, dict)):
        return [*value]
    return [] if value is None else [value]


def _contains(value: Value, operand: Any) -> Truth:
    if undecided(value):
        return None
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    return any_of([_equals(item, operand) for item in _elements(value)])


def _contains_all(value: Value, operand: Any) -> Truth:
    return all_of([_contains(value, item) for item in operand])


def _contains_any(value: Value, operand: Any) -> Truth:
    return any_of([_contains(value, item) for item in operand])


OPERATORS: dict[str, Operator] = {
    "equals": _equals,
    "not_equals": lambda value, operand: negate(_equals(value, operand)),
    "in": _in,
    "not_in": lambda value, operand: negate(_in(value, operand)),
    "at_least": _compare(lambda value, operand: value >= operand),
    "at_most": _compare(lambda value, operand: value <= operand),
    "matches": _matches,
    "not_matches": lambda value, operand: negate(_matches(value, operand)),
    "exists": _exists,
    "contains": _contains,
    "contains_all": _contains_all,
    "contains_any": _contains_any,
    "lacks": lambda value, operand: negate(_contains_any(value, operand)),
}

_WORDS = {
    "not_equals": "not {}",
    "in": "one of {}",
    "not_in": "none of {}",
    "at_least": "at least {}",
    "at_most": "at most {}",
    "matches": "like {}",
    "not_matches": "not like {}",
    "contains": "containing {}",
    "contains_all": "containing all of {}",
    "contains_any": "containing one of {}",
    "lacks": "without {}",
    "all": "every element {}",
    "any": "an element {}",
    "none": "no element {}",
    "size": "size {}",
}


def run_test(value: Value, tests: list[list[Any]], operand_of: Callable[[Any], Any]) -> Truth:
    """All tests of one value together."""
    if len(tests) == 1:
        operator, operand = tests[0]
        return _run(value, operator, operand, operand_of)
    return all_of([_run(value, operator, operand, operand_of) for operator, operand in tests])


def _run(value: Value, operator: str, operand: Any, operand_of: Callable[[Any], Any]) -> Truth:
    if operator in ("size", "all", "any", "none"):
        if undecided(value):
            return None
        if value is None:
            return operator == "none"
        if operator == "size":
            return run_test(_size(value), operand, operand_of)
        truths = [run_test(item, operand, operand_of) for item in _elements(value)]
        return all_of(truths) if operator == "all" else any_of(truths) if operator == "any" else negate(any_of(truths))
    return OPERATORS[operator](value, operand_of(operand))


def _size(value: Value) -> Value:
    items = _elements(value)
    unknown = [item for item in items if undecided(item)]
    return unknown[0] if unknown else len(items)


def describe(tests: list[list[Any]], operand_of: Callable[[Any], Any]) -> Value:
    """What was expected: the plain value for equality, else words."""
    if len(tests) == 1 and tests[0][0] == "equals":
        return operand_of(tests[0][1])
    return " and ".join(_describe(operator, operand, operand_of) for operator, operand in tests)


def _describe(operator: str, operand: Any, operand_of: Callable[[Any], Any]) -> str:
    if operator == "exists":
        return "present" if operand else "absent"
    if operator in ("all", "any", "none", "size"):
        return _WORDS[operator].format(describe(operand, operand_of))
    plain = operand_of(operand)
    text = ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain)
    return _WORDS.get(operator, "{}").format(text)
