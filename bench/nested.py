"""A tree of 70 module directories that call one another with `for_each`, seven levels deep.

    python bench/nested.py TENANTS some/directory

The root calls ten services for each tenant. Each service is a chain of seven modules, of which two call the next one
for each of two zones: 1 + 1 + 1 + 2 + 2 + 4 + 4 instances of a service for each tenant, with two resources in each.
"""

from __future__ import annotations

import sys
from pathlib import Path

SERVICES, LEVELS = 10, 7
_FORKS = (3, 5)
"""Levels that are there once for each zone."""
_PER_TENANT = SERVICES * sum(2 ** sum(fork <= level for fork in _FORKS) for level in range(1, LEVELS + 1))

_MODULE = """\
variable "name" { type = string }
variable "settings" {
  type = object({ retention = number, encrypted = bool, zones = map(string) })
}
variable "parent_key" { type = string }

locals {
  tags = { service = "SERVICE", level = "LEVEL", name = var.name }
}

resource "aws_kms_key" "this" {
  description         = "Key of ${var.name}"
  enable_key_rotation = true
  tags                = local.tags
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/SERVICE"
  retention_in_days = var.settings.retention
  kms_key_id        = var.settings.encrypted ? aws_kms_key.this.arn : var.parent_key
  tags              = merge(local.tags, { zones = join(",", values(var.settings.zones)) })
}

output "log_groups" {
  value = concat([aws_cloudwatch_log_group.this.name], NEXT)
}
"""
_CALL = """
module "next" {
  source   = "../SERVICE-NUMBER"
  for_each = KEYS

  name       = "${var.name}-${each.key}"
  settings   = var.settings
  parent_key = aws_kms_key.this.arn
}
"""
_ROOT = """\
variable "zones" {
  type    = map(string)
  default = { a = "eu-central-1a", b = "eu-central-1b" }
}

locals {
  tenants = { for i in range(TENANTS) : "clinic-${i}" => { retention = 365 + i, encrypted = i % 10 != 0 } }
}

resource "aws_kms_key" "root" {
  enable_key_rotation = true
}
"""
_SERVICE = """
module "SERVICE" {
  source   = "./modules/SERVICE-1"
  for_each = local.tenants

  name       = each.key
  settings   = merge(each.value, { zones = var.zones })
  parent_key = aws_kms_key.root.arn
}
"""


def generate(directory: Path, tenants: int) -> int:
    """Write the tree; the number of module instances, without the root."""
    directory.mkdir(parents=True)
    root = [_ROOT.replace("TENANTS", str(tenants))]
    for service in (f"service-{number}" for number in range(SERVICES)):
        root.append(_SERVICE.replace("SERVICE", service))
        for level in range(1, LEVELS + 1):
            _write_module(directory / "modules" / f"{service}-{level}", service, level)
    (directory / "main.tf").write_text("".join(root))
    return tenants * _PER_TENANT


def _write_module(directory: Path, service: str, level: int) -> None:
    last = level == LEVELS
    keys = "var.settings.zones" if level + 1 in _FORKS else 'toset(["only"])'
    text = _MODULE + ("" if last else _CALL)
    names = {
        "SERVICE": service,
        "LEVEL": str(level),
        "NUMBER": str(level + 1),
        "KEYS": keys,
        "NEXT": "[]" if last else "flatten([for part in module.next : part.log_groups])",
    }
    for name, value in names.items():
        text = text.replace(name, value)
    directory.mkdir(parents=True)
    (directory / "main.tf").write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: nested.py TENANTS DIRECTORY")
    print(f"{generate(Path(sys.argv[2]), int(sys.argv[1]))} instances of {SERVICES * LEVELS} modules")
