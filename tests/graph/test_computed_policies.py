"""Whether a bucket's policy refuses plain HTTP: exact semantics, case by case."""

from __future__ import annotations

import json

import pytest

from tests.graph.properties import read

PLAIN = {"Bool": {"aws:SecureTransport": "false"}}
BOTH = ["arn:aws:s3:::records", "arn:aws:s3:::records/*"]


def requires_tls(directory, *entries, bucket='"records"', variables=""):
    policy = json.dumps({"Statement": list(entries)})
    text = f"""
    {variables}
    resource "aws_s3_bucket" "a" {{
      bucket = {bucket}
    }}
    resource "aws_s3_bucket_policy" "a" {{
      bucket = aws_s3_bucket.a.id
      policy = {json.dumps(policy) if not variables else "jsonencode(" + policy + ")"}
    }}
    """
    return read(directory, text, "access.requires_tls", "aws_s3_bucket.a")


def deny(**elements):
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BOTH, "Condition": PLAIN, **elements}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (deny(), True),
        (deny(Principal={"AWS": "*"}), True),
        (deny(Action="*"), True),
        (deny(Action=["S3:*"]), True),
        (deny(Resource="*"), True),
        (deny(Resource="arn:aws:s3:::records*"), True),
        (deny(Condition={"BoolIfExists": {"aws:securetransport": [False]}}), True),
        (deny(Condition={**PLAIN, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}), True),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}}), True),
        (deny(Condition={"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}}), True),
        (deny(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}), "unknown"),
        (deny(Condition={}), True),
        (deny(Condition={"Bool": {"aws:SecureTransport": "true"}}), False),
        (deny(Condition={**PLAIN, "StringEquals": {"aws:PrincipalAccount": "111122223333"}}), False),
        (deny(Principal={"AWS": "arn:aws:iam::111122223333:root"}), False),
        (deny(Principal=None, NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"}), False),
        (deny(Action=["s3:GetObject", "s3:PutObject"]), False),
        (deny(Action=None, NotAction="s3:ListBucket"), False),
        (deny(Resource="arn:aws:s3:::records"), False),
        (deny(Resource="arn:aws:s3:::records/*"), False),
        (deny(Resource=["arn:aws:s3:::records", "arn:aws:s3:::records/phi/*"]), False),
        (deny(Effect="Allow", Condition={"Bool": {"aws:SecureTransport": "true"}}), False),
    ],
)
def test_denies(tmp_path, entry, expected):
    assert requires_tls(tmp_path, {k: v for k, v in entry.items() if v is not None}) == expected


def test_two_statements_cover_together(tmp_path):
    assert requires_tls(tmp_path, deny(Resource=BOTH[0]), deny(Resource=BOTH[1])) is True


def test_no_policy(tmp_path):
    assert read(tmp_path, 'resource "aws_s3_bucket" "a" {}', "access.requires_tls") is False


def test_an_undecided_name_is_recognised_where_the_policy_repeats_it(tmp_path):
    entry = deny(Resource=["arn:aws:s3:::${var.n}", "arn:aws:s3:::${var.n}/*"])
    assert requires_tls(tmp_path, entry, bucket="var.n", variables='variable "n" {}') is True


def test_another_undecided_name_stays_unknown(tmp_path):
    entry = deny(Resource=["arn:aws:s3:::${var.m}", "arn:aws:s3:::${var.m}/*"])
    variables = 'variable "n" {}\nvariable "m" {}'
    assert requires_tls(tmp_path, entry, bucket="var.n", variables=variables) == "unknown"


def test_text_that_is_no_policy_is_unknown(tmp_path):
    text = 'resource "aws_s3_bucket" "a" {\n  policy = "<xml/>"\n}'
    assert read(tmp_path, text, "access.requires_tls") == "unknown"
