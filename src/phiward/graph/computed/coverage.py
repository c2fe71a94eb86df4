"""Which backup plans take a resource in, how often they run, and over how many zones a cluster stands.

Sources: AWS Backup developer guide, "Assigning resources to a backup plan" and "Backup plan options and configuration";
EventBridge user guide, "Cron expressions"; Aurora user guide, "High availability".

The catalog names each function by its key in `COVERAGE`.
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.computed.reading import Block, blocks
from phiward.graph.policy import HOLE, sketch
from phiward.graph.truth import Truth, all_of, any_of, equals, listed, negate, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Partial, Reference, Unknown, Value, undecided
from phiward.pattern import pattern

ELSEWHERE = Unknown("another root may declare a backup plan that takes it in", "list the root under complete_roots")
_cron = pattern(r"cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*\)")
_rate = pattern(r"rate\(\s*([0-9]{1,6})\s+(minute|hour|day)s?\s*\)")
_HOURS = {"minute": 1 / 60, "hour": 1, "day": 24}
_DAY, _WEEK, _MONTH = 24, 7 * 24, 31 * 24
_PLANS = ("aws_backup_plan", "AWS::Backup::BackupPlan")
_ANY = ("*", "?")


# Plans


def plan_interval_hours(view: View) -> Value | Derived:
    """Hours between two backups of the rule of a plan that runs most often; daily where no schedule is written."""
    found: list[int] = []
    doubt: Unknown | None = None
    for rule in blocks(view.get("rule")):
        hours = rule if isinstance(rule, Unknown) else _interval(rule.get("schedule"))
        if isinstance(hours, Unknown):
            doubt = doubt or hours
        else:
            found.append(hours)
    if doubt is not None and (not found or min(found) > _DAY):
        return Derived(doubt, paths=["rule"])
    return Derived(min(found), paths=["rule"]) if found else None


def _interval(schedule: Value) -> int | Unknown:
    if schedule is None:
        return _DAY
    if undecided(schedule):
        return why(schedule)
    text = str(schedule).strip()
    rate = _rate.fullmatch(text)
    if rate is not None:
        return max(1, round(int(rate[1]) * _HOURS[rate[2]]))
    cron = _cron.fullmatch(text)
    if cron is None:
        return Unknown("its schedule is neither cron(...) nor rate(...)")
    _, hour, day, month, weekday, _ = cron.groups()
    if month not in _ANY:
        return 12 * _MONTH
    if day not in _ANY and not day.startswith(("*/", "1/")):
        return _MONTH
    if day not in _ANY:
        return _steps(day) * _DAY
    if weekday not in _ANY and weekday.upper() not in ("MON-SUN", "SUN-SAT", "1-7"):
        return _WEEK
    return 1 if hour in _ANY else _steps(hour) if "/" in hour else max(1, _DAY // len(hour.split(",")))


def _steps(field: str) -> int:
    """What stands behind the slash of a field."""
    step = field.partition("/")[2]
    return int(step) if step.isdigit() and int(step) else 1


# Selections


def in_backup_plan(view: View, *, arn: str) -> Derived:
    """`backup.covered`: whether a selection of a plan of the root takes the resource in.

    `arn` is its kind as ARNs write it, `rds:db`.
    """
    plans = [plan for native in _PLANS for plan in view.graph.of_type(native, view.resource.scope)]
    selected = any_of(_selects(chosen, view, arn) for plan in plans for chosen in plan.satellites("selections"))
    if selected is False and (not view.resource.scope.complete or view.resource.scope.holes):
        selected = ELSEWHERE
    return Derived(selected)


def _selects(selection: View | Unknown, view: View, arn: str) -> Truth:
    if isinstance(selection, Unknown):
        return selection
    named = any_of(_names(pattern, view, arn) for pattern in listed(selection.get("resources")))
    tagged = any_of(_tagged(tag, view) for tag in blocks(selection.get("selection_tag")))
    spared = any_of(_names(pattern, view, arn) for pattern in listed(selection.get("not_resources")))
    narrowed = blocks(selection.get("condition"))
    further: Truth = Unknown("the selection has conditions, which are not read") if narrowed else True
    return all_of([any_of([named, tagged]), negate(spared), further])


def _names(pattern: Value, view: View, arn: str) -> Truth:
    """Whether an ARN, or a pattern of ARNs, means the resource."""
    if isinstance(pattern, Reference):
        return pattern.address == view.resource.address
    if isinstance(pattern, Partial) and any(
        isinstance(part, Reference) and part.address == view.resource.address for part in pattern.parts
    ):
        return True
    text = sketch(pattern)
    if text == "*":
        return True
    parts = text.split(":", 5)
    service, _, kind = arn.partition(":")
    if len(parts) < 6 or parts[2] not in (service, "*"):  # noqa: PLR2004 - the six parts of an ARN
        return why(pattern) if HOLE in text else False
    rest = parts[5]
    if rest.rstrip("*").rstrip("/:") in ("", kind) and rest.endswith("*"):
        return True
    own = view.name
    if undecided(own) or HOLE in rest:
        return why(own) if undecided(own) else why(pattern)
    return own is not None and rest.replace("/", ":").rpartition(":")[2] == own


def _tagged(tag: Block, view: View) -> Truth:
    if isinstance(tag, Unknown):
        return tag
    tags, key = view.tags, tag.get("key")
    if undecided(key) or (undecided(tags) and not isinstance(tags, dict)):
        return why(key) if undecided(key) else why(tags)
    value = tags.get(key) if isinstance(tags, dict) else None
    if value is None:
        return False
    wanted = tag.get("value")
    return why(wanted) if undecided(wanted) else equals(value, str(wanted))


# Clusters


def cluster_zones(view: View) -> Derived:
    """`availability.multi_zone` of an Aurora cluster: at least two instances, or a Multi-AZ cluster of RDS."""
    if view.get("db_cluster_instance_class") is not None:
        return Derived(True, paths=["db_cluster_instance_class"])
    return Derived(_two(list(_sure(view))))


def _two(instances: list[Truth]) -> Truth:
    sure = sum(1 for one in instances if one is True)
    doubts = [one for one in instances if isinstance(one, Unknown)]
    if sure > 1:
        return True
    if not instances:
        return Unknown("none of its instances is declared here", "declare the instances beside their cluster")
    return doubts[0] if doubts else False


def _sure(view: View) -> Iterator[Truth]:
    for instance in view.satellites("instances"):
        yield instance if isinstance(instance, Unknown) else True


COVERAGE: dict[str, ComputedProperty] = {
    "cluster_zones": cluster_zones,
    "in_backup_plan": in_backup_plan,
    "plan_interval_hours": plan_interval_hours,
}
