"""The Pod Security Standards, and the rules that hold pods to them.

`admitted` says the Standards in our own words, field by field, as kubernetes.io's page "Pod Security Standards" has
them for 1.35 and later. Every control is shown at both levels and in every role of a container, and pods made at random
have to be admitted by the Standards where our rules pass, and refused where one fails.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.graph.small import At

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.model.finding import Verdict
from phiward.model.project import Project
from phiward.model.resource import Resource, Scope
from phiward.pack import load_pack

PACK = load_pack()
BASELINE = frozenset(
    {
        "pod-not-privileged",
        "pod-host-network",
        "pod-host-processes",
        "pod-host-ipc",
        "pod-host-paths",
        "pod-host-ports",
        "pod-windows-host-process",
        "pod-capabilities-added",
        "pod-probe-hosts",
        "pod-apparmor",
        "pod-selinux",
        "pod-proc-mount",
        "pod-seccomp-unconfined",
        "pod-sysctls",
    }
)
RESTRICTED = BASELINE | {
    "pod-volume-types",
    "pod-privilege-escalation",
    "pod-run-as-non-root",
    "pod-root-user",
    "pod-seccomp-profile",
    "pod-capabilities-dropped",
}
ROLES = ("containers", "initContainers", "ephemeralContainers")
SOUND: dict[str, Any] = {
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "name": "c",
    "image": "a",
}
"""A container that the restricted level admits."""


def rules_pass(pod: dict[str, Any], ids: Iterable[str]) -> bool:
    """Whether none of some rules fails on a pod, and each of them decides."""
    scope = Scope("kubernetes", ".", (), Project(), kind="cluster")
    manifest = {"metadata": {"name": "p", **pod.get("metadata", {})}, "spec": pod["spec"]}
    resource = Resource("kubernetes", "Pod", "Pod//p", manifest, At("p.yaml", 1), scope)
    chosen = [rule for rule in PACK.rules if rule.id in set(ids)]
    findings = judge(ResourceGraph([resource], PACK), [scope], Selection(chosen), lambda _: None)
    assert len(findings) == len(chosen)
    assert not [finding for finding in findings if finding.verdict is Verdict.UNKNOWN]
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


# -- the Standards


def contexts(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The pod's own security context, and each container's."""
    yield spec.get("securityContext") or {}
    yield from (container.get("securityContext") or {} for container in containers(spec))


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [container for role in ROLES for container in spec.get(role) or ()]


def admitted(pod: dict[str, Any], level: str) -> bool:
    """Whether the Standards admit a pod."""
    spec, annotations = pod["spec"], pod.get("metadata", {}).get("annotations", {})
    return baseline(spec, annotations) and (level == "baseline" or restricted(spec))


def baseline(spec: dict[str, Any], annotations: dict[str, str]) -> bool:
    return (
        not any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
        and not any("hostPath" in volume for volume in spec.get("volumes", ()))
        and all(context_in_baseline(context) for context in contexts(spec))
        and all(container_in_baseline(container, spec) for container in containers(spec))
        and all(
            value in ("runtime/default", "") or value.startswith("localhost/")
            for key, value in annotations.items()
            if key.startswith("container.apparmor.security.beta.kubernetes.io/")
        )
        and {sysctl["name"] for sysctl in spec.get("securityContext", {}).get("sysctls", ())} <= SAFE_SYSCTLS
    )


SAFE_SYSCTLS = {"kernel.shm_rmid_forced"} | {
    f"net.ipv4.{name}"
    for name in [
        "ip_local_port_range",
        "ip_local_reserved_ports",
        "ip_unprivileged_port_start",
        "ping_group_range",
        "tcp_fin_timeout",
        "tcp_keepalive_intvl",
        "tcp_keepalive_probes",
        "tcp_keepalive_time",
        "tcp_notsent_lowat",
        "tcp_rmem",
        "tcp_slow_start_after_idle",
        "tcp_syncookies",
        "tcp_wmem",
    ]
}
DEFAULT_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
CONFINED = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def context_in_baseline(context: dict[str, Any]) -> bool:
    selinux = context.get("seLinuxOptions", {})
    return (
        not context.get("windowsOptions", {}).get("hostProcess")
        and context.get("seccompProfile", {}).get("type") != "Unconfined"
        and context.get("appArmorProfile", {}).get("type") != "Unconfined"
        and selinux.get("type", "") in CONFINED
        and not selinux.get("user")
        and not selinux.get("role")
    )


def container_in_baseline(container: dict[str, Any], spec: dict[str, Any]) -> bool:
    context = container.get("securityContext") or {}
    handlers = [container.get(probe, {}) for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += [container.get("lifecycle", {}).get(hook, {}) for hook in ("postStart", "preStop")]
    return (
        not context.get("privileged")
        and set(context.get("capabilities", {}).get("add", ())) <= DEFAULT_CAPABILITIES
        and not any(port.get("hostPort") for port in container.get("ports", ()))
        and (context.get("procMount") in (None, "Default") or spec.get("hostUsers") is False)
        and not any(handler.get(way, {}).get("host") for handler in handlers for way in ("httpGet", "tcpSocket"))
    )


def restricted(spec: dict[str, Any]) -> bool:
    own = spec.get("securityContext") or {}
    windows = spec.get("os", {}).get("name") == "windows"
    in_user_namespace = spec.get("hostUsers") is False
    volumes = {kind for volume in spec.get("volumes", ()) for kind in volume if kind != "name"}
    return (
        volumes
        <= {
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret",
        }
        and all(context.get("procMount") in (None, "Default") for context in contexts(spec))
        and (in_user_namespace or all(context.get("runAsUser") != 0 for context in contexts(spec)))
        and (in_user_namespace or never_root(spec, own))
        and (windows or all(confined(container, own) for container in containers(spec)))
    )


def never_root(spec: dict[str, Any], own: dict[str, Any]) -> bool:
    said = [(container.get("securityContext") or {}).get("runAsNonRoot") for container in containers(spec)]
    return own.get("runAsNonRoot") is not False and all(
        own.get("runAsNonRoot") is True if word is None else word for word in said
    )


def confined(container: dict[str, Any], own: dict[str, Any]) -> bool:
    """What the restricted level asks of containers, Windows' left aside."""
    context = container.get("securityContext") or {}
    capabilities = context.get("capabilities", {})
    profile = context.get("seccompProfile", own.get("seccompProfile", {})).get("type")
    return (
        context.get("allowPrivilegeEscalation") is False
        and "ALL" in capabilities.get("drop", ())
        and set(capabilities.get("add", ())) <= {"NET_BIND_SERVICE"}
        and profile in ("RuntimeDefault", "Localhost")
    )


# -- every control at every level


def container_with(**changes: Any) -> dict[str, Any]:
    """The sound container with other fields; `None` takes one of its security context away."""
    made = copy.deepcopy(SOUND)
    for name, value in changes.items():
        if name in ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
            made[name] = value
        elif value is None:
            del made["securityContext"][name]
        else:
            made["securityContext"][name] = value
    return made


P, B, R = "privileged", "baseline", "restricted"
"""The strictest level that admits a pod."""
CONTAINERS: list[tuple[str, str, dict[str, Any]]] = [
    ("a container as it should be", R, {}),
    ("HostProcess", P, {"windowsOptions": {"hostProcess": True}}),
    ("HostProcess", R, {"windowsOptions": {"hostProcess": False}}),
    ("Privileged Containers", P, {"privileged": True, "allowPrivilegeEscalation": None}),
    ("Privileged Containers", R, {"privileged": False}),
    ("Capabilities", P, {"capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}),
    ("Capabilities", P, {"capabilities": {"drop": ["ALL"], "add": ["CAP_CHOWN"]}}),
    ("Capabilities", B, {"capabilities": {"drop": ["ALL"], "add": sorted(DEFAULT_CAPABILITIES)}}),
    ("Capabilities", R, {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}),
    ("Capabilities", B, {"capabilities": {"drop": ["NET_RAW"]}}),
    ("Capabilities", B, {"capabilities": None}),
    ("Host Ports", P, {"ports": [{"containerPort": 1}, {"containerPort": 80, "hostPort": 80}]}),
    ("Host Ports", R, {"ports": [{"containerPort": 80, "hostPort": 0}]}),
    ("Host Probes", P, {"livenessProbe": {"httpGet": {"host": "10.0.0.1"}}}),
    ("Host Probes", P, {"readinessProbe": {"tcpSocket": {"host": "10.0.0.1"}}}),
    ("Host Probes", P, {"startupProbe": {"httpGet": {"host": "127.0.0.1"}}}),
    ("Host Probes", P, {"lifecycle": {"postStart": {"httpGet": {"host": "10.0.0.1"}}}}),
    ("Host Probes", P, {"lifecycle": {"preStop": {"tcpSocket": {"host": "10.0.0.1"}}}}),
    ("Host Probes", R, {"livenessProbe": {"httpGet": {"host": ""}}, "readinessProbe": {"exec": {}}}),
    ("AppArmor", P, {"appArmorProfile": {"type": "Unconfined"}}),
    ("AppArmor", R, {"appArmorProfile": {"type": "RuntimeDefault"}}),
    ("AppArmor", R, {"appArmorProfile": {"type": "Localhost"}}),
    ("SELinux", P, {"seLinuxOptions": {"type": "spc_t"}}),
    ("SELinux", P, {"seLinuxOptions": {"user": "system_u"}}),
    ("SELinux", P, {"seLinuxOptions": {"role": "system_r"}}),
    *(("SELinux", R, {"seLinuxOptions": {"type": kind, "level": "s0"}}) for kind in sorted(CONFINED)),
    ("/proc Mount Type", P, {"procMount": "Unmasked"}),
    ("/proc Mount Type", R, {"procMount": "Default"}),
    ("Seccomp", P, {"seccompProfile": {"type": "Unconfined"}}),
    ("Seccomp", B, {"seccompProfile": None}),
    ("Seccomp", R, {"seccompProfile": {"type": "Localhost"}}),
    ("Privilege Escalation", B, {"allowPrivilegeEscalation": True}),
    ("Privilege Escalation", B, {"allowPrivilegeEscalation": None}),
    ("Running as Non-root", B, {"runAsNonRoot": False}),
    ("Running as Non-root", B, {"runAsNonRoot": None}),
    ("Running as Non-root user", B, {"runAsUser": 0}),
    ("Running as Non-root user", R, {"runAsUser": 1}),
]
PODS: list[tuple[str, str, dict[str, Any]]] = [
    ("Host Namespaces", P, {"hostNetwork": True}),
    ("Host Namespaces", P, {"hostPID": True}),
    ("Host Namespaces", P, {"hostIPC": True}),
    ("Host Namespaces", R, {"hostNetwork": False, "hostPID": False, "hostIPC": False}),
    ("HostProcess", P, {"securityContext": {"windowsOptions": {"hostProcess": True}}}),
    ("AppArmor", P, {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
    ("SELinux", P, {"securityContext": {"seLinuxOptions": {"role": "system_r"}}}),
    ("Seccomp", P, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    ("Sysctls", P, {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}),
    ("Sysctls", R, {"securityContext": {"sysctls": [{"name": name, "value": "1"} for name in sorted(SAFE_SYSCTLS)]}}),
    ("HostPath Volumes", P, {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}]}),
    ("Volume Types", R, {"volumes": [{"name": "a"}, {"name": "b", "secret": {"secretName": "b"}}]}),
    *(
        ("Volume Types", B, {"volumes": [{"name": "a", kind: {}}]})
        for kind in [
            "awsElasticBlockStore",
            "azureDisk",
            "azureFile",
            "cephfs",
            "cinder",
            "fc",
            "flexVolume",
            "flocker",
            "gcePersistentDisk",
            "gitRepo",
            "glusterfs",
            "iscsi",
            "nfs",
            "photonPersistentDisk",
            "portworxVolume",
            "quobyte",
            "rbd",
            "scaleIO",
            "storageos",
            "vsphereVolume",
        ]
    ),
    ("Running as Non-root", B, {"securityContext": {"runAsNonRoot": False}}),
    ("Running as Non-root user", B, {"securityContext": {"runAsUser": 0}}),
    ("user namespaces", R, {"hostUsers": False, "securityContext": {"runAsNonRoot": False, "runAsUser": 0}}),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("control, level, changes", CONTAINERS)
def test_a_container_is_held_to_every_control(control: str, level: str, changes: dict[str, Any], role: str) -> None:
    spec = {"containers": [copy.deepcopy(SOUND)]}
    spec[role] = [*spec.get(role, []), container_with(**changes)]
    check({"spec": spec}, level)


@pytest.mark.parametrize("control, level, changes", PODS)
def test_a_pod_is_held_to_every_control(control: str, level: str, changes: dict[str, Any]) -> None:
    check({"spec": {"containers": [copy.deepcopy(SOUND)], **changes}}, level)


@pytest.mark.parametrize(
    "value, level", [("unconfined", P), ("runtime/default", R), ("localhost/api", R), ("", R), ("docker/default", P)]
)
def test_an_annotation_of_apparmor_counts_as_the_field_does(value: str, level: str) -> None:
    annotations = {"container.apparmor.security.beta.kubernetes.io/c": value, "other": "unconfined"}
    check({"metadata": {"annotations": annotations}, "spec": {"containers": [copy.deepcopy(SOUND)]}}, level)


def test_windows_is_exempt_from_what_it_does_not_have() -> None:
    bare = container_with(allowPrivilegeEscalation=None, capabilities=None, seccompProfile=None)
    check({"spec": {"os": {"name": "windows"}, "containers": [bare]}}, R)
    check({"spec": {"os": {"name": "linux"}, "containers": [bare]}}, B)


def test_an_unmasked_proc_is_refused_in_a_user_namespace_too() -> None:
    """The one place where a rule of the baseline asks for more: the restricted level refuses it all the same."""
    pod = {"spec": {"hostUsers": False, "containers": [container_with(procMount="Unmasked")]}}
    assert (admitted(pod, B), admitted(pod, R)) == (True, False)
    assert (rules_pass(pod, BASELINE), rules_pass(pod, RESTRICTED)) == (False, False)


def check(pod: dict[str, Any], level: str) -> None:
    """The table, the Standards and the rules say the same."""
    levels = (level in (B, R), level == R)
    assert (admitted(pod, B), admitted(pod, R)) == levels
    assert (rules_pass(pod, BASELINE), rules_pass(pod, RESTRICTED)) == levels


# -- pods made at random


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping in which any of some fields may be written."""
    return st.fixed_dictionaries({}, optional=fields)


PROFILE = maybe(type=st.sampled_from(["RuntimeDefault", "Localhost", "Unconfined"])).filter(bool)
FLAG = st.booleans()
SHARED = {
    "runAsNonRoot": FLAG,
    "runAsUser": st.sampled_from([0, 1, 1000]),
    "seccompProfile": PROFILE,
    "appArmorProfile": PROFILE,
    "seLinuxOptions": maybe(type=st.sampled_from(["", "container_t", "spc_t"]), user=st.sampled_from(["", "u"])),
    "windowsOptions": maybe(hostProcess=FLAG),
}
CONTAINER = maybe(
    securityContext=maybe(
        **SHARED,
        privileged=FLAG,
        allowPrivilegeEscalation=FLAG,
        procMount=st.just("Default"),
        capabilities=maybe(
            drop=st.lists(st.sampled_from(["ALL", "NET_RAW"])), add=st.lists(st.sampled_from(["CHOWN", "SYS_ADMIN"]))
        ),
    ),
    ports=st.lists(maybe(hostPort=st.sampled_from([0, 80]))),
).map(lambda made: {"name": "c", "image": "a", **made})
SPEC = maybe(
    hostNetwork=FLAG,
    hostUsers=FLAG,
    os=maybe(name=st.sampled_from(["linux", "windows"])),
    securityContext=maybe(**SHARED),
    volumes=st.lists(st.sampled_from([{"name": "a"}, {"name": "b", "nfs": {}}, {"name": "c", "hostPath": {}}])),
    initContainers=st.lists(CONTAINER, max_size=2),
)


@settings(deadline=None, max_examples=150)
@given(SPEC, st.lists(CONTAINER, min_size=1, max_size=2), FLAG)
def test_the_standards_and_the_rules_agree_on_any_pod(
    spec: dict[str, Any], listed: list[dict[str, Any]], nearly: bool
) -> None:
    if nearly:  # a pod in which little is wrong, so that what is admitted is met as well
        listed = [*([copy.deepcopy(SOUND)]), *({**copy.deepcopy(SOUND), **made} for made in listed[1:])]
        spec = {key: value for key, value in spec.items() if key in ("hostUsers", "os", "securityContext")}
    pod = {"spec": {**spec, "containers": listed}}
    for level, ids in (("baseline", BASELINE), ("restricted", RESTRICTED)):
        assert rules_pass(pod, ids) is admitted(pod, level), level
