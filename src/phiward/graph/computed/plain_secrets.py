"""Secrets that stand in the open: in manifests, in the environment of containers, in configuration.

The values give names and never what they hold. The catalog names each function by its key in `PLAIN_SECRETS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from phiward.graph.cluster import POD
from phiward.graph.truth import why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath
from phiward.model.secrecy import is_secret
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

_SETTING = pattern(r"^[ \t]*[\"']?([\w.-]+)[\"']?[ \t]*[=:][ \t]*[\"']?([^\s\"'#,;]+)", re.MULTILINE)
"""A line of a configuration file: `db.password = x`, `"token": "x"`."""
_SEALED = ("ENC[", "AgA", "vault:", "ref+", "<path:")
"""How values begin that SOPS, Sealed Secrets, Bank-Vaults, vals and the Argo CD Vault plugin encrypt or fill in."""
Found = tuple[str, AttributePath]


def secret_contents(view: View) -> Value | Derived:
    """The keys of a Secret whose content stands in its manifest; none where a tool encrypted it there."""
    if view.get("sops") is not None:
        return Derived([], paths=["sops"])
    return _derived(view, list(_contents(view)))


def _contents(view: View) -> Iterator[Found | Unknown]:
    for field in ("data", "stringData"):
        entries = view.get(field)
        if undecided(entries):
            yield why(entries)
        for key, value in entries.items() if isinstance(entries, dict) else ():
            if isinstance(value, str) and value and not value.startswith(_SEALED):
                yield key, (field, key)


def configuration_secrets(view: View, path: str = "data") -> Value | Derived:
    """The entries of a ConfigMap or template that are secrets, and the settings inside of its files that are."""
    found: list[Found | Unknown] = []
    entries, at = view.get(path), tuple(path.split("."))
    if undecided(entries):
        return why(entries)
    for key, value in entries.items() if isinstance(entries, dict) else ():
        if not isinstance(value, str):
            continue
        if "\n" not in value and is_secret(key, value):
            found.append((key, (*at, key)))
        elif "\n" in value:
            inner = [name for name, setting in _SETTING.findall(value) if is_secret(name, setting)]
            found += [(f"{key}: {name}", (*at, key)) for name in dict.fromkeys(inner)]
            if not inner and is_secret("", value):
                found.append((key, (*at, key)))
    return _derived(view, found)


def environment_secrets(view: View) -> Value | Derived:
    """The variables of a workload's containers that hold a secret as plain text."""
    spec = view.get(f"@{POD}.spec")
    if undecided(spec):
        return why(spec)
    found: list[Found | Unknown] = []
    for field in ("initContainers", "containers", "ephemeralContainers"):
        containers = spec.get(field) if isinstance(spec, dict) else None
        for number, container in enumerate(containers if isinstance(containers, list) else []):
            at: AttributePath = (*view.row.parts[POD], "spec", field, number)
            if isinstance(container, dict):
                found += _variables(container, at)
    return _derived(view, found)


def _variables(container: dict[str, Value], at: AttributePath) -> Iterator[Found]:
    variables = container.get("env")
    for number, variable in enumerate(variables if isinstance(variables, list) else []):
        if not isinstance(variable, dict):
            continue
        name, value = variable.get("name"), variable.get("value")
        if isinstance(name, str) and isinstance(value, str) and is_secret(name, value):
            yield name, (*at, "env", number)


def _derived(view: View, found: list[Found | Unknown]) -> Derived:
    names = [item if isinstance(item, Unknown) else item[0] for item in found]
    places = [(view.resource, () if isinstance(item, Unknown) else item[1]) for item in found]
    return Derived(names, places=places)


PLAIN_SECRETS: dict[str, ComputedProperty] = {
    "configuration_secrets": configuration_secrets,
    "environment_secrets": environment_secrets,
    "secret_contents": secret_contents,
}
