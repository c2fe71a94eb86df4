"""Networks: cidrhost, cidrnetmask, cidrsubnet, cidrsubnets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phiward.loaders.terraform.functions.conversion import to_text, to_whole
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.parameters import strings
from phiward.model.value import Value

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_MOST_NEW_BITS = 32


def _network(prefix: str) -> IPv4Network | IPv6Network:
    import ipaddress
    import re

    address, slash, length = prefix.partition("/")
    if "%" in address or not slash or not re.fullmatch("[0-9]{1,3}", length):
        raise FunctionError(f"invalid CIDR expression: invalid CIDR address: {prefix}")
    if "." in address and ":" not in address:
        # Terraform reads octets with leading zeros as decimal; Python refuses them.
        address = ".".join(octet.lstrip("0") or "0" if octet.isdecimal() else octet for octet in address.split("."))
    try:
        network = ipaddress.ip_network(f"{address}/{int(length)}", strict=False)
    except ValueError as error:
        raise FunctionError(f"invalid CIDR expression: invalid CIDR address: {prefix}") from error
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise CannotTell(f"Terraform computes with the mapped address {prefix} in a way that is not followed here")
    return network


def _host(prefix: str, number: int) -> str:
    network = _network(prefix)
    count = network.num_addresses
    if not -count <= number < count:
        raise FunctionError(f"prefix of {network.prefixlen} does not accommodate a host numbered {number}")
    return str(network.network_address + (number % count))


def _netmask(prefix: str) -> str:
    network = _network(prefix)
    if network.version != 4:  # noqa: PLR2004 - the version of the protocol
        raise FunctionError(f"IPv6 addresses cannot have a netmask: {prefix}")
    return str(network.netmask)


def _subnet_of(network: IPv4Network | IPv6Network, new_bits: int, number: int) -> str:
    length = network.prefixlen + new_bits
    if length > network.max_prefixlen:
        raise FunctionError(f"insufficient address space to extend prefix of {network.prefixlen} by {new_bits}")
    if new_bits < 0 or number < 0:
        raise CannotTell("Terraform's result for negative numbers of bits or subnets is not followed here")
    if number >= 1 << new_bits:
        raise FunctionError(f"prefix extension of {new_bits} does not accommodate a subnet numbered {number}")
    start = network.network_address + (number << (network.max_prefixlen - length))
    return f"{start}/{length}"


def _subnet(prefix: str, new_bits: int, number: int) -> str:
    return _subnet_of(_network(prefix), new_bits, number)


def _subnets(prefix: str, *new_bits: int) -> Value:
    network = _network(prefix)
    start = int(network.network_address)
    current = start
    result = []
    for bits in new_bits:
        if bits < 1:
            raise FunctionError("must extend prefix by at least one bit")
        if bits > _MOST_NEW_BITS:
            raise FunctionError("may not extend prefix by more than 32 bits")
        length = network.prefixlen + bits
        if length > network.max_prefixlen:
            raise FunctionError(f"would extend prefix to {length} bits, which is too long for the address")
        size = 1 << (network.max_prefixlen - length)
        current = (current + size - 1) // size * size
        if current + size > start + network.num_addresses:
            raise FunctionError(f"not enough remaining address space for a subnet with a prefix of {length} bits")
        result.append(f"{network.network_address + (current - start)}/{length}")
        current += size
    return strings(result)


_PREFIX = Parameter("prefix", to_text)
_NEW_BITS = Parameter("newbits", to_whole)

FUNCTIONS = {
    "cidrhost": Function(typed(_host, _PREFIX, Parameter("hostnum", to_whole))),
    "cidrnetmask": Function(typed(_netmask, _PREFIX)),
    "cidrsubnet": Function(typed(_subnet, _PREFIX, _NEW_BITS, Parameter("netnum", to_whole))),
    "cidrsubnets": Function(typed(_subnets, _PREFIX, rest=_NEW_BITS)),
}
