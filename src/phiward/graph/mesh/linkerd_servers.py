"""Whom Linkerd lets in where a Server takes a port over from the default policy.

Source: linkerd.io, reference "Authorization Policy": a Server denies whatever no authorization allows, unless its
`accessPolicy` says otherwise; authorizations add up; one that asks for no MeshTLSAuthentication and no ServiceAccount
lets in clients without an identity; policies for a route count beside those for its Server; of several Servers for one
port the oldest one holds. Linkerd lets probes in by itself, so a route for nothing but their paths opens nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from phiward.graph.cluster import labels_of, namespace_of
from phiward.graph.mesh.access import Access, Grant
from phiward.graph.mesh.linkerd_identity import account_namespaces, not_seen, of_identities, of_networks
from phiward.graph.mesh.model import Step
from phiward.graph.mesh.oldest import oldest
from phiward.graph.mesh.workload import Workload
from phiward.graph.reading import inner, items
from phiward.graph.selectors import Selectors
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, negate, why
from phiward.model.value import Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

SERVER = "policy.linkerd.io/Server"
SERVER_AUTHORIZATION = "policy.linkerd.io/ServerAuthorization"
AUTHORIZATION_POLICY = "policy.linkerd.io/AuthorizationPolicy"
MESH_TLS = "policy.linkerd.io/MeshTLSAuthentication"
NETWORK = "policy.linkerd.io/NetworkAuthentication"
ROUTES = ("policy.linkerd.io/HTTPRoute", "gateway.networking.k8s.io/HTTPRoute", "gateway.networking.k8s.io/GRPCRoute")
OPEN = ("all-unauthenticated", "cluster-unauthenticated", "audit")
_EVERY_SERVER = ""
MESHED = ("all-authenticated", "cluster-authenticated")


def by_word(policy: Value, step: Step) -> Access:
    """Whom a policy lets in that is one word: the default of a cluster or pod, or a Server's `accessPolicy`."""
    if undecided(policy):
        return Access((), (step,), why(policy))
    if policy in OPEN:
        return Access((of_networks(step, None),))
    if policy in MESHED:
        return Access((of_identities(step, ["*"]),))
    doubt = None if policy == "deny" else Unknown(f"{policy!r} is no default policy of Linkerd")
    return Access((), (step,), doubt)


class Servers:
    """The Servers of one cluster with what is authorized to use them."""

    def __init__(self, cluster: Cluster) -> None:
        self._servers: Selectors[View] = Selectors()
        for view in cluster.of(SERVER):
            if view.get("spec.podSelector") is None and view.get("spec.externalWorkloadSelector") is not None:
                continue  # it is for machines outside of the cluster
            self._servers.add(namespace_of(view), view.get("spec.podSelector") or {}, view)
        self._authentications: dict[tuple[str, str, str], View] = {
            (native, namespace_of(view), str(view.name)): view
            for native in (MESH_TLS, NETWORK)
            for view in cluster.of(native)
        }
        self._routes: dict[tuple[str, str], list[View]] = defaultdict(list)
        for native in ROUTES:
            for view in cluster.of(native):
                self._routes[namespace_of(view), str(view.name)].append(view)
        self._authorizations: Selectors[View] = Selectors()
        self._named: dict[tuple[str, str], list[View]] = defaultdict(list)
        for view in _sorted(cluster.of(SERVER_AUTHORIZATION)):
            name = view.get("spec.server.name")
            if isinstance(name, str):
                self._named[namespace_of(view), name].append(view)
            else:
                selector = why(name) if undecided(name) else view.get("spec.server.selector") or {}
                self._authorizations.add(namespace_of(view), selector, view)
        self._policies: dict[tuple[str, str], list[View]] = defaultdict(list)
        for view in _sorted(cluster.of(AUTHORIZATION_POLICY)):
            kind, name = view.get("spec.targetRef.kind"), view.get("spec.targetRef.name")
            target = str(name) if kind == "Server" and not undecided(name) else _EVERY_SERVER
            self._policies[namespace_of(view), target].append(view)
        self._access: dict[tuple[int, frozenset[str]], Access] = {}

    def ports(self, workload: Workload, default: Access) -> dict[int, list[Access]]:
        """The ports that Servers take over, with whom each Server that may hold there lets in."""
        chosen = dict(self._servers.of(workload.namespace, workload.labels))
        by_port: dict[int, list[View]] = defaultdict(list)
        for view in chosen:
            for number in _numbers(view, workload):
                by_port[number].append(view)
        found: dict[int, list[Access]] = {}
        for number, servers in by_port.items():
            found[number] = [self._of_server(view, workload.probed) for view in oldest(servers)]
            if all(chosen[view] is not True for view in servers):
                found[number].append(default)
        return found

    def _of_server(self, server: View, probed: frozenset[str]) -> Access:
        found = self._access.get((id(server), probed))
        if found is None:
            grants = (*self._authorized(server), *self._allowed(server, probed))
            policy, place = server.get("spec.accessPolicy"), ("spec", "accessPolicy")
            at = Step(f"accessPolicy of {server.resource.address}", policy, "deny", server.resource, place)
            own = by_word("deny" if policy is None else policy, at)
            named = Step(server.resource.address, "denies what nothing authorizes", None, server.resource)
            found = Access((*own.grants, *grants), (named,), own.doubt)
            self._access[id(server), probed] = found
        return found

    def _authorized(self, server: View) -> Iterator[Grant]:
        """Whom each ServerAuthorization for a Server lets in."""
        namespace = namespace_of(server)
        for view in self._named.get((namespace, str(server.name)), ()):
            yield _client(view, namespace)
        for view, _ in self._authorizations.of(namespace, labels_of(server)):
            yield _client(view, namespace)

    def _allowed(self, server: View, probed: frozenset[str]) -> Iterator[Grant]:
        """Whom each AuthorizationPolicy for a Server lets in, for its routes, or for its namespace."""
        namespace, name = namespace_of(server), str(server.name)
        for view in (*self._policies.get((namespace, name), ()), *self._policies.get((namespace, _EVERY_SERVER), ())):
            kind, target = view.get("spec.targetRef.kind"), view.get("spec.targetRef.name")
            if undecided(kind):
                step = Step(view.resource.address, "authorizes clients of something", None, view.resource)
                yield not_seen(step, why(kind).reason, authenticated=False)
            elif kind in ("Namespace", "Server"):
                yield self._required(view, namespace)
            elif kind in ("HTTPRoute", "GRPCRoute"):
                routes = self._routes.get((namespace, str(target)), [])
                own = [route for route in routes if _is_of(route, server) is not False]
                doubt = next((of for route in own if isinstance(of := _is_of(route, server), Unknown)), None)
                if doubt is not None:
                    step = Step(view.resource.address, f"authorizes clients of {kind} {target}", None, view.resource)
                    yield not_seen(step, doubt.reason, authenticated=False)
                elif own and not all(_is_for(route, probed) for route in own):
                    yield self._required(view, namespace)
                elif not routes:
                    step = Step(view.resource.address, f"authorizes clients of {kind} {target}", None, view.resource)
                    yield not_seen(step, f"the {kind} {target} is not in what was scanned", authenticated=False)

    def _required(self, view: View, namespace: str) -> Grant:
        """Whom a policy asks for: of several authentications all have to hold."""
        listed = view.get("spec.requiredAuthenticationRefs")
        place = ("spec", "requiredAuthenticationRefs")
        step = Step(view.resource.address, "authorizes clients", "named identities", view.resource, place)
        networks: list[Value] = []
        for reference in listed if isinstance(listed, list) else ():
            if not isinstance(reference, dict):
                return not_seen(step, f"whom {view.resource.address} asks for is not known")
            fields = ("kind", "name", "namespace")
            doubt = next((why(reference[key]) for key in fields if undecided(reference.get(key))), None)
            if doubt is not None:
                certain = reference.get("kind") in ("ServiceAccount", MESH_TLS.rpartition("/")[2])
                return not_seen(step, doubt.reason, authenticated=certain)
            kind, name = str(reference.get("kind")), str(reference.get("name"))
            where = str(reference.get("namespace") or namespace)
            if kind == "ServiceAccount":
                return of_identities(step, [], [where])
            native = f"policy.linkerd.io/{kind}"
            found = self._authentications.get((native, where, name))
            absent = f"{kind}/{where}/{name} is not in what was scanned"
            if native == MESH_TLS:
                return _identities(found, where, step) if found else not_seen(step, absent)
            networks += [inner(found.resource.attributes, "spec", "networks")] if found else [Unknown(absent)]
        if undecided(listed):
            return not_seen(step, f"whom {view.resource.address} asks for is not known")
        return of_networks(step, networks[0] if networks else None)


def _sorted(views: Iterable[View]) -> list[View]:
    return sorted(views, key=lambda view: view.resource.address)


def _identities(view: View, namespace: str, step: Step) -> Grant:
    """The clients that a MeshTLSAuthentication stands for."""
    identities, references = view.get("spec.identities"), view.get("spec.identityRefs")
    listed: list[Value] = identities if isinstance(identities, list) else [identities] if undecided(identities) else []
    accounts = [r for r in references if isinstance(r, dict)] if isinstance(references, list) else []
    whole = [str(r.get("name")) for r in accounts if r.get("kind") == "Namespace"]
    single = account_namespaces([r for r in accounts if r.get("kind") == "ServiceAccount"], namespace)
    what, observed = f"{step.what} by {view.resource.address}", listed or whole + single
    own = Step(what, observed, "named identities", view.resource, ("spec",))
    return of_identities(own, listed, [*whole, *single])


def _client(view: View, namespace: str) -> Grant:
    """Whom a ServerAuthorization lets in."""
    client: Any = view.get("spec.client")
    step = Step(view.resource.address, "authorizes clients", "named identities", view.resource, ("spec", "client"))
    if undecided(client):
        return not_seen(step, why(client).reason)
    for place in (("unauthenticated",), ("meshTLS", "unauthenticatedTLS")):
        anybody = flag(inner(client, *place), default=False)
        if anybody is not False:
            return of_networks(step, inner(client, "networks"), negate(anybody))
    identities = inner(client, "meshTLS", "identities")
    listed: list[Value] = identities if isinstance(identities, list) else [identities] if undecided(identities) else []
    return of_identities(step, listed, account_namespaces(inner(client, "meshTLS", "serviceAccounts"), namespace))


def _numbers(server: View, workload: Workload) -> frozenset[int]:
    """The ports of a workload that a Server takes over; 0 stands for one whose number is not known."""
    port = server.get("spec.port")
    if isinstance(port, int):
        return frozenset({port})
    return frozenset({0}) if undecided(port) else workload.ports_by_name.get(str(port), frozenset())


def _is_of(route: View, server: View) -> Truth:
    parents = items(route.get("spec.parentRefs"))
    named = {"kind": "Server", "name": str(server.name)}
    return any_of(all_of(equals(inner(p, key), word) for key, word in named.items()) for p in parents)


def _is_for(route: View, paths: frozenset[str]) -> bool:
    """Whether a route matches nothing but some exact paths."""
    rules = route.get("spec.rules")
    listed = [inner(rule, "matches") for rule in rules] if isinstance(rules, list) else []
    matches = [match for own in listed for match in (own if isinstance(own, list) and own else [None])]
    return bool(matches) and all(
        inner(match, "path", "type") == "Exact" and str(inner(match, "path", "value")) in paths for match in matches
    )
