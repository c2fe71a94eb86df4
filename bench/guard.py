"""CloudFormation Guard over a directory of templates, through its Python binding: ten small rules of our own.

    python bench/guard.py some/directory

The binding takes one template at a time as text; what it says is thrown away.
"""

from __future__ import annotations

import sys
from pathlib import Path

import guardpycfn

CHECKS = {
    "AWS::KMS::Key": "EnableKeyRotation == true",
    "AWS::S3::Bucket": "PublicAccessBlockConfiguration.BlockPublicPolicy == true",
    "AWS::RDS::DBInstance": "StorageEncrypted == true",
    "AWS::DynamoDB::Table": "SSESpecification.SSEEnabled == true",
    "AWS::SQS::Queue": "KmsMasterKeyId exists",
    "AWS::Logs::LogGroup": "RetentionInDays >= 30",
    "AWS::EC2::SecurityGroup": "SecurityGroupIngress[*].CidrIp != '0.0.0.0/0'",
    "AWS::IAM::Role": "AssumeRolePolicyDocument exists",
    "AWS::S3::BucketPolicy": "PolicyDocument exists",
    "AWS::KMS::Alias": "TargetKeyId exists",
}
RULES = "\n".join(
    f"let r{n} = Resources.*[ Type == '{type_}' ]\nrule c{n} when %r{n} !empty {{ %r{n}.Properties.{check} }}"
    for n, (type_, check) in enumerate(CHECKS.items())
)

if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
        if not guardpycfn.validate_with_guard(path.read_text(), RULES)["success"]:
            sys.exit(f"{path}: not read")
