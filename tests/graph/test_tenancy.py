"""Tags, the tenant that they or a name or an index tell, and the class of data."""

from __future__ import annotations

import pytest

from phiward.graph.tenancy import data_class, identify_tenant
from phiward.model.project import Identify, Project
from phiward.model.value import Partial, Reference, Unknown
from tests.graph.small import database
from tests.graph.undecided import Undecided

VAR = Unknown("variable x has no value", "pass --var x")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, {}),
        ({"tags": {"a": "b"}}, {"a": "b"}),
        ({"tags": {"a": "b"}, "tags_all": {"a": "b", "c": "d"}}, {"a": "b", "c": "d"}),
        ({"tags": [{"key": "a", "value": "b"}]}, {"a": "b"}),
        ({"tags": [{"key": "a", "value": "b"}, VAR]}, VAR),
        ({"tags": [{"key": VAR, "value": "b"}]}, VAR),
        ({"tags": VAR}, VAR),
        ({"tags": {"a": VAR}}, {"a": VAR}),
        ({"tags": {"a": Reference("aws_other.o", ("name",))}}, {"a": "x"}),
        ({"tags": Reference("aws_other.o", ("tags",))}, {"t": "v"}),
        ({"tags": "text"}, {}),
    ],
)
def test_tags(attributes, expected):
    other = ("aws_other.o", {"name": "x", "tags": {"t": "v"}})
    assert database(other, **attributes).tags == expected


TAG, KEY, NAME = (
    Identify("tag", "tenant"),
    Identify("instance_key", r'tenant\["(?P<tenant>[^"]+)"\]'),
    Identify("name", "^ehr-(?P<tenant>[a-z]+)-"),
)


@pytest.mark.parametrize(
    ("identify", "address", "name", "tags", "expected"),
    [
        ([TAG], "a.b", None, {"tenant": "mercy"}, "mercy"),
        ([TAG], "a.b", None, {}, None),
        ([TAG], "a.b", None, {"tenant": ""}, None),
        ([TAG], "a.b", None, {"tenant": None}, None),
        ([TAG], "a.b", None, {"tenant": 7}, "7"),
        ([TAG], "a.b", None, {"tenant": True}, "true"),
        ([TAG], "a.b", None, VAR, VAR),
        ([TAG], "a.b", None, {"tenant": Partial(("m", VAR))}, VAR),
        ([KEY], 'module.tenant["mercy"].a.b', None, {}, "mercy"),
        ([KEY], 'module.other["mercy"].a.b', None, {}, None),
        ([KEY], "module.tenant[*].a.b", None, {}, Undecided("instances")),
        ([KEY], "module.other[*].a.b", None, {}, None),
        ([NAME], "a.b", "ehr-mercy-db", {}, "mercy"),
        ([NAME], "a.b", "other", {}, None),
        ([NAME], "a.b", None, {}, None),
        ([NAME], "a.b", VAR, {}, VAR),
        ([NAME], "a.b", Partial(("ehr-", VAR, "-db")), {}, VAR),
        ([NAME], "a.b", Partial((VAR, "-db")), {}, VAR),
        ([NAME], "a.b", Partial(("e", VAR)), {}, VAR),
        ([NAME], "a.b", Partial(("other-", VAR)), {}, None),
        ([Identify("name", "^ehr-|^emr-(?P<tenant>x)")], "a.b", Partial(("emr-", VAR)), {}, VAR),
        ([Identify("name", "(?P<tenant>mercy)")], "a.b", Partial(("other-", VAR)), {}, VAR),
        ([Identify("name", "^ehr-(?P<tenant>mercy|stjude)-")], "a.b", Partial(("logs-", VAR)), {}, None),
        # the first entry that matches decides; one that might match ends the search
        ([TAG, NAME], "a.b", "ehr-lakeside-db", {"tenant": "mercy"}, "mercy"),
        ([NAME, TAG], "a.b", "ehr-lakeside-db", {"tenant": "mercy"}, "lakeside"),
        ([TAG, NAME], "a.b", "ehr-lakeside-db", {}, "lakeside"),
        ([TAG, NAME], "a.b", "ehr-lakeside-db", VAR, VAR),
        ([NAME, TAG], "a.b", VAR, {"tenant": "mercy"}, VAR),
        ([Identify("namespace_label", "x"), TAG], "a.b", None, {"tenant": "mercy"}, "mercy"),
    ],
)
def test_whose_a_resource_is(identify, address, name, tags, expected):
    assert identify_tenant(Project(identify=tuple(identify)), address, name, tags).tenant == expected


def test_what_decided_the_tenant_is_told():
    found = identify_tenant(Project(identify=(TAG, NAME)), "a.b", "ehr-mercy-db", {})
    assert found.found_by == "name ^ehr-(?P<tenant>[a-z]+)-"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, "phi"),
        ({"data-class": "public"}, "public"),
        ({"data-class": ""}, "phi"),
        ({"data-class": None}, "phi"),
        ({"data-class": VAR}, Undecided(f"its tag data-class may name another class of data: {VAR.reason}")),
        (VAR, Undecided(f"its tag data-class may name another class of data: {VAR.reason}")),
        ("text", "phi"),
    ],
)
def test_a_store_is_taken_to_hold_phi_unless_it_is_marked_otherwise(tags, expected):
    assert data_class(Project(), tags) == expected
