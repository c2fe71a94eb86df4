"""Which backup plans take a resource in, how often they run, and over how many zones a cluster stands.

Sources: AWS Backup developer guide, "Assigning resources to a backup plan", "Assign resources with AWS CLI" and "Backup
plan options and configuration"; EventBridge user guide, "Cron expressions"; Aurora user guide, "High availability".

The catalog names each function by its key in `COVERAGE`.
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.computed.reading import Block, blocks
from phiward.graph.policy import HOLE, glob_covers, sketch
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
_AUTOMATIC, _FOREVER = 35, 36_500
"""Days that EFS keeps its automatic backups, and those that stand for a plan which deletes nothing."""
_OPT_IN = {
    "rds:db": "RDS",
    "rds:cluster": "Aurora",
    "dynamodb:table": "DynamoDB",
    "ec2:volume": "EBS",
    "ec2:instance": "EC2",
    "elasticfilesystem:file-system": "EFS",
    "fsx:file-system": "FSx",
    "s3:": "S3",
}
"""What AWS Backup calls a kind of resources in a region's settings, by the kind as ARNs write it."""
_OPERATORS = ("string_equals", "string_like", "string_not_equals", "string_not_like")
_UNTAGGED = Unknown("whether a resource without a tag is one that does not have a value of it is not documented")
_SHARED = ("rds:cluster", "fsx:file-system")
"""Kinds that several of its resource types share: a pattern of them takes in what is opted in."""


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
    selected = any_of(_takes_in(plan, view, arn) for plan in _plans(view))
    if selected is False and (not view.resource.scope.complete or view.resource.scope.holes):
        selected = ELSEWHERE
    return Derived(selected)


def file_system_backup_days(view: View) -> Derived:
    """`backup.retention_days` of a running file system: of its automatic backups, or of the plans that take it in."""
    for policy in view.satellites("backup"):
        status = policy if isinstance(policy, Unknown) else policy.get("backup_policy.status")
        if undecided(status):
            return Derived(why(status))
        if status == "ENABLED":
            return Derived(_AUTOMATIC, paths=["@backup.backup_policy.status"])
    days, doubt = 0, None
    for plan in _plans(view):
        taken = _takes_in(plan, view, "elasticfilesystem:file-system")
        kept = plan.property("backup.retention_days") if taken is True else taken
        if isinstance(kept, Unknown):
            doubt = doubt or kept
        elif taken is True:
            days = max(days, kept if isinstance(kept, int) else _FOREVER)
    return Derived(days if doubt is None or days >= _AUTOMATIC else doubt)


def _plans(view: View) -> Iterator[View]:
    """The plans of its root. One that runs takes in nothing of another region than its own."""
    running = view.resource.source == "aws"
    for native in _PLANS:
        for plan in view.graph.of_type(native, view.resource.scope):
            if not running or plan.resource.provider in ("", view.resource.provider):
                yield plan


def _takes_in(plan: View, view: View, arn: str) -> Truth:
    """Whether a selection of a plan takes the resource in."""
    opted_in = _opted_in(plan, view, arn)
    return any_of(_selects(chosen, view, arn, opted_in) for chosen in plan.satellites("selections"))


def _opted_in(plan: View, view: View, arn: str) -> Truth:
    """Whether AWS Backup may take in the resource's kind in its region. What is declared does not say it."""
    if view.resource.source != "aws":
        return True
    settings, kind = plan.get("resource_type_opt_in_preference"), _OPT_IN.get(arn, "")
    if arn == "rds:cluster" and not str(view.get("engine")).startswith("aurora"):
        kind = "RDS"
    if isinstance(settings, dict) and isinstance(settings.get(kind), bool):
        return settings[kind] is True
    return settings if isinstance(settings, Unknown) else Unknown("its kind is not in the settings of AWS Backup")


def _selects(selection: View | Unknown, view: View, arn: str, opted_in: Truth) -> Truth:
    """Whether a selection takes it in: by a kind or an ARN, or by less where AWS Backup is opted in to its kind."""
    if isinstance(selection, Unknown):
        return selection
    resources, tags = listed(selection.get("resources")), blocks(selection.get("selection_tag"))
    everything = not resources and not tags
    named = any_of(
        all_of([_names(pattern, view, arn), opted_in if _needs_opt_in(pattern, arn) else True]) for pattern in resources
    )
    wide = all_of([any_of([everything, *(_tagged(tag, view) for tag in tags)]), opted_in])
    spared = any_of(_names(pattern, view, arn) for pattern in listed(selection.get("not_resources")))
    met = (_meets(condition, view) for condition in blocks(selection.get("condition")))
    return all_of([any_of([named, wide]), negate(spared), *met])


def _needs_opt_in(pattern: Value, arn: str) -> bool:
    """Whether a pattern of ARNs names a service alone, or a kind that several resource types share."""
    text = sketch(pattern)
    return text == "*" or (text.endswith("*") and (arn in _SHARED or text.split(":", 5)[5:] in ([], ["*"])))


def _names(pattern: Value, view: View, arn: str) -> Truth:
    """Whether an ARN, or a pattern of ARNs, means the resource."""
    if isinstance(pattern, Reference):
        return pattern.address == view.resource.address
    if view.resource.source == "aws" and isinstance(pattern, str):
        return glob_covers(pattern, view.resource.address)
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
        return why(pattern) if HOLE in text else parts[2:3] == [service] and text.endswith("*")
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


def _meets(condition: Block, view: View) -> Truth:
    """Whether the resource's tags meet all of a selection's conditions."""
    if isinstance(condition, Unknown):
        return condition
    return all_of(
        _tag_meets(entry, view, like=name.endswith("like"), wanted="_not_" not in name)
        for name in _OPERATORS
        for entry in blocks(condition.get(name))
    )


def _tag_meets(entry: Block, view: View, *, like: bool, wanted: bool) -> Truth:
    """Whether a tag has a value, or one like a pattern, as it is `wanted` or not; letter case counts."""
    if isinstance(entry, Unknown):
        return entry
    key, pattern, tags = entry.get("key"), entry.get("value"), view.tags
    for part in (key, pattern, None if isinstance(tags, dict) else tags):
        if undecided(part):
            return why(part)
    value = tags.get(str(key).removeprefix("aws:ResourceTag/")) if isinstance(tags, dict) else None
    if value is None:
        return False if wanted else _UNTAGGED
    if undecided(value):
        return why(value)
    return (glob_covers(str(pattern), str(value)) if like else str(value) == str(pattern)) is wanted


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
    "file_system_backup_days": file_system_backup_days,
    "in_backup_plan": in_backup_plan,
    "plan_interval_hours": plan_interval_hours,
}
