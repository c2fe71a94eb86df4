"""Side resources of what is declared elsewhere answer for themselves, and for nothing else."""

from __future__ import annotations

import pytest

from phiward.model.finding import Verdict

OPEN = 'type = "ingress"\n protocol = "tcp"\n from_port = 22\n to_port = 22\n cidr_blocks = ["0.0.0.0/0"]'
PUBLIC = 'policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "*", Resource = "*" }] })'


def verdicts(report):
    return {
        (f.subject.address, f.rule.id): f.verdict
        for f in report.findings
        if f.verdict is not Verdict.NOT_APPLICABLE and not f.subject.type.startswith("scope.")
    }


@pytest.mark.parametrize("group", ['"sg-0abc"', "var.group", "data.aws_security_group.g.id"])
def test_a_rule_of_a_group_of_another_root_is_judged(scan_files, group):
    text = (
        f'variable "group" {{}}\nresource "aws_security_group_rule" "r" {{\n security_group_id = {group}\n {OPEN}\n}}'
    )
    found = verdicts(scan_files({"main.tf": text}, rules=("ingress-sensitive-ports",)))
    assert found == {("aws_security_group_rule.r", "ingress-sensitive-ports"): Verdict.FAIL}


def test_a_rule_of_a_declared_group_is_that_groups(scan_files):
    text = f"""
    resource "aws_security_group" "g" {{}}
    resource "aws_security_group_rule" "r" {{
      security_group_id = aws_security_group.g.id
      {OPEN}
    }}
    """
    found = verdicts(scan_files({"main.tf": text}, rules=("ingress-sensitive-ports",)))
    assert found == {("aws_security_group.g", "ingress-sensitive-ports"): Verdict.FAIL}


def test_a_part_does_not_answer_for_what_it_does_not_decide(scan_files):
    text = f'resource "aws_s3_bucket_policy" "p" {{\n bucket = "other"\n {PUBLIC}\n}}'
    found = verdicts(scan_files({"main.tf": text}))
    assert found == {
        ("aws_s3_bucket_policy.p", "bucket-not-public"): Verdict.UNKNOWN,
        ("aws_s3_bucket_policy.p", "bucket-tls-only"): Verdict.FAIL,
    }


def test_a_domains_policy_alone_does_not_say_whether_it_is_open(scan_files):
    text = f'resource "aws_opensearch_domain_policy" "p" {{\n domain_name = "other"\n {PUBLIC}\n}}'
    assert verdicts(scan_files({"main.tf": text}, rules=("policy-not-public",))) == {}


def test_it_is_a_resource_with_a_tenant_and_a_place_of_its_own(scan_files):
    text = 'resource "aws_kms_key_policy" "p" {\n key_id = "x"\n ' + PUBLIC + "\n}"
    (finding,) = scan_files({"main.tf": text}, rules=("policy-not-public",)).findings
    assert finding.subject.native_type == "aws_kms_key_policy"
    assert finding.subject.type == "aws.kms.key"
    assert (finding.location.path, finding.location.span.line) == ("main.tf", 3)


def test_in_templates_too(scan_files):
    rule = "{GroupId: !ImportValue group, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}"
    text = f"Resources:\n  Open:\n    Type: AWS::EC2::SecurityGroupIngress\n    Properties: {rule}\n"
    found = verdicts(scan_files({"template.yaml": text}))
    assert found == {
        ("Open", "ingress-sensitive-ports"): Verdict.FAIL,
        ("Open", "ingress-public-ports"): Verdict.FAIL,
        ("Open", "ingress-all-ports"): Verdict.PASS,
    }


def test_what_another_part_may_stop_is_not_known(scan_files):
    entry = 'network_acl_id = "acl-1"\n protocol = "-1"\n cidr_block = "0.0.0.0/0"\n'
    text = f"""
    resource "aws_network_acl_rule" "first" {{
      {entry}
      rule_number = 90
      rule_action = "deny"
    }}
    resource "aws_network_acl_rule" "second" {{
      {entry}
      rule_number = 100
      rule_action = "allow"
    }}
    """
    found = verdicts(scan_files({"main.tf": text}, rules=("network-acl-all-ports",)))
    assert found == {
        ("aws_network_acl_rule.first", "network-acl-all-ports"): Verdict.PASS,
        ("aws_network_acl_rule.second", "network-acl-all-ports"): Verdict.UNKNOWN,
    }


def test_a_policy_that_lets_in_nobody_passes_by_itself(scan_files):
    text = 'resource "aws_s3_bucket_policy" "p" {\n bucket = "other"\n policy = jsonencode({ Statement = [] })\n}'
    found = verdicts(scan_files({"main.tf": text}, rules=("bucket-not-public",)))
    assert found == {("aws_s3_bucket_policy.p", "bucket-not-public"): Verdict.PASS}
