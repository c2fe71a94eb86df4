"""Properties read through the catalog, keys and their custody, tenants and data classes."""

from __future__ import annotations

import pytest

from phiward.graph.keys import KeyUse
from phiward.graph.reading import MISSING, read_path
from phiward.graph.view import Reading
from phiward.model.value import Partial, Reference, Sensitive, Unknown
from tests.graph.small import database, made, scope, view_of
from tests.graph.undecided import Undecided

VAR = Unknown("variable x has no value", "pass --var x")
UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def keep(reference):
    return reference


# -- paths


@pytest.mark.parametrize(
    ("attributes", "path", "expected", "at"),
    [
        ({"a": 1}, ["a"], 1, ("a",)),
        ({"a": None}, ["a"], MISSING, ("a",)),
        ({}, ["a"], MISSING, ("a",)),
        ({"a": [{"b": 1}, {"b": 2}]}, ["a", "b"], 1, ("a", 0, "b")),
        ({"a": []}, ["a", "b"], MISSING, ("a",)),
        ({"a": {"b": 1}}, ["a", "b"], 1, ("a", "b")),
        ({"a": None}, ["a", "b"], MISSING, ("a",)),
        ({"a": "text"}, ["a", "b"], MISSING, ("a",)),
        ({"a": [1, 2]}, ["a", 1], 2, ("a", 1)),
        ({"a": [1]}, ["a", 1], MISSING, ("a", 1)),
        ({"a": VAR}, ["a", "b"], VAR, ("a",)),
        ({"a": [VAR, {"b": 1}]}, ["a", "b"], VAR, ("a", 0)),
        ({"a": Partial(("x", VAR))}, ["a", "b"], VAR, ("a",)),
        ({"a": [{"b": 1}, {"b": [2, 3]}, {}]}, ["a", "[]", "b"], [1, 2, 3], ("a",)),
        ({"a": [{"b": 1}, VAR]}, ["a", "[]", "b"], [1, VAR], ("a",)),
        ({"a": {"b": 1}}, ["a", "[]", "b"], [1], ("a",)),
        ({}, ["a", "[]", "b"], MISSING, ("a",)),
        ({"a": []}, ["a", "[]", "b"], [], ("a",)),
    ],
)
def test_a_path_is_followed_into_attributes(attributes, path, expected, at):
    assert read_path(attributes, path, keep) == (expected, at)


def test_a_path_is_followed_through_references():
    follow = {Reference("x.y"): {"b": 1}}.__getitem__
    assert read_path({"a": Reference("x.y")}, ["a", "b"], follow)[0] == 1
    assert read_path({"a": [Reference("x.y")]}, ["a", "b"], follow)[0] == 1
    assert read_path({"a": Reference("x.y")}, ["a"], follow)[0] == Reference("x.y")
    assert not MISSING


# -- written, absent, null, unknown


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"storage_encrypted": True}, True),
        ({"storage_encrypted": "true"}, True),
        ({"storage_encrypted": "FALSE"}, False),
        ({"storage_encrypted": "yes"}, Undecided("neither true nor false")),
        ({"storage_encrypted": 1}, Undecided("neither true nor false")),
        ({}, False),
        ({"storage_encrypted": None}, False),
        ({"storage_encrypted": ""}, False),
        ({"storage_encrypted": VAR}, VAR),
        ({"storage_encrypted": Partial(("t", VAR))}, VAR),
        ({"storage_encrypted": [True]}, Undecided("neither")),
    ],
)
def test_a_boolean(written, expected):
    assert database(**written).property("encryption.at_rest") == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"days": 7}, 7),
        ({"days": "14"}, 14),
        ({"days": True}, Undecided("not a number")),
        ({"days": "a week"}, Undecided("not a number")),
        ({"days": float("inf")}, Undecided("not a number")),
        ({}, Unknown("it depends on the region", "write days")),
        ({"days": VAR}, VAR),
    ],
)
def test_a_number_and_a_default_that_is_not_known(written, expected):
    assert database(**written).property("days") == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"engine": "pg"}, "postgres"),
        ({"engine": "oracle"}, "oracle"),
        ({"engine": "none"}, "mysql"),
        ({"engine": 8}, "8"),
        ({"engine": True}, "true"),
        ({"engine": {"a": 1}}, Undecided("not a text")),
        ({}, "mysql"),
    ],
)
def test_raw_values_are_mapped_and_others_taken_as_they_are(written, expected):
    assert database(**written).property("engine") == expected


def test_lists_the_first_written_path_and_absence():
    view = database(rule=[{"port": 1}, {"port": VAR}], settings=[{"size": 5}])
    assert view.property("ports") == [1, VAR]
    assert view.property("rules") == [{"port": 1}, {"port": VAR}]
    assert view.property("size") == 5
    assert database(size=VAR, settings=[{"size": 5}]).property("size") == VAR
    empty = database()
    assert [empty.property(name) for name in ("ports", "rules", "size")] == [None, None, None]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, False),
        ({"logs": [{}]}, True),
        ({"logs": []}, False),
        ({"logs": [VAR]}, VAR),
        ({"logs": [VAR, {}]}, True),
        ({"logs": VAR}, VAR),
        ({"logs": Reference("aws_other.a", ("arn",))}, True),
        ({"logs": Partial(("x", VAR))}, True),
        ({"storage_encrypted": False}, True),
        ({"logs": None}, False),
    ],
)
def test_whether_something_is_written(written, expected):
    assert database(**written).property("declared") == expected


def test_a_property_that_the_row_does_not_say_is_unknown_not_absent():
    assert database().property("versioned") == Undecided("does not say where versioned stands")
    assert not database().models("versioned")
    assert database().models("data.class")


def test_a_reading_says_where_and_whether_by_default():
    view = database(rule=[{"port": 1}], days=3)
    assert view.reading("days").path == ("days",)
    assert not view.reading("days").by_default
    assert view.reading("encryption.at_rest").by_default
    assert view.reading("days").location().span.line == 2
    assert view.reading("encryption.at_rest").location().span.line == 1
    assert view.reading("days") is view.reading("days")


def test_an_element_stands_where_its_place_says():
    root = scope()
    other = made("aws_other.b", root, line=40)
    reading = Reading([1, 2], made("aws_database.a", root), places=[(other, ("x",))])
    assert reading.location(0).span.line == 41
    assert reading.location(1).span.line == 1


# -- taken over from another resource


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"source": Reference("aws_database.p", ("arn",))}, True),
        ({"source": Reference("aws_database.p", ("arn",)), "storage_encrypted": False}, False),
        ({"source": Reference("aws_database.q", ("arn",))}, False),
        ({"settings": [{"snapshot": Reference("aws_database.p", ("id",))}]}, True),
        ({"source": "records"}, Undecided("it follows source")),
        ({"source": Partial((VAR, "x"))}, Undecided("it follows source")),
        ({"source": VAR}, Undecided("it follows source")),
        ({"source": Reference("aws_gone.x", ("id",))}, Undecided("it follows source")),
        ({"source": Reference("aws_kms_key.k", ("id",))}, Undecided("it follows source")),
        ({"source": Reference("aws_database.a", ("id",))}, Undecided("from itself")),
        ({"source": None}, False),
        ({"source": ""}, False),
    ],
)
def test_a_copy_takes_over_what_its_source_has(written, expected):
    others = [("aws_database.p", {"storage_encrypted": True}), ("aws_database.q", {}), ("aws_kms_key.k", {})]
    assert database(*others, **written).property("encryption.at_rest") == expected


def test_copies_of_one_another_are_undecided():
    a = {"source": Reference("aws_database.b", ("arn",))}
    b = ("aws_database.b", {"source": Reference("aws_database.a", ("arn",))})
    assert database(b, **a).property("encryption.at_rest") == Undecided("from itself")


def test_a_copy_of_a_copy_keeps_the_identity_of_its_key():
    others = [
        ("aws_kms_key.k", {}),
        ("aws_database.p", {"kms_key_id": Reference("aws_kms_key.k", ("arn",))}),
        ("aws_database.q", {"source": Reference("aws_database.p", ("arn",))}),
    ]
    view = database(*others, source=Reference("aws_database.q", ("arn",)))
    assert view.key("encryption.key") == KeyUse("customer", "aws_kms_key.k", resource=True)


# -- what every resource has


def test_what_every_resource_has():
    root = scope("root", tenants={"mercy": "enterprise"})
    view = view_of("aws_database.a", made("aws_database.a", root, identifier="records", tags={"tenant": "mercy"}))
    read = {name: view.property(name) for name in ("name", "tenant", "tier", "data.class", "type", "address")}
    assert read == {
        "name": "records", "tenant": "mercy", "tier": "enterprise", "data.class": "phi",
        "type": "t.database", "address": "aws_database.a",
    }  # fmt: skip
    assert view.property("tags") == {"tenant": "mercy"}


def test_a_tier_of_an_unknown_tenant_is_unknown():
    assert database(tags=VAR).property("tier") == VAR
    assert database().property("tier") is None
    assert database(identifier=VAR).property("name") == VAR


def test_a_sensitive_value_is_read_like_any_other():
    assert database(engine=Sensitive("pg")).property("engine") == "postgres"


def test_views_that_computed_properties_ask_for():
    view = database(("aws_other.o", {"name": "x"}), ("aws_kms_key.k", {}), settings=[{"size": 3}])
    assert view.get("settings.size") == 3
    assert view.get("nothing.there") is None
    assert view.follow(Reference("aws_other.o", ("id",))).resource.address == "aws_other.o"
    assert view.follow(Reference("aws_kms_key.k", ("id",))).row.type == "t.key"
    assert view.follow(Reference("aws_gone.o", ("id",))) is None
    assert view.follow("text") is None
    root = scope()
    bucket = view_of(
        "aws_bucket.a",
        made("aws_bucket.a", root, bucket="a"),
        made("aws_bucket_policy.p", root, bucket="a", policy="{}"),
    )
    assert bucket.get("@policy.policy") == "{}"
    assert bucket.get("@policy") == [{"bucket": "a", "policy": "{}"}]
    assert bucket.get("@versioning") is None
    assert bucket.property("declared") is True
