"""Who takes a cloud role from inside of a cluster, and what pods take that have none of their own.

The catalog names each function by its key in `WORKLOAD_IDENTITY`. Sources: EKS user guide, "IAM roles for service
accounts", "Learn how EKS Pod Identity grants pods access to AWS services", and its best practices guide, "Identity and
Access Management" (restricting access to the instance profile of a node: hop limit 1, host network).
"""

from __future__ import annotations

from phiward.graph.cluster import DEFAULT_ACCOUNT, Cluster, account_of, namespace_of
from phiward.graph.computed.reading import number
from phiward.graph.identities import ROLE_ANNOTATION, ROLES, Account, Identities, associated, role_arn
from phiward.graph.tenancy import Surroundings, identify_tenant
from phiward.graph.trusts import Trust
from phiward.graph.truth import Truth, any_of
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided

_NODE_GROUPS = ("aws_eks_node_group", "AWS::EKS::Nodegroup")
_AWS_NODES = (*_NODE_GROUPS, "aws_eks_cluster", "AWS::EKS::Cluster")


def trust_service_accounts(view: View) -> Value | Derived:
    """The statements that let service accounts take a role: statement, subjects, `exact` and `audience`."""
    found: list[Value] = []
    for trust in view.graph.identities.trust(view):
        if isinstance(trust, Unknown):
            found.append(trust)
            continue
        subjects = ", ".join(str(subject) for subject in trust.subjects) or "any service account"
        found.append(
            {"statement": trust.statement, "subjects": subjects, "exact": trust.exact, "audience": trust.audience}
        )
    return Derived(found, paths=["assume_role_policy"])


def _takers(view: View) -> tuple[set[Account], list[Unknown]]:
    """The service accounts that take a role by its trust policy or an association, and why others may."""
    identities = view.graph.identities
    found, doubts = _trusted(view)
    for trust in identities.trust(view):
        if isinstance(trust, Trust) and trust.exact is False:
            declared = {account for cluster in identities.clusters for account in cluster.accounts}
            found |= {account for account in declared if trust.matches(*account) is True}
            doubts += [Unknown(f"{trust.statement} of its trust policy names no single account")] * 2
    for account in identities.associated_with(view):
        if isinstance(account, Unknown):
            doubts.append(account)
        else:
            found.add(account)
    return found, doubts


def _trusted(view: View) -> tuple[set[Account], list[Unknown]]:
    """The service accounts that a trust policy names, and why it may name others."""
    found: set[Account] = set()
    doubts: list[Unknown] = []
    for trust in view.graph.identities.trust(view):
        if isinstance(trust, Unknown):
            doubts += [trust, trust]
        else:
            found.update(trust.accounts)
            doubts += trust.doubts
    return found, doubts


def trust_sharers(view: View) -> Value | Derived:
    """The tenants that share a role, where there are several; absent where it is of no tenant's accounts."""
    takers, doubts = _takers(view)
    tenants = [_tenant(view, taker) for taker in sorted(takers)]
    known = sorted({tenant for tenant in tenants if isinstance(tenant, str)})
    doubts += [tenant for tenant in tenants if isinstance(tenant, Unknown)]
    if len(known) > 1:
        found: Value = known
    elif doubts:
        found = [] if len(known) + len(doubts) == 1 else doubts[:1]
    else:
        found = [] if known else None
    return Derived(found, paths=["assume_role_policy"])


def _tenant(view: View, account: Account) -> str | Unknown | None:
    """Whose a service account is, by the clusters that declare it or its namespace, else by the namespace's name."""
    clusters = [c for c in view.graph.identities.clusters if account in c.accounts or account[0] in c.namespaces]
    if not clusters:
        where = Unknown(f"the namespace {account[0]} is not declared in what was scanned")
        return identify_tenant(view.resource.scope.project, "", None, {}, Surroundings(account[0], where)).tenant
    found = {_tenant_in(cluster, account) for cluster in clusters}
    if len(found) > 1:
        return Unknown(f"the clusters of the scan do not agree on whose {account[0]}/{account[1]} is")
    return found.pop()


def _tenant_in(cluster: Cluster, account: Account) -> str | Unknown | None:
    declared = cluster.accounts.get(account)
    if declared is not None:
        return declared.tenancy.tenant
    return identify_tenant(cluster.scope.project, "", None, {}, cluster.surroundings(account[0])).tenant


def trust_undeclared(view: View) -> Value | Derived:
    """The service accounts that a trust policy or association names and no manifest declares; absent without any."""
    identities = view.graph.identities
    if not identities.clusters:
        return None
    named: list[Account | Unknown] = [associated(view)]
    if view.resource.native_type in ROLES:
        accounts, doubts = _trusted(view)
        named = [*sorted(accounts), *doubts]
    if not named:
        return None
    found = [_missing(account, identities) for account in named]
    return Derived([each for each in found if each is not None], paths=["assume_role_policy", "service_account"])


def _missing(account: Account | Unknown, identities: Identities) -> Value:
    if isinstance(account, Unknown) or identities.declared(account):
        return account if isinstance(account, Unknown) else None
    name = f"{account[0]}/{account[1]}"
    if all(cluster.scope.complete and cluster.hole is None for cluster in identities.clusters):
        return name
    return Unknown(
        f"the ServiceAccount {name} is not declared in what was scanned",
        "scan the manifest that declares it, or list the cluster under complete_roots in phiward.yaml",
    )


def account_role_trust(view: View) -> Value | Derived:
    """How the role of a service account trusts it: `named`, `pattern` or `missing`; absent without a role."""
    arn = role_arn(view)
    if arn is None:
        return None
    paths = [f'metadata.annotations["{ROLE_ANNOTATION}"]']
    identities = view.graph.identities
    role = identities.role(arn, view)
    if role is None:
        role = Unknown(f"the role {arn} is not in what was scanned", "scan the Terraform that declares it too")
    if isinstance(role, Unknown):
        return Derived(role, paths=paths)
    trusts = identities.trust(role)
    account = namespace_of(view), str(view.name)
    by_pattern = any_of(_by_pattern(trust, account) for trust in trusts)
    named = any_of(trust if isinstance(trust, Unknown) else trust.names(*account) for trust in trusts)
    if by_pattern is True:
        found: Value = "pattern"
    elif isinstance(by_pattern, Unknown):
        found = by_pattern
    else:
        found = named if isinstance(named, Unknown) else "named" if named else "missing"
    return Derived(found, paths=paths)


def _by_pattern(trust: Trust | Unknown, account: Account) -> Truth:
    """Whether a statement lets an account in without naming accounts one by one."""
    if isinstance(trust, Unknown):
        return trust
    if trust.exact is True:
        return False
    matches = trust.matches(*account)
    return matches if matches is not True or trust.exact is False else trust.exact


def pod_cloud_identity(view: View) -> Value | Derived:
    """`own` where pods take a role of their own, `node` where they fall back to their node's, else `none`.

    Absent where nothing of the scan says that the cluster runs on AWS.
    """
    identities = view.graph.identities
    cluster = view.graph.cluster(view.resource.scope)
    if not identities.annotated(cluster) and not identities.of(*_AWS_NODES):
        return None
    name = account_of(view)
    if not isinstance(name, str):
        return name
    own = _own_role(cluster, identities, (namespace_of(view), name))
    if own is not False:
        return Derived("own" if own is True else own, paths=["@pod.spec.serviceAccountName"])
    on_host = view.property("pod.host_network")
    if on_host is True:
        return Derived("node", paths=["@pod.spec.hostNetwork"])
    reached = any_of([_reach_nodes(identities), on_host])
    return Derived(reached if isinstance(reached, Unknown) else "node" if reached else "none")


def _own_role(cluster: Cluster, identities: Identities, account: Account) -> Truth:
    """Whether a service account has a role, by its annotation or by an association of any cluster."""
    declared = cluster.accounts.get(account)
    arn = role_arn(declared) if declared is not None else None
    if isinstance(arn, Unknown):
        return arn
    if arn is not None or account in identities.associations:
        return True
    if identities.hidden_association is not None:
        return identities.hidden_association
    if declared is None and account[1] != DEFAULT_ACCOUNT:
        return Unknown(f"the ServiceAccount {account[0]}/{account[1]} is not declared in what was scanned")
    return cluster.hole or False


def _reach_nodes(identities: Identities) -> Truth:
    """Whether pods reach the metadata service of the nodes that the scan declares: of all of them or of none."""
    groups = identities.of(*_NODE_GROUPS)
    answers = [_reached(group) for group in groups]
    if not answers or len(set(map(str, answers))) > 1:
        return Unknown("on which nodes it runs, and whether pods reach their metadata service, is not known")
    return answers[0]


def _reached(group: View) -> Truth:
    """Whether the metadata service of a node group answers across the hop to a pod.

    The hop limit holds only the answers that carry a token: without a token, a request is answered all the same.
    """
    reference = group.get("launch_template.id") or group.get("launch_template.name")
    template = group.follow(reference) if isinstance(reference, Reference) else None
    if template is None:
        return Unknown("the launch template of the nodes is not in what was scanned")
    options = {name: template.get(f"metadata_options.{name}") for name in ("http_endpoint", "http_tokens")}
    hops = number(template.get("metadata_options.http_put_response_hop_limit"))
    if options["http_endpoint"] == "disabled":
        return False
    if options["http_tokens"] == "optional" or (isinstance(hops, int) and hops > 1):
        return True
    if options["http_tokens"] == "required" and hops == 1 and not undecided(options["http_endpoint"]):
        return False
    return Unknown("whether the nodes require tokens, with a hop limit of 1, is not known")


WORKLOAD_IDENTITY: dict[str, ComputedProperty] = {
    "account_role_trust": account_role_trust,
    "pod_cloud_identity": pod_cloud_identity,
    "trust_service_accounts": trust_service_accounts,
    "trust_sharers": trust_sharers,
    "trust_undeclared": trust_undeclared,
}
