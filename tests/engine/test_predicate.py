"""Predicates over a view: connectives, elements of lists, fitting to rows, and the leaves that decided."""

from __future__ import annotations

import pytest

from phiward.engine.predicate import Evaluator, combine, fit
from phiward.graph.view import Reading
from phiward.model.value import Partial, Reference, Unknown
from tests.graph.small import compiler, made, scope, view_of
from tests.graph.undecided import Undecided

T, F, U = True, False, None
VAR = Unknown("variable x has no value")


def view(**attributes):
    return view_of("aws_database.a", made("aws_database.a", scope(), **attributes))


def outcome(spec, **attributes):
    return Evaluator({"least_days": 7}).evaluate(compiler().predicate(spec, "test"), view(**attributes))


def truth(spec, **attributes):
    return outcome(spec, **attributes)[0]


ON, OFF, OPEN = {"storage_encrypted": True}, {"storage_encrypted": False}, {"storage_encrypted": VAR}
PG = {"engine": "postgres"}
PROPERTY = {"encryption.at_rest": True}


@pytest.mark.parametrize(
    ("spec", "attributes", "expected"),
    [
        (PROPERTY, ON, T),
        (PROPERTY, OFF, F),
        (PROPERTY, {}, F),
        (PROPERTY, {"storage_encrypted": None}, F),
        (PROPERTY, OPEN, U),
        ({**PROPERTY, "engine": "postgres"}, {**ON, **PG}, T),
        ({**PROPERTY, "engine": "postgres"}, {**OPEN, **PG}, U),
        ({**PROPERTY, "engine": "postgres"}, OPEN, F),
        ({"any_of": [PROPERTY, {"engine": "postgres"}]}, {**OPEN, **PG}, T),
        ({"any_of": [PROPERTY, {"engine": "postgres"}]}, OPEN, U),
        ({"none_of": [PROPERTY, {"engine": "postgres"}]}, OFF, T),
        ({"none_of": [PROPERTY]}, OPEN, U),
        ({"none_of": [PROPERTY, {"engine": "postgres"}]}, {**OPEN, **PG}, F),
        ({"all_of": [PROPERTY, {"none_of": [{"engine": "postgres"}]}]}, {**ON, **PG}, F),
        ({"size": {"exists": False}}, {}, T),
        ({"size": {"at_least": 1}}, {}, F),
        ({"size": {"not_equals": 1}}, {}, T),
        ({"days": {"at_least": {"parameter": "least_days"}}}, {"days": 7}, T),
        ({"days": {"at_least": {"parameter": "least_days"}}}, {}, U),
    ],
)
def test_properties_and_connectives(spec, attributes, expected):
    assert truth(spec, **attributes) is expected


EACH = {"each": {"in": "rules", "assert": {"port": {"not_equals": 22}}}}
WHEN = {"each": {"in": "rules", "when": {"open": True}, "assert": {"port": {"not_equals": 22}}}}
SOME = {"some": {"in": "rules", "assert": {"port": 22}}}


@pytest.mark.parametrize(
    ("spec", "rules", "expected"),
    [
        (EACH, [{"port": 80}], T),
        (EACH, [{"port": 80}, {"port": 22}], F),
        (EACH, [], T),
        (EACH, None, T),
        (EACH, VAR, U),
        (EACH, [{"port": VAR}], U),
        (EACH, [{"port": VAR}, {"port": 22}], F),
        (EACH, [VAR, {"port": 80}], U),
        (EACH, [VAR, {"port": 22}], F),
        (EACH, [Partial(("x", VAR))], U),
        (EACH, [{}], T),
        (WHEN, [{"port": 22, "open": False}], T),
        (WHEN, [{"port": 22, "open": True}], F),
        (WHEN, [{"port": 22}], T),
        (WHEN, [{"port": 22, "open": VAR}], U),
        (WHEN, [{"port": 80, "open": VAR}], T),
        (WHEN, [{"port": VAR, "open": False}], T),
        (WHEN, [{"port": 22, "open": VAR}, {"port": 22, "open": True}], F),
        (WHEN, [VAR], U),
        (SOME, [{"port": 22}], T),
        (SOME, [{"port": 80}], F),
        (SOME, [], F),
        (SOME, None, F),
        (SOME, VAR, U),
        (SOME, [{"port": VAR}], U),
        (SOME, [{"port": VAR}, {"port": 22}], T),
        (SOME, [VAR], U),
    ],
)
def test_elements_of_a_list(spec, rules, expected):
    assert truth(spec, rule=rules) is expected


def test_elements_that_are_plain_values():
    spec = {"each": {"in": "ports", "assert": {"value": {"at_least": 1024}}}}
    assert truth(spec, rule=[{"port": 8080}]) is T
    assert truth(spec, rule=[{"port": 80}]) is F


NESTED = {
    "each": {
        "in": "rules",
        "assert": {"each": {"in": "to", "when": {"open": True}, "assert": {"port": {"not_equals": 22}}}},
    }
}
ANY = {"some": {"in": "rules", "assert": {"some": {"in": "to", "assert": {"port": {"not_equals": 22}}}}}}


@pytest.mark.parametrize(
    ("spec", "inner", "expected"),
    [
        (NESTED, [{"port": 22, "open": True}], F),
        (NESTED, [{"port": 22, "open": False}], T),
        (NESTED, [], T),
        (NESTED, None, T),
        (NESTED, VAR, U),
        (NESTED, Partial(("x", VAR)), U),
        (NESTED, Reference("aws_x.y", ("z",)), U),
        (NESTED, [VAR], U),
        (NESTED, [Reference("aws_x.y", ("z",))], U),
        (NESTED, {"port": 22, "open": True}, F),
        (ANY, [VAR], U),
        (ANY, [{"port": 80}], T),
        (ANY, [], F),
    ],
)
def test_elements_of_elements(spec, inner, expected):
    assert truth(spec, rule=[{"to": inner}]) is expected


def test_connectives_inside_of_an_element():
    spec = {"each": {"in": "rules", "assert": {"any_of": [{"a": 1}, {"none_of": [{"b": 1}]}]}}}
    assert truth(spec, rule=[{"a": 1, "b": 1}, {"a": 2, "b": 2}]) is T
    assert truth(spec, rule=[{"a": 2, "b": 1}]) is F
    assert truth(spec, rule=[{"a": VAR, "b": 1}]) is U


# -- leaves


def names(spec, **attributes):
    return [leaf.name for leaf in outcome(spec, **attributes)[1]]


def test_the_leaves_that_decided_are_kept():
    both = {"all_of": [PROPERTY, {"engine": "postgres"}]}
    assert names(both, **OFF, **PG) == ["encryption.at_rest"]
    assert names(both, **ON, **PG) == ["encryption.at_rest", "engine"]
    assert names(both, **OPEN, **PG) == ["encryption.at_rest"]
    assert names({"any_of": both["all_of"]}, **OFF, **PG) == ["engine"]
    assert names({"none_of": both["all_of"]}, **OFF, **PG) == ["engine"]
    assert names({"none_of": both["all_of"]}, **OFF) == ["encryption.at_rest", "engine"]


def test_a_leaf_names_the_element_and_its_field():
    assert names(EACH, rule=[{"port": 80}, {"port": 22}]) == ["rules[1].port"]
    assert names(EACH, rule=[VAR]) == ["rules[0]"]
    assert names(EACH, rule=[]) == ["rules"]
    assert names(WHEN, rule=[{"port": 22, "open": VAR}]) == ["rules[0].open"]
    leaf = outcome(NESTED, rule=[{"to": VAR}])[1][0]
    assert (leaf.name, leaf.observed) == ("rules[0].to", Undecided("variable x"))


def test_every_outcome_has_a_leaf():
    for spec in (PROPERTY, EACH, WHEN, SOME, NESTED, ANY):
        for rules in (None, [], VAR, [{}], [VAR], [{"to": []}]):
            assert outcome(spec, rule=rules)[1], (spec, rules)


def test_combine_without_parts():
    assert combine("all", []) == (T, [])
    assert combine("any", []) == (F, [])
    assert combine("none", []) == (T, [])


# -- fitting


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (PROPERTY, PROPERTY),
        ({"versioned": True}, None),
        ({**PROPERTY, "versioned": True}, {"all_of": [PROPERTY]}),
        ({"any_of": [PROPERTY, {"versioned": True}]}, {"any_of": [PROPERTY]}),
        ({"none_of": [{"versioned": True}]}, None),
        ({"all_of": [{"any_of": [{"versioned": True}]}, PROPERTY]}, {"all_of": [PROPERTY]}),
        ({"each": {"in": "rules", "assert": {"a": 1}}}, {"each": {"in": "rules", "assert": {"a": 1}}}),
        ({"some": {"in": "versioned", "assert": {"a": 1}}}, None),
        ({"data.class": "phi"}, {"data.class": "phi"}),
    ],
)
def test_what_a_type_does_not_model_is_left_out(spec, expected):
    made_ = compiler()
    fitted = fit(made_.predicate(spec, "test"), view().models)
    assert fitted == (made_.predicate(expected, "test") if expected else None)


def test_what_was_expected_of_a_leaf():
    evaluator = Evaluator({"least_days": 7})
    leaves = outcome({"days": {"at_least": {"parameter": "least_days"}}}, days=1)[1]
    assert evaluator.expected(leaves[0]) == "at least 7"
    assert evaluator.expected(outcome(EACH, rule=VAR)[1][0]) == "decided"
    assert isinstance(leaves[0].reading, Reading)
