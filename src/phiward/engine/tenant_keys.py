"""Rules about keys and tenants: which stores are on which key."""

from __future__ import annotations

from collections.abc import Collection

from phiward.engine.graph_rule import KEY_PROPERTY, NOT_APPLICABLE, Fact, GraphIndex, Judgement, KeyUses, key_of
from phiward.graph.keys import CUSTOMER
from phiward.graph.resource_graph import perhaps_none
from phiward.graph.view import View
from phiward.model.project import Project
from phiward.model.value import Unknown, Value


def _key_fact(store: View) -> Fact:
    tenant = store.tenancy.tenant
    whose = str(tenant) if tenant is not None else "no tenant"
    return _fact(store, f"used for {whose}")


def _fact(store: View, observed: Value) -> Fact:
    where = store.reading(KEY_PROPERTY).location()
    return Fact(f"{KEY_PROPERTY} of {store.resource.address}", observed, "one tenant", where)


def key_shared_by_tenants(view: View, index: GraphIndex) -> Judgement:
    """Whether a key serves the stores of tenants that were promised keys apart.

    Without tiers every tenant is promised its own key. With them, `dedicated` forbids any other tenant on the key,
    `per-tier` any tenant of another tier, and `shared` nothing. A key that is declared elsewhere is judged at each
    tenant's store that names it.
    """
    uses = index.uses(view.resource.scope)
    if "datastore" not in view.row.kinds:
        stores = uses.by_key.get(view.resource.address, [])
        return _of_key(view, view.resource.address, stores, uses) if stores else _perhaps_shared(view, uses)
    use = key_of(view)
    if view.tenancy.tenant is None or use.resource:
        return NOT_APPLICABLE
    if isinstance(use.custody, Unknown):
        return _perhaps_elsewhere(view, use.custody, uses) or NOT_APPLICABLE
    if use.custody != CUSTOMER:
        return NOT_APPLICABLE
    found = _of_key(view, use.identity, uses.by_key[use.identity], uses)
    if found.truth is True and use.doubt is not None:
        return _perhaps_elsewhere(view, use.doubt, uses) or found
    return found


def _of_key(view: View, identity: str, stores: list[View], uses: KeyUses) -> Judgement:
    """Judge a key by the stores that are known to be on it, and by those that may be."""
    project = view.resource.scope.project
    tenants: dict[str, View] = {}
    doubtful: list[Fact] = []
    perhaps: dict[str, tuple[View, Unknown]] = {}
    for store in stores:
        tenant, doubt = store.tenancy.tenant, perhaps_none(store.resource, view.resource)
        if isinstance(tenant, Unknown):
            header = store.resource.origin.header()
            doubtful.append(Fact(f"tenant of {store.resource.address}", tenant, "one tenant", header))
        elif tenant is not None and doubt is not None:
            perhaps.setdefault(tenant, (store, doubt))
        elif tenant is not None:
            tenants.setdefault(tenant, store)
    if _breaks_a_promise(project, tenants):
        return _broken(view, identity, tenants)
    if _breaks_a_promise(project, {*tenants, *perhaps}):
        doubtful += [_fact(store, why) for tenant, (store, why) in perhaps.items() if tenant not in tenants]
    if doubtful:
        return Judgement(None, tuple(doubtful[:1]))
    tenants = {**{tenant: store for tenant, (store, _) in perhaps.items()}, **tenants}
    if not tenants:
        return NOT_APPLICABLE
    for store, why in uses.undecided:
        if _could_break(project, tenants, store.tenancy.tenant):
            return Judgement(None, (_fact(store, why),))
    return Judgement(True, tuple(_key_fact(store) for store in list(tenants.values())[:5]))


def _broken(view: View, identity: str, tenants: dict[str, View]) -> Judgement:
    if "(unknown" in identity:
        why = Unknown(f"whether {identity} is one key for all of them is not known")
        return Judgement(None, (_fact(view, why),))
    names = ", ".join(sorted(tenants))
    facts = tuple(_key_fact(tenants[name]) for name in sorted(tenants))
    return Judgement(False, facts, f"one key serves the stores of {len(tenants)} tenants: {names}")


def _perhaps_shared(view: View, uses: KeyUses) -> Judgement:
    """A key that no store is known to use: the stores whose key is not known may be on it together."""
    known = {tenant for store, _ in uses.undecided if isinstance(tenant := store.tenancy.tenant, str)}
    if not _breaks_a_promise(view.resource.scope.project, known):
        return NOT_APPLICABLE
    store, why = next((store, why) for store, why in uses.undecided if isinstance(store.tenancy.tenant, str))
    return Judgement(None, (_fact(store, why),))


def _perhaps_elsewhere(view: View, why: Unknown, uses: KeyUses) -> Judgement | None:
    """A store whose key is not known: it may be on a key that no root shows, together with another tenant's."""
    project, own = view.resource.scope.project, view.tenancy.tenant
    for other, store in uses.elsewhere.items():
        if other is None or other == own or store is view:
            continue
        undecided = isinstance(own, Unknown) or isinstance(other, Unknown)
        if undecided or _breaks_a_promise(project, [str(own), str(other)]):
            return Judgement(None, (_fact(view, why),))
    return None


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
    doubt = use.doubt if index.owners(view.resource.scope) - {None, tenant} else None
    doubt = use.custody if isinstance(use.custody, Unknown) else doubt
    if doubt is not None:
        return Judgement(None, (Fact(KEY_PROPERTY, doubt, f"a key of {tenant}", where),))
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
