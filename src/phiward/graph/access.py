"""Who is granted what in a cluster: roles, bindings and their subjects.

Source: kubernetes.io, "Using RBAC Authorization": what a binding may refer to, names of service accounts as users and
groups, aggregated ClusterRoles (whose own rules the control plane overwrites) and the roles that every cluster has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import Cluster, labels_of, namespace_of, selects
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, any_of, why
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

if TYPE_CHECKING:
    from phiward.graph.view import View

GROUP = "rbac.authorization.k8s.io"
USER_FACING = ("cluster-admin", "admin", "edit", "view")
"""The roles that every cluster has for people."""
_ACCOUNT_USER, _ACCOUNT_GROUP = "system:serviceaccount:", "system:serviceaccounts"
_AGGREGATE = f"{GROUP}/aggregate-to-"
_SHOWN = 3
_EDIT: list[Value] = [
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods/exec", "pods/attach", "pods/portforward"], "verbs": ["create", "get"]},
    {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]},
    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": ["", "apps", "batch"], "resources": ["pods", "deployments", "jobs"], "verbs": ["create"]},
]
"""What matters of the role `edit`, which every cluster has; `admin` gathers it."""

RoleKey = tuple[str, str, str]
"""Kind, namespace (empty for a ClusterRole) and name."""
PlacedRule = tuple[Value, Resource, AttributePath]


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody to whom rights are granted. `account` is the namespace and name where it is one service account."""

    kind: str
    name: str
    namespace: str
    account: tuple[str, str] | None
    whole_namespace: str = ""
    """The namespace of which it is every service account."""

    def __str__(self) -> str:
        if self.account:
            return f"ServiceAccount {self.account[0]}/{self.account[1]}"
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Binding:
    """`role` is None where it is not known which one is bound."""

    view: View
    role: RoleKey | None
    subjects: list[Subject | Unknown]


class Access:
    """The roles and bindings of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @cached_property
    def bindings(self) -> list[Binding]:
        """Every RoleBinding and ClusterRoleBinding."""
        natives = (f"{GROUP}/RoleBinding", f"{GROUP}/ClusterRoleBinding")
        return [binding_of(view) for native in natives for view in self._cluster.of(native)]

    @cached_property
    def _by_role(self) -> dict[RoleKey, list[Binding]]:
        found: dict[RoleKey, list[Binding]] = defaultdict(list)
        for binding in self.bindings:
            if binding.role is not None:
                found[binding.role].append(binding)
        return found

    @cached_property
    def _by_account(self) -> dict[tuple[str, str], list[Binding]]:
        found: dict[tuple[str, str], list[Binding]] = defaultdict(list)
        for binding in self.bindings:
            for subject in binding.subjects:
                if isinstance(subject, Subject) and subject.account:
                    found[subject.account].append(binding)
        return found

    @cached_property
    def hidden_subject(self) -> Unknown | None:
        """Why a binding may be somebody's whom it does not name."""
        subjects = (subject for binding in self.bindings for subject in binding.subjects)
        return next((subject for subject in subjects if isinstance(subject, Unknown)), None)

    @cached_property
    def hidden_role(self) -> Unknown | None:
        """Why a binding may be of any role."""
        hidden = next((binding for binding in self.bindings if binding.role is None), None)
        return Unknown(f"which role {hidden.view.resource.address} binds is not known") if hidden else None

    def of_account(self, namespace: str, name: str) -> list[Binding]:
        """The bindings that name a service account."""
        return self._by_account.get((namespace, name), [])

    @cached_property
    def roles(self) -> dict[RoleKey, View]:
        """The roles that are declared."""
        natives = (f"{GROUP}/Role", f"{GROUP}/ClusterRole")
        return {role_key(view): view for native in natives for view in self._cluster.of(native)}

    @cached_property
    def _aggregating(self) -> list[View]:
        return [view for key, view in self.roles.items() if key[0] == "ClusterRole" and aggregates(view)]

    def rules(self, role: View) -> list[PlacedRule]:
        """What a role allows, with where each rule stands: its own rules, or those of the roles that it gathers."""
        if not aggregates(role):
            return own_rules(role)
        at = role.resource, ("aggregationRule",)
        gathered: list[PlacedRule] = [(rule, *at) for rule in _EDIT] if self._gathers_edit(role) else []
        for member in self.roles.values():
            taken = self._gathers(role, member)
            if isinstance(taken, Unknown):
                gathered.append((taken, *at))
            elif taken:
                gathered += own_rules(member)
        if gathered:
            return gathered
        missing = Unknown("the roles that it gathers are not declared in what was scanned")
        return [(self._cluster.hole or missing, *at)]

    @staticmethod
    def _gathers_edit(role: View) -> bool:
        labels = [{f"{_AGGREGATE}{name}": "true"} for name in ("admin", "edit")]
        selectors = items(role.get("aggregationRule.clusterRoleSelectors"))
        return any(selects(selector, each) is True for selector in selectors for each in labels)

    def _gathers(self, role: View, member: View) -> bool | Unknown:
        if member is role or role_key(member)[0] != "ClusterRole":
            return False
        selectors = items(role.get("aggregationRule.clusterRoleSelectors"))
        return any_of(selects(selector, labels_of(member)) for selector in selectors)

    def holders(self, role: View) -> list[str]:
        """Who holds a role, in words: by its bindings, and by those of the roles that gather it."""
        found = [text for binding in self._by_role.get(role_key(role), ()) for text in self._subjects(binding)]
        found += [f"whoever holds the role {name}" for name in _added_to(role)]
        for other in self._aggregating:
            if self._gathers(other, role) is True:
                found += [
                    text for binding in self._by_role.get(role_key(other), ()) for text in self._subjects(binding)
                ]
        return list(dict.fromkeys(found))

    def hidden_holder(self, role: View) -> Truth:
        """Why somebody may hold a role whom `holders` does not name; False where nobody can."""
        labels = labels_of(role)
        added = [labels] if isinstance(labels, Unknown) else [labels.get(f"{_AGGREGATE}{name}") for name in USER_FACING]
        doubts = [*map(_doubt, (role.name, *added)), self.hidden_role]
        doubts += [_doubt(self._gathers(other, role)) for other in self._aggregating]
        doubts += [_other_namespace(binding, role) for binding in self.bindings]
        return next((doubt for doubt in doubts if doubt is not None), False)

    def _subjects(self, binding: Binding) -> Iterator[str]:
        for subject in binding.subjects:
            users = (
                self._cluster.account_users.get(subject.account or ("", "")) if isinstance(subject, Subject) else None
            )
            known = "somebody who is not known" if isinstance(subject, Unknown) else str(subject)
            yield f"{known} (of {users[0].resource.address})" if users else known


def in_words(holders: list[str]) -> str:
    """Some holders and the number of the others."""
    more = len(holders) - _SHOWN
    return ", ".join(holders[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def role_key(view: View) -> RoleKey:
    """How bindings name a role."""
    kind = view.resource.native_type.rpartition("/")[2]
    return kind, namespace_of(view) if kind == "Role" else "", str(view.name)


def aggregates(view: View) -> bool:
    """Whether the control plane fills in the rules of a role from others."""
    return view.get("aggregationRule") is not None


def _added_to(role: View) -> list[str]:
    """The roles of every cluster that gather a role."""
    labels = labels_of(role)
    if isinstance(labels, Unknown):
        return []
    return [name for name in USER_FACING if str(labels.get(f"{_AGGREGATE}{name}")).lower() == "true"]


def _doubt(value: Value) -> Unknown | None:
    return why(value) if undecided(value) else None


def _other_namespace(binding: Binding, role: View) -> Unknown | None:
    """Why a binding of a Role of the same name may be of this one: a namespace that is filled in by what applies it."""
    kind, _, name = role_key(role)
    if kind != "Role" or binding.role is None or binding.role[::2] != (kind, name):
        return None
    places = [view.get("metadata.namespace") for view in (binding.view, role)]
    if None in places:
        return Unknown(f"in which namespace {binding.view.resource.address} binds {role.name} is not known")
    return next(filter(None, map(_doubt, places)), None)


def own_rules(role: View) -> list[PlacedRule]:
    """The rules that a role writes."""
    return [(rule, role.resource, ("rules", number)) for number, rule in enumerate(items(role.get("rules")))]


def binding_of(view: View) -> Binding:
    """A binding with its role and its subjects."""
    kind, name = view.get("roleRef.kind"), view.get("roleRef.name")
    known = isinstance(kind, str) and isinstance(name, str)
    role = (kind, namespace_of(view) if kind == "Role" else "", name) if known else None
    return Binding(view, role, [_subject(each, namespace_of(view)) for each in items(view.get("subjects"))])


def _subject(value: Value, around: str) -> Subject | Unknown:
    """A subject; a service account may also stand as the user that it is to the API server."""
    if not isinstance(value, dict):
        return value if isinstance(value, Unknown) else Unknown("it is not a subject")
    kind, name, namespace = (inner(value, field) for field in ("kind", "name", "namespace"))
    if undecided(kind) or undecided(name) or undecided(namespace):
        return why(next(part for part in (kind, name, namespace) if undecided(part)))
    if not isinstance(kind, str) or not isinstance(name, str):
        return Unknown("it is not a subject")
    account, whole = None, ""
    if kind == "ServiceAccount":
        account = (str(namespace or around), name)
    elif kind == "User" and name.startswith(_ACCOUNT_USER):
        space, _, own = name.removeprefix(_ACCOUNT_USER).partition(":")
        account = (space, own)
    elif kind == "Group" and name.startswith(f"{_ACCOUNT_GROUP}:"):
        whole = name.removeprefix(f"{_ACCOUNT_GROUP}:")
    return Subject(kind, name, account[0] if account else whole, account, whole)
