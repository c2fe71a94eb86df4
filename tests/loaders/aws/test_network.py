"""EC2: networks, machines and disks. What AWS answers, and what is held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import denied, judged, said, settled

from phiward.model.finding import Verdict

OWN, OTHER = "111122223333", "999999999999"
BASE = f"arn:aws:ec2:us-east-1:{OWN}:"
KEY_ID = "aaaaaaaa-0000-0000-0000-000000000001"
KEY = f"arn:aws:kms:us-east-1:{OWN}:key/{KEY_ID}"
END = "0123456789abcdef"
"""Generated ids have seventeen digits: these, and one that tells them apart."""
VPC, BARE = f"vpc-{END}1", f"vpc-{END}2"


def rule(cidr: str, port: int | None = None) -> dict[str, Any]:
    ports = {"IpProtocol": "-1"} if port is None else {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    return {**ports, "IpRanges": [{"CidrIp": cidr}], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}


def group(number: int, name: str, incoming: list[Any], outgoing: list[Any], owner: str = OWN) -> dict[str, Any]:
    return {
        "GroupId": f"sg-{END}{number}",
        "GroupName": name,
        "VpcId": VPC,
        "OwnerId": owner,
        "IpPermissions": incoming,
        "IpPermissionsEgress": outgoing,
    }


def among_themselves(number: int) -> dict[str, Any]:
    return {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": f"sg-{END}{number}", "UserId": OWN}]}


GROUPS = [
    group(1, "default", [among_themselves(1)], [rule("0.0.0.0/0")]),
    group(2, "default", [], []),
    group(3, "open", [rule("0.0.0.0/0", 22)], [rule("0.0.0.0/0")]),
    group(4, "closed", [rule("10.0.0.0/16", 443)], [rule("10.0.0.0/16", 443)]),
    group(5, "shared-by-another", [rule("0.0.0.0/0")], [rule("0.0.0.0/0")], OTHER),
]
GROUPS[1]["VpcId"] = BARE
GROUPS += [
    group(number, name, [{**rule("", 22), "IpRanges": [], "PrefixListIds": [{"PrefixListId": listed}]}], [])
    for number, name, listed in ((6, "of-aws", "pl-11111111"), (7, "ours", f"pl-{END}1"), (8, "wide", f"pl-{END}2"))
]
LISTS = [
    {
        "PrefixListId": "pl-11111111",
        "PrefixListName": "com.amazonaws.global.cloudfront.origin-facing",
        "OwnerId": "AWS",
    },
    {"PrefixListId": f"pl-{END}1", "PrefixListName": "offices", "OwnerId": OWN},
    {"PrefixListId": f"pl-{END}2", "PrefixListName": "everybody", "OwnerId": OWN},
]


def entry(number: int, action: str, *, egress: bool = False, port: int | None = None) -> dict[str, Any]:
    ports = {"Protocol": "-1"} if port is None else {"Protocol": "6", "PortRange": {"From": port, "To": port}}
    return {"RuleNumber": number, "RuleAction": action, "Egress": egress, "CidrBlock": "0.0.0.0/0", **ports}


def instance(number: int, volumes: list[int], **settings: Any) -> dict[str, Any]:
    devices = ["/dev/xvda", "/dev/sdf"]
    return {
        "InstanceId": f"i-{END}{number}",
        "ImageId": f"ami-{END}1",
        "SubnetId": f"subnet-{END}1",
        "State": {"Name": "running"},
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [
            {"DeviceName": device, "Ebs": {"VolumeId": f"vol-{END}{volume}"}}
            for device, volume in zip(devices, volumes, strict=False)
        ],
        **settings,
    }


SOUND_INSTANCE = instance(
    1,
    [1],
    IamInstanceProfile={"Arn": f"arn:aws:iam::{OWN}:instance-profile/app"},
    NetworkInterfaces=[{"PrivateIpAddress": "10.0.0.4"}],
    Monitoring={"State": "enabled"},
    MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"},
)
FLAWED_INSTANCE = instance(
    2,
    [1, 2],
    NetworkInterfaces=[{"Association": {"PublicIp": "203.0.113.7"}}],
    Monitoring={"State": "disabled"},
    MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled"},
)
GONE_INSTANCE = {**FLAWED_INSTANCE, "InstanceId": f"i-{END}3", "State": {"Name": "terminated"}}


def version(number: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "LaunchTemplateId": f"lt-{END}1",
        "LaunchTemplateName": "app",
        "VersionNumber": number,
        "LaunchTemplateData": data,
    }


def disk(*, encrypted: bool) -> list[dict[str, Any]]:
    return [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": encrypted}}]


VERSIONS = [
    version(
        2,
        {
            "MetadataOptions": {"HttpTokens": "required"},
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}],
            "Monitoring": {"Enabled": True},
            "BlockDeviceMappings": disk(encrypted=True),
        },
    ),
    version(1, {"BlockDeviceMappings": disk(encrypted=False), "UserData": "cGFzc3dvcmQ9aHVudGVyMg=="}),
]
SNAPSHOTS = [
    {
        "SnapshotId": f"snap-{END}1",
        "State": "completed",
        "Encrypted": True,
        "KmsKeyId": KEY,
        "VolumeId": "vol-ffffffff",
    },
    {"SnapshotId": f"snap-{END}2", "State": "completed", "Encrypted": False, "VolumeId": "vol-ffffffff"},
]


def image(number: int, *, public: bool, encrypted: bool) -> dict[str, Any]:
    ebs = {"SnapshotId": f"snap-{END}{number}", "Encrypted": encrypted}
    return {
        "ImageId": f"ami-{END}{number}",
        "Name": f"base-{number}",
        "Public": public,
        "State": "available",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": ebs}, {"DeviceName": "/dev/sdb"}],
    }


EC2: dict[str, Any] = {
    "describe_security_groups": {"SecurityGroups": GROUPS},
    "describe_managed_prefix_lists": {
        "PrefixLists": [
            {
                **found,
                "PrefixListArn": f"arn:aws:ec2:us-east-1:{found['OwnerId'].lower()}:prefix-list/{found['PrefixListId']}",
            }
            for found in LISTS
        ]
    },
    "get_managed_prefix_list_entries": [
        {"params": {"PrefixListId": f"pl-{END}1"}, "answer": {"Entries": [{"Cidr": "203.0.113.0/24"}]}},
        {"params": {"PrefixListId": f"pl-{END}2"}, "answer": {"Entries": [{"Cidr": "0.0.0.0/0"}]}},
    ],
    "describe_network_acls": {
        "NetworkAcls": [
            {
                "NetworkAclId": f"acl-{END}1",
                "VpcId": VPC,
                "IsDefault": True,
                "OwnerId": OWN,
                "Entries": [entry(100, "allow"), entry(32767, "deny"), entry(100, "allow", egress=True)],
            },
            {
                "NetworkAclId": f"acl-{END}2",
                "VpcId": VPC,
                "IsDefault": False,
                "OwnerId": OWN,
                "Entries": [
                    entry(90, "deny", port=3389),
                    entry(100, "allow", port=443),
                    entry(100, "allow", egress=True),
                ],
            },
        ]
    },
    "describe_vpcs": {
        "Vpcs": [
            {"VpcId": VPC, "OwnerId": OWN, "CidrBlock": "10.0.0.0/16"},
            {"VpcId": BARE, "OwnerId": OWN, "CidrBlock": "10.1.0.0/16"},
            {"VpcId": f"vpc-{END}3", "OwnerId": OTHER, "CidrBlock": "10.2.0.0/16"},
        ]
    },
    "describe_flow_logs": {
        "FlowLogs": [
            {"FlowLogId": f"fl-{END}1", "ResourceId": VPC, "FlowLogStatus": "ACTIVE", "TrafficType": "ALL"},
            {
                "FlowLogId": f"fl-{END}2",
                "ResourceId": BARE,
                "FlowLogStatus": "ACTIVE",
                "DeliverLogsStatus": "FAILED",
                "TrafficType": "ALL",
            },
        ]
    },
    "describe_subnets": {
        "Subnets": [
            {"SubnetId": f"subnet-{END}1", "VpcId": VPC, "OwnerId": OWN, "MapPublicIpOnLaunch": False},
            {"SubnetId": f"subnet-{END}2", "VpcId": VPC, "OwnerId": OWN, "MapPublicIpOnLaunch": True},
        ]
    },
    "describe_route_tables": {
        "RouteTables": [
            {
                "RouteTableId": f"rtb-{END}1",
                "VpcId": VPC,
                "OwnerId": OWN,
                "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": f"igw-{END}1", "State": "active"}],
                "Associations": [{"Main": True, "RouteTableAssociationId": f"rtbassoc-{END}1"}],
            },
            {
                "RouteTableId": f"rtb-{END}2",
                "VpcId": VPC,
                "OwnerId": OWN,
                "Routes": [
                    {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": f"nat-{END}1", "State": "active"},
                    {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": f"igw-{END}2", "State": "blackhole"},
                ],
                "Associations": [
                    {"Main": False, "SubnetId": f"subnet-{END}1", "RouteTableAssociationId": f"rtbassoc-{END}2"}
                ],
            },
        ]
    },
    "describe_vpc_endpoints": {
        "VpcEndpoints": [
            {
                "VpcEndpointId": f"vpce-{END}{number}",
                "VpcId": vpc,
                "ServiceName": f"com.amazonaws.us-east-1.{service}",
                "State": "available",
                "OwnerId": OWN,
            }
            for number, (vpc, service) in enumerate([(VPC, "s3"), (VPC, "kms"), (BARE, "s3")])
        ]
    },
    "describe_instances": {
        "Reservations": [{"Instances": [SOUND_INSTANCE, FLAWED_INSTANCE]}, {"Instances": [GONE_INSTANCE]}]
    },
    "describe_launch_templates": {
        "LaunchTemplates": [
            {
                "LaunchTemplateId": f"lt-{END}1",
                "LaunchTemplateName": "app",
                "LatestVersionNumber": 2,
                "DefaultVersionNumber": 1,
            }
        ]
    },
    "describe_launch_template_versions": {"LaunchTemplateVersions": VERSIONS},
    "describe_volumes": {
        "Volumes": [
            {"VolumeId": f"vol-{END}1", "Encrypted": True, "KmsKeyId": KEY, "State": "in-use", "SnapshotId": ""},
            {"VolumeId": f"vol-{END}2", "Encrypted": False, "State": "in-use", "SnapshotId": f"snap-{END}2"},
        ]
    },
    "describe_snapshots": [
        {"params": {"RestorableByUserIds": "all"}, "answer": {"Snapshots": SNAPSHOTS[1:]}},
        {"answer": {"Snapshots": SNAPSHOTS}},
    ],
    "describe_snapshot_attribute": {
        "SnapshotId": f"snap-{END}2",
        "CreateVolumePermissions": [{"Group": "all"}, {"UserId": OTHER}],
    },
    "describe_images": {
        "Images": [image(1, public=False, encrypted=True), image(2, public=True, encrypted=False)],
    },
    "get_ebs_encryption_by_default": {"EbsEncryptionByDefault": True},
    "get_snapshot_block_public_access_state": {"State": "block-all-sharing"},
    "get_instance_metadata_defaults": {"AccountLevel": {}},
}
KMS = {
    "list_keys": {"Keys": [{"KeyId": KEY_ID, "KeyArn": KEY}]},
    "describe_key": {"KeyMetadata": {"KeyId": KEY_ID, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "Enabled": True}},
}
STORES = {
    "describe_db_subnet_groups": {
        "DBSubnetGroups": [
            {
                "DBSubnetGroupName": name,
                "DBSubnetGroupArn": f"arn:aws:rds:us-east-1:{OWN}:subgrp:{name}",
                "VpcId": VPC,
                "Subnets": [{"SubnetIdentifier": f"subnet-{END}{number}"}],
            }
            for name, number in (("private", 1), ("public", 2))
        ]
    }
}
ACCOUNT = {"ec2": EC2, "kms": KMS, "rds": STORES}
INGRESS = ["ingress-all-ports", "ingress-public-ports", "ingress-sensitive-ports"]
MACHINE = [
    "instance-detailed-monitoring",
    "instance-has-role",
    "instance-imdsv2",
    "instance-no-public-ip",
    "instance-volumes-encrypted",
]
STORED = ["customer-managed-key", "encryption-at-rest"]
EXPECTED: dict[str, dict[str, list[str]]] = {
    f"security-group/sg-{END}1": {"fail": ["default-security-group-closed", "egress-unrestricted"], "pass": INGRESS},
    f"security-group/sg-{END}2": {"pass": ["default-security-group-closed", "egress-unrestricted", *INGRESS]},
    f"security-group/sg-{END}3": {
        "fail": ["egress-unrestricted", "ingress-public-ports", "ingress-sensitive-ports"],
        "pass": ["ingress-all-ports"],
    },
    f"security-group/sg-{END}4": {"pass": ["egress-unrestricted", *INGRESS]},
    f"security-group/sg-{END}6": {"pass": ["egress-unrestricted", *INGRESS]},
    f"security-group/sg-{END}7": {"pass": ["egress-unrestricted", *INGRESS]},
    f"security-group/sg-{END}8": {
        "fail": ["ingress-public-ports", "ingress-sensitive-ports"],
        "pass": ["egress-unrestricted", "ingress-all-ports"],
    },
    f"network-acl/acl-{END}1": {"fail": ["network-acl-all-ports"]},
    f"network-acl/acl-{END}2": {"pass": ["network-acl-all-ports"]},
    f"vpc/{VPC}": {"pass": ["flow-logs", "network-endpoints"]},
    f"vpc/{BARE}": {"fail": ["flow-logs", "network-endpoints"]},
    f"vpc-flow-log/fl-{END}1": {"pass": ["flow-logs"]},
    f"subnet/subnet-{END}1": {"pass": ["subnet-no-auto-public-ip"]},
    f"subnet/subnet-{END}2": {"fail": ["subnet-no-auto-public-ip"]},
    f"instance/i-{END}1": {"pass": MACHINE, "unknown": ["secret-not-in-plain-text"]},
    f"instance/i-{END}2": {"fail": MACHINE, "unknown": ["secret-not-in-plain-text"]},
    f"launch-template/lt-{END}1": {
        "pass": [
            "instance-detailed-monitoring",
            "instance-imdsv2",
            "instance-no-public-ip",
            "instance-volumes-encrypted",
            "secret-not-in-plain-text",
        ]
    },
    f"launch-template/lt-{END}1#version-1": {
        "fail": ["instance-detailed-monitoring", "instance-imdsv2"],
        "pass": ["instance-volumes-encrypted"],  # the account encrypts whatever it says
        "unknown": ["instance-no-public-ip", "secret-not-in-plain-text"],
    },
    f"volume/vol-{END}1": {"pass": STORED},
    f"volume/vol-{END}2": {"fail": ["encryption-at-rest"]},
    f"snapshot/snap-{END}1": {"pass": STORED},
    f"snapshot/snap-{END}2": {"fail": ["encryption-at-rest"]},
    f"snapshot/snap-{END}2#createVolumePermission": {"fail": ["snapshot-not-shared-publicly"]},
    f"image/ami-{END}1": {"pass": STORED},
    f"image/ami-{END}2": {"fail": ["encryption-at-rest"]},
    f"image/ami-{END}2#launchPermission": {"fail": ["snapshot-not-shared-publicly"]},
}


def test_networks_machines_and_disks(tmp_path: Path) -> None:
    found = judged(ACCOUNT, tmp_path)
    there = {a.removeprefix(BASE) for a in found if a.startswith(BASE) and said(found, a)}
    assert {address: said(found, BASE + address) for address in there} == EXPECTED


def test_a_subnet_without_a_table_of_its_own_leads_where_the_main_one_of_its_network_does(tmp_path: Path) -> None:
    found = judged(ACCOUNT, tmp_path)
    group = f"arn:aws:rds:us-east-1:{OWN}:subgrp:"
    assert found[f"{group}private"]["data-subnets-private"] is Verdict.PASS
    assert found[f"{group}public"]["data-subnets-private"] is Verdict.FAIL


def test_a_machine_without_a_volume_to_start_from_keeps_its_secret(tmp_path: Path) -> None:
    bare = {**SOUND_INSTANCE, "RootDeviceType": "instance-store", "BlockDeviceMappings": []}
    found = judged({"ec2": {**EC2, "describe_instances": {"Reservations": [{"Instances": [bare]}]}}}, tmp_path)
    assert found[f"{BASE}instance/i-{END}1"]["instance-volumes-encrypted"] is Verdict.UNKNOWN


def test_settings_hold_in_their_region(tmp_path: Path) -> None:
    here = f"account aws://{OWN}/us-east-1"
    found = judged(ACCOUNT, tmp_path)
    assert found[here]["ebs-default-encryption"] is Verdict.PASS
    assert found[here]["ebs-snapshot-block-public"] is Verdict.PASS
    off = {
        **EC2,
        "get_ebs_encryption_by_default": {"EbsEncryptionByDefault": False},
        "get_snapshot_block_public_access_state": {"State": "block-new-sharing"},
    }
    found = judged({"ec2": off}, tmp_path)
    assert found[here]["ebs-default-encryption"] is Verdict.FAIL
    assert found[here]["ebs-snapshot-block-public"] is Verdict.FAIL


def test_a_template_that_says_nothing_follows_the_defaults_of_its_region(tmp_path: Path) -> None:
    ec2 = {
        **EC2,
        "describe_launch_template_versions": {"LaunchTemplateVersions": [version(2, {"ImageId": "ami-12345678"})]},
        "get_instance_metadata_defaults": {"AccountLevel": {"HttpTokens": "required"}},
    }
    found = judged({"ec2": ec2}, tmp_path)
    verdicts = found[f"{BASE}launch-template/lt-{END}1"]
    assert verdicts["instance-imdsv2"] is Verdict.PASS
    assert verdicts["instance-volumes-encrypted"] is Verdict.PASS
    assert found[f"{BASE}instance-metadata-defaults"]["instance-imdsv2"] is Verdict.PASS


@pytest.mark.parametrize("operation", sorted(EC2))
def test_nothing_is_decided_by_a_call_that_is_denied(tmp_path: Path, operation: str) -> None:
    whole = settled(judged(ACCOUNT, tmp_path))
    assert settled(judged(denied(ACCOUNT, "ec2", operation), tmp_path)) - whole == set()
