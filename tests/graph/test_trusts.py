"""Which service accounts the trust policy of a role lets in."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.graph.policy import OpenCondition, statements
from phiward.graph.trusts import Trust, trusts
from phiward.graph.view import View
from phiward.model.value import OpenMap, Partial, Reference, Unknown, Value
from tests.graph.small import made, scope, view_of

ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/0A1B"
SUB, AUD = f"{ISSUER}:sub", f"{ISSUER}:aud"
API = "system:serviceaccount:ehr:api"
HIDDEN = Unknown("it is known only after apply")


def policy(condition: Value = None, provider: Value = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}") -> Any:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
        "Condition": condition,
    }
    return {"Statement": [{key: value for key, value in statement.items() if value is not None}]}


def view() -> View:
    root = scope()
    provider = made("aws_iam_openid_connect_provider.p", root, url=Reference("aws_eks_cluster.c", ("identity",)))
    build = made("aws_iam_openid_connect_provider.b", root, url="https://token.actions.githubusercontent.com")
    return view_of("aws_database.a", made("aws_database.a", root), provider, build)


def found(policy: Value) -> list[Trust | Unknown]:
    return trusts(statements(policy), view())


def one(policy: Value) -> Trust:
    (trust,) = found(policy)
    assert isinstance(trust, Trust)
    return trust


@pytest.mark.parametrize(
    "condition, exact",
    [
        (None, False),
        ({"StringEquals": {SUB: API}}, True),
        ({"StringEquals": {SUB: [API, "system:serviceaccount:ehr:b"]}}, True),
        ({"StringLike": {SUB: API}}, True),
        ({"StringLike": {SUB: "system:serviceaccount:ehr:*"}}, False),
        ({"StringLike": {SUB: "system:serviceaccount:ehr:ap?"}}, False),
        ({"StringLike": {SUB: [API, "system:serviceaccount:*:b"]}}, False),
        ({"StringLike": {SUB: "system:serviceaccount:ehr"}}, False),
        ({"StringEqualsIfExists": {SUB: API}}, False),
        ({"ForAllValues:StringEquals": {SUB: API}}, False),
        ({"ForAnyValue:StringEquals": {SUB: API}}, True),
        ({"StringNotEquals": {SUB: API}}, False),
        ({"StringLike": {SUB: "system:serviceaccount:*:*"}, "StringEquals": {SUB: API}}, True),
        ({"StringEquals": {SUB: Partial(("system:serviceaccount:ehr:", HIDDEN))}}, None),
        ({"StringLike": {SUB: Partial(("system:serviceaccount:ehr:", HIDDEN, "*"))}}, False),
        ({"StringEquals": {AUD: "sts.amazonaws.com"}}, False),
        ({"StringEquals": HIDDEN}, None),
        ({"StringLike": {SUB: "system:serviceaccount:*:*"}, "StringEquals": HIDDEN}, None),
        ({"StringEquals": OpenMap("r", entries=((Partial((HIDDEN, ":sub")), API),))}, True),
        ({"StringEquals": OpenMap("r", entries=((Partial((HIDDEN, ":aud")), "sts.amazonaws.com"),))}, False),
        ({"StringEquals": OpenMap("r", entries=((HIDDEN, API),))}, None),
    ],
)
def test_whether_a_statement_names_accounts_and_no_more(condition: Value, exact: bool | None) -> None:
    answer = one(policy(condition)).exact
    assert isinstance(answer, Unknown) if exact is None else answer is exact


@pytest.mark.parametrize(
    "condition, audience",
    [
        (None, False),
        ({"StringEquals": {AUD: "sts.amazonaws.com"}}, True),
        ({"StringLike": {AUD: "*"}}, False),
        ({"StringEquals": {SUB: API}}, False),
        ({"StringEquals": OpenMap("r", entries=((Partial((HIDDEN, ":aud")), "sts.amazonaws.com"),))}, True),
        ({"StringEquals": OpenMap("r", entries=((Partial((HIDDEN, ":azp")), "x"),))}, False),
        ({"StringEquals": HIDDEN}, None),
    ],
)
def test_whether_a_statement_asks_for_one_audience(condition: Value, audience: bool | None) -> None:
    answer = one(policy(condition)).audience
    assert isinstance(answer, Unknown) if audience is None else answer is audience


SUBJECTS = {"StringLike": {"x:sub": "repo:acme/*"}}


@pytest.mark.parametrize(
    "policy, expected",
    [
        (policy(), 1),
        (policy(provider=Reference("aws_iam_openid_connect_provider.p", ("arn",))), 1),
        (policy(provider=Reference("aws_iam_openid_connect_provider.b", ("arn",))), 0),
        (policy({"StringEquals": {"x:sub": API}}, Reference("aws_iam_openid_connect_provider.gone", ("arn",))), 1),
        (policy(SUBJECTS, Reference("aws_iam_openid_connect_provider.gone", ("arn",))), 0),
        (policy(SUBJECTS, "arn:aws:iam::1:oidc-provider/issuer.example"), 0),
        (policy(None, "arn:aws:iam::1:oidc-provider/accounts.google.com"), 0),
        (policy(None, "arn:aws:iam::1:oidc-provider/issuer.example"), None),
        (policy(None, Reference("aws_iam_openid_connect_provider.gone", ("arn",))), None),
        ({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "1"}}]}, 0),
        ({"Statement": [{**policy()["Statement"][0], "Effect": "Deny"}]}, 0),
        ({"Statement": [{**policy()["Statement"][0], "Action": "sts:TagSession"}]}, 0),
        ({"Statement": [{**policy()["Statement"][0], "Action": "sts:*"}]}, 1),
        ({"Statement": HIDDEN}, None),
    ],
)
def test_which_statements_are_for_service_accounts(policy: Value, expected: int | None) -> None:
    answers = found(policy)
    if expected is None:
        assert [type(answer) for answer in answers] == [Unknown]
    else:
        assert [type(answer) for answer in answers] == [Trust] * expected


def test_whom_a_statement_lets_in() -> None:
    named = one(policy({"StringEquals": {SUB: [API, "nonsense"]}}))
    assert named.accounts == [("ehr", "api")]
    assert (named.names("ehr", "api"), named.names("ehr", "b")) == (True, False)
    pattern = one(policy({"StringLike": {SUB: "system:serviceaccount:*:api"}}))
    assert pattern.accounts == []
    assert (pattern.names("ehr", "api"), pattern.matches("ehr", "api"), pattern.matches("ehr", "b")) == (
        False,
        True,
        False,
    )
    assert one(policy()).matches("any", "account") is True


def test_a_condition_on_a_key_known_in_part_is_unknown_to_everybody_else() -> None:
    (statement,) = statements(
        policy({"StringEquals": OpenMap("r", "h", ((Partial((HIDDEN, ":sub")), API), (AUD, "x")))})
    )
    assert not isinstance(statement, Unknown)
    open_condition, known = statement.conditions
    assert isinstance(open_condition, OpenCondition)
    assert isinstance(open_condition, Unknown)
    assert not isinstance(known, Unknown)
