"""What trails record, and how long log groups and audit buckets keep it.

Each function reads one property that AWS spreads over several attributes; the catalog names it by its
key in `LOGS`.
"""

from __future__ import annotations

from phiward.graph.computed.reading import Block, blocks, number
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, listed, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Partial, Unknown, Value, undecided
from phiward.pattern import pattern

Reach = tuple[Truth, Truth]
"""Whether reads and whether writes are recorded."""

NOTHING: Reach = (False, False)
EVERY_BUCKET = pattern(r"arn:aws[a-z-]*:s3(:::)?")
NAMED_BUCKETS = Unknown(
    "the selector names single buckets, and whether they are all that hold PHI is not decided here",
    'select every bucket: values = ["arn:aws:s3"]',
)
NARROWED = Unknown(
    "the selector is narrowed by further fields",
    "select eventCategory and resources.type only, or judge what the other fields leave out",
)
FIXED_DATE = Unknown("a lifecycle rule expires objects on a fixed date", "write expiration.days instead")
ROLES = {
    "trails": "audit",
    "flow_logs": "audit",
    "config_channels": "delivery",
    "log_sources": "delivery",
    "load_balancers": "delivery",
}
"""Satellites of a bucket that deliver to it, and the role that they give it."""
AUDIT_CLASSES = ("audit", "evidence")
DELIVERY_CLASS_DAYS = 2
DAYS_OF_A_YEAR = 365


# Trails


def trail_data_events(view: View) -> Value | Derived:
    """Whether reads and writes of the objects of every bucket are recorded."""
    reaches = [_basic_data(selector) for selector in blocks(view.get("event_selector"))]
    reaches += [_advanced_data(selector) for selector in blocks(view.get("advanced_event_selector"))]
    return Derived(_covers(reaches), paths=["event_selector", "advanced_event_selector"])


def trail_management_events(view: View) -> Value | Derived:
    """Whether reads and writes of management events are recorded, those of every service.

    `None` for what is there for data events alone: another trail records the rest.
    """
    basic = blocks(view.get("event_selector"))
    advanced = blocks(view.get("advanced_event_selector"))
    if not basic and not advanced:
        return True
    if all(map(_for_data_alone, basic)) and all(map(_for_other_categories, advanced)):
        return None
    reaches = [_basic_management(selector) for selector in basic]
    reaches += [_advanced_management(selector) for selector in advanced]
    return Derived(_covers(reaches), paths=["event_selector", "advanced_event_selector"])


def _covers(reaches: list[Reach]) -> Truth:
    return all_of([any_of(read for read, _ in reaches), any_of(write for _, write in reaches)])


def _by_mode(mode: Value, recorded: Truth) -> Reach:
    """Split what a selector records by its `read_write_type`."""
    if recorded is False:
        return NOTHING
    if undecided(mode):
        return (why(mode), why(mode))
    return (False if mode == "WriteOnly" else recorded, False if mode == "ReadOnly" else recorded)


def _basic_data(selector: Block) -> Reach:
    if isinstance(selector, Unknown):
        return (selector, selector)
    recorded = any_of(_data_resource(block) for block in blocks(selector.get("data_resource")))
    return _by_mode(selector.get("read_write_type"), recorded)


def _data_resource(block: Block) -> Truth:
    """Whether one `data_resource` stands for the objects of every bucket."""
    if isinstance(block, Unknown):
        return block
    kind, values = block.get("type"), listed(block.get("values"))
    if undecided(kind):
        return why(kind)
    if kind != "AWS::S3::Object" or not values:
        return False
    return True if any(map(_every_bucket, values)) else NAMED_BUCKETS


def _every_bucket(arn: Value) -> bool:
    """Whether an ARN means all buckets: `arn:aws:s3`, `arn:aws:s3:::`, in whatever partition."""
    if isinstance(arn, Partial):
        first, *partition, last = arn.parts
        return first == "arn:" and len(partition) == 1 and last in {":s3", ":s3:::"}
    return isinstance(arn, str) and EVERY_BUCKET.fullmatch(arn) is not None


def _advanced_data(selector: Block) -> Reach:
    fields = _fields(selector)
    if isinstance(fields, Unknown):
        return (fields, fields)
    category = _selects(fields.pop("eventCategory", {}).get("equals"), "Data")
    kind = _selects(fields.pop("resources.type", {}).get("equals"), "AWS::S3::Object")
    recorded = all_of([category, kind])
    read_only = fields.pop("readOnly", {}).get("equals")
    arns = fields.pop("resources.ARN", None)
    if recorded is True and arns is not None and not _starts_with_every_bucket(arns):
        recorded = NAMED_BUCKETS
    if recorded is True and fields:
        recorded = NARROWED
    return _by_mode(_mode(read_only), recorded)


def _advanced_management(selector: Block) -> Reach:
    fields = _fields(selector)
    if isinstance(fields, Unknown):
        return (fields, fields)
    recorded = _selects(fields.pop("eventCategory", {}).get("equals"), "Management")
    read_only = fields.pop("readOnly", {}).get("equals")
    if recorded is True and fields:
        return NOTHING  # what is left narrows the selector: that is an exclusion
    return _by_mode(_mode(read_only), recorded)


def _for_data_alone(selector: Block) -> bool:
    """Whether a basic selector records data events, and says that it records nothing else."""
    if isinstance(selector, Unknown) or not selector.get("data_resource"):
        return False
    return flag(selector.get("include_management_events"), default=True) is False


def _for_other_categories(selector: Block) -> bool:
    """Whether an advanced selector surely records no management events."""
    fields = _fields(selector)
    if isinstance(fields, Unknown):
        return False
    return _selects(fields.get("eventCategory", {}).get("equals"), "Management") is False


def _basic_management(selector: Block) -> Reach:
    if isinstance(selector, Unknown):
        return (selector, selector)
    excluded = selector.get("exclude_management_event_sources")
    if undecided(excluded):
        return (why(excluded), why(excluded))
    included = flag(selector.get("include_management_events"), default=True)
    return _by_mode(selector.get("read_write_type"), False if excluded else included)


def _fields(selector: Block) -> dict[str, dict[str, Value]] | Unknown:
    """Index the field selectors of an advanced event selector by their field."""
    if isinstance(selector, Unknown):
        return selector
    fields: dict[str, dict[str, Value]] = {}
    for block in blocks(selector.get("field_selector")):
        if isinstance(block, Unknown):
            return block
        if undecided(field := block.get("field")):
            return why(field)
        fields[str(field)] = block
    return fields


def _selects(values: Value, wanted: str) -> Truth:
    """Whether a field's `equals` holds the wanted word."""
    return any_of(equals(value, wanted) for value in listed(values))


def _starts_with_every_bucket(block: dict[str, Value]) -> bool:
    narrower = any(block.get(operator) for operator in ("not_equals", "not_starts_with", "not_ends_with"))
    return not narrower and any(map(_every_bucket, listed(block.get("starts_with"))))


def _mode(read_only: Value) -> Value:
    """`readOnly` of an advanced selector as the `read_write_type` of a basic one."""
    values = listed(read_only)
    if not values:
        return "All"
    if any(map(undecided, values)):
        return why(next(filter(undecided, values)))
    words = {str(value).lower() for value in values}
    return "All" if len(words) > 1 else "ReadOnly" if words == {"true"} else "WriteOnly"


# Log stores


def log_group_retention_days(view: View) -> Value | Derived:
    """Days that a log group keeps its events; `None` where nothing is written."""
    kind = view.get("log_group_class")
    if undecided(kind):
        return why(kind)
    if kind == "DELIVERY":
        return Derived(DELIVERY_CLASS_DAYS, paths=["log_group_class"])
    return Derived(number(view.get("retention_in_days")), paths=["retention_in_days"])


def build_logs(view: View) -> Value | Derived:
    """Whether a build's log goes to CloudWatch or to a bucket."""
    cloudwatch = view.get("logs_config.cloudwatch_logs.status")
    bucket = view.get("logs_config.s3_logs.status")
    to_cloudwatch = True if cloudwatch is None else equals(cloudwatch, "ENABLED")
    return Derived(any_of([to_cloudwatch, equals(bucket, "ENABLED")]), paths=["logs_config"])


# Audit buckets


def bucket_log_role(view: View) -> Value | Derived:
    """`audit` where trails are delivered to the bucket or its data class says so, `delivery` for other logs.

    AWS Config and S3's access logs cannot be delivered to a bucket with a default retention, so that such a
    bucket cannot be held to what is asked of `audit`. `None` where nothing is delivered.
    """
    data_class = view.property("data.class")
    if data_class in AUDIT_CLASSES:
        return "audit"
    role: Value = why(data_class) if undecided(data_class) else None
    for name, given in ROLES.items():
        for satellite in view.satellites(name):
            if not isinstance(satellite, Unknown):
                return given if role is None or given == "audit" else role
            role = satellite
    return role


def bucket_expires_after_days(view: View) -> Value | Derived:
    """Earliest day on which an enabled rule expires objects, or `None`: never.

    Rules over all objects, a prefix or a size count. Those over tags do not: what delivers logs sets none.
    """
    days: list[tuple[int, str]] = []
    for path in ("@lifecycle.rule", "lifecycle_rule"):
        for index, rule in enumerate(blocks(view.get(f"{path}[]"))):
            found = _expiration(rule)
            if isinstance(found, Unknown):
                return found
            days += [] if found is None else [(found, f"{path}[{index}].expiration.days")]
    if not days:
        return None
    earliest, place = min(days)
    return Derived(earliest, paths=[place])


def _expiration(rule: Block) -> Value:
    """Days after which one lifecycle rule expires what it covers, or `None`."""
    if isinstance(rule, Unknown):
        return rule
    status = rule.get("status")
    if status is None:
        status = rule.get("enabled")
    if undecided(status):
        return why(status)
    if status not in ("Enabled", True, "true"):
        return None
    tagged = _only_tagged(rule)
    for block in blocks(rule.get("expiration")) if tagged is not True else []:
        days = block if isinstance(block, Unknown) else number(block.get("days"))
        if isinstance(block, dict) and block.get("date") is not None:
            days = FIXED_DATE
        if days not in (None, 0):
            return days if tagged is False else tagged
    return None


def _only_tagged(rule: dict[str, Value]) -> Truth:
    """Whether a rule's filter asks for tags."""
    asked: list[Truth] = [_any_tags(rule.get("tags"))]
    for block in blocks(rule.get("filter")):
        if isinstance(block, Unknown):
            asked.append(block)
            continue
        asked.append(written(block.get("tag")))
        asked += [
            both if isinstance(both, Unknown) else _any_tags(both.get("tags")) for both in blocks(block.get("and"))
        ]
    return any_of(asked)


def _any_tags(tags: Value) -> Truth:
    return why(tags) if undecided(tags) else bool(tags)


def bucket_lock_days(view: View) -> Value | Derived:
    """Days for which Object Lock holds a new object (a year is 365), `None` without a default retention."""
    for prefix in ("@object_lock", "object_lock_configuration"):
        retention = f"{prefix}.rule.default_retention"
        for unit, factor in (("days", 1), ("years", DAYS_OF_A_YEAR)):
            amount = number(view.get(f"{retention}.{unit}"))
            if isinstance(amount, Unknown):
                return amount
            if amount:
                return Derived(amount * factor, paths=[f"{retention}.{unit}"])
    return None


LOGS: dict[str, ComputedProperty] = {
    "trail_data_events": trail_data_events,
    "trail_management_events": trail_management_events,
    "log_group_retention_days": log_group_retention_days,
    "build_logs": build_logs,
    "bucket_log_role": bucket_log_role,
    "bucket_expires_after_days": bucket_expires_after_days,
    "bucket_lock_days": bucket_lock_days,
}
