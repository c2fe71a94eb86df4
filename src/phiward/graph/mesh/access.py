"""Whom a workload lets in, by the identities that its mesh's policies name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from phiward.graph.mesh.model import Answer, Inbound, Step, agreed, every
from phiward.graph.truth import Truth
from phiward.model.value import Unknown
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom one entry of a policy lets in.

    `everyone` is everybody who can reach the port, or everybody in the mesh; `admits` says it of the workloads of a
    namespace; `authenticated` whether whoever comes has to show an identity of the mesh. `name` is how a message calls
    the entry, where that is not the step's name. `only` are all namespaces that it may let in, where they are written
    out, and `alike` says that it admits all or none of them, so that nobody has to ask it for each namespace there is.
    """

    step: Step
    everyone: Truth
    admits: Callable[[str], Truth]
    authenticated: Truth = True
    name: str = ""
    only: frozenset[str] | None = None
    alike: bool = False

    def says(self, what: str) -> str:
        """A sentence about the entry."""
        return f"{self.name or self.step.what} {what}"


@dataclass(frozen=True, slots=True)
class Access:
    """Whom a port lets in: nobody but by its grants. `doubt` says why there may be others; `steps` led to it."""

    grants: tuple[Grant, ...]
    steps: tuple[Step, ...] = ()
    doubt: Unknown | None = None


@dataclass(frozen=True, slots=True)
class Accesses:
    """`ports` where one differs, with the alternatives of which one holds; `default` for all others."""

    default: Access
    ports: Mapping[int, Sequence[Access]]
    doubt: str = ""
    """Why it is not known which alternative holds."""

    def inbound(self, judge: Callable[[Access], Answer]) -> Inbound:
        """What a question comes to, port by port."""
        ports = {number: agreed([judge(one) for one in options], self.doubt) for number, options in self.ports.items()}
        return Inbound(judge(self.default), ports)


def authenticated(access: Access) -> Answer:
    """Whether nobody comes in without an identity of the mesh."""
    return _each(access, lambda grant: grant.authenticated, "lets clients in that show no identity")


def closed(access: Access) -> Answer:
    """Whether nobody comes in but those that a policy names."""
    return _each(access, lambda grant: _no(grant.everyone), "lets everyone in")


def apart(access: Access, others: Mapping[str, str | Unknown]) -> Answer:
    """Whether no workload of other tenants' namespaces comes in; `others` are namespaces with their tenants."""
    answers = [_undoubted(access)]
    for grant in access.grants:
        for namespace in _asked(grant, others):
            tenant, admitted = others[namespace], grant.admits(namespace)
            if admitted is True and isinstance(tenant, Unknown):
                admitted = tenant
            if admitted is not False:
                why = grant.says(f"lets in the namespace {namespace} of {tenant}")
                answers.append(Answer(_no(admitted), why, (*access.steps, grant.step)))
            if admitted is True:
                return every(answers)
    return every(answers)


def _asked(grant: Grant, others: Mapping[str, str | Unknown]) -> Iterable[str]:
    """The namespaces that an entry has to be asked for."""
    if grant.only is not None:
        return sorted(namespace for namespace in grant.only if namespace in others)
    if not grant.alike:
        return others
    certain = (namespace for namespace in others if not isinstance(others[namespace], Unknown))
    return [next(certain, None) or next(iter(others))]


def _each(access: Access, holds: Callable[[Grant], Truth], why: str) -> Answer:
    answers = [Answer(holds(grant), grant.says(why), (*access.steps, grant.step)) for grant in access.grants]
    return every([*answers, _undoubted(access)])


def _undoubted(access: Access) -> Answer:
    return Answer(access.doubt or True, "", access.steps)


def _no(truth: Truth) -> Truth:
    return truth if isinstance(truth, Unknown) else not truth
