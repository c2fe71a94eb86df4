"""The list of eligible services: which entry a type belongs to, and what the list leaves open is not decided."""

from __future__ import annotations

import pytest

from phiward.model.value import Unknown
from phiward.pack.services import EligibleServices

LIST = EligibleServices(
    {
        "listed_on": "2026-05-22",
        "services": [
            {"service": "EC2", "terraform": ["aws_instance", "aws_ec2_"], "cloudformation": ["AWS::EC2::"]},
            {"service": "VPC", "terraform": ["aws_ec2_transit_gateway"], "cloudformation": ["AWS::EC2::VPC"]},
            {"service": "Lightsail", "covered": False, "terraform": ["aws_lightsail_"]},
            {"service": "Nameless"},
        ],
    }
)


@pytest.mark.parametrize(
    ("native", "dialect", "service"),
    [
        ("aws_instance", "terraform", "EC2"),
        ("aws_instance_state", "terraform", None),
        ("aws_ec2_host", "terraform", "EC2"),
        ("aws_ec2_transit_gateway", "terraform", "VPC"),
        ("aws_ec2_transit_gateway_route", "terraform", "EC2"),
        ("AWS::EC2::Instance", "cloudformation", "EC2"),
        ("AWS::EC2::VPC", "cloudformation", "VPC"),
        ("AWS::EC2::VPCEndpoint", "cloudformation", "EC2"),
        ("AWS::EC3::Instance", "cloudformation", None),
        ("aws_thing", "terraform", None),
        ("Pod", "kubernetes", None),
    ],
)
def test_the_longest_name_says_which_service_a_type_belongs_to(native, dialect, service):
    found = LIST.of(native, dialect)
    assert (found.name if found else None) == service


def eligibility(scan_files, text):
    report = scan_files({"main.tf": text}, rules=("service-eligible",))
    [finding] = [each for each in report.findings if each.verdict != "not-applicable"]
    return finding


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('resource "aws_dsql_cluster" "a" {}', "DSQL is a service of its own"),
        ('resource "aws_neptunegraph_graph" "a" {}', "Neptune Analytics is a service of its own"),
        ('resource "aws_elasticache_cluster" "a" { engine = "memcached" }', "names no engine"),
    ],
)
def test_what_the_list_may_mean_is_not_known(scan_files, text, words):
    finding = eligibility(scan_files, text)
    assert finding.verdict == "unknown"
    [evidence] = finding.evidence
    assert isinstance(evidence.observed, Unknown)
    assert words in evidence.observed.reason
    assert "2026-05-22, read second-hand" in evidence.observed.reason


def test_a_failure_names_the_service_and_the_date_of_the_list(scan_files):
    finding = eligibility(scan_files, 'resource "aws_lightsail_bucket" "a" {}')
    assert finding.verdict == "fail"
    assert (
        "Amazon Lightsail is not on the list of eligible services of 2026-05-22 (read second-hand)" in finding.message
    )


def test_a_type_that_no_service_claims_is_not_known(scan_files, pack, monkeypatch):
    monkeypatch.setattr(pack, "services", EligibleServices({"listed_on": "2030-01-01", "services": []}))
    finding = eligibility(scan_files, 'resource "aws_sqs_queue" "a" {}')
    assert finding.verdict == "unknown"
    assert "2030-01-01, read second-hand, names no service of aws_sqs_queue" in finding.evidence[0].observed.reason


def test_every_type_that_may_hold_phi_belongs_to_a_service_of_the_list(pack):
    kinds = set(pack.rule("service-eligible").select["kind"])
    rows = [row for row in pack.rows() if row.kinds & kinds and "service.name" in row.properties]
    assert len(rows) > 200
    unclaimed = [native for row in rows for native in row.native_types if not pack.services.of(native, row.dialect)]
    assert unclaimed == []
