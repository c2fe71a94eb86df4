"""Whether subnets lead to the internet, which services a VPC reaches by itself, and what an organization forbids.

Sources: VPC user guide, "Route tables" (a subnet without an association uses the main table of its VPC) and "Gateway
endpoints"; AWS Organizations user guide, "Service control policies".

The catalog names each function by its key in `ROUTES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phiward.graph.computed.permissions import covers
from phiward.graph.computed.policies import policy_statements
from phiward.graph.computed.reading import Block, blocks
from phiward.graph.policy import HOLE, Condition, Statement, sketch
from phiward.graph.truth import Truth, all_of, any_of, listed, one_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_GATEWAYS = ("aws_internet_gateway", "AWS::EC2::InternetGateway")
_MAIN = Unknown("the main route table of its VPC decides where it leads", "associate the subnet with a route table")
_ELSEWHERE = Unknown("its route table is not declared here", "declare the route table in the same root")
_UNSEEN = Unknown("a subnet of it is not declared here", "declare the subnet in the same root")
_GUARDED = (
    "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "config:StopConfigurationRecorder",
    "config:DeleteConfigurationRecorder", "guardduty:DeleteDetector", "kms:ScheduleKeyDeletion", "kms:DisableKey",
    "backup:DeleteBackupVault", "backup:DeleteRecoveryPoint", "organizations:LeaveOrganization",
)  # fmt: skip
"""Actions that take a safeguard away from a whole account."""


def table_leads_out(view: View) -> Derived:
    """`network.internet_path` of a route table: a route for every address leads to an internet gateway."""
    inline = (_inline(route, view) for route in blocks(view.get("route")))
    beside = (_beside(route, view) for route in view.satellites("routes"))
    return Derived(any_of([*inline, *beside]), paths=["route"])


def _inline(route: Block, view: View) -> Truth:
    if isinstance(route, Unknown):
        return route
    return all_of(
        [_everywhere(route.get("cidr_block"), route.get("ipv6_cidr_block")), _gateway(route.get("gateway_id"), view)]
    )


def _beside(route: View | Unknown, view: View) -> Truth:
    if isinstance(route, Unknown):
        return route
    ends = route.get("destination_cidr_block"), route.get("destination_ipv6_cidr_block")
    return all_of([_everywhere(*ends), _gateway(route.get("gateway_id"), view)])


def _everywhere(*ends: Value) -> Truth:
    return any_of(one_of(end, _EVERYWHERE) for end in ends if end is not None)


def _gateway(named: Value, view: View) -> Truth:
    if named is None:
        return False
    if isinstance(named, Reference):
        target = view.follow(named)
        return target.resource.native_type in _GATEWAYS if target is not None else why(named)
    text = sketch(named)
    return why(named) if HOLE in text else text.startswith("igw-")


def subnet_leads_out(view: View) -> Derived:
    """`network.internet_path` of a subnet: by the route table that it is associated with, or the main one."""
    associations = view.satellites("associations") or _main_tables(view)
    return Derived(any_of(_table(association, view) for association in associations) if associations else _MAIN)


def _main_tables(view: View) -> list[View | Unknown]:
    network = view.follow(view.get("vpc_id"))
    return network.satellites("main_tables") if network is not None and network.attaches("main_tables") else []


def _table(association: View | Unknown, view: View) -> Truth:
    return (
        association
        if isinstance(association, Unknown)
        else _leads_out(association.get("route_table_id"), view, _ELSEWHERE)
    )


def subnets_lead_out(view: View, *, subnets: str) -> Value | Derived:
    """`network.internet_path` of a group of subnets: that of any of them."""
    named = view.get(subnets)
    if named is None:
        return None
    return Derived(any_of(_leads_out(subnet, view, _UNSEEN) for subnet in listed(named)), paths=[subnets])


def _leads_out(named: Value, view: View, otherwise: Unknown) -> Truth:
    """What another resource says of itself, if it is one that is declared."""
    target = view.graph.view(named.address, view.resource.scope) if isinstance(named, Reference) else None
    if target is None or not target.models("network.internet_path"):
        return why(named) if isinstance(named, Unknown) else otherwise
    found = target.property("network.internet_path")
    return found if isinstance(found, (bool, Unknown)) else otherwise


def network_endpoints(view: View) -> Derived:
    """`network.endpoints`: the services that a VPC has endpoints for, by the last part of their names."""
    return Derived(list(_endpoints(view)))


def _endpoints(view: View) -> Iterator[Value]:
    for endpoint in view.satellites("endpoints"):
        if isinstance(endpoint, Unknown):
            yield endpoint
            continue
        name = endpoint.get("service_name")
        service = sketch(name).rpartition(".")[2]
        yield why(name) if HOLE in service or not service else service
    if not view.resource.scope.complete:
        yield Unknown("another root may declare endpoints of it", "list the root under complete_roots")


def organization_denies(view: View, *, policy: str) -> Derived:
    """`policy.denies`: which actions that take safeguards away an organization denies to its accounts."""
    read = policy_statements(view, policy)
    found: list[Value] = [action for action in _GUARDED if any_of(_denies(entry, action) for entry in read) is True]
    doubts = [
        doubt
        for action in _GUARDED
        if action not in found and isinstance(doubt := any_of(_denies(entry, action) for entry in read), Unknown)
    ]
    return Derived([*found, *doubts[:1]], paths=[policy])


def _denies(entry: Statement | Unknown, action: str) -> Truth:
    if isinstance(entry, Unknown):
        return entry
    if entry.effect == "Allow":
        return False
    everywhere = any_of(_star(resource) for resource in entry.resources or ())
    effect: Truth = entry.effect if isinstance(entry.effect, Unknown) else True
    return all_of([effect, covers(entry, action.lower()), everywhere, _spares_few(entry.conditions)])


def _star(resource: Value) -> Truth:
    text = sketch(resource)
    return why(resource) if HOLE in text else text == "*"


def _spares_few(conditions: Iterable[Condition | Unknown]) -> Truth:
    """Whether nothing narrows a denial but principals that it names and spares."""
    for condition in conditions:
        if isinstance(condition, Unknown):
            return condition
        if condition.key != "aws:principalarn" or "not" not in condition.operator:
            return Unknown("the denial has conditions, and what they spare is not decided here")
    return True


ROUTES: dict[str, ComputedProperty] = {
    "network_endpoints": network_endpoints,
    "organization_denies": organization_denies,
    "subnet_leads_out": subnet_leads_out,
    "subnets_lead_out": subnets_lead_out,
    "table_leads_out": table_leads_out,
}
