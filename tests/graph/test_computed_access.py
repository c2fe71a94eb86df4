"""What roles amount to, who holds them, and whom bindings let into another tenant's namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.graph.access import in_words
from phiward.model.project import Identify, Project
from phiward.model.resource import Hole
from phiward.model.value import Unknown, Value
from tests.graph.clusters import view

API = "rbac.authorization.k8s.io/v1"
ROLE = f"""
apiVersion: {API}
kind: ClusterRole
metadata: {{name: r, labels: %s}}
%s
"""
BINDING = f"""
apiVersion: {API}
kind: %s
metadata: {{name: b, namespace: %s}}
roleRef: {{kind: %s, name: %s}}
subjects: %s
"""
SECRETS = "{apiGroups: [''], resources: [secrets], verbs: [get]}"
PRIVILEGES = [
    "reads_secrets",
    "enters_pods",
    "escalates",
    "impersonates",
    "creates_workloads",
    "reaches_nodes",
    "makes_tokens",
    "makes_volumes",
    "changes_admission",
    "approves_certificates",
]


def rules_of(text: str, *more: str, labels: str = "{}") -> list[Any]:
    found = view("ClusterRole//r", "---".join([ROLE % (labels, text), *more])).property("role.rules")
    assert isinstance(found, list)
    return found


def privileges(rule: str) -> set[str]:
    """What one rule amounts to for certain."""
    (found,) = rules_of(f"rules: [{rule}]")
    return {name for name in PRIVILEGES if found[name] is True}


@pytest.mark.parametrize(
    "rule, expected",
    [
        (SECRETS, {"reads_secrets"}),
        ("{apiGroups: ['*'], resources: [secrets], verbs: [watch]}", {"reads_secrets"}),
        ("{apiGroups: [apps], resources: [secrets], verbs: [get]}", set()),
        ("{apiGroups: [''], resources: [secrets], verbs: [create, delete]}", set()),
        ("{apiGroups: [''], resources: [secrets], verbs: [get], resourceNames: [a]}", set()),
        ("{apiGroups: [''], resources: ['*'], verbs: [get]}", {"reads_secrets", "enters_pods", "reaches_nodes"}),
        ("{apiGroups: [''], resources: ['*/exec'], verbs: [create]}", {"enters_pods"}),
        ("{apiGroups: [''], resources: ['*/log'], verbs: [get]}", set()),
        ("{apiGroups: [''], resources: [pods/ephemeralcontainers], verbs: [get]}", set()),
        ("{apiGroups: [''], resources: [pods/ephemeralcontainers], verbs: [update]}", {"enters_pods"}),
        ("{apiGroups: [batch], resources: [pods], verbs: [create]}", set()),
        ("{apiGroups: [batch], resources: [jobs], verbs: [create]}", {"creates_workloads"}),
        (f"{{apiGroups: [{API[:-3]}], resources: [roles], verbs: ['*']}}", {"escalates"}),
        (f"{{apiGroups: [{API[:-3]}], resources: [roles], verbs: [bind], resourceNames: [x, admin]}}", {"escalates"}),
        ("{apiGroups: [authentication.k8s.io], resources: [uids], verbs: [impersonate]}", {"impersonates"}),
        ("{apiGroups: ['*'], resources: ['*'], verbs: ['*']}", set(PRIVILEGES)),
        ("{apiGroups: ['*'], resources: ['*'], verbs: ['*'], resourceNames: [a]}", set()),
        ("{nonResourceURLs: ['*'], verbs: ['*']}", set()),
    ],
)
def test_what_a_rule_amounts_to(rule: str, expected: set[str]) -> None:
    assert privileges(rule) == expected


def test_what_is_not_known_of_a_rule_leaves_only_that_open() -> None:
    (found,) = rules_of("rules: [{apiGroups: [''], resources: [secrets], verbs: [list, \"${V}\"]}]")
    assert found["reads_secrets"] is True
    assert isinstance(found["wildcard"], Unknown)
    (found,) = rules_of("rules: [{apiGroups: [''], resources: [secrets], verbs: [get], resourceNames: \"${N}\"}]")
    assert isinstance(found["reads_secrets"], Unknown)
    assert found["enters_pods"] is False
    assert isinstance(rules_of('rules: "${R}"')[0], Unknown)


GATHERS = "aggregationRule: {clusterRoleSelectors: [{matchLabels: {%s}}]}\nrules: [" + SECRETS + "]"


def test_an_aggregated_role_has_the_rules_of_those_it_gathers_and_none_of_its_own() -> None:
    member = (ROLE % ("{into: r}", "rules: [{apiGroups: [''], resources: [pods/exec], verbs: [create]}]")).replace(
        "name: r", "name: m"
    )
    (found,) = rules_of(GATHERS % "into: r", member)
    assert (found["enters_pods"], found["reads_secrets"]) == (True, False)
    (found,) = rules_of(GATHERS % "into: other", member)
    assert isinstance(found, Unknown)
    built_in = rules_of(GATHERS % "rbac.authorization.k8s.io/aggregate-to-edit: 'true'")
    assert any(rule["reads_secrets"] for rule in built_in)


WHOLE = Project(complete_roots=("manifests",))


def bound(*more: str, labels: str = "{}", holes: tuple[Hole, ...] = (), project: Project | None = WHOLE) -> Value:
    text = "---".join([ROLE % (labels, f"rules: [{SECRETS}]"), *more])
    return view("ClusterRole//r", text, *holes, project=project).property("role.bound")


SUBJECT = "[{kind: User, name: u}]"
GATHERING = (ROLE % ("{}", GATHERS % "into: g")).replace("name: r", "name: g")
BY_GATHERING = BINDING % ("ClusterRoleBinding", "", "ClusterRole", "g", SUBJECT)


def test_a_role_that_is_declared_is_taken_for_held() -> None:
    """What binds it is written elsewhere, unless nothing is."""
    assert bound(project=None) is True
    assert bound(project=None, holes=(Hole("x.yaml could not be read"),)) is True
    assert bound(BINDING % ("ClusterRoleBinding", "", "ClusterRole", "other", SUBJECT), project=None) is True
    (found,) = rules_of(f"rules: [{SECRETS}]")
    assert found["holders"] == "whoever is bound to it"


def test_whether_anybody_holds_a_role_of_a_cluster_that_is_declared_as_a_whole() -> None:
    assert bound() is False
    assert bound(BINDING % ("ClusterRoleBinding", "", "ClusterRole", "r", SUBJECT)) is True
    assert bound(BINDING % ("RoleBinding", "ns", "ClusterRole", "r", SUBJECT)) is True
    assert bound(BINDING % ("RoleBinding", "ns", "Role", "r", SUBJECT)) is False
    assert bound(BINDING % ("RoleBinding", "ns", "ClusterRole", "r", "[]")) is False
    assert bound(labels='{rbac.authorization.k8s.io/aggregate-to-view: "true"}') is True
    assert bound(GATHERING, BY_GATHERING, labels="{into: g}") is True
    assert bound(GATHERING, BY_GATHERING, labels="{into: h}") is False


@pytest.mark.parametrize(
    "more, labels, reason",
    [
        (
            [BINDING % ("RoleBinding", "ns", "ClusterRole", '"${R}"', SUBJECT)],
            "{}",
            "which role RoleBinding/ns/b binds",
        ),
        ([], '"${L}"', "${L}"),
        ([], '{rbac.authorization.k8s.io/aggregate-to-view: "${L}"}', "${L}"),
        ([GATHERING, BY_GATHERING], '{into: "${L}"}', "the label into is not known"),
        ([GATHERING.replace("into: g", 'into: "${G}"'), BY_GATHERING], "{into: g}", "the label into is not known"),
    ],
)
def test_what_may_bind_a_role_of_such_a_cluster_leaves_it_open(more: list[str], labels: str, reason: str) -> None:
    found = bound(*more, labels=labels)
    assert isinstance(found, Unknown)
    assert reason in found.reason
    assert bound(*more, labels=labels, project=None) is True


def test_what_of_such_a_cluster_could_not_be_read_leaves_it_open() -> None:
    assert bound(holes=(Hole("x.yaml could not be read"),)) == Unknown("x.yaml could not be read")


@pytest.mark.parametrize(
    "own, of_binding, expected",
    [
        ("ns", "ns", True),
        ("ns", "other", False),
        ("ns", "", None),
        ("", "ns", None),
        ("ns", '"${N}"', None),
    ],
)
def test_a_role_of_a_namespace_is_bound_in_that_namespace(own: str, of_binding: str, expected: bool | None) -> None:
    role = (ROLE % ("{}", "")).replace("ClusterRole", "Role").replace("name: r", f"name: r, namespace: {own}")
    text = "---".join([role, BINDING % ("RoleBinding", of_binding, "Role", "r", SUBJECT)])
    found = view(f"Role/{own}/r", text, project=WHOLE).property("role.bound")
    assert isinstance(found, Unknown) if expected is None else found is expected


def test_holders_are_told_with_the_workload_that_uses_the_account() -> None:
    deployment = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: ns}
spec: {template: {spec: {serviceAccountName: a, containers: [{name: c}]}}}
"""
    subjects = '[{kind: ServiceAccount, name: a}, {kind: Group, name: g}, {kind: Group, name: "${G}"}]'
    (found,) = rules_of(
        f"rules: [{SECRETS}]", BINDING % ("RoleBinding", "ns", "ClusterRole", "r", subjects), deployment
    )
    assert found["holders"] == "ServiceAccount ns/a (of Deployment/ns/api), Group g, somebody who is not known"
    assert in_words(list("abcde")) == "a, b, c and 2 more"


NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {tenant: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {tenant: b}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shared}
"""
TENANTS = Project(identify=(Identify("namespace_label", "tenant"),))


@pytest.mark.parametrize(
    "kind, namespace, role, subject, expected",
    [
        ("RoleBinding", "b", "view", "{kind: ServiceAccount, name: x, namespace: a}", True),
        ("RoleBinding", "a", "view", "{kind: ServiceAccount, name: x}", False),
        ("RoleBinding", "b", "view", "{kind: User, name: 'system:serviceaccount:a:x'}", True),
        ("RoleBinding", "b", "view", "{kind: Group, name: 'system:serviceaccounts:a'}", True),
        ("RoleBinding", "b", "view", "{kind: Group, name: a}", False),
        ("RoleBinding", "b", "view", "{kind: ServiceAccount, name: x, namespace: shared}", False),
        ("RoleBinding", "shared", "view", "{kind: ServiceAccount, name: x, namespace: a}", False),
        ("RoleBinding", "other", "view", "{kind: ServiceAccount, name: x, namespace: a}", None),
        ("RoleBinding", "b", "view", "{kind: ServiceAccount, name: x, namespace: other}", None),
        ("RoleBinding", "shared", "view", "{kind: ServiceAccount, name: x, namespace: other}", False),
        ("ClusterRoleBinding", "", "view", "{kind: ServiceAccount, name: x, namespace: a}", True),
        ("ClusterRoleBinding", "", "elsewhere", "{kind: ServiceAccount, name: x, namespace: a}", None),
        ("ClusterRoleBinding", "", "r", "{kind: ServiceAccount, name: x, namespace: a}", False),
        ("ClusterRoleBinding", "", "view", "{kind: ServiceAccount, name: x, namespace: shared}", False),
    ],
)
def test_an_account_is_foreign_in_another_tenants_namespace(
    kind: str, namespace: str, role: str, subject: str, expected: bool | None
) -> None:
    own = ROLE % ("{}", "rules: [{apiGroups: [''], resources: [nodes, nodes/metrics], verbs: [get]}]")
    text = "---".join([NAMESPACES, own, BINDING % (kind, namespace, "ClusterRole", role, f"[{subject}]")])
    found = view(f"{kind}/{namespace}/b", text, project=TENANTS).property("binding.subjects")
    assert isinstance(found[0]["foreign"], Unknown) if expected is None else found[0]["foreign"] is expected
