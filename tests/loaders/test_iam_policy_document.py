"""`aws_iam_policy_document` as the AWS provider computes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.loaders.terraform.iam_policy_document import policy_json
from phiward.model.holed_json import parse
from phiward.model.value import OpenMap, Partial, Reference, Unknown, join

ARN = Reference("aws_s3_bucket.a", ("arn",))
WHY = Unknown("variable x has no value")


def document(**attributes: Any) -> Any:
    text = policy_json(attributes)
    assert not isinstance(text, Unknown), text
    return parse(text)


def statement(**block: Any) -> Any:
    return document(statement=[block])["Statement"][0]


def refused(**attributes: Any) -> str:
    result = policy_json(attributes)
    assert isinstance(result, Unknown)
    return result.reason


def test_the_text_is_laid_out_as_the_provider_does_it() -> None:
    text = policy_json(
        {
            "policy_id": "p",
            "statement": [
                {
                    "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": [False]}],
                    "principals": [{"type": "*", "identifiers": ["*"]}],
                    "resources": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
                    "actions": ["s3:*"],
                    "effect": "Deny",
                    "sid": "Tls",
                }
            ],
        }
    )
    assert (
        text
        == """{
  "Version": "2012-10-17",
  "Id": "p",
  "Statement": [
    {
      "Sid": "Tls",
      "Effect": "Deny",
      "Action": "s3:*",
      "Resource": [
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::b"
      ],
      "Principal": "*",
      "Condition": {
        "Bool": {
          "aws:SecureTransport": "false"
        }
      }
    }
  ]
}"""
    )


def test_an_empty_document() -> None:
    assert policy_json({}) == '{\n  "Version": "2012-10-17"\n}'
    assert policy_json(
        {"statement": None, "version": None, "source_policy_documents": None, "source_json": ""}
    ) == policy_json({})


def test_defaults_and_empty_lists_are_left_out() -> None:
    assert statement(actions=["b", "a", "b"], not_actions=[], sid="") == {"Effect": "Allow", "Action": ["b", "a"]}
    assert statement() == {"Effect": "Allow"}


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([{"type": "*", "identifiers": ["*"]}], "*"),
        ([{"type": "AWS", "identifiers": ["*"]}], {"AWS": "*"}),
        ([{"type": "*", "identifiers": ["*", "x"]}], {"*": ["x", "*"]}),
        (
            [{"type": "Service", "identifiers": ["b", "a"]}, {"type": "AWS", "identifiers": ["x"]}],
            {"AWS": "x", "Service": ["b", "a"]},
        ),
        ([{"type": "AWS", "identifiers": ["x"]}, {"type": "AWS", "identifiers": ["y", "z"]}], {"AWS": ["x", "z", "y"]}),
        ([{"type": "AWS", "identifiers": []}], {"AWS": []}),
        ([{"type": "AWS", "identifiers": ["*", ARN]}], {"AWS": ["*", ARN]}),
        ([{"type": "AWS", "identifiers": [ARN]}], {"AWS": ARN}),
        ([{"type": "AWS", "identifiers": WHY}], {"AWS": WHY}),
        ([{"type": WHY, "identifiers": ["*"]}], WHY),
        (WHY, WHY),
        (
            [{"type": "AWS", "identifiers": ["arn:aws:iam::1:user/&{aws:username}"]}],
            {"AWS": "arn:aws:iam::1:user/${aws:username}"},
        ),
    ],
)
def test_principals(blocks: Any, expected: Any) -> None:
    assert statement(principals=blocks)["Principal"] == expected
    assert statement(not_principals=blocks)["NotPrincipal"] == expected


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([{"test": "A", "variable": "v", "values": ["y", "x"]}], {"A": {"v": ["y", "x"]}}),
        (
            [{"test": "B", "variable": "v", "values": [1]}, {"test": "A", "variable": "v", "values": ["x"]}],
            {"A": {"v": "x"}, "B": {"v": "1"}},
        ),
        (
            [{"test": "A", "variable": "v", "values": ["x"]}, {"test": "A", "variable": "v", "values": ["y"]}],
            {"A": {"v": ["x", "y"]}},
        ),
        ([{"test": "A", "variable": "v", "values": [ARN]}], {"A": {"v": ARN}}),
        ([{"test": "A", "variable": "v", "values": WHY}], {"A": {"v": WHY}}),
        ([{"test": "A", "variable": WHY, "values": ["x"]}], WHY),
        ([{"test": "A", "variable": "v", "values": ["&{aws:x}"]}], {"A": {"v": "${aws:x}"}}),
        ([{"test": "A", "variable": "v", "values": []}], {"A": {"v": []}}),
    ],
)
def test_conditions(blocks: Any, expected: Any) -> None:
    assert statement(condition=blocks)["Condition"] == expected


def test_policy_variables_stand_in_resources_and_not_in_actions() -> None:
    made = statement(actions=["s3:&{x}"], resources=["a/&{aws:username}"], not_resources=[Partial((ARN, "/&{x}"))])
    assert made["Action"] == "s3:&{x}"
    assert made["Resource"] == "a/${aws:username}"
    assert made["NotResource"] == Partial((ARN, "/${x}"))


# -- undecided parts


def test_an_unknown_part_hides_nothing_else() -> None:
    made = statement(
        actions=["s3:Get*", WHY],
        resources=[ARN, Partial((ARN, "/*"))],
        principals=[{"type": "*", "identifiers": ["*"]}],
        effect=WHY,
        condition=WHY,
    )
    assert made["Action"] == ["s3:Get*", WHY]
    assert made["Resource"] == [ARN, Partial((ARN, "/*"))]
    assert made["Principal"] == "*"
    assert made["Effect"] == WHY
    assert made["Condition"] == WHY


def test_one_unknown_element_that_may_be_several_stays_in_a_list() -> None:
    assert statement(actions=[WHY])["Action"] == WHY
    assert statement(actions=OpenList([WHY]))["Action"] == [WHY]


def test_unknown_statements_stand_beside_known_ones() -> None:
    made = document(statement=[{"sid": "a", "actions": ["*"]}, WHY])["Statement"]
    assert made == [{"Sid": "a", "Effect": "Allow", "Action": "*"}, WHY]
    assert document(statement=WHY)["Statement"] == [WHY]


def test_an_unknown_version() -> None:
    assert document(version=WHY)["Version"] == WHY
    assert document(version="2008-10-17")["Version"] == "2008-10-17"


# -- merging

SOURCE = json.dumps(
    {
        "Version": "2008-10-17",
        "Id": "source",
        "Statement": [
            {"Sid": "a", "Effect": "Allow", "Action": ["x"], "Principal": {"AWS": ["1", "2"]}, "Resource": "*"},
            {"Effect": "Deny", "Action": "y", "Principal": "*", "Condition": {"Bool": {"v": ["true"], "w": True}}},
        ],
    }
)


def test_sources_come_first_and_blocks_take_the_place_of_their_sids() -> None:
    made = document(source_policy_documents=[None, SOURCE], statement=[{"sid": "a", "actions": ["z"]}])
    assert made == {
        "Version": "2012-10-17",
        "Id": "source",
        "Statement": [
            {"Sid": "a", "Effect": "Allow", "Action": "z"},
            {"Effect": "Deny", "Action": "y", "Principal": "*", "Condition": {"Bool": {"v": "true", "w": "true"}}},
        ],
    }
    kept = document(source_policy_documents=[SOURCE])["Statement"][0]
    assert kept == {
        "Sid": "a",
        "Effect": "Allow",
        "Action": ["x"],
        "Resource": "*",
        "Principal": {"AWS": ["2", "1"]},
    }


def test_overrides_take_the_place_of_blocks() -> None:
    made = document(statement=[{"sid": "a"}, {"sid": "b"}], override_policy_documents=[SOURCE], policy_id="own")
    assert made["Id"] == "source"
    assert [item.get("Sid") for item in made["Statement"]] == ["a", "b", None]
    assert made["Statement"][0]["Action"] == ["x"]
    assert document(statement=[{"sid": "a"}], override_json=SOURCE)["Statement"][0]["Action"] == ["x"]
    assert document(statement=[{"sid": "a"}], source_json=SOURCE)["Statement"][0] == {"Sid": "a", "Effect": "Allow"}


def test_an_unknown_override_may_take_the_place_of_every_statement_with_a_sid() -> None:
    made = document(statement=[{"sid": "a", "actions": ["x"]}, {"actions": ["y"]}], override_policy_documents=[WHY])
    assert made["Statement"] == [WHY, {"Effect": "Allow", "Action": "y"}, WHY]
    made = document(statement=[{"sid": "a"}], override_policy_documents=WHY)
    assert made["Statement"] == [WHY, WHY]


def test_an_unknown_source_takes_the_place_of_nothing() -> None:
    made = document(statement=[{"sid": "a"}], source_policy_documents=[WHY])
    assert made["Statement"] == [WHY, {"Sid": "a", "Effect": "Allow"}]


def test_a_source_with_holes_keeps_what_is_known() -> None:
    source = join(['{"Statement": [{"Effect": "Allow", "Principal": "*", "Resource": "', ARN, '/*"}]}'])
    made = document(source_policy_documents=[source])
    assert made["Statement"] == [{"Effect": "Allow", "Resource": Partial((ARN, "/*")), "Principal": "*"}]


# -- what the provider refuses


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"statement": [{"sid": "a"}, {"sid": "a"}]}, "duplicate Sid"),
        ({"source_policy_documents": [SOURCE, SOURCE]}, "duplicate Sid"),
        ({"statement": [{"effect": "Maybe"}]}, "effect"),
        ({"source_policy_documents": ["{"]}, "invalid JSON"),
        ({"source_policy_documents": ["[]"]}, "not a JSON object"),
        ({"source_policy_documents": ['{"Statement": {}}']}, "must be a list"),
        ({"source_policy_documents": ['{"Statement": [{"Principal": 1}]}']}, "Principal"),
        ({"version": "2008-10-17", "statement": [{"resources": ["&{x}"]}]}, "not supported in document version"),
        ({"override_policy_documents": ["[" * 100_000]}, "deep"),
    ],
)
def test_what_the_provider_refuses_is_unknown(attributes: dict[str, Any], reason: str) -> None:
    assert reason in refused(**attributes)


def test_a_variable_of_which_only_a_part_is_known_keeps_its_values() -> None:
    issuer = Partial((Unknown("it is known after apply"), ":sub"))
    block = {
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "condition": [
            {"test": "StringEquals", "variable": issuer, "values": ["system:serviceaccount:n:a"]},
            {"test": "StringEquals", "variable": "aws:x", "values": ["1"]},
        ],
    }
    (found,) = document(statement=[block])["Statement"]
    conditions = found["Condition"]["StringEquals"]
    assert isinstance(conditions, OpenMap)
    assert dict(conditions.entries) == {issuer: "system:serviceaccount:n:a", "aws:x": "1"}
