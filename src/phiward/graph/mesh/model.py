"""An answer about a workload in three values, with the chain of what was read for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phiward.graph.truth import Truth, all_of
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value
from phiward.record import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was read on the way to an answer. `at` is empty where the object as a whole says it."""

    what: str
    observed: Value
    expected: Value
    resource: Resource
    at: AttributePath = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`why` says in words what makes it false; an unknown truth carries its own reason."""

    truth: Truth = True
    why: str = ""
    steps: tuple[Step, ...] = ()

    def after(self, *steps: Step) -> Answer:
        """The same answer, reached over some steps that were taken before."""
        return Answer(self.truth, self.why, (*steps, *self.steps))


@dataclass(frozen=True, slots=True)
class Inbound:
    """Whether each port refuses what it should: `ports` where one differs, `default` for all others."""

    default: Answer
    ports: Mapping[int, Answer]


def every(answers: Iterable[Answer]) -> Answer:
    """All of them: what is false decides, then what is not known. The chain holds every step."""
    found = tuple(answers)
    truth = all_of(answer.truth for answer in found)
    why = next((answer.why for answer in found if answer.truth is False), "") if truth is False else ""
    return Answer(truth, why, _chain(found))


def _chain(answers: Iterable[Answer]) -> tuple[Step, ...]:
    """The steps of all, each once."""
    steps = {(step.what, id(step.resource), step.at): step for answer in answers for step in answer.steps}
    return tuple(steps.values())


def together(first: Inbound, second: Inbound) -> Inbound:
    """What two things that both have to hold come to, port by port."""
    numbers = sorted({*first.ports, *second.ports})
    ports = {n: every([first.ports.get(n, first.default), second.ports.get(n, second.default)]) for n in numbers}
    return Inbound(every([first.default, second.default]), ports)


def agreed(answers: list[Answer], doubt: str) -> Answer:
    """One answer where all alternatives come to the same; unknown, for the reason given, where they do not."""
    first = answers[0]
    if all(answer.truth == first.truth for answer in answers):
        return first
    unknown = next((answer.truth for answer in answers if isinstance(answer.truth, Unknown)), None)
    return Answer(unknown or Unknown(doubt, "leave one policy at each level"), "", _chain(answers))


def doubted(answer: Answer, hole: Unknown | None) -> Answer:
    """The answer, which what could not be read may turn."""
    return answer if hole is None or isinstance(answer.truth, Unknown) else Answer(hole, "", answer.steps)


def of_ports(inbound: Inbound, serving: frozenset[int]) -> Answer:
    """Whether all ports refuse what they should.

    A port that does not is enough, whether a manifest declares it or not: somebody wrote it down. Where only the ports
    that are declared do, another one may be listening, for declarations bind nobody.
    """
    ports = [inbound.ports[number] for number in sorted(inbound.ports)]
    listed = every(ports)
    if listed.truth is False or inbound.default.truth is not False:
        return every([inbound.default, *ports]) if listed.truth is not False else listed.after(*inbound.default.steps)
    if not serving or serving - set(inbound.ports):
        return every([inbound.default, *ports])
    closed = ", ".join(str(number) for number in sorted(inbound.ports))
    doubt = Unknown(f"only {closed} is closed to plaintext, and whether anything listens on another port is not known")
    return every([Answer(doubt, "", inbound.default.steps), *ports])
