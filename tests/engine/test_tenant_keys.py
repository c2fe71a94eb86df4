"""Keys and tenants: what one key serves, what tiers promise, and what is not known."""

from __future__ import annotations

import pytest

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.model.value import Partial, Reference, Unknown
from tests.graph.small import made, scope, small_pack

VAR = Unknown("variable x has no value")
SHARED = {"id": "shared", "resources": {"kind": ["key", "datastore"]}, "graph": "key_shared_by_tenants"}
FOREIGN = {"id": "foreign", "resources": {"kind": "datastore"}, "graph": "store_on_foreign_key"}
K, L = Reference("aws_kms_key.k", ("arn",)), Reference("aws_kms_key.l", ("arn",))
TIERS = {
    "tiers": {
        "enterprise": {"key": "dedicated"},
        "clinic": {"key": "per-tier"},
        "practice": {"key": "per-tier"},
        "trial": {"key": "shared"},
        "silent": {},
    },
    "tenants": {
        "mercy": "enterprise", "stjude": "enterprise", "lakeside": "clinic", "hillside": "clinic", "elm": "practice",
        "demo": "trial", "sandbox": "trial", "quiet": "silent",
    },
}  # fmt: skip


def verdicts(rule, stores, *others, **settings):
    """Verdicts by address. `stores`: (tenant, key) pairs; a tenant None has no tag."""
    root = scope("root", **settings)
    resources = [made("aws_kms_key.k", root), made("aws_kms_key.l", root, tags={"tenant": "lakeside"})]
    for number, (tenant, key) in enumerate(stores):
        tags = {} if tenant is None else {"tenant": tenant}
        resources.append(made(f"aws_database.d{number}", root, kms_key_id=key, tags=tags))
    resources += [made(address, root, **attributes) for address, attributes in others]
    pack = small_pack(rule)
    found = judge(ResourceGraph(resources, pack), [root], Selection(pack.rules), lambda _: None)
    return {finding.subject.address: finding for finding in found}


def shared(stores, *others, **settings):
    return str(verdicts(SHARED, stores, *others, **settings)["aws_kms_key.k"].verdict)


@pytest.mark.parametrize(
    ("stores", "expected"),
    [
        ([], "not-applicable"),
        ([(None, K)], "not-applicable"),
        ([("mercy", L)], "not-applicable"),
        ([("mercy", K)], "pass"),
        ([("mercy", K), ("mercy", K)], "pass"),
        ([("mercy", K), (None, K)], "pass"),
        ([("mercy", K), ("stjude", K)], "fail"),
        ([("mercy", K), ("stjude", L)], "pass"),
        ([("mercy", K), (VAR, K)], "unknown"),
        ([(VAR, K)], "unknown"),
        ([("mercy", K), ("stjude", K), (VAR, K)], "fail"),
        ([("mercy", K), ("stjude", VAR)], "unknown"),
        ([("mercy", K), ("mercy", VAR)], "pass"),
        ([("mercy", K), (None, VAR)], "pass"),
        ([("mercy", K), (VAR, VAR)], "unknown"),
        ([("mercy", K), ("stjude", "alias/aws/rds")], "pass"),
        ([("mercy", K), ("stjude", None)], "pass"),
    ],
)
def test_without_tiers_every_tenant_has_keys_of_its_own(stores, expected):
    assert shared(stores) == expected


@pytest.mark.parametrize(
    ("stores", "expected"),
    [
        ([("mercy", K), ("stjude", K)], "fail"),
        ([("mercy", K), ("lakeside", K)], "fail"),
        ([("mercy", K), ("demo", K)], "fail"),
        ([("lakeside", K), ("hillside", K)], "pass"),
        ([("lakeside", K), ("elm", K)], "fail"),
        ([("lakeside", K), ("demo", K)], "fail"),
        ([("demo", K), ("sandbox", K)], "pass"),
        ([("demo", K), ("quiet", K)], "pass"),
        # a tenant that no tier is written for was promised its own
        ([("demo", K), ("newcomer", K)], "fail"),
        # a store whose key is not known might be on this one, and break what was promised to either
        ([("demo", K), ("mercy", VAR)], "unknown"),
        ([("demo", K), ("sandbox", VAR)], "pass"),
        ([("lakeside", K), ("hillside", VAR)], "pass"),
        ([("lakeside", K), ("elm", VAR)], "unknown"),
        ([("demo", K), (VAR, VAR)], "unknown"),
    ],
)
def test_tiers_say_who_may_share(stores, expected):
    assert shared(stores, **TIERS) == expected


def test_an_alias_a_copy_and_another_stores_key_are_uses_of_one_key():
    alias = ("aws_kms_alias.a", {"name": "alias/records", "target_key_id": K})
    of_alias = Reference("aws_kms_alias.a", ("arn",))
    assert shared([("mercy", K), ("stjude", of_alias)], alias) == "fail"
    copy = ("aws_database.copy", {"source": Reference("aws_database.d0", ("arn",)), "tags": {"tenant": "stjude"}})
    assert shared([("mercy", K)], copy) == "fail"
    same = Reference("aws_database.d0", ("kms_key_id",))
    assert shared([("mercy", K), ("stjude", same)]) == "fail"


@pytest.mark.parametrize("name", [VAR, Partial(("alias/", VAR)), Partial((VAR, "records"))])
def test_an_alias_whose_name_is_not_known_may_be_the_one_that_a_store_names(name):
    alias = ("aws_kms_alias.a", {"name": name, "target_key_id": K})
    assert shared([("mercy", K), ("stjude", "alias/records")], alias) == "unknown"
    assert shared([("mercy", K), ("stjude", "alias/aws/rds")], alias) == "pass"
    assert shared([("mercy", K), ("mercy", "alias/records")], alias) == "pass"


def test_an_alias_of_an_unknown_number_may_not_be_there():
    alias = ("aws_kms_alias.a[*]", {"name": "alias/records", "target_key_id": K})
    assert shared([("mercy", K), ("stjude", "alias/records")], alias) == "unknown"


def test_a_store_of_an_unknown_number_may_not_be_there():
    perhaps = ("aws_database.perhaps[*]", {"kms_key_id": K, "tags": {"tenant": "stjude"}})
    assert shared([("mercy", K)], perhaps) == "unknown"
    assert shared([("mercy", K), ("lakeside", K)], perhaps) == "fail"
    assert shared([("stjude", K)], perhaps) == "pass"
    assert shared([], perhaps) == "pass"


def test_stores_of_another_root_do_not_count():
    pack = small_pack(SHARED)
    roots = [scope("one"), scope("two")]
    resources = [made("aws_kms_key.k", root) for root in roots]
    for root, tenant in zip(roots, ("mercy", "stjude"), strict=True):
        resources.append(made("aws_database.d", root, kms_key_id=K, tags={"tenant": tenant}))
    found = judge(ResourceGraph(resources, pack), roots, Selection(pack.rules), lambda _: None)
    assert [str(f.verdict) for f in found if f.subject.type == "t.key"] == ["pass", "pass"]


def test_a_shared_key_names_the_tenants_and_points_at_their_stores():
    finding = verdicts(SHARED, [("stjude", K), ("mercy", K)])["aws_kms_key.k"]
    assert finding.message == "aws_kms_key.k: one key serves the stores of 2 tenants: mercy, stjude"
    assert [item.property for item in finding.evidence] == [
        "encryption.key of aws_database.d1",
        "encryption.key of aws_database.d0",
    ]
    assert {item.location.span.line for item in finding.evidence} == {2}


def test_an_unknown_says_which_store_is_not_known():
    finding = verdicts(SHARED, [("mercy", K), ("stjude", VAR)])["aws_kms_key.k"]
    assert "variable x has no value" in finding.message
    assert finding.evidence[0].property == "encryption.key of aws_database.d1"


@pytest.mark.parametrize(
    ("tenant", "key", "expected"),
    [
        ("lakeside", L, "pass"),
        ("mercy", L, "fail"),
        (VAR, L, "unknown"),
        ("mercy", VAR, "unknown"),
        ("mercy", K, "not-applicable"),  # a key of no tenant: `shared` speaks to it
        (None, L, "not-applicable"),
        ("mercy", None, "not-applicable"),
        ("mercy", "alias/records", "not-applicable"),
        ("mercy", Partial(("alias/records", VAR)), "unknown"),
        ("mercy", Reference("aws_kms_key.vague", ("arn",)), "unknown"),
    ],
)
def test_a_store_on_the_key_of_another(tenant, key, expected):
    vague = ("aws_kms_key.vague", {"tags": VAR})
    assert str(verdicts(FOREIGN, [(tenant, key)], vague)["aws_database.d0"].verdict) == expected


def test_a_foreign_key_is_named_where_it_is_written():
    finding = verdicts(FOREIGN, [("mercy", L)])["aws_database.d0"]
    assert "the store of mercy is encrypted with the key of lakeside" in finding.message
    assert finding.location.span.line == 2


@pytest.mark.parametrize(
    ("when", "expected"),
    [({"days": {"at_most": 30}}, "fail"), ({"days": 31}, "not-applicable"), ({"name": "x"}, "not-applicable")],
)
def test_a_graph_rule_has_conditions_like_any(when, expected):
    stores = [("mercy", K), ("stjude", K)]
    assert str(verdicts({**SHARED, "when": when}, stores)["aws_kms_key.k"].verdict) == expected


def test_a_condition_that_is_not_known_makes_no_graph_rule_fail():
    pack = small_pack({**SHARED, "when": {"days": 30}})
    root = scope()
    resources = [made("aws_kms_key.k", root, deletion_window_in_days=VAR)]
    resources += [made(f"aws_database.{t}", root, kms_key_id=K, tags={"tenant": t}) for t in ("mercy", "stjude")]
    found = judge(ResourceGraph(resources, pack), [root], Selection(pack.rules), lambda _: None)
    assert [str(f.verdict) for f in found if f.subject.type == "t.key"] == ["unknown"]


ELSEWHERE = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALIAS_ARN = "arn:aws:kms:us-east-1:{}:alias/records"
PARTLY = Partial(("arn:aws:kms:us-east-1:1:key/", Unknown("each.key is not known")))


@pytest.mark.parametrize(
    ("stores", "expected"),
    [
        ([("mercy", ELSEWHERE)], "pass"),
        ([("mercy", ELSEWHERE), ("stjude", ELSEWHERE)], "fail"),
        ([("mercy", ELSEWHERE), ("stjude", ELSEWHERE.rpartition("/")[2])], "fail"),
        ([("mercy", ELSEWHERE), ("stjude", "alias/other")], "pass"),
        ([("mercy", ELSEWHERE), ("stjude", VAR)], "unknown"),
        ([("mercy", ELSEWHERE), (VAR, ELSEWHERE)], "unknown"),
        ([("mercy", "alias/aws/rds"), ("stjude", "alias/aws/rds")], "not-applicable"),
        ([("mercy", None), ("stjude", None)], "not-applicable"),
        ([("mercy", K), ("stjude", K)], "not-applicable"),  # judged at the key
        ([(None, ELSEWHERE), ("stjude", ELSEWHERE)], "not-applicable"),
        # on which key they are is not known, and it may be one
        ([("mercy", VAR), ("stjude", VAR)], "unknown"),
        ([("mercy", VAR), ("stjude", ELSEWHERE)], "unknown"),
        ([("mercy", VAR), (VAR, VAR)], "unknown"),
        ([("mercy", VAR), ("mercy", VAR)], "not-applicable"),
        ([("mercy", VAR), ("stjude", K)], "not-applicable"),  # judged at the key
        ([("mercy", VAR), (None, VAR)], "not-applicable"),
        # a name that is not wholly known may be the other one
        ([("mercy", Partial(("alias/records", VAR))), ("stjude", "alias/records-2")], "unknown"),
        ([("mercy", "alias/records-2"), ("stjude", Partial(("alias/records", VAR)))], "unknown"),
        # whether an alias is that of another account depends on where this one is
        ([("mercy", "alias/records"), ("stjude", ALIAS_ARN.format(1))], "unknown"),
        ([("mercy", ALIAS_ARN.format(1)), ("stjude", ALIAS_ARN.format(2))], "pass"),
        # one text, and perhaps two keys
        ([("mercy", PARTLY), ("stjude", PARTLY)], "unknown"),
        ([("mercy", PARTLY)], "pass"),
    ],
)
def test_a_key_of_another_root_is_judged_at_the_stores_that_name_it(stores, expected):
    assert str(verdicts(SHARED, stores)["aws_database.d0"].verdict) == expected
