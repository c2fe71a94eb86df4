"""Whether Istio puts a proxy before a workload's pods: a sidecar, or the node's ztunnel (ambient mode).

Sources: istio.io, "Installing the Sidecar" with the selectors of istiod's webhooks, "Add workloads to the mesh"
(ambient), "Resource Annotations" and "Resource Labels". In short:

- the webhook is called where the namespace says `istio-injection: enabled`, else (without that label) where it names a
  revision, else (without either) where the pod's label names a revision or says `sidecar.istio.io/inject: "true"`;
  never where that label of the pod says "false";
- the injector then obeys the pod's label before its annotation, and leaves alone pods on the node's network and the
  namespaces of Kubernetes itself; it may be told to inject another template than that of the sidecar;
- ambient mode takes in pods whose label, else whose namespace's label, says `istio.io/dataplane-mode: ambient`; a
  sidecar goes before.
"""

from __future__ import annotations

from phiward.graph.mesh.istio_config import DEFAULT_REVISION, IstioConfig
from phiward.graph.mesh.model import Answer, Step, every
from phiward.graph.mesh.workload import Workload, entry
from phiward.graph.truth import Truth
from phiward.model.value import Unknown
from phiward.record import dataclass

NEVER_INJECTED = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
INJECT, REVISION, LEGACY = "sidecar.istio.io/inject", "istio.io/rev", "istio-injection"
DATAPLANE = "istio.io/dataplane-mode"
STATUS, REDIRECTION = "sidecar.istio.io/status", "ambient.istio.io/redirection"
PROXY = "istio-proxy"
SIDECAR, AMBIENT = "sidecar", "ambient"
TEMPLATES = "inject.istio.io/templates"
_REDIRECTING = ("istio-init", "istio-validation")
"""Init containers that send connections to the proxy, or that make sure that the network's plugin does."""
_ON_THE_NODE = "its pods are on the network of their node, where no proxy is injected"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Whether there is one before the pods, and of which mode it is."""

    answer: Answer
    mode: str = SIDECAR


def proxy_of(workload: Workload, config: IstioConfig) -> Proxy:
    """The proxy before a workload's pods."""
    if isinstance(workload.spec_doubt, Unknown):
        return Proxy(Answer(workload.spec_doubt))
    if workload.host_network is not False:
        truth: Truth = False if workload.host_network is True else workload.host_network
        step = workload.step("hostNetwork of the pods", workload.host_network, False, "spec", "hostNetwork")
        return Proxy(Answer(truth, _ON_THE_NODE, (step,)))
    sidecar = _sidecar(workload, config)
    if sidecar.truth is True:
        return Proxy(sidecar)
    ambient = _ambient(workload)
    if ambient.truth is False:
        return Proxy(sidecar)
    if isinstance(sidecar.truth, Unknown) and ambient.truth is True:
        return Proxy(Answer(sidecar.truth, "", (*sidecar.steps, *ambient.steps)))
    return Proxy(ambient if sidecar.truth is False else sidecar, AMBIENT if sidecar.truth is False else SIDECAR)


def _sidecar(workload: Workload, config: IstioConfig) -> Answer:
    written = _written(workload)
    if written is not None:
        return written
    if workload.namespace in NEVER_INJECTED:
        why = f"nothing is injected in the namespace {workload.namespace}"
        return Answer(False, why, (workload.step("namespace", workload.namespace, "one of the mesh"),))
    called = _called(workload, config)
    return called if called.truth is False else every([called, _injected(workload, config)])


def _written(workload: Workload) -> Answer | None:
    """A proxy that stands in the manifest itself: injected by hand, or by the cluster that it was read from."""
    found = workload.container(PROXY)
    image = found[0].get("image") if found else None
    status = entry(workload.annotations, STATUS)
    if image != "auto" and (status is not None or (isinstance(image, str) and "proxyv2" in image)):
        written = workload.proxy(PROXY, "", _REDIRECTING)
        if written:
            return written
    if workload.is_running:
        step = workload.step(f"container {PROXY}", "not there", "there", "spec", "containers")
        return Answer(False, "no sidecar runs in it", (step,))
    return None


def _called(workload: Workload, config: IstioConfig) -> Answer:
    """Whether the pods are sent to an injector, by the labels of their namespace and their own."""
    own, own_revision = entry(workload.labels, INJECT), entry(workload.labels, REVISION)
    if own == "false":
        return Answer(False, "its pods refuse the sidecar", (workload.label_step(INJECT, "true"),))
    if entry(workload.annotations, INJECT) == "false" and own is None:
        return Answer(False, "its pods refuse the sidecar", (workload.annotation_step(INJECT, "true"),))
    if isinstance(own, Unknown):
        return Answer(own, "", (workload.label_step(INJECT, "true"),))
    legacy, revision = entry(workload.namespace_labels, LEGACY), entry(workload.namespace_labels, REVISION)
    if legacy is not None:
        step = workload.namespace_step(LEGACY, "enabled")
        return _asked(legacy, DEFAULT_REVISION, step, config, legacy == "enabled")
    if revision is not None:
        return _asked(revision, str(revision), workload.namespace_step(REVISION, "a revision"), config)
    nothing = workload.namespace_step(LEGACY, "enabled")
    if own_revision is not None:
        step = workload.label_step(REVISION, "a revision")
        return _asked(own_revision, str(own_revision), step, config).after(nothing)
    if own == "true":
        return _asked(own, DEFAULT_REVISION, workload.label_step(INJECT, "true"), config).after(nothing)
    default = config.namespaces_by_default if own is None else False
    return Answer(default, "neither its namespace nor its pods ask for a sidecar", (nothing,))


def _asked(value: object, revision: str, step: Step, config: IstioConfig, enabled: bool = True) -> Answer:
    if isinstance(value, Unknown):
        return Answer(value, "", (step,))
    if not enabled:
        return Answer(False, f"its namespace says {LEGACY}: {value}", (step,))
    return Answer(config.serves_revision(revision), "", (step,))


def _injected(workload: Workload, config: IstioConfig) -> Answer:
    """Whether the injector, once asked, injects: the label of the pods goes before their annotation."""
    label = entry(workload.labels, INJECT)
    annotation = entry(workload.annotations, INJECT)
    own = annotation if label is None else label
    if isinstance(own, Unknown):
        return Answer(own, "", (workload.annotation_step(INJECT, "true"),))
    step = (workload.label_step(INJECT, "true"),) if label else ()
    truth = True if own == "true" else config.injects(workload.labels)
    chosen = Answer(truth, "the configuration of the injector leaves its pods alone", step)
    templates = entry(workload.annotations, TEMPLATES)
    if templates is None or chosen.truth is False:
        return chosen
    words = [] if isinstance(templates, Unknown) else [word.strip() for word in str(templates).split(",")]
    sidecar: Truth = True if SIDECAR in words else Unknown(f"what the template {templates} injects is not known")
    return every([chosen, Answer(sidecar, "", (workload.annotation_step(TEMPLATES, SIDECAR),))])


def _ambient(workload: Workload) -> Answer:
    if workload.is_running:
        step = workload.annotation_step(REDIRECTION, "enabled")
        found = entry(workload.annotations, REDIRECTION)
        truth = found if isinstance(found, Unknown) else found == "enabled"
        return Answer(truth, "its traffic does not pass a ztunnel", (step,))
    if workload.namespace == "kube-system":
        return Answer(False)
    own = entry(workload.labels, DATAPLANE)
    if isinstance(own, Unknown) or own in ("none", "ambient"):
        truth = own if isinstance(own, Unknown) else own == "ambient"
        return Answer(truth, "its pods refuse ambient mode", (workload.label_step(DATAPLANE, "ambient"),))
    mode = entry(workload.namespace_labels, DATAPLANE)
    step = workload.namespace_step(DATAPLANE, "ambient")
    truth = mode if isinstance(mode, Unknown) else mode == "ambient"
    return Answer(truth, "its namespace is not in ambient mode", (step,))
