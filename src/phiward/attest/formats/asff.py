"""AWS Security Finding Format, 2018-10-08, as Security Hub's BatchImportFindings takes it.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phiward.attest.assessment.model import FindingRow, Trouble
from phiward.attest.assessment.status import FAIL, STATUSES, UNREAD
from phiward.attest.formats.source import SITE, Source, document, moment, text

FILE = "asff.json"
_TYPE = "Software and Configuration Checks/Industry and Regulatory Standards/HIPAA Controls (USA)"
_ACCOUNT = re.compile(r"\d{12}")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_MOST_REQUIREMENTS = 32
_LONGEST_REQUIREMENT = 64
_INFORMATIONAL = "INFORMATIONAL"


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
    for id_, trouble in source.unread:
        yield _trouble(source, id_, trouble, account, region)


def _finding(source: Source, row: FindingRow, account: str, region: str) -> dict[str, Any]:
    citations = [text(f"HIPAA 45 CFR {citation}", _LONGEST_REQUIREMENT) for citation in row.citations]
    finding = _common(source, row.id, row.status, account, region) | {
        "GeneratorId": f"phiward/{row.rule}",
        "CreatedAt": moment(row.first_seen),
        "Severity": {"Label": row.severity.upper() if row.status == FAIL else _INFORMATIONAL},
        "Title": text(row.title, 256),
        "Description": text(row.message or row.title, 1024),
        "Remediation": {
            "Recommendation": {
                "Text": text(row.remediation, 512),
                "Url": f"{SITE}/blob/main/docs/rules/{row.rule}.md",
            }
        },
        "Resources": [_resource(row.resource.address, region) | {"Details": {"Other": _details(row)}}],
    }
    finding["Compliance"]["RelatedRequirements"] = citations[:_MOST_REQUIREMENTS]
    if row.exception:
        told = text(f"Exception {row.exception}, owner {row.owner}", 512)
        finding["Note"] = {"Text": told, "UpdatedBy": text(row.owner, 512), "UpdatedAt": source.moment}
    return finding


def _trouble(source: Source, id_: str, trouble: Trouble, account: str, region: str) -> dict[str, Any]:
    """An input that could not be read."""
    return _common(source, id_, UNREAD, account, region) | {
        "GeneratorId": f"phiward/{trouble.code}",
        "CreatedAt": source.moment,
        "Severity": {"Label": _INFORMATIONAL},
        "Title": text(trouble.message, 256),
        "Description": text(f"{trouble.where}: {trouble.message} {trouble.hint}", 1024),
        "Resources": [_resource(trouble.where, region)],
    }


def _common(source: Source, id_: str, status: str, account: str, region: str) -> dict[str, Any]:
    words = STATUSES[status]
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"phiward/{id_}",
        "ProductArn": f"arn:{_partition(region)}:securityhub:{region}:{account}:product/{account}/default",
        "ProductName": "Phiward",
        "AwsAccountId": account,
        "Types": [_TYPE],
        "UpdatedAt": source.moment,
        "Compliance": {
            "Status": words.asff_compliance,
            "AssociatedStandards": [{"StandardsId": "standards/hipaa-security-rule"}],
        },
        "Workflow": {"Status": words.asff_workflow},
        "RecordState": "ACTIVE",
    }


def _resource(id_: str, region: str) -> dict[str, Any]:
    return {"Type": "Other", "Id": text(id_, 512), "Partition": _partition(region), "Region": region}


def _partition(region: str) -> str:
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


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
