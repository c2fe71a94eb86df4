"""What security groups and network ACLs let through, and whether a VPC's traffic is recorded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from phiward.graph.computed.address_ranges import EVERYONE, is_world, list_is_world
from phiward.graph.computed.declared import declared
from phiward.graph.computed.reading import blocks
from phiward.graph.truth import Truth, all_of, any_of, equals, flag, listed, negate, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Partial, Reference, Unknown, Value, undecided

Placed: TypeAlias = tuple[Value, tuple[Resource, AttributePath]]
"""An element, and where it stands."""
Entry: TypeAlias = dict[str, Any]
"""One source (or destination) and port range: `network.ingress`'s element."""

_PROTOCOLS = {"-1": "all", "all": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_LAST_PORT = 65535


class Direction(NamedTuple):
    """How each of Terraform's three spellings says which way a rule goes, and what the far end is called."""

    block: str
    rule_type: str
    satellite: str
    end: str


INGRESS = Direction("ingress", "ingress", "ingress_rules", "source")
EGRESS = Direction("egress", "egress", "egress_rules", "destination")


def security_group_ingress(view: View) -> Derived:
    """`network.ingress`.

    Inline blocks and the rules that are declared beside the group, one element a source.
    """
    return _group_entries(view, INGRESS)


def security_group_egress(view: View, *, open_unless_written: bool = False) -> Derived:
    """`network.egress`.

    Terraform takes away the allow-all that AWS gives a group: nothing written, nothing open. Elsewhere, any rule does.
    """
    found = _group_entries(view, EGRESS)
    return found if found.value or not open_unless_written else Derived([dict(_OPEN)])


def _group_entries(view: View, way: Direction) -> Derived:
    found = [*_inline(view, way), *_shared_rules(view, way), *_single_rules(view, way)]
    sensitive = sorted(port for port in _parameter(view, "sensitive_ports") if isinstance(port, int))
    values = [_with_sensitive(value, sensitive) for value, _ in found]
    return Derived(values, paths=[way.block], places=[place for _, place in found])


def _parameter(view: View, name: str) -> list[Value]:
    return listed(view.graph.pack.parameters_for(view.resource.scope.project)[0][name])


_ENOUGH = 5
"""Sensitive ports that are named of one range: one decides, and a handful tells the reader."""


def _with_sensitive(entry: Value, sensitive: list[int]) -> Value:
    """Add the first ports of `sensitive` that an element's range covers, without walking the range."""
    if not isinstance(entry, dict):
        return entry
    first, last = entry.get("from_port", 0), entry.get("to_port", -1)
    for port in (first, last):
        if isinstance(port, Unknown):
            return {**entry, "sensitive_ports": port, "width": port}
    covered = sensitive[bisect_left(sensitive, first) : bisect_right(sensitive, last)]
    return {**entry, "sensitive_ports": covered[:_ENOUGH], "width": last - first}


def _inline(view: View, way: Direction) -> Iterator[Placed]:
    for index, block in enumerate(listed(view.get(way.block))):
        for value, path in _sources(block, way, view):
            yield value, (view.resource, (way.block, index, *path))


def _shared_rules(view: View, way: Direction) -> Iterator[Placed]:
    """Rules of `aws_security_group_rule`: a type says which way, and several sources share one port range."""
    for rule in view.satellites("rules"):
        if isinstance(rule, Unknown):
            yield rule, (view.resource, ())
            continue
        concerns = equals(rule.get("type"), way.rule_type)
        if isinstance(concerns, Unknown):
            yield concerns, (rule.resource, ("type",))
        elif concerns:
            attributes = {name: rule.get(name) for name in (*_PLACES, "from_port", "to_port", "protocol")}
            attributes["security_groups"] = rule.get("source_security_group_id")
            for value, path in _sources(attributes, way, view):
                yield value, (rule.resource, path)


def _single_rules(view: View, way: Direction) -> Iterator[Placed]:
    for rule in view.satellites(way.satellite):
        if isinstance(rule, Unknown):
            yield rule, (view.resource, ())
        else:
            value, path = _single_source(rule, way)
            yield value, (rule.resource, path)


_PLACES = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups", "self")


def _sources(block: Value, way: Direction, view: View) -> Iterator[tuple[Value, AttributePath]]:
    """Yield the elements of one block: each of its ranges, prefix lists, groups, and itself."""
    if not isinstance(block, dict):
        yield why(block), ()
        return
    ports = _ports(block.get("protocol"), block.get("from_port"), block.get("to_port"))
    for place in ("cidr_blocks", "ipv6_cidr_blocks"):
        for index, source in enumerate(listed(block.get(place))):
            world = is_world(source, six=place == "ipv6_cidr_blocks")
            yield {way.end: source, **ports, "open_to_world": world}, (place, index)
    for place in ("prefix_list_ids", "security_groups"):
        for index, source in enumerate(listed(block.get(place))):
            yield (
                {way.end: _named(source), **ports, "open_to_world": _other_group(source, place, view)},
                (place, index),
            )
    own = flag(block.get("self"), default=False)
    if own is not False:
        yield {way.end: "self" if own is True else own, **ports, "open_to_world": False}, ("self",)


def _named(source: Value) -> Value:
    return str(source) if isinstance(source, Reference) else source


def _single_source(rule: View, way: Direction) -> tuple[Value, AttributePath]:
    """Read an `aws_vpc_security_group_ingress_rule` or its egress twin: exactly one source."""
    ports = _ports(rule.get("ip_protocol"), rule.get("from_port"), rule.get("to_port"))
    for place in ("cidr_ipv4", "cidr_ipv6"):
        source = rule.get(place)
        if source is not None:
            world = is_world(source, six=place == "cidr_ipv6")
            return {way.end: source, **ports, "open_to_world": world}, (place,)
    for place in ("prefix_list_id", "referenced_security_group_id"):
        source = rule.get(place)
        if source is not None:
            return {way.end: _named(source), **ports, "open_to_world": _other_group(source, place, rule)}, (place,)
    return Unknown("a security group rule names no source"), ()


def _other_group(source: Value, place: str, view: View) -> Truth:
    """Judge a source without a range: a group is never the world, a prefix list may hold any range."""
    return list_is_world(source, view) if place.startswith("prefix_list") else False


def _ports(protocol: Value, first: Value, last: Value) -> Entry:
    """`protocol`, and for TCP, UDP and everything the closed range of ports; ICMP has types, not ports."""
    if undecided(protocol):
        return {"protocol": why(protocol), "from_port": why(protocol), "to_port": why(protocol)}
    word = str(protocol).lower() if protocol is not None else "all"
    name = _PROTOCOLS.get(word, word)
    if name == "all":
        return {"protocol": name, "from_port": 0, "to_port": _LAST_PORT}
    if name in ("tcp", "udp"):
        return {"protocol": name, "from_port": _port(first), "to_port": _port(last)}
    return {"protocol": name}


def _port(value: Value) -> Value:
    if undecided(value):
        return why(value)
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value if isinstance(value, int) else Unknown("a rule's port is not written")


_DENIED_ELSEWHERE = Unknown(
    "an entry of the network ACL with a lower number may deny it, and the ACL is declared elsewhere",
    "declare the ACL with its entries in the same root",
)


def network_acl_ingress(view: View) -> list[Value] | Unknown:
    """`network.ingress` of a network ACL: what its allow entries let in that no earlier entry denies."""
    return _acl_entries(view, INGRESS)


def network_acl_egress(view: View) -> list[Value] | Unknown:
    """`network.egress` of a network ACL."""
    return _acl_entries(view, EGRESS)


def _acl_entries(view: View, way: Direction) -> list[Value] | Unknown:
    entries: list[tuple[int, bool, Entry]] = []
    for raw in _acl_rules(view, way):
        read = raw if isinstance(raw, Unknown) else _acl_entry(raw, way)
        if isinstance(read, Unknown):
            return read  # entries are judged in order: one that cannot be placed leaves all of them open
        entries.append(read)
    entries.sort(key=lambda entry: entry[0])
    denied: list[Entry] = []
    result: list[Value] = []
    for _, allows, entry in entries:
        if not allows:
            denied.append(entry)
            continue
        stopped = any_of(_contains(wall, entry, way) for wall in denied)
        if view.row.alone:
            stopped = _DENIED_ELSEWHERE
        if stopped is not True:
            result.append({**entry, "open_to_world": all_of([entry["open_to_world"], negate(stopped)])})
    return result


def _acl_rules(view: View, way: Direction) -> Iterator[Value]:
    for block in listed(view.get(way.block)):
        yield why(block) if undecided(block) else block
    for rule in view.satellites("rules"):
        if isinstance(rule, Unknown):
            yield rule
            continue
        outward = flag(rule.get("egress"), default=False)
        concerns = outward if way is EGRESS else negate(outward)
        if isinstance(concerns, Unknown):
            yield concerns
        elif concerns:
            names = ("protocol", "from_port", "to_port", "cidr_block", "ipv6_cidr_block")
            read = {name: rule.get(name) for name in names}
            yield {**read, "action": rule.get("rule_action"), "rule_no": rule.get("rule_number")}


def _acl_entry(block: Entry, way: Direction) -> tuple[int, bool, Entry] | Unknown:
    number = _port(block.get("rule_no"))
    allows = equals(block.get("action"), "allow")
    source = block.get("cidr_block") or block.get("ipv6_cidr_block")
    for part in (number, allows):
        if isinstance(part, Unknown):
            return part
    ports = _ports(block.get("protocol"), block.get("from_port"), block.get("to_port"))
    return number, bool(allows), {way.end: source, **ports, "open_to_world": is_world(source)}


def _contains(wall: Entry, entry: Entry, way: Direction) -> Truth:
    """Whether a deny entry stops everything that an allow entry lets through."""
    place = _same_place(wall, entry, way)
    if wall["protocol"] == "all":
        return place
    protocols = [wall["protocol"], entry["protocol"]]
    doubts = [word for word in protocols if isinstance(word, Unknown)]
    protocol: Truth = doubts[0] if doubts else protocols[0] == protocols[1]
    return all_of([place, protocol, _port_within(wall, entry)])


def _same_place(wall: Entry, entry: Entry, way: Direction) -> Truth:
    source, wanted = wall[way.end], entry[way.end]
    if undecided(source):
        return False if wall["open_to_world"] is False and entry["open_to_world"] is True else why(source)
    if source == wanted or not undecided(wanted):
        return source in (wanted, "::/0" if ":" in str(wanted) else "0.0.0.0/0")
    known = "".join(part for part in wanted.parts if isinstance(part, str)) if isinstance(wanted, Partial) else ""
    return True if source in EVERYONE and ("." if source == "0.0.0.0/0" else ":") in known else why(wanted)


def _port_within(wall: Entry, entry: Entry) -> Truth:
    bounds = [wall.get("from_port"), entry.get("from_port"), entry.get("to_port"), wall.get("to_port")]
    for port in bounds:
        if isinstance(port, Unknown):
            return port
    ports = [port for port in bounds if isinstance(port, int)]
    return len(ports) == len(bounds) and ports[0] <= ports[1] and ports[2] <= ports[3]


def default_group_ingress(view: View) -> list[Value] | Unknown | None:
    """`network.ingress` of a VPC whose default security group nobody declares.

    AWS lets its members reach each other.
    """
    return _undeclared_default(view, {"source": "self", "protocol": "all", "from_port": 0, "to_port": _LAST_PORT})


def default_group_egress(view: View) -> list[Value] | Unknown | None:
    """`network.egress` of a VPC whose default security group nobody declares: AWS lets everything out."""
    return _undeclared_default(view, {"destination": "0.0.0.0/0", "protocol": "all", "open_to_world": True})


_OPEN = {"destination": "0.0.0.0/0", "protocol": "all", "from_port": 0, "to_port": _LAST_PORT, "open_to_world": True}
"""What AWS lets out of a group that nobody gave a rule."""


def _undeclared_default(view: View, entry: Entry) -> list[Value] | Unknown | None:
    """Absent where an `aws_default_security_group` adopts the group: that resource is judged itself."""
    for group in view.satellites("default_group"):
        return group if isinstance(group, Unknown) else None
    return [entry]


def flow_logs_enabled(view: View, *, satellite: str = "flow_logs") -> Truth:
    """`logs.enabled` of a VPC: whether a flow log records all of its traffic, accepted and rejected."""
    logs = view.satellites(satellite)
    return any_of(log if isinstance(log, Unknown) else equals(log.get("traffic_type"), "ALL") for log in logs)


def instance_public(view: View) -> Value | Derived:
    """`network.public` of an instance.

    An address of its own, one that its interface asks for, or the subnet's habit.
    """
    attached = [
        address if isinstance(address, Unknown) else True
        for name in ("addresses", "address_associations")
        for address in view.satellites(name)
    ]
    paths = ["associate_public_ip_address", "subnet_id"]
    return Derived(any_of([*attached, _asks_for_address(view)]), paths=paths)


def _asks_for_address(view: View) -> Truth:
    own = view.get("associate_public_ip_address")
    if own is not None:
        return flag(own, default=False)
    if view.get("network_interface") is not None:
        return Unknown("its addresses are those of its network interface", "write associate_public_ip_address = false")
    own_subnet = view.get("subnet_id")
    subnet = view.get("network_interfaces.subnet_id") if own_subnet is None else own_subnet
    target = view.follow(subnet) if isinstance(subnet, Reference) else None
    habit = target.property("network.public") if target is not None else None
    if isinstance(habit, (bool, Unknown)):
        return habit
    return Unknown("its subnet decides whether it gets a public address", "write associate_public_ip_address = false")


def template_public(view: View) -> Value | Derived:
    """`network.public` of a launch template; an interface that says nothing follows the subnet."""
    interfaces = blocks(view.get("network_interfaces"))
    asked = [
        part if isinstance(part, Unknown) else _interface_asks(part.get("associate_public_ip_address"))
        for part in interfaces
    ]
    return Derived(any_of(asked or [_SUBNET_DECIDES]), paths=["network_interfaces"])


_SUBNET_DECIDES = Unknown(
    "the subnet decides whether instances get a public address",
    "write network_interfaces { associate_public_ip_address = false }",
)


def _interface_asks(value: Value) -> Truth:
    return _SUBNET_DECIDES if value is None else flag(value, default=False)


def metadata_tokens_required(view: View) -> Value | Derived:
    """`access.metadata_tokens`.

    IMDSv2 is required, or the metadata service is off, by itself, template or account.
    """
    sources: list[View | Unknown] = [view]
    template = view.get("launch_template.id") or view.get("launch_template.name")
    if isinstance(template, Reference):
        sources.append(view.follow(template) or why(template))
    elif template is not None:
        sources.append(Unknown("its launch template was not read", "write metadata_options on the instance"))
    for source in sources:
        if isinstance(source, Unknown):
            return source
        tokens, endpoint = (
            source.get("metadata_options.http_tokens"),
            source.get("metadata_options.http_endpoint"),
        )
        off = equals(endpoint, "disabled")
        if tokens is not None or off is not False:  # an endpoint that is on leaves the tokens to what comes next
            required = any_of([equals(tokens, "required"), off])
            return Derived(required, paths=["metadata_options.http_tokens"])
    account = any_of(
        setting if isinstance(setting, Unknown) else equals(setting.get("http_tokens"), "required")
        for setting in declared(view, "aws_ec2_instance_metadata_defaults")
    )
    return Derived(account, paths=["metadata_options.http_tokens"])


NETWORK: dict[str, ComputedProperty] = {
    "default_group_egress": default_group_egress,
    "default_group_ingress": default_group_ingress,
    "flow_logs_enabled": flow_logs_enabled,
    "instance_public": instance_public,
    "metadata_tokens_required": metadata_tokens_required,
    "network_acl_egress": network_acl_egress,
    "network_acl_ingress": network_acl_ingress,
    "security_group_egress": security_group_egress,
    "security_group_ingress": security_group_ingress,
    "template_public": template_public,
}
