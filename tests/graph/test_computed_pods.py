"""What containers and pods may do, with what they take over from their pod, their namespace and their account."""

from __future__ import annotations

from typing import Any

import pytest

from phiward.graph.computed.images import pinned, prefixes, tag
from phiward.model.resource import Hole
from phiward.model.value import Partial, Unknown, Value
from tests.graph.clusters import pod, view

DIGEST = "sha256:" + "0" * 64
HIDDEN = Unknown("it is filled in by another tool")


def container(text: str, spec: str = "") -> dict[str, Any]:
    """The first container of a pod, as it is effectively."""
    found = pod(f"{{containers: [{text}]{', ' + spec if spec else ''}}}").property("pod.containers")
    assert isinstance(found[0], dict)
    return found[0]


def same(found: Value, expected: Value) -> None:
    """Equal, with any `Unknown` standing for every other."""
    if isinstance(expected, Unknown):
        assert isinstance(found, Unknown), found
    elif isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected), found
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    else:
        assert found == expected


@pytest.mark.parametrize(
    "key, text, spec, expected",
    [
        ("privileged", "{name: c}", "", False),
        ("privilege_escalation", "{name: c}", "", True),
        ("run_as_user", "{name: c}", "securityContext: {runAsUser: 7}", 7),
        ("run_as_user", "{name: c, securityContext: {runAsUser: 0}}", "securityContext: {runAsUser: 7}", 0),
        ("run_as_user", "{name: c}", "", None),
        ("run_as_user", "{name: c}", 'securityContext: "${S}"', HIDDEN),
        ("run_as_user", "{name: c}", 'securityContext: "x-${S}"', HIDDEN),
        ("run_as_user", "{name: c, securityContext: {runAsUser: 3}}", 'securityContext: "${S}"', 3),
        ("privileged", '{name: c, securityContext: "${S}"}', "", HIDDEN),
        ("seccomp", "{name: c, securityContext: {seccompProfile: {type: Localhost}}}", "", "Localhost"),
        ("seccomp", "{name: c}", 'securityContext: {seccompProfile: "${S}"}', HIDDEN),
        ("host_process", "{name: c}", "securityContext: {windowsOptions: {hostProcess: true}}", True),
        ("capabilities_added", '{name: c, securityContext: {capabilities: {add: [A, "${C}"]}}}', "", ["A", HIDDEN]),
        ("capabilities_added", '{name: c, securityContext: {capabilities: "${C}"}}', "", [HIDDEN]),
        ("capabilities_dropped", "{name: c, securityContext: {capabilities: {drop: [all]}}}", "", ["all"]),
        ("host_ports", "{name: c, ports: [{containerPort: 1}, {containerPort: 2, hostPort: 3}]}", "", [3]),
        ("host_ports", "{name: c, ports: [{containerPort: 1}]}", "hostNetwork: true", [1]),
        ("host_ports", '{name: c, ports: "${P}"}', "", [HIDDEN]),
        ("host_ports", '{name: c, ports: ["${P}"]}', "", [HIDDEN]),
        ("host_ports", '{name: c, ports: [{hostPort: "${P}"}]}', "", [HIDDEN]),
        ("handler_hosts", '{name: c, livenessProbe: "${P}"}', "", [HIDDEN]),
        ("handler_hosts", "{name: c, lifecycle: {preStop: {httpGet: {host: h}}}}", "", ["h"]),
        ("liveness", '{name: c, livenessProbe: "${P}"}', "", HIDDEN),
        ("readiness", "{name: c, readinessProbe: {}}", "", True),
        ("readiness", "{name: c, readinessProbe: null}", "", False),
    ],
)
def test_a_container_takes_over_what_it_does_not_say(key: str, text: str, spec: str, expected: Value) -> None:
    same(container(text, spec)[key], expected)


@pytest.mark.parametrize(
    "image, expected_pinned, expected_tag, expected_prefixes",
    [
        ("nginx", False, "latest", ["docker.io", "docker.io/library", "docker.io/library/nginx"]),
        ("acme/api:1", False, "1", ["docker.io", "docker.io/acme", "docker.io/acme/api"]),
        ("localhost/api", False, "latest", ["localhost", "localhost/api"]),
        ("reg:5000/a/b:2", False, "2", ["reg:5000", "reg:5000/a", "reg:5000/a/b"]),
        ("reg:5000/a", False, "latest", ["reg:5000", "reg:5000/a"]),
        (f"ghcr.io/a/b@{DIGEST}", True, None, ["ghcr.io", "ghcr.io/a", "ghcr.io/a/b"]),
        (f"ghcr.io/a/b:3@{DIGEST}", True, "3", ["ghcr.io", "ghcr.io/a", "ghcr.io/a/b"]),
        ("ghcr.io/a@sha256:0", False, None, ["ghcr.io", "ghcr.io/a"]),
        (Partial((HIDDEN, f"/a@{DIGEST}")), True, None, [HIDDEN]),
        (Partial((HIDDEN, "/a:1")), False, "1", [HIDDEN]),
        (Partial((HIDDEN, "/a")), False, "latest", [HIDDEN]),
        (Partial((HIDDEN, "api")), HIDDEN, HIDDEN, [HIDDEN]),
        (Partial(("ghcr.io/acme/api:", HIDDEN)), HIDDEN, HIDDEN, ["ghcr.io", "ghcr.io/acme", HIDDEN]),
        (Partial(("ghcr.io/acme/", HIDDEN)), HIDDEN, HIDDEN, ["ghcr.io", "ghcr.io/acme", HIDDEN]),
        (Partial(("ghcr.io/ac", HIDDEN, "/api:1")), False, "1", ["ghcr.io", HIDDEN]),
        (HIDDEN, HIDDEN, HIDDEN, [HIDDEN]),
        (None, None, None, []),
    ],
)
def test_what_an_image_reference_says(
    image: Value, expected_pinned: Value, expected_tag: Value, expected_prefixes: Value
) -> None:
    same(pinned(image), expected_pinned)
    same(tag(image), expected_tag)
    same(prefixes(image), expected_prefixes)


LIMITS = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: ns}\nspec: {limits: %s}\n"


@pytest.mark.parametrize(
    "text, spec, limits, expected",
    [
        ("{name: c}", "", "[]", (None, None, None, None)),
        ("{name: c, resources: {limits: {cpu: 1, memory: 2}}}", "", "[]", (1, 1, 2, 2)),
        ("{name: c, resources: {requests: {cpu: 1}}}", "", "[]", (None, 1, None, None)),
        ("{name: c}", "resources: {limits: {memory: 3}}", "[]", (None, None, 3, 3)),
        ("{name: c}", "", "[{type: Container, default: {cpu: 4}}]", (4, 4, None, None)),
        ("{name: c}", "", "[{type: Container, max: {cpu: 5}, defaultRequest: {cpu: 1}}]", (5, 1, None, None)),
        ("{name: c}", "", "[{type: Container, min: {cpu: 1}}]", (None, 1, None, None)),
        ("{name: c}", "", "[{type: Pod, max: {cpu: 5}}]", (None, None, None, None)),
        ("{name: c, resources: {limits: {cpu: 9}}}", "", "[{type: Container, max: {cpu: 5}}]", (9, 9, None, None)),
        ("{name: c}", "", '"${L}"', (HIDDEN, HIDDEN, HIDDEN, HIDDEN)),
        ("{name: c, resources: {limits: {cpu: 9}}}", "", '"${L}"', (9, 9, HIDDEN, HIDDEN)),
    ],
)
def test_what_a_namespace_gives_to_a_container_that_asks_for_nothing(
    text: str, spec: str, limits: str, expected: tuple[Value, ...]
) -> None:
    found = pod(f"{{containers: [{text}]{', ' + spec if spec else ''}}}", LIMITS % limits).property("pod.containers")[0]
    names = ("cpu_limit", "cpu_request", "memory_limit", "memory_request")
    same([found[name] for name in names], list(expected))


def test_what_could_not_be_read_may_limit_it() -> None:
    found = pod("{containers: [{name: c}]}", "", Hole("x.yaml could not be read")).property("pod.containers")[0]
    same(found["memory_limit"], HIDDEN)


ROLLOUT = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r, namespace: ns}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: ns}
spec: {template: {spec: {containers: [{name: c}]}}}
"""


def test_a_rollout_leaves_the_pods_of_its_deployment_to_that() -> None:
    same(view("Rollout/ns/r", f"{ROLLOUT}---{DEPLOYMENT}").property("pod.containers"), [])
    same(view("Rollout/ns/r", ROLLOUT).property("pod.containers"), HIDDEN)


def test_a_workload_without_a_template_is_not_known() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: ns}\nspec: {replicas: 1}"
    names = "containers volumes selinux apparmor host_network sysctls service_account mounts_token dedicated_nodes"
    for name in map("pod.{}".format, names.split()):
        same(view("Deployment/ns/d", text).property(name), HIDDEN)


NEEDS = """{tolerations: [{key: phi}], affinity: {nodeAffinity:
  {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [%s]}}}}"""
LIKES = """{tolerations: [{key: phi}], affinity: {nodeAffinity:
  {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: %s}]}}}"""


@pytest.mark.parametrize(
    "spec, expected",
    [
        ("{}", False),
        ("{nodeSelector: {tier: phi}}", False),
        ("{tolerations: [{key: phi, operator: Exists}]}", False),
        ("{nodeSelector: {tier: phi}, tolerations: [{key: phi, operator: Exists}]}", True),
        ("{nodeSelector: {kubernetes.io/os: linux}, tolerations: [{key: phi}]}", False),
        ("{nodeSelector: {tier: phi}, tolerations: [{key: node.kubernetes.io/not-ready}]}", False),
        ('{nodeSelector: "${S}", tolerations: [{key: phi}]}', HIDDEN),
        ('{nodeSelector: "${S}"}', False),
        (NEEDS % "{matchExpressions: [{key: tier, operator: In, values: [phi]}]}", True),
        (NEEDS % "{matchExpressions: [{key: tier}]}, {matchExpressions: [{key: kubernetes.io/arch}]}", False),
        (LIKES % "{matchExpressions: [{key: tier}]}", False),
    ],
)
def test_nodes_are_set_apart_by_a_label_and_a_taint(spec: str, expected: Value) -> None:
    same(pod(spec).property("pod.dedicated_nodes"), expected)


ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, namespace: ns}\n%s\n"


@pytest.mark.parametrize(
    "spec, more, expected",
    [
        ("{}", "", True),
        ("{automountServiceAccountToken: false}", "", False),
        ("{}", ACCOUNT % ("default", "automountServiceAccountToken: false"), False),
        ("{automountServiceAccountToken: true}", ACCOUNT % ("default", "automountServiceAccountToken: false"), True),
        ("{serviceAccountName: a}", ACCOUNT % ("a", "automountServiceAccountToken: false"), False),
        ("{serviceAccount: a}", ACCOUNT % ("a", "automountServiceAccountToken: false"), False),
        ("{serviceAccountName: a}", ACCOUNT % ("a", ""), True),
        ("{serviceAccountName: a}", ACCOUNT % ("b", "automountServiceAccountToken: false"), HIDDEN),
        ("{serviceAccountName: a}", (ACCOUNT % ("a", "")).replace("namespace: ns", "namespace: other"), HIDDEN),
        ('{serviceAccountName: "${A}"}', "", HIDDEN),
        ('{automountServiceAccountToken: "${A}"}', "", HIDDEN),
    ],
)
def test_a_token_is_mounted_unless_the_pod_or_else_its_account_says_no(spec: str, more: str, expected: Value) -> None:
    same(pod(spec, more).property("pod.mounts_token"), expected)


def test_an_account_that_could_not_be_read_may_say_no() -> None:
    same(pod("{}", "", Hole("x.yaml could not be read")).property("pod.mounts_token"), HIDDEN)


def test_a_volume_is_of_one_type_and_an_empty_one_is_scratch() -> None:
    volumes = '[{name: a}, {name: b, secret: null}, {name: c, emptyDir: {}, hostPath: {path: /x}}, "${V}"]'
    found = pod(f"{{volumes: {volumes}}}").property("pod.volumes")
    assert [volume["type"] for volume in found[:3]] == ["emptyDir", "emptyDir", "hostPath"]
    assert found[2]["path"] == "/x"
    same(found[3], HIDDEN)
