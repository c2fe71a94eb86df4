"""Resources that SAM makes of its own, as CloudFormation would read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from phiward.model.resource import AttributePath
from phiward.model.value import Unknown

PASSED_ON = ("Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata")
"""What a SAM resource says beside its properties that holds for everything that is made of it."""
Node = Any
"""What could stand in a template; an `Unknown` where SAM decides it."""


Places = Mapping[Any, AttributePath]


class Made(dict[str, Any]):
    """A resource that is made. `places` are the paths in the template by property, or by one element of it."""

    __slots__ = ("places",)

    def __init__(self, body: Mapping[str, Any], places: Places) -> None:
        super().__init__(body)
        self.places = places


class Serverless:
    """One SAM resource: `properties` with its globals, and `places` where each of them stands."""

    def __init__(
        self, name: str, body: Mapping[str, Any], properties: Mapping[str, Any], places: Mapping[str, AttributePath]
    ) -> None:
        self.name = name
        self.body = body
        self.properties = properties
        self.places = places

    def get(self, name: str) -> Node:
        return self.properties.get(name)

    def made(self, type_: str, properties: Mapping[str, Node], places: Places | None = None) -> Made:
        """A resource of CloudFormation's that belongs to it; properties that are None are not there."""
        kept = {key: value for key, value in properties.items() if value is not None}
        passed = {key: self.body[key] for key in PASSED_ON if key in self.body}
        return Made({"Type": type_, **passed, "Properties": kept}, places or {})

    def taken(self, names: Iterable[str]) -> dict[str, Node]:
        """The properties of some names, as they are."""
        return {name: self.properties[name] for name in names if name in self.properties}


class Result(NamedTuple):
    """What is made, by logical id, why it may not be all, and other names for some of it."""

    resources: Mapping[str, Mapping[str, Any]]
    holes: list[Unknown]
    names: Mapping[str, str]


def is_function(node: Node) -> bool:
    """Whether a node is a function of CloudFormation's."""
    if isinstance(node, Unknown):
        return True
    return isinstance(node, dict) and len(node) == 1 and all(k == "Ref" or k.startswith("Fn::") for k in node)


def attribute(name: str, path: str) -> Node:
    return {"Fn::GetAtt": [name, path]}


def reference(name: str) -> Node:
    return {"Ref": name}


def tags(written: Node, *, by: str = "") -> Node:
    """SAM's mapping of tags as CloudFormation's list, with the one that SAM adds itself."""
    own = [{"Key": by, "Value": "SAM"}] if by else []
    if is_function(written):
        return Unknown("what its tags are is decided only when it is deployed")
    if not isinstance(written, dict):
        return own or None
    return [*own, *({"Key": key, "Value": value} for key, value in written.items())]


def suffix(text: Node) -> str:
    """A name as the part of a logical id: SAM takes a digest of what has other signs than letters and digits."""
    return text if isinstance(text, str) and text.isalnum() else ""
