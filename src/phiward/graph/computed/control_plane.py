"""What configures the API server: encryption of what it stores, and what it writes to its audit log.

The catalog names each function by its key in `CONTROL_PLANE`. Sources: kubernetes.io, "Encrypting Confidential Data at
Rest" (the first provider of the first entry that names a resource writes; `identity` writes in the clear) and
"Auditing" (the first rule that matches decides an event's level; an event that no rule matches is not recorded).
"""

from __future__ import annotations

from phiward.graph.reading import inner, items
from phiward.graph.truth import why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided

_KMS, _CLEAR = "kms", "identity"
_RECORDED = ("Metadata", "Request", "RequestResponse")
_NARROWING = ("users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs")


def etcd_provider(view: View) -> Value | Derived:
    """How Secrets are written to storage: the name of the provider, `identity` for in the clear."""
    entries = view.get("resources")
    if undecided(entries):
        return why(entries)
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        names = entry.get("resources") if isinstance(entry, dict) else entry
        if undecided(names):
            return why(names)
        if not isinstance(names, list) or not {"secrets", "*.", "*.*"}.intersection(map(str, names)):
            doubt = next((why(name) for name in names if undecided(name)), None) if isinstance(names, list) else None
            if doubt is not None:
                return doubt
            continue
        providers = entry.get("providers")
        first = providers[0] if isinstance(providers, list) and providers else None
        if undecided(first) or undecided(providers):
            return why(first if undecided(first) else providers)
        name = next(iter(first), _CLEAR) if isinstance(first, dict) else _CLEAR
        return Derived(name, paths=[f"resources[{number}].providers"])
    return Derived(_CLEAR, paths=["resources"])


def etcd_encrypted(view: View) -> Value | Derived:
    """Whether Secrets are encrypted where the API server stores them."""
    found = etcd_provider(view)
    name = found.value if isinstance(found, Derived) else found
    value = name if isinstance(name, Unknown) else name != _CLEAR
    return Derived(value, paths=found.paths if isinstance(found, Derived) else ())


def etcd_key(view: View) -> Value | Derived:
    """`customer` where an external key service holds the key; a key that lies beside the data is as good as none."""
    found = etcd_provider(view)
    name = found.value if isinstance(found, Derived) else found
    value = name if isinstance(name, Unknown) else "customer" if name == _KMS else "none"
    return Derived(value, paths=found.paths if isinstance(found, Derived) else ())


def audit_unrecorded(view: View) -> Value | Derived:
    """What an audit policy leaves out: requests of people and workloads that no rule records.

    Rules that silence single components, health checks or read-only URLs are expected; one that silences a whole verb,
    every request to a resource, or all that no other rule matches is not.
    """
    rules = view.get("rules")
    if undecided(rules):
        return why(rules)
    found: list[Value] = []
    recorded_rest = False
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict) or undecided(rule.get("level")):
            found.append(Unknown(f"rule {number + 1} of the audit policy is not known"))
            continue
        level, narrowed = rule.get("level"), [name for name in _NARROWING if rule.get(name)]
        if level == "None" and not {"users", "userGroups", "nonResourceURLs"}.intersection(narrowed):
            found.append(_described(rule, narrowed))
        if not narrowed:
            recorded_rest = level in _RECORDED
            break
    if not recorded_rest and "everything" not in found:
        found.append("whatever no rule matches")
    return Derived(found, paths=["rules"])


def _described(rule: dict[str, Value], narrowed: list[str]) -> str:
    if not narrowed:
        return "everything"
    parts = []
    for name in narrowed:
        value = rule[name]
        words = []
        for each in value if isinstance(value, list) else [value]:
            words += (items(inner(each, "resources")) or ["*"]) if isinstance(each, dict) else [each]
        parts.append(f"{name} {', '.join(map(str, words))}")
    return " and ".join(parts)


CONTROL_PLANE: dict[str, ComputedProperty] = {
    "audit_unrecorded": audit_unrecorded,
    "etcd_encrypted": etcd_encrypted,
    "etcd_key": etcd_key,
}
