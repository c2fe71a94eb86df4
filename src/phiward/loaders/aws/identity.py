"""Whether the identity that read an account could read what its stores hold, by its own policies in that account.

What limits it from outside, a policy of the organization or of its session, is not seen: `could` is all that is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from phiward.graph.policy import Statement, glob_covers, statements
from phiward.loaders.aws.data_reads import DATA_READS, is_spared
from phiward.loaders.aws.inventory import Found, Inventory
from phiward.loaders.aws.managed import Managed
from phiward.loaders.aws.mapping import ARN, LINK
from phiward.model.finding import Diagnostic, Level
from phiward.model.value import Unknown, Value
from phiward.record import dataclass

CODE = "identity-reads-phi"
_ASSUMED = re.compile(r"arn:[^:]+:sts::[0-9]{12}:assumed-role/([^/]+)/.*")
_USER = re.compile(r"arn:[^:]+:iam::[0-9]{12}:user/(?:.*/)?([^/]+)")
_AWS_POLICY = re.compile(r"arn:[^:]+:iam::aws:policy/(?:.*/)?([^/]+)")
_INLINE = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
_ATTACHED = {f"{type_}_attachment": by for type_, by in _INLINE.items()}
_KINDS = ("aws_iam_role", "data.aws_iam_role", "aws_iam_user", "aws_iam_group")
_HINT = "read with a role of its own that has the policy which `phiward aws policy` prints: it denies stored data"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Policy:
    """What a policy says: its statements, or of one of AWS's own the reading actions that it allows."""

    name: str
    said: tuple[Statement, ...] = ()
    reads: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        return any(read in (action, "*") for read in self.reads) or any(
            statement.effect == "Allow"
            and _covers(statement, action)
            and not is_spared(action, statement.resources or ())
            for statement in self.said
        )

    def denies(self, action: str) -> bool:
        """Whether it denies an action outright, on everything that is stored and whatever the circumstances."""
        return any(
            statement.effect == "Deny"
            and ("*" in (statement.resources or ()) or is_spared(action, statement.not_resources or ()))
            and not statement.conditions
            and _covers(statement, action)
            for statement in self.said
        )


def remarks(inventory: Inventory, managed: Managed) -> list[Diagnostic]:
    """One for each account whose reader could read stored data, or of whom that is not known."""
    found = (_remark(account, arn, inventory, managed) for account, arn in sorted(inventory.callers.items()))
    return [remark for remark in found if remark is not None]


def _remark(account: str, arn: str, inventory: Inventory, managed: Managed) -> Diagnostic | None:
    if arn.endswith(":root"):
        return _said(Level.WARNING, account, f"the root user of the account read it, and could read PHI: {arn}", _HINT)
    if not any(place.account == account and _KINDS[0] in types for (place, _), types in inventory.begun.items()):
        return None
    identity = _Identity(account, inventory, managed)
    try:
        name, read = identity.reads(arn)
    except _NotKnownError as reason:
        return _said(Level.NOTE, account, f"whether {arn} could read PHI is not known: {reason}", "")
    if not read:
        return None
    more = f" and {len(read) - _SHOWN} more" if len(read) > _SHOWN else ""
    by = sorted(set(read.values()))
    listed = ", ".join(list(read)[:_SHOWN])
    message = f"{name}, which read the account, could read PHI: {', '.join(by)} allows {listed}{more}"
    return _said(Level.WARNING, account, message, _HINT)


def _said(level: Level, account: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(level, CODE, message, f"aws://{account}", hint=hint)


class _NotKnownError(Exception):
    """Why what an identity may do is not known."""


class _Identity:
    """The users, groups, roles and policies of an account."""

    def __init__(self, account: str, inventory: Inventory, managed: Managed) -> None:
        self._managed = managed
        self._by_type: dict[str, list[Found]] = defaultdict(list)
        for found in inventory.found.values():
            if found.place.account == account and "aws_iam_" in found.type:
                self._by_type[found.type].append(found)

    def reads(self, arn: str) -> tuple[str, dict[str, str]]:
        """Its name, and which policy allows each action that reads stored data. Raises _NotKnownError."""
        found = self._caller(arn)
        owners = {found.address, *self._groups(found)}
        policies = list(self._policies(owners))
        boundary = found.attributes.get("permissions_boundary")
        limits = [] if boundary is None else [self._policy(boundary)]
        read: dict[str, str] = {}
        for action in DATA_READS.values():
            by = next((policy.name for policy in policies if policy.allows(action)), None)
            limited = any(policy.denies(action) for policy in (*policies, *limits))
            if by is not None and not limited and all(limit.allows(action) for limit in limits):
                read[action] = by
        return found.address, read

    def _caller(self, arn: str) -> Found:
        role, user = _ASSUMED.fullmatch(arn), _USER.fullmatch(arn)
        kinds = ("aws_iam_role", "data.aws_iam_role") if role is not None else ("aws_iam_user",)
        match = role or user
        if match is None:
            raise _NotKnownError("it is neither a role nor a user")
        for kind in kinds:
            for found in self._by_type[kind]:
                if found.attributes.get("name") == match[1] and found.unread is None:
                    return found
        raise _NotKnownError(self._unread(kinds) or "IAM does not list it")

    def _groups(self, found: Found) -> set[str]:
        """The addresses of the groups that a user is in."""
        if found.type != "aws_iam_user":
            return set()
        self._complete("aws_iam_user_group_membership")
        names = {
            str(group.get(LINK))
            for membership in self._by_type["aws_iam_user_group_membership"]
            if _owned(membership, "user", {found.address})
            for group in membership.attributes.get("groups") or ()
        }
        return {group.address for group in self._by_type["aws_iam_group"] if group.attributes.get("name") in names}

    def _policies(self, owners: set[str]) -> Iterator[_Policy]:
        for type_, by in _INLINE.items():
            self._complete(type_)
            for found in self._by_type[type_]:
                if _owned(found, by, owners):
                    yield _read(str(found.attributes.get("name")), found.attributes.get("policy"))
        for type_, by in _ATTACHED.items():
            self._complete(type_)
            for found in self._by_type[type_]:
                if _owned(found, by, owners):
                    yield self._policy(found.attributes.get("policy_arn"))

    def _policy(self, arn: Value) -> _Policy:
        """A policy that stands by itself, by its ARN."""
        of_aws = _AWS_POLICY.fullmatch(str(arn))
        if of_aws is not None:
            return _Policy(of_aws[1], reads=self._managed.reads_data.get(of_aws[1], ()))
        for found in self._by_type["aws_iam_policy"]:
            if found.address == arn and found.unread is None:
                return _read(str(arn).rpartition("/")[2], found.attributes.get("policy"))
        raise _NotKnownError(self._unread(("aws_iam_policy",)) or f"the policy {arn} was not read")

    def _complete(self, type_: str) -> None:
        reason = self._unread((type_,))
        if reason:
            raise _NotKnownError(reason)

    def _unread(self, types: tuple[str, ...]) -> str:
        """Why not all of some types are known."""
        for type_ in types:
            for found in self._by_type[type_]:
                if found.unread is not None:
                    return found.unread.reason
        return ""


def _owned(found: Found, by: str, owners: set[str]) -> bool:
    owner: Any = found.attributes.get(by)
    return isinstance(owner, dict) and owner.get(ARN) in owners


def _read(name: str, document: Value) -> _Policy:
    said = statements(document)
    undecided = next((statement for statement in said if isinstance(statement, Unknown)), None)
    if undecided is not None:
        raise _NotKnownError(f"{name} could not be read: {undecided.reason}")
    return _Policy(name, tuple(statement for statement in said if isinstance(statement, Statement)))


def _covers(statement: Statement, action: str) -> bool:
    def among(patterns: tuple[Value, ...]) -> bool:
        return any(glob_covers(str(pattern).lower(), action.lower()) for pattern in patterns)

    if statement.actions is not None:
        return among(statement.actions)
    return statement.not_actions is not None and not among(statement.not_actions)
