"""One Kubernetes object as a file declares it, and where everything in it stands."""

from __future__ import annotations

from phiward.loaders.located_yaml import Document
from phiward.model.location import Lines, Location
from phiward.model.resource import AttributePath, Origin
from phiward.model.value import Value
from phiward.record import dataclass

OWN_GROUPS = ("apps", "batch", "autoscaling", "policy", "extensions")
"""Kubernetes' own beside those that end in `.k8s.io`. No other group is without a dot: "Custom Resources", Names."""
_MOVED = {"Ingress": "networking.k8s.io", "NetworkPolicy": "networking.k8s.io", "PodSecurityPolicy": "policy"}
"""Kinds of the retired group `extensions`; all others of it went to `apps`."""


@dataclass(slots=True, eq=False)
class Manifest:
    """`value` is the object."""

    native_type: str
    kind: str
    namespace: str
    name: str
    value: dict[str, Value]
    origin: Origin

    @property
    def address(self) -> str:
        """`Kind/namespace/name`; the namespace is empty where the manifest leaves it open or the kind has none."""
        return f"{self.kind}/{self.namespace}/{self.name}"

    @property
    def identity(self) -> tuple[str, str, str]:
        """What a cluster can have one of; of objects whose names the server completes it can have many."""
        return (self.native_type, self.namespace, self.name)


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

    def lines(self) -> tuple[Lines, ...]:
        """The object's own, between its neighbours', and for an element of a `List` those above the list."""
        document = self._document
        if not self._prefix:
            return (Lines(self._path, document.first, document.last),)
        found = [Lines(self._path, document.first, self._line(self._prefix[:1]))]
        for length in range(2, len(self._prefix) + 1, 2):
            above, number = self._prefix[: length - 1], int(self._prefix[length - 1])
            own = self.locate_from_top(self._prefix[:length])
            before = self.locate_from_top((*above, number - 1)).span.end_line if number else self._line(above)
            found.append(Lines(self._path, min(before + 1, own.span.line), own.span.end_line))
        return (*found[:1], *found[-1:])

    def locate_from_top(self, path: AttributePath) -> Location:
        spans = self._document.spans
        return Location(self._path, spans.find(self._document.value, path) or spans.whole)

    def _line(self, path: AttributePath) -> int:
        return self.locate_from_top(path).span.line


class PartOrigin:
    """Of what an object declares besides itself: everything stands at a place inside of the object."""

    __slots__ = ("_owner", "_prefix")

    def __init__(self, owner: Origin, prefix: AttributePath) -> None:
        self._owner = owner
        self._prefix = prefix

    def header(self) -> Location:
        return self.locate(("metadata", "name"))

    def locate(self, path: AttributePath = ()) -> Location:
        return self._owner.locate((*self._prefix, *path))

    def lines(self) -> tuple[Lines, ...]:
        return self._owner.lines()


def native_type(api_version: str, kind: str) -> str:
    """`apps/v1`, `Deployment` -> `apps/Deployment`; `v1`, `Pod` -> `Pod`. Versions of one group mean one type."""
    group = api_version.rpartition("/")[0]
    if group == "extensions":
        group = _MOVED.get(kind, "apps")
    return f"{group}/{kind}" if group else kind


def readable(value: object) -> bool:
    """Whether a document is a Kubernetes object: it says of which kind it is, and of which version.

    Other tools' files do as well (`skaffold/v4beta1`), with a group that no cluster can have.
    """
    if not isinstance(value, dict):
        return False
    version, kind = value.get("apiVersion"), value.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return False
    group, slash, _ = version.rpartition("/")
    return not slash or "." in group or group in OWN_GROUPS
