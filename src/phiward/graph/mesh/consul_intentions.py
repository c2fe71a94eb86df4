"""Whom Consul's intentions let into a service.

Source: developer.hashicorp.com/consul, "Service intentions overview" and the reference of service intentions: one
intention decides between two services, the one with an exact destination before a wildcard, and of those the one with
an exact source; where none matches, the servers' default policy does (`default_intention_policy`, else the ACL
`default_policy`, which is `allow` where nothing is written).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phiward.graph.mesh.access import Access, Grant
from phiward.graph.mesh.embedded import embedded
from phiward.graph.mesh.model import Step
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, any_of, why
from phiward.model.value import Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

INTENTIONS = "consul.hashicorp.com/ServiceIntentions"
CONFIG_MAP = "ConfigMap"
ANY = "*"
_NOT_SEEN = Unknown(
    "the default policy of Consul's servers is not in what was scanned",
    "declare an intention that denies every source (`*`)",
)
Found = tuple[Truth, Step]


class Intentions:
    """The intentions of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._sources: dict[str, dict[str, Found]] = defaultdict(dict)
        self._doubts: list[tuple[Value, Unknown]] = []
        for view in sorted(cluster.of(INTENTIONS), key=lambda view: view.resource.address):
            destination = view.get("spec.destination.name")
            listed = view.get("spec.sources")
            for number, source in enumerate(listed if isinstance(listed, list) else ()):
                name = inner(source, "name")
                if undecided(name) or undecided(destination):
                    self._doubts.append((destination, why(name if undecided(name) else destination)))
                else:
                    at = ("spec", "sources", number)
                    step = Step(f"{view.resource.address}, source {name}", _words(source), "deny", view.resource, at)
                    self._sources[str(destination)][str(name)] = (_allows(source), step)

    def access(self, service: str, own: Step, names: Callable[[str], Iterable[str]]) -> Access:
        """Whom a service lets in; `names` are the services of a namespace."""
        sources = self._sources[service].keys() | self._sources[ANY].keys()
        wide, step = self._decides(ANY, service, own)

        def admits(namespace: str) -> Truth:
            answers = [self._decides(name, service, own)[0] for name in names(namespace)]
            return any_of(answers) if answers else wide

        grants = [Grant(step, wide, admits)]
        for name in sorted(sources - {ANY}):
            allowed, place = self._decides(name, service, own)
            if allowed is not False:
                grants.append(Grant(place, False, lambda namespace, name=name: name in names(namespace)))  # type: ignore[misc]
        doubt = next((why for at, why in self._doubts if undecided(at) or at in (service, ANY)), None)
        return Access(tuple(grants) if wide is not False else tuple(grants[1:]), (step,), doubt)

    def _decides(self, source: str, service: str, own: Step) -> Found:
        """The intention between two services."""
        for destination in (service, ANY):
            for name in (source, ANY):
                found = self._sources[destination].get(name)
                if found is not None:
                    return found
        allowed, view = self._default
        resource = view.resource if view else own.resource
        observed = allowed if isinstance(allowed, Unknown) else "allow" if allowed else "deny"
        return allowed, Step("the default policy of Consul's servers", observed, "deny", resource)

    @cached_property
    def _default(self) -> tuple[Truth, View | None]:
        """Whether services may call each other where no intention says so."""
        for view in self._cluster.of(CONFIG_MAP):
            if not str(view.name).endswith("server-config") or inner(_labels(view), "app") != "consul":
                continue
            data: Any = view.get("data")
            files = [embedded(text) for text in data.values()] if isinstance(data, dict) else []
            for path in (("default_intention_policy",), ("acl", "default_policy")):
                for file in files:
                    value = inner(file, *path)
                    if value is not None:
                        return (why(value) if undecided(value) else value != "deny"), view
            return True, view
        return _NOT_SEEN, None


def _labels(view: View) -> Value:
    return inner(view.resource.attributes, "metadata", "labels")


def _allows(source: Value) -> Truth:
    """Whether a source may do anything at all: with permissions, whether one of them allows."""
    action, permissions = inner(source, "action"), inner(source, "permissions")
    if undecided(action) or undecided(permissions):
        return Unknown("what an intention does is not known")
    listed = permissions if isinstance(permissions, list) else []
    return action == "allow" or any(inner(permission, "action") == "allow" for permission in listed)


def _words(source: Value) -> str:
    action = inner(source, "action")
    return "by permissions" if action is None else str(action)
