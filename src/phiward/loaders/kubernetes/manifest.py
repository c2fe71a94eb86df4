"""One Kubernetes object as a file declares it, and where everything in it stands."""

from __future__ import annotations

from typing import Protocol

from phiward.loaders.located_yaml import Document
from phiward.model.location import Location, Span
from phiward.model.resource import AttributePath, Origin
from phiward.model.value import Value
from phiward.record import dataclass

_MOVED = {"extensions": {"Ingress": "networking.k8s.io", "NetworkPolicy": "networking.k8s.io"}}
"""Kinds of the retired group `extensions`; all others of it went to `apps`."""


class Placed(Protocol):
    """Knows where the entries of a document stand: `located_yaml.Spans`, or what maps a rendered one to its source."""

    whole: Span

    def find(self, value: Value, path: AttributePath) -> Span | None: ...


@dataclass(slots=True, eq=False)
class Manifest:
    """`value` is the object; `directory` the repository-relative one that it is deployed from, with its files."""

    native_type: str
    kind: str
    namespace: str
    name: str
    value: dict[str, Value]
    origin: Origin
    path: str
    directory: str

    @property
    def address(self) -> str:
        """`Kind/namespace/name`; the namespace is empty where the manifest leaves it open or the kind has none."""
        return f"{self.kind}/{self.namespace}/{self.name}"


class ManifestOrigin:
    """Finds the span of an attribute of an object in its file; `prefix` leads to an element of a `List`."""

    __slots__ = ("_document", "_path", "_prefix")

    def __init__(self, path: str, document: Document, prefix: AttributePath = ()) -> None:
        self._path = path
        self._document = document
        self._prefix = prefix

    def header(self) -> Location:
        """Where the object's name stands."""
        return self.locate(("metadata", "name"))

    def locate(self, path: AttributePath = ()) -> Location:
        spans = self._document.spans
        found = spans.find(self._document.value, (*self._prefix, *path))
        return Location(self._path, found or spans.whole)


def native_type(api_version: str, kind: str) -> str:
    """`apps/v1`, `Deployment` -> `apps/Deployment`; `v1`, `Pod` -> `Pod`. Versions of one group mean one type."""
    group = api_version.rpartition("/")[0]
    if group == "extensions":
        group = _MOVED[group].get(kind, "apps")
    return f"{group}/{kind}" if group else kind


def readable(value: object) -> bool:
    """Whether a document is a Kubernetes object: it says of which kind it is, and of which version."""
    return isinstance(value, dict) and isinstance(value.get("apiVersion"), str) and isinstance(value.get("kind"), str)
