"""Whom a binding grants a role, where, and whether that reaches into another tenant's namespaces.

The catalog names each function by its key in `GRANTS`. Source: kubernetes.io, "Using RBAC Authorization": a RoleBinding
grants inside of its own namespace, a ClusterRoleBinding in all of them and on what stands outside of any.
"""

from __future__ import annotations

from phiward.graph.access import USER_FACING, Access, Binding, Subject, binding_of
from phiward.graph.cluster import DEFAULT_ACCOUNT, namespace_of
from phiward.graph.computed.privileges import is_everything
from phiward.graph.reading import inner, items
from phiward.graph.tenancy import identify_tenant
from phiward.graph.truth import Truth, all_of, any_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided

_ANYBODY = {
    ("User", "system:anonymous"),
    ("Group", "system:unauthenticated"),
    ("Group", "system:authenticated"),
    ("Group", "system:serviceaccounts"),
}
_CLUSTER_WIDE = frozenset(
    {
        "apiservices",
        "certificatesigningrequests",
        "clusterrolebindings",
        "clusterroles",
        "componentstatuses",
        "csidrivers",
        "csinodes",
        "customresourcedefinitions",
        "flowschemas",
        "ingressclasses",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "namespaces",
        "nodes",
        "persistentvolumes",
        "priorityclasses",
        "prioritylevelconfigurations",
        "runtimeclasses",
        "selfsubjectaccessreviews",
        "selfsubjectreviews",
        "selfsubjectrulesreviews",
        "signers",
        "storageclasses",
        "subjectaccessreviews",
        "tokenreviews",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
        "volumeattachments",
    }
)
"""Kubernetes' own resources that stand in no namespace."""


def binding_subjects(view: View) -> Value | Derived:
    """Every subject: kind, name, namespace, whether it is anybody or a default account, its tenant, and `foreign`."""
    binding = binding_of(view)
    access = view.graph.cluster(view.resource.scope).access
    found = [each if isinstance(each, Unknown) else _subject(view, each, binding, access) for each in binding.subjects]
    places = [(view.resource, ("subjects", number)) for number in range(len(found))]
    return Derived(found, places=places)


def _subject(view: View, subject: Subject, binding: Binding, access: Access) -> Value:
    tenant = _tenant_of_subject(view, subject)
    return {
        "subject": str(subject),
        "kind": subject.kind,
        "name": subject.name,
        "namespace": subject.namespace,
        "anybody": (subject.kind, subject.name) in _ANYBODY,
        "default_account": subject.account is not None and subject.account[1] == DEFAULT_ACCOUNT,
        "masters": (subject.kind, subject.name) == ("Group", "system:masters"),
        "tenant": tenant,
        "foreign": False if tenant is None else _foreign(view, tenant, binding, access),
    }


def _tenant_of_subject(view: View, subject: Subject) -> str | Unknown | None:
    """The tenant of a service account: its own, where it is declared, else its namespace's."""
    cluster = view.graph.cluster(view.resource.scope)
    account = cluster.accounts.get(subject.account) if subject.account else None
    if account is not None:
        return account.tenancy.tenant
    return _tenant_of_namespace(view, subject.namespace) if subject.account or subject.whole_namespace else None


def _tenant_of_namespace(view: View, namespace: str) -> str | Unknown | None:
    around = view.graph.cluster(view.resource.scope).surroundings(namespace)
    return identify_tenant(view.resource.scope.project, "", None, {}, around).tenant


def _foreign(view: View, tenant: str | Unknown, binding: Binding, access: Access) -> Truth:
    """Whether a binding lets a tenant's account into a namespace that belongs to another tenant."""
    if view.resource.native_type.endswith("/ClusterRoleBinding"):
        reaches = _reaches_namespaces(binding, access)
        return all_of([reaches, tenant if isinstance(tenant, Unknown) else True])
    owner = _tenant_of_namespace(view, namespace_of(view))
    if owner is None or owner == tenant:
        return False
    return next((part for part in (owner, tenant) if isinstance(part, Unknown)), True)


def _reaches_namespaces(binding: Binding, access: Access) -> Truth:
    """Whether a role that is granted everywhere reaches what stands in namespaces."""
    role = access.roles.get(binding.role) if binding.role else None
    if role is None:
        built_in = binding.role is not None and binding.role[2] in USER_FACING
        return built_in or _undeclared(binding)
    return any_of(_namespaced(rule) for rule, _, _ in access.rules(role))


def _undeclared(binding: Binding) -> Unknown:
    kind, _, name = binding.role or ("role", "", "that it binds")
    return Unknown(f"the {kind} {name} is not declared in what was scanned", "scan the manifest that declares it too")


def _namespaced(rule: Value) -> Truth:
    if isinstance(rule, Unknown):
        return rule
    names = items(inner(rule, "resources"))
    return any_of(why(name) if undecided(name) else str(name).partition("/")[0] not in _CLUSTER_WIDE for name in names)


def binding_cluster_role(view: View) -> Value | Derived:
    """The name of the ClusterRole that is granted; absent where it is a Role of the namespace."""
    kind, name = view.get("roleRef.kind"), view.get("roleRef.name")
    if undecided(kind) or undecided(name):
        return why(kind if undecided(kind) else name)
    return Derived(name if kind == "ClusterRole" else None, paths=["roleRef.name"])


def binding_everything(view: View) -> Value | Derived:
    """Whether what is granted is everything there is: cluster-admin, or a role that says the same."""
    binding = binding_of(view)
    access = view.graph.cluster(view.resource.scope).access
    if binding.role is None:
        return Unknown("the role that it binds is not known")
    kind, _, name = binding.role
    role = access.roles.get(binding.role)
    if kind == "ClusterRole" and name == "cluster-admin":
        found: Truth = True
    elif role is not None:
        found = any_of(is_everything(rule) for rule, _, _ in access.rules(role))
    else:
        found = False if kind == "ClusterRole" and _of_every_cluster(name) else _undeclared(binding)
    return Derived(found, paths=["roleRef.name"])


def _of_every_cluster(name: str) -> bool:
    return name in USER_FACING or name.startswith("system:")


GRANTS: dict[str, ComputedProperty] = {
    "binding_cluster_role": binding_cluster_role,
    "binding_everything": binding_everything,
    "binding_subjects": binding_subjects,
}
