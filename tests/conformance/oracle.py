"""The real Terraform, which says what is right: expressions through `console`, whole modules through `plan`."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REFUSED, STATIC = "(refused)", "(not an expression)"
"""What an expression gives that cannot be evaluated, and one that is refused before anything is evaluated."""
LONGEST_LINE = 60_000
"""The console reads no longer one."""


def run(*arguments: str, directory: Path, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """One run of the binary; the test is skipped, aloud, where there is none."""
    binary = shutil.which("terraform")
    if binary is None:
        pytest.skip("NOT PROVEN: the terraform binary is not on the PATH, so nothing was compared with it")
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "CHECKPOINT_DISABLE": "1", **variables}
    return subprocess.run(
        [binary, *arguments],
        input=text,
        cwd=directory,
        env={"TF_IN_AUTOMATION": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def terraform(*arguments: str, directory: Path, text: str = "", **variables: str) -> str:
    """What a run prints, which must succeed."""
    done = run(*arguments, directory=directory, text=text, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def console(expressions: Sequence[str], directory: Path) -> list[str]:
    """The JSON of each expression, `REFUSED` or `STATIC`; what is refused beforehand is found by halving the batch."""
    calls = ", ".join(f'try(jsonencode({text}), "{REFUSED}")' for text in expressions)
    if len(calls) < LONGEST_LINE:
        done = run("console", directory=directory, text=f"base64encode(jsonencode([{calls}]))\n")
        if done.returncode == 0:
            answers: list[str] = json.loads(base64.b64decode(json.loads(done.stdout)))
            assert len(answers) == len(expressions)
            return answers
        if len(expressions) == 1:
            return [STATIC]
    middle = len(expressions) // 2
    return console(expressions[:middle], directory) + console(expressions[middle:], directory)


@dataclass(frozen=True)
class Plan:
    """What a plan says: outputs with their values and types, and `input` of every `terraform_data` by address."""

    outputs: dict[str, Any]
    types: dict[str, Any]
    resources: dict[str, Any]


def write(files: Mapping[str, str], directory: Path) -> None:
    for name, text in files.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def plan(directory: Path, *options: str, **environment: str) -> Plan:
    """The plan of a root, which must not fail."""
    terraform("init", "-no-color", directory=directory)
    terraform("plan", "-no-color", "-out=p", *options, directory=directory, **environment)
    planned = json.loads(terraform("show", "-json", "p", directory=directory))["planned_values"]
    outputs = planned.get("outputs", {})
    return Plan(
        {name: output.get("value") for name, output in outputs.items()},
        {name: output.get("type") for name, output in outputs.items()},
        dict(_resources(planned.get("root_module", {}))),
    )


def _resources(module: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for resource in module.get("resources", ()):
        yield resource["address"], resource["values"].get("input")
    for child in module.get("child_modules", ()):
        yield from _resources(child)
