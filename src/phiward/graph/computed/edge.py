"""How endpoints speak TLS, and whether they ask who calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phiward.graph.audience import identifies
from phiward.graph.computed.reading import Block, blocks
from phiward.graph.computed.stores import entry
from phiward.graph.policy import HOLE, sketch
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, listed, negate, one_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided

_ENCRYPTED = ("https", "tls", "ssl", "tcp_quic", "quic")
_PASSED_THROUGH = Unknown(
    "the load balancer passes connections through, and the target decides whether they are encrypted",
    "terminate TLS at the listener, or waive the rule and say how the target does",
)

# The oldest version that each family of AWS's named security policies accepts. SSLv3 was part of those of
# early 2014 and before. Sources: Elastic Load Balancing user guides, Security policies; API Gateway developer
# guide, Security policies; CloudFront developer guide, Supported protocols and ciphers.
_POLICY_VERSIONS = (
    (r"ELBSecurityPolicy-TLS13-1-([0-3])(?:-.+)?", None),
    (r"ELBSecurityPolicy-TLS-1-([0-2])(?:-.+)?", None),
    (r"ELBSecurityPolicy-FS-1-([12])-.+", None),
    (r"ELBSecurityPolicy-FS-2018-06", "TLSv1.0"),
    (r"ELBSecurityPolicy-(?:2016-08|2015-0[235])", "TLSv1.0"),
    (r"ELBSecurityPolicy-(?:2014-10)", "TLSv1.0"),
    (r"ELBSecurityPolicy-(?:2014-01|2011-08)", "SSLv3"),
    (r"ELBSample-.+", "TLSv1.0"),
    (r"SecurityPolicy_TLS13_1_([0-3])(?:_.+)?", None),
    (r"SecurityPolicy_TLS13_20\d\d(?:_.+)?", "TLSv1.3"),
    (r"SecurityPolicy_TLS12_.+", "TLSv1.2"),
    (r"TLS_1_([0-3])", None),
    (r"TLSv1\.([1-3])_20\d\d", None),
    (r"TLSv1(?:_2016)?", "TLSv1.0"),
    (r"SSLv3", "SSLv3"),
)


def tls_version(name: Value) -> Value:
    """Tell the oldest TLS version that a named security policy accepts.

    Unknown for a name of no known family.
    """
    if undecided(name):
        return why(name)
    for pattern, version in _POLICY_VERSIONS:
        if match := re.fullmatch(pattern, str(name)):
            return version or f"TLSv1.{match[1]}"
    return Unknown(f"the TLS versions of the security policy {name!r} are not known")


def named_tls_version(view: View, *, path: str, default: str = "") -> Value | Derived:
    """`tls.minimum_version` from the security policy at `path`.

    `default` is the policy that AWS uses without one.
    """
    name = view.get(path)
    if name is None:
        return tls_version(default) if default else None
    return Derived(tls_version(name), paths=[path])


# Load balancers


def listener_tls_enforced(view: View) -> Value | Derived:
    """`tls.enforced` of a listener.

    An encrypted protocol, or plain HTTP of which nothing is served but a redirect to HTTPS.
    """
    protocol = view.get("protocol")
    if protocol is None:
        return _without_protocol(view)
    if undecided(protocol):
        return why(protocol)
    word = str(protocol).lower()
    if word in _ENCRYPTED:
        return Derived(True, paths=["protocol"])
    if word != "http":
        return Derived(_PASSED_THROUGH, paths=["protocol"])
    return Derived(_serves_nothing(view), paths=["protocol", "default_action"])


def _without_protocol(view: View) -> Value | Derived:
    """Judge a listener that names none: a gateway load balancer's terminates nothing, any other is HTTP."""
    balancer = view.get("load_balancer_arn")
    target = view.follow(balancer) if isinstance(balancer, Reference) else None
    if target is None:
        return Unknown("the listener's protocol is not written", "write protocol")
    gateway = equals(target.get("load_balancer_type"), "gateway")
    if gateway is not False:
        return None if gateway is True else gateway
    return Derived(_serves_nothing(view), paths=["default_action"])


def _serves_nothing(view: View) -> Truth:
    """Whether plain requests get a redirect to HTTPS or a fixed answer, by default and by every rule."""
    defaults = all_of(map(_turns_away, blocks(view.get("default_action"))))
    rules = [rule if isinstance(rule, Unknown) else _rule_turns_away(rule) for rule in view.satellites("rules")]
    if defaults is False and any(rule is not False for rule in rules):
        return Unknown(
            "rules of the listener redirect some requests to HTTPS, and which ones is not decided here",
            "make the redirect the listener's default action",
        )
    return all_of([defaults, *rules])


def _rule_turns_away(rule: View) -> Truth:
    return all_of(map(_turns_away, blocks(rule.get("action"))))


def _turns_away(action: Block) -> Truth:
    if isinstance(action, Unknown):
        return action
    answers = equals(action.get("type"), "fixed-response")
    redirects = equals(action.get("type"), "redirect")
    to_https = all_of(
        target if isinstance(target, Unknown) else equals(target.get("protocol"), "https")
        for target in blocks(action.get("redirect")) or [{}]
    )
    return any_of([answers, all_of([redirects, to_https])])


def listener_minimum_version(view: View) -> Value | Derived:
    """`tls.minimum_version` of a listener; absent where the listener does not terminate TLS."""
    terminates = one_of(view.get("protocol"), ("https", "tls"))
    if isinstance(terminates, Unknown):
        return terminates
    if not terminates:
        return None
    return named_tls_version(view, path="ssl_policy", default="ELBSecurityPolicy-2016-08")


def classic_tls_enforced(view: View) -> Value | Derived:
    """`tls.enforced` of a classic load balancer: every listener speaks HTTPS or SSL; it cannot redirect."""

    def encrypted(listener: Block) -> Truth:
        if isinstance(listener, Unknown):
            return listener
        protocol = listener.get("lb_protocol")
        return _PASSED_THROUGH if equals(protocol, "tcp") is True else one_of(protocol, _ENCRYPTED)

    return Derived(all_of(map(encrypted, blocks(view.get("listener")))), paths=["listener"])


def classic_minimum_version(view: View) -> Value | Derived:
    """`tls.minimum_version` of a classic load balancer.

    Of its SSL negotiation policies, or of AWS's default policy.
    """
    listeners = blocks(view.get("listener"))
    terminates = any_of(
        part if isinstance(part, Unknown) else one_of(part.get("lb_protocol"), ("https", "ssl")) for part in listeners
    )
    if terminates is not True:
        return terminates if isinstance(terminates, Unknown) else None
    found = [tls_version(name) for name in _classic_policies(view)] or [_CLASSIC_DEFAULT]
    for version in found:
        if isinstance(version, Unknown):
            return version
    return Derived(min(found), paths=["listener"])


_CLASSIC_DEFAULT = "TLSv1.0"
"""What ELBSecurityPolicy-2016-08 accepts, which listeners get without a policy of their own."""


def _classic_policies(view: View) -> Iterator[Value]:
    """Yield the SSL negotiation policies that are in force; one that no listener is given is not."""
    policies = view.satellites("ssl_negotiations")
    if view.satellites("listener_policies"):
        policies += view.satellites("ssl_policies")
    for policy in policies:
        if isinstance(policy, Unknown):
            yield policy
            continue
        kind = policy.get("policy_type_name")
        if undecided(kind):
            yield why(kind)
        elif kind in (None, "SSLNegotiationPolicyType"):
            yield _classic_policy(policy)


def _classic_policy(policy: View) -> Value:
    """Find the predefined policy that an SSL negotiation policy refers to; one of its own is not judged."""
    for attribute in [*blocks(policy.get("policy_attribute")), *blocks(policy.get("attribute"))]:
        if isinstance(attribute, Unknown):
            return attribute
        if attribute.get("name") == "Reference-Security-Policy":
            return attribute.get("value")
    return Unknown("its SSL negotiation policy lists protocols one by one", "refer to a predefined security policy")


def classic_logs(view: View) -> Value | Derived:
    """`logs.enabled` of a classic load balancer: an `access_logs` block is on unless it says otherwise."""
    written = [
        block if isinstance(block, Unknown) else flag(block.get("enabled"), default=True)
        for block in blocks(view.get("access_logs"))
    ]
    return Derived(any_of(written), paths=["access_logs.enabled"])


def drops_invalid_headers(view: View, *, attributes: str = "") -> Value | Derived:
    """`network.drops_invalid_headers`.

    Absent for network and gateway load balancers, which see no headers. `attributes` is the list that holds the
    setting where it is one of many.
    """
    kind = view.get("load_balancer_type")
    if undecided(kind):
        return why(kind)
    if kind not in (None, "application"):
        return None
    path = attributes or "drop_invalid_header_fields"
    value = entry(view.get(path), _DROPS_HEADERS, "Key", "Value") if attributes else view.get(path)
    return Derived(flag(value, default=False), paths=[path])


_DROPS_HEADERS = "routing.http.drop_invalid_header_fields.enabled"


def balances_across_zones(view: View, *, attributes: str) -> Value | Derived:
    """`availability.cross_zone` where the setting is one of a list: off for network and gateway load balancers."""
    value = entry(view.get(attributes), "load_balancing.cross_zone.enabled", "Key", "Value")
    balances = negate(one_of(view.get("load_balancer_type"), ("network", "gateway")))
    return Derived(balances if value is None else flag(value, default=False), paths=[attributes, "load_balancer_type"])


def target_encrypted(view: View) -> Value | Derived:
    """`encryption.in_transit` from a load balancer to its targets.

    Absent for functions, which are called over TLS.
    """
    protocol = view.get("protocol")
    if protocol is None:
        return None
    word = protocol if undecided(protocol) else str(protocol).lower()
    if word in ("tcp", "udp", "tcp_udp", "geneve"):
        return Derived(_PASSED_THROUGH, paths=["protocol"])
    return Derived(one_of(word, _ENCRYPTED), paths=["protocol"])


# CDN


def cdn_tls_enforced(view: View) -> Value | Derived:
    """`tls.enforced` of a distribution: every cache behaviour takes HTTPS only, or redirects to it."""
    paths = ["default_cache_behavior", "ordered_cache_behavior"]
    behaviours = [behaviour for path in paths for behaviour in blocks(view.get(path))]
    enforced = all_of(
        part if isinstance(part, Unknown) else one_of(part.get("viewer_protocol_policy"), _VIEWER_POLICIES)
        for part in behaviours
    )
    return Derived(enforced, paths=[f"{path}.viewer_protocol_policy" for path in paths])


_VIEWER_POLICIES = ("https-only", "redirect-to-https")


def cdn_minimum_version(view: View, *, unset: str = "TLSv1") -> Value | Derived:
    """`tls.minimum_version` of a distribution.

    CloudFront's own certificate means TLSv1, whatever else is written; it is used where none is named. `unset` is the
    policy of another certificate where none is written.
    """
    own = "viewer_certificate.cloudfront_default_certificate"
    default_certificate = flag(view.get(own), default=view.get("viewer_certificate") is None)
    if isinstance(default_certificate, Unknown):
        return default_certificate
    if default_certificate:
        return Derived(tls_version("TLSv1"), paths=[own])
    return named_tls_version(view, path="viewer_certificate.minimum_protocol_version", default=unset)


# APIs and functions


def method_anonymous(view: View) -> Value | Derived:
    """`access.anonymous` of a REST method.

    Browsers send preflight requests without credentials, so OPTIONS may.
    """
    preflight = equals(view.get("http_method"), "options")
    open_to_all = equals(view.get("authorization") or "NONE", "none")
    return Derived(all_of([negate(preflight), open_to_all]), paths=["authorization"])


def route_anonymous(view: View) -> Value | Derived:
    """`access.anonymous` of a route.

    A WebSocket API authorizes at `$connect` only: its other routes say nothing.
    """
    key = view.get("route_key")
    if undecided(key):
        return why(key)
    text = str(key)
    websocket = _is_websocket(view) if text == "$default" else " " not in text and text != "$connect"
    if websocket is True:
        return None
    method = text.partition(" ")[0]
    open_to_all = equals(view.get("authorization_type") or "NONE", "none")
    return Derived(all_of([method != "OPTIONS", open_to_all, negate(websocket)]), paths=["authorization_type"])


def _is_websocket(view: View) -> Truth:
    api = view.get("api_id")
    target = view.follow(api) if isinstance(api, Reference) else None
    if target is None:
        return Unknown("whether its API is one of websockets was not read", "refer to the declared API in api_id")
    return equals(target.get("protocol_type"), "websocket")


def default_endpoint_answers(view: View) -> Value | Derived:
    """`network.default_endpoint` of an API; absent where no domain name leads to it."""
    mappings = view.satellites("mappings")
    if not mappings:
        return None
    if isinstance(mappings[0], Unknown):
        return mappings[0]
    disabled = flag(view.get("disable_execute_api_endpoint"), default=False)
    return Derived(negate(disabled), paths=["disable_execute_api_endpoint"])


_CALLER_ATTRIBUTES = {
    "source_arn": "aws:sourcearn",
    "source_account": "aws:sourceaccount",
    "principal_org_id": "aws:principalorgid",
}


def function_grants_everybody(view: View) -> Value | Derived:
    """`access.public` of a function's permission: principal `*` that no source or organisation narrows."""
    principal = sketch(view.get("principal"))
    open_ = HOLE in principal and principal.replace(HOLE, "") in ("", "*")
    everyone: Truth = why(view.get("principal")) if open_ else principal == "*"
    narrowed = any_of(
        identifies(key, view.get(name)) for name, key in _CALLER_ATTRIBUTES.items() if view.get(name) is not None
    )
    return Derived(all_of([everyone, negate(narrowed)]), paths=["principal"])


def transfer_tls_enforced(view: View) -> Value | Derived:
    """`tls.enforced` of a file transfer server.

    SFTP and FTPS encrypt, FTP does not, AS2 is left to its messages.
    """
    protocols = listed(view.get("protocols")) or ["SFTP"]

    def encrypted(protocol: Value) -> Truth:
        if equals(protocol, "as2") is True:
            return Unknown("AS2 may run over plain HTTP with encrypted messages, and its agreements decide that")
        return one_of(protocol, ("sftp", "ftps"))

    return Derived(all_of(map(encrypted, protocols)), paths=["protocols"])


EDGE: dict[str, ComputedProperty] = {
    "balances_across_zones": balances_across_zones,
    "cdn_minimum_version": cdn_minimum_version,
    "cdn_tls_enforced": cdn_tls_enforced,
    "classic_logs": classic_logs,
    "classic_minimum_version": classic_minimum_version,
    "classic_tls_enforced": classic_tls_enforced,
    "default_endpoint_answers": default_endpoint_answers,
    "drops_invalid_headers": drops_invalid_headers,
    "function_grants_everybody": function_grants_everybody,
    "listener_minimum_version": listener_minimum_version,
    "listener_tls_enforced": listener_tls_enforced,
    "method_anonymous": method_anonymous,
    "named_tls_version": named_tls_version,
    "route_anonymous": route_anonymous,
    "target_encrypted": target_encrypted,
    "transfer_tls_enforced": transfer_tls_enforced,
}
