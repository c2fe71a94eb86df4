"""The roles that SAM makes for functions and state machines.

Source: SAM developer guide, "AWS::Serverless::Function", Policies and Role; "CloudFormation resources generated when
AWS::Serverless::Function is specified".
"""

from __future__ import annotations

from typing import Any

from phiward.loaders.cloudformation.sam.made import Made, Node, Serverless, is_function, tags
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown


def managed(name: str) -> Node:
    """The ARN of a policy that AWS manages, by its name; an ARN as it is."""
    if name.startswith("arn:"):
        return name
    path = f"service-role/{name}" if name.startswith("AWSLambda") and name.endswith("Role") else name
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{path}"}


def trust(service: str) -> Node:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [service]}}],
    }


def role(owner: Serverless, trusted: Node, arns: list[Node], documents: list[Node], *, by: str) -> Made:
    """A role with the policies that its owner names, and those that it needs besides."""
    arns, documents = list(arns), list(documents)
    written = owner.get("Policies")
    at = owner.places.get("Policies", ())
    places: dict[Any, AttributePath] = {"Policies": at, "ManagedPolicyArns": at}
    places |= {("ManagedPolicyArns", number): at for number in range(len(arns))}
    places |= {("Policies", number): at for number in range(len(documents))}
    for index, policy in enumerate(_policies(written)):
        attached, document = _read(policy, f"{owner.name}RolePolicy{index}")
        place = (*at, index) if isinstance(written, list) else at
        if attached is not None and attached not in arns:
            places["ManagedPolicyArns", len(arns)] = place
            arns.append(attached)
        if document is not None:
            places["Policies", len(documents)] = place
            documents.append(document)
    return owner.made(
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trusted,
            "ManagedPolicyArns": arns,
            "Policies": documents or None,
            "Path": owner.get("RolePath"),
            "PermissionsBoundary": owner.get("PermissionsBoundary"),
            "Tags": tags(owner.get("Tags"), by=by),
        },
        places,
    )


def _policies(written: Node) -> list[Node]:
    if written is None:
        return []
    return written if isinstance(written, list) else [written]


def _read(policy: Node, name: str) -> tuple[Node | None, Node | None]:
    """A policy as the ARN of one that is attached, or as one that stands in the role."""
    if isinstance(policy, str):
        return managed(policy), None
    if isinstance(policy, dict) and "Statement" in policy:
        return None, {"PolicyName": name, "PolicyDocument": policy}
    if is_function(policy) and not _branches_hold_documents(policy):
        return policy, None
    what = next(iter(policy), "") if isinstance(policy, dict) else ""
    why = Unknown(f"what SAM's policy {what} allows is not worked out", "write the policy as a statement")
    return None, {"PolicyName": name, "PolicyDocument": why}


def _branches_hold_documents(policy: Any) -> bool:
    """Whether a policy is one of two, of which one is no ARN."""
    branches = policy.get("Fn::If") if isinstance(policy, dict) else None
    return isinstance(branches, list) and any(isinstance(b, dict) and not is_function(b) for b in branches)
