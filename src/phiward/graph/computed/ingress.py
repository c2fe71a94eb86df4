"""Whether what a cluster serves to the outside is encrypted: Ingress, Gateway API and Istio gateways.

The catalog names each function by its key in `INGRESS`. Sources: kubernetes.io, "Ingress"; ingress-nginx, "TLS/HTTPS"
(plain HTTP is redirected where TLS is configured, unless `ssl-redirect` is false); AWS Load Balancer Controller,
"Ingress annotations" (`listen-ports`, `ssl-redirect`); GKE, "Ingress for external Application Load Balancers"
(`allow-http`); Gateway API, "TLS Configuration" and "HTTP redirects"; istio.io, "HBONE" (a tunnel over mutual TLS, as
waypoints listen), "Gateway", ServerTLSSettings.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from phiward.graph.cluster import annotations_of, namespace_of
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, negate, one_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided

_ALB = "alb.ingress.kubernetes.io/"
_NGINX = "nginx.ingress.kubernetes.io/"
_CLASS = "kubernetes.io/ingress.class"
_CONTROLLER = Unknown(
    "whether plain HTTP is redirected is decided by the ingress controller, which is not known here",
    "write ingressClassName",
)
ROUTES = ("gateway.networking.k8s.io/HTTPRoute", "gateway.networking.k8s.io/GRPCRoute")
"""Only those of HTTP can redirect."""
_HTTP = ("http", "http2", "http_proxy", "grpc", "grpc-web")
_SECURED = ("simple", "mutual", "istio_mutual", "optional_mutual")
_VERSIONS = {"TLS_AUTO": "TLSv1.2", **{f"TLSV1_{number}": f"TLSv1.{number}" for number in range(4)}}


def ingress_tls(view: View) -> Value | Derived:
    """Whether an Ingress serves nothing in the clear: a certificate for each host, and plain HTTP redirected."""
    notes = annotations_of(view)
    if isinstance(notes, Unknown):
        return notes
    controller = view.get("spec.ingressClassName") or notes.get(_CLASS)
    if undecided(controller):
        return why(controller)
    if controller == "alb" or (controller is None and any(name.startswith(_ALB) for name in notes)):
        return _alb_tls(notes)
    covered = all_of([_has_certificate(view), _redirects(controller, notes)])
    return Derived(any_of([covered, _forced(notes)]), paths=["spec.tls", "spec.rules"])


def _has_certificate(view: View) -> Truth:
    """Whether `spec.tls` names every host that the rules serve; an entry without hosts covers all."""
    entries = view.get("spec.tls")
    if undecided(entries):
        return why(entries)
    if not entries:
        return False
    named: list[Value] = []
    for entry in items(entries):
        hosts = inner(entry, "hosts")
        if undecided(hosts):
            return why(hosts)
        if not hosts:
            return True
        named += items(hosts)
    return all_of(_covers(named, inner(rule, "host")) for rule in items(view.get("spec.rules")))


def _covers(named: list[Value], host: Value) -> Truth:
    if undecided(host):
        return why(host)
    if host in named:
        return True
    wildcard = f"*.{str(host).partition('.')[2]}"
    if wildcard in named:
        return True
    return next((why(name) for name in named if undecided(name)), False)


def _redirects(controller: Value, notes: object) -> Truth:
    """Whether plain HTTP to a host with a certificate is redirected."""
    assert isinstance(notes, dict)
    for name in (f"{_NGINX}ssl-redirect", "ingress.kubernetes.io/ssl-redirect", "nginx.org/ssl-redirect"):
        if name in notes:
            return flag(notes[name], default=True)
    if "haproxy.org/ssl-redirect" in notes:
        return flag(notes["haproxy.org/ssl-redirect"], default=True)
    kind = str(controller or "").lower()
    if kind in ("gce", "gce-internal") or "kubernetes.io/ingress.allow-http" in notes:
        allowed = flag(notes.get("kubernetes.io/ingress.allow-http"), default=True)
        return allowed if isinstance(allowed, Unknown) else not allowed
    if "nginx" in kind or "haproxy" in kind or "contour" in kind or any(name.startswith(_NGINX) for name in notes):
        return True
    return _CONTROLLER


def _forced(notes: object) -> Truth:
    """Whether everything is redirected, because TLS ends before the controller."""
    assert isinstance(notes, dict)
    return flag(notes.get(f"{_NGINX}force-ssl-redirect"), default=False)


def _alb_tls(notes: object) -> Value | Derived:
    assert isinstance(notes, dict)
    paths = [f'metadata.annotations["{_ALB}{name}"]' for name in ("ssl-redirect", "listen-ports", "certificate-arn")]
    if notes.get(f"{_ALB}ssl-redirect") is not None:
        return Derived(True, paths=paths)
    written = notes.get(f"{_ALB}listen-ports")
    if written is None:  # HTTPS alone where there is a certificate, else HTTP
        return Derived(notes.get(f"{_ALB}certificate-arn") is not None, paths=paths)
    if undecided(written):
        return why(written)
    try:
        protocols = [str(name).upper() for port in json.loads(str(written)) for name in port]
    except (ValueError, TypeError, RecursionError):
        return Unknown("the listen-ports annotation is not the JSON that it must be")
    if set(protocols) == {"HTTPS"}:
        return Derived(True, paths=paths)
    action = next((name for name in notes if name.startswith(f"{_ALB}actions.") and _may_redirect(notes[name])), None)
    return Derived(Unknown(f"which requests {action} redirects is not worked out") if action else False, paths=paths)


def _may_redirect(action: Value) -> bool:
    return undecided(action) or '"redirect"' in str(action).lower()


# -- Gateway API


def gateway_tls(view: View) -> Value | Derived:
    """Whether every listener of a Gateway is encrypted, or all of its routes redirect to HTTPS."""
    return _each(view, "spec.listeners", lambda listener: _listener(view, listener))


def _each(view: View, path: str, test: Callable[[dict[str, Value]], Truth]) -> Value | Derived:
    entries = view.get(path)
    if undecided(entries):
        return why(entries)
    listed = entries if isinstance(entries, list) else []
    return Derived(
        all_of(test(e) if isinstance(e, dict) else why(e) if undecided(e) else False for e in listed), paths=[path]
    )


def _listener(view: View, listener: dict[str, Value]) -> Truth:
    protocol = listener.get("protocol")
    if undecided(protocol):
        return why(protocol)
    if protocol != "HTTP":
        return protocol in ("HTTPS", "TLS", "HBONE")
    cluster = view.graph.cluster(view.resource.scope)
    found: list[Truth] = [cluster.hole] if cluster.hole else []
    for native in ROUTES:
        for route in cluster.of(native):
            attached = _attached(route, view, listener)
            if attached is not False:
                found.append(any_of([negate(attached), _redirecting(route)]))
    return (
        all_of(found) if found else Unknown("no route to this listener was scanned, and another may serve plain HTTP")
    )


def _attached(route: View, gateway: View, listener: dict[str, Value]) -> Truth:
    return any_of(_names(parent, route, gateway, listener) for parent in items(route.get("spec.parentRefs")))


def _names(parent: Value, route: View, gateway: View, listener: dict[str, Value]) -> Truth:
    """Whether a parent of a route is this listener."""
    if isinstance(parent, Unknown):
        return parent
    wanted = {
        "name": (gateway.name,),
        "namespace": (namespace_of(gateway), None if namespace_of(route) == namespace_of(gateway) else ""),
        "sectionName": (listener.get("name"), None),
        "port": (listener.get("port"), None),
    }
    return all_of(
        why(written) if undecided(written := inner(parent, key)) else written in allowed
        for key, allowed in wanted.items()
    )


def _redirecting(route: View) -> Truth:
    """Whether each rule of a route answers with a redirect to HTTPS."""
    rules = route.get("spec.rules")
    if undecided(rules):
        return why(rules)
    found: list[Truth] = []
    for rule in items(rules):
        filters = items(inner(rule, "filters"))
        found.append(any_of(equals(inner(each, "requestRedirect", "scheme"), "https") for each in filters))
    return all_of(found) if found else False


# -- Istio


def istio_gateway_tls(view: View) -> Value | Derived:
    """Whether every server of an Istio gateway is encrypted, or plain HTTP that is redirected."""
    return _each(view, "spec.servers", _server)


def _server(server: dict[str, Value]) -> Truth:
    protocol = inner(server, "port", "protocol")
    if undecided(protocol):
        return why(protocol)
    name = str(protocol).lower()
    if name in ("https", "tls"):
        return True
    if name in _HTTP:  # what else its `tls` says is not looked at
        return flag(inner(server, "tls", "httpsRedirect"), default=False)
    return one_of(inner(server, "tls", "mode"), _SECURED)


def istio_gateway_version(view: View) -> Value | Derived:
    """The oldest TLS version of an Istio gateway's servers; 1.2 where none is written."""
    servers = view.get("spec.servers")
    if undecided(servers):
        return why(servers)
    found: list[str] = []
    for server in servers if isinstance(servers, list) else []:
        tls = server.get("tls") if isinstance(server, dict) else None
        if not isinstance(tls, dict) or tls.get("mode") == "PASSTHROUGH" or set(tls) <= {"httpsRedirect"}:
            continue
        version = tls.get("minProtocolVersion", "TLS_AUTO")
        if undecided(version):
            return why(version)
        found.append(_VERSIONS.get(str(version), str(version)))
    return Derived(min(found), paths=["spec.servers"]) if found else None


INGRESS: dict[str, ComputedProperty] = {
    "gateway_tls": gateway_tls,
    "ingress_tls": ingress_tls,
    "istio_gateway_tls": istio_gateway_tls,
    "istio_gateway_version": istio_gateway_version,
}
