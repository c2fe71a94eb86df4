"""Which inbound connections pass Istio's proxy at all: ports can be taken out of its way, and filters rewritten.

Sources: istio.io, "Resource Annotations" (traffic.sidecar.istio.io/includeInboundPorts, excludeInboundPorts,
excludeInterfaces, sidecar.istio.io/interceptionMode, proxy.istio.io/config, ambient.istio.io/bypass-inbound-capture),
"Envoy Filter" and "Application Requirements" (the ports that the proxy uses itself). Ports are excluded only where all
others are redirected (`*`); where some are included, those are redirected and no others.
"""

from __future__ import annotations

from phiward.graph.cluster import namespace_of
from phiward.graph.mesh.embedded import embedded
from phiward.graph.mesh.istio_config import IstioConfig
from phiward.graph.mesh.istio_proxy import AMBIENT
from phiward.graph.mesh.model import Answer, Inbound, Step, every
from phiward.graph.mesh.workload import Workload, entry, port_numbers
from phiward.graph.reading import inner
from phiward.graph.selectors import Selectors
from phiward.model.value import Unknown, Value, undecided

INCLUDE, EXCLUDE = "traffic.sidecar.istio.io/includeInboundPorts", "traffic.sidecar.istio.io/excludeInboundPorts"
INTERFACES = "traffic.sidecar.istio.io/excludeInterfaces"
INTERCEPTION = "sidecar.istio.io/interceptionMode"
PROXY_CONFIG = "proxy.istio.io/config"
BYPASS = "ambient.istio.io/bypass-inbound-capture"
ENVOY_FILTER = "networking.istio.io/EnvoyFilter"
OF_THE_PROXY = frozenset({15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090})
_LISTENERS = ("LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "LISTENER_FILTER")
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_LOOPBACK = Unknown(
    "connections are not redirected to the proxy, and whether the application listens on the loopback interface only"
    " is not known",
    "let the proxy intercept connections",
)


class Captures:
    """What the proxies of one cluster take in."""

    def __init__(self, config: IstioConfig) -> None:
        self._config = config
        self._filters: Selectors[Step] = Selectors()
        for view in config.cluster.of(ENVOY_FILTER):
            selector = inner(view.resource.attributes, "spec", "workloadSelector", "labels")
            patches = view.get("spec.configPatches")
            for number, patch in enumerate(patches if isinstance(patches, list) else ()):
                if _inbound(patch):
                    place = ("spec", "configPatches", number)
                    step = Step(view.resource.address, "rewrites inbound listeners", None, view.resource, place)
                    self._filters.add(namespace_of(view), {"matchLabels": selector} if selector else {}, step)

    def inbound(self, workload: Workload, mode: str) -> Inbound:
        """Whether the proxy stands in the way of inbound connections, and the ports where it does not."""
        if mode == AMBIENT:
            value = entry(workload.annotations, BYPASS)
            truth = value if isinstance(value, Unknown) else value not in _TRUE
            steps = (workload.annotation_step(BYPASS, "false"),) if value else ()
            return Inbound(Answer(truth, "inbound connections pass by the ztunnel", steps), {})
        default, only = _included(workload, self._config)
        ports = {**_excluded(workload, self._config), **only}
        return Inbound(every([default, _intercepted(workload, self._config), self._rewritten(workload)]), ports)

    def _rewritten(self, workload: Workload) -> Answer:
        """An EnvoyFilter can take TLS off an inbound listener: nothing short of running it shows what it does."""
        places = {workload.namespace, self._config.root}
        steps = [step for place in places for step, _ in self._filters.of(place, workload.labels)]
        if not steps:
            return Answer()
        first = min(steps, key=lambda step: (step.what, step.at))
        return Answer(Unknown(f"{first.what} rewrites its inbound listeners"), "", (first,))


def _intercepted(workload: Workload, config: IstioConfig) -> Answer:
    interfaces = entry(workload.annotations, INTERFACES)
    if interfaces:
        why = Unknown("connections over some network interfaces pass by the proxy")
        return Answer(why, "", (workload.annotation_step(INTERFACES, None),))
    mode = entry(workload.annotations, INTERCEPTION)
    if mode is not None:
        step = workload.annotation_step(INTERCEPTION, "REDIRECT or TPROXY")
        return Answer(_LOOPBACK if mode == "NONE" else mode if isinstance(mode, Unknown) else True, "", (step,))
    overrides = entry(workload.annotations, PROXY_CONFIG)
    mode = inner(overrides if isinstance(overrides, Unknown) else embedded(overrides), "interceptionMode")
    if mode is not None:
        step = workload.annotation_step(PROXY_CONFIG, "interceptionMode: REDIRECT or TPROXY")
        return Answer(_LOOPBACK if mode == "NONE" else mode if isinstance(mode, Unknown) else True, "", (step,))
    mode, view = config.setting("defaultConfig", "interceptionMode")
    if view is None or mode != "NONE":
        return Answer()
    return Answer(_LOOPBACK, "", (Step("defaultConfig.interceptionMode of the mesh", mode, "REDIRECT", view.resource),))


def _included(workload: Workload, config: IstioConfig) -> tuple[Answer, dict[int, Answer]]:
    """Where only some ports are redirected: those that are, and that no other is."""
    value, step = _ports(workload, config, INCLUDE, "*")
    if value is None or value == "*":
        return Answer(), {}
    numbers = port_numbers(value)
    if isinstance(numbers, Unknown):
        return Answer(numbers, "", (step,)), {}
    why = f"{step.what} sends no port to the proxy" + (f" but {value}" if numbers else "")
    return Answer(False, why, (step,)), dict.fromkeys(numbers, Answer(True, "", (step,)))


def _ports(workload: Workload, config: IstioConfig, key: str, expected: str | None) -> tuple[Value, Step]:
    """A list of ports: the pods' own, else that of the installation."""
    value, step = entry(workload.annotations, key), workload.annotation_step(key, expected)
    if value is not None:
        return value, step
    name = key.partition("/")[2]
    value, view = config.value("global", "proxy", name)
    return value, step if view is None else Step(f"global.proxy.{name} of the mesh", value, expected, view.resource)


def _excluded(workload: Workload, config: IstioConfig) -> dict[int, Answer]:
    value, step = _ports(workload, config, EXCLUDE, None)
    numbers = port_numbers(value or "")
    if isinstance(numbers, Unknown):
        return {0: Answer(numbers, "", (step,))}
    left = [number for number in numbers if number not in OF_THE_PROXY]
    return {n: Answer(False, f"connections to port {n} pass by the proxy ({step.what})", (step,)) for n in left}


def _inbound(patch: object) -> bool:
    """Whether a patch may touch what takes inbound connections."""
    if not isinstance(patch, dict):
        return undecided(patch)
    context = inner(patch, "match", "context")
    applies = patch.get("applyTo")
    wide = context in (None, "ANY", "SIDECAR_INBOUND") or undecided(context)
    return wide and (applies in _LISTENERS or undecided(applies))
