"""The IAM policies of whoever reads accounts, made of the very steps that read them: neither more nor stale.

What a store holds for its users is denied aloud, so that a wider policy beside this one does not give it away.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from phiward.errors import UsageError
from phiward.loaders.aws.data_reads import DATA_READS, SPARED
from phiward.loaders.aws.managed import Managed
from phiward.pack.collectors import Collectors
from phiward.record import dataclass

Document = dict[str, Any]
MANAGED_SIZE, INLINE_SIZE = 6_144, 10_240
"""Characters of a managed policy, and of all inline policies of a role together; IAM counts no white space."""
PREFLIGHT = "ec2:DescribeRegions"
"""`--region all` asks for it; `sts:GetCallerIdentity` needs no permission."""
_ACCOUNT = re.compile(r"[0-9]{12}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:root|(?:role|user)/[\w+=,.@/-]+)")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_ROLE_NAME = re.compile(r"[\w+=,.@/-]{1,512}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Needed:
    """Actions that are allowed on anything, and those that are allowed on some ARNs only."""

    actions: tuple[str, ...]
    restricted: dict[str, tuple[str, ...]]
    partition: str = "aws"


def needed(collectors: Collectors, partition: str, audit: Managed | None = None) -> Needed:
    """What the steps ask for; with `audit`, what SecurityAudit does not allow of it."""
    free = {PREFLIGHT}
    bound: dict[str, set[str]] = defaultdict(set)
    for _, step in collectors.steps():
        for action in step["actions"]:
            if step["arns"]:
                bound[action].update(step["arns"])
            else:
                free.add(action)
    if audit is not None:
        free = {action for action in free if not audit.covers(action, ())}
        for action, arns in bound.items():
            bound[action] = {arn for arn in arns if not audit.covers(action, (arn.format(partition="aws"),))}
    return Needed(
        tuple(sorted(free)),
        {
            action: tuple(sorted(arn.format(partition=partition) for arn in arns))
            for action, arns in sorted(bound.items())
            if arns and action not in free
        },
        partition,
    )


def policies(wanted: Needed, *, most: int = INLINE_SIZE) -> list[Document]:
    """One document; several of a managed policy's size where it is larger than `most`."""
    whole = _document([*_denials(wanted.partition), *_restricted(wanted), *_allowed(wanted.actions)])
    return [whole] if size(whole) <= most else list(_split(wanted))


def size(document: Document) -> int:
    """Characters as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def trust(principal: str, external_id: str, partition: str) -> Document:
    """Who may assume a role: an account, or an identity of one. Raises UsageError."""
    if _ACCOUNT.fullmatch(principal):
        principal = f"arn:{partition}:iam::{principal}:root"
    if not _PRINCIPAL.fullmatch(principal):
        raise UsageError(
            f"{principal!r} is neither an account nor the ARN of a role or user",
            hint="123456789012 or arn:aws:iam::123456789012:role/Name",
        )
    statement: Document = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if external_id:
        if not _EXTERNAL_ID.fullmatch(external_id):
            raise UsageError(f"{external_id!r} is no external id", hint="2 to 1,224 letters, digits and +=,.@:/-_")
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return _document([statement])


def organization(role: str, partition: str) -> Document:
    """What lists the accounts of an organization and assumes a role in each. Raises UsageError."""
    if not _ROLE_NAME.fullmatch(role):
        raise UsageError(f"{role!r} is not the name of a role")
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:{partition}:iam::*:role/{role}"}
    return _document([{"Effect": "Allow", "Action": "organizations:ListAccounts", "Resource": "*"}, assume])


def _document(statements: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}


def _denials(partition: str) -> Iterator[Document]:
    never = sorted(DATA_READS.keys() - SPARED.keys())
    yield {"Sid": "NeverStoredData", "Effect": "Deny", "Action": never, "Resource": "*"}
    for number, (action, arn) in enumerate(sorted(SPARED.items()), 1):
        spared = [arn.format(partition=partition)]
        yield {"Sid": f"NeverStoredData{number}", "Effect": "Deny", "Action": [action], "NotResource": spared}


def _restricted(wanted: Needed) -> Iterator[Document]:
    for number, (action, arns) in enumerate(wanted.restricted.items(), 1):
        yield {"Sid": f"Configuration{number}", "Effect": "Allow", "Action": action, "Resource": list(arns)}


def _allowed(actions: Iterable[str]) -> list[Document]:
    listed = list(actions)
    return [{"Sid": "Configuration", "Effect": "Allow", "Action": listed, "Resource": "*"}] if listed else []


def _split(wanted: Needed) -> Iterator[Document]:
    """Documents that managed policies can hold. The first denies: one denial holds for all that a role has."""
    head = [*_denials(wanted.partition), *_restricted(wanted)]
    actions: list[str] = []
    for action in wanted.actions:
        if size(_document([*head, *_allowed([*actions, action])])) > MANAGED_SIZE:
            yield _document([*head, *_allowed(actions)])
            head, actions = [], []
        actions.append(action)
    yield _document([*head, *_allowed(actions)])
