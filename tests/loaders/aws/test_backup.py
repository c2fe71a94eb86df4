"""AWS Backup: vaults with their locks and policies, plans with what they take in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import judged

from phiward.model.finding import Verdict

BACKUP = "arn:aws:backup:us-east-1:111122223333:"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/visits"
DATABASE = "arn:aws:rds:us-east-1:111122223333:db:records"
DENIED = {"error": "AccessDeniedException", "http": 403}
DENIES = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": [
        "backup:DeleteRecoveryPoint",
        "backup:UpdateRecoveryPointLifecycle",
        "backup:PutBackupVaultAccessPolicy",
    ],
    "Resource": "*",
}


def vault(name: str, **more: Any) -> dict[str, Any]:
    arn = f"{BACKUP}backup-vault:{name}"
    return {"BackupVaultName": name, "BackupVaultArn": arn, "VaultType": "BACKUP_VAULT", **more}


def vaults(tmp_path: Path, *given: dict[str, Any], **more: Any) -> Any:
    return judged({"backup": {"list_backup_vaults": {"BackupVaultList": list(given)}, **more}}, tmp_path)


def test_a_lock_is_in_compliance_mode_from_the_day_that_it_names(tmp_path: Path) -> None:
    found = vaults(
        tmp_path,
        vault("strict", Locked=True, MinRetentionDays=35, LockDate="2026-01-01T00:00:00Z"),
        vault("loose", Locked=True, MinRetentionDays=35),
        vault("open", Locked=False),
        vault("apart", Locked=True, VaultType="LOGICALLY_AIR_GAPPED_BACKUP_VAULT"),
        vault("of-others", VaultType="RESTORE_ACCESS_BACKUP_VAULT"),
        get_backup_vault_access_policy=[
            {
                "params": {"BackupVaultName": "open"},
                "answer": {"Policy": json.dumps({"Statement": [DENIES]})},
            }
        ],
    )
    assert {
        name: found[f"{BACKUP}backup-vault:{name}"]["backup-vault-lock"] for name in ("strict", "loose", "open")
    } == {
        "strict": Verdict.PASS,
        "loose": Verdict.FAIL,
        "open": Verdict.FAIL,
    }
    assert found[f"{BACKUP}backup-vault:apart"]["backup-vault-lock"] is Verdict.PASS
    assert found[f"{BACKUP}backup-vault:open"]["backup-deletion-denied"] is Verdict.PASS
    assert found[f"{BACKUP}backup-vault:loose"]["backup-deletion-denied"] is Verdict.FAIL
    assert f"{BACKUP}backup-vault:of-others" not in found


def test_a_policy_that_may_not_be_read_denies_nothing_and_grants_nothing(tmp_path: Path) -> None:
    found = vaults(tmp_path, vault("open", Locked=False), get_backup_vault_access_policy=DENIED)
    assert found[f"{BACKUP}backup-vault:open"]["backup-deletion-denied"] is Verdict.UNKNOWN
    assert found[f"{BACKUP}backup-vault:open"]["policy-not-public"] is Verdict.UNKNOWN


RULE = {
    "RuleName": "daily",
    "TargetBackupVaultName": "strict",
    "ScheduleExpression": "cron(0 5 ? * * *)",
    "Lifecycle": {"DeleteAfterDays": 40},
    "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:us-west-2:111122223333:backup-vault:far"}],
}
WEAK = {**RULE, "ScheduleExpression": "cron(0 5 ? * 1 *)", "Lifecycle": {"DeleteAfterDays": 3}, "CopyActions": []}
NO_CONDITIONS: dict[str, Any] = {
    "StringEquals": [],
    "StringNotEquals": [],
    "StringLike": [],
    "StringNotLike": [],
}


def plan(selection: dict[str, Any] | None, rule: dict[str, Any] = RULE, **more: Any) -> dict[str, Any]:
    written = {"Resources": [], "ListOfTags": [], "NotResources": [], "Conditions": NO_CONDITIONS, **(selection or {})}
    return {
        "list_backup_plans": {
            "BackupPlansList": [
                {"BackupPlanId": "p", "BackupPlanArn": f"{BACKUP}backup-plan:p", "BackupPlanName": "phi"}
            ]
        },
        "get_backup_plan": {"BackupPlan": {"BackupPlanName": "phi", "Rules": [rule]}},
        "list_backup_selections": {"BackupSelectionsList": [{"SelectionId": "s"}] if selection is not None else []},
        "get_backup_selection": {"BackupSelection": written},
        "describe_region_settings": {"ResourceTypeOptInPreference": {"RDS": True, "DynamoDB": False}},
        **more,
    }


SAID = ("backup-plan-copy", "backup-plan-interval", "backup-plan-retention", "backup-plan-selects")


def test_a_plan_says_how_often_how_long_and_where_to(tmp_path: Path) -> None:
    for answers, verdict in (
        (plan({"Resources": ["*"]}), Verdict.PASS),
        (plan(None, WEAK), Verdict.FAIL),
        (plan(None, get_backup_plan=DENIED, list_backup_selections=DENIED), Verdict.UNKNOWN),
    ):
        found = judged({"backup": answers}, tmp_path)[f"{BACKUP}backup-plan:p"]
        assert {rule: found[rule] for rule in SAID} == dict.fromkeys(SAID, verdict)


STORES = {
    "rds": {
        "describe_db_instances": {
            "DBInstances": [
                {
                    "DBInstanceIdentifier": "records",
                    "DBInstanceArn": DATABASE,
                    "Engine": "postgres",
                    "TagList": [{"Key": "backup", "Value": "daily"}],
                }
            ]
        }
    },
    "dynamodb": {
        "list_tables": {"TableNames": ["visits"]},
        "describe_table": {"Table": {"TableName": "visits", "TableArn": TABLE}},
    },
}
DAILY = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}


@pytest.mark.parametrize(
    ("selection", "database", "table"),
    [
        ({"Resources": ["*"]}, Verdict.PASS, Verdict.FAIL),
        ({}, Verdict.PASS, Verdict.FAIL),
        ({"Resources": ["arn:aws:dynamodb:*"]}, Verdict.FAIL, Verdict.FAIL),
        ({"Resources": ["arn:aws:dynamodb:*:*:table/*"]}, Verdict.FAIL, Verdict.PASS),
        ({"Resources": [TABLE]}, Verdict.FAIL, Verdict.PASS),
        ({"Resources": [TABLE.replace("us-east-1", "us-west-2")]}, Verdict.FAIL, Verdict.FAIL),
        ({"Resources": [DATABASE[:-3] + "*"]}, Verdict.PASS, Verdict.FAIL),
        ({"Resources": ["*"], "NotResources": [DATABASE]}, Verdict.FAIL, Verdict.FAIL),
        ({"ListOfTags": [DAILY]}, Verdict.PASS, Verdict.FAIL),
    ],
)  # fmt: skip
def test_a_selection_takes_in_what_it_names_and_what_the_region_is_opted_in_to(
    selection: dict[str, Any], database: Verdict, table: Verdict, tmp_path: Path
) -> None:
    """A kind or an ARN is taken in regardless of the settings, all else only where AWS Backup is opted in to it."""
    found = judged({"backup": plan(selection), **STORES}, tmp_path)
    assert found[DATABASE]["store-in-backup-plan"] is database
    assert found[TABLE]["store-in-backup-plan"] is table


@pytest.mark.parametrize(
    ("operator", "key", "value", "verdict"),
    [
        ("StringEquals", "aws:ResourceTag/backup", "daily", Verdict.PASS),
        ("StringEquals", "aws:ResourceTag/backup", "Daily", Verdict.FAIL),
        ("StringEquals", "aws:ResourceTag/other", "daily", Verdict.FAIL),
        ("StringLike", "aws:ResourceTag/backup", "*ily", Verdict.PASS),
        ("StringLike", "aws:ResourceTag/backup", "week*", Verdict.FAIL),
        ("StringNotEquals", "aws:ResourceTag/backup", "none", Verdict.PASS),
        ("StringNotEquals", "aws:ResourceTag/backup", "daily", Verdict.FAIL),
        ("StringNotLike", "aws:ResourceTag/backup", "d*", Verdict.FAIL),
        ("StringNotEquals", "aws:ResourceTag/other", "daily", Verdict.UNKNOWN),
    ],
)
def test_a_selection_takes_in_what_meets_all_of_its_conditions(
    operator: str, key: str, value: str, verdict: Verdict, tmp_path: Path
) -> None:
    conditions = {**NO_CONDITIONS, operator: [{"ConditionKey": key, "ConditionValue": value}]}
    found = judged({"backup": plan({"Resources": ["*"], "Conditions": conditions}), **STORES}, tmp_path)
    assert found[DATABASE]["store-in-backup-plan"] is verdict
    two = {**conditions, "StringLike": [*conditions["StringLike"], {"ConditionKey": "backup", "ConditionValue": "x*"}]}
    both = judged({"backup": plan({"Resources": ["*"], "Conditions": two}), **STORES}, tmp_path)
    assert both[DATABASE]["store-in-backup-plan"] is Verdict.FAIL


def test_settings_or_selections_that_may_not_be_read_cover_nothing(tmp_path: Path) -> None:
    for denied in ("describe_region_settings", "list_backup_plans", "list_backup_selections", "get_backup_selection"):
        found = judged({"backup": plan({"Resources": ["*"]}, **{denied: DENIED}), **STORES}, tmp_path)
        assert found[DATABASE]["store-in-backup-plan"] is Verdict.UNKNOWN, denied


def test_a_restore_testing_plan_is_one_that_tests_something(tmp_path: Path) -> None:
    plans = [
        {"RestoreTestingPlanName": name, "RestoreTestingPlanArn": f"{BACKUP}restore-testing-plan:{name}"}
        for name in ("tests", "idle")
    ]
    selections = {
        "RestoreTestingSelections": [
            {"RestoreTestingSelectionName": "db", "RestoreTestingPlanName": "tests", "ProtectedResourceType": "RDS"}
        ]
    }
    answers = {
        "list_restore_testing_plans": {"RestoreTestingPlans": plans},
        "list_restore_testing_selections": [{"params": {"RestoreTestingPlanName": "tests"}, "answer": selections}],
    }
    found = judged({"backup": answers}, tmp_path)
    assert found[f"{BACKUP}restore-testing-plan:tests"]["backup-plan-selects"] is Verdict.PASS
    assert found[f"{BACKUP}restore-testing-plan:idle"]["backup-plan-selects"] is Verdict.FAIL


FILES = "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1"


@pytest.mark.parametrize(
    ("status", "selection", "rule", "verdict"),
    [
        ("ENABLED", None, RULE, Verdict.PASS),
        ("DISABLED", None, RULE, Verdict.FAIL),
        ("", None, RULE, Verdict.FAIL),
        ("DISABLED", {"Resources": [FILES]}, RULE, Verdict.PASS),
        ("", {"Resources": [FILES]}, {**RULE, "Lifecycle": {}}, Verdict.PASS),
        ("", {"Resources": [FILES]}, WEAK, Verdict.FAIL),
        ("", {"ListOfTags": [DAILY]}, RULE, Verdict.FAIL),
    ],
)
def test_a_plan_backs_up_a_file_system_too(
    status: str, selection: dict[str, Any] | None, rule: dict[str, Any], verdict: Verdict, tmp_path: Path
) -> None:
    """What is not backed up automatically may be by a plan, and in a whole account that is known."""
    listed = {"FileSystemId": "fs-1", "FileSystemArn": FILES, "CreationToken": "a", "Encrypted": True}
    efs: dict[str, Any] = {"describe_file_systems": {"FileSystems": [listed]}}
    if status:
        efs["describe_backup_policy"] = {"BackupPolicy": {"Status": status}}
    settings = {"describe_region_settings": {"ResourceTypeOptInPreference": {"EFS": True}}}
    found = judged({"efs": efs, "backup": plan(selection, rule, **settings)}, tmp_path)[FILES]
    assert found["file-system-backups"] is verdict


def test_a_plan_that_may_not_be_read_may_back_up_a_file_system(tmp_path: Path) -> None:
    listed = {"FileSystemId": "fs-1", "FileSystemArn": FILES, "CreationToken": "a", "Encrypted": True}
    answers = {"efs": {"describe_file_systems": {"FileSystems": [listed]}}}
    for denied in ("list_backup_plans", "get_backup_plan", "get_backup_selection"):
        backup = plan({"Resources": [FILES]}, **{denied: DENIED})
        assert judged({**answers, "backup": backup}, tmp_path)[FILES]["file-system-backups"] is Verdict.UNKNOWN, denied
