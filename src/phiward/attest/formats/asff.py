"""AWS Security Finding Format, 2018-10-08, as Security Hub's BatchImportFindings takes it.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phiward.attest.assessment.model import FindingRow
from phiward.attest.assessment.status import FAIL, STATUSES
from phiward.attest.formats.source import SITE, Source, document, line, moment, text

FILE = "asff.json"
_TYPE = "Software and Configuration Checks/Industry and Regulatory Standards/HIPAA Controls (USA)"
_ACCOUNT = re.compile(r"\d{12}")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_MOST_REQUIREMENTS = 32
_LONGEST_REQUIREMENT = 64


def emit(source: Source) -> dict[str, bytes]:
    """Nothing where the scope names no account and region: a finding is imported into one."""
    where = place(source)
    if where is None:
        return {}
    return {FILE: document({"Findings": list(findings(source, *where))})}


def place(source: Source) -> tuple[str, str] | None:
    """The account and the region that findings are imported into: the first of the scope."""
    scope = source.assessment.scope
    accounts = [account for account in scope.accounts if _ACCOUNT.fullmatch(account)]
    return (accounts[0], scope.regions[0]) if accounts and scope.regions else None


def findings(source: Source, account: str, region: str) -> Iterator[dict[str, Any]]:
    for row in source.assessment.findings:
        if STATUSES[row.status].asff_compliance:
            yield _finding(source, row, account, region)


def _finding(source: Source, row: FindingRow, account: str, region: str) -> dict[str, Any]:
    words = STATUSES[row.status]
    partition = next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")
    severity = row.severity.upper() if row.status == FAIL else "INFORMATIONAL"
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": f"phiward/{row.id}",
        "ProductArn": f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default",
        "ProductName": "Phiward",
        "GeneratorId": f"phiward/{row.rule}",
        "AwsAccountId": account,
        "Types": [_TYPE],
        "CreatedAt": moment(row.first_seen),
        "UpdatedAt": source.moment,
        "Severity": {"Label": severity},
        "Title": text(row.title, 256),
        "Description": text(row.message or row.title, 1024),
        "Remediation": {
            "Recommendation": {
                "Text": text(row.remediation, 512),
                "Url": f"{SITE}/blob/main/docs/rules/{row.rule}.md",
            }
        },
        "Resources": [
            {
                "Type": "Other",
                "Id": text(row.resource.address, 512),
                "Partition": partition,
                "Region": region,
                "Details": {"Other": _details(row)},
            }
        ],
        "Compliance": {
            "Status": words.asff_compliance,
            "RelatedRequirements": [
                line(f"HIPAA 45 CFR {citation}", _LONGEST_REQUIREMENT)
                for citation in row.citations[:_MOST_REQUIREMENTS]
            ],
            "AssociatedStandards": [{"StandardsId": "standards/hipaa-security-rule"}],
        },
        "Workflow": {"Status": words.asff_workflow},
        "RecordState": "ACTIVE",
    }
    if row.exception:
        told = text(f"Exception {row.exception}, owner {row.owner}", 512)
        finding["Note"] = {"Text": told, "UpdatedBy": text(row.owner, 512), "UpdatedAt": source.moment}
    return finding


def _details(row: FindingRow) -> dict[str, str]:
    """Texts of at most 1,024 characters, none of them empty."""
    found = {
        "NativeType": row.resource.native_type,
        "Source": row.resource.source,
        "Location": f"{row.location.path}:{row.location.line}",
        "Tenant": row.resource.tenant,
        "DataClass": row.resource.data_class,
    }
    return {name: text(value, 1024) for name, value in found.items() if value.strip()}
