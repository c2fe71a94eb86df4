"""Stores from which a cluster takes its secrets: whom they serve, and how they prove who they are.

The catalog names each function by its key in `SECRET_STORES`. Sources: external-secrets.io, "API specification"
(`conditions` constrain a ClusterSecretStore to namespaces; each provider's `auth`), "Security Best Practices", and
"AWS Authentication" (without `auth`, the controller's own credentials; `sessionTagsPolicy`).
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.cluster import selects, takes_all
from phiward.graph.reading import inner, items
from phiward.graph.tenancy import identify_tenant
from phiward.graph.truth import Truth, all_of, any_of, negate, one_of, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

_ALL_NAMES = frozenset({"", "^", "$", ".", ".*", ".+", "^.*$", "^.+$", "^.*", "^.+", ".*$", ".+$"})
"""Expressions that take in every name."""
_one_beginning = pattern(r"\^?[a-z0-9-]{2,}(?:\.[*+])?\$?")
"""Expressions that ask for some letters, and so do not take in every name."""
_ENVIRONMENT = Unknown("it takes the credentials that its controller has", "name a service account under auth")
_TOKEN = Unknown("how long the credential in that Secret lives is not written")
_SIGNS_IN: dict[str, tuple[tuple[tuple[str, ...], Truth], ...]] = {
    "aws": (
        (("auth", "secretRef", "sessionTokenSecretRef"), False),
        (("auth", "secretRef"), True),
        (("auth", "jwt"), False),
        ((), _ENVIRONMENT),
    ),
    "gcpsm": (
        (("auth", "secretRef"), True),
        (("auth", "workloadIdentity"), False),
        ((), _ENVIRONMENT),
    ),
    "vault": (
        (("auth", "tokenSecretRef"), True),
        (("auth", "appRole"), True),
        (("auth", "ldap"), True),
        (("auth", "userPass"), True),
        (("auth", "iam", "secretRef", "sessionTokenSecretRef"), False),
        (("auth", "iam", "secretRef"), True),
        (("auth", "iam", "jwt"), False),
        (("auth", "kubernetes", "serviceAccountRef"), False),
        (("auth", "kubernetes", "secretRef"), _TOKEN),
        (("auth", "kubernetes"), False),
        (("auth", "jwt", "kubernetesServiceAccountToken"), False),
        (("auth",), _TOKEN),
    ),
}
"""By provider, the settings by which it signs in, and whether that lasts; the first that is written counts."""


def store_open(view: View) -> Value | Derived:
    """Whether a store serves every namespace of its cluster with one identity."""
    conditions = items(view.get("spec.conditions"))
    everywhere = any_of(_takes_everything(condition) for condition in conditions) if conditions else True
    return Derived(all_of([everywhere, _one_identity(view)]), paths=["spec.conditions"])


def _takes_everything(condition: Value) -> Truth:
    """Whether a condition takes in every namespace: what its selector, names or expressions take in is added up."""
    selector = inner(condition, "namespaceSelector")
    whole = False if selector is None else takes_all(selector)
    return any_of([whole, *map(_every_name, items(inner(condition, "namespaceRegexes")))])


def _every_name(expression: Value) -> Truth:
    if undecided(expression):
        return why(expression)
    if expression in _ALL_NAMES:
        return True
    if _one_beginning.fullmatch(str(expression)):
        return False
    return Unknown(f"whether {expression} takes in every namespace is not decided here", "list namespaces by name")


def _one_identity(view: View) -> Truth:
    """Whether all callers read with one identity; nothing says that they do not, or it may be each caller's own."""
    provider = view.get("spec.provider")
    tagged = one_of(view.get("spec.provider.aws.sessionTagsPolicy"), ("simple", "custom"))
    if tagged is not False:
        reason = "its sessions are tagged with the caller's namespace, by which a policy may tell tenants apart"
        return tagged if isinstance(tagged, Unknown) else Unknown(reason)
    return next(_of_callers(provider), True)


def _of_callers(value: Value, name: str = "auth") -> Iterator[Unknown]:
    """Why credentials that a provider's settings name may be each caller's own: they are of no namespace."""
    if undecided(value):
        if any(part in name.lower() for part in ("auth", "ref", "account", "namespace")):
            yield why(value)
    elif isinstance(value, list):
        for part in value:
            yield from _of_callers(part, name)
    elif isinstance(value, dict):
        if "name" in value and value.get("namespace") is None:
            yield Unknown(f"its {name} names no namespace, so that each caller's own may be used", "name the namespace")
        for key, part in value.items():
            if key != "caProvider":
                yield from _of_callers(part, key)


# -- tenants


def store_sharers(view: View) -> Value | Derived:
    """The tenants whose namespaces a store serves, where there are several.

    Absent where it serves none, or every namespace: that is said of it already.
    """
    conditions = items(view.get("spec.conditions"))
    if not conditions or any_of(_takes_everything(condition) for condition in conditions) is True:
        return None
    found = [tenant for condition in conditions for tenant in _tenants(view, condition)]
    known = sorted({tenant for tenant in found if isinstance(tenant, str)})
    doubts = [tenant for tenant in found if isinstance(tenant, Unknown)]
    identity = _one_identity(view)
    shared: Value
    if len(known) > 1:
        shared = identity if isinstance(identity, Unknown) else known
    elif doubts:
        shared = doubts[0]
    else:
        shared = [] if known else None
    return Derived(shared, paths=["spec.conditions"])


def _tenants(view: View, condition: Value) -> Iterator[str | Unknown | None]:
    """Whose namespaces a condition takes in."""
    if isinstance(condition, Unknown):
        yield condition
        return
    for name in items(inner(condition, "namespaces")):
        yield why(name) if undecided(name) else _tenant_of(view, str(name))
    for expression in items(inner(condition, "namespaceRegexes")):
        yield Unknown(f"which namespaces {expression} takes in is not decided here", "list namespaces by name")
    selector = inner(condition, "namespaceSelector")
    if selector is not None:
        yield from _selected(view, selector)


def _selected(view: View, selector: Value) -> Iterator[str | Unknown | None]:
    """Whose namespaces a selector takes in: those of the tenant that it names, else those that are declared."""
    first = next(iter(view.resource.scope.project.identify), None)
    if first is not None and first.kind in ("tag", "namespace_label"):
        named = inner(selector, "matchLabels", first.pattern)
        if isinstance(named, str):
            yield named
            return
    cluster = view.graph.cluster(view.resource.scope)
    for name in cluster.namespaces:
        answer = selects(selector, cluster.namespace_labels(name))
        if answer is not False:
            yield answer if isinstance(answer, Unknown) else _tenant_of(view, name)
    if cluster.hole is not None or not cluster.scope.complete:
        yield cluster.hole or Unknown(
            "a namespace that it selects may be declared elsewhere",
            "list namespaces by name, or list the cluster under complete_roots in phiward.yaml",
        )


def _tenant_of(view: View, namespace: str) -> str | Unknown | None:
    around = view.graph.cluster(view.resource.scope).surroundings(namespace)
    return identify_tenant(view.resource.scope.project, "", None, {}, around).tenant


# -- credentials


def store_lasting_credential(view: View) -> Value | Derived:
    """Whether a store signs in with a credential that lasts: an access key, a password, a token in a Secret."""
    providers = view.get("spec.provider")
    if undecided(providers) or not isinstance(providers, dict) or not providers:
        return why(providers) if undecided(providers) else Unknown("it names no provider")
    return Derived(any_of(_lasts(*entry) for entry in providers.items()), paths=["spec.provider"])


def _lasts(provider: str, settings: Value) -> Truth:
    if provider == "azurekv":
        return _service_principal(settings)
    for path, lasts in _SIGNS_IN.get(provider, ()):
        there = written(inner(settings, *path))
        if there is not False:
            return there if isinstance(there, Unknown) else lasts
    return Unknown(f"how a store of the provider {provider} signs in is not read")


def _service_principal(settings: Value) -> Truth:
    """Whether Azure is told a secret of an application; `authType` is ServicePrincipal where it is not written."""
    without = one_of(inner(settings, "authType"), ("managedidentity", "workloadidentity"))
    secret = written(inner(settings, "authSecretRef", "clientSecret"))
    return all_of([negate(without), secret or _TOKEN])


SECRET_STORES: dict[str, ComputedProperty] = {
    "store_lasting_credential": store_lasting_credential,
    "store_open": store_open,
    "store_sharers": store_sharers,
}
