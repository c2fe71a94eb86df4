"""What objects say of a service mesh.

The catalog names each function by its key in `MESH`. The work is done in `graph.mesh.facts`, which is imported where a
cluster is judged: most scans see none.
"""

from __future__ import annotations

from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Value


def mesh_clients(view: View) -> Value | Derived:
    """Each TLS setting of a DestinationRule towards a host of the mesh: host, part of its ports, mode, verified."""
    from phiward.graph.mesh.facts import clients

    return clients(view)


def mesh_modes(view: View) -> Value | Derived:
    """Every mode of mutual TLS, or default policy for inbound connections, that an object sets: mode, part."""
    from phiward.graph.mesh.facts import modes

    return modes(view)


def mesh_outbound(view: View) -> Value | Derived:
    """Every annotation by which outbound connections may pass by the proxy: setting, value, bypassed."""
    from phiward.graph.mesh.facts import outbound

    return outbound(view)


def mesh_declared(view: View) -> Value | Derived:
    """Whether an object shows that its cluster has a mesh, or encrypts between its nodes."""
    from phiward.graph.mesh.facts import declared

    return declared(view)


def mesh_version(view: View) -> Value | Derived:
    """The oldest TLS version that the proxies of Istio speak with each other, where its MeshConfig is written."""
    from phiward.graph.mesh.facts import version

    return version(view)


MESH: dict[str, ComputedProperty] = {
    "mesh_clients": mesh_clients,
    "mesh_declared": mesh_declared,
    "mesh_modes": mesh_modes,
    "mesh_outbound": mesh_outbound,
    "mesh_version": mesh_version,
}
