"""Rules about stores inside a cluster that several tenants share."""

from __future__ import annotations

from phiward.engine.graph_rule import NOT_APPLICABLE, Fact, GraphIndex, Judgement
from phiward.graph.cluster import POD
from phiward.graph.network_policies.isolation import Policies
from phiward.graph.network_policies.model import INGRESS
from phiward.graph.view import View
from phiward.model.value import Partial, Unknown, Value
from phiward.pattern import pattern

_STORES = pattern(
    r"(?:^|/)(?P<name>redis(?:-stack(?:-server)?)?|valkey|keydb|dragonfly|memcached|rabbitmq|nats|kafka|cp-kafka|redpanda|activemq[\w-]*|"
    r"postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|cassandra|elasticsearch|opensearch|solr|minio|cockroach|etcd)(?=[:@]|$)"
)
_REDIS = ("redis", "redis-stack", "redis-stack-server", "valkey", "keydb", "dragonfly")
_ACL = pattern(r"--aclfile\b|--user\b|\buser [\w.-]+ on\b")
_PROPERTY, _EXPECTED = "tenancy.identity", "each tenant has an identity of its own there"


def tenant_store_shared(view: View, index: GraphIndex) -> Judgement:
    """Whether a cache, queue or database that tenants share in a cluster tells them apart by who connects."""
    if view.tenancy.tenant is not None:
        return NOT_APPLICABLE
    name = _store(view)
    if name is None:
        return NOT_APPLICABLE
    policies = index.graph.cluster(view.resource.scope).policies
    tenants, doubt = _who_connects(view, policies)
    if len(tenants) < 2:  # noqa: PLR2004 - shared by two
        if doubt is None:
            return NOT_APPLICABLE
        return Judgement(None, (Fact("network.ingress", doubt, "pods of one tenant", view.header),))
    apart = _tells_apart(name, view)
    shared = Fact("tenants that can connect", ", ".join(sorted(tenants)), "", view.header)
    where = view.resource.origin.locate((*view.row.parts[POD], "spec", "containers"))
    if isinstance(apart, Unknown):
        return Judgement(None, (Fact(_PROPERTY, apart, _EXPECTED, where), shared))
    observed = "users of an access list" if apart else "whoever connects is the same to it"
    message = f"{len(tenants)} tenants share this {name}, which cannot tell them apart: {', '.join(sorted(tenants))}"
    return Judgement(apart, (Fact(_PROPERTY, observed, _EXPECTED, where), shared), "" if apart else message, at=where)


def _store(view: View) -> str | None:
    """Which cache, queue or database a workload runs, by its images."""
    for image in _listed(view.get(f"@{POD}.spec.containers[].image")):
        text = "".join(p for p in image.parts if isinstance(p, str)) if isinstance(image, Partial) else image
        found = _STORES.search(text) if isinstance(text, str) else None
        if found:
            return found.group("name")
    return None


def _who_connects(view: View, policies: Policies) -> tuple[set[str], Unknown | None]:
    """The tenants whose pods the policies let connect, and why there may be more."""
    isolation = policies.of(view, INGRESS)
    doubt = isolation.doubt
    if isolation.policies:
        admitted = [
            pair for policy in isolation.policies for p in policy.peers[INGRESS] for pair in policies.admitted(p)
        ]
    elif doubt is None:
        admitted = [(other, True) for members in policies.tenants.values() for other in members]
    else:
        admitted = []
    tenants: set[str] = set()
    for other, answer in admitted:
        tenant = other.tenancy.tenant
        if isinstance(tenant, str) and answer is True:
            tenants.add(tenant)
        else:
            doubt = doubt or (
                answer if isinstance(answer, Unknown) else tenant if isinstance(tenant, Unknown) else None
            )
    return tenants, doubt


def _tells_apart(name: str, view: View) -> bool | Unknown:
    if name == "memcached":
        return False
    if name not in _REDIS:
        return Unknown(f"whether each tenant has a user of its own in {name} is not in its manifest")
    words = [
        *_listed(view.get(f"@{POD}.spec.containers[].command")),
        *_listed(view.get(f"@{POD}.spec.containers[].args")),
    ]
    if _ACL.search(" ".join(word for word in words if isinstance(word, str))):
        return True
    mounted = any(isinstance(word, str) and word.endswith(".conf") for word in words)
    if mounted or any(not isinstance(word, str) for word in words):
        return Unknown("its configuration file is not read", "give --aclfile or --user on the command line")
    return False


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
