"""Rules about what a service mesh enforces for a workload: mutual TLS, and whom its policies let in."""

from __future__ import annotations

from collections.abc import Callable

from phiward.engine.graph_rule import NOT_APPLICABLE, Fact, GraphIndex, Judgement
from phiward.graph.mesh.access import Access, apart, closed
from phiward.graph.mesh.meshes import Meshes
from phiward.graph.mesh.model import Answer, Step, doubted, every, of_ports, together
from phiward.graph.mesh.workload import Workload, bypassed
from phiward.graph.view import View
from phiward.model.value import Unknown

MOST_FACTS = 12
_SILENT = Unknown(
    "no port of it is declared and no Service that was scanned selects its pods: whether it takes connections is not"
    " known",
    "declare its ports",
)


def workload_mtls_enforced(view: View, index: GraphIndex) -> Judgement:
    """Whether a workload of a cluster with a mesh refuses whatever is not mutually authenticated and encrypted."""
    meshes = index.graph.cluster(view.resource.scope).meshes
    workload = meshes.subject(view)
    if workload is None:
        return NOT_APPLICABLE
    answer = meshes.refuses_plaintext(workload)
    return _judged(workload, "plaintext", "refused", answer)


def mesh_authorization_default_deny(view: View, index: GraphIndex) -> Judgement:
    """Whether nobody but callers that a policy of the mesh names is let in to a workload."""
    meshes = index.graph.cluster(view.resource.scope).meshes
    workload = meshes.subject(view)
    answer = _guarded(meshes, workload, closed) if workload else None
    if workload is None or answer is None:
        return NOT_APPLICABLE
    return _judged(workload, "callers", "only those that a policy names", answer)


def mesh_authorization_tenant(view: View, index: GraphIndex) -> Judgement:
    """Whether the policies of the mesh keep workloads of other tenants' namespaces from a tenant's workload."""
    tenant = view.tenancy.tenant
    meshes = index.graph.cluster(view.resource.scope).meshes
    workload = meshes.subject(view)
    if workload is None or tenant is None:
        return NOT_APPLICABLE
    if isinstance(tenant, Unknown):
        return Judgement(None, (Fact("tenant", tenant, "one tenant", view.header),))
    others = meshes.others(tenant)
    answer = _guarded(meshes, workload, lambda access: apart(access, others)) if others else None
    if answer is None:
        return NOT_APPLICABLE
    return _judged(workload, "callers", f"none of other tenants than {tenant}", answer)


def _guarded(meshes: Meshes, workload: Workload, question: Callable[[Access], Answer]) -> Answer | None:
    """What a question about whom a port lets in comes to; None where no proxy stands before the pods."""
    guard = meshes.guard(workload)
    if guard is None:
        return None
    guarded, captured, accesses = guard
    answer = every([guarded, of_ports(together(captured, accesses.inbound(question)), workload.serving)])
    return answer if bypassed(captured, workload) else doubted(answer, workload.cluster.hole)


def _judged(workload: Workload, what: str, expected: str, answer: Answer) -> Judgement:
    """The verdict, with the chain that decided it."""
    truth, why = answer.truth, answer.why
    if truth is False and not workload.serves:
        truth = _SILENT
    observed = truth if isinstance(truth, Unknown) else expected if truth else why
    head = Fact(what, observed, expected, workload.view.header)
    facts = (head, *(_fact(step) for step in answer.steps[:MOST_FACTS]))
    return Judgement(None if isinstance(truth, Unknown) else truth, facts, why)


def _fact(step: Step) -> Fact:
    origin = step.resource.origin
    where = origin.locate(step.at) if step.at else origin.header()
    return Fact(step.what, step.observed, "" if step.expected is None else step.expected, where)
