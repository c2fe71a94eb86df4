"""Which namespaces the identities of Istio's AuthorizationPolicy stand for.

Source: istio.io, reference "Authorization Policy": a principal is `<trust domain>/ns/<namespace>/sa/<account>`; text
fields match exactly, by a prefix (`abc*`), by a suffix (`*abc`), or, as `*`, whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from phiward.graph.truth import Truth, any_of, why
from phiward.model.value import Value, undecided

Match = Callable[[str, str, str], bool]


def text_matches(pattern: str, text: str) -> bool:
    """Whether a field's pattern takes in a text."""
    if pattern.startswith("*"):
        return text.endswith(pattern[1:])
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _of_namespaces(pattern: str, namespace: str, _: str) -> bool:
    return text_matches(pattern, namespace)


def _of_accounts(account: str, namespace: str, own: str) -> bool:
    place, slash, _ = account.partition("/")
    return (place if slash else own) == namespace


def _some_of_principals(pattern: str, namespace: str, _: str) -> bool:
    """Whether a pattern takes in a principal that the namespace has, or may have."""
    here = f"/ns/{namespace}/sa/"
    if pattern.startswith("*"):
        end, account, _ = pattern[1:].partition("/sa/")
        return not account or f"/ns/{namespace}".endswith(end) or end.endswith(f"/ns/{namespace}")
    slash = pattern.find("/")
    if pattern.endswith("*"):
        tail = pattern[slash:-1] if slash >= 0 else ""
        return tail.startswith(here) or here.startswith(tail)
    return pattern[slash:].startswith(here)


SOME: dict[str, Match] = {
    "principals": _some_of_principals,
    "namespaces": _of_namespaces,
    "serviceAccounts": _of_accounts,
}
"""Whether a value of a field takes in some workload of a namespace; the last argument is the policy's own namespace."""


def every_principal(pattern: str, namespace: str, trust_domain: str) -> bool:
    """Whether a pattern takes in all principals that the namespace can have."""
    return pattern == "*" or (pattern.endswith("*") and f"{trust_domain}/ns/{namespace}/sa/".startswith(pattern[:-1]))


def takes_in(field: str, values: Value, namespace: str, own: str) -> Truth:
    """Whether one of a field's values takes in some workload of a namespace."""
    listed = values if isinstance(values, list) else [values]
    return any_of(why(value) if undecided(value) else SOME[field](str(value), namespace, own) for value in listed)


def covers(field: str, values: Value, namespace: str, trust_domain: str) -> bool:
    """Whether it is certain that one of a field's values takes in every workload of a namespace."""
    known = [str(value) for value in values if not undecided(value)] if isinstance(values, list) else []
    if field == "namespaces":
        return any(text_matches(value, namespace) for value in known)
    return field == "principals" and any(every_principal(value, namespace, trust_domain) for value in known)


def written_out(field: str, values: Value, own: str) -> frozenset[str] | None:
    """The namespaces of which a field's values take workloads in, where they name each."""
    listed: list[Value] = values if isinstance(values, list) and values else [None]
    found = [_named(field, value, own) if isinstance(value, str) else None for value in listed]
    return None if None in found else frozenset(str(name) for name in found)


def _named(field: str, value: str, own: str) -> str | None:
    """The one namespace that a value speaks of."""
    if field == "principals":
        _, found, rest = value.partition("/ns/")
        name, slash, _ = rest.partition("/")
        return name if found and slash and "*" not in name else None
    if "*" in value or field not in SOME:
        return None
    place, slash, _ = value.partition("/")
    return value if field == "namespaces" else place if slash else own


def first_known(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """The first one that is known: of conditions that all hold, each limits."""
    return next((found for found in sets if found is not None), None)


def joined(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """All of them together, where each is known."""
    found = list(sets)
    return (
        None
        if any(each is None for each in found)
        else frozenset().union(*(each for each in found if each is not None))
    )
