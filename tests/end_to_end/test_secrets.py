"""What is marked as sensitive, and what is a password by its name, stands in no output of any format or of `explain`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from harness import FORMATS, command, environment, write_tree

MARKED, WRITTEN, WRAPPED, GIVEN, DERIVED = (
    "s3cr3t-marked",
    "s3cr3t-written",
    "s3cr3t-wrapped",
    "s3cr3t-given",
    "s3cr3t-derived",
)
SECRETS = (MARKED, WRITTEN, WRAPPED, GIVEN, DERIVED)
MAIN = f"""
variable "marked" {{
  default   = "{MARKED}"
  sensitive = true
}}
variable "given" {{
  sensitive = true
}}
variable "nested" {{
  sensitive = true
  default   = {{ protocol = "{MARKED}", ports = ["{MARKED}"], key = {{ arn = "{MARKED}" }} }}
}}
locals {{
  wrapped = sensitive("{WRAPPED}")
  upper   = lower(upper(var.marked))
  joined  = join("-", ["x", var.given, local.wrapped])
  json    = jsonencode({{ user = "app", password = var.marked, list = [var.given] }})
  split   = split("-", local.joined)
  each    = [for one in [var.marked, var.given] : "${{one}}!"]
}}
resource "aws_db_instance" "a" {{
  password            = "{WRITTEN}"
  master_password     = var.marked
  engine              = var.marked
  storage_encrypted   = local.upper
  kms_key_id          = "prefix-${{var.given}}"
  identifier          = local.joined
  publicly_accessible = var.nested.protocol
  tags                = {{ tenant = var.marked, data-class = var.given, note = local.wrapped, (var.marked) = "key" }}
}}
resource "aws_lb_listener" "a" {{
  protocol   = var.nested.protocol
  ssl_policy = local.each[0]
}}
resource "aws_cloudwatch_log_group" "a" {{
  retention_in_days = var.given
  name              = local.json
  kms_key_id        = nonsensitive("public") == "public" ? var.nested.key.arn : null
}}
resource "aws_s3_bucket" "a" {{
  bucket = local.split[1]
}}
resource "aws_s3_bucket_policy" "a" {{
  bucket = aws_s3_bucket.a.id
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", Principal = "*", Action = var.marked, Resource = local.json }}] }})
}}
resource "aws_security_group" "a" {{
  ingress {{
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = [var.marked, "0.0.0.0/0", "${{var.marked}}.${{aws_eip.a.public_ip}}/32"]
    description = var.given
  }}
}}
resource "aws_eip" "a" {{}}
resource "aws_rds_cluster" "a" {{
  enabled_cloudwatch_logs_exports = ["${{var.given}}-${{aws_eip.a.public_ip}}", "audit"]
  kms_key_id                      = "${{var.marked}}-${{aws_eip.a.public_ip}}"
}}
resource "aws_secretsmanager_secret_version" "a" {{
  secret_string = "{WRITTEN}"
}}
resource "aws_ssm_parameter" "a" {{
  name  = "x"
  type  = "SecureString"
  value = "{WRITTEN}"
}}
resource "aws_elasticache_replication_group" "a" {{
  auth_token                 = "{WRITTEN}"
  transit_encryption_enabled = false
}}
resource "aws_codebuild_project" "a" {{
  environment {{
    environment_variable {{
      name  = "DB_PASSWORD"
      value = "{WRITTEN}"
    }}
  }}
}}
resource "aws_sqs_queue" "a" {{
  for_each = toset([var.marked])
  name     = each.key
}}
module "child" {{
  source = "./child"
  token  = var.marked
}}
output "o" {{
  value     = "{DERIVED}"
  sensitive = true
}}
"""
CHILD = """
variable "token" {
  sensitive = true
}
resource "aws_db_instance" "a" {
  storage_encrypted = var.token
  kms_key_id        = "x${var.token}y"
}
output "echo" {
  value = var.token
}
"""


def lines_with(text: str, secret: str) -> list[str]:
    return [line for line in text.splitlines() if secret in line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_tree(tmp_path_factory.mktemp("secrets"), {"main.tf": MAIN, "child/main.tf": CHILD})


@pytest.fixture(scope="module")
def outputs(folder) -> dict[str, str]:
    pairs = [part for name in FORMATS for part in ("--format", name, "--output", f"out.{name}")]
    run = {"capture_output": True, "text": True, "cwd": folder, "env": environment(TF_VAR_given=GIVEN)}
    done = subprocess.run(command("scan", ".", "--verbose", *pairs), **run)
    assert (done.returncode, done.stderr) == (1, ""), done.stderr
    return {name: (folder / f"out.{name}").read_text() for name in FORMATS}


@pytest.mark.parametrize("secret", [MARKED, GIVEN, WRAPPED, WRITTEN, DERIVED])
@pytest.mark.parametrize("name", FORMATS)
def test_no_secret_stands_in_a_report(outputs, name, secret):
    assert lines_with(outputs[name], secret) == []


def test_no_secret_stands_in_the_cache(folder, tmp_path):
    run = {"capture_output": True, "text": True, "cwd": folder}
    kept = environment(TF_VAR_given=GIVEN, PHIWARD_NO_CACHE="", PHIWARD_CACHE_DIR=str(tmp_path / "cache"))
    done = [subprocess.run(command("scan", ".", "--var", f"none={DERIVED}"), env=kept, **run) for _ in range(2)]
    assert done[0].stdout == done[1].stdout
    [entry] = (tmp_path / "cache").iterdir()
    text = entry.read_bytes().decode("latin-1") + entry.name
    assert "aws_db_instance.a" in text
    assert {secret: secret in text for secret in SECRETS} == dict.fromkeys(SECRETS, False)


ADDRESSES = (
    "aws_db_instance.a", "aws_lb_listener.a", "aws_cloudwatch_log_group.a", "aws_s3_bucket.a", "aws_security_group.a",
    "aws_secretsmanager_secret_version.a", "aws_ssm_parameter.a", "aws_elasticache_replication_group.a",
    "aws_codebuild_project.a", "aws_rds_cluster.a", "module.child.aws_db_instance.a",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_secret_stands_in_an_explanation(folder, phiward, address):
    for form in ("text", "json"):
        done = phiward("explain", address, ".", "--format", form, cwd=folder, TF_VAR_given=GIVEN)
        assert done.returncode == 0, done.stderr
        shown = {secret: lines_with(done.stdout, secret) for secret in SECRETS}
        assert shown == {secret: [] for secret in SECRETS}


def test_a_sensitive_value_is_judged_all_the_same(scan):
    text = 'variable "on" {\n  sensitive = true\n  default = %s\n}\nresource "aws_db_instance" "a" {\n  storage_encrypted = var.on\n}\n'
    assert scan({"main.tf": text % '"true"'}).verdicts == {"aws_db_instance.a": "pass"}
    assert scan({"main.tf": text % '"false"'}).verdicts == {"aws_db_instance.a": "fail"}


SPELLED = "c0rrect-horse"
SCRIPTS = f"""
resource "aws_instance" "one_line" {{ user_data = "export DB_PASSWORD={SPELLED}" }}
resource "aws_launch_template" "encoded" {{ user_data = base64encode("db_password: {SPELLED}") }}
"""


@pytest.mark.parametrize("format_", FORMATS)
def test_a_secret_that_a_script_spells_out_is_in_no_report(format_: str, tmp_path: Path) -> None:
    """Every finding about the resource quotes its opening line, not only the one about the secret."""
    write_tree(tmp_path, {"main.tf": SCRIPTS})
    done = subprocess.run(
        command("scan", ".", "--format", format_, "--verbose"),
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "aws_instance.one_line" in done.stdout
    assert SPELLED not in done.stdout + done.stderr


@pytest.mark.parametrize("address", ["aws_instance.one_line", "aws_launch_template.encoded"])
def test_a_secret_that_a_script_spells_out_is_not_explained(address: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"main.tf": SCRIPTS})
    done = subprocess.run(
        command("explain", address, "."), cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "user_data" in done.stdout
    assert SPELLED not in done.stdout
    assert "ZGJfcGFzc3dvcmQ6" not in done.stdout  # the same in Base64
