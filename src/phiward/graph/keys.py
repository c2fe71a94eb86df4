"""Who holds custody of an encryption key, and which key it is.

Source: AWS KMS developer guide, "AWS KMS keys" and "Aliases": an alias `alias/aws/<service>` always names a key that
AWS manages, and no other alias may begin so; every other key that these arguments can name is the customer's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from phiward.graph.reading import outline
from phiward.graph.truth import why
from phiward.model.value import Partial, Reference, Unknown, Value, join, left_to_the_provider
from phiward.pattern import pattern
from phiward.record import dataclass, field, replace

if TYPE_CHECKING:
    from phiward.graph.resource_graph import ResourceGraph
    from phiward.model.resource import Resource, Scope

CUSTOMER, AWS, SERVICE, NONE = "customer", "aws", "service", "none"
CUSTODIES = frozenset({CUSTOMER, AWS, SERVICE, NONE})
KEY_TYPES = frozenset(
    {
        *("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"),
        *("AWS::KMS::Key", "AWS::KMS::ReplicaKey"),
    }
)
ALIASES = {"aws_kms_alias": ("name", "target_key_id"), "AWS::KMS::Alias": ("AliasName", "TargetKeyId")}
"""By type of alias, the attributes that hold its name and its key."""
_ALIAS_TYPES = frozenset({*ALIASES, "data.aws_kms_alias"})
_uuid = pattern(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_key_arn = pattern(r"arn:[^:]*:kms:[^:]*:[^:]*:(?:key/.|alias/.)")
_MAX_HOPS = 20


@dataclass(frozen=True, slots=True)
class KeyUse:
    """`identity` is equal for two uses of one key: the key's resource address, or its id, alias or ARN as written."""

    custody: str | Unknown
    identity: str = ""
    resource: bool = False
    """Whether the identity is the address of a key in the graph."""
    scope: Scope | None = None
    """The scope of that key where it is another one's: a volume of a cluster on a key that Terraform declares."""
    doubt: Unknown | None = None
    """Why it may yet be the key of another identity, its custody being known."""


def key_use(value: Value, graph: ResourceGraph, scope: Scope) -> KeyUse:
    """What a key argument means. An empty string is as absent: custody `none` is never returned for a written key."""
    for _ in range(_MAX_HOPS):
        if isinstance(value, (str, Partial)):
            value = _filled(value, graph, scope)
            alias = graph.alias(alias_name(value), scope)
            if alias is None or isinstance(alias, Unknown):
                elsewhere = graph.key_elsewhere(value, scope) if isinstance(value, str) else None
                if elsewhere is not None and not isinstance(elsewhere, Unknown):
                    return KeyUse(CUSTOMER, elsewhere.address, resource=True, scope=elsewhere.scope)
                use = _text(value) if isinstance(value, str) else _partial(value)
                return replace(use, doubt=use.doubt or alias or elsewhere) if use.custody == CUSTOMER else use
            value = _through_alias(alias.attributes, alias.native_type)
            continue
        if isinstance(value, Unknown):
            return KeyUse(value)
        if not isinstance(value, Reference):
            return KeyUse(Unknown("what is written is not a key"))
        target = graph.find(value.address, scope)
        if target is None:
            return KeyUse(Unknown(f"{value} is not in what was scanned"))
        if target.native_type in KEY_TYPES and not target.unread:
            return KeyUse(CUSTOMER, target.address, resource=True)
        value = _named_by(value, target, graph)
    return KeyUse(Unknown("the key's references go in a circle"))


def _named_by(reference: Reference, target: Resource, graph: ResourceGraph) -> Value:
    """What a resource that is no key says of the key that a reference to it means."""
    if target.unread and target.uncounted is not None:
        return target.uncounted
    if target.native_type in _ALIAS_TYPES:
        return _through_alias(target.attributes, target.native_type)
    if target.native_type == "data.aws_kms_key":
        return target.attributes.get("key_id", Unknown(f"{reference} is read by the provider"))
    return graph.resolve_once(reference, target.scope)


@dataclass(slots=True)
class DeclaredKeys:
    """Every declared key by each text that may name it: its ARN and id where they are known, its aliases."""

    by_name: dict[str, list[Resource]] = field(default_factory=dict)
    doubts: dict[str, Unknown] = field(default_factory=dict)
    """Aliases of which it is not known to which key they lead."""
    unnamed: list[Value] = field(default_factory=list)
    """The names of aliases that are not wholly known."""

    def add(self, graph: ResourceGraph, resource: Resource) -> None:
        if resource.native_type in KEY_TYPES:
            self._name(resource, *(resource.attributes.get(name) for name in ("arn", "key_id", "id")))
        elif resource.native_type in ALIASES:
            name = resource.attributes.get(ALIASES[resource.native_type][0])
            use = key_use(_through_alias(resource.attributes, resource.native_type), graph, resource.scope)
            key = graph.find(use.identity, resource.scope) if use.resource else None
            if isinstance(name, (Unknown, Partial)):
                self.unnamed.append(name)
            elif key is not None:
                self._name(key, name)
            elif isinstance(name, str) and isinstance(use.custody, Unknown):
                self.doubts[name] = use.custody

    def _name(self, key: Resource, *names: Value) -> None:
        for name in {name for name in names if isinstance(name, str) and name}:
            if key not in self.by_name.setdefault(name, []):
                self.by_name[name].append(key)

    def find(self, text: str) -> Resource | Unknown | None:
        """The one key that a text names; an `Unknown` where it may name one."""
        name = text[text.find(":alias/") + 1 :]
        found = self.by_name.get(text) or self.by_name.get(name, [])
        if len(found) == 1:
            return found[0]
        if found:
            return Unknown(f"{found[0].address} and {found[1].address} carry the same name")
        if name in self.doubts:
            return self.doubts[name]
        possible = (n for n in self.unnamed if name.startswith("alias/") and outline(n).fullmatch(name))
        return next(map(why, possible), None)


def _filled(value: str | Partial, graph: ResourceGraph, scope: Scope) -> Value:
    """The text with what other resources' configuration decides put in place: the name of an alias."""
    if isinstance(value, str):
        return value
    parts: list[Any] = []
    for part in value.parts:
        found = graph.resolve(part, scope) if isinstance(part, Reference) else part
        parts.append(found if isinstance(found, str) else part)
    return join(parts)


def alias_name(value: str | Partial) -> str | Partial:
    """The alias that an alias ARN ends in, whatever its region and account; anything else as it is."""
    last = value.parts[-1] if isinstance(value, Partial) else value
    before, colon, name = last.partition(":alias/") if isinstance(last, str) else ("", "", "")
    arn = isinstance(value, Partial) or before.startswith("arn:")
    return f"alias/{name}" if colon and arn else value


def _through_alias(attributes: object, native_type: str) -> Value:
    assert isinstance(attributes, dict)
    if native_type in ALIASES:
        return attributes.get(ALIASES[native_type][1], Unknown("the alias names no key"))
    return attributes.get("name", Unknown("the alias has no name that is known"))


def _text(text: str) -> KeyUse:
    if text in CUSTODIES:
        return KeyUse(text)
    if text.startswith("alias/aws/") or ":alias/aws/" in text:
        return KeyUse(AWS, text)
    if re.match("alias/.", text) or _key_arn.match(text) or _uuid.fullmatch(text):
        key_id = text.rpartition(":key/")[2]
        return KeyUse(CUSTOMER, key_id if _uuid.fullmatch(key_id) else text)
    return KeyUse(Unknown("what is written is not recognisable as a KMS key"))


def _partial(value: Partial) -> KeyUse:
    """An ARN or alias of which some pieces are not known: `arn:aws:kms:${region}:${account}:key/...`."""
    doubt = next((part for part in value.parts if isinstance(part, Unknown)), None)
    known = "".join(part if isinstance(part, str) else "\0" for part in value.parts)
    if "alias/aws/" in known:
        return KeyUse(AWS, str(value))
    if known.startswith("arn:") and ":kms:" in known and (":key/" in known or re.search(r":alias/[^\0]", known)):
        return KeyUse(CUSTOMER, str(value), doubt=doubt)
    if re.match(r"alias/[^\0]{4,}", known):
        return KeyUse(CUSTOMER, str(value), doubt=doubt)
    return KeyUse(doubt or left_to_the_provider(next(part for part in value.parts if isinstance(part, Reference))))
