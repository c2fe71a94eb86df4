"""What encrypts a store and what a key allows, where a path and its default cannot say it."""

from __future__ import annotations

from collections.abc import Iterable

from phiward.graph.policy import REFERENCE, sketch
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, negate, one_of, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided


def named_or_switched(view: View, *, name: str, switch: str = "", default: bool = False) -> Value | Derived:
    """Whether a key or a target is named, or else a switch is on.

    `default` is what the service does where neither is written.
    """
    switched = view.get(switch) if switch else None
    answer = any_of([written(view.get(name)), flag(switched, default=default)])
    return Derived(answer, paths=_first_written(view, (switch, name) if answer is False else (name, switch)))


def named_or_inherited(view: View, *, path: str, inherits: Iterable[str]) -> Value | Derived:
    """Whether a copy is encrypted: it is where a key is named, else as what it is copied from."""
    named = written(view.get(path))
    if named is True:
        return Derived(True, paths=[path])
    source = inherited(view, inherits, "encryption.at_rest")
    if source is None:
        return named if isinstance(named, Unknown) else None
    return Derived(any_of([named, flag(source.value, default=False)]), paths=source.paths)


def inherited(view: View, origins: Iterable[str], name: str) -> Derived | None:
    """Read a property of what the first written origin refers to; `None` where no origin is written."""
    for origin in origins:
        value = view.get(origin)
        if value is None:
            continue
        parent = view.follow(value)
        if parent is not None and parent.resource.native_type in parent.row.native_types:
            return Derived(parent.property(name), paths=[origin])
        reason = Unknown(f"it is taken over from {value}, which is not declared here")
        return Derived(value if isinstance(value, Unknown) else reason, paths=[origin])
    return None


def key_when(  # noqa: PLR0913 - its arguments are the catalog's words
    view: View,
    *,
    key: str,
    switch: str,
    at: Iterable[str | bool],
    without: str,
    otherwise: str,
    binding: str = "",
    bound_by_default: bool = True,
) -> Value | Derived:
    """Read the key of a store that uses one only while a switch stands at one of `at`.

    `without` is the custody where the switch stands there and no key is named, `otherwise` elsewhere. Where the flag
    `binding` is off, clients choose for themselves; `bound_by_default` says whether it is documented to be on.
    """
    if binding and not bound_by_default and view.get(binding) is None:
        return Unknown(f"whether {binding} is on of itself is not documented", f"write {binding}: true")
    bound = flag(view.get(binding), default=True) if binding else True
    if bound is not True:
        choice = Unknown(f"clients may choose another key: {binding} is off", f"write {binding} = true")
        return Derived(bound if isinstance(bound, Unknown) else choice, paths=[binding])
    position = view.get(switch)
    if undecided(position):
        return Derived(why(position), paths=[switch])
    if str(position).lower() not in {str(value).lower() for value in at}:
        return Derived(otherwise, paths=_first_written(view, [switch]))
    named = view.get(key)
    return Derived(without, paths=[switch]) if written(named) is False else Derived(named, paths=[key])


def any_written(view: View, *, of: Iterable[str], means: bool = True) -> Value | Derived:
    """`means` where at least one of the paths is written, its opposite where none is."""
    paths = list(of)
    answer = any_of(written(view.get(path)) for path in paths)
    found = answer if isinstance(answer, Unknown) else answer is means
    return Derived(found, paths=_first_written(view, paths))


def key_rotatable(view: View) -> Value | Derived:
    """`key.rotatable`: whether the key is symmetric, for encryption, and its material kept by KMS itself.

    One that is to be deleted rotates no more, and cannot be told to.
    """
    needs = (("customer_master_key_spec", "symmetric_default"), ("key_usage", "encrypt_decrypt"))
    stores = ("custom_key_store_id", "xks_key_id")
    answers = {path: _absent_or(view.get(path), word) for path, word in needs}
    answers |= {path: _absent_or(written(view.get(path)), None) for path in stores}
    if view.resource.source == "aws":
        answers["key_state"] = negate(one_of(view.get("key_state"), ("pendingdeletion", "pendingreplicadeletion")))
    return Derived(all_of(answers.values()), paths=[path for path, answer in answers.items() if answer is not True])


def _absent_or(value: Value, word: str | None) -> Truth:
    if value is None or isinstance(value, bool):
        return not value
    return value if isinstance(value, Unknown) else equals(value, word or "")


def holds(view: View, *, path: str, value: str) -> Value | Derived:
    """Whether a list holds a word; nothing where the list is not written."""
    entries = view.get(path)
    if entries is None:
        return None
    if isinstance(entries, list):
        return Derived(any_of(equals(entry, value) for entry in entries), paths=[path])
    return Derived(equals(entries, value), paths=[path])


def is_one_of(view: View, *, path: str, values: Iterable[str]) -> Value | Derived:
    """Whether a word is among `values`; the name of something of one's own is not."""
    value = name_at(view, path)
    return Derived(one_of(value, {word.lower() for word in values}), paths=_first_written(view, [path]))


def name_at(view: View, path: str) -> Value:
    """Read a name that may be a word of the service's; that of something of one's own, which is none, is empty."""
    value = view.get(path)
    if not isinstance(value, Reference):
        return value
    return "" if sketch(value) == REFERENCE else view.graph.resolve(value, view.resource.scope)


def _first_written(view: View, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path and view.get(path) is not None][:1]


KEYS: dict[str, ComputedProperty] = {
    "any_written": any_written,
    "holds": holds,
    "key_rotatable": key_rotatable,
    "key_when": key_when,
    "named_or_inherited": named_or_inherited,
    "named_or_switched": named_or_switched,
    "is_one_of": is_one_of,
}
