"""Vaults, plans and sessions, read from real Terraform text."""

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


# Backups


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (None, None),
        ("", "governance"),
        ("changeable_for_days = 3", "compliance"),
        ("changeable_for_days = null", "governance"),
        ("changeable_for_days = var.open", Undecided("open")),
    ],
)
def test_vault_lock(view: Read, lock: str | None, expected: Any) -> None:
    text = 'variable "open" {}\nresource "aws_backup_vault" "v" {\n name = "v"\n}\n'
    if lock is not None:
        text += f'resource "aws_backup_vault_lock_configuration" "l" {{\n backup_vault_name = "v"\n{lock}\n}}'
    found = view(text, "aws_backup_vault.v")
    assert found.property("backup.vault_lock_mode") == expected
    assert found.property("backup.vault_locked") is (lock is not None)


DELETING = '["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"]'


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param(None, False, id="no policy"),
        pytest.param(f'Effect = "Deny", Principal = "*", Action = {DELETING}', True, id="denied"),
        pytest.param('Effect = "Deny", Principal = "*", Action = "backup:*"', True, id="denied with all else"),
        pytest.param(
            'Effect = "Deny", Principal = "*", Action = "backup:Delete*"',
            False,
            id="the denial can be lifted",
        ),
        pytest.param(f'Effect = "Allow", Principal = "*", Action = {DELETING}', False, id="allowed"),
        pytest.param('Effect = "Deny", Principal = { AWS = "123" }, Action = "backup:*"', False, id="one account"),
        pytest.param('Effect = "Deny", Principal = "*", NotAction = "backup:List*"', False, id="all but some"),
        pytest.param('Effect = var.open, Principal = "*", Action = "backup:*"', Undecided("open"), id="not known"),
        pytest.param('Effect = "Deny", Principal = "*", Action = var.open', Undecided("open"), id="actions not known"),
        pytest.param(
            'Effect = "Deny", Principal = "*", Action = "backup:*", Condition = { Bool = { "aws:x" = "true" } }',
            Undecided("spare"),
            id="conditions",
        ),
    ],
)
def test_vault_denies_deletion(view: Read, statement: str | None, expected: Any) -> None:
    text = 'variable "open" {}\nresource "aws_backup_vault" "v" {\n name = "v"\n}\n'
    if statement is not None:
        policy = f'jsonencode({{ Statement = [{{ {statement}, Resource = "*" }}] }})'
        text += f'resource "aws_backup_vault_policy" "p" {{\n backup_vault_name = "v"\n policy = {policy}\n}}'
    assert view(text, "aws_backup_vault.v").property("backup.deletion_denied") == expected


@pytest.mark.parametrize(
    ("rules", "copies", "days"),
    [
        (["", ""], False, None),
        (["", 'copy_action {\n destination_vault_arn = "arn"\n}'], True, None),
        (['target_logically_air_gapped_backup_vault_arn = "arn"'], True, None),
        (["lifecycle {\n delete_after = 35\n}", "lifecycle {\n delete_after = 3\n}"], False, 3),
        (["lifecycle {\n cold_storage_after = 1\n}"], False, None),
        (["lifecycle {\n delete_after = -1\n}"], False, None),
        (["lifecycle {\n delete_after = var.open\n}"], False, Undecided("open")),
    ],
)
def test_plans(view: Read, rules: list[str], copies: bool, days: Any) -> None:
    body = "\n".join(f"rule {{\n{rule}\n}}" for rule in rules)
    found = view(f'variable "open" {{}}\nresource "aws_backup_plan" "p" {{\n{body}\n}}', "aws_backup_plan.p")
    assert found.property("backup.copies") is copies
    assert found.property("backup.retention_days") == days


# Sessions


@pytest.mark.parametrize(
    ("type_", "body", "name", "expected"),
    [
        ("aws_iam_role", "", "session.minutes", 60),
        ("aws_iam_role", "max_session_duration = 7200", "session.minutes", 120),
        ("aws_iam_role", "max_session_duration = 3601", "session.minutes", 61),
        ("aws_iam_role", "max_session_duration = var.open", "session.minutes", Undecided("open")),
        ("aws_ssoadmin_permission_set", "", "session.minutes", 60),
        ("aws_ssoadmin_permission_set", 'session_duration = "PT1H30M"', "session.minutes", 90),
        ("aws_ssoadmin_permission_set", 'session_duration = "P1D"', "session.minutes", 1440),
        ("aws_ssoadmin_permission_set", 'session_duration = "PT90S"', "session.minutes", 2),
        ("aws_ssoadmin_permission_set", 'session_duration = "PT"', "session.minutes", Undecided("ISO 8601")),
        (
            "aws_ssoadmin_permission_set",
            'session_duration = "PT${var.open}H"',
            "session.minutes",
            Undecided("open"),
        ),
        ("aws_cognito_user_pool_client", "", "session.minutes", 60),
        ("aws_cognito_user_pool_client", "access_token_validity = 2", "session.minutes", 120),
        (
            "aws_cognito_user_pool_client",
            'access_token_validity = 300\ntoken_validity_units {\n access_token = "seconds"\n}',
            "session.minutes",
            5,
        ),
        (
            "aws_cognito_user_pool_client",
            'access_token_validity = 2\ntoken_validity_units {\n access_token = "moons"\n}',
            "session.minutes",
            Undecided("unit"),
        ),
        ("aws_cognito_user_pool_client", "", "session.renewal_minutes", 43200),
        ("aws_cognito_user_pool_client", "refresh_token_validity = 0", "session.renewal_minutes", 43200),
        ("aws_cognito_user_pool_client", "refresh_token_validity = 1", "session.renewal_minutes", 1440),
    ],
)
def test_sessions(view: Read, type_: str, body: str, name: str, expected: Any) -> None:
    text = f'variable "open" {{}}\nresource "{type_}" "s" {{\n{body}\n}}'
    assert view(text, f"{type_}.s").property(name) == expected
