"""The estate's templates are what CloudFormation takes, by AWS's own linter: it finds no error and no doubt in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint_file
from tests.conftest import REPOSITORY

ESTATE = REPOSITORY / "fixtures" / "ehr-saas"
FILES = sorted(ESTATE.glob("*/cloudformation/*.yaml"))
IGNORED = {
    "W1101": "YAML aliases, which `aws cloudformation package` writes out",
    "W3002": "nested templates by their paths, which it uploads",
}


def found(path: Path) -> list[str]:
    config = ManualArgs(regions=["us-east-1"], ignore_checks=[*IGNORED])
    return [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in lint_file(path, config)]


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(ESTATE).as_posix() for path in FILES])
def test_every_template_is_valid(path: Path) -> None:
    assert found(path) == []


def test_the_estates_have_the_same_templates() -> None:
    names = {estate: {path.name for path in FILES if path.parts[-3] == estate} for estate in ("sound", "flawed")}
    assert names["sound"] == names["flawed"]
    assert len(names["sound"]) >= 12


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources:\n  A: {Type: AWS::S3::Bucket, Properties: {Colour: red}}\n")
    assert [told.partition(" ")[0] for told in found(template)] == ["E3002"]
