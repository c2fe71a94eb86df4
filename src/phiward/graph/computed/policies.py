"""What resource policies grant to everybody, and whether they refuse connections without TLS."""

from __future__ import annotations

from collections.abc import Iterable

from phiward.graph.audience import grants_anyone, names_anyone, refuses_strangers
from phiward.graph.policy import (
    HOLE,
    Condition,
    Read,
    Statement,
    glob_covers,
    sketch,
    statements,
)
from phiward.graph.truth import Truth, all_of, any_of, listed, one_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Partial, Reference, Unknown, Value, join, undecided
from phiward.pattern import pattern

_PIECE = pattern("\0([0-9]+)\0")
"""Stands for a piece that is not known while a text is searched; a text that has a NUL of its own is left as it is."""
_PARTS = {"bucket": ("bucket", "objects"), "resource": ("resource",)}


def policy_statements(view: View, policy: str | list[str]) -> Read:
    """Read the policy at the first path of `policy` that is written."""
    for candidate in listed(policy):
        value = view.get(candidate)
        if value is not None:
            return [statement for document in listed(value) for statement in read_policy(view, document)]
    return []


def read_policy(view: View, value: Value, seen: frozenset[str] = frozenset()) -> Read:
    """Read a policy value; a reference is followed to the document or resource that holds the text."""
    if not isinstance(value, Reference):
        return statements(value)
    if value.address in seen:
        return [Unknown(f"{value.address} refers to itself")]
    target = view.follow(value)
    if target is None or not value.path:
        return [why(value)]
    seen |= {value.address}
    held = target.get(".".join(str(step) for step in value.path))
    return [why(value)] if held is None else read_policy(target, held, seen)


def public_statements(read: Read, *, as_s3: bool = False) -> list[str] | Unknown:
    """Name the statements that let in anyone; an `Unknown` where none surely does but one may."""
    guards = [entry for entry in read if isinstance(entry, Statement) and refuses_strangers(entry) is not False]
    found: list[str] = []
    doubt: Unknown | None = None
    for index, entry in enumerate(read):
        verdict: Truth = entry if isinstance(entry, Unknown) else grants_anyone(entry, as_s3=as_s3)
        if isinstance(entry, Statement) and verdict is True:
            verdict = _despite(entry, guards)
            if verdict is True:
                found.append(entry.label(index))
        if isinstance(verdict, Unknown):
            doubt = doubt or verdict
    return found if found or doubt is None else doubt


def _despite(grant: Statement, guards: list[Statement]) -> Truth:
    """Whether a grant to everybody still stands beside the statements that refuse strangers."""
    for guard in guards:
        if refuses_strangers(guard) is True and _reaches(guard, grant):
            return False
    if guards:
        return Unknown("a Deny to strangers takes away part of what the policy grants to everybody")
    return True


def _reaches(guard: Statement, grant: Statement) -> bool:
    """Whether the guard surely covers every action and resource of the grant."""
    pairs = ((guard.actions, grant.actions, True), (guard.resources, grant.resources, False))
    for patterns, wanted, lower in pairs:
        if patterns is None or wanted is None:
            return False
        shapes = [sketch(p).lower() if lower else sketch(p) for p in patterns]
        texts = [sketch(w).lower() if lower else sketch(w) for w in wanted]
        if not all(any(HOLE not in s and glob_covers(s, t) for s in shapes) for t in texts):
            return False
    return True


def policy_public_statements(view: View, *, policy: str | list[str], as_s3: bool = False) -> Value | Derived:
    """`access.public_statements`: the statements of a resource policy that grant to everybody."""
    found = public_statements(policy_statements(view, policy), as_s3=as_s3)
    return Derived(found, paths=_written(view, policy))


def policy_public(view: View, *, policy: str | list[str], as_s3: bool = False) -> Value | Derived:
    """`access.public`: whether a resource policy grants anything to everybody."""
    return Derived(grants_everybody(view, policy, as_s3=as_s3), paths=_written(view, policy))


def grants_everybody(view: View, policy: str | list[str], *, as_s3: bool = False) -> Truth:
    found = public_statements(policy_statements(view, policy), as_s3=as_s3)
    return found if isinstance(found, Unknown) else bool(found)


def _written(view: View, policy: str | list[str]) -> list[str]:
    """Return the path of the policy that was read, for the evidence to point at."""
    return [path for path in listed(policy) if view.get(path) is not None][:1]


def policy_requires_tls(
    view: View,
    *,
    policy: str | list[str],
    actions: Iterable[str] = ("*",),
    covers: str = "resource",
    name: str = "",
) -> Value | Derived:
    """`access.requires_tls`: whether a policy denies `actions` to everybody who comes without TLS.

    `covers: bucket` asks for the bucket itself and its objects; `name` is the attribute with the resource's
    name, so that an undecided one is recognised where the policy repeats it.
    """
    read = policy_statements(view, policy)
    own = view.get(name) if name else None
    enforced = all_of(
        any_of(_denies_plaintext(entry, action.lower(), part, own) for entry in read)
        for action in actions
        for part in _PARTS[covers]
    )
    return Derived(enforced, paths=_written(view, policy))


def _denies_plaintext(entry: Statement | Unknown, action: str, part: str, own: Value) -> Truth:
    """Whether a statement refuses an action without TLS. One that names no resource is about the one that holds it.

    Services other than S3 let a policy leave the resource out: CloudFormation's own example of a file system's does.
    """
    if isinstance(entry, Unknown):
        return entry
    if entry.effect == "Allow" or entry.not_principals or entry.not_actions or entry.not_resources:
        return False
    effect: Truth = entry.effect if isinstance(entry.effect, Unknown) else True
    resources = ("*",) if entry.resources is None and part == "resource" else entry.resources or ()
    return all_of(
        [
            effect,
            names_anyone(entry),
            any_of(_covers_action(pattern, action) for pattern in entry.actions or ()),
            any_of(_covers_part(resource, part, own) for resource in resources),
            all_of(map(_catches_plaintext, entry.conditions)),
        ]
    )


def _covers_action(pattern: Value, action: str) -> Truth:
    text = sketch(pattern).lower()
    return why(pattern) if HOLE in text else glob_covers(text, action)


def _covers_part(resource: Value, part: str, own: Value) -> Truth:
    """S3 refuses a policy that names another bucket, so a name in it is this bucket's."""
    text = sketch(_named(resource, own) if isinstance(resource, Partial) and undecided(own) else resource)
    if part == "resource" or text == "*":
        return True
    head, _, tail = text.rpartition(":")
    if HOLE in tail or (HOLE in head and not head.startswith("arn:")):
        return why(resource)
    name, slash, key = tail.partition("/")
    if part == "bucket":
        return not slash
    return key == "*" or (not slash and name.endswith("*"))


def _named(text: Partial, name: Value) -> Value:
    """A text in which a name stands that is not known, or not wholly, with another in its place that is."""
    pieces: dict[Value, int] = {}

    def spelled(value: Value) -> str:
        parts = value.parts if isinstance(value, Partial) else (value,)
        return "".join(p if isinstance(p, str) else f"\0{pieces.setdefault(p, len(pieces))}\0" for p in parts)

    if "\0" in f"{text}{name}":
        return text
    found = _PIECE.split(spelled(text).replace(spelled(name), "bucket"))
    known = list(pieces)
    return join([part if place % 2 == 0 else known[int(part)] for place, part in enumerate(found)])


def _catches_plaintext(condition: Condition | Unknown) -> Truth:
    """Whether a condition of a Deny lets every plaintext request through to the refusal."""
    if isinstance(condition, Unknown):
        return condition
    if condition.key == "aws:securetransport" and condition.operator == "bool":
        return any_of(one_of(value, ("false",)) for value in condition.values)
    if condition.key == "aws:principalisawsservice" and condition.operator == "bool":
        # AWS services themselves always come over TLS; sparing them opens nothing.
        return any_of(one_of(value, ("false",)) for value in condition.values)
    if condition.key == "s3:tlsversion" and condition.operator == "numericlessthan":
        if condition.if_exists:
            return True
        return Unknown(
            "AWS does not document whether plain HTTP requests carry s3:TlsVersion",
            'deny aws:SecureTransport = "false" as well',
        )
    return False


POLICIES: dict[str, ComputedProperty] = {
    "policy_public": policy_public,
    "policy_public_statements": policy_public_statements,
    "policy_requires_tls": policy_requires_tls,
}
