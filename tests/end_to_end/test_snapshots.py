"""A few whole outputs, kept as plain files: `PHIWARD_UPDATE_SNAPSHOTS=1 pytest` writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from harness import write_tree

SNAPSHOTS = Path(__file__).parent / "snapshots"
TREE: dict[str, str | bytes] = {
    "main.tf": (
        'variable "encrypted" {}\n\n'
        'resource "aws_db_instance" "records" {\n  identifier        = "records"\n  storage_encrypted = false\n}\n\n'
        'resource "aws_db_instance" "archive" {\n  storage_encrypted = var.encrypted\n}\n\n'
        'module "replicas" {\n  source   = "./replica"\n  for_each = toset(["mercy", "stjude"])\n  tenant   = each.key\n}\n\n'
        "# phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- empty until the migration\n"
        'resource "aws_ebs_volume" "scratch" {\n  encrypted = false\n}\n'
    ),
    "replica/main.tf": (
        'variable "tenant" {}\n\nresource "aws_db_instance" "replica" {\n  storage_encrypted = var.tenant == "mercy"\n'
        "  tags              = { tenant = var.tenant }\n}\n"
    ),
    "broken/main.tf": 'resource "aws_db_instance" "b" {\n  storage_encrypted =\n}\n',
}
STACKS: dict[str, str | bytes] = {
    "stacks/root.yaml": (
        "Parameters:\n  Encrypted: {Type: String}\nConditions:\n  IsProd: !Equals [!Ref AWS::Region, us-east-1]\nResources:\n"
        "  Records:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      StorageEncrypted: false\n"
        "      Tags: [{Key: tenant, Value: mercy}]\n"
        "  Archive:\n    Type: AWS::RDS::DBInstance\n    Condition: IsProd\n    Properties:\n      StorageEncrypted: !Ref Encrypted\n"
        "  # phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- empty until the migration\n"
        "  Nested:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: parts/volumes.json}\n"
    ),
    "stacks/parts/volumes.json": (
        '{\n  "Resources": {\n    "Scratch": {\n      "Type": "AWS::EC2::Volume",\n      "Properties": {"Encrypted": false}\n    }\n  }\n}\n'
    ),
    "stacks/broken.yaml": "Resources:\n  V:\n    Type: AWS::EC2::Volume\n    Properties: {Encrypted: !Reff Encrypted}\n",
}
RUNS = {
    "templates.txt": ("scan", "stacks", "--rule", "encryption-at-rest", "--verbose"),
    "scan.txt": ("scan", ".", "--rule", "encryption-at-rest", "--verbose"),
    "scan.xml": ("scan", ".", "--rule", "encryption-at-rest", "--format", "junit"),
    "scan.json": ("scan", ".", "--rule", "encryption-at-rest", "--format", "json"),
    "explain.txt": ("explain", 'module.replicas["mercy"].aws_db_instance.replica', "."),
    "no-such-path.txt": ("scan", "nowhere"),
    "no-such-rule.txt": ("scan", ".", "--rule", "encryption"),
    "no-terraform.txt": ("scan", "empty"),
    "waivers.txt": ("waivers", "check", "."),
}
_VARYING = re.compile(r"sha256:[0-9a-f]+")


@pytest.mark.parametrize("name", RUNS)
def test_the_whole_output(tmp_path, phiward, name):
    write_tree(tmp_path, {**(STACKS if name.startswith("template") else TREE), "empty/README.md": ""})
    done = phiward(*RUNS[name])
    text = f"{done.stdout}--- standard error\n{done.stderr}--- exit status {done.returncode}\n"
    path = SNAPSHOTS / name
    steady = _VARYING.sub("sha256:...", text)
    if os.environ.get("PHIWARD_UPDATE_SNAPSHOTS"):
        path.write_bytes(steady.encode())
    assert path.exists(), f"{path} is missing: run with PHIWARD_UPDATE_SNAPSHOTS=1 and read what it wrote"
    assert steady == path.read_bytes().decode(), f"{name} differs: PHIWARD_UPDATE_SNAPSHOTS=1 shows how"
