"""What security groups, network ACLs and VPCs let through, in each of the ways that Terraform spells it."""

from __future__ import annotations

import time

import pytest

from phiward.model.value import Unknown
from tests.graph.properties import read, views_of

GROUP = "aws_security_group.a"


def entries(directory, text, name="network.ingress", address=GROUP):
    keys = ("source", "destination", "protocol", "from_port", "to_port", "open_to_world")
    found = read(directory, text, name, address)
    return [
        "unknown"
        if isinstance(entry, Unknown)
        else tuple("unknown" if isinstance(entry[key], Unknown) else entry[key] for key in keys if key in entry)
        for entry in found
    ]


def ingress(**attributes):
    body = "\n".join(f"{name} = {value}" for name, value in attributes.items())
    return f'resource "aws_security_group" "a" {{\n ingress {{\n{body}\n}}\n}}'


def test_nothing_written_lets_nothing_through(tmp_path):
    text = 'resource "aws_security_group" "a" {}'
    assert entries(tmp_path, text) == []
    assert entries(tmp_path, text, "network.egress") == []


def test_every_source_of_a_block_is_an_element(tmp_path):
    text = ingress(
        protocol='"tcp"',
        from_port=443,
        to_port=443,
        cidr_blocks='["10.0.0.0/8", "0.0.0.0/0"]',
        ipv6_cidr_blocks='["::/0"]',
        security_groups='["sg-1"]',
        prefix_list_ids='["pl-1"]',
        self="true",
    )
    assert entries(tmp_path, text) == [
        ("10.0.0.0/8", "tcp", 443, 443, False),
        ("0.0.0.0/0", "tcp", 443, 443, True),
        ("::/0", "tcp", 443, 443, True),
        ("pl-1", "tcp", 443, 443, "unknown"),
        ("sg-1", "tcp", 443, 443, False),
        ("self", "tcp", 443, 443, False),
    ]


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ('"-1"', ("all", 0, 65535)),
        ("-1", ("all", 0, 65535)),
        ('"all"', ("all", 0, 65535)),
        ('"TCP"', ("tcp", 8, 9)),
        ('"17"', ("udp", 8, 9)),
        ('"icmp"', ("icmp",)),
        ('"58"', ("icmpv6",)),
        ('"esp"', ("esp",)),
    ],
)
def test_protocols(tmp_path, protocol, expected):
    text = ingress(protocol=protocol, from_port=8, to_port='"9"', cidr_blocks='["10.0.0.0/8"]')
    assert entries(tmp_path, text) == [("10.0.0.0/8", *expected, False)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"0.0.0.0/0"', True),
        ('"128.0.0.0/1"', True),
        ('"8.0.0.0/7"', True),
        ('"10.0.0.0/8"', False),
        ("aws_vpc.v.cidr_block", False),
        ('"${aws_instance.i.public_ip}/32"', False),
        ('"${aws_instance.i.public_ip}/0"', True),
        ("var.range", "unknown"),
        ('"${var.range}/24"', False),
        ('"anywhere"', "unknown"),
    ],
)
def test_what_is_the_world(tmp_path, source, expected):
    text = ingress(protocol='"tcp"', from_port=1, to_port=2, cidr_blocks=f"[{source}]")
    text += '\nvariable "range" {}\nresource "aws_vpc" "v" {}\nresource "aws_instance" "i" {}'
    assert entries(tmp_path, text)[0][-1] == expected


def test_rules_beside_the_group(tmp_path):
    text = """
    resource "aws_security_group" "a" {}
    resource "aws_security_group_rule" "in" {
      type = "ingress"
      security_group_id = aws_security_group.a.id
      protocol = "tcp"
      from_port = 22
      to_port = 22
      cidr_blocks = ["0.0.0.0/0"]
    }
    resource "aws_security_group_rule" "out" {
      type = "egress"
      security_group_id = aws_security_group.a.id
      protocol = "-1"
      from_port = 0
      to_port = 0
      source_security_group_id = "sg-2"
    }
    resource "aws_vpc_security_group_ingress_rule" "in6" {
      security_group_id = aws_security_group.a.id
      ip_protocol = "udp"
      from_port = 53
      to_port = 53
      cidr_ipv6 = "::/0"
    }
    resource "aws_vpc_security_group_egress_rule" "out" {
      security_group_id = aws_security_group.a.id
      ip_protocol = "-1"
      referenced_security_group_id = "sg-3"
    }
    """
    assert entries(tmp_path, text) == [("0.0.0.0/0", "tcp", 22, 22, True), ("::/0", "udp", 53, 53, True)]
    assert entries(tmp_path, text, "network.egress") == [
        ("sg-2", "all", 0, 65535, False),
        ("sg-3", "all", 0, 65535, False),
    ]


def test_a_rule_that_may_belong_to_any_group_leaves_all_open_to_question(tmp_path):
    text = """
    variable "group" {}
    resource "aws_security_group" "a" {}
    resource "aws_vpc_security_group_ingress_rule" "in" {
      security_group_id = var.group
      ip_protocol = "-1"
      cidr_ipv4 = "0.0.0.0/0"
    }
    """
    assert entries(tmp_path, text) == ["unknown"]


def test_the_evidence_points_at_the_rule_that_opens_it(tmp_path):
    text = """resource "aws_security_group" "a" {}
resource "aws_security_group_rule" "in" {
  type              = "ingress"
  security_group_id = aws_security_group.a.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = ["10.0.0.0/8", "0.0.0.0/0"]
}
"""
    reading = views_of(tmp_path, text)[GROUP].reading("network.ingress")
    assert reading.location(1).span.line == 8


def sensitive(directory, first, last):
    text = ingress(protocol='"tcp"', from_port=first, to_port=last, cidr_blocks='["0.0.0.0/0"]')
    return read(directory, text, "network.ingress", GROUP)[0]["sensitive_ports"]


def test_sensitive_ports_are_those_that_the_range_covers(tmp_path):
    assert sensitive(tmp_path, 22, 22) == [22]
    assert sensitive(tmp_path, 443, 444) == []
    assert sensitive(tmp_path, 3300, 3400) == [3306, 3389]
    assert sensitive(tmp_path, 23, 22) == []
    assert sensitive(tmp_path, 0, 65535) == [20, 21, 22, 23, 135]
    assert isinstance(sensitive(tmp_path, "var.unset", 22), Unknown)


def test_wide_ranges_are_not_expanded(tmp_path):
    blocks = "\n".join(
        f'ingress {{\nprotocol = "tcp"\nfrom_port = 0\nto_port = 65535\ncidr_blocks = ["10.{i}.0.0/16"]\n}}'
        for i in range(200)
    )
    text = f'resource "aws_security_group" "a" {{\n{blocks}\n}}'
    view = views_of(tmp_path, text)[GROUP]
    before = time.process_time()
    assert len(view.property("network.ingress")) == 200
    assert time.process_time() - before < 2


# Network ACLs


def acl(*blocks):
    return 'resource "aws_network_acl" "a" {\n' + "\n".join(
        f'ingress {{\nrule_no = {number}\naction = "{action}"\nprotocol = "{protocol}"\nfrom_port = {first}\n'
        f'to_port = {last}\ncidr_block = "{source}"\n}}'
        for number, action, protocol, first, last, source in blocks
    ) + "\n}"  # fmt: skip


def test_an_earlier_deny_stops_what_it_contains(tmp_path):
    text = acl(
        (200, "allow", "tcp", 22, 22, "0.0.0.0/0"),
        (100, "deny", "tcp", 20, 25, "0.0.0.0/0"),
        (300, "allow", "tcp", 443, 443, "0.0.0.0/0"),
    )
    assert entries(tmp_path, text, address="aws_network_acl.a") == [("0.0.0.0/0", "tcp", 443, 443, True)]


def test_a_later_or_narrower_deny_does_not(tmp_path):
    text = acl(
        (100, "allow", "tcp", 22, 22, "0.0.0.0/0"),
        (200, "deny", "tcp", 22, 22, "0.0.0.0/0"),
        (50, "deny", "tcp", 22, 22, "10.0.0.0/8"),
    )
    assert entries(tmp_path, text, address="aws_network_acl.a") == [("0.0.0.0/0", "tcp", 22, 22, True)]


@pytest.mark.parametrize(
    ("was", "undecided", "expected"),
    [
        ('protocol = "tcp"', "protocol = var.v", "unknown"),
        ("to_port = 25", "to_port = var.v", "unknown"),
        ('cidr_block = "0.0.0.0/0"', "cidr_block = var.v", "unknown"),
        ('cidr_block = "0.0.0.0/0"', 'cidr_block = "10.0.0.0/${var.v}"', "unknown"),
        # the range of a network of one's own never holds the whole internet
        ('cidr_block = "0.0.0.0/0"', "cidr_block = aws_vpc.v.cidr_block", True),
        ("from_port = 20", "from_port = 23", True),
    ],
)
def test_a_deny_that_is_not_known_may_stop_what_follows(tmp_path, was, undecided, expected):
    text = acl((100, "deny", "tcp", 20, 25, "0.0.0.0/0")).replace(was, undecided)
    text = text[:-1] + acl((200, "allow", "tcp", 22, 22, "0.0.0.0/0")).partition("\n")[2]
    text += '\nvariable "v" {}\nresource "aws_vpc" "v" {}'
    assert entries(tmp_path, text, address="aws_network_acl.a") == [("0.0.0.0/0", "tcp", 22, 22, expected)]


def test_rules_beside_the_acl(tmp_path):
    text = """
    resource "aws_network_acl" "a" {}
    resource "aws_network_acl_rule" "in" {
      network_acl_id = aws_network_acl.a.id
      rule_number = 100
      rule_action = "allow"
      protocol = "-1"
      cidr_block = "0.0.0.0/0"
    }
    resource "aws_network_acl_rule" "out" {
      network_acl_id = aws_network_acl.a.id
      egress = true
      rule_number = 100
      rule_action = "allow"
      protocol = "-1"
      cidr_block = "10.0.0.0/8"
    }
    """
    address = "aws_network_acl.a"
    assert entries(tmp_path, text, address=address) == [("0.0.0.0/0", "all", 0, 65535, True)]
    assert entries(tmp_path, text, "network.egress", address) == [("10.0.0.0/8", "all", 0, 65535, False)]


# VPCs and machines


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ("", False),
        ('traffic_type = "ALL"', True),
        ('traffic_type = "REJECT"', False),
        ("traffic_type = var.t", "unknown"),
    ],
)
def test_flow_logs(tmp_path, logs, expected):
    text = 'variable "t" {}\nresource "aws_vpc" "a" {}'
    if logs:
        text += f'\nresource "aws_flow_log" "a" {{\nvpc_id = aws_vpc.a.id\n{logs}\n}}'
    assert read(tmp_path, text, "logs.enabled", "aws_vpc.a") == expected


PRIVATE = 'resource "aws_subnet" "s" {}'
PUBLIC = 'resource "aws_subnet" "s" {\nmap_public_ip_on_launch = true\n}'


@pytest.mark.parametrize(
    ("body", "beside", "expected"),
    [
        ("associate_public_ip_address = true", "", True),
        ("associate_public_ip_address = false", PUBLIC, False),
        ("subnet_id = aws_subnet.s.id", PUBLIC, True),
        ("subnet_id = aws_subnet.s.id", PRIVATE, False),
        ('subnet_id = "subnet-1"', "", "unknown"),
        ("", "", "unknown"),
        ("associate_public_ip_address = false", 'resource "aws_eip" "e" {\ninstance = aws_instance.a.id\n}', True),
    ],
)
def test_public_addresses(tmp_path, body, beside, expected):
    text = f'resource "aws_instance" "a" {{\n{body}\n}}\n{beside}'
    assert read(tmp_path, text, "network.public", "aws_instance.a") == expected


@pytest.mark.parametrize(
    ("body", "beside", "expected"),
    [
        ("", "", False),
        ("", 'resource "aws_ec2_instance_metadata_defaults" "d" {\nhttp_tokens = "required"\n}', True),
        ('metadata_options {\nhttp_endpoint = "disabled"\n}', "", True),
        ('metadata_options {\nhttp_tokens = "optional"\n}', "", False),
        ('launch_template {\nid = "lt-1"\n}', "", "unknown"),
    ],
)
def test_metadata_tokens(tmp_path, body, beside, expected):
    text = f'resource "aws_instance" "a" {{\n{body}\n}}\n{beside}'
    assert read(tmp_path, text, "access.metadata_tokens", "aws_instance.a") == expected
