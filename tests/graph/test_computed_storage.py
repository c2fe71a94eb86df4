"""Who reaches a bucket, past which settings; what encrypts disks, snapshots and images."""

from __future__ import annotations

import pytest

from phiward.model.value import Unknown
from tests.graph.properties import read

BUCKET = 'resource "aws_s3_bucket" "a" {\n  bucket = "records"\n}\n'
OPEN_POLICY = """resource "aws_s3_bucket_policy" "a" {
  bucket = aws_s3_bucket.a.id
  policy = jsonencode({ Statement = [{ Sid = "Open", Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "*" }] })
}
"""
OPEN_ACL = 'resource "aws_s3_bucket_acl" "a" {\n  bucket = "records"\n  acl = "public-read"\n}\n'
GRANT = """resource "aws_s3_bucket_acl" "a" {
  bucket = aws_s3_bucket.a.id
  access_control_policy {
    grant {
      permission = "FULL_CONTROL"
      grantee {
        type = "CanonicalUser"
        id   = "0123"
      }
    }
    grant {
      permission = "READ"
      grantee {
        type = "Group"
        uri  = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
      }
    }
  }
}
"""


def block(scope="bucket", **settings):
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    if scope == "account":
        return f'resource "aws_s3_account_public_access_block" "b" {{\n{lines}\n}}\n'
    return f'resource "aws_s3_bucket_public_access_block" "b" {{\nbucket = aws_s3_bucket.a.id\n{lines}\n}}\n'


ENFORCED = """resource "aws_s3_bucket_ownership_controls" "a" {
  bucket = aws_s3_bucket.a.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}
"""


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ("", False),
        (OPEN_ACL, True),
        (GRANT, True),
        (OPEN_POLICY, True),
        (OPEN_ACL + ENFORCED, False),
        (OPEN_POLICY + ENFORCED, True),
        (OPEN_ACL + block(ignore_public_acls="true"), False),
        (OPEN_ACL + block(block_public_acls="true"), "unknown"),
        (OPEN_ACL + block(restrict_public_buckets="true"), True),
        (OPEN_POLICY + block(restrict_public_buckets="true"), False),
        (OPEN_POLICY + block(restrict_public_buckets="false"), True),
        (OPEN_POLICY + block(block_public_policy="true"), "unknown"),
        (OPEN_POLICY + block(restrict_public_buckets="var.v"), "unknown"),
        (OPEN_POLICY + block("account", restrict_public_buckets="true"), False),
        (OPEN_POLICY + OPEN_ACL + block("account", restrict_public_buckets="true"), True),
        (OPEN_POLICY + block("account", restrict_public_buckets="true", count="var.n") + 'variable "n" {}', "unknown"),
        (OPEN_POLICY.replace('"*", Action', "var.v, Action"), "unknown"),
        (OPEN_POLICY.replace('"*", Action', "var.v, Action") + block(restrict_public_buckets="true"), False),
    ],
)
def test_public_buckets(tmp_path, beside, expected):
    assert read(tmp_path, 'variable "v" {}\n' + BUCKET + beside, "access.public", "aws_s3_bucket.a") == expected


@pytest.mark.parametrize("acl", ["public-read-write", "authenticated-read", "PUBLIC-READ"])
def test_older_inline_acls(tmp_path, acl):
    assert read(tmp_path, f'resource "aws_s3_bucket" "a" {{\nacl = "{acl}"\n}}', "access.public") is True


def test_what_makes_it_public_is_named(tmp_path):
    found = read(tmp_path, BUCKET + OPEN_ACL + OPEN_POLICY, "access.public_statements", "aws_s3_bucket.a")
    assert found == ["ACL", 'statement "Open"']


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ("", "service"),
        ('sse_algorithm = "AES256"', "service"),
        ('sse_algorithm = "aws:kms"', "aws"),
        ('sse_algorithm = "aws:kms"\nkms_master_key_id = "alias/aws/s3"', "aws"),
        ('sse_algorithm = "aws:kms:dsse"\nkms_master_key_id = aws_kms_key.k.arn', "customer"),
        ('sse_algorithm = "AES256"\nkms_master_key_id = aws_kms_key.k.arn', "service"),
        ("sse_algorithm = var.v\nkms_master_key_id = aws_kms_key.k.arn", "unknown"),
        ('sse_algorithm = "aws:kms"\nkms_master_key_id = var.v', "unknown"),
    ],
)  # fmt: skip
def test_bucket_keys(tmp_path, beside, expected):
    text = 'variable "v" {}\nresource "aws_kms_key" "k" {}\n' + BUCKET
    if beside:
        text += f"""resource "aws_s3_bucket_server_side_encryption_configuration" "a" {{
          bucket = aws_s3_bucket.a.id
          rule {{
            apply_server_side_encryption_by_default {{
              {beside}
            }}
          }}
        }}"""
    assert read(tmp_path, text, "encryption.key", "aws_s3_bucket.a") == expected
    assert read(tmp_path, text, "encryption.declared", "aws_s3_bucket.a") is bool(beside)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BUCKET, False),
        ('resource "aws_s3_bucket" "a" {\nobject_lock_enabled = true\n}', True),
        (
            BUCKET
            + 'resource "aws_s3_bucket_object_lock_configuration" "l" {\nbucket = aws_s3_bucket.a.id\n'
            + 'rule {\ndefault_retention {\nmode = "COMPLIANCE"\nyears = 6\n}\n}\n}',
            True,
        ),
    ],
)
def test_object_lock(tmp_path, text, expected):
    assert read(tmp_path, text, "worm.enabled", "aws_s3_bucket.a") is expected


def test_object_lock_mode_and_days(tmp_path):
    text = (
        BUCKET
        + 'resource "aws_s3_bucket_object_lock_configuration" "l" {\nbucket = aws_s3_bucket.a.id\n'
        + 'rule {\ndefault_retention {\nmode = "COMPLIANCE"\ndays = 2192\n}\n}\n}'
    )
    assert read(tmp_path, text, "worm.mode", "aws_s3_bucket.a") == "COMPLIANCE"
    assert read(tmp_path, text, "worm.days", "aws_s3_bucket.a") == 2192


def access_point(body=""):
    return f"""resource "aws_s3_access_point" "p" {{
      bucket = "records"
      policy = jsonencode({{ Statement = [{{ Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "*" }}] }})
      {body}
    }}"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", False),
        ("public_access_block_configuration {\nrestrict_public_buckets = false\n}", True),
        (
            'public_access_block_configuration {\nrestrict_public_buckets = false\n}\nvpc_configuration {\nvpc_id = "vpc-1"\n}',
            False,
        ),
    ],
)
def test_access_points(tmp_path, body, expected):
    assert read(tmp_path, access_point(body), "access.public") is expected


# Disks


def disks(directory, text, address="aws_instance.a"):
    found = read(directory, 'variable "v" {}\n' + text, "encryption.volumes", address)
    if found == "unknown":
        return found
    return {
        device["name"]: "unknown" if isinstance(device["encrypted"], Unknown) else device["encrypted"]
        for device in found
    }


PERHAPS_ON = 'variable "n" {}\nresource "aws_ebs_encryption_by_default" "d" {\ncount = var.n\n}\n'
DEFAULT_ON = 'resource "aws_ebs_encryption_by_default" "d" {}\n'
TEMPLATE = """resource "aws_launch_template" "t" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = true
    }
  }
  block_device_mappings {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }
}
"""


SNAPSHOT = """resource "aws_ebs_volume" "v" {
  encrypted = true
}
resource "aws_ebs_snapshot" "s" {
  volume_id = aws_ebs_volume.v.id
}
"""
FROM_SNAPSHOT = """resource "aws_instance" "a" {
  ebs_block_device {
    device_name = "/dev/sdf"
    snapshot_id = aws_ebs_snapshot.s.id
  }
}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource "aws_instance" "a" {}', {"root": False}),
        ('resource "aws_instance" "a" {\nroot_block_device {\nencrypted = "true"\n}\n}', {"root": True}),
        ('resource "aws_instance" "a" {\nroot_block_device {\nencrypted = var.v\n}\n}', {"root": "unknown"}),
        (DEFAULT_ON + 'resource "aws_instance" "a" {}', {"root": True}),
        (DEFAULT_ON.replace("{}", "{\nenabled = false\n}") + 'resource "aws_instance" "a" {}', {"root": False}),
        (PERHAPS_ON + 'resource "aws_instance" "a" {}', {"root": "unknown"}),
        (
            'resource "aws_instance" "a" {\nebs_block_device {\ndevice_name = "/dev/sdf"\nsnapshot_id = "snap-1"\n}\n}',
            {"root": False, "/dev/sdf": "unknown"},
        ),
        (SNAPSHOT + FROM_SNAPSHOT, {"root": False, "/dev/sdf": True}),
        (SNAPSHOT.replace("true", "false") + FROM_SNAPSHOT, {"root": False, "/dev/sdf": False}),
        (
            'resource "aws_ami_copy" "c" {\nencrypted = true\n}\nresource "aws_instance" "a" {\nami = aws_ami_copy.c.id\n}',
            {"root": True},
        ),
        (
            TEMPLATE + 'resource "aws_instance" "a" {\nlaunch_template {\nid = aws_launch_template.t.id\n}\n}',
            {"/dev/xvda": True},
        ),
        (
            TEMPLATE.replace("true", "false")
            + 'resource "aws_instance" "a" {\nroot_block_device {\nencrypted = true\n}\n'
            + "launch_template {\nid = aws_launch_template.t.id\n}\n}",
            {"root": True},
        ),
        ('resource "aws_instance" "a" {\nlaunch_template {\nid = "lt-1"\n}\n}', "unknown"),
    ],
)
def test_disks_of_machines(tmp_path, text, expected):
    assert disks(tmp_path, text) == expected


def test_disks_of_templates_leave_ephemeral_ones_out(tmp_path):
    assert disks(tmp_path, TEMPLATE, "aws_launch_template.t") == {"/dev/xvda": True}


@pytest.mark.parametrize(
    ("body", "expected"), [("", "unknown"), ('image_id = "ami-1"', False), ("image_id = aws_ami_copy.c.id", True)]
)
def test_a_template_without_disks_follows_its_image(tmp_path, body, expected):
    text = 'resource "aws_ami_copy" "c" {\nencrypted = true\n}\n'
    text += f'resource "aws_launch_template" "t" {{\n{body}\n}}'
    assert disks(tmp_path, text, "aws_launch_template.t") == {"root": expected}


@pytest.mark.parametrize(
    ("text", "address", "expected"),
    [
        ('resource "aws_ebs_volume" "a" {}', "aws_ebs_volume.a", False),
        (DEFAULT_ON + 'resource "aws_ebs_volume" "a" {}', "aws_ebs_volume.a", True),
        ('resource "aws_ebs_volume" "a" {\nsnapshot_id = "snap-1"\n}', "aws_ebs_volume.a", "unknown"),
        ('resource "aws_ebs_volume" "a" {\nsnapshot_id = "snap-1"\nencrypted = true\n}', "aws_ebs_volume.a", True),
        (
            (
                'resource "aws_ebs_volume" "v" {\nencrypted = true\n}\nresource "aws_ebs_snapshot" "s" {\nvolume_id = aws_ebs_volume.v.id\n}\n'
                'resource "aws_ebs_snapshot_copy" "c" {\nsource_snapshot_id = aws_ebs_snapshot.s.id\n}'
            ),
            "aws_ebs_snapshot_copy.c",
            True,
        ),
        ('resource "aws_ami" "a" {}', "aws_ami.a", "unknown"),
        ('resource "aws_ami" "a" {\nebs_block_device {\ndevice_name = "x"\nencrypted = true\n}\n}', "aws_ami.a", True),
        ('resource "aws_ami_copy" "a" {\nsource_ami_id = "ami-1"\n}', "aws_ami_copy.a", "unknown"),
    ],
)
def test_volumes_snapshots_and_images(tmp_path, text, address, expected):
    assert read(tmp_path, text, "encryption.at_rest", address) == expected
