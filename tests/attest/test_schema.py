"""What `phiward schema assessment` describes is what is written."""

from __future__ import annotations

import json
from datetime import date

import jsonschema_rs
import pytest

from phiward.__main__ import run
from phiward.attest.assessment.document import render
from tests.attest.assessments import after, assessment, one
from tests.reporters.factory import diagnostic, waiver


@pytest.fixture
def schema(capsys):
    assert run(["schema", "assessment"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_assessment_is_what_it_describes(schema):
    before = assessment(one("a"), diagnostics=(diagnostic(),))
    of = after(before, one("a", waiver=waiver()), one("b"), day=date(2026, 12, 6))
    jsonschema_rs.validator_for(schema).validate(json.loads(render(of)))


def test_it_would_have_noticed(schema):
    written = json.loads(render(assessment(one("a"))))
    validator = jsonschema_rs.validator_for(schema)
    written["findings"][0]["age_days"] = "0"
    assert not validator.is_valid(written)
    assert not validator.is_valid({"schema": "phiward/assessment/v2"})
