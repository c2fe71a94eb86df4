"""Lists and tuples, maps and objects, sets: what Terraform tells apart by their types, we tell apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.oracle import REFUSED, console, plan, write
from tests.conformance.type_cases import TYPED, VALUES

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import evaluate_text
from phiward.loaders.terraform.value_types import Type, type_of
from phiward.model.value import Unknown

pytestmark = pytest.mark.terraform


def written(type_: Type) -> Any:
    """A type as `terraform show -json` writes it; None for one that is not followed."""
    if type_.kind in ("list", "set", "map"):
        assert type_.element is not None
        return [type_.kind, written(type_.element)]
    if type_.kind == "tuple":
        return ["tuple", [written(item) for item in type_.items]]
    if type_.kind == "object":
        return ["object", {name: written(kind) for name, (kind, _, _) in type_.attributes.items()}]
    return {"any": None, "nothing": "dynamic"}.get(type_.kind, type_.kind)


def conforms(ours: Any, theirs: Any) -> bool:
    """Whether two types are one, save for what is not followed: the types of nulls."""
    if ours is None:
        return True
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(conforms, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(conforms(ours[key], theirs[key]) for key in ours)
    return bool(ours == theirs)


def nulls_in(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(nulls_in, value.values() if isinstance(value, dict) else value))
    return value is None


def ours(expression: str) -> tuple[Any, Any]:
    """Our value as JSON, and our type."""
    try:
        value = evaluate_text(expression)
    except EvaluationError:
        return REFUSED, "string"
    assert not isinstance(value, Unknown), f"{expression}: {value.reason}"
    return json.loads(json.dumps(value)), written(type_of(value))


def compare_types(expressions: list[str], directory: Path) -> None:
    """Values and types of the expressions; of those that Terraform refuses, nothing."""
    write(
        {"main.tf": "".join(f'output "o{i}" {{ value = try({e}, "{REFUSED}") }}\n' for i, e in enumerate(expressions))},
        directory,
    )
    theirs = plan(directory)
    wrong = []
    accepted = 0
    for index, expression in enumerate(expressions):
        right, type_ = theirs.outputs[f"o{index}"], theirs.types[f"o{index}"]
        if right == REFUSED:
            continue
        accepted += 1
        value, our_type = ours(expression)
        followed = None not in json.loads(json.dumps([our_type])) or nulls_in(right)
        if value != right or not (conforms(our_type, type_) and followed):
            wrong.append(f"{expression}\n  Terraform: {right} {type_}\n  ours:      {value} {our_type}")
    assert not wrong, f"{len(wrong)} of {len(expressions)} differ:\n" + "\n".join(wrong)
    assert accepted > len(expressions) // 5


def test_only_values_of_one_type_are_equal(tmp_path: Path) -> None:
    pairs = [f"{left} == {right}" for left in VALUES for right in VALUES]
    right = console(pairs, tmp_path)
    assert right.count("true") >= len(VALUES)
    wrong = [
        f"{pair}: {answer}"
        for pair, answer in zip(pairs, right, strict=True)
        if json.dumps(evaluate_text(pair)) != answer
    ]
    assert not wrong, f"{len(wrong)} of {len(pairs)} differ:\n" + "\n".join(wrong)


def test_the_branches_of_a_condition_take_one_type(tmp_path: Path) -> None:
    compare_types([f"true ? {left} : {right}" for left in VALUES for right in VALUES], tmp_path)


def test_elements_take_one_type(tmp_path: Path) -> None:
    compare_types([f"tolist([{left}, {right}])" for left in VALUES for right in VALUES], tmp_path)


def test_functions_and_expressions_give_the_types_that_terraform_gives(tmp_path: Path) -> None:
    compare_types(list(TYPED), tmp_path)
