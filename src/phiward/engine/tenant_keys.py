"""Rules about keys and tenants: which stores are on which key."""

from __future__ import annotations

from collections.abc import Collection

from phiward.engine.graph_rule import KEY_PROPERTY, NOT_APPLICABLE, Fact, GraphIndex, Judgement
from phiward.graph.keys import CUSTOMER, KeyUse
from phiward.graph.view import View
from phiward.model.project import Project
from phiward.model.value import Unknown


def _key_fact(store: View) -> Fact:
    tenant = store.tenancy.tenant
    whose = str(tenant) if tenant is not None else "no tenant"
    return Fact(
        f"{KEY_PROPERTY} of {store.resource.address}",
        f"used for {whose}",
        "one tenant",
        store.reading(KEY_PROPERTY).location(),
    )


def key_shared_by_tenants(view: View, index: GraphIndex) -> Judgement:
    """Whether a key serves the stores of tenants that were promised keys apart.

    Without tiers every tenant is promised its own key. With them, `dedicated` forbids any other tenant on the key,
    `per-tier` any tenant of another tier, and `shared` nothing. A key that is declared elsewhere is judged at each
    tenant's store that names it.
    """
    project = view.resource.scope.project
    by_key, undecided = index.uses(view.resource.scope)
    identity = view.resource.address
    if "datastore" in view.row.kinds:
        use = view.key(KEY_PROPERTY) if KEY_PROPERTY in view.row.properties else KeyUse("none")
        identity = "" if use.resource or view.tenancy.tenant is None else use.identity
    stores = by_key.get(identity, []) if identity else []
    if not stores:
        return _perhaps_shared(view, undecided)
    tenants: dict[str, View] = {}
    doubtful: list[tuple[View, Unknown]] = []
    for store in stores:
        tenant = store.tenancy.tenant
        if isinstance(tenant, Unknown):
            doubtful.append((store, tenant))
        elif tenant is not None:
            tenants.setdefault(tenant, store)
    if _breaks_a_promise(project, tenants) and "(unknown" in identity:
        why = Unknown(f"whether {identity} is one key for all of them is not known")
        return Judgement(None, (Fact(KEY_PROPERTY, why, "one tenant", _key_fact(stores[0]).location),))
    if _breaks_a_promise(project, tenants):
        names = ", ".join(sorted(tenants))
        facts = tuple(_key_fact(tenants[name]) for name in sorted(tenants))
        return Judgement(False, facts, f"one key serves the stores of {len(tenants)} tenants: {names}")
    if not tenants and not doubtful:
        return NOT_APPLICABLE
    if doubtful:
        store, why = doubtful[0]
        fact = Fact(f"tenant of {store.resource.address}", why, "one tenant", store.resource.origin.header())
        return Judgement(None, (fact,))
    relevant = [(s, why) for s, why in undecided if _could_break(project, tenants, s.tenancy.tenant)]
    if relevant:
        store, why = relevant[0]
        fact = Fact(
            f"{KEY_PROPERTY} of {store.resource.address}", why, "one tenant", store.reading(KEY_PROPERTY).location()
        )
        return Judgement(None, (fact,))
    return Judgement(True, tuple(_key_fact(store) for store in list(tenants.values())[:5]))


def _perhaps_shared(view: View, undecided: list[tuple[View, Unknown]]) -> Judgement:
    """A key that no store is known to use: the stores whose key is not known may be on it together."""
    if "datastore" in view.row.kinds:
        return NOT_APPLICABLE
    tenants = {store.tenancy.tenant for store, _ in undecided}
    if not _breaks_a_promise(view.resource.scope.project, [tenant for tenant in tenants if isinstance(tenant, str)]):
        return NOT_APPLICABLE
    store, why = next((store, why) for store, why in undecided if isinstance(store.tenancy.tenant, str))
    where = store.reading(KEY_PROPERTY).location()
    return Judgement(None, (Fact(f"{KEY_PROPERTY} of {store.resource.address}", why, "one tenant", where),))


def _breaks_a_promise(project: Project, tenants: Collection[str]) -> bool:
    """Whether tenants may not be on one key together."""
    promises = {_key_promise(project.tiers, project.tenants.get(tenant)) for tenant in tenants}
    if len(tenants) < 2 or promises == {"shared"}:  # noqa: PLR2004
        return False
    return "dedicated" in promises or len({project.tenants.get(tenant) for tenant in tenants}) > 1


def _could_break(project: Project, tenants: Collection[str], other: str | Unknown | None) -> bool:
    """Whether a store whose key is not known would break a promise if it were on this key."""
    if isinstance(other, Unknown):
        return bool(tenants)
    return other is not None and other not in tenants and _breaks_a_promise(project, [*tenants, other])


def _key_promise(tiers: object, tier: str | None) -> str:
    promised = tiers.get(tier, {}) if isinstance(tiers, dict) and tier else {}
    return str(promised.get("key", "shared" if tier else "dedicated"))


def store_on_foreign_key(view: View, index: GraphIndex) -> Judgement:
    """Whether a tenant's store is encrypted with a key that belongs to another tenant."""
    tenant = view.tenancy.tenant
    if tenant is None or KEY_PROPERTY not in view.row.properties:
        return NOT_APPLICABLE
    use = view.key(KEY_PROPERTY)
    where = view.reading(KEY_PROPERTY).location()
    if isinstance(use.custody, Unknown):
        return Judgement(None, (Fact(KEY_PROPERTY, use.custody, f"a key of {tenant}", where),))
    if use.custody != CUSTOMER or not use.resource:
        return NOT_APPLICABLE
    key = index.graph.view(use.identity, use.scope or view.resource.scope)
    owner = key.tenancy.tenant if key else None
    if owner is None:
        return NOT_APPLICABLE
    if isinstance(tenant, Unknown) or isinstance(owner, Unknown):
        why = tenant if isinstance(tenant, Unknown) else owner
        return Judgement(None, (Fact(KEY_PROPERTY, why, f"a key of {tenant}", where),))
    fact = Fact(KEY_PROPERTY, f"{use.identity}, the key of {owner}", f"a key of {tenant}", where)
    message = f"the store of {tenant} is encrypted with the key of {owner}" if owner != tenant else ""
    return Judgement(owner == tenant, (fact,), message, at=where)
