"""Whether ranges of addresses are the internet.

Source: VPC user guide, "Prefix lists": those that AWS manages hold the addresses of its services, and no other's name
begins like theirs.
"""

from __future__ import annotations

from phiward.graph.computed.reading import blocks
from phiward.graph.truth import Truth, any_of, why
from phiward.graph.view import View
from phiward.model.value import Partial, Reference, Unknown, Value, undecided

EVERYONE = ("0.0.0.0/0", "::/0")
_WORLD_PREFIX = 7
"""AWS calls a range wider than /8 public: it holds addresses of strangers whatever else it holds."""
_WORLD_PREFIX_6 = 31
_OWN_RANGES = frozenset(
    {"cidr_block", "ipv6_cidr_block", "public_ip", "private_ip", "CidrBlock", "Ipv6CidrBlocks", "PublicIp", "PrivateIp"}
)
_LISTS = ("aws_ec2_managed_prefix_list", "data.aws_ec2_managed_prefix_list", "data.aws_prefix_list")
_OF_AWS = "com.amazonaws."


def is_world(source: Value, *, six: bool = False) -> Truth:
    """Whether a range is the internet: everything, or more than any one organisation is given."""
    if isinstance(source, Reference) and source.path and source.path[-1] in _OWN_RANGES:
        return False  # the range of a subnet, VPC or address of ours, whichever it is
    tail = source.parts[-1] if isinstance(source, Partial) else source
    if not isinstance(tail, str):
        return why(source)
    text = tail.strip()
    if text in EVERYONE:
        return True
    address, slash, length = text.partition("/")
    if not slash or not length.isdecimal():
        return why(source) if undecided(source) else Unknown("what is written is not an address range")
    return int(length) <= (_WORLD_PREFIX_6 if six or ":" in address else _WORLD_PREFIX)


def list_is_world(source: Value, view: View) -> Truth:
    """Whether a prefix list holds a range that is the internet; one that does not stand here may."""
    target = view.follow(source)
    if target is not None and target.resource.native_type in _LISTS:
        name = target.get("name")
        if isinstance(name, str) and name.startswith(_OF_AWS):
            return False
        ranges = blocks(target.get("entry"))
        if ranges or target.resource.source == "aws":
            return any_of(part if isinstance(part, Unknown) else is_world(part.get("cidr")) for part in ranges)
    return Unknown(
        f"the ranges of the prefix list {source} were not read"
        if isinstance(source, (str, Reference))
        else why(source).reason,
        "declare the ranges in the group, or waive the rule for this prefix list",
    )
