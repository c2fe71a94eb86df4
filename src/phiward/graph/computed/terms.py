"""How long backups live, what locks them, and how long sessions last.

The catalog names each function by its key in `TERMS`.
"""

from __future__ import annotations

from phiward.graph.audience import names_anyone
from phiward.graph.computed.policies import policy_statements
from phiward.graph.computed.reading import Block, blocks, number
from phiward.graph.policy import HOLE, Statement, glob_covers, sketch
from phiward.graph.truth import Truth, all_of, any_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

DELETING = (
    "backup:deleterecoverypoint",
    "backup:updaterecoverypointlifecycle",
    "backup:putbackupvaultaccesspolicy",
)
SPARES = Unknown("the denial has conditions, and whom they spare is not decided here", "deny without conditions")
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
ISO_DURATION = pattern(r"P(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?")


# Backups


def vault_lock_mode(view: View) -> Value | Derived:
    """`compliance` where the lock has a grace time, after which nobody can lift it; else `governance`.

    `None` without a lock.
    """
    for lock in view.satellites("lock"):
        if isinstance(lock, Unknown):
            return lock
        grace = lock.get("changeable_for_days")
        if undecided(grace):
            return why(grace)
        mode = "governance" if grace is None else "compliance"
        return Derived(mode, paths=["@lock.changeable_for_days"])
    return None


def vault_denies_deletion(view: View) -> Value | Derived:
    """Whether a policy denies everybody to delete recovery points, shorten them or lift the denial."""
    read = policy_statements(view, "@policy.policy")
    denied = all_of(any_of(_denies(entry, action) for entry in read) for action in DELETING)
    return Derived(denied, paths=["@policy.policy"])


def _denies(entry: Statement | Unknown, action: str) -> Truth:
    if isinstance(entry, Unknown):
        return entry
    if entry.effect == "Allow" or entry.not_principals or entry.not_actions or entry.not_resources:
        return False
    effect: Truth = entry.effect if isinstance(entry.effect, Unknown) else True
    spares: Truth = SPARES if entry.conditions else True
    covered = any_of(_covers(pattern, action) for pattern in entry.actions or ())
    return all_of([effect, names_anyone(entry), covered, spares])


def _covers(pattern: Value, action: str) -> Truth:
    text = sketch(pattern).lower()
    return why(pattern) if HOLE in text else glob_covers(text, action)


def plan_copies(view: View) -> Value | Derived:
    """Whether a rule of the plan copies its recovery points to another vault."""
    return Derived(any_of(_copies(rule) for rule in blocks(view.get("rule"))), paths=["rule"])


def _copies(rule: Block) -> Truth:
    if isinstance(rule, Unknown):
        return rule
    direct = rule.get("target_logically_air_gapped_backup_vault_arn")
    actions = [*blocks(rule.get("copy_action")), *([] if direct is None else [direct])]
    return any_of(action if isinstance(action, Unknown) else True for action in actions)


def plan_retention_days(view: View) -> Value | Derived:
    """Days after which the plan's shortest-lived recovery points are deleted, or `None`: never."""
    days: list[int] = []
    for rule in blocks(view.get("rule")):
        for block in [rule] if isinstance(rule, Unknown) else blocks(rule.get("lifecycle")):
            amount = block if isinstance(block, Unknown) else number(block.get("delete_after"))
            if isinstance(amount, Unknown):
                return amount
            if amount is not None and amount > 0:
                days.append(amount)
    return Derived(min(days), paths=["rule"]) if days else None


# Sessions


def minutes(view: View, *, path: str, unit: str, unit_path: str = "", zero: int = 0) -> Value | Derived:
    """Read a duration in minutes, rounded up.

    `unit` holds unless the attribute at `unit_path` says another; `zero` is what the service makes of a 0.
    """
    amount = number(view.get(path))
    if amount is None or isinstance(amount, Unknown):
        return amount
    written = view.get(unit_path) if unit_path else None
    if undecided(written):
        return why(written)
    seconds = SECONDS.get(unit if written is None else str(written))
    if seconds is None:
        return Unknown("its unit is not seconds, minutes, hours or days")
    return Derived(_rounded_up(amount * seconds) or zero, paths=[path])


def iso_minutes(view: View, *, path: str) -> Value | Derived:
    """Read an ISO 8601 duration of days, hours, minutes and seconds in minutes, rounded up."""
    text = view.get(path)
    if text is None:
        return None
    if undecided(text):
        return why(text)
    found = ISO_DURATION.fullmatch(str(text))
    if found is None or not any(found.groups()):
        return Unknown("it is not an ISO 8601 duration of days, hours, minutes and seconds")
    amounts = zip(found.groups(), (86400, 3600, 60, 1), strict=True)
    return Derived(_rounded_up(sum(int(part or 0) * seconds for part, seconds in amounts)), paths=[path])


def _rounded_up(seconds: int) -> int:
    return -(-seconds // 60)


TERMS: dict[str, ComputedProperty] = {
    "vault_lock_mode": vault_lock_mode,
    "vault_denies_deletion": vault_denies_deletion,
    "plan_copies": plan_copies,
    "plan_retention_days": plan_retention_days,
    "minutes": minutes,
    "iso_minutes": iso_minutes,
}
