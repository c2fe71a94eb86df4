"""What the pack says of itself: themes, what published packs check and what none does, practices, other tools' names.

No scan needs any of it, so it is not part of the compiled pack: `load_reference` reads the YAML that ships beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from phiward.errors import PackError
from phiward.pack import pack_directory
from phiward.pack.compile import read_yaml
from phiward.pack.controls import Control, control_of
from phiward.pack.equivalents import canonical
from phiward.record import dataclass

REASONS = {
    "live": "only the running account or cluster shows it",
    "process": "people do it, and a record shows it",
    "unread": "configuration can show it, and no rule reads it yet",
    "settled": "the provider does not let it be otherwise any more",
    "scope": "it says nothing about the protection of PHI",
}
"""Why nothing decides a thing, by the word that the data uses."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a thing that could be checked: rules, answers of a command, manual controls, or why nothing."""

    rules: tuple[str, ...]
    part: str
    """What of it the rules leave open."""
    answers: Mapping[str, str]
    """A command of ours -> what it shows of it."""
    manual: tuple[Control, ...]
    reason: str
    because: str

    @property
    def state(self) -> str:
        if self.rules:
            return "in part" if self.part else "decided"
        return "answered" if self.answers else "manual" if self.manual else "not decided"


@dataclass(frozen=True, slots=True)
class Theme:
    """A folder of rules: one safeguard that an EHR in the cloud needs."""

    id: str
    title: str
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that published HIPAA packs check, whichever tool checks it."""

    id: str
    theme: str
    checks: str
    citations: tuple[str, ...]
    outcome: Outcome
    unlike: Mapping[str, str]
    """Checks of other tools on this concept that do not mean what any of our rules means, and why."""


@dataclass(frozen=True, slots=True)
class Practice:
    """What an EHR for several tenants is expected to do, and what of it configuration can show."""

    id: str
    title: str
    shows: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Gap:
    """What no published HIPAA pack checks."""

    id: str
    title: str
    citations: tuple[str, ...]
    looks_at: str
    nearest: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Check:
    """A check of another tool."""

    id: str
    concepts: tuple[str, ...]
    """None where it belongs to no HIPAA pack; `checks` then says what it looks at."""
    checks: str
    citations: tuple[str, ...]
    """What its tool, or the tool's publisher, maps it to."""
    stub: bool
    """Published without a body: it checks nothing."""


@dataclass(frozen=True, slots=True)
class Tool:
    id: str
    title: str
    edition: str
    reads: tuple[str, ...]
    maps: bool
    """Whether it publishes a HIPAA mapping of its own."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    themes: tuple[Theme, ...]
    concepts: tuple[Concept, ...]
    practices: tuple[Practice, ...]
    gaps: tuple[Gap, ...]
    tools: tuple[Tool, ...]


def load_reference(rules: Iterable[str]) -> Reference:
    """The reference data of the bundled pack, whose rules are given by id. Raises PackError where it names another."""
    known = frozenset(rules)
    return Reference(
        themes=tuple(Theme(raw["id"], raw["title"], tuple(raw["citations"])) for raw in _read("themes.yaml")),
        concepts=tuple(_concept(raw, known) for raw in _read("concepts.yaml")),
        practices=tuple(
            Practice(raw["id"], raw["title"], raw["shows"], _outcome(raw, known)) for raw in _read("practices.yaml")
        ),
        gaps=tuple(_gap(raw, known) for raw in _read("gaps.yaml")),
        tools=tuple(_tool(id_, raw) for id_, raw in _read("crosswalk.yaml").items()),
    )


def _read(name: str) -> Any:
    return read_yaml(pack_directory() / name, name)


def _concept(raw: Mapping[str, Any], known: frozenset[str]) -> Concept:
    return Concept(
        id=raw["id"],
        theme=raw["theme"],
        checks=raw["checks"],
        citations=tuple(raw["citations"]),
        outcome=_outcome(raw, known),
        unlike=raw.get("unlike", {}),
    )


def _gap(raw: Mapping[str, Any], known: frozenset[str]) -> Gap:
    return Gap(
        id=raw["id"],
        title=raw["title"],
        citations=tuple(raw["citations"]),
        looks_at=raw["looks_at"],
        nearest=raw["nearest"],
        outcome=_outcome(raw, known),
    )


def _outcome(raw: Mapping[str, Any], known: frozenset[str]) -> Outcome:
    for rule in raw.get("rules", ()):
        if rule not in known:
            raise PackError(f"names a rule that does not exist: {rule!r}", where=raw["id"])
    nothing = raw.get("not_decided", {})
    if nothing and nothing["reason"] not in REASONS:
        raise PackError(f"reason is one of {', '.join(REASONS)}", where=raw["id"])
    return Outcome(
        rules=tuple(raw.get("rules", ())),
        part=raw.get("part", ""),
        answers=raw.get("answers", {}),
        manual=tuple(map(control_of, raw.get("manual", ()))),
        reason=nothing.get("reason", ""),
        because=nothing.get("because", ""),
    )


def _tool(id_: str, raw: Mapping[str, Any]) -> Tool:
    checks = (
        Check(
            id=name,
            concepts=tuple(each.get("concepts", ())),
            checks=each.get("checks", ""),
            citations=tuple(each.get("citations", ())),
            stub=each.get("stub", False),
        )
        for name, each in raw["checks"].items()
    )
    return Tool(id_, raw["title"], raw["edition"], tuple(raw["reads"]), raw["maps"], tuple(checks))


def unmet(id_: str, reference: Reference) -> str:
    """Why no rule means what a check of another tool means."""
    name = canonical(id_)
    checks = [check for tool in reference.tools for check in tool.checks if canonical(check.id) == name]
    if not checks:
        return "no rule means the same: the check is not known here"
    concepts = [concept for concept in reference.concepts if concept.id in checks[0].concepts]
    return "; ".join(["no rule means the same", *(_told(checks[0].id, concept) for concept in concepts)])


def _told(id_: str, concept: Concept) -> str:
    outcome = concept.outcome
    if outcome.rules:
        return f"{id_} {concept.unlike.get(id_, '')}, unlike {', '.join(outcome.rules)}"
    return f"{REASONS[outcome.reason]}: {outcome.because}"
