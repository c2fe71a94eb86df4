"""Fixtures of the end-to-end tests: every one of them runs the real command line in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import RULE, Outcome, outcome, write_tree

Scan = Callable[..., Outcome]


@pytest.fixture
def scan(tmp_path: Path, phiward: Callable) -> Scan:
    """`scan(files, *options, path=".")`: write a tree, scan it for one rule, and read the JSON report."""

    def run(
        files: dict[str, str | bytes] | None = None,
        *options: object,
        path: str = ".",
        rules: tuple[str, ...] = RULE,
        cwd: str = "",
        **environment: str,
    ) -> Outcome:
        write_tree(tmp_path, files or {})
        arguments = ("scan", path, "--format", "json", *rules, *options)
        return outcome(phiward(*arguments, cwd=tmp_path / cwd, **environment))

    return run
