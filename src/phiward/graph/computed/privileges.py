"""What the rules of a role amount to: the privileges that reach beyond the resources that they name.

The catalog names each function by its key in `PRIVILEGES`. Sources: kubernetes.io, "Role Based Access Control Good
Practices" (privilege escalation risks), "Using RBAC Authorization" (wildcards, resourceNames, escalate and bind), and
"Authenticating" (impersonation).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.graph.access import GROUP, USER_FACING, in_words
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, all_of, any_of, negate, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

_CHANGE = ("create", "update", "patch")
_ALL = "*"
_POWERFUL = (*USER_FACING[:3], "system:masters")
"""Names to which a grant stays dangerous although it is narrowed to them."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that has one of each is such a grant."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]


_ADMISSION = (
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
)
_PRIVILEGES: Mapping[str, tuple[Grant, ...]] = {
    "reads_secrets": (Grant("", ("secrets",), ("get", "list", "watch")),),
    "enters_pods": (
        Grant("", ("pods/exec", "pods/attach", "pods/portforward"), ("create", "get")),
        Grant("", ("pods/ephemeralcontainers",), ("update", "patch")),
    ),
    "escalates": (Grant(GROUP, ("roles", "clusterroles"), ("escalate", "bind")),),
    "impersonates": (
        Grant("", ("users", "groups", "serviceaccounts"), ("impersonate",)),
        Grant("authentication.k8s.io", ("userextras", "uids"), ("impersonate",)),
    ),
    "creates_workloads": (
        Grant("", ("pods", "replicationcontrollers"), _CHANGE),
        Grant("apps", ("deployments", "daemonsets", "statefulsets", "replicasets"), _CHANGE),
        Grant("batch", ("jobs", "cronjobs"), _CHANGE),
    ),
    "reaches_nodes": (Grant("", ("nodes/proxy",), ("get", "create", "update", "patch", "delete")),),
    "makes_tokens": (Grant("", ("serviceaccounts/token",), ("create",)),),
    "makes_volumes": (Grant("", ("persistentvolumes",), _CHANGE),),
    "changes_admission": (Grant("admissionregistration.k8s.io", _ADMISSION, (*_CHANGE, "delete", "deletecollection")),),
    "approves_certificates": (
        Grant("certificates.k8s.io", ("certificatesigningrequests/approval",), ("update", "patch")),
        Grant("certificates.k8s.io", ("signers",), ("approve", "sign")),
    ),
}


def role_rules(view: View) -> Value | Derived:
    """The rules of a role with what they amount to; of an aggregated one, those of the roles that it gathers."""
    access = view.graph.cluster(view.resource.scope).access
    holders = in_words(access.holders(view)) or "whoever is bound to it"
    placed = access.rules(view)
    values = [_rule(rule, holders) for rule, _, _ in placed]
    return Derived(values, places=[(resource, path) for _, resource, path in placed])


def _rule(rule: Value, holders: str) -> Value:
    if not isinstance(rule, dict):
        return rule if isinstance(rule, Unknown) else Unknown("it is not a rule")
    fields = ("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs")
    groups, resources, verbs, names, urls = (items(inner(rule, field)) for field in fields)
    return {
        "holders": holders,
        "groups": groups,
        "resources": resources,
        "verbs": verbs,
        "names": names,
        "urls": urls,
        "wildcard": any_of(_is(word, _ALL) for word in (*groups, *resources, *verbs, *urls)),
        **{name: any_of(_grants(rule, grant) for grant in grants) for name, grants in _PRIVILEGES.items()},
    }


def is_everything(rule: Value) -> Truth:
    """Whether a rule allows every verb on every resource of every group."""
    if isinstance(rule, Unknown):
        return rule
    fields = ("apiGroups", "resources", "verbs")
    return all_of(any_of(_is(word, _ALL) for word in items(inner(rule, field))) for field in fields)


def _grants(rule: Mapping[str, Any], grant: Grant) -> Truth:
    """Whether a rule is a grant. Names narrow it to what was foreseen, unless they name the powerful."""
    names = items(rule.get("resourceNames"))
    narrowed = any_of(why(name) if undecided(name) else name not in _POWERFUL for name in names)
    powerful = any_of(_is(name, other) for name in names for other in _POWERFUL)
    resources = [*grant.resources, *(f"*/{name.partition('/')[2]}" for name in grant.resources if "/" in name)]
    return all_of(
        [
            _covers(items(rule.get("apiGroups")), (grant.group,)),
            _covers(items(rule.get("resources")), resources),
            _covers(items(rule.get("verbs")), grant.verbs),
            any_of([negate(narrowed), powerful]),
        ]
    )


def _covers(written: list[Value], wanted: Any) -> Truth:
    return any_of(why(word) if undecided(word) else word == _ALL or word in wanted for word in written)


def _is(word: Value, other: str) -> Truth:
    return why(word) if undecided(word) else word == other


def role_bound(view: View) -> Truth:
    """Whether a role is to be taken for held.

    Roles are written in one chart and bound in another, so that one is declared says that it is to be held. Only where
    everything of its cluster is declared do the bindings decide.
    """
    cluster = view.graph.cluster(view.resource.scope)
    if not view.resource.scope.complete or cluster.access.holders(view):
        return True
    return cluster.hole or cluster.access.hidden_holder(view)


def access_built_in(view: View) -> Truth:
    """Whether it is one of the roles and bindings that the API server itself makes and keeps."""
    label = view.get('metadata.labels["kubernetes.io/bootstrapping"]')
    name = str(view.name)
    ours = name not in USER_FACING and not name.startswith("system:")
    return False if ours else _is(label, "rbac-defaults")


PRIVILEGES: dict[str, ComputedProperty] = {
    "access_built_in": access_built_in,
    "role_bound": role_bound,
    "role_rules": role_rules,
}
