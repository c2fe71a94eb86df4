"""Who administers and who uses a KMS key by its policy, and which enclaves it asks for.

Sources: KMS developer guide, "Key policies" (administrators and users; what access for the account's root means) and
"Cryptographic attestation for Nitro Enclaves" (`kms:RecipientAttestation:ImageSha384` and `:PCR`).

The catalog names each function by its key in `KEY_POLICIES`.
"""

from __future__ import annotations

from collections.abc import Iterable

from phiward.graph.computed.permissions import covers
from phiward.graph.computed.policies import policy_statements
from phiward.graph.policy import HOLE, REFERENCE, Condition, OpenCondition, Read, Statement, sketch
from phiward.graph.truth import Truth, any_of, listed, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Deployed, Partial, Reference, Unknown, Value, undecided
from phiward.pattern import pattern

_ADMINISTERS = ("kms:putkeypolicy", "kms:schedulekeydeletion", "kms:creategrant", "kms:disablekey")
_USES = ("kms:decrypt", "kms:generatedatakey", "kms:reencryptfrom")
_SECRET = ("kms:decrypt", "kms:generatedatakey", "kms:generatedatakeypair", "kms:derivesharedsecret")
_ATTESTED = "kms:recipientattestation:"
_ROOT = pattern(r"^(arn:[^:]*:iam::[^:]*:root|[0-9]{12})$")
_DEBUG = pattern("^0+$")


def key_administering_users(view: View, *, policy: list[str]) -> Derived:
    """`key.administering_users`: principals that may both change a key's policy and decrypt with it."""
    read = policy_statements(view, policy)
    administrators, users = _Holders(read, _ADMINISTERS), _Holders(read, _USES)
    both: list[Value] = [*sorted(administrators.sure & users.sure)]
    return Derived(both or _doubt(read, administrators, users) or [], paths=_written(view, policy))


def _doubt(read: Read, administrators: _Holders, users: _Holders) -> Unknown | None:
    """Why somebody may do both, although nobody surely does."""
    hidden = next((entry for entry in read if isinstance(entry, Unknown)), None)
    if hidden is not None:
        return hidden
    either = next(iter(administrators.possible.keys() & users.possible.keys()), None)
    if either is not None:
        return administrators.possible[either] or users.possible[either]
    for some, others in ((administrators, users), (users, administrators)):
        if some.nameless is not None and (others.possible or others.nameless is not None):
            return some.nameless
    return None


class _Holders:
    """The roles and users whom a policy grants one of some actions. The account's root is nobody."""

    def __init__(self, read: Read, actions: Iterable[str]) -> None:
        wanted = list(actions)
        self.sure: set[str] = set()
        self.possible: dict[str, Unknown | None] = {}
        self.nameless: Unknown | None = None
        """Why the name of one of them is not known."""
        for entry in read:
            if isinstance(entry, Statement) and entry.effect != "Deny":
                granted = any_of(covers(entry, action) for action in wanted)
                if granted is not False:
                    self._add(entry, granted if isinstance(entry.effect, str) else entry.effect)

    def _add(self, entry: Statement, granted: Truth) -> None:
        for principal in (entry.principals or {}).get("AWS", ()):
            if isinstance(principal, Deployed):
                continue  # the account's own number, which stands for its root
            name = _named(principal)
            if HOLE in name:
                self.nameless = self.nameless or why(principal)
            elif not _ROOT.match(name) and name.strip("*"):
                self.possible.setdefault(name, granted if isinstance(granted, Unknown) else None)
                if granted is True:
                    self.sure.add(name)


def _named(principal: Value) -> str:
    """A principal as text in which references keep their names, so that two of them stay two."""
    if isinstance(principal, Partial):
        return "".join(_named(part) for part in principal.parts)
    if isinstance(principal, Deployed):
        return REFERENCE  # the same all over a stack
    return str(principal) if isinstance(principal, (str, Reference)) else HOLE


def key_enclave_grants(view: View, *, policy: list[str]) -> Value | Derived:
    """`key.enclave_grants`: the statements by which a key of enclaves can be used; `None` for any other key.

    A key is one of enclaves where at least one statement asks for an attestation.
    """
    read = policy_statements(view, policy)
    known = [entry for entry in read if isinstance(entry, Statement)]
    hidden = (entry for entry in read if isinstance(entry, Unknown))
    asked = any_of([*(_asks(condition) for entry in known for condition in entry.conditions), *hidden])
    if asked is not True:
        return None if asked is False else Derived(asked, paths=_written(view, policy))
    grants: list[Value] = [entry for entry in read if isinstance(entry, Unknown)]
    for index, entry in enumerate(read):
        if isinstance(entry, Statement) and entry.effect != "Deny":
            used = any_of(covers(entry, action) for action in _SECRET)
            if used is not False:
                grants.append(used if isinstance(used, Unknown) else _grant(entry, index))
    return Derived(grants, paths=_written(view, policy))


def _grant(entry: Statement, index: int) -> dict[str, Value]:
    measured = [c for c in entry.conditions if isinstance(c, Condition) and c.key.startswith(_ATTESTED)]
    values = [value for condition in measured for value in condition.values]
    values += [doubt for condition in entry.conditions if isinstance(doubt := _asks(condition), Unknown)]
    return {
        "statement": entry.label(index),
        "attested": any_of(_asks(condition) for condition in entry.conditions),
        "account": any_of(_whole_account(name) for name in (entry.principals or {}).get("AWS", ())),
        "measurements": [sketch(value).lower() if not undecided(value) else why(value) for value in values],
        "debug": any_of(_zeros(value) for value in values),
    }


def _asks(condition: Condition | Unknown) -> Truth:
    if isinstance(condition, OpenCondition):
        return Unknown(condition.reason, condition.hint)
    if isinstance(condition, Unknown):
        return condition
    equal = condition.operator in ("stringequals", "stringequalsignorecase")
    return condition.key.startswith(_ATTESTED) and equal and not condition.if_exists


def _whole_account(principal: Value) -> Truth:
    if isinstance(principal, Deployed):
        return True
    text = sketch(principal)
    if text.endswith(":root") or _ROOT.match(text) or not text.strip("*"):
        return True
    return why(principal) if HOLE in text else False


def _zeros(value: Value) -> Truth:
    """An enclave in debug mode attests measurements of zeros."""
    return why(value) if undecided(value) else bool(_DEBUG.match(sketch(value)))


def _written(view: View, policy: list[str]) -> list[str]:
    return [path for path in listed(policy) if view.get(path) is not None][:1]


KEY_POLICIES: dict[str, ComputedProperty] = {
    "key_administering_users": key_administering_users,
    "key_enclave_grants": key_enclave_grants,
}
