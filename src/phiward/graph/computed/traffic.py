"""Where the routes of a cluster send requests, and copies of them.

The catalog names each function by its key in `TRAFFIC`. Sources: istio.io, "Virtual Service" (`Destination`: a short
name is one of the rule's own namespace; `mirror`, `mirrors`); Gateway API, "HTTPRoute" and "HTTP request mirroring"
(a reference without a namespace stays in the route's).
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.cluster import namespace_of
from phiward.graph.reading import inner, items
from phiward.graph.tenancy import identify_tenant
from phiward.graph.truth import Truth, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

_service = pattern(r"[a-z0-9-]+\.([a-z0-9-]+)\.svc(?:\..+)?")
Target = tuple[Value, bool]
"""A reference to what requests go to, and whether it is a copy of them that does."""


def mesh_targets(view: View) -> Value | Derived:
    """What a VirtualService sends requests to: host, namespace, copied, foreign (of another tenant)."""
    found: list[Value] = []
    for protocol in ("http", "tls", "tcp"):
        for rule in items(view.get(f"spec.{protocol}")):
            found += [rule] if isinstance(rule, Unknown) else list(_of_rule(view, rule))
    return Derived(found, paths=["spec.http", "spec.tls", "spec.tcp"])


def _of_rule(view: View, rule: Value) -> Iterator[Value]:
    for part in items(inner(rule, "route")):
        yield _to_host(view, inner(part, "destination", "host"), copied=False)
    copies = [inner(part, "destination", "host") for part in items(inner(rule, "mirrors"))]
    if inner(rule, "mirror") is not None:
        copies.append(inner(rule, "mirror", "host"))
    for host in copies:
        yield _to_host(view, host, copied=True)


def _to_host(view: View, host: Value, *, copied: bool) -> Value:
    if undecided(host):
        return why(host)
    name = str(host)
    service = _service.fullmatch(name)
    namespace = service.group(1) if service else namespace_of(view) if "." not in name else None
    return {"host": name, "namespace": namespace, "copied": copied, "foreign": _foreign(view, namespace)}


def gateway_targets(view: View) -> Value | Derived:
    """What an HTTPRoute sends requests to, as `mesh_targets` has it."""
    found: list[Value] = []
    for rule in items(view.get("spec.rules")):
        found += [rule] if isinstance(rule, Unknown) else [_to_reference(view, *each) for each in _references(rule)]
    return Derived(found, paths=["spec.rules"])


def _references(rule: Value) -> Iterator[Target]:
    """The references of a rule to what it sends requests to, and whether these are copies."""
    for backend in items(inner(rule, "backendRefs")):
        yield backend, False
        yield from _mirrors(inner(backend, "filters"))
    yield from _mirrors(inner(rule, "filters"))


def _mirrors(filters: Value) -> Iterator[Target]:
    for each in items(filters):
        reference = inner(each, "requestMirror", "backendRef")
        if reference is not None:
            yield reference, True


def _to_reference(view: View, reference: Value, copied: bool) -> Value:
    namespace, name = inner(reference, "namespace"), inner(reference, "name")
    if undecided(namespace) or undecided(name):
        return why(namespace if undecided(namespace) else name)
    there = namespace_of(view) if namespace is None else str(namespace)
    return {"host": str(name), "namespace": there, "copied": copied, "foreign": _foreign(view, there)}


def _foreign(view: View, namespace: str | None) -> Truth:
    """Whether a namespace is of another tenant than the route."""
    if not namespace or namespace == namespace_of(view):
        return False
    around = view.graph.cluster(view.resource.scope).surroundings(namespace)
    owner, tenant = identify_tenant(view.resource.scope.project, "", None, {}, around).tenant, view.tenancy.tenant
    if owner is None or owner == tenant:
        return False
    return next((part for part in (owner, tenant) if isinstance(part, Unknown)), True)


TRAFFIC: dict[str, ComputedProperty] = {
    "gateway_targets": gateway_targets,
    "mesh_targets": mesh_targets,
}
