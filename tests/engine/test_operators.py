"""Every operator on present, absent and undecided values, and Kleene's tables in full."""

from __future__ import annotations

import itertools

import pytest

from phiward.engine.operators import OPERATORS, all_of, any_of, describe, negate, run_test
from phiward.model.value import Partial, Reference, Sensitive, SetValue, Unknown
from phiward.pack.vocabulary import OPERATORS as WORDS
from phiward.pack.vocabulary import QUANTIFIED
from tests.graph.small import compiler

T, F, U = True, False, None
VAR = Unknown("variable x has no value")
UNDECIDED = [VAR, Reference("aws_kms_key.k", ("arn",)), Partial(("a", VAR))]
PARAMETERS = {"least_days": 7, "engines": ["postgres", "mysql"]}


def operand_of(operand):
    return PARAMETERS[operand["parameter"]] if isinstance(operand, dict) else operand


def run(value, spec):
    return run_test(value, compiler().test(spec, "test"), operand_of)


# -- Kleene


@pytest.mark.parametrize(("a", "b"), list(itertools.product([T, F, U], repeat=2)))
def test_connectives_of_two(a, b):
    order = {F: 0, U: 1, T: 2}
    low, high = sorted([a, b], key=order.__getitem__)
    assert all_of([a, b]) is low
    assert any_of([a, b]) is high
    assert negate(all_of([a, b])) is any_of([negate(a), negate(b)])
    assert all_of([a, b]) is all_of([b, a])


@pytest.mark.parametrize("truths", list(itertools.product([T, F, U], repeat=3)))
def test_an_unknown_that_could_not_turn_the_result_does_not_make_it_unknown(truths):
    completed = set()
    for filled in itertools.product([T, F], repeat=truths.count(U)):
        rest = iter(filled)
        completed.add(all(next(rest) if truth is U else truth for truth in truths))
    assert all_of(list(truths)) is (completed.pop() if len(completed) == 1 else U)


def test_connectives_of_none():
    assert all_of([]) is T
    assert any_of([]) is F
    assert [negate(t) for t in (T, F, U)] == [F, T, U]


# -- operators

CASES = [
    ("equals", "a", [("a", T), ("b", F), (1, F), (["a"], F)]),
    ("equals", True, [(True, T), (False, F), (1, F), ("true", F)]),
    ("equals", 1, [(1, T), (1.0, T), (True, F)]),
    ("equals", ["a", "b"], [(["a", "b"], T), (["b", "a"], F), (["a", VAR], U), ("a", F)]),
    ("equals", "a", [([VAR], F), ({"k": VAR}, F)]),
    ("not_equals", "a", [("a", F), ("b", T)]),
    ("not_equals", ["a"], [(["a"], F), ([VAR], U), (["b"], T)]),
    ("in", ["a", "b"], [("a", T), ("c", F)]),
    ("in", [1, 2], [(True, F), (2, T)]),
    ("in", [["a"]], [([VAR], U)]),
    ("not_in", ["a"], [("a", F), ("b", T)]),
    ("at_least", 7, [(7, T), (6, F), (8.5, T), ("8", F), (True, F)]),
    ("at_most", 7, [(7, T), (8, F), (True, F), ("3", F)]),
    ("matches", "^a", [("abc", T), ("bac", F), (1, F), (["a"], F)]),
    ("not_matches", "^a", [("abc", F), ("b", T)]),
    ("exists", True, [("a", T), (False, T), ([], T), (0, T)]),
    ("exists", False, [("a", F), (False, F)]),
    ("contains", "a", [(["a", "b"], T), (["b"], F), (["a", VAR], T), (["b", VAR], U), ("cat", T), ("dog", F), ([], F)]),
    ("contains", 1, [([1], T), ([True], F), ("1", F)]),
    ("contains_all", ["a", "b"], [(["b", "a"], T), (["a"], F), (["a", VAR], U), ("ab", T)]),
    ("contains_any", ["a", "b"], [(["b"], T), (["c"], F), (["c", VAR], U), (["a", VAR], T)]),
    ("lacks", ["a", "b"], [(["c"], T), (["a"], F), (["c", VAR], U), (["a", VAR], F), ([], T)]),
    ("all", {"at_least": 2}, [([2, 3], T), ([1, 2], F), ([], T), ([1, VAR], F), ([2, VAR], U), (2, T)]),
    ("any", {"at_least": 2}, [([1, 2], T), ([1], F), ([], F), ([2, VAR], T), ([1, VAR], U)]),
    ("none", {"at_least": 2}, [([1], T), ([2], F), ([], T), ([2, VAR], F), ([1, VAR], U)]),
    ("size", 2, [(["a", "b"], T), (["a"], F), ([], F), (["a", VAR], U), ("a", F)]),
    ("size", {"at_most": 1}, [([], T), (["a"], T), (["a", "b"], F), (SetValue(["a", VAR]), U)]),
]
TABLE = [(operator, operand, *case) for operator, operand, cases in CASES for case in cases]
EMPTY_PASSES = {"not_equals", "not_in", "not_matches", "lacks", "none"}
OPERANDS = {operator: operand for operator, operand, _ in CASES}


@pytest.mark.parametrize(("operator", "operand", "value", "truth"), TABLE)
def test_an_operator_on_a_value(operator, operand, value, truth):
    assert run(value, {operator: operand}) is truth


@pytest.mark.parametrize("operator", WORDS)
def test_what_is_absent_fails_all_but_the_negative_tests(operator):
    if operator == "exists":
        assert run(None, {"exists": True}) is F
        assert run(None, {"exists": False}) is T
        return
    assert run(None, {operator: OPERANDS[operator]}) is (operator in EMPTY_PASSES)


@pytest.mark.parametrize("size", [0, {"at_most": 5}, {"not_equals": 3}])
def test_an_absent_list_has_no_size(size):
    assert run(None, {"size": size}) is F


@pytest.mark.parametrize("value", UNDECIDED)
@pytest.mark.parametrize("operator", WORDS)
def test_what_is_undecided_decides_nothing(operator, value):
    operand = OPERANDS[operator]
    assert run(value, {operator: operand}) is U


def test_tests_of_one_value_hold_together():
    assert run(5, {"at_least": 3, "at_most": 7}) is T
    assert run(9, {"at_least": 3, "at_most": 7}) is F
    assert run("abc", {"matches": "a", "not_in": ["abc"]}) is F
    assert run(["a", VAR], {"contains": "a", "size": 1}) is U
    assert run(["a", VAR], {"contains": "a", "lacks": ["a"]}) is F


def test_quantifiers_nest():
    assert run([["a"], ["b", "a"]], {"all": {"contains": "a"}}) is T
    assert run([["a"], []], {"any": {"size": 0}}) is T


def test_a_parameter_stands_for_its_value():
    assert run(7, {"at_least": {"parameter": "least_days"}}) is T
    assert run("oracle", {"in": {"parameter": "engines"}}) is F
    assert run(7, {"parameter": "least_days"}) is T
    assert run([7, 8], {"all": {"at_least": {"parameter": "least_days"}}}) is T


def test_a_sensitive_value_is_compared_as_it_is():
    assert run(Sensitive("a"), {"equals": "a"}) is T


def test_the_vocabulary_and_the_table_agree():
    assert set(WORDS) == set(OPERATORS) | set(QUANTIFIED)
    assert set(OPERANDS) == set(WORDS)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (True, True),
        ("a", "a"),
        ({"at_least": {"parameter": "least_days"}}, "at least 7"),
        ({"in": ["a", "b"]}, "one of a, b"),
        ({"at_least": 1, "at_most": 2}, "at least 1 and at most 2"),
        ({"exists": True}, "present"),
        ({"exists": False}, "absent"),
        ({"size": 0}, "size 0"),
        ({"all": {"not_in": ["x"]}}, "every element none of x"),
        ({"none": {"matches": "^a"}}, "no element like ^a"),
        ({"any": "a"}, "an element a"),
    ],
)
def test_what_was_expected_in_words(spec, words):
    assert describe(compiler().test(spec, "test"), operand_of) == words
