"""Our functions against the real `terraform console`, over a table of expressions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.conformance.oracle import REFUSED, console, terraform

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import evaluate_text
from phiward.loaders.terraform.functions.table import NAMES, function_named
from phiward.model.value import Unknown

pytestmark = pytest.mark.terraform

TABLE = Path(__file__).with_name("function_expressions.txt")
UNKNOWN = "(unknown)"
# `try` and `can` do not evaluate their arguments beforehand; the other two parse templates: all are the evaluator's.
OF_THE_EVALUATOR = {"can", "try", "templatefile", "templatestring"}


def table() -> list[tuple[str, bool]]:
    """The expressions, and whether an unknown is an honest answer to each."""
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [(row.removeprefix("? "), row.startswith("? ")) for row in rows]


def ours(expression: str) -> str:
    try:
        value = evaluate_text(f"jsonencode({expression})")
    except EvaluationError:
        return REFUSED
    return UNKNOWN if isinstance(value, Unknown) else value


def test_every_expression_of_the_table(tmp_path: Path) -> None:
    rows = table()
    assert len(rows) > 500
    expected = console([expression for expression, _ in rows], tmp_path)
    wrong = []
    for (expression, may_be_unknown), right in zip(rows, expected, strict=True):
        answer = ours(expression)
        if answer != right and not (may_be_unknown and answer == UNKNOWN):
            wrong.append(f"{expression}\n  Terraform: {right}\n  ours:      {answer}")
    assert not wrong, f"{len(wrong)} of {len(rows)} differ:\n" + "\n".join(wrong)


def test_no_function_of_terraform_is_missing(tmp_path: Path) -> None:
    listed = json.loads(terraform("metadata", "functions", "-json", directory=tmp_path))
    names = {name.removeprefix("core::") for name in listed["function_signatures"]}
    assert names - OF_THE_EVALUATOR - set(NAMES) == set()
    assert set(NAMES) - names == set()


def test_the_table_calls_every_function_that_has_one_answer() -> None:
    called = set(re.findall(r"\b([a-z0-9]+)\(", TABLE.read_text(encoding="utf-8")))
    without_one_answer = {"bcrypt", "plantimestamp", "timestamp", "uuid"}
    of_files = {name for name in NAMES if (function := function_named(name)) and function.needs_files}
    assert set(NAMES) - called - without_one_answer - of_files == set()
