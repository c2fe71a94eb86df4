"""Which IAM roles the pods of a scan's clusters take, joined across sources.

A manifest names a role by its ARN, and Terraform declares roles by name: they are the same where the name is, where
only one role of the scan has it and where nothing tells of another account. Which cluster's issuer a trust policy
means, manifests do not say, so that an account may be declared by any of the clusters that were scanned.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import annotations_of
from phiward.graph.computed.policies import policy_statements
from phiward.graph.policy import HOLE, REFERENCE, Read, Statement, sketch
from phiward.graph.trusts import Trust, trusts
from phiward.graph.truth import why
from phiward.model.value import Partial, Reference, Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.resource_graph import ResourceGraph
    from phiward.graph.view import View

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
ROLES = ("aws_iam_role", "AWS::IAM::Role")
ASSOCIATIONS = ("aws_eks_pod_identity_association", "AWS::EKS::PodIdentityAssociation")
_ARN = re.compile(r"^arn:[^:]*:iam::([^:]*):role/(?:.*/)?([^/]+)$", re.DOTALL)
_ACCOUNT = re.compile(r":iam::(\d{12}):")
_LOGICAL_ID_LETTERS = 24
"""How many of a logical id CloudFormation takes into the name that it makes: stack, logical id, random letters."""
Account = tuple[str, str]
"""The namespace and the name of a service account."""


class Identities:
    """Roles, service accounts and what ties them together, over all scopes of a scan."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._trusts: dict[int, list[Trust | Unknown]] = {}
        self._annotated: dict[int, bool] = {}

    @cached_property
    def _by_native(self) -> dict[str, list[View]]:
        found: dict[str, list[View]] = defaultdict(list)
        for view in self._graph.views:
            found[view.resource.native_type].append(view)
        return found

    def of(self, *native_types: str) -> list[View]:
        """The resources of some types in all scopes."""
        return [view for native in native_types for view in self._by_native.get(native, ())]

    @cached_property
    def clusters(self) -> list[Cluster]:
        """The clusters that are part of the scan."""
        scopes = {
            id(v.resource.scope): v.resource.scope for v in self._graph.views if v.resource.scope.kind == "cluster"
        }
        return [self._graph.cluster(scope) for scope in scopes.values()]

    # -- roles

    @cached_property
    def _roles_by_name(self) -> dict[str, list[View]]:
        found: dict[str, list[View]] = defaultdict(list)
        for view in self.of(*ROLES):
            name = _name(view)
            if isinstance(name, str):
                found[name].append(view)
        return found

    @cached_property
    def _nameless(self) -> list[View]:
        return [v for v in self.of(*ROLES) if not isinstance(_name(v), str)]

    def role(self, arn: Value, asked_by: View) -> View | Unknown | None:
        """The role that a resource names by its ARN or refers to; None where it is none of those that were scanned.

        Unknown where it cannot be told from another.
        """
        if isinstance(arn, Reference):
            found = asked_by.follow(arn)
            return found if found is not None and found.resource.native_type in ROLES else why(arn)
        match = _ARN.match(sketch(arn)) if isinstance(arn, (str, Partial)) else None
        if match is None or HOLE in match[2]:
            return why(arn) if undecided(arn) else Unknown(f"{arn} is not the ARN of a role")
        account, name = match.groups()
        alike = [view for view in self._roles_by_name.get(name, []) if _may_be_of(view, account)]
        if len(alike) > 1:
            both = " and ".join(view.resource.address for view in alike[:2])
            return Unknown(f"{both} are both named {name}, and which one is meant is not known")
        hidden = (view for view in self._nameless if _may_be_named(view, name) and _may_be_of(view, account))
        other = next((view for view in hidden if not (alike and _beside(view, alike[0]))), None)
        if other is not None:
            return Unknown(f"the name of {other.resource.address}, which may be {name}, is not known")
        return alike[0] if alike else None

    def trust(self, role: View) -> list[Trust | Unknown]:
        """The statements of a role's trust policy that let in service accounts."""
        found = self._trusts.get(id(role))
        if found is None:
            found = self._trusts[id(role)] = trusts(trust_policy(role), role)
        return found

    # -- who takes them

    @cached_property
    def associations(self) -> dict[Account, list[View]]:
        """EKS Pod Identity associations by service account."""
        found: dict[Account, list[View]] = defaultdict(list)
        for view in self.of(*ASSOCIATIONS):
            named = associated(view)
            if not isinstance(named, Unknown):
                found[named].append(view)
        return found

    @cached_property
    def hidden_association(self) -> Unknown | None:
        """Why an association may be for any service account."""
        return next((named for named in map(associated, self.of(*ASSOCIATIONS)) if isinstance(named, Unknown)), None)

    @cached_property
    def _associated_roles(self) -> list[tuple[Account | Unknown, View | Unknown | None]]:
        """The service account and the role of each association."""
        return [(associated(view), self.role(view.get("role_arn"), view)) for view in self.of(*ASSOCIATIONS)]

    def associated_with(self, role: View) -> list[Account | Unknown]:
        """The service accounts that associations give a role, or may give it."""
        found: list[Account | Unknown] = []
        for account, given in self._associated_roles:
            if given is role:
                found.append(account)
            elif isinstance(given, Unknown):
                found.append(given)
        return found

    def annotated(self, cluster: Cluster) -> bool:
        """Whether any service account of a cluster says, or may say, which role it takes."""
        found = self._annotated.get(id(cluster))
        if found is None:
            accounts = cluster.accounts.values()
            found = self._annotated[id(cluster)] = any(role_arn(account) is not None for account in accounts)
        return found

    def declared(self, account: Account) -> bool:
        """Whether a manifest of any cluster declares a service account."""
        return any(account in cluster.accounts or account[1] == "default" for cluster in self.clusters)


def trust_policy(role: View) -> Read:
    """A role's trust policy."""
    return policy_statements(role, "assume_role_policy")


def role_arn(account: View) -> Value:
    """The role that a service account is annotated with; None where it is with none."""
    annotations = annotations_of(account)
    return annotations if isinstance(annotations, Unknown) else annotations.get(ROLE_ANNOTATION)


def associated(view: View) -> Account | Unknown:
    """The service account of a Pod Identity association."""
    namespace, name = view.get("namespace"), view.get("service_account")
    for part in (namespace, name):
        if not isinstance(part, str):
            return why(part) if undecided(part) else Unknown("the association names no service account")
    return str(namespace), str(name)


def _beside(one: View, other: View) -> bool:
    """Whether two roles stand in one account for certain, where no two have the same name."""
    return one.resource.scope is other.resource.scope and one.resource.provider == other.resource.provider


def _may_be_named(role: View, name: str) -> bool:
    """Whether a role of which the name, or its end, is made when it is applied may turn out to have a name."""
    written = _name(role)
    if written is None and role.resource.source == "cloudformation":
        return f"-{role.resource.address.rpartition('.')[2][:_LOGICAL_ID_LETTERS]}" in name
    start = role.resource.attributes.get("name_prefix") if written is None else written
    if isinstance(start, Partial):
        start = start.parts[0]
    return undecided(start) or (isinstance(start, str) and start != "" and name.startswith(start))


def _name(role: View) -> Value:
    """The name that a role writes whole: not a prefix."""
    return role.resource.attributes.get("RoleName" if role.resource.source == "cloudformation" else "name")


def _may_be_of(role: View, account: str) -> bool:
    """Whether nothing shows that a role stands in another account than an ARN says."""
    arn = role.resource.attributes.get("arn")
    own = _ACCOUNT.search(arn) if isinstance(arn, str) else None
    issuers = [
        match
        for entry in trust_policy(role)
        if isinstance(entry, Statement)
        for provider in (entry.principals or {}).get("Federated", [])
        if (match := _ACCOUNT.search(sketch(provider))) is not None
    ]
    known = own or (issuers[0] if issuers else None)
    return known is None or HOLE in account or REFERENCE in account or known[1] == account
