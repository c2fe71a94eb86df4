"""What is not as it was at the assessment before. Section 10.

Fewer failures through a narrower scope, a weaker parameter or one more exception are visible as such: a failure that
cannot be told any more is not fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from phiward.attest.assessment.inputs import Inputs
from phiward.attest.assessment.model import (
    Assessment,
    Change,
    ChangedFinding,
    Changes,
    Control,
    Deviation,
    ExceptionRow,
    FindingRow,
    Method,
    Scope,
)
from phiward.attest.assessment.rows import Key, key_of
from phiward.attest.assessment.status import FAIL, NOT_APPLICABLE, PASS
from phiward.record import dataclass

NOTHING_BEFORE = Changes(
    compared=False,
    previous_as_of="",
    new=(),
    fixed=(),
    regressed=(),
    not_known=(),
    controls=(),
    scope=(),
    pack=(),
    exceptions=(),
)
_REACH = ("roots", "sources", "accounts", "regions", "systems", "tenants")


@dataclass(frozen=True, slots=True)
class Now:
    """The parts of this assessment that are compared."""

    scope: Scope
    method: Method
    controls: tuple[Control, ...]
    findings: tuple[FindingRow, ...]
    exceptions: tuple[ExceptionRow, ...]
    resources: int
    complete: bool
    """Whether everything could be read, and all of it was asked for."""


def changes(inputs: Inputs, now: Now) -> Changes:
    """What changed since the assessment before, if there was one."""
    if inputs.previous is None:
        return NOTHING_BEFORE
    before = inputs.previous.assessment
    new, regressed = _opened(before, now, inputs.as_of)
    fixed, not_known = _closed(before, now, inputs.as_of)
    return Changes(
        compared=True,
        previous_as_of=before.cover.window.as_of,
        new=new,
        fixed=fixed,
        regressed=regressed,
        not_known=not_known,
        controls=_statuses(before.controls, now.controls),
        scope=_scope(before, now),
        pack=_pack(before.method, now.method),
        exceptions=_exceptions(before.exceptions, now.exceptions),
    )


def _opened(before: Assessment, now: Now, as_of: date) -> tuple[tuple[ChangedFinding, ...], tuple[ChangedFinding, ...]]:
    """Failures that were none: those that passed before are regressions, with the days that they were clean."""
    known = {row.id for row in before.findings if row.status == FAIL}
    clean = {key_of(row): row for row in before.findings if row.status == PASS}
    new: list[ChangedFinding] = []
    regressed: list[ChangedFinding] = []
    for row in now.findings:
        if row.status != FAIL or row.id in known:
            continue
        passed = clean.get(key_of(row))
        if passed is None:
            new.append(_changed(row, 0))
        else:
            regressed.append(_changed(row, _days(passed.first_seen, as_of)))
    return tuple(new), tuple(regressed)


def _closed(before: Assessment, now: Now, as_of: date) -> tuple[tuple[ChangedFinding, ...], tuple[ChangedFinding, ...]]:
    """Failures that are none any more: fixed where that can be told, else not known."""
    failing = {row.id for row in now.findings if row.status == FAIL}
    by_key: dict[Key, set[str]] = {}
    for row in now.findings:
        by_key.setdefault(key_of(row), set()).add(row.status)
    fixed: list[ChangedFinding] = []
    not_known: list[ChangedFinding] = []
    for row in before.findings:
        if row.status == FAIL and row.id not in failing:
            told = _is_fixed(row, by_key.get(key_of(row)), now)
            if told is not None:
                (fixed if told else not_known).append(_changed(row, _days(row.first_seen, as_of)))
    return tuple(fixed), tuple(not_known)


def _is_fixed(row: FindingRow, statuses: set[str] | None, now: Now) -> bool | None:
    """Whether a failure is fixed; None where an exception covers it now, which is told among the exceptions."""
    if statuses is None:  # the resource is gone, or nobody looked
        return now.complete and row.rule in now.method.rules_run and row.resource.scope in now.scope.roots
    if statuses <= {PASS, NOT_APPLICABLE, FAIL}:
        return True
    return False if "undecided" in statuses else None


def _changed(row: FindingRow, days: int) -> ChangedFinding:
    return ChangedFinding(row.id, row.rule, row.resource.address, row.severity, days)


def _days(since: str, until: date) -> int:
    return (until - date.fromisoformat(since)).days


def _statuses(before: Sequence[Control], now: Sequence[Control]) -> tuple[Change, ...]:
    old = {control.citation: control.status for control in before}
    new = {control.citation: control.status for control in now}
    return tuple(_differences(old, new))


def _scope(before: Assessment, now: Now) -> tuple[Change, ...]:
    found: list[Change] = []
    for name in _REACH:
        old, new = getattr(before.scope, name), getattr(now.scope, name)
        found += [Change(name, item, "") for item in old if item not in new]
        found += [Change(name, "", item) for item in new if item not in old]
    excluded = {item.what: item.why for item in before.scope.exclusions}
    excludes = {item.what: item.why for item in now.scope.exclusions}
    found += [
        Change(f"exclusion {change.what}", change.before, change.after) for change in _differences(excluded, excludes)
    ]
    numbers = {"resources": str(before.population.resources), "partial": _yes(before.scope.partial)}
    found += _differences(numbers, {"resources": str(now.resources), "partial": _yes(now.scope.partial)})
    return tuple(found)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _pack(before: Method, now: Method) -> tuple[Change, ...]:
    names = ("tool_version", "pack_version", "pack_digest", "pack_origin")
    found = list(_differences({n: getattr(before, n) for n in names}, {n: getattr(now, n) for n in names}))
    found += [Change("rule", rule, "") for rule in before.rules_run if rule not in now.rules_run]
    found += [Change("rule", "", rule) for rule in now.rules_run if rule not in before.rules_run]
    old, new = _values(before.deviations), _values(now.deviations)
    found += [Change(f"deviation {one.what}", one.before, one.after) for one in _differences(old, new)]
    return tuple(found)


def _values(deviations: Sequence[Deviation]) -> dict[str, str]:
    """By parameter; roots may give it several."""
    found: dict[str, list[str]] = {}
    for one in deviations:
        found.setdefault(one.parameter, []).append(str(one.value))
    return {parameter: ", ".join(values) for parameter, values in found.items()}


def _exceptions(before: Sequence[ExceptionRow], now: Sequence[ExceptionRow]) -> tuple[Change, ...]:
    return tuple(_differences({row.id: _told(row) for row in before}, {row.id: _told(row) for row in now}))


def _told(row: ExceptionRow) -> str:
    state = "expired" if row.state == "expired" else "unused" if row.state == "unused" else "in force"
    return f"{row.type} of {row.rule}, {state}, until {row.expires}"


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[Change]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield Change(name, old.get(name, ""), new.get(name, ""))
