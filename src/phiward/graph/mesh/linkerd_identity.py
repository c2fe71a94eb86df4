"""Whom the authentications of Linkerd stand for.

Source: linkerd.io, reference "Authorization Policy" (MeshTLSAuthentication, NetworkAuthentication and
ServerAuthorization): an identity is `<account>.<namespace>.serviceaccount.identity.<control plane>.<domain>`, `*.` in
front takes in all that end so, and `*` alone every client of the mesh.
"""

from __future__ import annotations

from collections.abc import Iterable

from phiward.graph.mesh.access import Grant
from phiward.graph.mesh.model import Step
from phiward.graph.network_policies.model import whole_range
from phiward.graph.truth import Truth, any_of, why
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

_identity = pattern(r"(?:\*\.)?(?:[^.*]+\.)?([^.*]+)\.serviceaccount\.identity\..+")


def of_identities(step: Step, identities: Iterable[Value], namespaces: Iterable[str] = ()) -> Grant:
    """Clients of the mesh by their identities, and all of those in some namespaces."""
    listed, chosen = list(identities), frozenset(namespaces)
    everyone = any_of(_is_everyone(identity) for identity in listed)

    def admits(namespace: str) -> Truth:
        return any_of([namespace in chosen, everyone, *(_in_namespace(one, namespace) for one in listed)])

    found = [_identity.fullmatch(str(identity)) for identity in listed]
    only = chosen.union(match.group(1) for match in found if match) if all(found) else None
    return Grant(step, everyone, admits, only=only)


def of_networks(step: Step, networks: Value, authenticated: Truth = False) -> Grant:
    """Clients by their addresses, whoever they are; those of every network where none is listed."""
    listed = networks if isinstance(networks, list) else [] if networks is None else [networks]
    ranges = [entry.get("cidr") if isinstance(entry, dict) else entry for entry in listed]
    everyone: Truth = any_of(why(r) if undecided(r) else whole_range(str(r)) for r in ranges) if ranges else True
    named = ", ".join(str(r) for r in ranges)

    def admits(_: str) -> Truth:
        return everyone if everyone is not False else Unknown(f"which pods have an address in {named} is not known")

    return Grant(step, everyone, admits, authenticated)


def not_seen(step: Step, reason: str, *, authenticated: bool = True) -> Grant:
    """Clients by something that was not scanned: a part of the mesh's own, or perhaps of all."""
    doubt = Unknown(reason, "scan the manifest that declares it too")
    return Grant(step, doubt, lambda _: doubt, True if authenticated else doubt, alike=True)


def _is_everyone(identity: Value) -> Truth:
    if undecided(identity):
        return why(identity)
    return str(identity).startswith("*") and not _identity.fullmatch(str(identity))


def _in_namespace(identity: Value, namespace: str) -> Truth:
    if undecided(identity):
        return why(identity)
    found = _identity.fullmatch(str(identity))
    if found:
        return found.group(1) == namespace
    return Unknown(f"which namespace the identity {identity} is of is not known")


def account_namespaces(references: Value, own: str) -> list[str]:
    """The namespaces of ServiceAccounts that are listed, by themselves or as references."""
    listed = references if isinstance(references, list) else []
    return [str(reference.get("namespace") or own) for reference in listed if isinstance(reference, dict)]
