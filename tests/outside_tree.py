"""A small repository in which a scan looks at the outside in every way that it knows."""

from __future__ import annotations

import json
from pathlib import Path

FILES = {
    "phiward.yaml": "data_classes: {default: phi}\nparameters: {log_retention_days: 2557}\n"
    "cloudformation: {cfn/root.yaml: {parameter_files: [cfn/values.json]}}\n",
    "README.md": "nothing to see\n",
    "live/main.tf": (
        'variable "encrypted" {}\nvariable "given" { default = false }\n'
        'resource "aws_db_instance" "a" {\n  storage_encrypted = var.encrypted\n  tags = { tenant = file("tenant.txt") }\n}\n'
        'resource "aws_db_instance" "b" {\n  storage_encrypted = var.given\n}\n'
        'module "store" {\n  source    = "../modules/store"\n  encrypted = var.encrypted\n}\n'
        'module "linked" {\n  source = "../linked"\n}\n'
        'module "far" {\n  source = "registry.example/a/far"\n}\n'
    ),
    "live/more.tf": (
        "# phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- empty until the migration\n"
        'resource "aws_ebs_volume" "c" {\n  encrypted = fileexists("flag") ? true : false\n}\n'
        'resource "aws_ebs_volume" "each" {\n  for_each  = fileset("list", "*.txt")\n  encrypted = each.key == "a.txt"\n}\n'
        'resource "aws_s3_bucket" "d" {\n  bucket = templatefile("name.tftpl", { stage = "prod" })\n}\n'
        'resource "aws_s3_bucket_policy" "d" {\n  bucket = aws_s3_bucket.d.id\n  policy = file("policy.json")\n}\n'
    ),
    "live/zz_override.tf": 'resource "aws_db_instance" "b" {\n  deletion_protection = true\n}\n',
    "live/terraform.tfvars": "encrypted = true\n",
    "live/z.auto.tfvars": "encrypted = false\n",
    "live/tenant.txt": "mercy",
    "live/name.tftpl": "records-${stage}",
    "live/policy.json": json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}),
    "live/list/a.txt": "",
    "live/list/b.txt": "",
    "live/.terraform/modules/modules.json": json.dumps({"Modules": [{"Key": "far", "Dir": ".terraform/modules/far"}]}),
    "live/.terraform/modules/far/main.tf": 'resource "aws_efs_file_system" "far" {\n  encrypted = false\n}\n',
    "modules/store/main.tf": 'variable "encrypted" {}\nresource "aws_rds_cluster" "this" {\n  storage_encrypted = var.encrypted\n}\n',
    "modules/real/main.tf": 'resource "aws_dynamodb_table" "real" {\n  server_side_encryption { enabled = true }\n}\n',
    "other/main.tf": 'resource "aws_sqs_queue" "q" {}\n',
    "other/main.tofu": 'resource "aws_sns_topic" "t" {}\n',
    "other/phiward.yaml": "data_classes: {default: internal}\n",
    "broken/main.tf": 'resource "x" {\n',
    "broken/b.tf": "a = 1\n",
    "k8s/pod.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: mercy}\nspec:\n  containers:\n"
        "  - {name: app, image: registry.example/app, securityContext: {privileged: true}}\n"
    ),
    "k8s/values.yml": "replicas: 1\n",
    "k8s/chart/Chart.yaml": "name: chart\n",
    "k8s/chart/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\n",
    "k8s/base/kustomization.yaml": "resources: [pod.json]\n",
    "k8s/base/pod.json": json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c"}}),
    "cfn/root.yaml": (
        "Parameters: {Encrypted: {Type: String}}\nResources:\n"
        "  A: {Type: AWS::EC2::Volume, Properties: {Encrypted: !Ref Encrypted}}\n"
        "  B: {Type: AWS::EC2::Volume, Properties: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}}}\n"
        "  C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.template}}\n"
    ),
    "cfn/child.template": "Resources:\n  V: {Type: AWS::EC2::Volume, Properties: {Encrypted: true}}\n",
    "cfn/part.yaml": "Encrypted: true\n",
    "cfn/values.json": json.dumps([{"ParameterKey": "Encrypted", "ParameterValue": "true"}]),
    "cfn/given.json": json.dumps({"Parameters": {"Encrypted": "false"}}),
    "given.tfvars": "given = true\n",
    "plan.json": json.dumps(
        {
            "format_version": "1.2",
            "planned_values": {
                "root_module": {
                    "resources": [
                        {
                            "address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q",
                            "values": {"sqs_managed_sse_enabled": False},
                        }
                    ]
                }
            },
            "configuration": {"root_module": {"resources": [{"address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q"}]}},
        }
    ),
    "state.tfstate": json.dumps(
        {
            "version": 4,
            "resources": [
                {
                    "mode": "managed", "type": "aws_ebs_volume", "name": "s", "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
                    "instances": [{"attributes": {"encrypted": False, "id": "vol-1"}}],
                }
            ],
        }
    ),
}  # fmt: skip
"""A text for each file; links are made beside them."""


def make(top: Path) -> Path:
    """Write the repository; its directory."""
    for name, text in FILES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (top / ".git").mkdir(exist_ok=True)
    (top / "latin.tf").write_bytes(b'resource "aws_sqs_queue" "\xe9" {}\n')
    (top / "linked").symlink_to("modules/real")
    (top / "live" / "linked.tf").symlink_to("../more/linked.txt")  # leads nowhere
    return top
