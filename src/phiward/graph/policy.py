"""IAM policies, read into statements.

A policy stands as JSON text, as text with holes (`Partial`), or as the structure that `jsonencode` was given.
All of them become the same `Statement`s. What cannot be read becomes an `Unknown` in the place of its
statement, for it may grant anything.

Letter case follows the IAM reference: element names and `Allow`/`Deny` are case-sensitive; actions, condition
operators and condition keys are not, so those are lowered here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from phiward.graph.truth import listed, why
from phiward.model.holed_json import JsonError, parse
from phiward.model.value import Deployed, OpenMap, Partial, Reference, Unknown, Value, undecided
from phiward.record import dataclass

_ELEMENTS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_HINT = "write the policy as IAM's policy grammar has it"

Principals: TypeAlias = "Mapping[str, list[Value]]"
"""Principal type (`AWS`, `Service`, `Federated`, `CanonicalUser`, `*`) -> its identifiers."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key; its values are alternatives.

    `operator` is bare and lower-case: `stringequals`.
    """

    operator: str
    key: str
    values: tuple[Value, ...]
    if_exists: bool = False
    qualifier: str = ""
    """`forallvalues`, `foranyvalue` or empty."""


@dataclass(frozen=True, slots=True)
class OpenCondition(Unknown):
    """A condition on a key of which only a part is known: it may restrict anything. Its key is a `sketch`."""

    reason: str
    hint: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Statement:
    """`None` where an element is not written. Elements of the lists may be undecided one by one."""

    effect: str | Unknown
    sid: str = ""
    principals: Principals | None = None
    not_principals: Principals | None = None
    actions: tuple[Value, ...] | None = None
    not_actions: tuple[Value, ...] | None = None
    resources: tuple[Value, ...] | None = None
    not_resources: tuple[Value, ...] | None = None
    conditions: tuple[Condition | Unknown, ...] = ()

    def label(self, index: int) -> str:
        """How a report names it: by its Sid, else by its place."""
        return f'statement "{self.sid}"' if self.sid else f"statement {index + 1}"


Read: TypeAlias = "list[Statement | Unknown]"


def statements(value: Value) -> Read:
    """Every statement of a policy; an `Unknown` where one cannot be read. No policy (`None`) has none."""
    if value is None:
        return []
    if isinstance(value, (str, Partial)):
        if value == "":
            return []
        try:
            value = parse(value)
        except JsonError as error:
            return [Unknown(f"the policy cannot be read: {error}", _HINT)]
    if undecided(value):
        return [why(value)]
    if not isinstance(value, dict) or "Statement" not in value:
        return [Unknown("it is not an IAM policy: it has no Statement", _HINT)]
    return [_statement(entry) for entry in listed(value["Statement"])]


def _statement(entry: Value) -> Statement | Unknown:
    if undecided(entry):
        return why(entry)
    if not isinstance(entry, dict):
        return Unknown("a statement of the policy is not an object", _HINT)
    strange = sorted(str(key) for key in entry if key not in _ELEMENTS)
    if strange:
        return Unknown(f"a statement of the policy has an element that IAM does not know: {strange[0]}", _HINT)
    sid = entry.get("Sid")
    return Statement(
        effect=_effect(entry.get("Effect")),
        sid=sid if isinstance(sid, str) else "",
        principals=_principals(entry.get("Principal")),
        not_principals=_principals(entry.get("NotPrincipal")),
        actions=_values(entry.get("Action")),
        not_actions=_values(entry.get("NotAction")),
        resources=_values(entry.get("Resource")),
        not_resources=_values(entry.get("NotResource")),
        conditions=tuple(_conditions(entry.get("Condition"))),
    )


def _effect(value: Value) -> str | Unknown:
    if undecided(value):
        return why(value)
    if value in ("Allow", "Deny"):
        return str(value)
    return Unknown(f"a statement's Effect is {value!r}, neither Allow nor Deny", _HINT)


def _values(value: Value) -> tuple[Value, ...] | None:
    return None if value is None else tuple(_text(item) for item in listed(value))


def _text(value: Value) -> Value:
    """IAM compares text: `jsonencode` may leave booleans and numbers where text is meant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _principals(value: Value) -> Principals | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return {str(kind): [_text(item) for item in listed(named)] for kind, named in value.items()}
    if isinstance(value, list):
        return {"AWS": [Unknown("a statement's Principal is a list", _HINT)]}
    return {"*" if value == "*" else "AWS": [value]}


def _conditions(value: Value) -> Iterable[Condition | Unknown]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield why(value) if undecided(value) else Unknown("a statement's Condition is not an object", _HINT)
        return
    for operator, keys in value.items():
        if isinstance(keys, OpenMap):
            for key, values in keys.entries:
                condition = _condition(str(operator), sketch(key), values)
                yield condition if isinstance(key, str) else OpenCondition(keys.reason, keys.hint, condition)
            continue
        if not isinstance(keys, dict):
            yield why(keys) if undecided(keys) else Unknown(f"the condition {operator} names no key", _HINT)
            continue
        for key, values in keys.items():
            yield _condition(str(operator), str(key), values)


def _condition(operator: str, key: str, values: Value) -> Condition:
    bare = operator.lower()
    qualifier, _, rest = bare.rpartition(":")
    if_exists = rest.endswith("ifexists")
    return Condition(
        operator=rest.removesuffix("ifexists"),
        key=key.lower(),
        values=tuple(_text(item) for item in listed(values)),
        if_exists=if_exists,
        qualifier=qualifier,
    )


IDENTITY_ATTRIBUTES = frozenset(
    {
        "account_id",
        "arn",
        "bucket",
        "cidr_block",
        "execution_arn",
        "function_arn",
        "iam_arn",
        "id",
        "ipv6_cidr_block",
        "name",
        "owner_id",
        "private_ip",
        "public_ip",
        "unique_id",
        "vpc_id",
    }
)
"""Attributes that name one resource, account or address: whatever their value is, it holds no wildcard."""
_IDENTITY_ENDINGS = ("Arn", "ARN", "Id", "Name", "PrivateIp", "PublicIp")
"""How such attributes of CloudFormation end."""

REFERENCE = "\x02"
HOLE = "\x03"


def sketch(value: Value) -> str:
    """Write a value as text: `REFERENCE` stands for the name of something, `HOLE` for what is not known."""
    if isinstance(value, Partial):
        return "".join(sketch(part) for part in value.parts)
    if isinstance(value, Reference):
        return REFERENCE if _is_identity(value) else HOLE
    if isinstance(value, Deployed):
        return REFERENCE
    return value if isinstance(value, str) else HOLE


def _is_identity(reference: Reference) -> bool:
    """Whether it means what names a resource. One without a path is CloudFormation's `Ref`: an ARN, an id or a name."""
    if not reference.path:
        return True
    name = reference.path[-1]
    return name in IDENTITY_ATTRIBUTES or (isinstance(name, str) and name.endswith(_IDENTITY_ENDINGS))


def glob_covers(pattern: str, text: str) -> bool:
    """Whether an IAM pattern (`*`, `?`) matches all of `text`.

    In linear space and at worst quadratic time: hostile patterns make a regular expression explode.
    """
    at = star = mark = 0
    starred = False
    place = 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            starred, star, mark = True, place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            place, at = place + 1, at + 1
        elif starred:
            mark += 1
            place, at = star + 1, mark
        else:
            return False
    return all(rest == "*" for rest in pattern[place:])
