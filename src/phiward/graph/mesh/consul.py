"""Consul: whether a workload takes nothing but mutual TLS, and which services its intentions let in.

Sources: developer.hashicorp.com/consul, "Annotations and labels", "Transparent proxy overview", the references of
service-defaults, proxy-defaults and mesh (`mutualTLSMode`: strict where nothing is written; a service's own goes before
the global one) and "Service intentions" (an exact destination goes before a wildcard, then an exact source before a
wildcard; where none matches, the servers' default policy holds); `expose.paths` of a service opens paths without mutual
TLS. Without transparent proxy an application has to listen
on the loopback interface, or it can be called beside its proxy.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.cluster import SERVICE, namespace_of
from phiward.graph.mesh.access import Access, Accesses
from phiward.graph.mesh.consul_intentions import Intentions
from phiward.graph.mesh.model import Answer, Inbound, Step, agreed, doubted, every, of_ports, together
from phiward.graph.mesh.workload import Workload, bypassed, entry, port_numbers, repository
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, why
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern
from phiward.record import replace

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

PREFIX = "consul.hashicorp.com/"
INJECT, STATUS = f"{PREFIX}connect-inject", f"{PREFIX}connect-inject-status"
GATEWAY, SERVICE_NAME = f"{PREFIX}gateway-kind", f"{PREFIX}connect-service"
TRANSPARENT = f"{PREFIX}transparent-proxy"
EXCLUDE = f"{PREFIX}transparent-proxy-exclude-inbound-ports"
SERVICE_DEFAULTS, PROXY_DEFAULTS, MESH = f"{PREFIX}ServiceDefaults", f"{PREFIX}ProxyDefaults", f"{PREFIX}Mesh"
PATCHES = "builtin/property-override"
PROXY, INIT = "consul-dataplane", "consul-connect-inject-init"
NEVER_INJECTED = frozenset({"kube-system", "kube-public"})
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")
_flag = pattern(r"-(default-inject|default-enable-transparent-proxy|(?:allow|deny)-k8s-namespace)[= ]\"?([^\s\"\\]+)")
_SAME_NAME = "several objects of one name differ, and which one Consul took is not known"
_LOOPBACK = Unknown(
    "without transparent proxy the pods can be called beside their proxy, unless the application listens on the"
    " loopback interface only",
    "switch transparent proxy on",
)


class Consul:
    """Consul in one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.intentions = Intentions(cluster)
        self._defaults: dict[str, list[View]] = defaultdict(list)
        for view in sorted(cluster.of(SERVICE_DEFAULTS), key=lambda view: view.resource.address):
            self._defaults[str(view.name)].append(view)

    def appears(self, workloads: list[Workload]) -> bool:
        """Whether anything that was scanned speaks of it."""
        return any(native.startswith(PREFIX) for native in self.cluster.by_type) or any(
            (isinstance(w.annotations, dict) and INJECT in w.annotations) or w.container(PROXY) or _injector(w)
            for w in workloads
        )

    def is_part(self, workload: Workload) -> bool:
        """Whether the pods are of Consul itself, or a gateway."""
        if entry(workload.annotations, GATEWAY) is not None:
            return True
        images = (repository(container.get("image")) for container, _ in workload.containers())
        return entry(workload.labels, "app") == "consul" and any("consul" in image for image in images)

    # -- the proxy

    @cached_property
    def _flags(self) -> list[tuple[str, str]] | None:
        """The flags of the injector, where it was scanned."""
        for workload in self.cluster.meshes.workloads:
            text = _injector(workload)
            if text:
                return _flag.findall(text)
        return None

    def _flagged(self, name: str) -> list[str]:
        return [value for key, value in self._flags or () if key == name]

    def member(self, workload: Workload) -> Answer:
        """Whether a proxy of the mesh stands before the pods."""
        if isinstance(workload.spec_doubt, Unknown):
            return Answer(workload.spec_doubt)
        written = workload.proxy(PROXY, PROXY, (INIT,))
        if written:
            return written
        if workload.host_network is not False:
            truth = workload.host_network if isinstance(workload.host_network, Unknown) else False
            step = workload.step("hostNetwork of the pods", workload.host_network, False, "spec", "hostNetwork")
            return Answer(truth, "its pods are on the network of their node, where nothing is redirected", (step,))
        allowed = self._flagged("allow-k8s-namespace")
        closed = workload.namespace in self._flagged("deny-k8s-namespace") or workload.namespace in NEVER_INJECTED
        if workload.is_running or closed or (allowed and not {"*", workload.namespace} & set(allowed)):
            step = workload.step(f"container {PROXY}", "not there", "there", "spec", "containers")
            return Answer(False, "no proxy of Consul stands before its pods", (step,))
        return self._asked_for(workload)

    def _asked_for(self, workload: Workload) -> Answer:
        value, step = entry(workload.annotations, INJECT), workload.annotation_step(INJECT, "true")
        if isinstance(value, Unknown) or value is not None:
            known = value if isinstance(value, Unknown) else value in _TRUE
            return Answer(known, f"its pods say {INJECT}: {value}", (step,))
        if self._flags is None:
            doubt = Unknown(
                "whether Consul injects pods that do not ask for it is not in what was scanned", f"write {INJECT}"
            )
            return Answer(doubt, "", (step,))
        default = self._flagged("default-inject")
        return Answer(bool(default) and default[-1] in _TRUE, f"its pods do not say {INJECT}", (step,))

    # -- mutual TLS

    def names(self, workload: Workload) -> list[str]:
        """The names by which Consul knows a workload."""
        own = entry(workload.annotations, SERVICE_NAME)
        if isinstance(own, str):
            return [name.strip() for name in own.split(",") if name.strip()]
        return sorted(str(view.name) for view in workload.services)

    def _mode(self, workload: Workload) -> Answer:
        """The mode of mutual TLS: of the service, else of all proxies."""
        names = self.names(workload)
        doubtful = [] if names else [view for view in self._services_own if _mode_of(view) not in (None, "strict")]
        if doubtful:
            return _perhaps(_mode_step(doubtful[0], ""))
        own = [[_decided(v, "of the service") for v in self._defaults[n] if _mode_of(v) is not None] for n in names]
        decided = [agreed(answers, _SAME_NAME) for answers in own if answers]
        return every(decided if names and all(own) else [*decided, self._of_all(workload)])

    @property
    def _services_own(self) -> list[View]:
        return [view for views in self._defaults.values() for view in views]

    def _exposed(self, workload: Workload) -> Answer:
        """Whether no path of a service is opened to callers that show no certificate, but those of its probes."""
        names = self.names(workload)
        views = [view for name in names for view in self._defaults[name]] if names else self._services_own
        answers = [_exposes(view, workload.probed) for view in (*views, *self.cluster.of(PROXY_DEFAULTS))]
        answers += [_patched(view) for view in (*views, *self.cluster.of(PROXY_DEFAULTS))]
        doubtful = [] if names else [answer for answer in answers[: len(views)] if answer.truth is not True]
        return _perhaps(doubtful[0].steps[0]) if doubtful else every(answers)

    def _of_all(self, workload: Workload) -> Answer:
        views = sorted(self.cluster.of(PROXY_DEFAULTS), key=lambda view: view.resource.address)
        written = [_decided(view, "of all proxies") for view in views if _mode_of(view) is not None]
        if written:
            return agreed(written, _SAME_NAME)
        step = workload.step("mutualTLSMode of all proxies", None, "strict")
        if self.cluster.of(PROXY_DEFAULTS) or self.cluster.of(MESH) or self._flags is not None:
            return Answer(True, "", (step,))
        reason = "the ProxyDefaults of the mesh are not in what was scanned"
        doubt = Unknown(reason, "scan them too, or write mutualTLSMode in the service's ServiceDefaults")
        return Answer(doubt, "", (step,))

    def _transparent(self, workload: Workload) -> Answer:
        """Whether inbound connections cannot pass by the proxy."""
        value, step = entry(workload.annotations, TRANSPARENT), workload.annotation_step(TRANSPARENT, "true")
        if value is None:
            value, step = entry(workload.namespace_labels, TRANSPARENT), workload.namespace_step(TRANSPARENT, "true")
        if value is None:
            flagged = self._flagged("default-enable-transparent-proxy")
            value = flagged[-1] if flagged else "true"
        if isinstance(value, Unknown):
            return Answer(value, "", (step,))
        return Answer(_LOOPBACK if value in _FALSE else True, "", (step,) if value in _FALSE else ())

    def refuses_plaintext(self, workload: Workload) -> Answer:
        """Whether every connection has to be mutually authenticated: proxy, capture and mode together."""
        member = self.member(workload)
        if member.truth is False:
            return member
        captured = self.captured(workload)
        inbound = together(captured, Inbound(every([self._mode(workload), self._exposed(workload)]), {}))
        answer = every([member, of_ports(inbound, workload.serving), workload.datagrams])
        return answer if bypassed(captured, workload) else doubted(answer, self.cluster.hole)

    def captured(self, workload: Workload) -> Inbound:
        """Whether connections to each port pass the proxy."""
        value, step = entry(workload.annotations, EXCLUDE), workload.annotation_step(EXCLUDE, None)
        numbers = port_numbers(value or "")
        listed: dict[int, Answer] = (
            {0: Answer(numbers, "", (step,))}
            if isinstance(numbers, Unknown)
            else {
                n: Answer(False, f"connections to port {n} pass by the proxy ({step.what})", (step,)) for n in numbers
            }
        )
        return Inbound(self._transparent(workload), listed)

    # -- whom it lets in

    def accesses(self, workload: Workload) -> Accesses:
        """Whom a workload lets in, on all of its ports."""
        names = self.names(workload)
        own = workload.step("the service of the pods", ", ".join(names) or None, None)
        if not names:
            doubt = Unknown("which service of Consul its pods are is not known", f"write {SERVICE_NAME}")
            return Accesses(Access((), (own,), doubt), {})
        found = [self.intentions.access(name, own, self._services_of) for name in names]
        grants = tuple(grant for access in found for grant in access.grants)
        steps = tuple(step for access in found for step in access.steps)
        return Accesses(Access(grants, steps, next((access.doubt for access in found if access.doubt), None)), {})

    def _services_of(self, namespace: str) -> list[str]:
        return self._by_namespace.get(namespace, [])

    @cached_property
    def _by_namespace(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for view in self.cluster.of(SERVICE):
            found.setdefault(namespace_of(view), set()).add(str(view.name))
        for workload in self.cluster.meshes.workloads:
            found.setdefault(workload.namespace, set()).update(self.names(workload))
        return {namespace: sorted(names) for namespace, names in found.items()}


def _injector(workload: Workload) -> str:
    """The command line of Consul's injector; empty where a workload is not it."""
    for container, _ in workload.containers():
        words = [container.get("command"), container.get("args")]
        text = " ".join(str(word) for listed in words if isinstance(listed, list) for word in listed)
        if "inject-connect" in text:
            return text
    return ""


def _mode_of(view: View) -> Value:
    mode = view.get("spec.mutualTLSMode")
    return None if mode == "" else mode


def _mode_step(view: View, level: str) -> Step:
    place = ("spec", "mutualTLSMode")
    return Step(f"{view.resource.address} {level}".rstrip(), _mode_of(view), "strict", view.resource, place)


def _perhaps(step: Step) -> Answer:
    return Answer(Unknown(f"whether {step.what} is for its service is not known"), "", (step,))


def _exposes(view: View, probed: frozenset[str]) -> Answer:
    """Whether a service exposes no path beside mutual TLS."""
    paths = view.get("spec.expose.paths")
    step = Step(f"{view.resource.address}, exposed paths", None, None, view.resource, ("spec", "expose", "paths"))
    if undecided(paths):
        return Answer(why(paths), "", (step,))
    found = [inner(each, "path") for each in (paths if isinstance(paths, list) else ())]
    others = [path for path in found if undecided(path) or path not in probed]
    if not others:
        return Answer()
    first = others[0]
    says = f"{view.resource.address} opens {first} to callers without a certificate"
    return Answer(why(first) if undecided(first) else False, says, (replace(step, observed=first),))


def _patched(view: View) -> Answer:
    """Whether nothing patches the proxies' listeners: nothing short of running it shows what that does."""
    extensions = view.get("spec.envoyExtensions")
    listed = extensions if isinstance(extensions, list) else [extensions] if undecided(extensions) else []
    for number, extension in enumerate(listed):
        name = inner(extension, "name")
        if name == PATCHES or undecided(name):
            place = ("spec", "envoyExtensions", number)
            step = Step(view.resource.address, name, None, view.resource, place)
            doubt = Unknown(f"{view.resource.address} patches its proxies ({PATCHES})")
            return Answer(why(name) if undecided(name) else doubt, "", (step,))
    return Answer()


def _decided(view: View, level: str) -> Answer:
    mode, step = _mode_of(view), _mode_step(view, level)
    known = mode in ("strict", "permissive")
    truth: Truth = mode == "strict" if known else why(mode) if undecided(mode) else Unknown(f"{mode!r} is no mode")
    return Answer(truth, f"{view.resource.address} allows plaintext ({mode})", (step,))
