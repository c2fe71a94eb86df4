"""`phiward rules test`: an organisation's rules held to their own examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from phiward.engine.graph_rules import GRAPH_RULES
from phiward.engine.packs import chosen_pack
from phiward.errors import PackError, UsageError
from phiward.outside import Outside
from phiward.pack.own import OwnRule, with_own_rules
from phiward.record import dataclass
from phiward.rule_examples import cases, problem

_WANTED = ("fail", "pass", "unknown")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rules and examples ran, and how many problems there were."""

    rules: int
    cases: int
    problems: int

    @property
    def exit_status(self) -> int:
        return 1 if self.problems else 0

    @property
    def summary(self) -> str:
        """One line."""
        said = f"{self.problems} problem{'' if self.problems == 1 else 's'}" if self.problems else "all as expected"
        return f"{self.rules} rule{'' if self.rules == 1 else 's'}, {self.cases} examples: {said}"


def test_directories(
    directories: tuple[Path, ...], chosen: frozenset[str], today: date, say: Callable[[str], None]
) -> Outcome:
    """Run every example of some directories' rules, and `say` each problem. Raises PackError and UsageError."""
    outside = Outside()
    pack, found = with_own_rules(chosen_pack((), outside), directories, outside, GRAPH_RULES)
    known = {rule.compiled["id"] for rule in found}
    if missing := sorted(chosen - known):
        raise UsageError(f"there is no rule {missing[0]!r} in {', '.join(map(str, directories))}")
    number = problems = rules = 0
    for rule in found:
        if chosen and rule.compiled["id"] not in chosen:
            continue
        rules += 1
        told = [f"no example expects {missing}" for missing in _lacking(rule)]
        try:
            for case in cases(rule.document):
                number += 1
                said = problem(case, pack, today)
                told += [f"{case.title}: {said}"] if said else []
        except PackError as error:
            raise PackError(error.message, hint=error.hint, where=str(rule.path)) from error
        for line in told:
            say(f"{rule.path}: {rule.compiled['id']}: {line}")
        problems += len(told)
    return Outcome(rules, number, problems)


def _lacking(rule: OwnRule) -> list[str]:
    """The verdicts that no example of a rule expects, though it can give them."""
    shown = {example["expect"] for example in rule.document["examples"]}
    wanted = _WANTED[:2] if rule.document.get("never_unknown") else _WANTED
    return [verdict for verdict in wanted if verdict not in shown]
