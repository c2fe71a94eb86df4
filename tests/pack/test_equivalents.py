"""A check of another tool finds our rules however its id is written, and says why where none means the same."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from phiward.cli import phiward
from phiward.pack import load_pack
from phiward.pack.equivalents import by_equivalent, canonical


def listed(id_, *options):
    done = CliRunner().invoke(phiward, ["rules", "list", "--equivalent", id_, *options])
    assert done.exit_code == 0
    return done


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("CKV_AWS_16", "encryption-at-rest"),
        ("ckv_aws_16", "encryption-at-rest"),
        ("AVD-AWS-0080", "encryption-at-rest"),
        ("aws-0080", "encryption-at-rest"),
        ("aws-s3-block-public-acls", "bucket-public-access-block"),
        ("KSV-0012", "pod-run-as-non-root"),
        ("AVD-KSV-0012", "pod-run-as-non-root"),
        ("KSV012", "pod-run-as-non-root"),
        ("amazon_ec2/restricted_ssh.guard", "ingress-sensitive-ports"),
        ("Restricted_SSH", "ingress-sensitive-ports"),
        ("s3_bucket_secure_transport_policy", "bucket-tls-only"),
        ("rds-storage-encrypted", "encryption-at-rest"),
    ],
)
def test_an_id_is_found_however_it_is_written(written, rule):
    done = listed(written, "--format", "json")
    assert rule in [each["id"] for each in json.loads(done.stdout)]
    assert done.stderr == ""


def test_an_old_number_is_not_taken_for_a_new_one():
    assert canonical("AWS002") != canonical("AVD-AWS-0002")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("CKV_AWS_9999", "the check is not known here"),
        ("ckv_aws_145", "is content with a key that AWS manages, unlike customer-managed-key"),
        ("iam-root-mfa", "the check is not known here"),
        ("iam_root_hardware_mfa_enabled", "only the running account or cluster shows it"),
    ],
)
def test_where_no_rule_means_the_same_it_says_why(written, words):
    done = listed(written)
    assert done.stdout == ""
    assert words in done.stderr


def test_every_equivalent_is_found():
    pack = load_pack()
    found = by_equivalent(pack.rules)
    for rule in pack.rules:
        for ids in rule.equivalents.values():
            assert all(rule.id in found[canonical(id_)] for id_ in ids)
