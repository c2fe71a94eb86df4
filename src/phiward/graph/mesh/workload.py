"""A workload as a mesh's control plane sees it: its pods' labels and annotations, its namespace, its ports."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phiward.graph.cluster import POD, Labels, annotations_of, labels_of, namespace_of
from phiward.graph.mesh.model import Answer, Inbound, Step, every
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, flag, why
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern
from phiward.record import replace

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

_CONTAINERS = ("initContainers", "containers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_TCP = "TCP"
_TASKS = ("batch/Job", "batch/CronJob")


class Workload:
    """What makes pods, in one cluster. Labels and annotations are those of the pods, not of the object."""

    def __init__(self, view: View, cluster: Cluster) -> None:
        self.view = view
        self.cluster = cluster
        self.namespace = namespace_of(view)
        self.labels: Labels | Unknown = labels_of(view, f"@{POD}.metadata")
        self.annotations: Labels | Unknown = annotations_of(view, f"@{POD}.metadata")
        spec = view.get(f"@{POD}.spec")
        self.spec: dict[str, Any] = spec if isinstance(spec, dict) else {}
        self.spec_doubt: Unknown | None = why(spec) if undecided(spec) else None

    @cached_property
    def namespace_labels(self) -> Labels | Unknown:
        return self.cluster.namespace_labels(self.namespace)

    @cached_property
    def namespace_annotations(self) -> Labels | Unknown:
        view = self.cluster.namespaces.get(self.namespace)
        if view is None:  # the reason is the same as for its labels
            return self.namespace_labels if isinstance(self.namespace_labels, Unknown) else {}
        return annotations_of(view)

    @property
    def host_network(self) -> Truth:
        return flag(self.spec.get("hostNetwork"), default=False)

    @property
    def is_task(self) -> bool:
        """Whether it runs to an end, and need not be called by anybody."""
        return self.view.resource.native_type in _TASKS

    @property
    def is_running(self) -> bool:
        """Whether it is a pod as the cluster holds it, with everything that was injected."""
        status = self.view.resource.attributes.get("status")
        return self.view.resource.native_type == "Pod" and isinstance(status, dict) and "phase" in status

    def containers(self) -> Iterator[tuple[dict[str, Any], AttributePath]]:
        """Every container and init container, and where it stands."""
        for key in _CONTAINERS:
            listed = self.spec.get(key)
            for number, container in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(container, dict):
                    yield container, (*self.at("spec"), key, number)

    def container(self, name: str) -> tuple[dict[str, Any], AttributePath] | None:
        """A container of a name that stays: of init containers those that are started again, as sidecars are."""
        for container, at in self.containers():
            stays = "initContainers" not in at or container.get("restartPolicy") == "Always"
            if stays and container.get("name") == name:
                return container, at
        return None

    # -- ports

    @cached_property
    def ports_by_name(self) -> dict[str, frozenset[int]]:
        """Numbers of the container ports that have a name."""
        found: dict[str, frozenset[int]] = {}
        for port in self._declared:
            number, name = port.get("containerPort"), port.get("name")
            if isinstance(name, str) and isinstance(number, int):
                found[name] = found.get(name, frozenset()) | {number}
        return found

    def proxy(self, name: str, image: str, redirecting: tuple[str, ...]) -> Answer | None:
        """A proxy that stands in the manifest itself, with what sends connections to it; None where none does."""
        found = self.container(name)
        if found is None:
            return None
        step = Step(f"container {name}", "there", "there", self.view.resource, found[1])
        if image not in repository(found[0].get("image")):
            return Answer(Unknown(f"whether the container {name} is the proxy of the mesh is not known"), "", (step,))
        if not any(container.get("name") in redirecting for container, _ in self.containers()):
            doubt = Unknown(
                f"its proxy is written out, and nothing sends connections there ({' or '.join(redirecting)})",
                "let the mesh inject the proxy",
            )
            return Answer(doubt, "", (step,))
        return Answer(True, "", (step,))

    @property
    def _declared(self) -> list[dict[str, Any]]:
        return [port for port, _ in self._ports]

    @cached_property
    def _ports(self) -> list[tuple[dict[str, Any], AttributePath]]:
        listed = [(container.get("ports"), (*at, "ports")) for container, at in self.containers()]
        return [(port, (*at, number)) for ports, at in listed for number, port in _numbered(ports)]

    @cached_property
    def datagrams(self) -> Answer:
        """Whether whatever it takes in comes by TCP, which alone the proxies of meshes take.

        Kubernetes, "Service": the protocol of a port is TCP unless it is written. istio.io, "Protocol Selection":
        protocols that are not built on TCP, such as UDP, are not proxied.
        """
        found = [(port, port.get("containerPort"), self.view, at) for port, at in self._ports]
        for service in self.services:
            for number, port in _numbered(service.get("spec.ports")):
                found.append((port, port.get("port"), service, ("spec", "ports", number)))
        return every(
            _by_tcp(port.get("protocol"), number, Step("", None, None, view.resource, (*at, "protocol")))
            for port, number, view, at in found
            if port.get("protocol") not in (None, _TCP)
        )

    @cached_property
    def serving(self) -> frozenset[int]:
        """Ports that it declares, and those that Services send to, where their numbers are known."""
        own = {port["containerPort"] for port in self._declared if isinstance(port.get("containerPort"), int)}
        return frozenset(own).union(*(self._targets(service) for service in self.services))

    def _targets(self, service: View) -> set[int]:
        found: set[int] = set()
        listed = service.get("spec.ports")
        for port in listed if isinstance(listed, list) else ():
            if isinstance(port, dict):
                target = port.get("targetPort")
                target = port.get("port") if target is None else target
                found |= {target} if isinstance(target, int) else self.ports_by_name.get(str(target), frozenset())
        return found

    @cached_property
    def services(self) -> list[View]:
        """The Services that select its pods."""
        return [view for view, answer in self.cluster.services.of(self.namespace, self.labels) if answer is True]

    @property
    def serves(self) -> bool:
        """Whether anything that was scanned says that it takes connections."""
        return bool(self._declared or self.services)

    @cached_property
    def probed(self) -> frozenset[str]:
        """The paths of the pods' probes over HTTP."""
        found = (inner(container, probe, "httpGet") for container, _ in self.containers() for probe in _PROBES)
        return frozenset(str(probe.get("path", "/")) for probe in found if isinstance(probe, dict))

    # -- places

    def at(self, *path: str | int) -> AttributePath:
        """A path inside the pod template."""
        return (*self.view.row.parts[POD], *path)

    def step(self, what: str, observed: Value, expected: Value, *path: str | int) -> Step:
        """Something read from the pod template; without a path, from the object as a whole."""
        return Step(what, observed, expected, self.view.resource, self.at(*path) if path else ())

    def label_step(self, key: str, expected: Value) -> Step:
        observed = entry(self.labels, key)
        return self.step(f"label {key} of the pods", observed, expected, "metadata", "labels", key)

    def annotation_step(self, key: str, expected: Value) -> Step:
        observed = entry(self.annotations, key)
        return self.step(f"annotation {key} of the pods", observed, expected, "metadata", "annotations", key)

    def namespace_step(self, key: str, expected: Value, part: str = "labels") -> Step:
        """A label or annotation of its namespace, shown at the namespace where that is declared."""
        view = self.cluster.namespaces.get(self.namespace)
        held = self.namespace_labels if part == "labels" else self.namespace_annotations
        what = f"{part[:-1]} {key} of the namespace {self.namespace}".rstrip()
        observed = entry(held, key)
        if view is None:
            return self.step(what, observed, expected)
        return Step(what, observed, expected, view.resource, ("metadata", part, key))


def _numbered(listed: Value) -> list[tuple[int, dict[str, Any]]]:
    """The mappings of a list, each with its place."""
    found = enumerate(listed) if isinstance(listed, list) else ()
    return [(number, each) for number, each in found if isinstance(each, dict)]


def _by_tcp(protocol: Value, number: Value, place: Step) -> Answer:
    step = replace(place, what=f"protocol of port {number}", observed=protocol, expected=_TCP)
    truth: Truth = why(protocol) if undecided(protocol) else False
    return Answer(truth, f"port {number} takes datagrams ({protocol}), which pass by the proxy", (step,))


def entry(held: Labels | Unknown, key: str) -> Value:
    """The value of a label or annotation; None where it is not there, unknown where that is not known."""
    if isinstance(held, Unknown):
        return held
    value = held.get(key)
    if undecided(value):
        return why(value)
    return ("true" if value else "false") if isinstance(value, bool) else None if value is None else str(value)


def bypassed(captured: Inbound, workload: Workload) -> bool:
    """Whether it is certain that something passes by the proxy, whatever else holds."""
    return False in (captured.default.truth, workload.datagrams.truth, *(own.truth for own in captured.ports.values()))


def port_numbers(text: Value) -> list[int] | Unknown:
    """The ports of a list with commas, ranges written out: `4567,8000-8002`. Unknown where it is no such list."""
    if undecided(text):
        return why(text)
    found: list[int] = []
    for part in str(text).split(","):
        low, dash, high = part.strip().partition("-")
        if not low:
            continue
        if not _port.fullmatch(low.strip()) or not _port.fullmatch(high.strip() if dash else "0"):
            return Unknown(f"{part.strip()!r} is no port")
        if len(found) > _LAST_PORT:
            return Unknown("it lists more ports than there are")
        found += range(int(low), min(int(high) if dash else int(low), _LAST_PORT) + 1)
    return found


_LAST_PORT = 65535
_port = pattern(r"[0-9]{1,5}")


def repository(image: Value) -> str:
    """An image's name without tag and digest; empty where it is not known."""
    if not isinstance(image, str):
        return ""
    name = image.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
