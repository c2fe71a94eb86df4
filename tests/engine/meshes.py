"""Manifests judged in memory: what one graph rule says about one object of one cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from phiward.engine.graph_rule import GraphIndex, Judgement
from phiward.engine.graph_rules import graph_rule
from phiward.graph.view import View
from phiward.model.value import Unknown
from tests import clusters

VERDICTS = {True: "pass", False: "fail", None: "unknown"}
Object = dict[str, Any]


def view_of(documents: str | Iterable[Object], address: str, **settings: Any) -> View:
    """One object among those that are applied together."""
    text = documents if isinstance(documents, str) else clusters.text_of(list(documents))
    return clusters.view_of(clusters.graph_of(text, **settings), address)


def judge(rule: str, documents: str | Iterable[dict[str, Any]], address: str, **settings: Any) -> Judgement:
    """What a graph rule says of one object."""
    view = view_of(documents, address, **settings)
    return graph_rule(rule)(view, GraphIndex(view.graph))


def verdict(rule: str, documents: str | Iterable[dict[str, Any]], address: str, **settings: Any) -> str:
    """`pass`, `fail`, `unknown` or `not-applicable`."""
    judgement = judge(rule, documents, address, **settings)
    return VERDICTS[judgement.truth] if judgement.applies else "not-applicable"


def told(judgement: Judgement) -> str:
    """What a reader of the finding learns: the reason, then the chain."""
    head = judgement.facts[0].observed if judgement.facts else ""
    reason = head.reason if isinstance(head, Unknown) else str(head)
    return "\n".join([reason, *(f"{fact.property}: {fact.observed}" for fact in judgement.facts[1:])])


# -- objects


def thing(api: str, kind: str, name: str, namespace: str | None = "ehr", **body: Any) -> Object:
    metadata: Object = {"name": name, **({"namespace": namespace} if namespace else {}), **body.pop("metadata", {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}


def space(name: str = "ehr", labels: Object | None = None, annotations: Object | None = None) -> Object:
    return thing("v1", "Namespace", name, None, metadata={"labels": labels or {}, "annotations": annotations or {}})


def work(
    name: str = "records",
    namespace: str | None = "ehr",
    *,
    kind: str = "Deployment",
    labels: Object | None = None,
    annotations: Object | None = None,
    ports: Iterable[Any] = (8080,),
    **spec: Any,
) -> Object:
    """A workload whose pods have the label `app: <name>` and declare some ports."""
    listed = [{"containerPort": port} if isinstance(port, int) else port for port in ports]
    pod = {
        "metadata": {"labels": {"app": name, **(labels or {})}, "annotations": annotations or {}},
        "spec": {"containers": [{"name": name, "image": "a", "ports": listed}], **spec},
    }
    if kind == "Pod":
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            **pod,
            "metadata": {**pod["metadata"], "name": name, "namespace": namespace},
        }
    api = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    body: Object = {"template": pod}
    return thing(api, kind, name, namespace, spec={"jobTemplate": {"spec": body}} if kind == "CronJob" else body)


def service(name: str, selector: Object, *ports: Object, namespace: str = "ehr") -> Object:
    return thing("v1", "Service", name, namespace, spec={"selector": selector, "ports": list(ports)})


def peer(
    mode: str | None,
    namespace: str | None = "ehr",
    *,
    name: str = "default",
    app: str = "",
    ports: Object | None = None,
    **metadata: Any,
) -> Object:
    """A PeerAuthentication of a mode; of the workload `app`, else of its whole namespace."""
    spec: Object = {} if mode is None else {"mtls": {"mode": mode}}
    if app:
        spec["selector"] = {"matchLabels": {"app": app}}
    if ports:
        spec["portLevelMtls"] = {str(port): {"mode": own} for port, own in ports.items()}
    return thing("security.istio.io/v1", "PeerAuthentication", name, namespace, spec=spec, metadata=metadata)
