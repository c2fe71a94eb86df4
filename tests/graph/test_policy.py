"""IAM policies: how they are read, whom they reach, and what hostile or unfinished ones become."""

from __future__ import annotations

import json
import time

import pytest

from phiward.graph.audience import grants_anyone, refuses_strangers
from phiward.graph.computed.policies import public_statements
from phiward.graph.policy import Statement, glob_covers, statements
from phiward.model.value import Partial, Reference, Unknown

ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
VALUE = Unknown("variable v has no value")
BUCKET = Reference("aws_s3_bucket.a", ("arn",))


def only(**elements: object) -> Statement:
    (statement,) = statements({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}})
    assert isinstance(statement, Statement), statement
    return statement


def anyone(*, as_s3: bool = False, **elements: object) -> object:
    verdict = grants_anyone(only(**elements), as_s3=as_s3)
    return "unknown" if isinstance(verdict, Unknown) else verdict


# Reading


def test_text_and_structure_read_alike():
    policy = {
        "Statement": [{"Sid": "a", "Effect": "Deny", "Principal": {"AWS": "1"}, "Action": "s3:*", "Resource": ["x"]}]
    }
    assert statements(json.dumps(policy)) == statements(policy)


def test_a_hole_in_the_text_leaves_the_rest_readable():
    text = Partial(
        ('{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"', BUCKET, '/*"}]}')
    )
    (statement,) = statements(text)
    assert isinstance(statement, Statement)
    assert statement.principals == {"*": ["*"]}
    assert statement.resources == (Partial((BUCKET, "/*")),)


def test_no_policy_has_no_statements():
    assert statements(None) == []
    assert statements("") == []


@pytest.mark.parametrize(
    "policy",
    [
        "not json",
        '{"Version": "2012-10-17"}',
        "[]",
        '{"Statement": ["text"]}',
        '{"Statement": [{"effect": "Allow"}]}',
        VALUE,
        Reference("data.aws_iam_policy_document.a", ("json",)),
        "[" * 5000,
    ],
)
def test_what_cannot_be_read_is_unknown_never_empty(policy):
    (entry,) = statements(policy)
    assert isinstance(entry, Unknown)


@pytest.mark.parametrize("effect", ["allow", "ALLOW", "", 7, None])
def test_effect_is_case_sensitive(effect):
    (statement,) = statements({"Statement": [{"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"}]})
    assert isinstance(statement, Statement)
    assert isinstance(statement.effect, Unknown)


def test_condition_keys_and_operators_lose_their_case():
    (condition,) = only(Condition={"ForAnyValue:StringLikeIfExists": {"AWS:SourceArn": "x"}}).conditions
    assert (condition.operator, condition.key, condition.if_exists, condition.qualifier) == (
        "stringlike",
        "aws:sourcearn",
        True,
        "foranyvalue",
    )


# Whom a statement reaches


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::111122223333:root", "*"]}, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False),
        ({"AWS": "111122223333"}, False),
        ({"AWS": Reference("aws_iam_role.a", ("arn",))}, False),
        ({"AWS": Partial(("arn:aws:iam::", VALUE, ":root"))}, False),
        ({"AWS": VALUE}, "unknown"),
        (VALUE, "unknown"),
        ({"AWS": Partial(("*", VALUE))}, "unknown"),
        ({"*": Partial((VALUE, "*"))}, "unknown"),
        ({"Service": "sns.amazonaws.com"}, False),
        ({"Service": "*"}, "unknown"),
        ({"AWS": "arn:aws:iam::*:root"}, "unknown"),
        (["*"], "unknown"),
    ],
)
def test_principals(principal, expected):
    assert anyone(Principal=principal) == expected


def test_everybody_but_one_is_everybody():
    assert anyone(NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"}) is True


def test_an_identity_policy_names_nobody():
    assert anyone() is False


def test_a_deny_grants_nothing():
    assert anyone(Effect="Deny", Principal="*") is False


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ORG, False),
        ({"StringEquals": {"aws:SourceAccount": ["111122223333", "444455556666"]}}, False),
        ({"StringEquals": {"aws:SourceAccount": VALUE}}, "unknown"),
        ({"StringEquals": {"aws:SourceVpce": Reference("aws_vpc_endpoint.a", ("id",))}}, False),
        ({"StringLike": {"aws:PrincipalArn": "*"}}, True),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abcdefghij"}}, True),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/*"}}, False),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, True),
        ({"Null": {"aws:PrincipalOrgID": "false"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:ehr-records"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::ehr-*"}}, True),
        ({"ArnLike": {"aws:SourceArn": Partial((BUCKET, "/*"))}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, True),
        ({"IpAddress": {"aws:SourceIp": "2000::/3"}}, True),
        ({"IpAddress": {"aws:SourceIp": "everywhere"}}, "unknown"),
        ({"IpAddress": {"aws:SourceIp": VALUE}}, "unknown"),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, True),
        (
            {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:CallerAccount": "111122223333"}},
            False,
        ),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringLike": {"aws:userId": "AROAZ7EXAMPLE4567ABCD:*"}}, False),
        ({"StringLike": {"aws:userId": ["AROAZ7EXAMPLE4567ABCD:*", "*:backup"]}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "records"}}, True),
        ({"StringEquals": {"sts:ExternalId": "x"}}, "unknown"),
        (VALUE, "unknown"),
        ("text", "unknown"),
    ],
)
def test_conditions(condition, expected):
    assert anyone(Principal="*", Condition=condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ORG, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "records"}}, True),
        ({"StringEquals": {"aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/a"}}, False),
        # AWS calls the wildcard public although nobody else can own such a trail: neither verdict would be right.
        ({"StringLike": {"aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/*"}}, "unknown"),
        ({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, "unknown"),
        # Neither would be here: AWS calls all sessions of one role public.
        ({"StringLike": {"aws:userid": "AROAZ7EXAMPLE4567ABCD:*"}}, "unknown"),
        ({"StringLike": {"aws:userid": "AROA*:*"}}, True),
    ],
)
def test_buckets_follow_the_s3_definition_of_public(condition, expected):
    assert anyone(as_s3=True, Principal="*", Condition=condition) == expected


def test_an_unknown_effect_is_not_a_grant_nor_none():
    assert anyone(Principal="*", Effect=VALUE) == "unknown"


# A Deny beside the grant


def public(*entries: dict[str, object]) -> object:
    found = public_statements(statements({"Statement": list(entries)}))
    return "unknown" if isinstance(found, Unknown) else found


GRANT = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
WALL = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
    "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
}


def test_the_grant_is_named():
    assert public(GRANT) == ['statement "Open"']
    assert public({**GRANT, "Sid": 7}) == ["statement 1"]


def test_a_deny_to_strangers_takes_the_grant_away():
    assert public(GRANT, WALL) == []


def test_a_deny_of_other_actions_leaves_it_open_to_question():
    assert public(GRANT, {**WALL, "Action": "s3:PutObject"}) == "unknown"


def test_a_deny_with_a_further_condition_is_no_wall():
    narrowed = {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij", "aws:RequestedRegion": "us-east-1"}}
    assert refuses_strangers(only(**{**WALL, "Condition": narrowed})) is False
    assert public(GRANT, {**WALL, "Condition": narrowed}) == ['statement "Open"']


def test_a_wall_may_spare_the_services_of_aws():
    condition = {**WALL["Condition"], "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    assert public(GRANT, {**WALL, "Condition": condition}) == []


def test_whom_a_wall_spares_may_not_be_known():
    condition = {**WALL["Condition"], "Bool": {"aws:PrincipalIsAWSService": Unknown("open")}}
    assert public(GRANT, {**WALL, "Condition": condition}) == "unknown"


def test_a_wall_of_any_value_lets_callers_without_the_key_through():
    condition = {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
    assert public(GRANT, {**WALL, "Condition": condition}) == ['statement "Open"']


def test_one_sure_grant_is_enough_whatever_else_is_unknown():
    assert public_statements([Unknown("hidden"), *statements({"Statement": [GRANT]})]) == ['statement "Open"']


# Patterns


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("s3:*", "s3:*", True),
        ("s3:get*", "s3:getobject", True),
        ("s3:get?bject", "s3:getobject", True),
        ("s3:get*", "s3:*", False),
        ("*a*b", "xaxb", True),
        ("*a*b", "xaxbx", False),
        ("", "a", False),
    ],
)
def test_patterns(pattern, text, expected):
    assert glob_covers(pattern, text) is expected


def test_a_hostile_pattern_costs_little():
    before = time.process_time()
    assert not glob_covers("a*" * 200 + "b", "a" * 2000)
    assert time.process_time() - before < 5
