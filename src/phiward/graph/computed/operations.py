"""How a cluster is run: backups, shipped logs, careful rollouts, what a tenant may use up.

The catalog names each function by its key in `OPERATIONS`. Sources: velero.io, "Schedule" and "Backup" API types
(`ttl` defaults to 720h, `includedNamespaces` to all, `snapshotVolumes` to true); argo-rollouts, "Rollout spec";
kubernetes.io, "Resource Quotas".
"""

from __future__ import annotations

import re

from phiward.graph.cluster import POD, Cluster, namespace_of
from phiward.graph.reading import items
from phiward.graph.truth import Truth, any_of, flag, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Partial, Unknown, Value, undecided
from phiward.pattern import pattern

SCHEDULE = "velero.io/Schedule"
QUOTA = "ResourceQuota"
_SHIPPERS = pattern(
    r"(?:^|[/_-])(?:fluent-?bit|fluentd|vector|filebeat|promtail|alloy|grafana-agent|opentelemetry-collector[\w-]*|otel[\w-]*|"
    r"aws-for-fluent-bit|cloudwatch-agent|datadog-agent|agent|logstash|splunk[\w-]*|elastic-agent|newrelic-[\w-]*)(?=[:@]|$)"
)
_GENERIC = pattern(r"(?:^|/)(?:datadog|grafana|gcr\.io/datadoghq|public\.ecr\.aws/datadog)/")
_ttl = pattern(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def ships_logs(view: View) -> Value | Derived:
    """Whether a workload collects the logs of its node: an agent that is known for it, on every node."""
    if view.resource.native_type != "apps/DaemonSet":
        return False
    images = view.get(f"@{POD}.spec.containers[].image")
    found: list[Truth] = []
    for image in images if isinstance(images, list) else []:
        if isinstance(image, Partial):
            image = "".join(part if isinstance(part, str) else "*" for part in image.parts)  # noqa: PLW2901
        found.append(why(image) if undecided(image) else _is_shipper(str(image)))
    return Derived(any_of(found), paths=[f"@{POD}.spec.containers"])


def _is_shipper(image: str) -> bool:
    name = _SHIPPERS.search(image)
    return name is not None and (name.group().strip("/_-") != "agent" or _GENERIC.search(image) is not None)


# -- backups


def schedule_enabled(view: View) -> Value | Derived:
    """Whether a schedule makes backups of volumes: it is not paused, and does not leave snapshots out."""
    paused = flag(view.get("spec.paused"), default=False)
    volumes = flag(view.get("spec.template.snapshotVolumes"), default=True)
    if isinstance(paused, Unknown) or isinstance(volumes, Unknown):
        return paused if isinstance(paused, Unknown) else volumes
    return Derived(not paused and volumes, paths=["spec.paused", "spec.template.snapshotVolumes"])


def schedule_days(view: View) -> Value | Derived:
    """The days that a schedule's backups are kept."""
    ttl = view.get("spec.template.ttl")
    if ttl is None:
        return 30
    if undecided(ttl):
        return why(ttl)
    found = _ttl.fullmatch(str(ttl))
    if found is None or not found.group():
        return Unknown("the ttl is not a duration such as 720h0m0s")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return Derived((hours * 3600 + minutes * 60 + seconds) // 86400, paths=["spec.template.ttl"])


def claim_backed_up(view: View) -> Value | Derived:
    """Whether a Velero schedule takes in a claim's namespace; unknown where no schedule at all was scanned."""
    cluster = view.graph.cluster(view.resource.scope)
    schedules = cluster.of(SCHEDULE)
    if not schedules:
        return cluster.hole or Unknown(
            "no Velero schedule was scanned, and backups may be made otherwise", "scan what makes the backups too"
        )
    return any_of([*(_takes_in(schedule, namespace_of(view)) for schedule in schedules), *_hole(cluster)])


def _hole(cluster: Cluster) -> list[Truth]:
    return [cluster.hole] if cluster.hole else []


def _takes_in(schedule: View, namespace: str) -> Truth:
    enabled = schedule.property("backup.enabled")
    if enabled is not True:
        return enabled if isinstance(enabled, Unknown) else False
    spec = schedule.get("spec.template")
    spec = spec if isinstance(spec, dict) else {}
    if spec.get("labelSelector") or spec.get("orLabelSelectors"):
        return Unknown(f"{schedule.resource.address} selects by labels")
    included, excluded = items(spec.get("includedNamespaces")) or ["*"], items(spec.get("excludedNamespaces"))
    resources, left_out = items(spec.get("includedResources")) or ["*"], items(spec.get("excludedResources"))
    if any(undecided(name) for names in (included, excluded, resources, left_out) for name in names):
        return Unknown(f"what {schedule.resource.address} takes in is not known")
    kinds = {"*", "persistentvolumeclaims", "pvc", "persistentvolumeclaim"}
    if not kinds.intersection(map(str, resources)) or (kinds - {"*"}).intersection(map(str, left_out)):
        return False
    return _named(included, namespace) and not _named(excluded, namespace)


def _named(names: list[Value], namespace: str) -> bool:
    return any(re.fullmatch(re.escape(str(name)).replace(r"\*", ".*"), namespace) for name in names)


# -- rollouts and quotas


def rollout_progressive(view: View) -> Value | Derived:
    """Whether a new version reaches a part of the traffic first: a canary or blue-green strategy."""
    strategy = view.get("spec.strategy")
    if undecided(strategy):
        return why(strategy)
    known = isinstance(strategy, dict) and bool({"canary", "blueGreen"}.intersection(strategy))
    return Derived(view.resource.native_type == "argoproj.io/Rollout" and known, paths=["spec.strategy"])


def namespace_limited(view: View) -> Value | Derived:
    """Whether a quota limits the processors and memory that a namespace's pods may use."""
    if not isinstance(view.name, str):
        return None
    cluster = view.graph.cluster(view.resource.scope)
    found: set[str] = set()
    for quota in cluster.of(QUOTA, view.name):
        hard = quota.get("spec.hard")
        if undecided(hard):
            return why(hard)
        if quota.get("spec.scopes") is None and quota.get("spec.scopeSelector") is None and isinstance(hard, dict):
            found |= {name.rpartition(".")[2] for name in hard}
    if {"cpu", "memory"} <= found:
        return True
    return cluster.hole or False


OPERATIONS: dict[str, ComputedProperty] = {
    "claim_backed_up": claim_backed_up,
    "namespace_limited": namespace_limited,
    "rollout_progressive": rollout_progressive,
    "schedule_days": schedule_days,
    "schedule_enabled": schedule_enabled,
    "ships_logs": ships_logs,
}
