"""Properties read through the catalog, keys and their custody, tenants and data classes."""

from __future__ import annotations

import pytest

from phiward.graph.keys import KeyUse, key_use
from phiward.graph.reading import MISSING, read_path
from phiward.graph.tenancy import data_class, identify_tenant
from phiward.graph.view import Reading
from phiward.model.project import Identify, Project
from phiward.model.value import Partial, Reference, Sensitive, Unknown
from tests.graph.properties import views_of
from tests.graph.small import graph_of, made, scope, view_of
from tests.graph.undecided import Undecided

VAR = Unknown("variable x has no value", "pass --var x")
UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def database(*others, **attributes):
    root = scope()
    beside = [made(address, root, **values) for address, values in others]
    return view_of("aws_database.a", made("aws_database.a", root, **attributes), *beside)


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


# -- keys

KEYS = [
    ("aws_kms_key.k", {}),
    ("aws_kms_external_key.k", {}),
    ("aws_kms_replica_key.k", {}),
    ("aws_kms_alias.mine", {"name": "alias/mine", "target_key_id": Reference("aws_kms_key.k", ("key_id",))}),
    ("aws_kms_alias.literal", {"name": "alias/lit", "target_key_id": UUID}),
    ("aws_kms_alias.broken", {"name": "alias/none"}),
    ("data.aws_kms_alias.managed", {"name": "alias/aws/s3"}),
    ("data.aws_kms_alias.mine", {"name": "alias/mine"}),
    ("data.aws_kms_alias.open", {}),
    ("data.aws_kms_key.managed", {"key_id": "alias/aws/rds"}),
    ("data.aws_kms_key.mine", {"key_id": Reference("aws_kms_key.k", ("arn",))}),
    ("data.aws_kms_key.var", {"key_id": VAR}),
    ("data.aws_kms_key.none", {}),
    ("aws_database.p", {"kms_key_id": Reference("aws_kms_alias.mine", ("target_key_arn",))}),
    ("aws_database.bare", {}),
    ("terraform_data.loop", {"input": Reference("terraform_data.loop", ("input",))}),
]


@pytest.mark.parametrize(
    ("value", "custody", "identity"),
    [
        (Reference("aws_kms_key.k", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_key.k"), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_external_key.k", ("id",)), "customer", "aws_kms_external_key.k"),
        (Reference("aws_kms_replica_key.k", ("key_id",)), "customer", "aws_kms_replica_key.k"),
        (Reference("aws_kms_alias.mine", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_alias.mine", ("name",)), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_alias.literal", ("arn",)), "customer", UUID),
        (Reference("aws_kms_alias.broken", ("arn",)), Undecided("names no key"), ""),
        (Reference("data.aws_kms_alias.managed", ("target_key_arn",)), "aws", "alias/aws/s3"),
        (Reference("data.aws_kms_alias.mine", ("arn",)), "customer", "alias/mine"),
        (Reference("data.aws_kms_alias.open", ("arn",)), Undecided("no name"), ""),
        (Reference("data.aws_kms_key.managed", ("arn",)), "aws", "alias/aws/rds"),
        (Reference("data.aws_kms_key.mine", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("data.aws_kms_key.var", ("arn",)), VAR, ""),
        (Reference("data.aws_kms_key.none", ("arn",)), Undecided("read by the provider"), ""),
        (Reference("aws_database.p", ("kms_key_id",)), "customer", "aws_kms_key.k"),
        (Reference("aws_database.bare", ("kms_key_id",)), Undecided("only after apply"), ""),
        (Reference("aws_kms_key.gone", ("arn",)), Undecided("not in what was scanned"), ""),
        (Reference("terraform_data.loop", ("input",)), Undecided("circle"), ""),
        (UUID, "customer", UUID),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", "customer", "mrk-1234abcd12ab34cd56ef1234567890ab"),
        ("alias/records", "customer", "alias/records"),
        ("alias/aws/rds", "aws", "alias/aws/rds"),
        ("arn:aws:kms:us-east-1:1:alias/aws/rds", "aws", "arn:aws:kms:us-east-1:1:alias/aws/rds"),
        ("arn:aws-us-gov:kms:r:1:key/" + UUID, "customer", "arn:aws-us-gov:kms:r:1:key/" + UUID),
        ("arn:aws:s3:::x:kms:key/1", Undecided("not recognisable"), ""),
        ("arn:aws:kms:r:1:", Undecided("not recognisable"), ""),
        ("alias/", Undecided("not recognisable"), ""),
        ("records", Undecided("not recognisable"), ""),
        (VAR, VAR, ""),
        (True, Undecided("not a key"), ""),
        (["alias/x"], Undecided("not a key"), ""),
        (Partial(("arn:aws:kms:", VAR, ":1:key/", VAR)), "customer", None),
        (Partial(("arn:aws:kms:", VAR, ":1:alias/records")), "customer", None),
        (Partial(("arn:aws:kms:", VAR, ":1:alias/", VAR)), VAR, ""),
        (Partial(("arn:aws:kms:", VAR, ":1:alias/aws/s3")), "aws", None),
        (Partial(("arn:aws:kms:", VAR)), VAR, ""),
        (Partial(("alias/records-", VAR)), "customer", None),
        (Partial(("alias/", VAR)), VAR, ""),
        (Partial(("alias/a", VAR)), VAR, ""),  # alias/aws/rds?
        (Partial(("alias/", Reference("aws_other.x", ("name",)))), Undecided("only after apply"), ""),
        (Partial((VAR, "key/1")), VAR, ""),
    ],
)
def test_who_holds_a_key(value, custody, identity):
    root = scope()
    use = key_use(value, graph_of(*[made(address, root, **values) for address, values in KEYS]), root)
    assert use.custody == custody
    assert identity is None or use.identity == identity
    assert use.resource == (identity is not None and identity.startswith("aws_kms"))


@pytest.mark.parametrize("word", ["customer", "aws", "service", "none"])
def test_a_word_of_ours_is_no_key_where_terraform_writes_it(word):
    assert database(kms_key_id=word).property("encryption.key") == Undecided("not recognisable")


def test_the_key_of_a_property_that_is_not_written_is_its_default():
    assert database().key("encryption.key") == KeyUse("aws")
    assert database(kms_key_id=None).property("encryption.key") == "aws"
    assert database(kms_key_id=VAR).key("encryption.key") == KeyUse(VAR)


def test_a_key_through_a_modules_output(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "main.tf").write_text(
        'resource "aws_kms_key" "k" {}\noutput "arns" { value = { records = aws_kms_key.k.arn } }\n'
    )
    views = views_of(
        tmp_path,
        """
module "keys" { source = "./keys" }
locals { key = module.keys.arns["records"] }
resource "aws_db_instance" "a" { kms_key_id = local.key }
""",
    )
    use = views["aws_db_instance.a"].key("encryption.key")
    assert use == KeyUse("customer", "module.keys.aws_kms_key.k", resource=True)


# -- tags, tenants, data classes


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


TAG, KEY, NAME = Identify("tag", "tenant"), Identify("instance_key", r'tenant\["(?P<tenant>[^"]+)"\]'), Identify(
    "name", "^ehr-(?P<tenant>[a-z]+)-"
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
        ({"data-class": VAR}, VAR),
        (VAR, VAR),
        ("text", "phi"),
    ],
)
def test_a_store_is_taken_to_hold_phi_unless_it_is_marked_otherwise(tags, expected):
    assert data_class(Project(), tags) == expected


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
    bucket = view_of("aws_bucket.a", made("aws_bucket.a", root, bucket="a"), made("aws_bucket_policy.p", root, bucket="a", policy="{}"))
    assert bucket.get("@policy.policy") == "{}"
    assert bucket.get("@policy") == [{"bucket": "a", "policy": "{}"}]
    assert bucket.get("@versioning") is None
    assert bucket.property("declared") is True
