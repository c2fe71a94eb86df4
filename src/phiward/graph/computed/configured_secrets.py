"""Secrets that the configuration of a cloud service spells out: environments, start-up scripts, parameters.

What is written is in the repository, in the state or stack, and in what everybody reads who may describe the resource.
The values give names and never what they hold. A value that is not known, or comes out of a secret store, is no secret
that stands there. The catalog names each function by its key in `CONFIGURED_SECRETS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phiward.graph.truth import why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.holed_json import JsonError, parse
from phiward.model.secrecy import decoded, is_secret, is_stored, secrets_in
from phiward.model.value import Partial, Sensitive, Unknown, Value, undecided

_LITERAL = ("PLAINTEXT", None)


def mapped_secrets(view: View, *, variables: list[str]) -> Value | Derived:
    """The entries of a mapping of names to values that are secrets."""
    found: list[Value] = []
    for path in variables:
        entries = view.get(path)
        if undecided(entries):
            found.append(why(entries))
        for name, value in entries.items() if isinstance(entries, dict) else ():
            found += _named(name, value)
    return Derived(found, paths=variables)


def listed_secrets(view: View, *, variables: list[str], entry: list[str]) -> Value | Derived:
    """The entries of a list that are secrets. `entry` says what it calls a name, a value, and how that is meant."""
    found: list[Value] = []
    for path in variables:
        found += _of_list(view.get(path), *entry)
    return Derived(found, paths=variables)


def container_secrets(view: View, *, definitions: str, environment: str, entry: list[str]) -> Value | Derived:
    """The variables of containers that are secrets. Definitions are a list, one of it, or JSON text of either."""
    written = view.get(definitions)
    if isinstance(written, (str, Partial)):
        try:
            written = parse(written)
        except JsonError:
            return Unknown("the definition of the containers is no JSON that could be read")
    if undecided(written):
        return why(written)
    found: list[Value] = []
    for container in written if isinstance(written, list) else [written]:
        if undecided(container):
            found.append(why(container))
        elif isinstance(container, dict):
            found += _of_list(container.get(environment), *entry)
    return Derived(found, paths=[definitions])


def script_secrets(view: View, *, scripts: list[str], encoded: list[str]) -> Value | Derived:
    """The settings in start-up scripts that are secrets; `encoded` are paths of scripts in Base64."""
    found: list[Value] = []
    for path in (*scripts, *encoded):
        text = view.get(path)
        if isinstance(text, Partial):
            found += secrets_in("".join(part if isinstance(part, str) else "$" for part in text.parts))
        elif undecided(text):
            found.append(why(text))
        elif isinstance(text, str):
            found += secrets_in(decoded(text) if path in encoded else text)
    return Derived(found, paths=[*scripts, *encoded])


def parameter_secret(view: View, *, name: str, type: str, contents: list[str]) -> Value | Derived:  # noqa: A002
    """The name of a parameter in plain text whose value is a secret; none for one that is encrypted."""
    kind = view.get(type)
    if kind == "SecureString":
        return Derived([], paths=[type])
    found = [said for path in contents for said in _named(view.get(name), view.get(path))]
    if found and undecided(kind):
        return why(kind)
    return Derived(found, paths=[*contents, type])


def _of_list(entries: Value, name: str, value: str, kind: str = "") -> Iterator[Value]:
    if undecided(entries):
        yield why(entries)
    for entry in entries if isinstance(entries, list) else ():
        if undecided(entry):
            yield why(entry)
        elif isinstance(entry, dict) and kind and undecided(entry.get(kind)):
            yield from ([why(entry.get(kind))] if _named(entry.get(name), entry.get(value)) else [])
        elif isinstance(entry, dict) and (not kind or entry.get(kind) in _LITERAL):
            yield from _named(entry.get(name), entry.get(value))


def _named(name: Value, value: Value) -> list[Value]:
    """The name of what is a secret, or why it may be one; nothing for anything else.

    Of an undecided value of a name that does not sound like a secret's, it is taken that it is none.
    """
    if undecided(name):
        return [why(name)] if isinstance(value, str) and is_secret("secret", value) else []
    if not isinstance(name, str):
        return []
    if undecided(value):
        return [why(value)] if is_secret(name, "undecided") else []
    return [name] if isinstance(value, str) and not is_stored(value) and is_secret(name, value) else []


def address_with_credential(view: View, *, path: str) -> Value | Derived:
    """An address, which is not to be shown where it carries a credential."""
    written = view.get(path)
    pieces = written.parts if isinstance(written, Partial) else (written,)
    if any(isinstance(piece, str) and "@" in piece for piece in pieces):
        hidden = tuple(Sensitive(piece) if isinstance(piece, str) else piece for piece in pieces)
        written = Partial(hidden) if isinstance(written, Partial) else hidden[0]
    return Derived(written, paths=[path])


CONFIGURED_SECRETS: Mapping[str, ComputedProperty] = {
    "address_with_credential": address_with_credential,
    "container_secrets": container_secrets,
    "listed_secrets": listed_secrets,
    "mapped_secrets": mapped_secrets,
    "parameter_secret": parameter_secret,
    "script_secrets": script_secrets,
}
