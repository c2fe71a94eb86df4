"""What trails record, and how long log groups and audit buckets keep it, read from real Terraform text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phiward.graph.view import View
from tests.graph.properties import views_of
from tests.graph.undecided import Undecided

Read = Callable[[str, str], View]


@pytest.fixture
def view(tmp_path: Path) -> Read:
    return lambda text, address: views_of(tmp_path, text)[address]


# Trails

ALL_OBJECTS = 'data_resource {\n type = "AWS::S3::Object"\n values = ["arn:aws:s3"]\n}'


def selector(*lines: str) -> str:
    body = "\n".join(lines)
    return f"event_selector {{\n{body}\n}}"


def advanced(**fields: str) -> str:
    """An advanced event selector: `advanced(eventCategory='equals = ["Data"]')`; `__` stands for a dot."""
    body = "\n".join(
        f'field_selector {{\n field = "{name.replace("__", ".")}"\n {operator}\n}}' for name, operator in fields.items()
    )
    return f"advanced_event_selector {{\n{body}\n}}"


DATA = {"eventCategory": 'equals = ["Data"]', "resources__type": 'equals = ["AWS::S3::Object"]'}
MANAGEMENT = {"eventCategory": 'equals = ["Management"]'}


def trail(view: Read, body: str) -> View:
    text = f'variable "open" {{}}\nresource "aws_cloudtrail" "t" {{\n name = "t"\n s3_bucket_name = "b"\n{body}\n}}'
    return view(text, "aws_cloudtrail.t")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("", False, id="no selector"),
        pytest.param(selector(ALL_OBJECTS), True, id="every bucket"),
        pytest.param(selector('read_write_type = "ReadOnly"', ALL_OBJECTS), False, id="reads only"),
        pytest.param(
            selector('read_write_type = "ReadOnly"', ALL_OBJECTS)
            + "\n"
            + selector('read_write_type = "WriteOnly"', ALL_OBJECTS),
            True,
            id="reads in one selector, writes in another",
        ),
        pytest.param(selector("read_write_type = var.open", ALL_OBJECTS), Undecided("open"), id="mode not known"),
        pytest.param(
            selector('data_resource {\n type = "AWS::S3::Object"\n values = ["arn:aws:s3:::records/"]\n}'),
            Undecided("single buckets"),
            id="one bucket is named",
        ),
        pytest.param(
            selector('data_resource {\n type = "AWS::S3::Object"\n values = []\n}'),
            False,
            id="no bucket is named",
        ),
        pytest.param(
            selector('data_resource {\n type = "AWS::S3::Object"\n values = ["arn:aws-us-gov:s3:::"]\n}'),
            True,
            id="another partition",
        ),
        pytest.param(
            selector('data_resource {\n type = "AWS::S3::Object"\n values = ["arn:${var.open}:s3"]\n}'),
            True,
            id="a partition that is not known",
        ),
        pytest.param(
            selector('data_resource {\n type = "AWS::S3::Object"\n values = ["arn:${var.open}:s3:::records/"]\n}'),
            Undecided("single buckets"),
            id="one bucket in a partition that is not known",
        ),
        pytest.param(
            selector('data_resource {\n type = "AWS::Lambda::Function"\n values = ["arn:aws:lambda"]\n}'),
            False,
            id="functions",
        ),
        pytest.param(advanced(**DATA), True, id="advanced"),
        pytest.param(advanced(**DATA, readOnly='equals = ["true"]'), False, id="advanced, reads only"),
        pytest.param(
            advanced(**DATA, readOnly="equals = [var.open]"), Undecided("open"), id="advanced, mode not known"
        ),
        pytest.param(
            advanced(**DATA, resources__ARN='starts_with = ["arn:aws:s3:::"]'),
            True,
            id="advanced, every bucket",
        ),
        pytest.param(
            advanced(**DATA, resources__ARN='not_starts_with = ["arn:aws:s3:::logs"]'),
            Undecided("single buckets"),
            id="advanced, some buckets are left out",
        ),
        pytest.param(
            advanced(**DATA, eventName='equals = ["GetObject"]'),
            Undecided("narrowed"),
            id="advanced, some events only",
        ),
        pytest.param(advanced(**MANAGEMENT), False, id="advanced, management events"),
        pytest.param('event_selector = "everything"', Undecided("not a block"), id="no block at all"),
    ],
)
def test_data_events(view: Read, body: str, expected: Any) -> None:
    assert trail(view, body).property("trail.data_events") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("", True, id="no selector: all of them"),
        pytest.param(selector(ALL_OBJECTS), True, id="included by default"),
        pytest.param(selector("include_management_events = false"), False, id="left out"),
        pytest.param(selector("include_management_events = var.open"), Undecided("open"), id="not known"),
        pytest.param(selector('exclude_management_event_sources = ["kms.amazonaws.com"]'), False, id="without KMS"),
        pytest.param(selector("exclude_management_event_sources = []"), True, id="nothing excluded"),
        pytest.param(selector('read_write_type = "WriteOnly"'), False, id="writes only"),
        pytest.param(advanced(**DATA), None, id="advanced, data events alone"),
        pytest.param(selector("include_management_events = false", ALL_OBJECTS), None, id="data events alone"),
        pytest.param(advanced(**DATA) + "\n" + advanced(**MANAGEMENT), True, id="advanced, both"),
        pytest.param(
            advanced(**MANAGEMENT, eventSource='not_equals = ["kms.amazonaws.com"]'),
            False,
            id="advanced, without KMS",
        ),
        pytest.param(
            advanced(**MANAGEMENT, readOnly='equals = ["true"]')
            + "\n"
            + advanced(**MANAGEMENT, readOnly='equals = ["false"]'),
            True,
            id="advanced, reads and writes apart",
        ),
    ],
)
def test_management_events(view: Read, body: str, expected: Any) -> None:
    assert trail(view, body).property("trail.management_events") == expected


# Log groups and builds


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", 0),
        ("retention_in_days = 30", 30),
        ('retention_in_days = "2192"', 2192),
        ('log_group_class = "DELIVERY"', 2),
        ('log_group_class = "DELIVERY"\nretention_in_days = 0', 2),
        ('log_group_class = "INFREQUENT_ACCESS"\nretention_in_days = 365', 365),
        ("log_group_class = var.open\nretention_in_days = 365", Undecided("open")),
        ("retention_in_days = var.open", Undecided("open")),
        ("retention_in_days = 1.5", Undecided("whole number")),
        ("retention_in_days = [30]", Undecided("whole number")),
    ],
)
def test_log_group_retention(view: Read, body: str, expected: Any) -> None:
    text = f'variable "open" {{}}\nresource "aws_cloudwatch_log_group" "g" {{\n{body}\n}}'
    assert view(text, "aws_cloudwatch_log_group.g").property("logs.retention_days") == expected


@pytest.mark.parametrize(
    ("cloudwatch", "bucket", "expected"),
    [
        (None, None, True),
        ('"DISABLED"', None, False),
        ('"DISABLED"', '"ENABLED"', True),
        ("var.open", None, Undecided("open")),
        ("var.open", '"ENABLED"', True),
    ],
)
def test_build_logs(view: Read, cloudwatch: str, bucket: str, expected: Any) -> None:
    parts = {"cloudwatch_logs": cloudwatch, "s3_logs": bucket}
    body = "\n".join(f"{name} {{\n status = {status}\n}}" for name, status in parts.items() if status)
    text = f'variable "open" {{}}\nresource "aws_codebuild_project" "p" {{\n logs_config {{\n{body}\n}}\n}}'
    assert view(text, "aws_codebuild_project.p").property("logs.enabled") == expected


# Audit buckets

BUCKET = 'variable "open" {}\nresource "aws_s3_bucket" "b" {\n bucket = "records"\n}\n'


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        pytest.param("", None, id="nothing is delivered"),
        pytest.param('resource "aws_cloudtrail" "t" {\n s3_bucket_name = aws_s3_bucket.b.id\n}', "audit", id="a trail"),
        pytest.param('resource "aws_cloudtrail" "t" {\n s3_bucket_name = "records"\n}', "audit", id="a trail, by name"),
        pytest.param(
            'resource "aws_cloudtrail" "t" {\n s3_bucket_name = "others"\n}',
            None,
            id="another bucket's trail",
        ),
        pytest.param(
            'resource "aws_flow_log" "f" {\n log_destination = aws_s3_bucket.b.arn\n}',
            "audit",
            id="a flow log",
        ),
        pytest.param(
            'resource "aws_config_delivery_channel" "c" {\n s3_bucket_name = aws_s3_bucket.b.id\n}',
            "delivery",
            id="configuration history cannot be delivered under a lock",
        ),
        pytest.param(
            'resource "aws_cloudtrail" "t" {\n s3_bucket_name = var.open\n}',
            Undecided("open"),
            id="a trail to somewhere",
        ),
    ],
)
def test_bucket_role(view: Read, rest: str, expected: Any) -> None:
    assert view(BUCKET + rest, "aws_s3_bucket.b").property("logs.role") == expected


@pytest.mark.parametrize("data_class", ["audit", "evidence"])
def test_a_bucket_marked_as_evidence_is_an_audit_bucket(view: Read, data_class: str) -> None:
    text = f'resource "aws_s3_bucket" "b" {{\n tags = {{ data-class = "{data_class}" }}\n}}'
    assert view(text, "aws_s3_bucket.b").property("logs.role") == "audit"


def lifecycle(*rules: str) -> str:
    body = "\n".join(f"rule {{\n{rule}\n}}" for rule in rules)
    return f'resource "aws_s3_bucket_lifecycle_configuration" "l" {{\n bucket = aws_s3_bucket.b.id\n{body}\n}}'


ON = 'status = "Enabled"\n'


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        pytest.param("", None, id="no lifecycle"),
        pytest.param(lifecycle(ON + "expiration {\n days = 30\n}"), 30, id="one rule"),
        pytest.param(
            lifecycle(ON + "expiration {\n days = 90\n}", ON + 'prefix = "a/"\nexpiration {\n days = 30\n}'),
            30,
            id="the earliest of two",
        ),
        pytest.param(lifecycle('status = "Disabled"\nexpiration {\n days = 30\n}'), None, id="disabled"),
        pytest.param(
            lifecycle(ON + 'filter {\n tag {\n key = "tmp"\n value = "1"\n}\n}\nexpiration {\n days = 1\n}'),
            None,
            id="tagged objects only",
        ),
        *(
            pytest.param(lifecycle(ON + f"{narrowed}\nexpiration {{\n days = 1\n}}"), Undecided("open"), id=name)
            for name, narrowed in (
                ("tags not known", "filter {\n and {\n tags = var.open\n}\n}"),
                ("perhaps a tag", 'filter {\ndynamic "tag" {\nfor_each = var.open\ncontent {\n}\n}\n}'),
                ("perhaps a filter", 'dynamic "filter" {\nfor_each = var.open\ncontent {\n}\n}'),
            )
        ),
        pytest.param(
            lifecycle(ON + 'filter {\n and {\n tags = { tmp = "1" }\n}\n}\nexpiration {\n days = 1\n}'),
            None,
            id="tagged objects below a prefix",
        ),
        pytest.param(
            lifecycle(ON + "filter {\n object_size_greater_than = 1\n}\nexpiration {\n days = 1\n}"),
            1,
            id="objects of a size",
        ),
        pytest.param(
            lifecycle(ON + "noncurrent_version_expiration {\n noncurrent_days = 1\n}"),
            None,
            id="old versions",
        ),
        pytest.param(lifecycle(ON + "expiration {\n expired_object_delete_marker = true\n}"), None, id="markers only"),
        pytest.param(
            lifecycle(ON + 'expiration {\n date = "2040-01-01T00:00:00Z"\n}'),
            Undecided("fixed date"),
            id="a date",
        ),
        pytest.param(lifecycle(ON + "expiration {\n days = var.open\n}"), Undecided("open"), id="days not known"),
        pytest.param(
            lifecycle("status = var.open\nexpiration {\n days = 30\n}"),
            Undecided("open"),
            id="status not known",
        ),
    ],
)
def test_expiration(view: Read, rest: str, expected: Any) -> None:
    assert view(BUCKET + rest, "aws_s3_bucket.b").property("lifecycle.expires_after_days") == expected


@pytest.mark.parametrize(("enabled", "expected"), [("true", 5), ("false", None)])
def test_expiration_written_inside_the_bucket(view: Read, enabled: str, expected: int | None) -> None:
    text = f'resource "aws_s3_bucket" "b" {{\nlifecycle_rule {{\n enabled = {enabled}\nexpiration {{\n days = 5\n}}\n}}\n}}'
    assert view(text, "aws_s3_bucket.b").property("lifecycle.expires_after_days") == expected


@pytest.mark.parametrize(
    ("retention", "expected"),
    [("days = 30", 30), ("years = 6", 2190), ("years = var.open", Undecided("open")), ("", None)],
)
def test_lock_days(view: Read, retention: str, expected: Any) -> None:
    rule = f'rule {{\n default_retention {{\n mode = "COMPLIANCE"\n{retention}\n}}\n}}'
    beside = f'resource "aws_s3_bucket_object_lock_configuration" "l" {{\n bucket = aws_s3_bucket.b.id\n{rule}\n}}'
    assert view(BUCKET + beside, "aws_s3_bucket.b").property("worm.days") == expected
    inside = (
        'variable "open" {}\nresource "aws_s3_bucket" "b" {\n'
        f'object_lock_configuration {{\n object_lock_enabled = "Enabled"\n{rule}\n}}\n}}'
    )
    assert view(inside, "aws_s3_bucket.b").property("worm.days") == expected
