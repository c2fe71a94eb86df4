"""How services talk to each other: meshes, service networks, tasks, clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from phiward.graph.computed.reading import Block, blocks
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, listed, negate, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided

# Meshes and service networks


def mesh_tls_enforced(view: View) -> Value | Derived:
    """`tls.enforced` of a mesh node or gateway: every listener's TLS mode is STRICT.

    Absent without listeners.
    """
    return _of_listeners(view, lambda tls: equals(tls.get("mode"), "strict"))


MeshTest: TypeAlias = Callable[[dict[str, Value]], Truth]


def mesh_mutual_tls(view: View) -> Value | Derived:
    """`mutual_tls.enabled`: every listener is STRICT and says whose certificates it trusts."""

    def mutual(tls: dict[str, Value]) -> Truth:
        return all_of([equals(tls.get("mode"), "strict"), written(tls.get("validation"))])

    return _of_listeners(view, mutual)


def _of_listeners(view: View, test: MeshTest) -> Value | Derived:
    listeners = blocks(view.get("spec.listener"))
    if not listeners:
        return None
    return Derived(all_of(_listener_passes(listener, test) for listener in listeners), paths=["spec.listener"])


def _listener_passes(listener: Block, test: MeshTest) -> Truth:
    if isinstance(listener, Unknown):
        return listener
    tls = blocks(listener.get("tls"))
    return bool(tls) and all_of(block if isinstance(block, Unknown) else test(block) for block in tls)


def lattice_anonymous(view: View) -> Value | Derived:
    """`access.anonymous` of a Lattice service.

    Neither it nor every network that it is joined to asks for IAM.
    """
    own = equals(view.get("auth_type") or "NONE", "none")
    if own is not True:
        return Derived(own, paths=["auth_type"])
    networks = list(_networks(view))
    guarded = all_of(networks) if networks else False
    return Derived(negate(guarded), paths=["auth_type"])


def _networks(view: View) -> Iterator[Truth]:
    """For each service network that a service is joined to, whether it asks for IAM authentication."""
    for association in view.satellites("associations"):
        if isinstance(association, Unknown):
            yield association
            continue
        name = association.get("service_network_identifier")
        network = view.follow(name) if isinstance(name, Reference) else None
        if network is None:
            yield Unknown(f"the service network {name} was not read")
        else:
            yield equals(network.get("auth_type") or "NONE", "aws_iam")


# Tasks and services


def task_mounts_encrypted(view: View) -> Value | Derived:
    """`encryption.in_transit` of a task: every EFS volume is mounted over TLS; absent without EFS volumes."""
    mounts = [
        mount
        for volume in blocks(view.get("volume"))
        for mount in ([volume] if isinstance(volume, Unknown) else blocks(volume.get("efs_volume_configuration")))
    ]
    if not mounts:
        return None
    encrypted = all_of(
        mount if isinstance(mount, Unknown) else equals(mount.get("transit_encryption"), "enabled") for mount in mounts
    )
    return Derived(encrypted, paths=["volume"])


def service_connect_encrypted(view: View) -> Value | Derived:
    """`encryption.in_transit` of an ECS service: every Service Connect endpoint has TLS.

    Absent without endpoints.
    """
    endpoints: list[Block] = []
    for connect in blocks(view.get("service_connect_configuration")):
        if isinstance(connect, Unknown):
            return connect
        enabled = flag(connect.get("enabled"), default=False)
        if isinstance(enabled, Unknown):
            return enabled
        endpoints += blocks(connect.get("service")) if enabled else []
    if not endpoints:
        return None
    encrypted = all_of(
        endpoint if isinstance(endpoint, Unknown) else written(endpoint.get("tls")) for endpoint in endpoints
    )
    return Derived(encrypted, paths=["service_connect_configuration"])


def cluster_secrets_declared(view: View) -> Value | Derived:
    """`encryption.declared` of a Kubernetes cluster: a key is named for its secrets."""

    def covers(config: Block) -> Truth:
        if isinstance(config, Unknown):
            return config
        resources = config.get("resources")
        return why(resources) if undecided(resources) else any_of(equals(part, "secrets") for part in listed(resources))

    return Derived(any_of(map(covers, blocks(view.get("encryption_config")))), paths=["encryption_config"])


def search_signs_in(view: View) -> Value | Derived:
    """`access.signs_in` of a search domain: fine-grained access control is on, and lets in nobody anonymous."""
    own = "advanced_security_options"
    enabled = flag(view.get(f"{own}.enabled"), default=False)
    anonymous = flag(view.get(f"{own}.anonymous_auth_enabled"), default=False)
    return Derived(all_of([enabled, negate(anonymous)]), paths=[f"{own}.enabled"])


SERVICES: dict[str, ComputedProperty] = {
    "cluster_secrets_declared": cluster_secrets_declared,
    "lattice_anonymous": lattice_anonymous,
    "mesh_mutual_tls": mesh_mutual_tls,
    "mesh_tls_enforced": mesh_tls_enforced,
    "search_signs_in": search_signs_in,
    "service_connect_encrypted": service_connect_encrypted,
    "task_mounts_encrypted": task_mounts_encrypted,
}
