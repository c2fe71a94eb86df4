"""Who reads an account should not be able to read what its stores hold, and is told where that is not so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.loaders.aws.answers import misshapen

from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.loader import remarks
from phiward.loaders.aws.managed import load_managed
from phiward.loaders.aws.policy import needed, policies
from phiward.loaders.aws.written import ACCOUNT, collect
from phiward.model.finding import Diagnostic, Level
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

COLLECTORS = load_collectors(pack_directory())
OURS = [{"PolicyName": "phiward", "PolicyDocument": policies(needed(COLLECTORS, "aws"))[0]}]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/audit/Reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/phiward"
USER = f"arn:aws:iam::{ACCOUNT}:user/people/jo"


def attached(*names: str) -> list[dict[str, str]]:
    return [{"PolicyName": name, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"} for name in names]


def inline(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]


def inventory(details: dict[str, Any], caller: str) -> Inventory:
    found = collect({"iam": {"get_account_authorization_details": details}}, COLLECTORS)
    found.callers[ACCOUNT] = caller
    return found


def role(**spec: Any) -> dict[str, Any]:
    base = {"RoleName": "Reader", "Path": "/audit/", "Arn": ROLE, "RolePolicyList": [], "AttachedManagedPolicies": []}
    return {"RoleDetailList": [{**base, **spec}]}


def said(details: dict[str, Any], caller: str = SESSION) -> list[Diagnostic]:
    return [one for one in remarks(inventory(details, caller)) if one.code == "identity-reads-phi"]


@pytest.mark.parametrize("name", ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"])
def test_policies_that_read_everything_are_named(name: str) -> None:
    (one,) = said(role(AttachedManagedPolicies=attached("SecurityAudit", name)))
    assert one.level is Level.WARNING
    assert not one.incomplete
    assert one.message.startswith(f"{ROLE}, which read the account, could read PHI: {name}")
    assert "phiward aws policy" in one.hint


def test_our_policy_lets_nobody_read_what_is_stored() -> None:
    assert said(role(RolePolicyList=OURS)) == []


def test_our_denial_holds_beside_any_other_policy() -> None:
    assert said(role(RolePolicyList=OURS, AttachedManagedPolicies=attached("ReadOnlyAccess"))) == []


def test_the_supplement_closes_what_security_audit_opens() -> None:
    (one,) = said(role(AttachedManagedPolicies=attached("SecurityAudit")))
    assert "SecurityAudit allows bedrock:GetKnowledgeBaseDocuments, cognito-idp:ListUsers" in one.message
    supplement = policies(needed(COLLECTORS, "aws", load_managed(pack_directory())))[0]
    beside = [{"PolicyName": "supplement", "PolicyDocument": supplement}]
    assert said(role(RolePolicyList=beside, AttachedManagedPolicies=attached("SecurityAudit"))) == []


ALLOW = {"Effect": "Allow", "Action": ["S3:Get*"], "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "reads"),
    [
        ([ALLOW], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{**ALLOW, "Action": "s3:GetBucket*"}], False),
        ([ALLOW, {"Effect": "Deny", "Action": "s3:GetObject*", "Resource": "*"}], False),
        ([ALLOW, {"Effect": "Deny", "NotAction": "s3:GetBucketPolicy", "Resource": ["*"]}], False),
        ([ALLOW, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::phi/*"}], True),
        (
            [
                ALLOW,
                {
                    "Effect": "Deny",
                    "Action": "s3:*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
            True,
        ),
    ],
)
def test_statements(statements: list[dict[str, Any]], reads: bool) -> None:
    found = said(role(RolePolicyList=inline(*statements)))
    assert bool(found) is reads
    assert all("own allows" in one.message for one in found)


def test_a_user_has_what_its_groups_have() -> None:
    details = {
        "UserDetailList": [{"UserName": "jo", "Path": "/people/", "Arn": USER, "GroupList": ["clinicians"]}],
        "GroupDetailList": [
            {
                "GroupName": name,
                "Path": "/",
                "Arn": f"arn:aws:iam::{ACCOUNT}:group/{name}",
                "AttachedManagedPolicies": attached(policy),
            }
            for name, policy in (("clinicians", "AmazonS3ReadOnlyAccess"), ("billing", "AdministratorAccess"))
        ],
    }
    (one,) = said(details, USER)
    assert one.message == f"{USER}, which read the account, could read PHI: AmazonS3ReadOnlyAccess allows s3:GetObject"


CUSTOM = f"arn:aws:iam::{ACCOUNT}:policy/reads"


def custom(*statements: dict[str, Any]) -> dict[str, Any]:
    versions = [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": {"Version": "2012-10-17", "Statement": []}},
        {
            "VersionId": "v2",
            "IsDefaultVersion": True,
            "Document": {"Version": "2012-10-17", "Statement": list(statements)},
        },
    ]
    return {"Policies": [{"PolicyName": "reads", "Path": "/", "Arn": CUSTOM, "PolicyVersionList": versions}]}


def test_a_policy_of_ones_own_is_looked_up() -> None:
    holds = role(AttachedManagedPolicies=[{"PolicyName": "reads", "PolicyArn": CUSTOM}])
    (one,) = said({**holds, **custom(ALLOW)})
    assert "reads allows s3:GetObject" in one.message
    (one,) = said(holds)
    assert one.level is Level.NOTE
    assert f"the policy {CUSTOM} was not read" in one.message


def test_a_boundary_limits_what_policies_allow() -> None:
    bounded = role(
        AttachedManagedPolicies=attached("AdministratorAccess"),
        PermissionsBoundary={"PermissionsBoundaryArn": CUSTOM, "PermissionsBoundaryType": "Policy"},
    )
    assert said({**bounded, **custom({"Effect": "Allow", "Action": "s3:GetBucket*", "Resource": "*"})}) == []
    (one,) = said({**bounded, **custom(ALLOW)})
    assert one.message.endswith("AdministratorAccess allows s3:GetObject")


def test_the_root_user_reads_everything() -> None:
    (one,) = said({}, f"arn:aws:iam::{ACCOUNT}:root")
    assert one.level is Level.WARNING


@pytest.mark.parametrize(
    ("details", "caller", "reason"),
    [
        ({"error": "AccessDenied", "http": 403}, SESSION, "iam:GetAccountAuthorizationDetails was denied"),
        (role(RoleName="Other"), SESSION, "IAM does not list it"),
        (role(), f"arn:aws:sts::{ACCOUNT}:federated-user/jo", "it is neither a role nor a user"),
    ],
)
def test_what_is_not_known_is_said(details: dict[str, Any], caller: str, reason: str) -> None:
    (one,) = said(details, caller)
    assert one.level is Level.NOTE
    assert not one.incomplete
    assert one.message.startswith(f"whether {caller} could read PHI is not known: {reason}")


def test_nothing_is_said_where_iam_was_not_asked_for() -> None:
    found = collect({}, COLLECTORS.of(("s3",)))
    found.callers[ACCOUNT] = SESSION
    assert remarks(found) == []


def test_what_is_written_here_is_what_iam_answers() -> None:
    """But for the documents: the service puts them into text, and the SDK takes them out again."""
    details = {**role(RolePolicyList=[], PermissionsBoundary={"PermissionsBoundaryArn": CUSTOM}), **custom(ALLOW)}
    for version in details["Policies"][0]["PolicyVersionList"]:
        version["Document"] = json.dumps(version["Document"])
    assert misshapen({"iam": {"get_account_authorization_details": details}}) == []
